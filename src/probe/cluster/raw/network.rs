//! What lets pods be reached, or keeps them from it.

use serde::Deserialize;

use super::{Few, Scalar, Selector, Texts};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct PolicySpec {
    pub(in crate::probe) pod_selector: Option<Selector>,
    pub(in crate::probe) policy_types: Few<String>,
    pub(in crate::probe) ingress: Few<IngressRule>,
    pub(in crate::probe) egress: Few<EgressRule>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::probe) struct IngressRule {
    pub(in crate::probe) from: Few<Peer>,
    pub(in crate::probe) ports: Few<PolicyPort>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::probe) struct EgressRule {
    pub(in crate::probe) to: Few<Peer>,
    pub(in crate::probe) ports: Few<PolicyPort>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Peer {
    pub(in crate::probe) pod_selector: Option<Selector>,
    pub(in crate::probe) namespace_selector: Option<Selector>,
    pub(in crate::probe) ip_block: Option<Block>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::probe) struct Block {
    pub(in crate::probe) cidr: String,
    pub(in crate::probe) except: Few<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct PolicyPort {
    pub(in crate::probe) protocol: Option<String>,
    pub(in crate::probe) port: Option<Scalar>,
    pub(in crate::probe) end_port: Option<u16>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct IngressSpec {
    pub(in crate::probe) ingress_class_name: Option<String>,
    pub(in crate::probe) default_backend: Option<serde::de::IgnoredAny>,
    pub(in crate::probe) rules: Few<HostRule>,
    pub(in crate::probe) tls: Few<HostTls>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::probe) struct HostRule {
    pub(in crate::probe) host: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct HostTls {
    pub(in crate::probe) hosts: Few<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct ServiceSpec {
    #[serde(rename = "type")]
    pub(in crate::probe) kind: Option<String>,
    pub(in crate::probe) selector: Texts,
    pub(in crate::probe) load_balancer_source_ranges: Few<String>,
    pub(in crate::probe) ports: Few<ServicePort>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::probe) struct ServicePort {
    pub(in crate::probe) port: u16,
}

/// Of a `ServiceMonitor` or `PodMonitor` of the Prometheus operator.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct MonitorSpec {
    pub(in crate::probe) selector: Selector,
    pub(in crate::probe) namespace_selector: MonitorNamespaces,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct MonitorNamespaces {
    pub(in crate::probe) any: Option<bool>,
    pub(in crate::probe) match_names: Few<String>,
}
