//! `ready attest`: adds statements for what no probe can see.

use std::path::Path;

use anyhow::bail;
use serde_json::{Map, Value, json};

use super::entry::{Asker, Desk};
use super::{Ui, ledger, output, pages, tell};
use crate::cli;
use crate::exit::Exit;
use crate::judge::Status;
use crate::ledger::{Ledger, List, page};
use crate::plan::Plan;
use crate::report::{Check, Report};
use crate::text::{block, line};

pub(super) fn run(args: &cli::Attest, ui: &Ui<'_>) -> anyhow::Result<Exit> {
    let desk = Desk::of(&args.entry, ui)?;
    let asker = Asker::new(ui, args.interactive);
    if args.interactive {
        return walk(args, &desk, &asker);
    }
    if args.ids.is_empty() {
        bail!("name checks or sections, or walk all pending ones with --interactive");
    }
    let by = asker.need(args.by.as_ref(), "--by", "Who looked")?;
    let note = asker.may(args.note.as_ref(), "What was seen (or nothing)");
    let evidence = asker.may(
        args.evidence.as_ref(),
        "Where it can be seen: a URL or a file (or nothing)",
    );
    let entries = args.ids.iter().map(|id| {
        let said = Said {
            by: &by,
            note: note.as_deref(),
            evidence: evidence.as_deref(),
        };
        entry(args, &desk, id, &said)
    });
    desk.add(List::Attestations, entries.collect::<anyhow::Result<_>>()?)?;
    Ok(Exit::Ready)
}

/// What somebody says of a check.
struct Said<'a> {
    by: &'a str,
    note: Option<&'a str>,
    evidence: Option<&'a str>,
}

fn entry(
    args: &cli::Attest,
    desk: &Desk<'_>,
    id: &str,
    said: &Said<'_>,
) -> anyhow::Result<Map<String, Value>> {
    let mut fields = desk.about(id);
    fields.insert("by".to_owned(), said.by.into());
    fields.insert("at".to_owned(), desk.at.clone().into());
    for (key, value) in [
        ("note", said.note),
        ("expires", args.expires.as_deref()),
        ("valid_for", args.valid_for.as_deref()),
        ("release", args.release.as_deref()),
    ] {
        fields.extend(value.map(|value| (key.to_owned(), value.into())));
    }
    if let Some(evidence) = said.evidence {
        fields.insert("evidence".to_owned(), desk.evidence(evidence)?);
    }
    if let Some(document) = document(args, desk, id)? {
        fields.insert("document".to_owned(), document);
    }
    Ok(fields)
}

/// The text that the word is about, as it is now: the page that the check is about, or what is
/// named.
fn document(args: &cli::Attest, desk: &Desk<'_>, id: &str) -> anyhow::Result<Option<Value>> {
    let wanted = desk.document(id);
    for check in desk.with_documents(id) {
        tell(&format!(
            "note: {} in `{id}` is about a page: give a word for it by itself\n",
            check.id
        ));
    }
    let named = args.document.as_deref();
    let url = match (wanted, named) {
        (None, None) => return Ok(None),
        (None, Some(file)) if !file.contains("://") => {
            return desk.hashed(Path::new(file)).map(Some);
        }
        (Some(wanted), Some(named)) if !page::is_same(wanted, named) => {
            bail!("`{id}` is about {wanted}, and a word on {named} would not count");
        }
        (Some(url), _) | (None, Some(url)) => url,
    };
    let sha256 = pages::sha256(url, &desk.profile, &args.ways, desk.ui)?;
    Ok(Some(json!({"url": url, "sha256": sha256})))
}

/// Asks about everything that waits for a word, the most valuable first. Each answer is in the
/// ledger before the next question.
fn walk(args: &cli::Attest, desk: &Desk<'_>, asker: &Asker) -> anyhow::Result<Exit> {
    if !args.ids.is_empty() {
        bail!("--interactive asks about everything that waits: name no checks");
    }
    let report = pending(args, desk)?;
    let waiting: Vec<&Check> = report
        .fix_first
        .iter()
        .flat_map(|remedy| &remedy.checks)
        .filter_map(|id| report.checks.iter().find(|check| check.id == *id))
        .filter(|check| matches!(check.status, Status::Pending | Status::Expired))
        .collect();
    if waiting.is_empty() {
        tell("nothing waits for a word\n");
        return Ok(Exit::Ready);
    }
    let by = asker.need(args.by.as_ref(), "--by", "Who looks")?;
    for (number, check) in waiting.iter().enumerate() {
        tell(&format!(
            "\n{} of {} · {} · {} · up to +{:.1} points\n{}\n{}\n",
            number + 1,
            waiting.len(),
            line(&check.id.0),
            check.status.word(),
            check.points,
            line(&check.title),
            block(&check.explanation)
        ));
        let answer = asker.ask("Does it hold? [y]es, [s]kip, [q]uit");
        match answer.as_deref() {
            Some("y" | "yes") => {}
            None | Some("q" | "quit") => break,
            Some(_) => continue,
        }
        let note = asker.may(args.note.as_ref(), "What was seen (or nothing)");
        let where_seen = "Where it can be seen: a URL or a file (or nothing)";
        let evidence = asker.may(args.evidence.as_ref(), where_seen);
        let said = Said {
            by: &by,
            note: note.as_deref(),
            evidence: evidence.as_deref(),
        };
        let added = entry(args, desk, &check.id.0, &said)
            .and_then(|entry| desk.add(List::Attestations, vec![entry]));
        // A slip in one answer does not end the walk.
        if let Err(error) = added {
            super::complain(&error);
        }
    }
    Ok(Exit::Ready)
}

/// The report as it is before anything is asked of the system but for pages that words are
/// about: what people decide is known.
fn pending(args: &cli::Attest, desk: &Desk<'_>) -> anyhow::Result<Report> {
    let ledger = if desk.place.path.exists() {
        ledger::load(&desk.place, &desk.profile, desk.ui)?
    } else {
        Ledger::default()
    };
    let plan = Plan::of_pages(&desk.profile, &ledger);
    let evidence = pages::seen(&plan, &desk.profile, &args.ways, desk.ui)?;
    Ok(output::conclude(&desk.profile, &evidence, &ledger))
}
