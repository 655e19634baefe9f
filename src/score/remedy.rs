//! What to fix first, and the shortest list that makes it ready.

mod shortest;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tally::{Tally, points};
use super::{Cause, Leaf};
use crate::check::{CheckId, Effort};
use crate::judge::Status;
use crate::profile::Profile;

/// One thing to fix or to find out, with what it brings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Remedy {
    /// What it is: a check's title, or the cause that several checks share.
    pub title: String,
    /// The checks that it brings to pass, in the order of the profile.
    pub checks: Vec<CheckId>,
    /// Whether one of them is a blocker.
    pub blocker: bool,
    /// Whether it is to be found out rather than to be fixed.
    pub unknown: bool,
    /// How much work it is: that of the checks' that is most.
    pub effort: Effort,
    /// Points of the score for what is known to be missing.
    pub points: f64,
    /// Points of the score that are merely unknown, and come if it turns out well.
    pub unlocked: f64,
    /// The score after this and everything before it in the list.
    pub score_after: f64,
    /// Whether it is on the shortest list that reaches every minimum.
    pub needed: bool,
}

/// Everything that misses credit, the most rewarding first: failed blockers, unknown blockers,
/// what the profile ranks, then points plus half the unlocked ones, times the ease.
pub(super) fn fix_first(
    profile: &Profile,
    minimum: Option<f64>,
    leaves: &[Leaf<'_>],
    causes: &[Cause],
) -> Vec<Remedy> {
    let mut groups = groups(leaves, causes);
    groups.sort_by(|a, b| {
        let class = |group: &Group<'_>| {
            let rank = group.rank.unwrap_or(u32::MAX);
            (!group.fails_blocker, !group.hides_blocker, rank)
        };
        class(a)
            .cmp(&class(b))
            .then(b.value.total_cmp(&a.value))
            .then(a.first.cmp(&b.first))
    });
    let needed = shortest::find(profile, minimum, leaves, &groups);
    let total: Tally = leaves.iter().map(|leaf| leaf.tally).sum();
    let mut reached = total;
    groups
        .iter()
        .enumerate()
        .map(|(number, group)| {
            reached = reached.after(&group.gained(|_| true));
            group.remedy(&total, &reached, needed.contains(&number))
        })
        .collect()
}

/// Checks that are mended together.
struct Group<'a> {
    cause: Option<&'a str>,
    leaves: Vec<&'a Leaf<'a>>,
    first: usize,
    fails_blocker: bool,
    hides_blocker: bool,
    rank: Option<u32>,
    value: f64,
}

/// One group for each shared cause and each other check that misses credit.
fn groups<'a>(leaves: &'a [Leaf<'a>], causes: &'a [Cause]) -> Vec<Group<'a>> {
    let mut shared: BTreeMap<&CheckId, &Cause> = BTreeMap::new();
    for cause in causes.iter().filter(|cause| cause.checks.len() > 1) {
        shared.extend(cause.checks.iter().map(|id| (id, cause)));
    }
    let mut members: BTreeMap<(bool, String), Vec<(usize, &Leaf<'_>)>> = BTreeMap::new();
    for (number, leaf) in leaves.iter().enumerate() {
        if leaf.tally.gain() == 0 {
            continue;
        }
        let key = match shared.get(&leaf.check.id) {
            Some(cause) => (true, format!("{} {}", cause.reason, cause.cause)),
            None => (false, leaf.check.id.to_string()),
        };
        members.entry(key).or_default().push((number, leaf));
    }
    members
        .into_values()
        .filter_map(|members| {
            let (first, leaf) = *members.first()?;
            let cause = (members.len() > 1).then_some(leaf.verdict.cause.as_deref());
            let leaves = members.into_iter().map(|(_, leaf)| leaf).collect();
            Some(Group::new(first, cause.flatten(), leaves))
        })
        .collect()
}

impl<'a> Group<'a> {
    fn new(first: usize, cause: Option<&'a str>, leaves: Vec<&'a Leaf<'a>>) -> Self {
        let is_blocker = |test: fn(Status) -> bool| {
            leaves
                .iter()
                .any(|leaf| leaf.check.blocker && test(leaf.status()))
        };
        let value = leaves.iter().map(|leaf| {
            let known = if leaf.status().is_unknown() { 0.5 } else { 1.0 };
            let missing = points(leaf.tally.gain(), leaf.tally.scored);
            leaf.check.weight * missing * known * leaf.check.effort.ease()
        });
        Self {
            cause,
            first,
            fails_blocker: is_blocker(|status| status == Status::Fail),
            hides_blocker: is_blocker(Status::is_unknown),
            rank: leaves.iter().filter_map(|leaf| leaf.check.rank).min(),
            value: value.sum(),
            leaves,
        }
    }

    /// What mending it brings to the checks that pass `test`.
    fn gained(&self, test: impl Fn(&Leaf<'_>) -> bool) -> Tally {
        let inside = self.leaves.iter().filter(|leaf| test(leaf));
        inside.map(|leaf| leaf.tally).sum()
    }

    fn remedy(&self, total: &Tally, reached: &Tally, needed: bool) -> Remedy {
        let gained = self.gained(|_| true);
        let title = self.cause.map(str::to_owned).or_else(|| {
            let leaf = self.leaves.first()?;
            Some(leaf.check.title.clone())
        });
        Remedy {
            title: title.unwrap_or_default(),
            checks: self
                .leaves
                .iter()
                .map(|leaf| leaf.check.id.clone())
                .collect(),
            blocker: self.fails_blocker || self.hides_blocker,
            unknown: self.leaves.iter().all(|leaf| leaf.status().is_unknown()),
            effort: self
                .leaves
                .iter()
                .map(|leaf| leaf.check.effort)
                .max()
                .unwrap_or_default(),
            points: points(gained.gain() - gained.unknown, total.scored),
            unlocked: points(gained.unknown, total.scored),
            score_after: reached.score().unwrap_or_default(),
            needed,
        }
    }
}
