//! Pods.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Entries, Few, Meta, Reference, Scalar, or_default};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::probe) struct Template {
    #[serde(deserialize_with = "or_default")]
    pub(in crate::probe) metadata: Meta,
    #[serde(deserialize_with = "or_default")]
    pub(in crate::probe) spec: PodSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct PodSpec {
    pub(in crate::probe) containers: Few<Container>,
    pub(in crate::probe) init_containers: Few<Container>,
    pub(in crate::probe) security_context: Option<PodSecurity>,
    pub(in crate::probe) host_network: Option<bool>,
    #[serde(rename = "hostPID")]
    pub(in crate::probe) host_pid: Option<bool>,
    #[serde(rename = "hostIPC")]
    pub(in crate::probe) host_ipc: Option<bool>,
    pub(in crate::probe) volumes: Few<Volume>,
    pub(in crate::probe) service_account_name: Option<String>,
    pub(in crate::probe) service_account: Option<String>,
    pub(in crate::probe) automount_service_account_token: Option<bool>,
    pub(in crate::probe) topology_spread_constraints: Few<IgnoredAny>,
    pub(in crate::probe) affinity: Option<Affinity>,
    pub(in crate::probe) termination_grace_period_seconds: Option<i64>,
    pub(in crate::probe) priority_class_name: Option<String>,
    pub(in crate::probe) node_name: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Affinity {
    pub(in crate::probe) pod_anti_affinity: Option<AntiAffinity>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct AntiAffinity {
    pub(in crate::probe) required_during_scheduling_ignored_during_execution: Few<IgnoredAny>,
    pub(in crate::probe) preferred_during_scheduling_ignored_during_execution: Few<IgnoredAny>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Volume {
    pub(in crate::probe) host_path: Option<HostPath>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::probe) struct HostPath {
    pub(in crate::probe) path: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Container {
    pub(in crate::probe) name: String,
    pub(in crate::probe) image: Option<String>,
    pub(in crate::probe) image_pull_policy: Option<String>,
    pub(in crate::probe) command: Few<String>,
    pub(in crate::probe) args: Few<String>,
    pub(in crate::probe) restart_policy: Option<String>,
    pub(in crate::probe) liveness_probe: Option<IgnoredAny>,
    pub(in crate::probe) readiness_probe: Option<IgnoredAny>,
    pub(in crate::probe) startup_probe: Option<IgnoredAny>,
    pub(in crate::probe) lifecycle: Option<Lifecycle>,
    pub(in crate::probe) resources: Option<Resources>,
    pub(in crate::probe) security_context: Option<Security>,
    pub(in crate::probe) env: Few<Variable>,
    pub(in crate::probe) env_from: Few<Source>,
    pub(in crate::probe) ports: Few<Port>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Lifecycle {
    pub(in crate::probe) pre_stop: Option<IgnoredAny>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::probe) struct Resources {
    pub(in crate::probe) requests: Entries<Scalar>,
    pub(in crate::probe) limits: Entries<Scalar>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct PodSecurity {
    pub(in crate::probe) run_as_non_root: Option<bool>,
    pub(in crate::probe) run_as_user: Option<i64>,
    pub(in crate::probe) seccomp_profile: Option<Seccomp>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Security {
    pub(in crate::probe) run_as_non_root: Option<bool>,
    pub(in crate::probe) run_as_user: Option<i64>,
    pub(in crate::probe) seccomp_profile: Option<Seccomp>,
    pub(in crate::probe) read_only_root_filesystem: Option<bool>,
    pub(in crate::probe) privileged: Option<bool>,
    pub(in crate::probe) allow_privilege_escalation: Option<bool>,
    pub(in crate::probe) capabilities: Option<Capabilities>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::probe) struct Seccomp {
    #[serde(rename = "type")]
    pub(in crate::probe) kind: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::probe) struct Capabilities {
    pub(in crate::probe) add: Few<String>,
    pub(in crate::probe) drop: Few<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Variable {
    pub(in crate::probe) name: String,
    pub(in crate::probe) value: Option<String>,
    pub(in crate::probe) value_from: Option<ValueFrom>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct ValueFrom {
    pub(in crate::probe) secret_key_ref: Option<Reference>,
    pub(in crate::probe) config_map_key_ref: Option<Reference>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Source {
    pub(in crate::probe) secret_ref: Option<Reference>,
    pub(in crate::probe) config_map_ref: Option<Reference>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Port {
    pub(in crate::probe) host_port: Option<u16>,
}
