//! The parts of GitHub's answers that are read.

use jiff::Timestamp;
use serde::Deserialize;

use super::facts::{Demands, Job};

#[derive(Deserialize)]
pub(super) struct Branch {
    pub(super) commit: Commit,
    pub(super) protection: Option<Told>,
}

#[derive(Deserialize)]
pub(super) struct Commit {
    pub(super) sha: String,
}

/// What everybody may know of a branch's classic protection.
#[derive(Deserialize)]
pub(super) struct Told {
    pub(super) enabled: bool,
    pub(super) required_status_checks: Option<Contexts>,
}

#[derive(Deserialize)]
pub(super) struct Contexts {
    pub(super) contexts: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Protection {
    pub(super) required_status_checks: Option<Contexts>,
    pub(super) required_pull_request_reviews: Option<Reviews>,
    pub(super) allow_force_pushes: Switch,
    pub(super) allow_deletions: Switch,
}

#[derive(Deserialize)]
pub(super) struct Reviews {
    #[serde(default)]
    pub(super) required_approving_review_count: u32,
}

#[derive(Deserialize)]
pub(super) struct Switch {
    pub(super) enabled: bool,
}

impl From<Protection> for Demands {
    fn from(protection: Protection) -> Self {
        let reviews = protection.required_pull_request_reviews;
        let checks = protection.required_status_checks;
        Self {
            checks: checks.map(|checks| checks.contexts).unwrap_or_default(),
            pull_request: Some(reviews.is_some()),
            approvals: Some(reviews.map_or(0, |reviews| reviews.required_approving_review_count)),
            no_force_push: Some(!protection.allow_force_pushes.enabled),
            no_deletion: Some(!protection.allow_deletions.enabled),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Rule {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) parameters: Parameters,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Parameters {
    pub(super) required_status_checks: Vec<Check>,
    pub(super) required_approving_review_count: u32,
}

#[derive(Deserialize)]
pub(super) struct Check {
    pub(super) context: String,
}

#[derive(Deserialize)]
pub(super) struct Runs {
    pub(super) workflow_runs: Vec<RawRun>,
}

#[derive(Deserialize)]
pub(super) struct RawRun {
    pub(super) id: u64,
    pub(super) name: Option<String>,
    pub(super) conclusion: String,
    pub(super) event: String,
    pub(super) head_sha: String,
    pub(super) run_started_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

#[derive(Deserialize)]
pub(super) struct RawJob {
    pub(super) name: String,
    pub(super) conclusion: Option<String>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) completed_at: Option<Timestamp>,
}

impl From<RawJob> for Job {
    fn from(job: RawJob) -> Self {
        let seconds = job.started_at.zip(job.completed_at);
        Self {
            name: job.name,
            conclusion: job.conclusion.unwrap_or_else(|| "none".to_owned()),
            seconds: seconds.map(|(start, end)| end.duration_since(start).as_secs()),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Pull {
    pub(super) number: u64,
    pub(super) merged_at: Option<Timestamp>,
    pub(super) user: Option<User>,
    pub(super) base: Base,
}

#[derive(Deserialize)]
pub(super) struct Base {
    #[serde(rename = "ref")]
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct User {
    pub(super) login: String,
}

#[derive(Deserialize)]
pub(super) struct Said {
    pub(super) user: Option<User>,
    pub(super) state: String,
}

#[derive(Deserialize)]
pub(super) struct Alert {
    pub(super) security_advisory: Advisory,
}

#[derive(Deserialize)]
pub(super) struct Advisory {
    pub(super) severity: String,
}

#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct RawRelease {
    pub(super) tag_name: String,
    pub(super) published_at: Timestamp,
}

#[derive(Deserialize)]
pub(super) struct Repository {
    pub(super) security_and_analysis: Option<Settings>,
}

#[derive(Deserialize)]
pub(super) struct Settings {
    pub(super) secret_scanning: Setting,
    pub(super) secret_scanning_push_protection: Setting,
}

#[derive(Deserialize)]
pub(super) struct Setting {
    pub(super) status: String,
}
