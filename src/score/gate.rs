//! The overall verdict: blockers, stages, minimums, coverage and sign-offs. The worst wins.

use super::tally::Tally;
use super::{Leaf, Overall, sign_off};
use crate::judge::Status;
use crate::profile::{Profile, Section};
use crate::text::count;

/// With more than this share of all weight waived, nothing is plainly ready.
const MOST_WAIVED_PERCENT: u128 = 15;

/// A verdict and what decided it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gate {
    pub(super) verdict: Overall,
    pub(super) cause: String,
}

impl Gate {
    fn new(verdict: Overall, cause: impl Into<String>) -> Self {
        let cause = cause.into();
        Self { verdict, cause }
    }

    /// The same, or inconclusive while sign-offs that are required are missing.
    pub(super) fn and_sign_offs(self, profile: &Profile, sections: &[super::Section]) -> Self {
        if !profile.require_sign_offs || self.verdict >= Overall::Inconclusive {
            return self;
        }
        match sign_off::missing(sections) {
            Some(cause) => Self::new(Overall::Inconclusive, cause),
            None => self,
        }
    }
}

/// The profile's minimum, or 100 if it has nothing else to be measured by.
pub(super) fn minimum(profile: &Profile, leaves: &[Leaf<'_>]) -> Option<f64> {
    let measured_otherwise =
        leaves.iter().any(|leaf| leaf.check.blocker) || has_stage(&profile.sections);
    profile
        .minimum
        .or_else(|| (!measured_otherwise).then_some(100.0))
}

fn has_stage(sections: &[Section]) -> bool {
    sections
        .iter()
        .any(|section| section.minimum.is_some() || has_stage(&section.sections))
}

/// The verdict on the whole, with the first thing that made it so bad.
pub(super) fn of_profile(profile: &Profile, minimum: Option<f64>, leaves: &[Leaf<'_>]) -> Gate {
    let total: Tally = leaves.iter().map(|leaf| leaf.tally).sum();
    let mut gates = blockers(leaves.iter());
    stages(&profile.sections, leaves, &mut gates);
    if total.scored == 0 {
        gates.push(Gate::new(Overall::Inconclusive, "nothing is scored"));
    } else if let Some(minimum) = minimum {
        gates.extend(reaches("the score", &total, minimum));
    }
    if let (Some(required), Some(coverage)) = (profile.min_coverage, total.coverage())
        && coverage < required
    {
        let cause = format!("only {coverage:.1} % of the weight is known, {required} % must be");
        gates.push(Gate::new(Overall::Inconclusive, cause));
    }
    gates.extend(waived(leaves, &total));
    worst(gates).unwrap_or_else(|| Gate::new(Overall::Ready, ready(minimum, &total)))
}

/// The verdict on one section; `None` if it has nothing to be decided by, or if everything in
/// it is declared not applicable.
pub(super) fn of_section(section: &Section, leaves: &[Leaf<'_>]) -> Option<Overall> {
    let inside = || leaves.iter().filter(|leaf| leaf.is_in(&section.path));
    let tree = std::slice::from_ref(section);
    let is_decided = has_stage(tree) || inside().any(|leaf| leaf.check.blocker);
    if !is_decided || is_not_applicable(inside()) {
        return None;
    }
    let mut gates = blockers(inside());
    stages(tree, leaves, &mut gates);
    Some(worst(gates).map_or(Overall::Ready, |gate| gate.verdict))
}

/// The first of the worst.
fn worst(gates: Vec<Gate>) -> Option<Gate> {
    // `max_by_key` would give the last of several equals.
    gates.into_iter().rev().max_by_key(|gate| gate.verdict)
}

fn ready(minimum: Option<f64>, total: &Tally) -> String {
    match (minimum, total.score()) {
        (Some(minimum), Some(score)) => {
            format!("the score is {score:.1}, at least {minimum} is needed")
        }
        _ => "no blocker fails and every stage reaches its minimum".to_owned(),
    }
}

fn blockers<'a>(leaves: impl Iterator<Item = &'a Leaf<'a>> + Clone) -> Vec<Gate> {
    let blockers = leaves.filter(|leaf| leaf.check.blocker);
    let failed: Vec<_> = blockers
        .clone()
        .filter(|leaf| leaf.status() == Status::Fail)
        .collect();
    let unknown: Vec<_> = blockers.filter(|leaf| leaf.status().is_unknown()).collect();
    let gates = [
        (Overall::NotReady, "failed", failed),
        (Overall::Inconclusive, "could not be decided", unknown),
    ];
    gates
        .into_iter()
        .filter_map(|(verdict, what, leaves)| {
            let first = leaves.first()?;
            let title = &first.check.title;
            let why = match (&first.verdict.cause, first.verdict.reason) {
                (Some(cause), _) => format!(" ({cause})"),
                (None, Some(reason)) => format!(" ({reason})"),
                (None, None) => String::new(),
            };
            let cause = match leaves.len() {
                1 => format!("a blocker {what}: {title}{why}"),
                many => {
                    let blockers = count(many, "blocker");
                    format!("{blockers} {what}: {title}{why}, and {} more", many - 1)
                }
            };
            Some(Gate::new(verdict, cause))
        })
        .collect()
}

/// Every section with a minimum must reach it by itself.
fn stages(sections: &[Section], leaves: &[Leaf<'_>], gates: &mut Vec<Gate>) {
    for section in sections {
        let inside = || leaves.iter().filter(|leaf| leaf.is_in(&section.path));
        if let Some(minimum) = section.minimum
            && !is_not_applicable(inside())
        {
            let tally = inside().map(|leaf| leaf.tally).sum();
            gates.extend(reaches(
                &format!("stage {}", section.title),
                &tally,
                minimum,
            ));
        }
        stages(&section.sections, leaves, gates);
    }
}

/// Whether there are checks and each is declared not applicable.
fn is_not_applicable<'a>(mut leaves: impl Iterator<Item = &'a Leaf<'a>> + Clone) -> bool {
    leaves.clone().next().is_some() && leaves.all(|leaf| leaf.status() == Status::Na)
}

fn reaches(what: &str, tally: &Tally, minimum: f64) -> Option<Gate> {
    let (Some(score), Some(most)) = (tally.score(), tally.score_max()) else {
        let cause = format!("{what} has no number, as nothing in it is scored");
        return Some(Gate::new(Overall::Inconclusive, cause));
    };
    if most < minimum {
        let bound = if most > score { "at most " } else { "" };
        let cause = format!("{what} is {bound}{most:.1}, at least {minimum} is needed");
        return Some(Gate::new(Overall::NotReady, cause));
    }
    (score < minimum).then(|| {
        let cause = format!(
            "{what} is between {score:.1} and {most:.1} as long as some checks are unknown, at least {minimum} is needed"
        );
        Gate::new(Overall::Inconclusive, cause)
    })
}

fn waived(leaves: &[Leaf<'_>], total: &Tally) -> Option<Gate> {
    let blocker = leaves
        .iter()
        .find(|leaf| leaf.check.blocker && leaf.status() == Status::Waived);
    let cause = if let Some(leaf) = blocker {
        format!("a blocker is waived: {}", leaf.check.title)
    } else if total.waived * 100 > (total.scored + total.waived) * MOST_WAIVED_PERCENT {
        format!("more than {MOST_WAIVED_PERCENT} % of the weight is waived")
    } else {
        return None;
    };
    Some(Gate::new(Overall::ReadyWithWaivers, cause))
}
