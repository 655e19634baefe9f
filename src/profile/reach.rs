//! How much of a profile's score can be found out, and by what: without anything, with which
//! secret, with `--allow`, by asking people.
//!
//! It looks at what the questions need, not at whether anybody would answer them.

use std::collections::{BTreeMap, BTreeSet};

use super::Profile;
use crate::check::{Asked, Check, Rule};
use crate::probe::Access;
use crate::secret::references;

/// Weights of the checks that are scored, by what answering them takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reach {
    /// Checks that are scored.
    pub checks: usize,
    /// All of them.
    pub total: f64,
    /// Answered by asking the system, without any secret.
    pub open: f64,
    /// Answered by asking the system once secrets are set.
    pub with_secrets: f64,
    /// Answered by asking the system with `--allow intrusive,exec`, whatever secrets that takes.
    pub with_allow: f64,
    /// Answered by people alone, or by what they ran and saved before.
    pub by_people: f64,
    /// What cannot be answered without a secret, by its name.
    pub by_secret: BTreeMap<String, f64>,
}

impl Reach {
    /// Of the profile as it is set.
    pub fn of(profile: &Profile) -> Self {
        let mut reach = Self::default();
        for check in profile.checks.iter().filter(|check| is_scored(check)) {
            reach.add(check.weight, &Needs::of(&check.rule));
        }
        reach
    }

    /// The percentage that this weight is of all.
    pub fn percent(&self, weight: f64) -> f64 {
        if self.total > 0.0 {
            100.0 * weight / self.total
        } else {
            0.0
        }
    }

    fn add(&mut self, weight: f64, needs: &Needs) {
        self.checks += 1;
        self.total += weight;
        let share = if needs.people {
            &mut self.by_people
        } else if needs.allow {
            &mut self.with_allow
        } else if needs.secrets.is_empty() {
            &mut self.open
        } else {
            &mut self.with_secrets
        };
        *share += weight;
        for secret in &needs.secrets {
            *self.by_secret.entry(secret.clone()).or_default() += weight;
        }
    }
}

/// Whether answering takes a secret, `--allow` or people.
pub(super) fn takes_more_than_asking(rule: &Rule) -> bool {
    Needs::of(rule) != Needs::default()
}

fn is_scored(check: &Check) -> bool {
    !check.info && check.not_applicable.is_none()
}

/// What answering takes; the less, the smaller.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Needs {
    people: bool,
    allow: bool,
    secrets: BTreeSet<String>,
}

impl Needs {
    fn of(rule: &Rule) -> Self {
        match rule {
            Rule::Attest(_) => Self {
                people: true,
                ..Self::default()
            },
            Rule::Any(parts) => {
                let alternatives = parts.iter().map(|part| Self::of(&part.rule));
                let fewest = |needs: &Self| {
                    (
                        needs.people,
                        needs.allow,
                        needs.secrets.len(),
                        needs.clone(),
                    )
                };
                alternatives.min_by_key(fewest).unwrap_or_default()
            }
            Rule::All(parts) => parts
                .iter()
                .fold(Self::default(), |all, part| all.and(Self::of(&part.rule))),
            Rule::StandIn(either) => Self::of(&either.rule),
            Rule::Expect(_) | Rule::Measure(_) => rule
                .asked()
                .into_iter()
                .fold(Self::default(), |all, asked| all.and(Self::of_probe(asked))),
        }
    }

    fn of_probe(asked: &Asked) -> Self {
        let contacts = asked.probe.contacts();
        let written = serde_json::to_string(&asked.probe).unwrap_or_default();
        Self {
            // Somebody has to have run something before.
            people: asked.probe.asks_saved_runs(),
            allow: contacts
                .iter()
                .any(|contact| contact.access != Access::ReadOnly),
            secrets: references(&written)
                .into_iter()
                .map(str::to_owned)
                .collect(),
        }
    }

    fn and(mut self, other: Self) -> Self {
        self.people |= other.people;
        self.allow |= other.allow;
        self.secrets.extend(other.secrets);
        self
    }
}
