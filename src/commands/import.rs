//! `ready import`: a Markdown checklist as a profile; contacts nothing.

use std::path::Path;

use anyhow::{Context as _, bail};

use super::{Ui, load, print, tell};
use crate::cli::Import;
use crate::exit::Exit;
use crate::import::{Answer, Changes, Decision, Document, Imported, Known, Shown};
use crate::judge::Status;
use crate::report::json;
use crate::text::{count, push, short_line};

/// A larger file is no checklist.
const LARGEST: u64 = 64 * 1024 * 1024;
/// Changes of a kind that are told one by one.
const MOST_TOLD: usize = 20;

pub(super) fn run(args: &Import, ui: &Ui<'_>) -> anyhow::Result<Exit> {
    let name = args.checklist.display().to_string();
    let written = read(&ui.host.cwd.join(&args.checklist))?;
    let document = Document::read(&written);
    if let Some(run) = &args.check {
        return check(&name, &document, &answers(run, ui)?.0);
    }
    if let Some(run) = &args.write_back {
        let (answers, date) = answers(run, ui)?;
        return write_back(args, &written, &document, (&answers, &date), ui);
    }
    let known = known(args, ui)?;
    let imported = document.import(&name, args.id.as_deref(), &known);
    match &args.output {
        Some(file) => write(args, file, &imported.yaml, ui)?,
        None => print(imported.yaml.as_bytes())?,
    }
    tell(&summary(&name, &document, &imported));
    Ok(Exit::Ready)
}

/// The text of a checklist.
fn read(path: &Path) -> anyhow::Result<String> {
    let name = path.display();
    let about = std::fs::metadata(path).with_context(|| format!("cannot read {name}"))?;
    if !about.is_file() {
        bail!("{name} is not a plain file");
    }
    if about.len() > LARGEST {
        bail!("{name} is larger than 64 MiB");
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        anyhow::anyhow!("{name} is not UTF-8 (at byte {at}): save it as UTF-8")
    })
}

/// The checks of an earlier import.
fn known(args: &Import, ui: &Ui<'_>) -> anyhow::Result<Vec<Known>> {
    let Some(reference) = &args.profile else {
        return Ok(Vec::new());
    };
    let set = args.set.iter().cloned().collect();
    let profile = load::valid(reference, &set, ui)?;
    let checks = profile.checks.into_iter().map(|check| Known {
        id: check.id.0,
        title: check.title,
    });
    Ok(checks.collect())
}

/// Writes the profile; over another one only if that was given as the earlier import.
fn write(args: &Import, file: &Path, yaml: &str, ui: &Ui<'_>) -> anyhow::Result<()> {
    let path = ui.host.cwd.join(file);
    let same = |other: &String| {
        let other = ui.host.cwd.join(other).canonicalize();
        other.is_ok_and(|other| path.canonicalize().is_ok_and(|path| path == other))
    };
    if path.exists() && !args.profile.as_ref().is_some_and(same) {
        let name = file.display();
        bail!("{name} is there already: `--profile {name}` imports again and keeps its ids");
    }
    std::fs::write(&path, yaml).with_context(|| format!("cannot write {}", file.display()))
}

/// What a report has shown, and on which day.
fn answers(run: &Path, ui: &Ui<'_>) -> anyhow::Result<(Vec<Answer>, String)> {
    let name = run.display();
    let bytes =
        std::fs::read(ui.host.cwd.join(run)).with_context(|| format!("cannot read {name}"))?;
    let report = json::read(&bytes).with_context(|| format!("cannot use {name}"))?;
    let answers = report.checks.into_iter().map(|check| Answer {
        shown: shown(check.real.unwrap_or(check.status)),
        check: Known {
            id: check.id.0,
            title: check.title,
        },
    });
    let date = report.run.started.strftime("%Y-%m-%d").to_string();
    Ok((answers.collect(), date))
}

fn shown(status: Status) -> Shown {
    match status {
        Status::Pass | Status::Attested => Shown::Confirmed,
        Status::Fail | Status::Warn => Shown::Refuted,
        Status::Na | Status::Info => Shown::Silent,
        _ => Shown::Unseen,
    }
}

/// Whether the document claims more than was shown.
fn check(name: &str, document: &Document, answers: &[Answer]) -> anyhow::Result<Exit> {
    let claims = document.claims(answers);
    let of = |shown: Shown| claims.iter().filter(move |claim| claim.shown == shown);
    let mut out = String::new();
    for (shown, word) in [(Shown::Refuted, "refuted"), (Shown::Unseen, "not seen")] {
        for claim in of(shown) {
            let title = short_line(&claim.title, 160);
            push(
                &mut out,
                format_args!("{name}:{}: {word}: {title}\n", claim.line),
            );
        }
    }
    let (refuted, unseen) = (of(Shown::Refuted).count(), of(Shown::Unseen).count());
    push(
        &mut out,
        format_args!(
            "{}: {} confirmed, {refuted} refuted, {unseen} that nobody has seen\n",
            count(claims.len(), "claim"),
            of(Shown::Confirmed).count()
        ),
    );
    print(out.as_bytes())?;
    Ok(match (refuted, unseen) {
        (0, 0) => Exit::Ready,
        (0, _) => Exit::Inconclusive,
        _ => Exit::NotReady,
    })
}

/// Writes the answers into the document, whole or not at all.
fn write_back(
    args: &Import,
    written: &str,
    document: &Document,
    (answers, date): (&[Answer], &str),
    ui: &Ui<'_>,
) -> anyhow::Result<Exit> {
    let result = document.write_back(written, answers, date);
    let name = args.checklist.display();
    // Behind a link the file itself is written.
    let path = ui.host.cwd.join(&args.checklist).canonicalize();
    let path = path.with_context(|| format!("cannot read {name}"))?;
    if result.text != written {
        let beside = path.with_extension("md.ready-new");
        std::fs::write(&beside, &result.text)
            .and_then(|()| {
                std::fs::set_permissions(&beside, std::fs::metadata(&path)?.permissions())
            })
            .and_then(|()| std::fs::rename(&beside, &path))
            .with_context(|| format!("cannot write {name}"))?;
    }
    let mut out = format!(
        "{name}: {} ticked, {} unticked\n",
        result.done, result.opened
    );
    for (number, thing, what) in [
        (
            result.unseen,
            "claim",
            "that nobody could see, left as they are",
        ),
        (result.unknown, "item", "of which the report knows nothing"),
    ] {
        if number > 0 {
            push(
                &mut out,
                format_args!("note: {} {what}\n", count(number, thing)),
            );
        }
    }
    tell(&out);
    Ok(Exit::Ready)
}

/// What was found and decided.
fn summary(name: &str, document: &Document, imported: &Imported) -> String {
    let counts = document.checklist.counts;
    let mut out = String::new();
    if let Some(damage) = document.damage() {
        push(
            &mut out,
            format_args!(
                "note: {name} was once read as {} and saved so; {} were mended for reading, the \
                 file is as it was\n",
                damage.name,
                count(damage.places, "place")
            ),
        );
    }
    let found: Vec<String> = [
        (counts.boxes, "box", "boxes"),
        (counts.rows, "row", "rows"),
        (counts.sign_offs, "sign-off", "sign-offs"),
        (counts.others, "item without a box", "items without a box"),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
    .collect();
    let found = if found.is_empty() {
        "nothing".to_owned()
    } else {
        found.join(", ")
    };
    push(&mut out, format_args!("found in {name}: {found}\n"));
    let of =
        |kind: fn(&Decision) -> bool| imported.decisions.iter().filter(|one| kind(one)).count();
    push(
        &mut out,
        format_args!(
            "{}: {} asked of the system, {} with a proposal, {} stated by people\n",
            count(imported.decisions.len(), "check"),
            of(|one| matches!(one, Decision::Use { .. })),
            of(|one| matches!(one, Decision::Propose { .. })),
            of(|one| matches!(one, Decision::Attest)),
        ),
    );
    let beyond = document.checklist.beyond;
    if beyond > 0 {
        push(
            &mut out,
            format_args!(
                "warning: {} were left out: there are too many\n",
                count(beyond, "item")
            ),
        );
    }
    for item in document
        .checklist
        .items
        .iter()
        .filter(|item| item.contradicts())
        .take(MOST_TOLD)
    {
        let line = item.places.first().map_or(0, |place| place.line);
        let title = short_line(&item.title, 80);
        push(
            &mut out,
            format_args!("note: line {line}: “{title}” is done in one place and open in another\n"),
        );
    }
    changes(&mut out, &imported.changes);
    out
}

fn changes(out: &mut String, changes: &Changes) {
    let with_title = |word: &str, checks: &[Known]| -> Vec<String> {
        let told = checks
            .iter()
            .map(|check| format!("{} ({word}“{}”)", check.id, check.title));
        told.collect()
    };
    for (word, ids) in [
        ("added", changes.added.clone()),
        ("renamed", with_title("was ", &changes.renamed)),
        ("removed", with_title("", &changes.removed)),
    ] {
        for id in ids.iter().take(MOST_TOLD) {
            push(out, format_args!("{word}: {}\n", short_line(id, 200)));
        }
        if ids.len() > MOST_TOLD {
            push(
                out,
                format_args!("{word}: {} more\n", ids.len() - MOST_TOLD),
            );
        }
    }
}
