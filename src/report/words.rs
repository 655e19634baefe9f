//! What several formats say in the same words.

use std::str::FromStr;

use super::{Check, Claims, Report};
use crate::check::{Effort, Impact};
use crate::exit::Exit;
use crate::judge::{Figure, Status};
use crate::reason::Reason;
use crate::score::{Counts, Section, SignOff, SignOffStatus};

/// A sign that tells a status without colour; the word stands beside it.
pub(super) const fn sign(status: Status) -> &'static str {
    match status {
        Status::Pass | Status::Attested => "✓",
        Status::Warn => "!",
        Status::Fail => "✗",
        Status::Error | Status::Pending | Status::Expired | Status::Skipped => "?",
        Status::Waived => "~",
        Status::Na => "-",
        Status::Info => "i",
    }
}

/// The sections that somebody is asked to sign off, in the order of the profile.
pub(super) fn signed(sections: &[Section]) -> Vec<(&Section, &SignOff)> {
    let mut signed = Vec::new();
    for section in sections {
        signed.extend(
            section
                .sign_off
                .as_ref()
                .map(|sign_off| (section, sign_off)),
        );
        signed.extend(self::signed(&section.sections));
    }
    signed
}

/// Whether an approval stands, with a sign: it is what a check's status would be.
pub(super) const fn approval(status: SignOffStatus) -> Status {
    match status {
        SignOffStatus::Approved => Status::Attested,
        SignOffStatus::Pending => Status::Pending,
        SignOffStatus::Void => Status::Expired,
    }
}

/// The checks that measure something, in the order of the profile.
pub(super) fn figures(report: &Report) -> Vec<(&Check, &Figure)> {
    let checks = report.checks.iter();
    checks
        .filter(|check| check.status != Status::Na)
        .filter_map(|check| Some((check, check.figure.as_ref()?)))
        .collect()
}

/// The text, or a dash where there is none.
pub(super) fn or_dash(text: Option<&str>) -> &str {
    text.unwrap_or("–")
}

/// A status with a number before it: `2 fail`, `3 not applicable`.
const fn counted(status: Status) -> &'static str {
    match status {
        Status::Na => "not applicable",
        Status::Info => "for information",
        other => other.word(),
    }
}

/// `12 pass`, `2 fail`, `1 error`.
pub(super) fn counts(counts: &Counts) -> Vec<String> {
    counts
        .iter()
        .map(|(status, count)| format!("{count} {}", counted(*status)))
        .collect()
}

/// The status that a group of checks is known by: a failure before what is unknown, and that
/// before what is well.
pub(super) fn worst(counts: &Counts) -> Status {
    let has = |status: &Status| counts.contains_key(status);
    let by_rank = [
        Status::Fail,
        Status::Error,
        Status::Expired,
        Status::Pending,
        Status::Skipped,
        Status::Warn,
        Status::Pass,
        Status::Attested,
        Status::Waived,
        Status::Info,
    ];
    by_rank.into_iter().find(has).unwrap_or(Status::Na)
}

pub(super) const fn impact(impact: Impact) -> &'static str {
    match impact {
        Impact::Low => "low",
        Impact::Medium => "medium",
        Impact::High => "high",
        Impact::Critical => "critical",
    }
}

pub(super) const fn effort(effort: Effort) -> &'static str {
    match effort {
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
    }
}

/// `+12.3`, and `+<0.1` for what is too little to show.
pub(super) fn points(points: f64) -> String {
    if points > 0.0 && points < 0.05 {
        "+<0.1".to_owned()
    } else {
        format!("+{points:.1}")
    }
}

/// What would turn an unknown into an answer.
pub(super) fn unlock(check: &Check) -> &'static str {
    let reason = check.reason.as_deref().map(Reason::from_str);
    match reason {
        Some(Ok(Reason::CredentialMissing)) => "set the secret in the environment",
        Some(Ok(Reason::CredentialRefused)) => "use a credential that is accepted",
        Some(Ok(Reason::PermissionDenied)) => "run it where the question is permitted",
        Some(Ok(Reason::ToolMissing)) => "install the program",
        Some(Ok(Reason::AllowIntrusive)) => "run again with --allow intrusive",
        Some(Ok(Reason::AllowExec)) => "run again with --allow exec",
        Some(Ok(Reason::RunDeadline)) => "run again with a longer --deadline",
        Some(Ok(Reason::RunInterrupted)) => "let the run finish",
        Some(Ok(Reason::RunUnsaved)) => "save a run of it with `ready audit --save`",
        Some(Ok(Reason::EvidenceMissing)) => "gather evidence again with this profile",
        Some(Ok(Reason::DnsUnreachable)) => "mend this machine's resolver, or give one with --dns",
        Some(Ok(Reason::NetNoRoute | Reason::NetLocal)) => {
            "run it from a machine with a route to the address"
        }
        Some(Ok(Reason::ApiRateLimited)) => "wait, or ask with a credential that may ask more",
        Some(Ok(Reason::ApiUnavailable)) => "ask again when the service answers",
        Some(Ok(Reason::ApiNotFound)) => "look at the name, and at what the credential may see",
        Some(Ok(Reason::QueryRefused)) => "mend the query, or give the login the right to ask it",
        Some(Ok(Reason::HttpTruncated)) => "raise the question's max_body",
        Some(Ok(Reason::AttestPending)) => "somebody looks and attests it",
        Some(Ok(Reason::AttestEvidence)) => "put the evidence back as it was, or attest it anew",
        Some(Ok(Reason::AttestExpired | Reason::AttestOutdated)) => {
            "somebody looks again and attests it anew"
        }
        Some(Ok(Reason::AttestUnread)) => "let the page answer with its text, and run again",
        Some(Ok(Reason::AttestUnbound)) => "attest it with `ready attest`, which notes the text",
        Some(Ok(Reason::ProbeInternal)) => "please report this defect",
        _ => "see the reason code with `ready explain`",
    }
}

/// The first way to fix a check in one line, those words first that fit everywhere.
pub(super) fn fix(check: &Check) -> Option<String> {
    let everywhere = check.fix.iter().find(|fix| fix.with.is_none());
    let fix = everywhere.or_else(|| check.fix.first())?;
    let mut lines = fix.text.lines().filter(|line| !line.trim().is_empty());
    let line = lines.next()?.trim();
    let line = match &fix.with {
        Some(with) => format!("{with}: {line}"),
        None => line.to_owned(),
    };
    let has_more = check.fix.len() > 1 || lines.next().is_some();
    Some(match &check.catalogue {
        Some(id) if has_more => format!("{line} (more: ready explain {id})"),
        _ => line,
    })
}

/// What the exit code says: `1, not ready`.
pub(super) fn exit(report: &Report) -> String {
    let exit = report.exit();
    let meaning = Exit::TABLE.iter().find(|(code, _)| *code == exit);
    let meaning = meaning.map_or("", |(_, meaning)| meaning);
    format!("{}, {meaning}", exit as u8)
}

/// How the run went, in one line.
pub(super) fn timing(report: &Report) -> String {
    let run = &report.run;
    let seconds = |ms: f64| format!("{:.2} s", ms / 1000.0);
    let many = |count: u64, thing: &str| {
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {thing}{plural}")
    };
    format!(
        "{}, {}, {}, {} in {} (slowest {})",
        many(report.checks.len() as u64, "check"),
        many(run.probes, "question"),
        many(run.requests, "request"),
        many(run.connections, "connection"),
        seconds(run.wall_ms),
        seconds(run.critical_path_ms),
    )
}

/// What made the run end early, if anything.
pub(super) fn cut_short(report: &Report) -> Option<&'static str> {
    if report.run.interrupted {
        Some("The run was interrupted; what was not answered by then is unknown.")
    } else if report.run.deadline_hit {
        Some("The deadline passed; what was not answered by then is unknown.")
    } else {
        None
    }
}

/// What became of the claims, in a line.
pub(super) fn claims(claims: &Claims) -> String {
    let Claims {
        made,
        confirmed,
        refuted,
        unseen,
    } = claims;
    format!(
        "{made} claimed as done: {confirmed} confirmed, {refuted} refuted, {unseen} that nobody has seen"
    )
}
