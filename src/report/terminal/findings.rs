//! What is wrong, and apart from it what is unknown, each with what to do.

use super::paint::{Label, Page, Tone, dotted, listed};
use super::{INDENT, label};
use crate::judge::Status;
use crate::report::findings::{Finding, Findings};
use crate::report::words;
use crate::text::count;

/// More checks than this are named by their ids.
const MOST_TITLES: usize = 6;
/// Columns before a label such as `fix`.
const LABEL_INDENT: &str = "  ";

/// All findings, failures first.
pub(super) fn write(page: &mut Page, findings: &Findings<'_>) {
    for (heading, findings) in [
        ("Failed", &findings.failed),
        ("Partly", &findings.partial),
        ("Unknown", &findings.unknown),
    ] {
        if findings.is_empty() {
            continue;
        }
        let checks = findings.iter().map(|finding| finding.checks().count());
        page.heading(&format!("{heading}: {}", count(checks.sum(), "check")));
        for (number, finding) in findings.iter().enumerate() {
            if number > 0 {
                page.gap();
            }
            write_one(page, finding);
        }
    }
}

fn write_one(page: &mut Page, finding: &Finding<'_>) {
    let first = finding.first;
    page.column(&label(first.status), INDENT, Tone::Strong, finding.title());
    page.column(&Label::none(), INDENT, Tone::Dim, &about(finding));
    let details = finding.details();
    if !details.is_empty() {
        page.column(&Label::none(), INDENT, Tone::Plain, &details);
    }
    if finding.cause.is_some() {
        page.column(&word("checks"), INDENT, Tone::Plain, &names(finding));
    }
    if first.status.is_unknown() {
        page.column(&word("unlock"), INDENT, Tone::Plain, words::unlock(first));
    } else if finding.cause.is_none()
        && let Some(fix) = words::fix(first)
    {
        page.column(&word("fix"), INDENT, Tone::Plain, &fix);
    }
    if let Some(command) = &first.reproduce {
        page.command(&word("try"), INDENT, command);
    }
}

/// The checks by title, or if there are many by id.
fn names(finding: &Finding<'_>) -> String {
    let checks = finding.checks();
    if finding.others.len() < MOST_TITLES {
        let titles = checks.map(|check| format!("{} ({})", check.title, check.id));
        titles.collect::<Vec<_>>().join("\n")
    } else {
        listed(&checks.map(|check| check.id.to_string()).collect::<Vec<_>>())
    }
}

fn word(word: &str) -> Label {
    Label::new(Tone::Dim, format!("{LABEL_INDENT}{word}"))
}

/// `blocker · critical · +12.3 points · zebu.pre.cert · tls.expired`
fn about(finding: &Finding<'_>) -> String {
    let first = finding.first;
    let mut parts = Vec::new();
    match finding.checks().filter(|check| check.blocker).count() {
        0 => {}
        blockers if finding.cause.is_some() => parts.push(count(blockers, "blocker")),
        _ => parts.push("blocker".to_owned()),
    }
    if finding.cause.is_some() {
        parts.push(count(finding.checks().count(), "check"));
    } else {
        parts.push(words::impact(first.impact).to_owned());
    }
    let upto = if first.status.is_unknown() {
        "up to "
    } else {
        ""
    };
    parts.push(format!("{upto}{} points", words::points(finding.points)));
    if finding.cause.is_none() {
        parts.push(first.id.to_string());
    }
    parts.extend(first.reason.clone());
    if first.attempts > 1 && first.status != Status::Pass {
        parts.push(format!("{} attempts", first.attempts));
    }
    if finding.cause.is_none() {
        let said = [
            ("owner", &first.owner),
            ("cost", &first.cost),
            ("known:", &first.known_gap),
        ];
        let said = said.into_iter().filter_map(|(what, text)| {
            let text = text.as_ref()?;
            Some(format!("{what} {text}"))
        });
        parts.extend(said);
    }
    dotted(&parts)
}
