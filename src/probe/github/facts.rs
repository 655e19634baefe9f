//! What GitHub tells of a repository.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What GitHub tells of a repository: as much as was asked for. What the token may not see is a
/// gap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// The newest commit of the branch, where runs, the review or the protection were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// The newest runs on the branch that have ended, at most 10, the newest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<Vec<Run>>,
    /// The jobs of the newest of these runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs: Option<Vec<Job>>,
    /// What rulesets demand of the branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Demands>,
    /// What classic protection demands of the branch. Most of it shows itself to those alone who
    /// may administer the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classic: Option<Demands>,
    /// The merged pull request that the newest commit came by; left out where it came by none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// How many Dependabot alerts are open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Alerts>,
    /// Names of the secrets that workflows can use, without those of environments and of the
    /// organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Vec<String>>,
    /// The latest release; left out where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Release>,
    /// What looks for secrets in the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,
}

/// A run of a workflow that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Name of the workflow.
    pub workflow: String,
    /// `success`, `failure`, `cancelled`, `timed_out` …
    pub conclusion: String,
    /// What it was started by: `push`, `schedule` …
    pub event: String,
    /// The commit that it ran on.
    pub sha: String,
    /// Seconds from its start to its end.
    pub seconds: i64,
    /// Seconds since its end.
    pub age_seconds: i64,
}

/// A job of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// `success`, `failure`, `skipped` …
    pub conclusion: String,
    /// Seconds from its start to its end; left out where it never started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
}

/// What a branch demands before it takes something in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Demands {
    /// The status checks that must pass.
    pub checks: Vec<String>,
    /// How many approvals a pull request needs; 0 where it needs none, or there is no demand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<u32>,
    /// Whether everything comes by a pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<bool>,
    /// Whether the branch cannot be rewritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_force_push: Option<bool>,
    /// Whether the branch cannot be deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_deletion: Option<bool>,
}

/// How a pull request was reviewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// Its number.
    pub number: u64,
    /// How many people whose last word on it was an approval, its author apart.
    pub approvals: u32,
    /// How many whose last word was a demand for changes.
    pub objections: u32,
}

/// Open alerts by severity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alerts {
    /// Critical ones.
    pub critical: u32,
    /// High ones.
    pub high: u32,
    /// Medium ones.
    pub medium: u32,
    /// Low ones.
    pub low: u32,
}

/// A release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Release {
    /// Its tag.
    pub tag: String,
    /// When it was published (RFC 3339).
    #[schemars(with = "String")]
    pub published: Timestamp,
    /// Whole days since then.
    pub age_days: i64,
}

/// What looks for secrets in the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Security {
    /// Whether GitHub looks for secrets.
    pub secret_scanning: bool,
    /// Whether pushes that hold secrets are refused.
    pub push_protection: bool,
}
