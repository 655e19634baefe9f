//! `ready.report/v1`: the document that every output is rendered from.
//!
//! It is frozen. Fields may be added, each with a default for reading older documents; none is
//! taken away or changes its meaning. Reason codes are plain text here, so that a document
//! with a code of tomorrow can still be read.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::check::{CheckId, Effort, Fix, Impact};
use crate::evidence::{ProfileRef, Target};
use crate::judge::{Figure, Notice, Status};
use crate::ledger::{Waiver, Word};
use crate::score::{Cause, Counts, Numbers, Overall, Remedy, Section};

/// Name and version of the document.
pub const SCHEMA: &str = "ready.report/v1";

/// The result of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Always `ready.report/v1`.
    pub schema: String,
    /// Is it ready?
    pub verdict: Overall,
    /// What decided the verdict, in one line.
    pub cause: String,
    /// Title of the profile.
    pub title: String,
    /// The numbers of the whole.
    #[serde(flatten)]
    pub numbers: Numbers,
    /// Score that the whole must reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// How many checks have which status.
    pub counts: Counts,
    /// What people say is done, and what was shown of it; none if nobody says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Claims>,
    /// The tree of sections.
    pub sections: Vec<Section>,
    /// Every check, in the order of the profile.
    pub checks: Vec<Check>,
    /// What took down which checks, the one with most checks first.
    pub causes: Vec<Cause>,
    /// What to fix first.
    pub fix_first: Vec<Remedy>,
    /// What is worth knowing of the ledger: what ends soon, what is no longer of use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
    /// How the run went.
    pub run: Run,
}

/// What people say is done, and what was shown of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Claims {
    /// Checks that are said to be done.
    pub made: u64,
    /// Those that hold, measured or stated.
    pub confirmed: u64,
    /// Those that do not hold.
    pub refuted: u64,
    /// Those that could not be found out.
    pub unseen: u64,
}

/// One check with its verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// Its unique name.
    pub id: CheckId,
    /// What holds when it passes.
    pub title: String,
    /// Path of its section; empty at the top of the profile.
    pub section: String,
    /// What became of it.
    pub status: Status,
    /// What a waived check really is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub real: Option<Status>,
    /// Why it is no plain pass, as a stable code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// One line that all checks taken down by the same thing share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What was seen, one line for each thing that is wrong.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub explanation: String,
    /// How much harm a failure does.
    pub impact: Impact,
    /// How much work it is to fix.
    pub effort: Effort,
    /// Whether its failure means NOT READY whatever the score.
    pub blocker: bool,
    /// Whether people say that it is done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub claimed: bool,
    /// Weight in the score.
    pub weight: f64,
    /// Share of the weight earned, 0 to 1.
    pub credit: f64,
    /// Points of the score that it would add by passing.
    pub points: f64,
    /// How often the slowest of its questions was asked; 0 if none was.
    pub attempts: u32,
    /// Whether saved runs are among what it looks at: then it says nothing new about the system.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_saved_runs: bool,
    /// What was measured, on its way to a target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figure: Option<Figure>,
    /// What a person vouches for, if that holds, also where a probe decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<Word>,
    /// Why its result does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver: Option<Waiver>,
    /// The facts that decided it, by their path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Value>,
    /// Commands that show the same by hand, one on each line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproduce: Option<String>,
    /// The built-in check it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalogue: Option<String>,
    /// Words to select it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Place among what to fix first, as the profile says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u32>,
    /// What fixing it costs, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<String>,
    /// What is known to be missing, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_gap: Option<String>,
    /// Why it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How to look by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<String>,
    /// How to fix it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fix: Vec<Fix>,
    /// Further reading.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<String>,
}

/// How the run went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Which program judged.
    pub tool: Tool,
    /// How scores were made.
    pub algorithm: String,
    /// Which profile was judged by.
    pub profile: ProfileRef,
    /// What it was about; reports of earlier versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// When the evidence was begun to be gathered.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started: Timestamp,
    /// How long gathering took, in milliseconds.
    pub wall_ms: f64,
    /// The longest single question, in milliseconds: no run can be faster.
    pub critical_path_ms: f64,
    /// Distinct questions.
    pub probes: u64,
    /// Requests that left the machine.
    pub requests: u64,
    /// Connections that were opened.
    pub connections: u64,
    /// Whether the whole-run deadline cut something off.
    pub deadline_hit: bool,
    /// Whether Ctrl-C or SIGTERM cut something off.
    pub interrupted: bool,
}

/// A program and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}
