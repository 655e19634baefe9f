//! The report for people at a terminal: light on a good day, precise on a bad one.
//!
//! Every status has a sign and a word, so colour only helps. The verdict stands at the top
//! and, as the last thing a long report leaves on the screen, at the end.

mod findings;
mod fix_first;
mod headline;
mod paint;

use super::findings::Findings;
use super::words;
use super::{Check, Format, RenderError, Report, Style};
use crate::judge::Status;
use crate::score::Overall;
use crate::text::push;
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
    let is_noted = |check: &&Check| {
        matches!(check.status, Status::Waived | Status::Info)
            || check.status == Status::Pass && check.attempts > 1
    };
    let noted: Vec<_> = report.checks.iter().filter(is_noted).collect();
    if noted.is_empty() {
        return;
    }
    page.heading("Worth knowing");
    for check in noted {
        let mut text = format!("{} · {}", check.title, check.id);
        if let Some(real) = check.real {
            push(&mut text, format_args!(" (really: {})", real.word()));
        }
        if check.status == Status::Pass {
            push(
                &mut text,
                format_args!(": passed on attempt {}", check.attempts),
            );
        } else if !check.explanation.is_empty() {
            text.push_str(": ");
            text.push_str(&check.explanation);
        }
        page.column(&label(check.status), INDENT, Tone::Plain, &text);
    }
}

/// Everything that holds, and what does not apply.
fn good(page: &mut Page, report: &Report) {
    let is_good =
        |check: &&Check| matches!(check.status, Status::Pass | Status::Attested | Status::Na);
    let good: Vec<_> = report.checks.iter().filter(is_good).collect();
    if good.is_empty() {
        return;
    }
    page.heading("All others");
    for check in good {
        let mut text = format!("{} · {}", check.title, check.id);
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
