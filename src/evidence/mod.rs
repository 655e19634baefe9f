//! All facts and probe errors of one run: what was asked, when, how long it took, what came.
//!
//! It is the file that `ready gather` writes and `ready judge` reads; format version 1.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::probe::{AnyProbe, ProbeError};

/// The answers of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Always [`Evidence::SCHEMA`].
    pub schema: String,
    /// Identity of the profile that asked.
    pub profile: ProfileRef,
    /// What it was about; evidence of earlier versions does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// When the run started; `now` in expressions.
    pub started: Timestamp,
    /// How long gathering took, in milliseconds.
    pub wall_ms: f64,
    /// The longest single question, in milliseconds: no run can be faster.
    pub critical_path_ms: f64,
    /// Requests that left this machine.
    pub requests: u64,
    /// Connections that were opened.
    pub connections: u64,
    /// Whether the whole-run deadline cut something off.
    pub deadline_hit: bool,
    /// Whether Ctrl-C or SIGTERM cut something off.
    pub interrupted: bool,
    /// One entry for each distinct probe.
    pub observations: Vec<Observation>,
}

impl Evidence {
    /// Name and version of the file format.
    pub const SCHEMA: &str = "ready.evidence/v1";

    /// That of a run that asked nothing.
    pub fn unasked(profile: &ProfileRef, now: Timestamp) -> Self {
        Self {
            schema: Self::SCHEMA.to_owned(),
            profile: profile.clone(),
            target: None,
            started: now,
            wall_ms: 0.0,
            critical_path_ms: 0.0,
            requests: 0,
            connections: 0,
            deadline_hit: false,
            interrupted: false,
            observations: Vec::new(),
        }
    }
}

/// Which profile a run belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProfileRef {
    /// Its id.
    pub id: String,
    /// SHA-256 over everything that was read to make it, in hex.
    pub sha256: String,
}

/// What a run was about: it says nothing about runs with another target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// Values of the profile's variables, secrets masked; what is no text is JSON.
    pub vars: BTreeMap<String, String>,
    /// How the outside world was reached, where that was not the usual way: `--resolve`, `--dns`
    /// and `--ca`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub overrides: String,
}

impl Target {
    /// The values of variables as text.
    pub fn texts(vars: &BTreeMap<String, Value>) -> BTreeMap<String, String> {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let vars = vars.iter();
        vars.map(|(name, value)| (name.clone(), text(value)))
            .collect()
    }
}

/// One question and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// The question.
    pub probe: AnyProbe,
    /// What came.
    pub outcome: Outcome,
    /// When it was asked.
    pub at: Timestamp,
    /// How long it took, all attempts together, in milliseconds.
    pub ms: f64,
    /// How often it was asked; 0 if it was never reached.
    pub attempts: u32,
    /// What the earlier attempts ended with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<ProbeError>,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// An answer.
    Answer {
        /// What is known.
        facts: Value,
        /// What could not be found out, by path below the facts.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        gaps: BTreeMap<String, ProbeError>,
    },
    /// The target's refusal, or our inability.
    Error(ProbeError),
}
