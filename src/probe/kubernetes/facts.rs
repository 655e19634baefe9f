//! The facts of the `kubernetes` probe.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::probe::cluster::Model;

/// What a cluster says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Version of the API server: `1.31.2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How far workloads that keep pods running have come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollouts: Option<Vec<Rollout>>,
    /// Pods, those that have ended too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pods: Option<Vec<Pod>>,
    /// Nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Vec<Node>>,
    /// Warnings that the cluster still remembers, as a rule those of the last hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warnings: Option<Vec<Warning>>,
    /// Names of secrets, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Vec<SecretName>>,
    /// Resources of extensions, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<Vec<Custom>>,
    /// What the objects come to.
    #[serde(flatten)]
    pub model: Model,
}

/// How far a workload has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rollout {
    /// The workload's namespace.
    pub namespace: String,
    /// `Deployment`, `StatefulSet` or `DaemonSet`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// How many pods it is to have.
    pub desired: u64,
    /// How many of them are ready.
    pub ready: u64,
    /// How many of them are of the newest version.
    pub updated: u64,
    /// Whether its newest version did not come up in time.
    pub stalled: bool,
    /// Whether all pods that it is to have are ready, and its newest version came up.
    pub healthy: bool,
    /// How many versions are kept, the one that runs among them; Deployments alone, and left
    /// out when it could not be found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revisions: Option<u64>,
}

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What made it: `ReplicaSet/web-5d8f9`; left out when nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub phase: String,
    /// Whether it is ready for traffic.
    pub ready: bool,
    /// How often its containers were restarted, together.
    pub restarts: u64,
    /// Seconds since a container last ended and was restarted; left out when none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_restart_age_seconds: Option<i64>,
    /// Why containers do not run: `CrashLoopBackOff`, `ImagePullBackOff` …
    pub waiting: Vec<String>,
    /// Why containers ended last: `OOMKilled`, `Error` …
    pub ended: Vec<String>,
    /// Seconds since it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<i64>,
    /// The node that it is on; left out when it is on none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Whether it is ready for pods.
    pub ready: bool,
    /// Whether no new pods are put on it.
    pub cordoned: bool,
    /// What it lacks: `MemoryPressure`, `DiskPressure`, `PIDPressure`, `NetworkUnavailable`.
    pub troubles: Vec<String>,
    /// Version of its kubelet: `1.31.2`; left out when it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubelet: Option<String>,
}

/// A warning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// The namespace of what it is about; left out for what is in none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// What it is about: its kind.
    pub kind: String,
    /// What it is about: its name.
    pub name: String,
    /// `FailedScheduling`, `BackOff`, `Unhealthy` …
    pub reason: String,
    /// How often it happened.
    pub count: u64,
    /// Seconds since it last happened; left out when it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<i64>,
}

/// A secret by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretName {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Kinds of what made it: `SealedSecret`, `ExternalSecret`, `Certificate` …
    pub owners: Vec<String>,
    /// Its labels: Helm writes its releases there.
    pub labels: BTreeMap<String, String>,
}

/// A resource of an extension.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Custom {
    /// As it was asked for: `group/version/plural`.
    pub resource: String,
    /// Whether the cluster has it at all.
    pub installed: bool,
    /// Its objects.
    pub objects: Vec<CustomObject>,
}

/// An object of an extension.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomObject {
    /// Its namespace; left out for what is in none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Its conditions: `True`, `False` or `Unknown` by their types, such as `Ready`.
    pub conditions: BTreeMap<String, String>,
}
