//! A person's word: alone where no probe can see, or in the place of one that could not ask.

use jiff::civil::Date;

use super::{Case, Status, Verdict, decide};
use crate::check::{Attest, StandIn};
use crate::ledger::{Attestation, Word};
use crate::reason::Reason;
use crate::text::push;

/// What the ledger says of a check.
enum Said<'a> {
    /// A word that holds.
    Valid(Word),
    /// None that holds; why the newest does not.
    Void(&'a Attestation, Reason, String),
    /// Nothing.
    Nothing,
}

/// Attested, expired or pending.
pub(super) fn attested(attest: &Attest, case: &Case<'_>) -> Verdict {
    match said(attest, case) {
        Said::Valid(word) => Verdict {
            explanation: told(&word),
            attestation: Some(word),
            ..Verdict::of(Status::Attested)
        },
        Said::Void(newest, reason, what) => Verdict {
            reason: Some(reason),
            explanation: format!("{}\n{}", void(newest, &what), attest.ask),
            ..Verdict::of(Status::Expired)
        },
        Said::Nothing => Verdict {
            reason: Some(Reason::AttestPending),
            explanation: attest.ask.clone(),
            ..Verdict::of(Status::Pending)
        },
    }
}

/// The rule's own verdict. Only where its question could not be asked a word counts in its
/// place, and the verdict says so.
pub(super) fn standing_in(either: &StandIn, case: &Case<'_>) -> Verdict {
    let verdict = decide(&either.rule, case);
    let said = said(&either.attest, case);
    if !is_inability(&verdict) {
        return match said {
            Said::Valid(word) => Verdict {
                attestation: Some(word),
                ..verdict
            },
            _ => verdict,
        };
    }
    let mut explanation = verdict.explanation.clone();
    match said {
        Said::Valid(word) => {
            let why = verdict.cause.as_deref().unwrap_or(&explanation);
            Verdict {
                status: Status::Attested,
                credit: 1.0,
                cause: None,
                explanation: format!("{}\nin the place of the probe: {why}", told(&word)),
                attestation: Some(word),
                ..verdict
            }
        }
        Said::Void(newest, _, what) => {
            push(&mut explanation, format_args!("\n{}", void(newest, &what)));
            Verdict {
                explanation,
                ..verdict
            }
        }
        Said::Nothing => {
            let ask = &either.attest.ask;
            push(
                &mut explanation,
                format_args!("\na person's word may stand in: {ask}"),
            );
            Verdict {
                explanation,
                ..verdict
            }
        }
    }
}

/// Whether the question could not be asked, and would not be if the run were repeated.
fn is_inability(verdict: &Verdict) -> bool {
    let is_ours = matches!(verdict.status, Status::Error | Status::Skipped);
    is_ours
        && !matches!(
            verdict.reason,
            Some(
                Reason::RunDeadline
                    | Reason::RunInterrupted
                    | Reason::EvidenceMissing
                    | Reason::ProbeInternal
            )
        )
}

/// The newest word that holds; if none does, why the newest of all does not.
fn said<'a>(attest: &Attest, case: &Case<'a>) -> Said<'a> {
    let about = case
        .ledger
        .attestations
        .iter()
        .filter(|one| one.target.covers(case.check));
    let mut newest: Option<&Attestation> = None;
    let mut valid: Option<&Attestation> = None;
    for one in about {
        let is_newer = |other: Option<&Attestation>| other.is_none_or(|other| one.at >= other.at);
        if is_newer(newest) {
            newest = Some(one);
        }
        if is_newer(valid) && trouble(one, attest, case.today).is_none() {
            valid = Some(one);
        }
    }
    if let Some(valid) = valid {
        return Said::Valid(valid.word(attest.max_age));
    }
    let Some(newest) = newest else {
        return Said::Nothing;
    };
    match trouble(newest, attest, case.today) {
        Some((reason, what)) => Said::Void(newest, reason, what),
        None => Said::Nothing,
    }
}

/// Why it does not hold on a day.
fn trouble(one: &Attestation, attest: &Attest, today: Date) -> Option<(Reason, String)> {
    if let Some(flaw) = &one.flaw {
        return Some((flaw.reason, flaw.what.clone()));
    }
    let expires = one.expires(attest.max_age);
    (expires < today).then(|| (Reason::AttestExpired, format!("it ended on {expires}")))
}

/// `Ana attested it on 2026-11-02, until 2027-02-02: 14 minutes`
fn told(word: &Word) -> String {
    let mut text = format!(
        "{} attested it on {}, until {}",
        word.by, word.at, word.expires
    );
    if let Some(note) = word.note.as_deref().map(str::trim) {
        push(&mut text, format_args!(": {note}"));
    }
    if let Some(evidence) = &word.evidence {
        push(&mut text, format_args!("\nevidence: {evidence}"));
    }
    text
}

fn void(newest: &Attestation, what: &str) -> String {
    format!(
        "the word of {} of {} does not count: {what}",
        newest.by, newest.at
    )
}
