//! What is asked of the system, compared with how people who read the documents would ask it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ready::import::{Decision, Document, Kind};
use ready::probe::facts_schemas;

use super::documents::{NAMES, text};
use crate::support::generated::assert_checked_in;

/// A thing that a document asks for, and how it is best answered.
struct Row {
    id: String,
    line: usize,
    /// Kinds that answer it, the best first.
    kinds: Vec<&'static str>,
}

/// The probe kinds that a method of the table is; none where a person or the tool answers.
fn kinds(method: &str) -> &'static [&'static str] {
    match method.split(':').next().unwrap_or(method) {
        "http" | "headers" | "redirect" | "cors" | "cookies" | "latency" | "mixed-content" => {
            &["http", "scenario", "limits"]
        }
        "error-leak" => &["http", "limits"],
        "bundle-secrets" => &["bundle"],
        "rate-limit" => &["burst"],
        "request-limits" => &["limits", "http"],
        "vendor-api" => &["api", "github"],
        "github-api" => &["github", "api"],
        "tcp-port" => &["tcp"],
        "file" => &["file", "env_file"],
        "k8s-manifest" => &["manifests"],
        "k8s-api" => &["kubernetes"],
        "docker-api" => &["docker"],
        "compose-file" => &["compose"],
        "prometheus-query" => &["prometheus"],
        "object-store" => &["object_store", "backups"],
        "file-backup" => &["backups"],
        "git" => &["git"],
        "command" => &["command"],
        "postgres" => &["postgres"],
        "host" => &["host"],
        "tls" => &["tls"],
        "dns" => &["dns"],
        "redis" => &["redis"],
        "nats" => &["nats"],
        "ssh" => &["ssh"],
        "clickhouse" => &["clickhouse"],
        "jwt" => &["jwt"],
        "websocket" => &["websocket"],
        "rdap" => &["rdap"],
        _ => &[],
    }
}

/// The rows of a document that a probe answers.
fn rows(document: usize) -> Vec<Row> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/checklists/items.csv");
    let mut table = csv::Reader::from_path(path).unwrap();
    let rows = table.records().map(Result::unwrap);
    let of = rows.filter(|row| row[0] == *format!("00{document}") && row[5] != *"derived");
    let asked = of.filter_map(|row| {
        let first = kinds(&row[4]);
        let also = row[9].split("also:").nth(1).unwrap_or_default();
        let also = also.split("machine:").next().unwrap_or_default();
        let others = also
            .split(|c: char| c != '-' && !c.is_alphanumeric())
            .flat_map(kinds);
        let line = row[9].strip_prefix('L')?;
        let line = line
            .split(|c: char| !c.is_ascii_digit())
            .next()?
            .parse()
            .ok()?;
        (!first.is_empty()).then(|| Row {
            id: row[1].to_owned(),
            line,
            kinds: first.iter().chain(others).copied().collect(),
        })
    });
    asked.collect()
}

/// The kinds of the probes that a built-in check asks.
fn asked(decision: &Decision) -> (BTreeSet<&'static str>, bool) {
    let (check, taken) = match decision {
        Decision::Use { check, .. } => (check, true),
        Decision::Propose { check, .. } => (check, false),
        Decision::Attest => return (BTreeSet::new(), false),
    };
    let made = check.example(&BTreeMap::new()).unwrap();
    (
        made.rule
            .asked()
            .iter()
            .map(|asked| asked.probe.kind())
            .collect(),
        taken,
    )
}

/// What became of the rows of a document.
#[derive(Default)]
struct Tally {
    rows: usize,
    /// Whose kind of probe is in this program.
    built: usize,
    right: usize,
    wrong: Vec<String>,
    proposed: usize,
    left: Vec<String>,
}

fn tally(document: usize, name: &str) -> Tally {
    let read = Document::read(&text(name));
    let imported = read.import(name, None, &[]);
    let whole = read.text();
    let line = |at: usize| whole[..at].matches('\n').count() + 1;
    let known: BTreeSet<String> = facts_schemas().keys().map(ToString::to_string).collect();
    let mut tally = Tally::default();
    for row in rows(document) {
        tally.rows += 1;
        tally.built += usize::from(row.kinds.iter().any(|kind| known.contains(*kind)));
        let at_line = read
            .checklist
            .items
            .iter()
            .zip(&imported.decisions)
            .filter(|(item, _)| {
                line(item.start) == row.line
                    || item.places.iter().any(|place| place.line == row.line)
                    || (item.kind == Kind::Task
                        && (1..=2).contains(&line(item.start).saturating_sub(row.line)))
            });
        let found: Vec<_> = at_line
            .map(|(_, decision)| (asked(decision), decision))
            .collect();
        let fits = |kinds: &BTreeSet<&str>| row.kinds.iter().any(|kind| kinds.contains(kind));
        let used = found.iter().filter(|((_, taken), _)| *taken);
        if used.clone().any(|((kinds, _), _)| fits(kinds)) {
            tally.right += 1;
        } else if let Some((_, Decision::Use { check, why, .. })) = used.clone().next() {
            tally
                .wrong
                .push(format!("{} {:?}: {} {why}", row.id, row.kinds, check.id));
        } else if found.iter().any(|((kinds, _), _)| fits(kinds)) {
            tally.proposed += 1;
            if let Some((_, Decision::Propose { check, why })) = found.first() {
                tally.left.push(format!(
                    "{} {:?}: perhaps {} {why}",
                    row.id, row.kinds, check.id
                ));
            }
        } else {
            let other = match found.first() {
                Some((_, Decision::Propose { check, why })) => {
                    format!("perhaps {} {why}", check.id)
                }
                Some(_) => "nothing".to_owned(),
                None => "no item".to_owned(),
            };
            tally
                .left
                .push(format!("{} {:?}: {other}", row.id, row.kinds));
        }
    }
    tally
}

const HEAD: &str = "\
# Importing checklists

`ready import CHECKLIST.md` reads any Markdown checklist and prints a profile: boxes, rows of tables
with a status, and bullets under headings that ask for something become checks, headings and groups
become sections. Nothing in the document is run, and nothing is contacted.

```sh
ready import CHECKLIST.md -o prod.yaml                 # the checklist as a profile
ready audit --profile prod.yaml --report json=run.json # ask the system
ready import CHECKLIST.md --check run.json             # does the document claim more than that?
ready import CHECKLIST.md --write-back run.json        # tick and untick the document
ready import CHECKLIST.md --profile prod.yaml -o prod.yaml   # the document was edited: ids stay
```

## What becomes of an item

Each built-in check says under `matches:` how people write of what it looks at. A phrase fits when
all its words are in the item; the rarer they are in the catalogue, the more it counts. The check
that fits best is *used* when it counts 5 or more, is ahead of those of other areas, and the text
states what it must be told; a comment beside it says by which words. Else it is *proposed* in a comment, and
people *state* that the item holds, as often as the document says. An item about what people have
written, agreed on or practised is never taken for a fact about the system by other words.

Done marks are kept as `claimed: true`. A report counts which claims were confirmed, refuted, and
seen by nobody. `--check` exits 1 when a claim is refuted, and 3 when none is but nobody has seen
some. `--write-back` ticks what is confirmed and unticks what is refuted; what nobody saw stays as
it is, and so does every other byte of the file. Both need the report alone.

Put changes of your own into a profile that `extends: [prod.yaml]`: importing again overwrites
`prod.yaml` and keeps its ids, also of items whose text was edited.

## Five documents of teams

Rows are what a person who read the document would ask of the system, by hand, and by which kind of
probe. *Right* is a check that asks by that kind, or by another that is named for the row.

";

#[test]
fn most_is_asked_as_people_would_ask_it_in_the_generated_table() {
    let mut out = HEAD.to_owned();
    out.push_str("| Document | Boxes | Rows | Checks | Used | Proposed | Stated |\n|---|---:|---:|---:|---:|---:|---:|\n");
    for name in NAMES {
        let read = Document::read(&text(name));
        let decisions = read.import(name, None, &[]).decisions;
        let count = |of: fn(&Decision) -> bool| decisions.iter().filter(|one| of(one)).count();
        let used = count(|one| matches!(one, Decision::Use { .. }));
        let proposed = count(|one| matches!(one, Decision::Propose { .. }));
        let counts = read.checklist.counts;
        writeln!(
            out,
            "| {name} | {} | {} | {} | {used} | {proposed} | {} |",
            counts.boxes,
            counts.rows + counts.sign_offs,
            decisions.len(),
            decisions.len() - used - proposed
        )
        .unwrap();
    }
    out.push_str("\n| Document | Asked of the system | Kind in this program | Right | Wrong | Proposed right | Left to people |\n|---|---:|---:|---:|---:|---:|---:|\n");
    let (mut rows, mut right, mut wrong) = (0, 0, 0);
    for (number, name) in NAMES.iter().enumerate() {
        let tally = tally(number, name);
        for line in &tally.wrong {
            println!("WRONG {line}");
        }
        for line in &tally.left {
            println!("LEFT {line}");
        }
        let left = tally.rows - tally.right - tally.wrong.len() - tally.proposed;
        writeln!(
            out,
            "| {name} | {} | {} | {} ({} %) | {} | {} | {left} |",
            tally.rows,
            tally.built,
            tally.right,
            tally.right * 100 / tally.rows,
            tally.wrong.len(),
            tally.proposed
        )
        .unwrap();
        rows += tally.rows;
        right += tally.right;
        wrong += tally.wrong.len();
    }
    let share = right * 100 / rows;
    writeln!(
        out,
        "| **all** | {rows} | | {right} ({share} %) | {wrong} | | |"
    )
    .unwrap();
    assert!(
        right * 100 >= rows * 60,
        "{right} of {rows} are asked as people would ask"
    );
    assert!(
        wrong * 100 <= rows * 3,
        "{wrong} of {rows} are asked in another way"
    );
    assert_checked_in("docs/import.md", &out);
}
