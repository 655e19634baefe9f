//! Sums of weights, exact: integers, so that 75 is never 74.99999 and order does not matter.

use std::iter::Sum;
use std::ops::Add;

use crate::judge::{Status, Verdict};

/// Weights are counted in millionths.
const WEIGHT_UNITS: f64 = 1e6;
/// Credits are counted in billionths.
const CREDIT_UNITS: f64 = 1e9;
/// A weight above this counts as this.
const HEAVIEST: f64 = 1e9;

/// Sums over some checks, in millionths of weight times billionths of credit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Weight of all scored checks: `W`.
    pub(super) scored: u128,
    /// Weight times credit: `E`.
    pub(super) earned: u128,
    /// Weight of those that are unknown: `U`.
    pub(super) unknown: u128,
    /// Weight of those that a person vouches for.
    pub(super) attested: u128,
    /// Weight of the waived ones, which is not in `scored`.
    pub(super) waived: u128,
    /// What the waived ones would have earned.
    pub(super) waived_earned: u128,
}

impl Tally {
    /// What one check adds.
    pub(super) fn of(weight: f64, verdict: &Verdict) -> Self {
        let weight = units(weight.clamp(0.0, HEAVIEST) * WEIGHT_UNITS);
        let whole = weight * units(CREDIT_UNITS);
        let credit = |status| match status {
            Status::Pass | Status::Attested => whole,
            Status::Warn => weight * units(verdict.credit.clamp(0.0, 1.0) * CREDIT_UNITS),
            _ => 0,
        };
        let status = verdict.status;
        if status == Status::Waived {
            return Self {
                waived: whole,
                waived_earned: verdict.real.map_or(0, credit),
                ..Self::default()
            };
        }
        if !status.is_scored() {
            return Self::default();
        }
        let when = |condition: bool| if condition { whole } else { 0 };
        Self {
            scored: whole,
            earned: credit(status),
            unknown: when(status.is_unknown()),
            attested: when(status == Status::Attested),
            ..Self::default()
        }
    }

    /// What is missing to full credit, whether failed or unknown.
    pub(super) const fn gain(&self) -> u128 {
        self.scored - self.earned
    }

    /// The same after everything in `gained` earned its full credit.
    pub(super) const fn after(mut self, gained: &Self) -> Self {
        self.earned += gained.gain();
        self.unknown -= gained.unknown;
        self
    }

    /// The same before everything in `gained` earned its full credit; undoes [`Self::after`].
    pub(super) const fn before(mut self, gained: &Self) -> Self {
        self.earned -= gained.gain();
        self.unknown += gained.unknown;
        self
    }

    /// Score, `None` if nothing is scored.
    pub(super) fn score(&self) -> Option<f64> {
        percent(self.earned, self.scored)
    }

    /// The score if everything unknown passed.
    pub(super) fn score_max(&self) -> Option<f64> {
        percent(self.earned + self.unknown, self.scored)
    }

    /// Share of the weight that is known.
    pub(super) fn coverage(&self) -> Option<f64> {
        percent(self.scored - self.unknown, self.scored)
    }

    /// The score with what is waived put back as it really is.
    pub(super) fn strict_score(&self) -> Option<f64> {
        percent(self.earned + self.waived_earned, self.scored + self.waived)
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            scored: self.scored + other.scored,
            earned: self.earned + other.earned,
            unknown: self.unknown + other.unknown,
            attested: self.attested + other.attested,
            waived: self.waived + other.waived,
            waived_earned: self.waived_earned + other.waived_earned,
        }
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), Add::add)
    }
}

/// `part` of `whole` in percent with one decimal, rounded down; `None` if `whole` is nothing.
pub(super) fn percent(part: u128, whole: u128) -> Option<f64> {
    let tenths = (part * 1000).checked_div(whole)?;
    u32::try_from(tenths)
        .ok()
        .map(|tenths| f64::from(tenths) / 10.0)
}

/// `part` of `whole` in percent with two decimals, to the nearest; 0 if `whole` is nothing.
pub(super) fn points(part: u128, whole: u128) -> f64 {
    let hundredths = (part * 10_000 + whole / 2).checked_div(whole).unwrap_or(0);
    u32::try_from(hundredths).map_or(0.0, |hundredths| f64::from(hundredths) / 100.0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded and clamped to at most 1e15 before; what is no number becomes 0"
)]
const fn units(value: f64) -> u128 {
    value.round() as u128
}
