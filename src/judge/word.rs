//! A person's word: alone where no probe can see, or in the place of one that could not ask.

use super::{Case, Status, Verdict, decide};
use crate::check::{Attest, StandIn};
use crate::ledger::page::{self, Now};
use crate::ledger::{Attestation, Page, Word};
use crate::reason::Reason;
use crate::text::push;

/// What the ledger says of a check.
enum Said<'a> {
    /// A word that holds.
    Valid(Word),
    /// None that holds; why the newest does not.
    Void(&'a Attestation, Trouble),
    /// Nothing.
    Nothing,
}

/// Why a word does not hold.
struct Trouble {
    reason: Reason,
    what: String,
    /// The command that shows the page that it is about.
    reproduce: Option<String>,
}

impl Trouble {
    fn new(reason: Reason, what: impl Into<String>) -> Self {
        Self {
            reason,
            what: what.into(),
            reproduce: None,
        }
    }
}

/// Attested, expired or pending; unknown where the page that the word is about was not read.
pub(super) fn attested(attest: &Attest, case: &Case<'_>) -> Verdict {
    match said(attest, case) {
        Said::Valid(word) => Verdict {
            explanation: told(&word),
            attestation: Some(word),
            ..Verdict::of(Status::Attested)
        },
        Said::Void(newest, trouble) => Verdict {
            reason: Some(trouble.reason),
            explanation: format!("{}\n{}", void(newest, &trouble.what), asked(attest)),
            reproduce: trouble.reproduce,
            ..Verdict::of(match trouble.reason {
                Reason::AttestUnread => Status::Error,
                _ => Status::Expired,
            })
        },
        Said::Nothing => Verdict {
            reason: Some(Reason::AttestPending),
            explanation: asked(attest),
            ..Verdict::of(Status::Pending)
        },
    }
}

/// What a person is asked to do.
fn asked(attest: &Attest) -> String {
    match &attest.document {
        Some(url) => format!("{}\nthe text: {url}", attest.ask),
        None => attest.ask.clone(),
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
        Said::Void(newest, trouble) => {
            let void = void(newest, &trouble.what);
            push(&mut explanation, format_args!("\n{void}"));
            Verdict {
                explanation,
                ..verdict
            }
        }
        Said::Nothing => {
            let ask = asked(&either.attest);
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
        if is_newer(valid) && trouble(one, attest, case).is_none() {
            valid = Some(one);
        }
    }
    let Some(newest) = newest else {
        return Said::Nothing;
    };
    if let Some(valid) = valid {
        // Whoever looked at the page last said which one: an older word that does not say it
        // cannot speak for what the page says now.
        let voided = (valid.page().is_none() && newest.page().is_some())
            .then(|| trouble(newest, attest, case))
            .flatten();
        return match voided {
            Some(trouble) => Said::Void(newest, trouble),
            None => Said::Valid(valid.word(attest.max_age)),
        };
    }
    match trouble(newest, attest, case) {
        Some(trouble) => Said::Void(newest, trouble),
        None => Said::Nothing,
    }
}

/// Why it does not hold on a day.
fn trouble(one: &Attestation, attest: &Attest, case: &Case<'_>) -> Option<Trouble> {
    if let Some(flaw) = &one.flaw {
        return Some(Trouble::new(flaw.reason, flaw.what.clone()));
    }
    let expires = one.expires(attest.max_age);
    if expires < case.today {
        let what = format!("it ended on {expires}");
        return Some(Trouble::new(Reason::AttestExpired, what));
    }
    unbound(one, attest).or_else(|| changed(one.page()?, case))
}

/// Whether the check is about a page, and the word is not about that.
fn unbound(one: &Attestation, attest: &Attest) -> Option<Trouble> {
    let wanted = attest.document.as_ref()?;
    let what = match one.page() {
        Some(page) if page::is_same(&page.url, wanted) => return None,
        Some(page) => format!("it is about {}, not about {wanted}", page.url),
        None => format!("it does not say what {wanted} said then; `ready attest` notes it"),
    };
    Some(Trouble::new(Reason::AttestUnbound, what))
}

/// Whether the page that it is about says something else by now, or could not be read.
fn changed(page: &Page, case: &Case<'_>) -> Option<Trouble> {
    let question = page::question(&page.url);
    let seen = case.answers.observation(&question);
    let (reason, what) = match page.now(seen.map(|seen| &seen.outcome)) {
        Now::Same => return None,
        Now::Changed => {
            let what = format!("{} has another text since", page.url);
            (Reason::AttestOutdated, what)
        }
        Now::Unread(why) => {
            let what = format!(
                "whether {} still says the same is not known: {why}",
                page.url
            );
            (Reason::AttestUnread, what)
        }
    };
    Some(Trouble {
        reproduce: Some(question.reproduce()),
        ..Trouble::new(reason, what)
    })
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
    if let Some(document) = &word.document {
        push(&mut text, format_args!("\nthe text: {document}"));
    }
    text
}

fn void(newest: &Attestation, what: &str) -> String {
    format!(
        "the word of {} of {} does not count: {what}",
        newest.by, newest.at
    )
}
