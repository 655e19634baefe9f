//! What to fix first, with the running score and the shortest way.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

use super::paint::{Label, Page, Tone};
use crate::report::{Report, words};
use crate::score::{Overall, Remedy};
use crate::text::{count, push, short_line};

/// Rows that are shown unless all are asked for.
const ROWS: usize = 12;
/// Characters of a title that are shown.
const TITLE_CHARACTERS: usize = 300;
/// Before what belongs to the shortest way.
const NEEDED: &str = "●";

/// A table of remedies.
pub(super) fn write(page: &mut Page, report: &Report, all: bool) {
    let remedies = &report.fix_first;
    let is_ready = report.verdict <= Overall::ReadyWithWaivers;
    if remedies.is_empty() || is_ready && remedies.len() == 1 {
        // A single one is told in full above.
        return;
    }
    page.heading("Fix first");
    let shown = if all || remedies.len() <= ROWS + 1 {
        remedies.len()
    } else {
        ROWS
    };
    let mut table = table(page);
    for (number, remedy) in remedies.iter().take(shown).enumerate() {
        table.add_row(row(page, number + 1, remedy));
    }
    align(&mut table);
    for line in table.lines() {
        page.line(&line);
    }
    if shown < remedies.len() {
        let rest = format!("and {} more; --verbose shows all", remedies.len() - shown);
        page.column(&Label::none(), 2, Tone::Dim, &rest);
    }
    shortest(page, report);
}

fn table(page: &Page) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(page.width).unwrap_or(u16::MAX))
        .set_header(
            ["", "what", "effort", "points", "score"].map(|title| page.paint(Tone::Dim, title)),
        );
    table
}

fn align(table: &mut Table) {
    for (number, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if matches!(number, 0 | 3 | 4) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        column.set_constraint(if number == 1 {
            ColumnConstraint::LowerBoundary(Width::Fixed(20))
        } else {
            ColumnConstraint::ContentWidth
        });
    }
}

fn row(page: &Page, number: usize, remedy: &Remedy) -> [String; 5] {
    let needed = if remedy.needed { NEEDED } else { " " };
    let mut what = short_line(&remedy.title, TITLE_CHARACTERS);
    let mut notes = Vec::new();
    if remedy.checks.len() > 1 {
        notes.push(count(remedy.checks.len(), "check"));
    }
    if remedy.blocker {
        notes.push("blocker".to_owned());
    }
    if remedy.unknown {
        notes.push("to find out".to_owned());
    }
    if !notes.is_empty() {
        push(&mut what, format_args!(" ({})", notes.join(", ")));
    }
    let upto = if remedy.unlocked > 0.0 { "≤ " } else { "" };
    [
        format!("{} {number}", page.paint(Tone::Good, needed)),
        what,
        words::effort(remedy.effort).to_owned(),
        format!("{upto}{}", words::points(remedy.points + remedy.unlocked)),
        format!("{:.1}", remedy.score_after),
    ]
}

/// What the dots mean.
fn shortest(page: &mut Page, report: &Report) {
    let needed = report
        .fix_first
        .iter()
        .filter(|remedy| remedy.needed)
        .count();
    if needed == 0 || report.verdict <= Overall::ReadyWithWaivers {
        return;
    }
    let text = match (needed, report.fix_first.len()) {
        (needed, all) if needed == all => "it takes all of them to be ready".to_owned(),
        (needed, all) => format!("the shortest way to be ready: {needed} of {all}"),
    };
    let label = Label::new(Tone::Good, NEEDED);
    page.column(&label, 2, Tone::Plain, &text);
}
