//! Markdown for a CI summary page or a comment on a pull request.
//!
//! Everything that is not ours is escaped so that it shows as it is: no markup, no link, no
//! mention of a person, no HTML, and no line that a CI system takes for a command.

use super::findings::{Finding, Findings};
use super::words;
use super::{Check, Format, RenderError, Report, Style};
use crate::judge::Status;
use crate::score::{Overall, Section};
use crate::text::{count, push, short_block, short_line};

/// Characters of one text that are shown.
const MOST_CHARACTERS: usize = 600;
/// Findings of a kind that are told in full; pages have a size limit.
const MOST_FINDINGS: usize = 50;
/// Rows of the table of what to fix first.
const MOST_REMEDIES: usize = 10;

/// `--report markdown`
pub(super) struct Markdown;

impl Format for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn about(&self) -> &'static str {
        "for a CI summary page or a comment on a pull request"
    }

    fn render(&self, report: &Report, _: &Style) -> Result<Vec<u8>, RenderError> {
        let found = Findings::of(report);
        let mut page = Vec::new();
        headline(&mut page, report);
        sections(&mut page, report);
        findings(&mut page, "Failed", &found.failed);
        findings(&mut page, "Partly", &found.partial);
        findings(&mut page, "Unknown", &found.unknown);
        figures(&mut page, report);
        fix_first(&mut page, report);
        said(&mut page, report);
        sign_offs(&mut page, report);
        all_checks(&mut page, report);
        page.push(format!("<sub>{}</sub>", escaped(&footer(report))));
        let mut text = page.join("\n\n");
        text.push('\n');
        Ok(text.into_bytes())
    }
}

fn headline(page: &mut Vec<String>, report: &Report) {
    let (sign, verdict) = match report.verdict {
        Overall::Ready => ("✅", "Ready"),
        Overall::ReadyWithWaivers => ("☑️", "Ready with waivers"),
        Overall::Inconclusive => ("❔", "Inconclusive"),
        Overall::NotReady => ("❌", "Not ready"),
    };
    let score = match (report.numbers.score, report.numbers.score_max) {
        (Some(score), Some(most)) if most > score => format!(": {score:.1}, up to {most:.1}"),
        (Some(score), _) => format!(": {score:.1} of 100"),
        _ => String::new(),
    };
    page.push(format!("## {sign} {verdict}{score}"));
    page.push(format!(
        "**{}** — {}.",
        escaped(&report.title),
        escaped(&report.cause)
    ));
    page.extend(report.claims.map(|claims| words::claims(&claims)));
    page.extend(words::cut_short(report).map(|note| format!("> {note}")));
}

fn sections(page: &mut Vec<String>, report: &Report) {
    if report.sections.is_empty() {
        page.push(words::counts(&report.counts).join(", "));
        return;
    }
    let mut rows = vec![
        "| section | score | needed | checks |".to_owned(),
        "|---|---:|---:|---|".to_owned(),
    ];
    section_rows(&mut rows, &report.sections, 0);
    page.push(rows.join("\n"));
}

fn section_rows(rows: &mut Vec<String>, sections: &[Section], depth: usize) {
    for section in sections {
        let sign = match words::worst(&section.counts) {
            Status::Fail => "❌",
            Status::Warn => "⚠️",
            Status::Pass | Status::Attested => "✅",
            status if status.is_unknown() => "❔",
            _ => "–",
        };
        let number = |number: Option<f64>| number.map_or("–".to_owned(), |n| format!("{n:.1}"));
        let minimum = section.minimum.map_or_else(String::new, |minimum| {
            let verdict = section.verdict.map_or("not applicable", Overall::words);
            format!("{minimum} ({verdict})")
        });
        let mut counts = words::counts(&section.counts).join(", ");
        if let Some(sign_off) = &section.sign_off {
            push(
                &mut counts,
                format_args!(
                    "; sign-off by {} {}",
                    escaped(&sign_off.role),
                    sign_off.status.word()
                ),
            );
        }
        rows.push(format!(
            "| {}{sign} {} | {} | {minimum} | {counts} |",
            "&nbsp;&nbsp;".repeat(depth),
            escaped(&section.title),
            number(section.numbers.score),
        ));
        section_rows(rows, &section.sections, depth + 1);
    }
}

fn findings(page: &mut Vec<String>, heading: &str, findings: &[Finding<'_>]) {
    if findings.is_empty() {
        return;
    }
    page.push(format!("### {heading}"));
    page.extend(findings.iter().take(MOST_FINDINGS).map(finding));
    if let Some(rest) = findings
        .len()
        .checked_sub(MOST_FINDINGS)
        .filter(|rest| *rest > 0)
    {
        page.push(format!("… and {} more.", count(rest, "finding")));
    }
}

fn finding(finding: &Finding<'_>) -> String {
    let first = finding.first;
    let mut notes = Vec::new();
    if finding.checks().any(|check| check.blocker) {
        notes.push("<b>blocker</b>".to_owned());
    }
    notes.push(match finding.cause {
        Some(_) => count(finding.checks().count(), "check"),
        None => words::impact(first.impact).to_owned(),
    });
    notes.push(format!("{} points", words::points(finding.points)));
    notes.extend(first.reason.as_deref().map(code));
    let summary = format!("{} {}", words::sign(first.status), escaped(finding.title()));
    let mut parts = vec![
        format!(
            "<details><summary>{summary} · {}</summary>",
            notes.join(" · ")
        ),
        list(finding.checks()),
        pre(&finding.details()),
    ];
    if let Some(why) = first.why.as_ref().filter(|_| finding.cause.is_none()) {
        parts.push(format!("Why: {}", escaped(why)));
    }
    if first.status.is_unknown() {
        parts.push(format!("Unlock: {}", escaped(words::unlock(first))));
    } else if let Some(fix) = words::fix(first).filter(|_| finding.cause.is_none()) {
        parts.push(format!("Fix: {}", escaped(&fix)));
    }
    if let Some(command) = &first.reproduce {
        parts.push(format!("Try:\n{}", pre(command)));
    }
    parts.push("</details>".to_owned());
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

/// What is measured: what it was, is and shall be.
fn figures(page: &mut Vec<String>, report: &Report) {
    let figures = words::figures(report);
    if figures.is_empty() {
        return;
    }
    page.push("### Figures".to_owned());
    let mut rows = vec![
        "| | what | was | now | target |".to_owned(),
        "|---|---|---:|---:|---|".to_owned(),
    ];
    rows.extend(figures.into_iter().map(|(check, figure)| {
        format!(
            "| {} {} | {} | {} | {} | {} |",
            words::sign(check.status),
            check.status.word(),
            escaped(&check.title),
            escaped(words::or_dash(figure.was.as_deref())),
            escaped(figure.now.as_deref().unwrap_or("unknown")),
            escaped(&figure.aim()),
        )
    }));
    page.push(rows.join("\n"));
}

fn fix_first(page: &mut Vec<String>, report: &Report) {
    if report.fix_first.is_empty() {
        return;
    }
    page.push("### Fix first".to_owned());
    let mut rows = vec![
        "| | what | effort | points | then |".to_owned(),
        "|---:|---|---|---:|---:|".to_owned(),
    ];
    for (number, remedy) in report.fix_first.iter().take(MOST_REMEDIES).enumerate() {
        let checks = match remedy.checks.len() {
            1 => String::new(),
            many => format!(" ({})", count(many, "check")),
        };
        let (start, end) = if remedy.needed {
            ("**", "**")
        } else {
            ("", "")
        };
        rows.push(format!(
            "| {} | {start}{}{end}{checks} | {} | {}{} | {:.1} |",
            number + 1,
            escaped(&remedy.title),
            words::effort(remedy.effort),
            if remedy.unlocked > 0.0 { "≤ " } else { "" },
            words::points(remedy.points + remedy.unlocked),
            remedy.score_after,
        ));
    }
    page.push(rows.join("\n"));
    let rest = report.fix_first.len().saturating_sub(MOST_REMEDIES);
    if rest > 0 {
        page.push(format!("… and {rest} more."));
    }
    if report.fix_first.iter().any(|remedy| remedy.needed) {
        page.push("**Bold**: the shortest way to be ready.".to_owned());
    }
}

/// What people said: attested apart from measured, waived with the real result, and what of it
/// is to be looked after.
fn said(page: &mut Vec<String>, report: &Report) {
    for (heading, status) in [
        ("Attested, not measured", Status::Attested),
        ("Waived, not counted", Status::Waived),
    ] {
        let of_status = report.checks.iter().filter(|check| check.status == status);
        let lines = list(of_status);
        if !lines.is_empty() {
            page.push(format!("### {heading}"));
            page.push(lines);
        }
    }
    if report.notices.is_empty() {
        return;
    }
    page.push("### To look after".to_owned());
    let lines = report.notices.iter().map(|notice| {
        format!(
            "- {}: {} {}",
            code(notice.target.id()),
            escaped(&notice.text),
            code(&notice.reason)
        )
    });
    page.push(lines.collect::<Vec<_>>().join("\n"));
}

/// Who approved what.
fn sign_offs(page: &mut Vec<String>, report: &Report) {
    let signed = words::signed(&report.sections);
    if signed.is_empty() {
        return;
    }
    page.push("### Sign-offs".to_owned());
    let mut rows = vec![
        "| area | role | who | when | status |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    for (section, sign_off) in signed {
        let mut status = sign_off.status.word().to_owned();
        if let Some(void) = &sign_off.void {
            push(&mut status, format_args!(": {}", escaped(void)));
        }
        rows.push(format!(
            "| {} | {} | {} | {} | {} {status} |",
            escaped(&section.title),
            escaped(&sign_off.role),
            escaped(sign_off.by.as_deref().unwrap_or("–")),
            sign_off.at.map_or("–".to_owned(), |at| at.to_string()),
            words::sign(words::approval(sign_off.status)),
        ));
    }
    page.push(rows.join("\n"));
}

/// Everything that is not told above, folded.
fn all_checks(page: &mut Vec<String>, report: &Report) {
    let is_other =
        |check: &&Check| matches!(check.status, Status::Pass | Status::Na | Status::Info);
    let others: Vec<&Check> = report.checks.iter().filter(is_other).collect();
    if others.is_empty() {
        return;
    }
    page.push(format!(
        "<details><summary>{}</summary>",
        count(others.len(), "other check")
    ));
    page.push(list(others.into_iter()));
    page.push("</details>".to_owned());
}

/// `- fail: Title id: why it is not applicable`, one line for each check.
fn list<'a>(checks: impl Iterator<Item = &'a Check>) -> String {
    let lines = checks.map(|check| {
        let mut text = format!(
            "- {} {}: {} {}",
            words::sign(check.status),
            check.status.word(),
            escaped(&check.title),
            code(&check.id.0)
        );
        if let Some(real) = check.real {
            push(&mut text, format_args!(", really: {}", real.word()));
        }
        if check.attempts > 1 {
            push(
                &mut text,
                format_args!(", {}", count(check.attempts as usize, "attempt")),
            );
        }
        let is_explained = matches!(
            check.status,
            Status::Attested | Status::Waived | Status::Na | Status::Info
        );
        if is_explained && !check.explanation.is_empty() {
            push(&mut text, format_args!(": {}", escaped(&check.explanation)));
        }
        text
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn footer(report: &Report) -> String {
    let run = &report.run;
    format!(
        "{} · {} {} · {} · exit code {}",
        words::timing(report),
        run.tool.name,
        run.tool.version,
        run.algorithm,
        words::exit(report)
    )
}

/// A text from anywhere as it is, on one line, in Markdown and in HTML alike.
fn escaped(text: &str) -> String {
    let text = short_line(text, MOST_CHARACTERS);
    let number = text.find(|character: char| !character.is_ascii_digit());
    let mut shown = String::with_capacity(text.len() + 16);
    for (at, character) in text.char_indices() {
        let (before, rest) = text.split_at(at);
        let starts_list = (at == 0 && "-+=".contains(character))
            || (at > 0 && Some(at) == number && ".)".contains(character));
        if starts_list || acts(before, rest) {
            push_entity(&mut shown, character);
        } else {
            shown.push(character);
        }
        if "@#".contains(character) {
            // A mention or a reference would still be one after the entity is resolved.
            shown.push_str("&#8203;");
        }
    }
    shown
}

/// A word in the type of code.
fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// Several lines as they are. Empty if there is nothing to show.
fn pre(text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let text = short_block(text, MOST_CHARACTERS);
    let mut shown = String::with_capacity(text.len() + 16);
    for (at, character) in text.char_indices() {
        let (before, rest) = text.split_at(at);
        if acts(before, rest) {
            push_entity(&mut shown, character);
        } else {
            shown.push(character);
        }
    }
    format!("<pre>{shown}</pre>")
}

/// Whether the first character of `rest` is one that Markdown, HTML, links or the commands of
/// a CI system are made of.
fn acts(before: &str, rest: &str) -> bool {
    let is_link = rest.starts_with("://")
        || rest.starts_with("::")
        || rest.starts_with(':') && before.ends_with(':')
        || rest.starts_with('.') && before.ends_with(['w', 'W']);
    is_link || rest.starts_with(|character| "&<>\"'`*_[]|~\\$@#".contains(character))
}

fn push_entity(text: &mut String, character: char) {
    push(text, format_args!("&#{};", character as u32));
}
