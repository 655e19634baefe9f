//! What is only known of a cluster that runs: pods, nodes, events, how far workloads are.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Facts, Node, Pod, Rollout, Warning};
use crate::probe::cluster::raw::pod::PodSpec;
use crate::probe::cluster::raw::workload::{ControllerSpec, ControllerStatus};
use crate::probe::cluster::raw::{Condition, Few, Meta, Object, Reference};
use crate::probe::{Answer, ProbeError};
use crate::reason::Reason;
use crate::secret::Redactor;

/// A pod with how it is doing.
pub(super) type RawPod = Object<PodSpec, PodStatus>;
/// A node with how it is doing.
pub(super) type RawNode = Object<NodeSpec, NodeStatus>;

/// What a node lacks when it says so.
const TROUBLES: &[&str] = &[
    "MemoryPressure",
    "DiskPressure",
    "PIDPressure",
    "NetworkUnavailable",
];

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PodStatus {
    phase: String,
    conditions: Few<Condition>,
    container_statuses: Few<ContainerStatus>,
    init_container_statuses: Few<ContainerStatus>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerStatus {
    restart_count: u64,
    state: Option<State>,
    last_state: Option<State>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct State {
    waiting: Option<Stage>,
    terminated: Option<Stage>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Stage {
    reason: Option<String>,
    finished_at: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NodeSpec {
    unschedulable: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct NodeStatus {
    conditions: Few<Condition>,
    node_info: Option<NodeInfo>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NodeInfo {
    kubelet_version: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RawEvent {
    pub(super) metadata: Meta,
    involved_object: Reference,
    reason: Option<String>,
    count: Option<u64>,
    series: Option<Series>,
    last_timestamp: Option<Timestamp>,
    event_time: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Series {
    count: u64,
    last_observed_time: Option<Timestamp>,
}

/// Whether nothing else made it, so that it is a workload of its own.
pub(super) fn is_free(meta: &Meta) -> bool {
    let mut owners = meta.owner_references.iter();
    !owners.any(|owner| owner.controller == Some(true))
}

/// How far a workload has come. The API leaves numbers out that are 0.
pub(super) fn rollout(kind: &str, object: &Object<ControllerSpec, ControllerStatus>) -> Rollout {
    let (spec, status) = (&object.spec, &object.status);
    let (desired, ready, updated) = if kind == "DaemonSet" {
        let desired = status.desired_number_scheduled.unwrap_or(0);
        (
            desired,
            status.number_ready,
            status.updated_number_scheduled,
        )
    } else {
        let desired = spec.replicas.unwrap_or(1);
        (desired, status.ready_replicas, status.updated_replicas)
    };
    let ready = ready.unwrap_or(0);
    let mut conditions = status.conditions.iter();
    let stalled = conditions.any(|one| one.kind == "Progressing" && one.status == "False");
    Rollout {
        namespace: object.metadata.namespace.clone().unwrap_or_default(),
        kind: kind.to_owned(),
        name: object.metadata.name.clone().unwrap_or_default(),
        desired,
        ready,
        updated: updated.unwrap_or(0),
        stalled,
        healthy: ready >= desired && !stalled,
        revisions: None,
    }
}

/// Counts the versions of Deployments that `ReplicaSet`s are kept for.
pub(super) fn count_revisions(
    rollouts: &mut [Rollout],
    sets: &[Object<ControllerSpec, ControllerStatus>],
) {
    for rollout in rollouts.iter_mut().filter(|one| one.kind == "Deployment") {
        let kept = sets.iter().filter(|set| {
            set.metadata.namespace.as_deref() == Some(&rollout.namespace)
                && set
                    .metadata
                    .owner_references
                    .iter()
                    .any(|owner| owner.kind == "Deployment" && owner.name == rollout.name)
        });
        rollout.revisions = u64::try_from(kept.count()).ok();
    }
}

/// How a pod is doing.
pub(super) fn pod(raw: &RawPod, now: Timestamp) -> Pod {
    let (meta, status) = (&raw.metadata, &raw.status);
    let owner = meta
        .owner_references
        .iter()
        .find(|owner| owner.controller == Some(true));
    let containers = || {
        let init = status.init_container_statuses.iter();
        init.chain(status.container_statuses.iter())
    };
    let reasons = |stage: fn(&ContainerStatus) -> Option<&Stage>| -> Vec<String> {
        let reasons = containers().filter_map(|one| stage(one)?.reason.clone());
        reasons.collect()
    };
    let ended = containers().filter_map(|one| {
        let last = one.last_state.as_ref()?.terminated.as_ref()?;
        last.finished_at
    });
    let age = |time: Timestamp| now.as_second().saturating_sub(time.as_second());
    Pod {
        namespace: meta.namespace.clone().unwrap_or_default(),
        name: meta.name.clone().unwrap_or_default(),
        owner: owner.map(|owner| format!("{}/{}", owner.kind, owner.name)),
        phase: status.phase.clone(),
        ready: is(&status.conditions, "Ready"),
        restarts: containers().map(|one| one.restart_count).sum(),
        last_restart_age_seconds: ended.max().map(age),
        waiting: reasons(|one| one.state.as_ref()?.waiting.as_ref()),
        ended: reasons(|one| {
            let now = one
                .state
                .as_ref()
                .and_then(|state| state.terminated.as_ref());
            now.or_else(|| one.last_state.as_ref()?.terminated.as_ref())
        }),
        age_seconds: meta.creation_timestamp.map(age),
        node: raw.spec.node_name.clone(),
    }
}

/// How a node is doing.
pub(super) fn node(raw: &RawNode) -> Node {
    let status = &raw.status;
    let troubles = TROUBLES.iter().filter(|kind| is(&status.conditions, kind));
    let kubelet = status
        .node_info
        .as_ref()
        .and_then(|info| info.kubelet_version.clone());
    Node {
        name: raw.metadata.name.clone().unwrap_or_default(),
        ready: is(&status.conditions, "Ready"),
        cordoned: raw.spec.unschedulable.unwrap_or(false),
        troubles: troubles.map(|kind| (*kind).to_owned()).collect(),
        kubelet: kubelet.map(|version| version.trim_start_matches('v').to_owned()),
    }
}

/// What an event says; its message may hold anything and is not told.
pub(super) fn warning(raw: &RawEvent, now: Timestamp) -> Warning {
    let series = raw.series.as_ref();
    let last = series.and_then(|series| series.last_observed_time);
    let last = last.or(raw.last_timestamp).or(raw.event_time);
    let about = &raw.involved_object;
    Warning {
        namespace: about.namespace.clone().filter(|name| !name.is_empty()),
        kind: about.kind.clone(),
        name: about.name.clone(),
        reason: raw.reason.clone().unwrap_or_default(),
        count: series.map(|series| series.count).or(raw.count).unwrap_or(1),
        age_seconds: last.map(|time| now.as_second().saturating_sub(time.as_second())),
    }
}

fn is(conditions: &[Condition], kind: &str) -> bool {
    conditions
        .iter()
        .any(|one| one.kind == kind && one.status == "True")
}

/// The answer without the token, whatever the API wrote back.
pub(super) fn masked(
    answer: Result<Answer<Facts>, ProbeError>,
    redactor: &Redactor,
) -> Result<Answer<Facts>, ProbeError> {
    let hide = |error: ProbeError| ProbeError {
        reason: error.reason,
        cause: redactor.mask_cut(&error.cause),
        detail: error.detail.map(|detail| redactor.mask_cut(&detail)),
    };
    let Answer { facts, gaps } = answer.map_err(hide)?;
    let defect = || ProbeError::new(Reason::ProbeInternal, "facts that are not plain data");
    let mut plain = serde_json::to_value(facts).map_err(|_| defect())?;
    redactor.mask_json(&mut plain);
    let gaps = gaps.into_iter().map(|(path, error)| (path, hide(error)));
    Ok(Answer {
        facts: serde_json::from_value(plain).map_err(|_| defect())?,
        gaps: gaps.collect(),
    })
}
