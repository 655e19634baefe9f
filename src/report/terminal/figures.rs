//! Figures on their way: what they were, are and shall be.

use comfy_table::{ContentArrangement, Table, presets};

use super::paint::Page;
use super::tone;
use crate::report::{Report, words};
use crate::text::short_line;

/// Characters of a cell that are shown.
const CELL_CHARACTERS: usize = 200;

/// A line for each check that measures something.
pub(super) fn write(page: &mut Page, report: &Report) {
    let figures = words::figures(report);
    if figures.is_empty() {
        return;
    }
    page.heading("Figures");
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(page.width).unwrap_or(u16::MAX))
        .add_row(["", "", "was", "now", "target"]);
    let cell = |text: &str| short_line(text, CELL_CHARACTERS);
    for (check, figure) in figures {
        let sign = words::sign(check.status);
        let label = format!("{sign} {}", check.status.word());
        table.add_row([
            page.paint(tone(check.status), &label),
            cell(&check.title),
            cell(words::or_dash(figure.was.as_deref())),
            cell(figure.now.as_deref().unwrap_or("unknown")),
            cell(&figure.aim()),
        ]);
    }
    for number in 0..5 {
        if let Some(column) = table.column_mut(number) {
            column.set_padding((0, 2));
        }
    }
    for line in table.lines() {
        page.line(&line);
    }
}
