//! Tables whose rows say how things stand, what is measured, or who signs.

use std::collections::BTreeMap;

use super::checklist::{Form, Kind, Place};
use super::markdown::{Cell, Table};
use super::marks::Mark;
use super::policy;
use super::read::{MOST_COMPARED, Reader};
use super::said;
use super::titles::clean;

/// What the columns of a table are.
#[derive(Debug, Default)]
struct Columns {
    title: usize,
    status: Option<usize>,
    impact: Option<usize>,
    effort: Option<usize>,
    current: Option<usize>,
    target: Option<usize>,
}

const STATUS: &[&str] = &[
    "status",
    "state",
    "done",
    "done?",
    "complete",
    "complete?",
    "completed",
    "result",
    "progress",
    "check",
    "checked",
    "pass",
    "pass?",
    "pass/fail",
    "passed",
    "ok",
    "ok?",
    "ready",
    "ready?",
    "verified",
    "implemented",
    "implemented?",
    "compliant",
    "met",
    "met?",
    "y/n",
    "yes/no",
    "✅",
    "✓",
];
const CURRENT: &[&str] = &[
    "current",
    "current value",
    "actual",
    "now",
    "today",
    "baseline",
    "as is",
];
const TARGET: &[&str] = &["target", "goal", "objective", "slo", "threshold", "to be"];
const NUMBER: &[&str] = &["#", "no", "no.", "nr", "id", "number", "ref"];
const SIGNED: &[&str] = &[
    "date",
    "signature",
    "signed",
    "approved",
    "approval",
    "sign-off",
];

/// Takes in a table, if it is one of those.
pub(super) fn read(reader: &mut Reader<'_>, table: &Table) {
    let heads: Vec<String> = table
        .head
        .iter()
        .map(|cell| cell.words.text.trim().to_lowercase())
        .collect();
    let find = |names: &[&str]| heads.iter().position(|head| names.contains(&head.as_str()));
    if is_signed(reader, &heads) {
        sign_offs(reader, table);
        return;
    }
    let columns = Columns {
        status: find(STATUS).or_else(|| marked_column(table)),
        impact: find(&["impact", "severity", "priority"]),
        effort: find(&["effort", "size"]),
        current: find(CURRENT),
        target: find(TARGET),
        title: 0,
    };
    let measures = columns.current.is_some() && columns.target.is_some();
    if columns.status.is_none() && !measures {
        return;
    }
    let title = heads
        .iter()
        .enumerate()
        .position(|(at, head)| Some(at) != columns.status && !NUMBER.contains(&head.as_str()));
    let Some(title) = title else { return };
    rows(reader, table, &Columns { title, ..columns });
}

fn is_signed(reader: &Reader<'_>, heads: &[String]) -> bool {
    let title = reader.list.sections[reader.section()].title.clone();
    let about = policy::approvals(&title)
        || policy::approvals(reader.label())
        || heads.iter().any(|head| policy::approvals(head));
    about
        && heads
            .iter()
            .any(|head| SIGNED.iter().any(|word| head.contains(word)))
}

fn sign_offs(reader: &mut Reader<'_>, table: &Table) {
    for row in &table.rows {
        let role = row
            .first()
            .map(|cell| clean(&cell.words.text))
            .unwrap_or_default();
        if !role.is_empty() {
            reader.list.counts.sign_offs += 1;
            if reader.signs.len() < MOST_COMPARED {
                reader.signs.push(role);
            }
        }
    }
}

/// The column in which nearly every cell is a sign or a box.
fn marked_column(table: &Table) -> Option<usize> {
    let rows = table.rows.len();
    (0..table.head.len()).find(|column| {
        let cells = table.rows.iter().filter_map(|row| row.get(*column));
        let marked = cells.filter(|cell| {
            let text = cell.words.text.trim();
            Mark::leading(text).is_some_and(|(_, rest)| rest.len() < 20)
        });
        let marked = marked.count();
        marked > 0 && marked * 5 >= rows * 4
    })
}

fn rows(reader: &mut Reader<'_>, table: &Table, columns: &Columns) {
    let outer = reader.section();
    let mut section = outer;
    let vocabulary = columns.status.map(|status| Vocabulary::of(table, status));
    for row in &table.rows {
        let Some(cell) = row.get(columns.title) else {
            continue;
        };
        let title = clean(&cell.words.text);
        let alone = row
            .iter()
            .enumerate()
            .all(|(at, other)| at == columns.title || other.words.text.trim().is_empty());
        if title.is_empty() || matches!(title.to_lowercase().as_str(), "total" | "overall" | "sum")
        {
            continue;
        }
        if alone && cell.words.bold().is_some() && row.len() > 1 {
            section = reader.open(&cell.words.text, outer);
            continue;
        }
        reader.list.counts.rows += 1;
        add(reader, row, columns, section, vocabulary.as_ref());
    }
}

fn add(
    reader: &mut Reader<'_>,
    row: &[Cell],
    columns: &Columns,
    section: usize,
    vocabulary: Option<&Vocabulary>,
) {
    let cell = &row[columns.title];
    let mut item = reader.new_item(section, Kind::Row, &cell.words.text, cell.place.start);
    let text = |column: Option<usize>| -> Option<&str> {
        let text = row.get(column?)?.words.text.trim();
        (!text.is_empty()).then_some(text)
    };
    let told = row.iter().enumerate().filter(|(at, _)| {
        ![
            columns.impact,
            columns.effort,
            columns.current,
            columns.status,
        ]
        .contains(&Some(*at))
    });
    let told: Vec<&str> = told.map(|(_, cell)| cell.words.text.trim()).collect();
    item.text = told.join(" — ");
    item.code = row
        .iter()
        .flat_map(|cell| cell.words.code.iter().cloned())
        .collect();
    item.impact = text(columns.impact).and_then(said::impact).or(item.impact);
    item.effort = text(columns.effort).and_then(said::effort).or(item.effort);
    if let (Some(current), Some(target)) = (columns.current, columns.target) {
        let value = |column| text(Some(column)).unwrap_or("unknown").to_owned();
        item.measure = Some((value(current), value(target)));
    }
    if let (Some(status), Some(vocabulary)) = (columns.status, vocabulary) {
        item.places
            .extend(vocabulary.place(reader, row.get(status)));
    }
    if cell.words.struck {
        item.places.push(Place {
            form: Form::Word,
            range: cell.place.start..cell.place.start,
            mark: Some(Mark::Done),
            line: reader.line(cell.place.start),
        });
    }
    reader.push(item);
}

/// What a column writes for done and for open.
struct Vocabulary {
    done: Option<String>,
    open: Option<String>,
}

impl Vocabulary {
    fn of(table: &Table, status: usize) -> Self {
        let usual = |mark: Mark| {
            let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
            for cell in table.rows.iter().filter_map(|row| row.get(status)) {
                let text = cell.words.text.trim();
                if Mark::of_cell(text) == Some(mark) && !text.contains(|c: char| c.is_ascii_digit())
                {
                    *seen.entry(text).or_default() += 1;
                }
            }
            let usual = seen.into_iter().max_by_key(|(_, count)| *count);
            usual.map(|(text, _)| text.to_owned())
        };
        Self {
            done: usual(Mark::Done),
            open: usual(Mark::Open),
        }
    }

    /// The place in a cell: of a box in it, or the cell. A cell that says something else (rows
    /// may be short, so that the next column's text stands here) is none.
    fn place(&self, reader: &Reader<'_>, cell: Option<&Cell>) -> Option<Place> {
        let cell = cell?;
        let text = reader.text.get(cell.place.clone())?;
        let line = reader.line(cell.place.start);
        let shown = cell.words.text.trim();
        let mark = Mark::of_cell(shown);
        if let Some(at) = ["[ ]", "[x]", "[X]"]
            .iter()
            .find_map(|sign| text.find(sign))
        {
            let start = cell.place.start + at;
            return Some(Place {
                form: Form::Box,
                range: start..start + 3,
                mark,
                line,
            });
        }
        let (done, open) = (self.done.clone(), self.open.clone());
        if mark.is_none() {
            let blank = shown.is_empty() && text.contains(' ') && text.trim().is_empty();
            return blank.then(|| Place {
                form: Form::Cell { done, open },
                range: cell.place.clone(),
                mark: None,
                line,
            });
        }
        Some(Place {
            form: Form::Cell { done, open },
            range: cell.place.clone(),
            mark,
            line,
        })
    }
}
