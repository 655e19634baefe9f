//! Adds verdicts up: the score and its range, the overall verdict, and what to fix first.
//!
//! Only leaves count, each with its own weight; a section's heading never does. The number and
//! the verdict are apart: blockers, stages and minimums decide the verdict.

mod gate;
mod remedy;
mod sign_off;
mod tally;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{Check, CheckId};
use crate::judge::{Status, Verdict};
use crate::ledger::Ledger;
use crate::profile::{self, Profile};
use crate::reason::Reason;

pub use remedy::Remedy;
pub use sign_off::{SignOff, SignOffStatus, uncovered, void};
use tally::{Tally, percent, points};

/// Name of the way scores are made; it changes whenever the same verdicts would score otherwise.
pub const ALGORITHM: &str = "ready.score/v1";

/// A check with its verdict.
#[derive(Clone, Debug)]
pub struct Judged<'a> {
    /// The check.
    pub check: &'a Check,
    /// What became of it.
    pub verdict: Verdict,
}

/// The answer to "is it ready?", best first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Overall {
    /// Everything that was required holds.
    Ready,
    /// The same, but a blocker or more than 15 % of the weight is waived.
    ReadyWithWaivers,
    /// Nothing is known to be wrong enough, but too much is unknown.
    Inconclusive,
    /// A blocker failed, or a score can no longer reach its minimum.
    NotReady,
}

impl Overall {
    /// The verdict in words: `not ready`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::ReadyWithWaivers => "ready with waivers",
            Self::Inconclusive => "inconclusive",
            Self::NotReady => "not ready",
        }
    }
}

/// The numbers of a profile or a section, all in percent of the weight of what is scored,
/// rounded down to one decimal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Numbers {
    /// Weight earned. Left out, like all others, if nothing is scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// The score if everything unknown passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score_max: Option<f64>,
    /// Weight of what is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
    /// The score with waived checks put back as they really are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict_score: Option<f64>,
    /// Weight of what was decided by an observation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<f64>,
    /// Weight of what a person vouches for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attested: Option<f64>,
    /// Weight of what nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<f64>,
}

impl From<&Tally> for Numbers {
    fn from(tally: &Tally) -> Self {
        let measured = tally.scored - tally.unknown - tally.attested;
        Self {
            score: tally.score(),
            score_max: tally.score_max(),
            coverage: tally.coverage(),
            strict_score: tally.strict_score(),
            measured: percent(measured, tally.scored),
            attested: percent(tally.attested, tally.scored),
            unknown: percent(tally.unknown, tally.scored),
        }
    }
}

/// How many checks have which status; a status that none has is left out.
pub type Counts = BTreeMap<Status, usize>;

/// A section's result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Section {
    /// Path from the top: `pre.https`.
    pub id: String,
    /// Title.
    pub title: String,
    /// Its own verdict, by its minimum and the stages and blockers inside. Left out if there
    /// are none, or if everything in it is declared not applicable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Overall>,
    /// Score that it must reach, if it is a stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// Its numbers.
    #[serde(flatten)]
    pub numbers: Numbers,
    /// How many of its checks, those of sections below included, have which status.
    pub counts: Counts,
    /// Its approval, if one is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_off: Option<SignOff>,
    /// When it is due, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when_due: Option<String>,
    /// Sections below.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<Section>,
}

/// One thing that took down one or more checks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// What happened: `api.example:443 refused the connection`.
    pub cause: String,
    /// Its reason code.
    pub reason: String,
    /// What the checks became of it.
    pub status: Status,
    /// The checks, in the order of the profile.
    pub checks: Vec<CheckId>,
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Is it ready?
    pub verdict: Overall,
    /// What decided the verdict, in one line.
    pub cause: String,
    /// The numbers of the whole.
    pub numbers: Numbers,
    /// Score that the whole must reach. A profile that has no blocker, no stage and no minimum
    /// has nothing to be measured by: then everything must pass, and this is 100.
    pub minimum: Option<f64>,
    /// How many checks have which status.
    pub counts: Counts,
    /// The tree of sections.
    pub sections: Vec<Section>,
    /// Points of the score that each check would add by passing, in the order given.
    pub points: Vec<f64>,
    /// What took down which checks, the one with most checks first.
    pub causes: Vec<Cause>,
    /// What to fix first.
    pub fix_first: Vec<Remedy>,
}

/// Adds up `judged`, which are verdicts on checks of `profile`.
pub fn score(profile: &Profile, judged: &[Judged<'_>], ledger: &Ledger) -> Score {
    let leaves: Vec<Leaf<'_>> = judged.iter().map(Leaf::new).collect();
    let total: Tally = leaves.iter().map(|leaf| leaf.tally).sum();
    let minimum = gate::minimum(profile, &leaves);
    let mut sections = sections(&profile.sections, &leaves);
    sign_off::settle(&mut sections, profile, ledger);
    let gate = gate::of_profile(profile, minimum, &leaves).and_sign_offs(profile, &sections);
    let causes = causes(&leaves);
    Score {
        verdict: gate.verdict,
        cause: gate.cause,
        numbers: Numbers::from(&total),
        minimum,
        counts: counts(leaves.iter()),
        sections,
        points: leaves
            .iter()
            .map(|leaf| points(leaf.tally.gain(), total.scored))
            .collect(),
        fix_first: remedy::fix_first(profile, minimum, &leaves, &causes),
        causes,
    }
}

/// A judged check with what it adds to sums.
struct Leaf<'a> {
    check: &'a Check,
    verdict: &'a Verdict,
    tally: Tally,
}

impl<'a> Leaf<'a> {
    fn new(judged: &'a Judged<'a>) -> Self {
        Self {
            check: judged.check,
            verdict: &judged.verdict,
            tally: Tally::of(judged.check.weight, &judged.verdict),
        }
    }

    fn status(&self) -> Status {
        self.verdict.status
    }

    fn is_in(&self, section: &str) -> bool {
        profile::is_within(&self.check.section, section)
    }
}

fn sections(sections: &[profile::Section], leaves: &[Leaf<'_>]) -> Vec<Section> {
    sections
        .iter()
        .map(|section| {
            let inside = || leaves.iter().filter(|leaf| leaf.is_in(&section.path));
            let tally: Tally = inside().map(|leaf| leaf.tally).sum();
            Section {
                id: section.path.clone(),
                title: section.title.clone(),
                verdict: gate::of_section(section, leaves),
                minimum: section.minimum,
                numbers: Numbers::from(&tally),
                counts: counts(inside()),
                sign_off: section.sign_off.as_ref().map(|sign_off| SignOff {
                    role: sign_off.role.clone(),
                    status: SignOffStatus::Pending,
                    result: sign_off::result(inside()),
                    by: None,
                    at: None,
                    note: None,
                    void: None,
                }),
                when_due: section.when_due.clone(),
                sections: self::sections(&section.sections, leaves),
            }
        })
        .collect()
}

fn counts<'a>(leaves: impl Iterator<Item = &'a Leaf<'a>>) -> Counts {
    let mut counts = Counts::new();
    for leaf in leaves {
        *counts.entry(leaf.status()).or_default() += 1;
    }
    counts
}

/// Groups what shares a cause, the one with most checks first.
fn causes(leaves: &[Leaf<'_>]) -> Vec<Cause> {
    let mut grouped: BTreeMap<(&str, Reason, Status), Vec<CheckId>> = BTreeMap::new();
    for leaf in leaves.iter().filter(|leaf| leaf.status().is_scored()) {
        let verdict = leaf.verdict;
        if let (Some(cause), Some(reason)) = (&verdict.cause, verdict.reason) {
            let key = (cause.as_str(), reason, verdict.status);
            grouped.entry(key).or_default().push(leaf.check.id.clone());
        }
    }
    let mut causes: Vec<Cause> = grouped
        .into_iter()
        .map(|((cause, reason, status), checks)| Cause {
            cause: cause.to_owned(),
            reason: reason.code().to_owned(),
            status,
            checks,
        })
        .collect();
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.checks.len()));
    causes
}

#[cfg(test)]
mod tests;
