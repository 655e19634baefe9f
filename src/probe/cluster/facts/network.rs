//! What is told of network policies.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A network policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NetworkPolicy {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The file that it comes from; left out for a live one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Whether it is about all pods of its namespace.
    pub all_pods: bool,
    /// Whether it says what may come in.
    pub ingress: bool,
    /// Whether it says what may go out.
    pub egress: bool,
    /// Names of the workloads that it is about.
    pub workloads: Vec<String>,
    /// Every port that is open for what comes in: `TCP/443`, `TCP/8000-8100`, `UDP/*`, or `*`
    /// for all.
    pub ingress_ports: Vec<String>,
    /// Every port that is open for what goes out.
    pub egress_ports: Vec<String>,
    /// What may come in.
    pub ingress_rules: Vec<PolicyRule>,
    /// What may go out.
    pub egress_rules: Vec<PolicyRule>,
}

/// What a network policy permits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct PolicyRule {
    /// Whether it permits everybody, inside and outside.
    pub anybody: bool,
    /// Whether it permits every pod of every namespace; `anybody` is more than that.
    pub all_pods: bool,
    /// Whether it permits nobody, because it means pods of the policy's own namespace and no
    /// workload there fits.
    pub fits_nobody: bool,
    /// Whether it permits all ports.
    pub all_ports: bool,
    /// The ports: `TCP/443`, `TCP/8000-8100`, `TCP/metrics`, `UDP/*`.
    pub ports: Vec<String>,
    /// Whom it permits.
    pub peers: Vec<PolicyPeer>,
}

/// Whom a network policy permits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyPeer {
    /// Addresses; left out when pods are meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cidr: Option<String>,
    /// Addresses among them that are not meant.
    pub except: Vec<String>,
    /// In which namespaces pods are meant.
    pub namespaces: Extent,
    /// Which pods are meant.
    pub pods: Extent,
    /// Labels that their namespaces have, where it says so.
    pub namespace_labels: BTreeMap<String, String>,
    /// Labels that the pods have, where it says so.
    pub pod_labels: BTreeMap<String, String>,
    /// How many workloads of the policy's own namespace are meant; left out where pods of other
    /// namespaces, or addresses, are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_workloads: Option<u64>,
}

/// How many of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Extent {
    /// Addresses are meant, and no pods.
    #[default]
    None,
    /// Only the policy's own namespace.
    Own,
    /// Those with certain labels.
    Selected,
    /// All.
    All,
}

/// What network policies make of a workload's pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Isolation {
    /// The workload's namespace.
    pub namespace: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Names of the policies that are about its pods.
    pub policies: Vec<String>,
    /// Whether a policy says what may come in. Pods on the node's network are beyond policies.
    pub ingress: bool,
    /// Whether a policy says what may go out.
    pub egress: bool,
    /// Whether they can ask the cluster's DNS.
    pub dns: Reach,
    /// Whether they can reach the internet at another port than that of DNS.
    pub outside: bool,
}

/// Whether something can be reached.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// It can. What one rule opens, no other closes.
    Open,
    /// It depends on labels or addresses that are not known here.
    #[default]
    Unclear,
    /// It cannot.
    CutOff,
}

/// What happens in a namespace to pods that no other policy is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DefaultDeny {
    /// The namespace, one that has workloads.
    pub namespace: String,
    /// Whether nothing comes in.
    pub ingress: bool,
    /// Whether nothing goes out.
    pub egress: bool,
}
