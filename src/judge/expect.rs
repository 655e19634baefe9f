//! Expectations over facts: every one must hold.

use super::excerpt::Seen;
use super::{Answers, Status, Verdict};
use crate::check::expect::Outcome;
use crate::check::{Asked, Expect, Expectation};
use crate::probe::ProbeError;
use crate::reason::{Reason, Side};
use crate::text::shorten;

/// Characters of an expression that are repeated in an explanation.
const EXPRESSION_CHARACTERS: usize = 300;

/// A target that does not answer fails the check. Otherwise an expectation that is false fails
/// it, even if another could not be decided; and only if all are true it passes.
pub(super) fn decide(expect: &Expect, answers: &Answers<'_>) -> Verdict {
    if let Some(verdict) = refused(&expect.asked, answers) {
        return verdict;
    }
    if expect.expectations.is_empty() {
        return Verdict::of_nothing();
    }
    let scope = answers.scope(&expect.asked, &expect.constants);
    let mut failures = Vec::new();
    let mut unknown: Option<ProbeError> = None;
    for expectation in &expect.expectations {
        match Miss::of(expectation, expectation.expression.judge(&scope)) {
            None => {}
            Some(Miss::Failure(failure)) => failures.push(failure),
            Some(Miss::Unknown(gap)) => unknown = unknown.or(Some(gap)),
        }
    }
    let attempts = answers.attempts(&expect.asked);
    match (failures.first(), unknown) {
        (Some(_), _) => Verdict {
            attempts,
            ..failed(&failures, &expect.asked, answers)
        },
        (None, Some(gap)) => Verdict {
            attempts,
            reproduce: commands(&expect.asked, |_| true),
            ..Verdict::of_error(&gap)
        },
        (None, None) => Verdict {
            attempts,
            reproduce: commands(&expect.asked, |_| true),
            ..Verdict::of(Status::Pass)
        },
    }
}

/// The verdict if one of the targets did not answer; of several the first in the check.
pub(super) fn refused(asked: &[Asked], answers: &Answers<'_>) -> Option<Verdict> {
    asked.iter().find_map(|one| {
        let error = answers.error(one)?;
        (error.side() == Side::Target).then(|| Verdict {
            attempts: answers.attempts(asked),
            reproduce: Some(one.probe.reproduce()),
            ..Verdict::of_error(&error)
        })
    })
}

/// The commands that ask, by hand, the questions whose name passes `test`.
pub(super) fn commands(asked: &[Asked], test: impl Fn(&str) -> bool) -> Option<String> {
    let mut commands: Vec<String> = Vec::new();
    for one in asked.iter().filter(|one| test(&one.name)) {
        let command = one.probe.reproduce();
        if !commands.contains(&command) {
            commands.push(command);
        }
    }
    (!commands.is_empty()).then(|| commands.join("\n"))
}

/// Why an expectation is not known to hold.
enum Miss {
    Failure(Failure),
    Unknown(ProbeError),
}

impl Miss {
    /// `None` if it holds.
    fn of(expectation: &Expectation, outcome: Outcome) -> Option<Self> {
        let mut cause = None;
        let (reason, what, values) = match outcome {
            Outcome::True => return None,
            Outcome::False(values) => (Reason::ExpectFalse, None, values),
            Outcome::Missing { path, values } => {
                let what = format!("the answer has no {path}");
                (Reason::ExpectMissing, Some(what), values)
            }
            Outcome::Type { message, values } => (Reason::ExpectType, Some(message), values),
            Outcome::Gap(gap) if gap.side() == Side::Ours => return Some(Self::Unknown(gap)),
            Outcome::Gap(gap) => {
                cause = Some(gap.cause.clone());
                (gap.reason, Some(gap.cause), Vec::new())
            }
        };
        Some(Self::Failure(Failure {
            reason,
            cause,
            source: expectation.expression.source().to_owned(),
            what,
            because: expectation.because.clone(),
            values,
        }))
    }
}

/// An expectation that does not hold.
pub(super) struct Failure {
    reason: Reason,
    cause: Option<String>,
    pub(super) source: String,
    what: Option<String>,
    because: Option<String>,
    pub(super) values: Vec<String>,
}

impl Failure {
    /// `browsers refuse it (tls.days_left > 14: tls.days_left = 9)`, on one line: first what it
    /// means, which is what people read.
    fn explanation(&self) -> String {
        let source = self.source.split_whitespace().collect::<Vec<_>>().join(" ");
        let source = shorten(&source, EXPRESSION_CHARACTERS);
        let seen: Vec<&str> = self
            .what
            .iter()
            .chain(&self.values)
            .map(String::as_str)
            .collect();
        let seen = match seen.as_slice() {
            [] => String::new(),
            seen => format!(": {}", seen.join(", ")),
        };
        match &self.because {
            Some(because) => format!("{because} ({source}{seen})"),
            None => format!("{source}{seen}"),
        }
    }
}

fn failed(failures: &[Failure], asked: &[Asked], answers: &Answers<'_>) -> Verdict {
    let first = failures.first();
    let seen = Seen::of(failures, asked, answers);
    let mut lines: Vec<String> = failures.iter().map(Failure::explanation).collect();
    lines.extend(seen.line());
    let named = |name: &str| {
        let mut sources = failures.iter().map(|failure| failure.source.as_str());
        sources.any(|source| super::excerpt::mentions(source, name))
    };
    Verdict {
        reason: first.map(|failure| failure.reason),
        cause: first.and_then(|failure| failure.cause.clone()),
        explanation: lines.join("\n"),
        facts: seen.into_facts(),
        reproduce: commands(asked, named).or_else(|| commands(asked, |_| true)),
        ..Verdict::of(Status::Fail)
    }
}
