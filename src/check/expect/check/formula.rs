//! Formulas over what an expression asks about, tried on every value that could make a
//! difference.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::super::functions::Kind;
use super::types::Type;

/// Combinations of values that are tried.
const MAX_TRIES: usize = 4096;
/// What is known of the values of a fact.
#[derive(Clone, Debug, Default)]
pub(super) struct Fact {
    /// Only these words.
    pub(super) words: Option<Vec<String>>,
    /// No number below.
    pub(super) minimum: Option<f64>,
    /// No fractions.
    pub(super) whole: bool,
    /// It is certainly true or false.
    pub(super) truth: bool,
}

impl Fact {
    /// Of a value of this type.
    pub(super) fn of(found: &Type<'_>) -> Self {
        let kind = found.kind();
        let Type::Of(schema) = found else {
            return Self {
                whole: kind == Kind::Int,
                truth: kind == Kind::Bool,
                ..Self::default()
            };
        };
        Self {
            words: schema
                .words()
                .map(|words| words.into_iter().map(str::to_owned).collect()),
            minimum: schema.minimum(),
            whole: kind == Kind::Int,
            truth: kind == Kind::Bool,
        }
    }

    /// A count.
    pub(super) fn count() -> Self {
        Self {
            minimum: Some(0.0),
            whole: true,
            ..Self::default()
        }
    }
}

/// A value that a fact is tried with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sample {
    Truth(bool),
    Number(f64),
    Word(String),
    /// A word that is named nowhere.
    OtherWord,
    Null,
    /// How one value compares with another: -1, 0 or 1.
    Order(i8),
}

impl Sample {
    /// Whether trying values on and around it says all there is to say about the sign.
    pub(super) fn is_exact(&self, sign: &str) -> bool {
        sign == "==" || matches!(self, Self::Number(_))
    }
}

/// An expression as a formula.
pub(super) enum Formula {
    Known(bool),
    Not(Box<Formula>),
    Any(Vec<Formula>),
    All(Vec<Formula>),
    /// Whether the value asked under this name fits.
    Test(String, Test),
}

/// What is asked of one value.
pub(super) enum Test {
    /// That it is true.
    Truth,
    /// `==` or an order, with a constant.
    Compare(&'static str, Sample),
    /// That it is one of these.
    In(Vec<Sample>),
    /// A sign between two values that are both unknown.
    Order(&'static str),
}

/// Something that is asked about, and all constants it is compared with.
pub(super) struct Asked {
    pub(super) fact: Fact,
    pub(super) compared: Vec<Sample>,
    pub(super) order: bool,
}

impl Asked {
    /// Every value that could make a difference.
    fn samples(&self) -> Vec<Sample> {
        if self.order {
            return vec![Sample::Order(-1), Sample::Order(0), Sample::Order(1)];
        }
        if self.fact.truth
            || self
                .compared
                .iter()
                .any(|sample| matches!(sample, Sample::Truth(_)))
        {
            return vec![Sample::Truth(true), Sample::Truth(false)];
        }
        if let Some(words) = &self.fact.words {
            return words.iter().cloned().map(Sample::Word).collect();
        }
        let mut samples = self.numbers();
        for sample in &self.compared {
            if matches!(sample, Sample::Word(_) | Sample::Null) && !samples.contains(sample) {
                samples.push(sample.clone());
            }
        }
        if samples
            .iter()
            .all(|sample| !matches!(sample, Sample::Number(_)))
        {
            samples.push(Sample::OtherWord);
        }
        samples
    }

    /// Numbers on, below, above and between those it is compared with.
    fn numbers(&self) -> Vec<Sample> {
        let mut marks: Vec<f64> = self
            .compared
            .iter()
            .filter_map(|sample| match sample {
                Sample::Number(number) => Some(*number),
                _ => None,
            })
            .collect();
        marks.sort_by(f64::total_cmp);
        let mut numbers: Vec<f64> = Vec::new();
        for mark in &marks {
            numbers.extend([
                mark.floor() - 1.0,
                mark.floor(),
                *mark,
                mark.ceil(),
                mark.ceil() + 1.0,
            ]);
        }
        numbers.extend(
            marks
                .windows(2)
                .filter_map(|pair| Some(f64::midpoint(*pair.first()?, *pair.get(1)?))),
        );
        if !marks.is_empty() {
            numbers.extend(self.fact.minimum);
        }
        numbers.retain(|number| {
            self.fact.minimum.is_none_or(|minimum| *number >= minimum)
                && (!self.fact.whole || number.fract() == 0.0)
        });
        numbers.sort_by(f64::total_cmp);
        numbers.dedup();
        numbers.into_iter().map(Sample::Number).collect()
    }
}

/// Whether the formula is true with every combination of values.
pub(super) fn holds_always(formula: &Formula, asked: BTreeMap<String, Asked>) -> bool {
    let samples: Vec<(String, Vec<Sample>)> = asked
        .into_iter()
        .map(|(name, asked)| (name, asked.samples()))
        .collect();
    let tries = samples.iter().try_fold(1_usize, |tries, (_, samples)| {
        tries.checked_mul(samples.len())
    });
    let Some(tries) = tries.filter(|tries| (1..=MAX_TRIES).contains(tries)) else {
        return false;
    };
    (0..tries).all(|number| {
        let mut rest = number;
        let values: BTreeMap<&str, &Sample> = samples
            .iter()
            .filter_map(|(name, samples)| {
                let sample = samples.get(rest % samples.len())?;
                rest /= samples.len();
                Some((name.as_str(), sample))
            })
            .collect();
        holds(formula, &values)
    })
}

fn holds(formula: &Formula, values: &BTreeMap<&str, &Sample>) -> bool {
    match formula {
        Formula::Known(truth) => *truth,
        Formula::Not(part) => !holds(part, values),
        Formula::Any(parts) => parts.iter().any(|part| holds(part, values)),
        Formula::All(parts) => parts.iter().all(|part| holds(part, values)),
        Formula::Test(name, test) => values
            .get(name.as_str())
            .is_some_and(|value| fits(value, test)),
    }
}

fn fits(value: &Sample, test: &Test) -> bool {
    match (test, value) {
        (Test::Truth, value) => *value == Sample::Truth(true),
        (Test::In(choices), value) => choices.contains(value),
        (Test::Order(sign), Sample::Order(order)) => by_sign(sign, order.cmp(&0)),
        (Test::Compare(sign, Sample::Number(limit)), Sample::Number(number)) => number
            .partial_cmp(limit)
            .is_some_and(|order| by_sign(sign, order)),
        (Test::Compare("==", constant), value) => constant == value,
        _ => false,
    }
}

fn by_sign(sign: &str, order: Ordering) -> bool {
    match sign {
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        _ => order.is_eq(),
    }
}
