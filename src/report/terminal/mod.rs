//! The report for people at a terminal: light on a good day, precise on a bad one.
//!
//! Every status has a sign and a word, so colour only helps. The verdict stands at the top
//! and, as the last thing a long report leaves on the screen, at the end.

mod figures;
mod findings;
mod fix_first;
mod headline;
mod ledger;
mod paint;

use super::findings::Findings;
use super::words;
use super::{Check, Format, RenderError, Report, Style};
use crate::judge::Status;
use crate::score::Overall;
use paint::{Label, Page, Tone};

/// `--report terminal`
pub(super) struct Terminal;

impl Format for Terminal {
    fn name(&self) -> &'static str {
        "terminal"
    }

    fn about(&self) -> &'static str {
        "for people, in the width and colours of the terminal"
    }

    fn render(&self, report: &Report, style: &Style) -> Result<Vec<u8>, RenderError> {
        let mut page = Page::new(style);
        let found = Findings::of(report);
        headline::write(&mut page, report);
        headline::sections(&mut page, report);
        findings::write(&mut page, &found);
        figures::write(&mut page, report);
        ledger::write(&mut page, report);
        worth_knowing(&mut page, report);
        if style.verbose {
            good(&mut page, report);
        }
        fix_first::write(&mut page, report, style.verbose);
        ending(&mut page, report);
        Ok(page.into_bytes())
    }
}

const fn tone(status: Status) -> Tone {
    match status {
        Status::Pass | Status::Attested => Tone::Good,
        Status::Fail => Tone::Bad,
        Status::Warn | Status::Error | Status::Pending | Status::Expired | Status::Skipped => {
            Tone::Doubt
        }
        Status::Waived | Status::Na | Status::Info => Tone::Dim,
    }
}

const fn verdict_tone(verdict: Overall) -> Tone {
    match verdict {
        Overall::Ready => Tone::Good,
        Overall::ReadyWithWaivers | Overall::Inconclusive => Tone::Doubt,
        Overall::NotReady => Tone::Bad,
    }
}

const fn verdict_sign(verdict: Overall) -> &'static str {
    match verdict {
        Overall::Ready => "✓",
        Overall::ReadyWithWaivers => "~",
        Overall::Inconclusive => "?",
        Overall::NotReady => "✗",
    }
}

/// Where the text beside a status begins: after `? skipped  `.
const INDENT: usize = 11;

fn label(status: Status) -> Label {
    let text = format!("{} {}", words::sign(status), status.word());
    Label::new(tone(status), text)
}

/// What is neither wrong nor plainly good.
fn worth_knowing(page: &mut Page, report: &Report) {
    let noted = report.checks.iter().filter(|check| is_noted(check));
    list(page, "Worth knowing", noted, |check| match check.status {
        Status::Pass => format!(": passed on attempt {}", check.attempts),
        _ => String::new(),
    });
}

fn is_noted(check: &Check) -> bool {
    match check.status {
        Status::Info => true,
        status => status == Status::Pass && check.attempts > 1,
    }
}

/// Everything that holds, and what does not apply.
fn good(page: &mut Page, report: &Report) {
    let is_good =
        |check: &&Check| matches!(check.status, Status::Pass | Status::Na) && !is_noted(check);
    let good = report.checks.iter().filter(is_good);
    list(page, "All others", good, |_| String::new());
}

/// One entry for each check, with a note between its name and its explanation.
fn list<'a>(
    page: &mut Page,
    heading: &str,
    checks: impl Iterator<Item = &'a Check>,
    note: impl Fn(&Check) -> String,
) {
    let mut checks = checks.peekable();
    if checks.peek().is_none() {
        return;
    }
    page.heading(heading);
    for check in checks {
        let mut text = format!("{} · {}{}", check.title, check.id, note(check));
        if !check.explanation.is_empty() {
            text.push_str(": ");
            text.push_str(&check.explanation);
        }
        page.column(&label(check.status), INDENT, Tone::Plain, &text);
    }
}

/// How the run went, and the verdict once more.
fn ending(page: &mut Page, report: &Report) {
    page.gap();
    if let Some(note) = words::cut_short(report) {
        page.column(&Label::new(Tone::Doubt, "! "), 2, Tone::Doubt, note);
    }
    page.column(&Label::none(), 0, Tone::Dim, &words::timing(report));
    page.gap();
    let verdict = verdict_words(report.verdict);
    let text = format!("{}. Exit code {}.", report.cause, words::exit(report));
    let tone = verdict_tone(report.verdict);
    let indent = verdict.chars().count() + 2;
    page.column(&Label::new(tone, verdict), indent, Tone::Plain, &text);
}

/// `✗ NOT READY`
fn verdict_words(verdict: Overall) -> String {
    format!(
        "{} {}",
        verdict_sign(verdict),
        verdict.words().to_uppercase()
    )
}
