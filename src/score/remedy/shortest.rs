//! The shortest list of remedies that opens every gate: blockers, stages, minimum, coverage.
//!
//! Within one gate the largest gains are taken, and inner stages come before outer ones, which
//! is the fewest possible as long as no shared cause spans several stages. Where one does, what
//! became superfluous is dropped again; the list is then short, though perhaps not the shortest.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::Group;
use crate::profile::{Profile, Section};
use crate::score::Leaf;
use crate::score::tally::Tally;

/// The numbers of the groups that are needed.
pub(super) fn find(
    profile: &Profile,
    minimum: Option<f64>,
    leaves: &[Leaf<'_>],
    groups: &[Group<'_>],
) -> BTreeSet<usize> {
    let is_blocker = |group: &Group<'_>| group.fails_blocker || group.hides_blocker;
    let mut choice = Choice {
        gates: gates(profile, minimum, leaves, groups),
        chosen: BTreeSet::new(),
    };
    for (number, _) in groups
        .iter()
        .enumerate()
        .filter(|(_, group)| is_blocker(group))
    {
        choice.take(number);
    }
    for gate in 0..choice.gates.len() {
        choice.open(gate);
    }
    for (number, group) in groups.iter().enumerate().rev() {
        if choice.chosen.contains(&number) && !is_blocker(group) {
            choice.drop_if_superfluous(number);
        }
    }
    choice.chosen
}

/// A number that must be reached by some of the checks.
struct Gate {
    now: Tally,
    /// What each group adds here.
    gains: Vec<Tally>,
    needs: Needs,
}

enum Needs {
    Score(f64),
    Coverage(f64),
}

impl Gate {
    fn new(
        leaves: &[Leaf<'_>],
        groups: &[Group<'_>],
        is_in: impl Fn(&Leaf<'_>) -> bool,
        needs: Needs,
    ) -> Self {
        let inside = leaves.iter().filter(|leaf| is_in(leaf));
        Self {
            now: inside.map(|leaf| leaf.tally).sum(),
            gains: groups.iter().map(|group| group.gained(&is_in)).collect(),
            needs,
        }
    }

    fn is_open(&self) -> bool {
        self.would_open(&self.now)
    }

    fn would_open(&self, tally: &Tally) -> bool {
        match self.needs {
            Needs::Score(least) => tally.score().is_none_or(|score| score >= least),
            Needs::Coverage(least) => tally.coverage().is_none_or(|share| share >= least),
        }
    }

    fn gain(&self, group: usize) -> u128 {
        self.gains.get(group).map_or(0, |gained| match self.needs {
            Needs::Score(_) => gained.gain(),
            Needs::Coverage(_) => gained.unknown,
        })
    }
}

fn gates(
    profile: &Profile,
    minimum: Option<f64>,
    leaves: &[Leaf<'_>],
    groups: &[Group<'_>],
) -> Vec<Gate> {
    let mut gates = Vec::new();
    stages(&profile.sections, &mut |path, least| {
        let is_in = |leaf: &Leaf<'_>| leaf.is_in(path);
        gates.push(Gate::new(leaves, groups, is_in, Needs::Score(least)));
    });
    let whole = [
        minimum.map(Needs::Score),
        profile.min_coverage.map(Needs::Coverage),
    ];
    for needs in whole.into_iter().flatten() {
        gates.push(Gate::new(leaves, groups, |_| true, needs));
    }
    gates
}

/// Calls `add` with every stage, inner ones first.
fn stages<'a>(sections: &'a [Section], add: &mut impl FnMut(&'a str, f64)) {
    for section in sections {
        stages(&section.sections, add);
        if let Some(minimum) = section.minimum {
            add(&section.path, minimum);
        }
    }
}

struct Choice {
    gates: Vec<Gate>,
    chosen: BTreeSet<usize>,
}

impl Choice {
    fn take(&mut self, group: usize) {
        if self.chosen.insert(group) {
            for gate in &mut self.gates {
                if let Some(gained) = gate.gains.get(group) {
                    gate.now = gate.now.after(gained);
                }
            }
        }
    }

    /// Takes the largest gains until the gate is open.
    fn open(&mut self, number: usize) {
        let Some(gate) = self.gates.get(number) else {
            return;
        };
        let mut best: Vec<(u128, usize)> = (0..gate.gains.len())
            .filter(|group| !self.chosen.contains(group))
            .map(|group| (gate.gain(group), group))
            .filter(|(gain, _)| *gain > 0)
            .collect();
        best.sort_by_key(|(gain, group)| (Reverse(*gain), *group));
        for (_, group) in best {
            if self.gates.get(number).is_none_or(Gate::is_open) {
                return;
            }
            self.take(group);
        }
    }

    fn drop_if_superfluous(&mut self, group: usize) {
        let all_open_without = self.gates.iter().all(|gate| {
            let gained = gate.gains.get(group);
            gained.is_none_or(|gained| gate.would_open(&gate.now.before(gained)))
        });
        if all_open_without {
            self.chosen.remove(&group);
            for gate in &mut self.gates {
                if let Some(gained) = gate.gains.get(group) {
                    gate.now = gate.now.before(gained);
                }
            }
        }
    }
}
