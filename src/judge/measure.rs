//! A number or a word on its way to a target, with partial credit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::expect::{commands, refused};
use super::{Answers, Status, Verdict};
use crate::check::Measure;
use crate::check::expect::{Outcome, Reading};
use crate::reason::Reason;
use crate::text::shorten;

/// Characters of a word that are shown.
const WORD_CHARACTERS: usize = 80;

/// A figure: what it was, is and shall be, as people read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figure {
    /// What it was when the checklist was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// What it is; left out where that is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// The same as a number, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What is aimed at: `100 %`, `at most 4 h`, `Passed`.
    pub target: String,
    /// Where it earns a part: `from 80 %`, `to 8 h`, `at Scheduled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amber: Option<String>,
}

impl Figure {
    fn of(measure: &Measure) -> Self {
        Self {
            was: measure.was.clone(),
            now: None,
            value: None,
            target: measure.aim(),
            amber: measure.amber(),
        }
    }

    /// `was 30 %, target 100 % (amber from 50 %)`
    fn way(&self) -> String {
        let was = self.was.as_ref();
        let was = was.map_or_else(String::new, |was| format!("was {was}, "));
        format!("{was}target {}", self.aim())
    }

    /// `100 % (amber from 50 %)`
    pub fn aim(&self) -> String {
        match &self.amber {
            Some(amber) => format!("{} (amber {amber})", self.target),
            None => self.target.clone(),
        }
    }
}

/// Full credit from the target on, from a half at `warn_at` rising to it, and none before.
/// With `warn_at` above the target, less is better. A word earns what it is listed with.
pub(super) fn decide(measure: &Measure, answers: &Answers<'_>) -> Verdict {
    let figure = Figure::of(measure);
    if let Some(verdict) = refused(&measure.asked, answers) {
        return Verdict {
            figure: Some(figure),
            ..verdict
        };
    }
    let scope = answers.scope(&measure.asked, &measure.constants);
    let verdict = match (measure.value.reading(&scope), &measure.absent) {
        (Ok(Reading::Number(value)), _) => judge_number(measure, value, figure),
        (Ok(Reading::Word(word)), _) => judge_word(measure, &word, figure),
        (Err(Outcome::Missing { .. }), Some(absent)) => {
            let now = Some(absent.clone());
            judged(0.0, Figure { now, ..figure }, "")
        }
        (Err(outcome), _) => without_reading(measure, outcome, figure),
    };
    Verdict {
        attempts: answers.attempts(&measure.asked),
        reproduce: commands(&measure.asked, |_| true),
        ..verdict
    }
}

fn judge_number(measure: &Measure, value: f64, figure: Figure) -> Verdict {
    let figure = Figure {
        now: Some(measure.with_unit(value)),
        value: Some(value),
        ..figure
    };
    let verdict = match measure.target {
        Some(target) => judged(credit(value, target, measure.warn_at), figure, ""),
        None => judged(0.0, figure, &unlisted(measure)),
    };
    Verdict {
        facts: Some(json!({ (measure.value.source()): value })),
        ..verdict
    }
}

fn judge_word(measure: &Measure, word: &str, figure: Figure) -> Verdict {
    if measure.words.is_empty() {
        let message = "it is a string and not a number".to_owned();
        let values = Vec::new();
        return without_reading(measure, Outcome::Type { message, values }, figure);
    }
    let figure = Figure {
        now: Some(shorten(word, WORD_CHARACTERS).into_owned()),
        ..figure
    };
    let verdict = match measure.words.iter().find(|(listed, _)| listed == word) {
        Some((_, credit)) => judged(*credit, figure, ""),
        None => judged(0.0, figure, &unlisted(measure)),
    };
    Verdict {
        facts: Some(json!({ (measure.value.source()): word })),
        ..verdict
    }
}

/// `, which is none of Passed, Never`
fn unlisted(measure: &Measure) -> String {
    let words: Vec<&str> = measure
        .words
        .iter()
        .map(|(word, _)| word.as_str())
        .collect();
    let number = if measure.target.is_some() {
        "no number and "
    } else {
        ""
    };
    format!(", which is {number}none of {}", words.join(", "))
}

fn judged(credit: f64, figure: Figure, note: &str) -> Verdict {
    let status = if credit >= 1.0 {
        Status::Pass
    } else if credit > 0.0 {
        Status::Warn
    } else {
        Status::Fail
    };
    let now = figure.now.as_deref().unwrap_or_default();
    Verdict {
        credit,
        reason: (status != Status::Pass).then_some(Reason::MeasureShort),
        explanation: format!("now {now}{note}, {}", figure.way()),
        figure: Some(figure),
        ..Verdict::of(status)
    }
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

fn without_reading(measure: &Measure, outcome: Outcome, figure: Figure) -> Verdict {
    let source = measure.value.source();
    let (reason, what) = match outcome {
        Outcome::Gap(gap) => {
            return Verdict {
                figure: Some(figure),
                ..Verdict::of_error(&gap)
            };
        }
        Outcome::Missing { path, .. } => {
            (Reason::ExpectMissing, format!("the answer has no {path}"))
        }
        Outcome::Type { message, .. } => (Reason::ExpectType, message),
        Outcome::True | Outcome::False(_) => (Reason::ExpectType, "this is no number".to_owned()),
    };
    Verdict {
        reason: Some(reason),
        explanation: format!("{source}: {what}, {}", figure.way()),
        figure: Some(figure),
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
