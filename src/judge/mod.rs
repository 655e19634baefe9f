//! Judges checks on evidence: a pure function, the same today and on saved evidence.
//!
//! It asks nothing and scores nothing. What is unknown stays unknown: no path leads from a
//! missing answer to a pass. What people said is in the ledger; a word never overrules an answer.

mod answers;
mod combine;
mod excerpt;
mod expect;
mod measure;
mod notices;
mod waive;
mod word;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::check::{Check, Rule};
use crate::ledger::{self, Ledger, Waiver, Word};
use crate::probe::ProbeError;
use crate::reason::{Reason, Side};
use crate::text::shorten;

pub use answers::Answers;
pub use measure::Figure;
pub use notices::{Notice, notices};

/// What became of a check.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The facts satisfy every expectation.
    Pass,
    /// A valid attestation says so.
    Attested,
    /// Part of the way.
    Warn,
    /// An observation contradicts the expectation.
    Fail,
    /// We could not find out.
    Error,
    /// Nobody has attested it.
    Pending,
    /// The attestation is too old.
    Expired,
    /// Not allowed, or its prerequisite failed.
    Skipped,
    /// An owner accepted the failure until a date.
    Waived,
    /// Declared not applicable.
    Na,
    /// Shown, never scored.
    Info,
}

impl Status {
    /// Every status, best first.
    pub const ALL: &[Self] = &[
        Self::Pass,
        Self::Attested,
        Self::Warn,
        Self::Fail,
        Self::Error,
        Self::Pending,
        Self::Expired,
        Self::Skipped,
        Self::Waived,
        Self::Na,
        Self::Info,
    ];

    /// Whether it counts in the score.
    pub const fn is_scored(self) -> bool {
        !matches!(self, Self::Waived | Self::Na | Self::Info)
    }

    /// Whether we do not know: neither good nor bad was seen.
    pub const fn is_unknown(self) -> bool {
        matches!(
            self,
            Self::Error | Self::Pending | Self::Expired | Self::Skipped
        )
    }

    /// The word for it, as in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Attested => "attested",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Pending => "pending",
            Self::Expired => "expired",
            Self::Skipped => "skipped",
            Self::Waived => "waived",
            Self::Na => "na",
            Self::Info => "info",
        }
    }
}

/// The verdict on one check.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What became of it.
    pub status: Status,
    /// What a waived check really is; `None` unless it is waived.
    pub real: Option<Status>,
    /// Share of the weight earned, 0 to 1.
    pub credit: f64,
    /// Why it is no plain pass.
    pub reason: Option<Reason>,
    /// One line that all checks taken down by the same thing share.
    pub cause: Option<String>,
    /// What was seen, in words, one line for each thing that is wrong:
    /// `tls.days_left > 14: tls.days_left = 9`. Empty for a plain pass.
    pub explanation: String,
    /// The facts that decided it, by their path, and what helps to understand them.
    pub facts: Option<Value>,
    /// Commands that show the same by hand, one on each line.
    pub reproduce: Option<String>,
    /// How often the slowest of its questions was asked; 0 if none was.
    pub attempts: u32,
    /// What was measured, on its way to a target.
    pub figure: Option<Figure>,
    /// What a person vouches for, if that holds, also where a probe decides.
    pub attestation: Option<Word>,
    /// Why its result does not count.
    pub waiver: Option<Waiver>,
}

/// Characters of a probe error's detail that are kept.
const DETAIL_CHARACTERS: usize = 400;

/// What a check is judged by.
#[derive(Clone, Copy)]
struct Case<'a> {
    check: &'a Check,
    answers: &'a Answers<'a>,
    ledger: &'a Ledger,
    /// The day of the evidence, so that the verdict is the same whenever it is judged.
    today: Date,
}

/// Judges one check.
pub fn judge(check: &Check, answers: &Answers<'_>, ledger: &Ledger) -> Verdict {
    if let Some(why) = &check.not_applicable {
        return Verdict {
            reason: Some(Reason::Declared),
            explanation: why.clone(),
            ..Verdict::of(Status::Na)
        };
    }
    let case = Case {
        check,
        answers,
        ledger,
        today: ledger::today(answers.now()),
    };
    let verdict = decide(&check.rule, &case);
    if check.info {
        return Verdict {
            status: Status::Info,
            credit: 0.0,
            ..verdict
        };
    }
    waive::waived(verdict, &case)
}

fn decide(rule: &Rule, case: &Case<'_>) -> Verdict {
    match rule {
        Rule::Expect(expect) => expect::decide(expect, case.answers),
        Rule::Measure(measure) => measure::decide(measure, case.answers),
        Rule::Attest(attest) => word::attested(attest, case),
        Rule::StandIn(either) => word::standing_in(either, case),
        Rule::Any(parts) => combine::any(parts, case),
        Rule::All(parts) => combine::all(parts, case),
    }
}

impl Verdict {
    /// A verdict that says nothing but its status.
    pub(crate) fn of(status: Status) -> Self {
        Self {
            status,
            real: None,
            credit: match status {
                Status::Pass | Status::Attested => 1.0,
                _ => 0.0,
            },
            reason: None,
            cause: None,
            explanation: String::new(),
            facts: None,
            reproduce: None,
            attempts: 0,
            figure: None,
            attestation: None,
            waiver: None,
        }
    }

    /// Nothing to decide by is nothing known, and never a pass.
    fn of_nothing() -> Self {
        Self {
            reason: Some(Reason::ProbeInternal),
            explanation: "the check has nothing to be decided by".to_owned(),
            ..Self::of(Status::Error)
        }
    }

    /// What a question without an answer makes of a check: the target's doing fails it, ours
    /// leaves it unknown.
    fn of_error(error: &ProbeError) -> Self {
        let mut explanation = error.cause.clone();
        if let Some(detail) = &error.detail {
            explanation.push_str(": ");
            explanation.push_str(&shorten(detail, DETAIL_CHARACTERS));
        }
        Self {
            reason: Some(error.reason),
            cause: Some(error.cause.clone()),
            explanation,
            ..Self::of(status_of(error))
        }
    }
}

fn status_of(error: &ProbeError) -> Status {
    match (error.side(), error.reason) {
        (Side::Target, _) => Status::Fail,
        (
            Side::Ours,
            Reason::AllowIntrusive
            | Reason::AllowExec
            | Reason::RunDeadline
            | Reason::RunInterrupted,
        ) => Status::Skipped,
        (Side::Ours, _) => Status::Error,
    }
}

#[cfg(test)]
mod tests;
