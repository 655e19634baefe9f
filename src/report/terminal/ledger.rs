//! What people said: what they vouch for, accept and approve, and what of it to look after.

use comfy_table::{ContentArrangement, Table, presets};

use super::paint::{Label, Page, Tone};
use super::{INDENT, list, tone};
use crate::judge::Status;
use crate::report::{Report, words};
use crate::text::short_line;

/// Characters of a name that are shown.
const NAME_CHARACTERS: usize = 200;

/// Attested apart from measured, waived with the real result, approvals and notices.
pub(super) fn write(page: &mut Page, report: &Report) {
    let of = |status: Status| {
        let checks = report.checks.iter();
        checks.filter(move |check| check.status == status)
    };
    let attested = of(Status::Attested);
    list(page, "Attested, not measured", attested, |_| String::new());
    let waived = of(Status::Waived);
    list(page, "Waived, not counted", waived, |check| {
        let real = check.real.map(|real| format!(" (really: {})", real.word()));
        real.unwrap_or_default()
    });
    sign_offs(page, report);
    if report.notices.is_empty() {
        return;
    }
    page.heading("To look after");
    for notice in &report.notices {
        let label = Label::new(Tone::Doubt, "! ledger");
        let text = format!(
            "{}: {} · {}",
            notice.target.id(),
            notice.text,
            notice.reason
        );
        page.column(&label, INDENT, Tone::Plain, &text);
    }
}

/// A line for each area: who approved it and when.
fn sign_offs(page: &mut Page, report: &Report) {
    let signed = words::signed(&report.sections);
    if signed.is_empty() {
        return;
    }
    page.heading("Sign-offs");
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(page.width).unwrap_or(u16::MAX));
    for (section, sign_off) in signed {
        let state = words::approval(sign_off.status);
        let label = format!("{} {}", words::sign(state), sign_off.status.word());
        let name = |text: &str| short_line(text, NAME_CHARACTERS);
        let why = sign_off.void.as_ref().or(sign_off.note.as_ref());
        table.add_row([
            page.paint(tone(state), &label),
            name(&section.title),
            name(&sign_off.role),
            name(sign_off.by.as_deref().unwrap_or("–")),
            sign_off.at.map_or("–".to_owned(), |at| at.to_string()),
            why.map_or_else(String::new, |why| name(why)),
        ]);
    }
    for number in 0..6 {
        if let Some(column) = table.column_mut(number) {
            column.set_padding((0, 2));
        }
    }
    for line in table.lines() {
        page.line(&line);
    }
}
