//! A number on its way to a target, with partial credit.

use super::expect::{commands, refused};
use super::{Answers, Status, Verdict};
use crate::check::Measure;
use crate::check::expect::Outcome;
use crate::reason::Reason;

/// Full credit from the target on, from a half at `warn_at` rising to it, and none before.
/// With `warn_at` above the target, less is better.
pub(super) fn decide(measure: &Measure, answers: &Answers<'_>) -> Verdict {
    if let Some(verdict) = refused(&measure.asked, answers) {
        return verdict;
    }
    let scope = answers.scope(&measure.asked, &measure.constants);
    let verdict = match measure.value.number(&scope) {
        Ok(value) => judge_number(measure, value),
        Err(outcome) => without_number(measure, outcome),
    };
    Verdict {
        attempts: answers.attempts(&measure.asked),
        reproduce: commands(&measure.asked, |_| true),
        ..verdict
    }
}

fn judge_number(measure: &Measure, value: f64) -> Verdict {
    let credit = credit(value, measure.target, measure.warn_at);
    let status = if credit >= 1.0 {
        Status::Pass
    } else if credit > 0.0 {
        Status::Warn
    } else {
        Status::Fail
    };
    let unit = measure
        .unit
        .as_deref()
        .map_or_else(String::new, |unit| format!(" {unit}"));
    let bound = if is_lower_better(measure) {
        "at most"
    } else {
        "at least"
    };
    let source = measure.value.source();
    let facts = serde_json::Map::from_iter([(source.to_owned(), value.into())]);
    Verdict {
        credit,
        reason: (status != Status::Pass).then_some(Reason::MeasureShort),
        explanation: format!(
            "{source} = {}{unit}, the target is {bound} {}{unit}",
            rounded(value),
            measure.target
        ),
        facts: Some(facts.into()),
        ..Verdict::of(status)
    }
}

/// To four digits after the point: a share of 87.333333333333 is not what people read.
fn rounded(value: f64) -> f64 {
    let shown = (value * 1e4).round() / 1e4;
    if shown == 0.0 { value } else { shown }
}

fn is_lower_better(measure: &Measure) -> bool {
    measure
        .warn_at
        .is_some_and(|warn_at| warn_at > measure.target)
}

/// The share of the weight that a value earns. What is no number earns nothing.
fn credit(value: f64, target: f64, warn_at: Option<f64>) -> f64 {
    // Turned around so that more is better.
    let (value, target, warn_at) = match warn_at {
        Some(warn_at) if warn_at > target => (-value, -target, Some(-warn_at)),
        warn_at => (value, target, warn_at),
    };
    match warn_at {
        _ if value >= target => 1.0,
        Some(warn_at) if value >= warn_at => {
            let way = (value - warn_at) / (target - warn_at);
            // Short of the target is never quite full credit.
            way.mul_add(0.5, 0.5).clamp(0.5, 0.999_999)
        }
        _ => 0.0,
    }
}

fn without_number(measure: &Measure, outcome: Outcome) -> Verdict {
    let source = measure.value.source();
    let (reason, what) = match outcome {
        Outcome::Gap(gap) => return Verdict::of_error(&gap),
        Outcome::Missing { path, .. } => {
            (Reason::ExpectMissing, format!("the answer has no {path}"))
        }
        Outcome::Type { message, .. } => (Reason::ExpectType, message),
        Outcome::True | Outcome::False(_) => (Reason::ExpectType, "this is no number".to_owned()),
    };
    Verdict {
        reason: Some(reason),
        explanation: format!("{source}: {what}"),
        ..Verdict::of(Status::Fail)
    }
}

#[cfg(test)]
mod tests {
    use super::credit;

    #[test]
    fn credit_rises_from_half_to_full() {
        for (value, target, warn_at, expected) in [
            (100.0, 100.0, Some(80.0), 1.0),
            (120.0, 100.0, Some(80.0), 1.0),
            (90.0, 100.0, Some(80.0), 0.75),
            (80.0, 100.0, Some(80.0), 0.5),
            (79.9, 100.0, Some(80.0), 0.0),
            (99.0, 100.0, None, 0.0),
            (100.0, 100.0, None, 1.0),
            // Less is better.
            (200.0, 200.0, Some(400.0), 1.0),
            (300.0, 200.0, Some(400.0), 0.75),
            (401.0, 200.0, Some(400.0), 0.0),
            (f64::NAN, 100.0, Some(80.0), 0.0),
            (99.999_999_999_9, 100.0, Some(80.0), 0.999_999),
        ] {
            let earned = credit(value, target, warn_at);
            assert!((earned - expected).abs() < 1e-9, "{value}: {earned}");
        }
    }
}
