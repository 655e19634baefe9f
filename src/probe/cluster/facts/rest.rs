//! What is told of the way in, and of namespaces.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The way in from outside by names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ingress {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its class; left out when the cluster decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Names that it answers for.
    pub hosts: Vec<String>,
    /// Names that it has a certificate for.
    pub tls_hosts: Vec<String>,
    /// Names that it answers for without a certificate.
    pub plain_hosts: Vec<String>,
    /// Whether some rule answers for any name.
    pub any_host: bool,
    /// Whether TLS is set up at all.
    pub tls: bool,
    /// Its annotations, secrets hidden, values cut off after 300 characters.
    pub annotations: BTreeMap<String, String>,
}

/// A Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// `ClusterIP`, `NodePort`, `LoadBalancer`, `ExternalName`.
    pub kind: String,
    /// Its ports.
    pub ports: Vec<u16>,
    /// Labels of the pods that it leads to.
    pub selector: BTreeMap<String, String>,
    /// Addresses that alone may come in through its load balancer; empty for all.
    pub source_ranges: Vec<String>,
}

/// What Prometheus' operator is told to watch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Monitor {
    /// `ServiceMonitor` or `PodMonitor`.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Services, or workloads, that it fits, as `namespace/name`.
    pub fits: Vec<String>,
}

/// A namespace that there is an object for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// The pod security standard that is enforced: `privileged`, `baseline`, `restricted`;
    /// `absent` when none is.
    pub pod_security: String,
}

/// Something that is told by its name alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Named {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}
