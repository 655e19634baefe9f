//! What people said: what they vouch for, what they accept, and what of it to look after.

use super::paint::{Label, Page, Tone};
use super::{INDENT, list};
use crate::judge::Status;
use crate::report::Report;

/// Attested apart from measured, waived with the real result, and notices.
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
