//! What is told of Kubernetes objects, wherever they were read.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::super::image::Image;
use crate::probe::env_file::ValueKind;

/// What makes pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Workload {
    /// Its namespace.
    pub namespace: String,
    /// `Deployment`, `StatefulSet`, `DaemonSet`, `ReplicaSet`, `Job`, `CronJob`, `Pod` …
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The file that it comes from; left out for a live one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Labels of its pods.
    pub labels: BTreeMap<String, String>,
    /// How many pods it is to have, where it says a number; 1 unless it says another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u64>,
    /// How pods are replaced: `RollingUpdate`, `Recreate`, `OnDelete`; left out for kinds that
    /// do not replace them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// How many older versions are kept to roll back to; left out for kinds that keep none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision_history_limit: Option<u64>,
    /// Whether it shares the node's network.
    pub host_network: bool,
    /// Whether it sees the node's processes.
    pub host_pid: bool,
    /// Whether it shares memory with the node's processes.
    pub host_ipc: bool,
    /// Folders and files of the node that it mounts.
    pub host_paths: Vec<String>,
    /// The service account that it runs as.
    pub service_account: String,
    /// Whether constraints spread its pods.
    pub topology_spread: bool,
    /// Whether its pods keep away from other pods, by rule or by preference.
    pub anti_affinity: bool,
    /// Seconds that its pods get to end.
    pub termination_grace_seconds: i64,
    /// Its priority class; left out when it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority_class: Option<String>,
    /// Whether it is suspended; left out for kinds that cannot be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<bool>,
}

/// A container of a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Container {
    /// The workload's namespace.
    pub namespace: String,
    /// The workload's kind.
    pub kind: String,
    /// The workload's name.
    pub workload: String,
    /// The container's name.
    pub name: String,
    /// When it runs.
    pub role: Role,
    /// Its image; left out when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// What is run, secrets hidden; empty for the image's own.
    pub command: Vec<String>,
    /// Its arguments, secrets hidden; at most 50.
    pub args: Vec<String>,
    /// Whether it is restarted when it hangs.
    pub liveness_probe: bool,
    /// Whether it gets traffic only when it is ready.
    pub readiness_probe: bool,
    /// Whether it has time of its own to start.
    pub startup_probe: bool,
    /// Whether something runs before it is told to end.
    pub pre_stop: bool,
    /// Thousandths of a processor that are set aside; left out when none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_request_millicores: Option<u64>,
    /// Thousandths of a processor that it may take; left out without a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_limit_millicores: Option<u64>,
    /// Bytes of memory that are set aside; left out when none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_request_bytes: Option<u64>,
    /// Bytes of memory that it may take; left out without a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit_bytes: Option<u64>,
    /// Whether it certainly does not run as root: it may not, or a user is given.
    pub non_root: bool,
    /// The number of the user that it runs as; left out when the image decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_as_user: Option<i64>,
    /// Whether its root file system cannot be written to.
    pub read_only_root: bool,
    /// Whether it may do everything on the node.
    pub privileged: bool,
    /// Whether its processes can get more rights than it was started with.
    pub privilege_escalation: bool,
    /// Capabilities that it gets, in capitals.
    pub capabilities_added: Vec<String>,
    /// Capabilities that it loses, in capitals.
    pub capabilities_dropped: Vec<String>,
    /// Filter of system calls: `RuntimeDefault`, `Localhost`, `Unconfined`; `absent` when
    /// nothing is said.
    pub seccomp: String,
    /// Ports of the node that it takes.
    pub host_ports: Vec<u16>,
    /// Variables of its environment.
    pub env: Vec<Variable>,
    /// Names of the variables whose values come from Secrets.
    pub secret_variables: Vec<String>,
    /// Secrets of which all entries are variables.
    pub env_secrets: Vec<String>,
}

/// When a container runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// All the time.
    #[default]
    Main,
    /// Before the others, to its end.
    Init,
    /// From before the others until after them.
    Sidecar,
}

/// A variable; its value goes no further.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Where its value stands.
    pub source: ValueSource,
    /// Whether its name is that of a secret, or its value an address with a password in it.
    pub secret: bool,
    /// What a value that is written here is fit for; left out for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<ValueKind>,
    /// The scheme, where the value that is written here is an address: `https`, `tls`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
}

/// Where the value of a variable stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ValueSource {
    /// In the workload itself.
    Value,
    /// In a Secret.
    Secret,
    /// In a `ConfigMap`.
    ConfigMap,
    /// It is made of other variables.
    Reference,
    /// It is told by Kubernetes: a name, an address, a limit.
    Field,
}

/// A `CronJob`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CronJob {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// When it runs: `0 2 * * *`.
    pub schedule: String,
    /// The time zone that the schedule is in; left out for that of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// What happens when it is due and still runs: `Allow`, `Forbid`, `Replace`.
    pub concurrency_policy: String,
    /// Whether it does not run at all.
    pub suspended: bool,
    /// Seconds that a run may be late; left out without an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starting_deadline_seconds: Option<i64>,
    /// Seconds since it last started; left out when that never happened, and at rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_start_age_seconds: Option<i64>,
    /// Seconds since it last succeeded; left out when that never happened, and at rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success_age_seconds: Option<i64>,
}

/// How a workload survives the loss of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resilience {
    /// The workload's namespace.
    pub namespace: String,
    /// Its kind: `Deployment`, `StatefulSet`, `ReplicaSet`, `ReplicationController`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// How many pods it has at least, after what scales it.
    pub least_replicas: u64,
    /// Whether something scales it.
    pub autoscaled: bool,
    /// Names of the disruption budgets that its pods fall under.
    pub budgets: Vec<String>,
    /// Whether one of them permits no pod to be moved at all, so that nodes cannot be emptied.
    pub immovable: bool,
}

/// A disruption budget.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DisruptionBudget {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Pods that must stay, as a number or share; left out when it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_available: Option<String>,
    /// Pods that may be away, as a number or share; left out when it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<String>,
}

/// What scales a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Autoscaler {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The workload's kind.
    pub target_kind: String,
    /// The workload's name.
    pub target: String,
    /// The least number of pods.
    pub min_replicas: u64,
    /// The greatest number of pods.
    pub max_replicas: u64,
}
