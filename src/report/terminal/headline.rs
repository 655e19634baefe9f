//! The verdict, the score as a bar, and a line for each section.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

use super::paint::{GLUE, Label, Page, Tone, dotted, listed};
use super::{tone, verdict_sign, verdict_tone, verdict_words};
use crate::report::{Report, words};
use crate::score::{Numbers, Overall, Section};
use crate::text::{push, short_line};

/// Characters of a title that are shown.
const TITLE_CHARACTERS: usize = 200;
/// Columns of a section's bar.
const SECTION_BAR: usize = 10;

/// Title, verdict, score, bar and shares.
pub(super) fn write(page: &mut Page, report: &Report) {
    page.gap();
    let verdict = verdict_words(report.verdict);
    let score = match (report.numbers.score, report.numbers.score_max) {
        (Some(score), Some(most)) if most > score => format!("score {score:.1}, up to {most:.1}"),
        (Some(score), _) => format!("score {score:.1} of 100"),
        _ => "no score".to_owned(),
    };
    let used = verdict.chars().count() + score.chars().count();
    let space = " ".repeat(page.width.saturating_sub(used));
    let tone = verdict_tone(report.verdict);
    let top = format!(
        "{}{space}{}",
        page.paint(tone, &verdict),
        page.paint(Tone::Strong, &score)
    );
    page.line(&top);
    page.column(&Label::none(), 0, Tone::Strong, &report.title);
    if report.numbers.score.is_some() {
        let bar = bar(page, &report.numbers, page.width);
        page.line(&bar);
        if let Some(minimum) = report.minimum {
            let needed = marker(page.width, minimum);
            page.line(&needed);
        }
    }
    let shares = shares(report);
    if !shares.is_empty() {
        page.column(&Label::none(), 0, Tone::Dim, &shares);
    }
    if let Some(claims) = &report.claims {
        page.column(&Label::none(), 0, Tone::Dim, &words::claims(claims));
    }
}

/// Earned, unknown and lost weight, in proportion.
fn bar(page: &Page, numbers: &Numbers, width: usize) -> String {
    let earned = columns(numbers.score, width);
    let known = columns(numbers.score_max, width).max(earned);
    [
        (Tone::Good, "█", earned),
        (Tone::Doubt, "▒", known - earned),
        (Tone::Bad, "░", width - known),
    ]
    .map(|(tone, block, count)| page.paint(tone, &block.repeat(count)))
    .concat()
}

/// Whole columns that a percentage fills.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a terminal's width"
)]
fn columns(percent: Option<f64>, width: usize) -> usize {
    let filled = percent.unwrap_or_default() / 100.0 * width as f64;
    (filled.clamp(0.0, width as f64) + 1e-9).floor() as usize
}

/// An arrow under the bar where the minimum is.
fn marker(width: usize, minimum: f64) -> String {
    let at = columns(Some(minimum), width).min(width.saturating_sub(1));
    let words = format!("{minimum} needed");
    if at > words.chars().count() {
        let space = " ".repeat(at - words.chars().count() - 1);
        format!("{space}{words} ▲")
    } else {
        format!("{}▲ {words}", " ".repeat(at))
    }
}

fn shares(report: &Report) -> String {
    let numbers = &report.numbers;
    let mut parts = vec![listed(&words::counts(&report.counts))];
    let shares = [
        (numbers.measured, "measured"),
        (numbers.attested, "attested"),
        (numbers.unknown, "unknown"),
    ];
    for (share, word) in shares {
        if let Some(share) = share.filter(|share| *share > 0.0) {
            parts.push(format!("{share:.1} % {word}"));
        }
    }
    if numbers.strict_score != numbers.score
        && let Some(strict) = numbers.strict_score
    {
        parts.push(format!("{strict:.1} without waivers"));
    }
    parts.retain(|part| !part.is_empty());
    dotted(&parts)
}

/// A line for each section of the tree.
pub(super) fn sections(page: &mut Page, report: &Report) {
    if report.sections.is_empty() {
        return;
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(page.width).unwrap_or(u16::MAX));
    add_rows(page, &mut table, &report.sections, 0);
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for (number, least) in [(0, 18), (1, 5), (2, 10), (3, 12)] {
        if let Some(column) = table.column_mut(number) {
            column.set_padding((0, 2));
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least + 2)));
        }
    }
    page.gap();
    for line in table.lines() {
        page.line(&line);
    }
}

fn add_rows(page: &Page, table: &mut Table, sections: &[Section], depth: usize) {
    for section in sections {
        let (tone, sign) = state(section);
        let title = short_line(&section.title, TITLE_CHARACTERS);
        let indent = "  ".repeat(depth);
        let name = format!("{indent}{} {title}", page.paint(tone, sign));
        let (score, drawn) = match section.numbers.score {
            Some(score) => (
                format!("{score:.1}"),
                bar(page, &section.numbers, SECTION_BAR),
            ),
            None => ("–".to_owned(), String::new()),
        };
        let mut notes = Vec::new();
        if let Some(minimum) = section.minimum {
            let verdict = section.verdict.map_or("not applicable", Overall::words);
            notes.push(format!("{verdict}, {minimum} needed"));
        }
        let counts = listed(&words::counts(&section.counts));
        notes.push(if counts.is_empty() {
            "no checks".to_owned()
        } else {
            counts
        });
        let mut notes = dotted(&notes);
        if let Some(sign_off) = &section.sign_off {
            let role = short_line(&sign_off.role, TITLE_CHARACTERS);
            push(
                &mut notes,
                format_args!("{GLUE}· sign-off by {role} {}", sign_off.status.word()),
            );
        }
        table.add_row([name, score, drawn, notes]);
        add_rows(page, table, &section.sections, depth + 1);
    }
}

/// How a section looks: by its verdict if that is bad, else by its worst check.
fn state(section: &Section) -> (Tone, &'static str) {
    if let Some(verdict) = section.verdict
        && verdict >= Overall::Inconclusive
    {
        return (verdict_tone(verdict), verdict_sign(verdict));
    }
    let worst = words::worst(&section.counts);
    (tone(worst), words::sign(worst))
}
