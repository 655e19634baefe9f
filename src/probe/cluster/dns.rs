//! Whether network policies let pods ask the cluster's DNS.

use super::network::{Rule, covers, is_everywhere};
use super::raw::network::{Peer, PolicyPort};
use super::raw::{Entries, Scalar, Selector};
use super::{Inventory, Isolation, Reach, full_name};
use crate::probe::ProbeError;
use crate::reason::Reason;

/// The port of DNS.
pub(super) const DNS: u16 = 53;
/// Where the cluster's DNS runs, by the name that Kubernetes gives each namespace as a label.
const DNS_NAMESPACE: &str = "kube-system";
const NAME_LABEL: &str = "kubernetes.io/metadata.name";
/// The label that the pods of the cluster's DNS have everywhere.
const DNS_PODS: (&str, &str) = ("k8s-app", "kube-dns");

impl Inventory {
    /// Whether a rule lets pods ask the cluster's DNS.
    pub(super) fn dns(&self, own: &str, rule: &Rule<'_>) -> Reach {
        let is_udp = |port: &PolicyPort| port.protocol.as_deref() == Some("UDP");
        let permits = |port: &PolicyPort| {
            is_udp(port)
                && match &port.port {
                    None => true,
                    Some(Scalar::Text(name)) => name == "dns",
                    Some(_) => covers(port, DNS),
                }
        };
        if !rule.ports.is_empty() && !rule.ports.iter().any(permits) {
            return Reach::CutOff;
        }
        if rule.peers.is_empty() {
            return Reach::Open;
        }
        let reaches = rule.peers.iter().map(|peer| self.dns_of_peer(own, peer));
        reaches.min().unwrap_or(Reach::CutOff)
    }

    fn dns_of_peer(&self, own: &str, peer: &Peer) -> Reach {
        if peer.ip_block.is_some() {
            return if is_everywhere(peer) {
                Reach::Open
            } else {
                Reach::Unclear
            };
        }
        let namespace = match &peer.namespace_selector {
            Some(selector) => self.is_dns_namespace(selector),
            None if own == DNS_NAMESPACE => Reach::Open,
            None => Reach::CutOff,
        };
        let pods = peer.pod_selector.as_ref().map_or(Reach::Open, are_dns_pods);
        match (namespace, pods) {
            (Reach::CutOff, _) | (_, Reach::CutOff) => Reach::CutOff,
            (Reach::Open, Reach::Open) => Reach::Open,
            _ => Reach::Unclear,
        }
    }

    fn is_dns_namespace(&self, selector: &Selector) -> Reach {
        let mut known = self.namespaces.get(DNS_NAMESPACE).cloned();
        let is_known = known.is_some();
        let labels = known.get_or_insert_default();
        let (name, value) = (NAME_LABEL.to_owned(), DNS_NAMESPACE.to_owned());
        labels.0.insert(name, value);
        if selector.fits(labels) {
            return Reach::Open;
        }
        // Labels that somebody may have given the namespace are not known here.
        let is_certain = is_known || keys(selector).all(|key| key == NAME_LABEL);
        if is_certain && !names_dns(selector) {
            Reach::CutOff
        } else {
            Reach::Unclear
        }
    }
}

fn are_dns_pods(selector: &Selector) -> Reach {
    let (name, value) = DNS_PODS;
    let labels = [(name.to_owned(), value.to_owned())];
    if selector.fits(&Entries(labels.into())) {
        Reach::Open
    } else if names_dns(selector) {
        Reach::Unclear
    } else {
        Reach::CutOff
    }
}

/// Whether a selector speaks of DNS: there are clusters where it runs elsewhere, or has other
/// labels.
fn names_dns(selector: &Selector) -> bool {
    let wanted = selector.match_labels.values();
    let listed = selector
        .match_expressions
        .iter()
        .flat_map(|one| one.values.iter());
    let mut words = keys(selector)
        .chain(wanted.map(String::as_str))
        .chain(listed.map(String::as_str));
    words.any(|word| word.contains("dns"))
}

fn keys(selector: &Selector) -> impl Iterator<Item = &str> {
    let listed = selector
        .match_expressions
        .iter()
        .map(|one| one.key.as_str());
    selector
        .match_labels
        .keys()
        .map(String::as_str)
        .chain(listed)
}

/// The workloads that are cut off from DNS; if that is certain of none, whether there are any
/// must be known of all.
pub(super) fn dns_cut_off(isolation: &[Isolation]) -> Result<Vec<String>, ProbeError> {
    let named = |reach: Reach| {
        let those = isolation.iter().filter(move |one| one.dns == reach);
        those.map(|one| full_name(&one.namespace, &one.kind, &one.name))
    };
    let cut_off: Vec<String> = named(Reach::CutOff).collect();
    match named(Reach::Unclear).next() {
        Some(first) if cut_off.is_empty() => {
            let cause = format!("whether {first} can ask the cluster's DNS cannot be told");
            let detail = "a policy names labels or addresses of DNS that are not known here";
            Err(ProbeError::new(Reason::KubernetesIndeterminate, cause).with_detail(detail))
        }
        _ => Ok(cut_off),
    }
}
