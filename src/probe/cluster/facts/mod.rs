//! What is told of Kubernetes objects, wherever they were read.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::probe::{Answer, ProbeError};

mod access;
mod network;
mod rest;
mod workload;

pub use access::{AccessRole, Binding, Subject, Token};
pub use network::{DefaultDeny, Extent, Isolation, NetworkPolicy, PolicyPeer, PolicyRule, Reach};
pub use rest::{Ingress, Monitor, Named, Namespace, Service};
pub use workload::{
    Autoscaler, Container, CronJob, DisruptionBudget, Image, Resilience, Role, ValueSource,
    Variable, Workload,
};

/// What the objects of a cluster say. A list that could not be read whole is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Model {
    /// What makes pods; not what another workload made (a Deployment's `ReplicaSet`s, a
    /// `CronJob`'s Jobs).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workloads: Option<Vec<Workload>>,
    /// Their containers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containers: Option<Vec<Container>>,
    /// What runs by the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron_jobs: Option<Vec<CronJob>>,
    /// How the workloads with a number of pods survive the loss of a node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resilience: Option<Vec<Resilience>>,
    /// How many pods may be away at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disruption_budgets: Option<Vec<DisruptionBudget>>,
    /// What scales workloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscalers: Option<Vec<Autoscaler>>,
    /// Network policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_policies: Option<Vec<NetworkPolicy>>,
    /// What they make of each workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Vec<Isolation>>,
    /// What they make of pods that no other policy is about, by namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_deny: Option<Vec<DefaultDeny>>,
    /// Workloads that network policies cut off from the cluster's DNS, as
    /// `namespace/kind/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_cut_off: Option<Vec<String>>,
    /// Roles and cluster roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<AccessRole>>,
    /// Who gets them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bindings: Option<Vec<Binding>>,
    /// Whether workloads get a token for the cluster's API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Vec<Token>>,
    /// Ways in from outside by names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingresses: Option<Vec<Ingress>>,
    /// Services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<Service>>,
    /// What Prometheus' operator is told to watch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitors: Option<Vec<Monitor>>,
    /// Namespaces that there is an object for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<Vec<Namespace>>,
    /// Quotas of namespaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quotas: Option<Vec<Named>>,
    /// Limits that containers of a namespace have by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_ranges: Option<Vec<Named>>,
}

impl Model {
    /// Both together; a list that one of them lacks is lacking.
    pub(in crate::probe) fn joined(
        mut self,
        mut gaps: BTreeMap<String, ProbeError>,
        other: Answer<Self>,
    ) -> Answer<Self> {
        // One workload that is cut off settles whether there is any.
        let certain =
            |list: &Option<Vec<String>>| list.as_ref().is_some_and(|names| !names.is_empty());
        let mut more = other.gaps;
        if certain(&self.dns_cut_off) && other.facts.dns_cut_off.is_none() {
            more.remove("dns_cut_off");
        } else if certain(&other.facts.dns_cut_off) && self.dns_cut_off.is_none() {
            gaps.remove("dns_cut_off");
            self.dns_cut_off = other.facts.dns_cut_off;
        } else {
            join(&mut self.dns_cut_off, other.facts.dns_cut_off);
        }
        join(&mut self.workloads, other.facts.workloads);
        join(&mut self.containers, other.facts.containers);
        join(&mut self.cron_jobs, other.facts.cron_jobs);
        join(&mut self.resilience, other.facts.resilience);
        join(&mut self.disruption_budgets, other.facts.disruption_budgets);
        join(&mut self.autoscalers, other.facts.autoscalers);
        join(&mut self.network_policies, other.facts.network_policies);
        join(&mut self.isolation, other.facts.isolation);
        join(&mut self.default_deny, other.facts.default_deny);
        join(&mut self.roles, other.facts.roles);
        join(&mut self.bindings, other.facts.bindings);
        join(&mut self.tokens, other.facts.tokens);
        join(&mut self.ingresses, other.facts.ingresses);
        join(&mut self.services, other.facts.services);
        join(&mut self.monitors, other.facts.monitors);
        join(&mut self.namespaces, other.facts.namespaces);
        join(&mut self.quotas, other.facts.quotas);
        join(&mut self.limit_ranges, other.facts.limit_ranges);
        gaps.extend(more);
        Answer { facts: self, gaps }
    }
}

fn join<T>(list: &mut Option<Vec<T>>, more: Option<Vec<T>>) {
    match (list.as_mut(), more) {
        (Some(list), Some(more)) => list.extend(more),
        _ => *list = None,
    }
}
