//! What makes pods, and what looks after their number.

use jiff::Timestamp;
use serde::Deserialize;

use super::pod::Template;
use super::{Condition, Few, Object, Reference, Scalar, Selector};

/// Of what makes pods from a template.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct ControllerSpec {
    pub(in crate::probe) replicas: Option<u64>,
    pub(in crate::probe) template: Template,
    pub(in crate::probe) strategy: Option<Strategy>,
    pub(in crate::probe) update_strategy: Option<Strategy>,
    pub(in crate::probe) revision_history_limit: Option<u64>,
    pub(in crate::probe) suspend: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::probe) struct Strategy {
    #[serde(rename = "type")]
    pub(in crate::probe) kind: Option<String>,
}

/// How a controller is doing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct ControllerStatus {
    pub(in crate::probe) ready_replicas: Option<u64>,
    pub(in crate::probe) updated_replicas: Option<u64>,
    pub(in crate::probe) desired_number_scheduled: Option<u64>,
    pub(in crate::probe) number_ready: Option<u64>,
    pub(in crate::probe) updated_number_scheduled: Option<u64>,
    pub(in crate::probe) conditions: Few<Condition>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct CronJobSpec {
    pub(in crate::probe) schedule: String,
    pub(in crate::probe) time_zone: Option<String>,
    pub(in crate::probe) concurrency_policy: Option<String>,
    pub(in crate::probe) suspend: Option<bool>,
    pub(in crate::probe) starting_deadline_seconds: Option<i64>,
    pub(in crate::probe) failed_jobs_history_limit: Option<u64>,
    pub(in crate::probe) job_template: Object<ControllerSpec>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct CronJobStatus {
    pub(in crate::probe) last_schedule_time: Option<Timestamp>,
    pub(in crate::probe) last_successful_time: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct BudgetSpec {
    pub(in crate::probe) selector: Option<Selector>,
    pub(in crate::probe) min_available: Option<Scalar>,
    pub(in crate::probe) max_unavailable: Option<Scalar>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct AutoscalerSpec {
    pub(in crate::probe) scale_target_ref: Reference,
    pub(in crate::probe) min_replicas: Option<u64>,
    pub(in crate::probe) max_replicas: u64,
}
