//! When did a check of this or another profile last pass, going by the runs that were saved?
//!
//! Saved runs are the reports that `ready audit --save` keeps. A run counts if it was about the
//! same target: every variable that both runs have is the same, there is one if the saved run
//! has any, and the network was reached in the same way. A pass counts if it was measured in
//! that run: a person's word, a waiver, or a look at saved runs does not. That the check failed
//! or never passed is the target's answer. Our inability: no run that says anything about it,
//! and files that cannot be used; what they may hide is a gap. Runs that were interrupted are
//! passed over. It reads the newest 1,000 runs, only until it has found a pass.

use std::time::Instant;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shell::quoted;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError, local};
use crate::store::folder_name;

mod look;
mod said;

/// Looks up a check in the saved runs of a profile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedRun {
    /// Id of the check.
    pub check: String,
    /// Id of the profile that it belongs to.
    pub profile: String,
}

/// What the saved runs say about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// The newest run that has the check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_run: Option<Run>,
    /// The newest run in which it passed, measured; left out when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_pass: Option<Run>,
    /// The newest run in which it failed, if that was after it last passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_fail: Option<Run>,
}

/// What became of the check in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// When the run started (RFC 3339).
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// Seconds since then.
    pub age_seconds: i64,
    /// The status of the check: `pass`, `fail`, `attested` …; of a waived one what it really was.
    pub status: String,
}

impl Probe for SavedRun {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        if self.check.trim().is_empty() {
            return Err(Invalid::new("check", "is empty"));
        }
        if folder_name(&self.profile).is_none() {
            return Err(Invalid::new("profile", "is not the id of a profile"));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let action = format!("look for {} in saved runs of {}", self.check, self.profile);
        vec![local::contact(action, Access::ReadOnly)]
    }

    fn reproduce(&self) -> String {
        let id = serde_json::Value::from(self.check.as_str());
        let filter = format!(
            ".run.started as $at | .checks[] | select(.id == {id}) | \"\\($at) \\(.status)\""
        );
        let folder = std::path::Path::new(crate::store::USUAL).join(&self.profile);
        format!("jq -r {} {}/*.json", quoted(&filter), folder.display())
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let deadline = Instant::now() + context.timeout;
        let (probe, context) = (self.clone(), context.clone());
        local::blocking(move || look::look(&probe, &context, deadline)).await
    }
}
