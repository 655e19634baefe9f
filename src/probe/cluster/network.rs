//! What network policies permit, and whose pods none is about.

use std::net::IpAddr;

use ipnet::IpNet;

use super::dns::DNS;
use super::raw::network::{Peer, PolicyPort, PolicySpec};
use super::raw::{Object, Scalar, Selector, Texts};
use super::{
    DefaultDeny, Extent, Inventory, Isolation, NetworkPolicy, PolicyPeer, PolicyRule, Reach,
    Workload,
};

/// A policy with all that it says.
pub(super) struct Policy {
    namespace: String,
    name: String,
    path: Option<String>,
    spec: PolicySpec,
}

/// One rule of either direction.
pub(super) struct Rule<'p> {
    pub(super) peers: &'p [Peer],
    pub(super) ports: &'p [PolicyPort],
}

impl Policy {
    fn says(&self, direction: &str) -> bool {
        if self.spec.policy_types.is_empty() {
            direction == "Ingress" || !self.spec.egress.is_empty()
        } else {
            self.spec.policy_types.iter().any(|one| one == direction)
        }
    }

    fn ingress(&self) -> impl Iterator<Item = Rule<'_>> {
        self.spec.ingress.iter().map(|rule| Rule {
            peers: &rule.from,
            ports: &rule.ports,
        })
    }

    fn egress(&self) -> impl Iterator<Item = Rule<'_>> {
        self.spec.egress.iter().map(|rule| Rule {
            peers: &rule.to,
            ports: &rule.ports,
        })
    }

    fn is_for_all(&self) -> bool {
        self.spec
            .pod_selector
            .as_ref()
            .is_none_or(Selector::is_empty)
    }

    fn is_about(&self, workload: &Workload) -> bool {
        let fits = |selector: &Selector| selector.fits(&labels(workload));
        // Pods on the node's network are beyond what policies reach.
        !workload.host_network
            && self.namespace == workload.namespace
            && self.spec.pod_selector.as_ref().is_none_or(fits)
    }
}

fn labels(workload: &Workload) -> Texts {
    super::raw::Entries(workload.labels.clone())
}

impl Inventory {
    /// Adds a network policy.
    pub(in crate::probe) fn add_policy(
        &mut self,
        object: Object<PolicySpec>,
    ) -> Result<(), String> {
        let (namespace, name) = self.called(&object.metadata)?;
        let path = self.path.clone();
        let spec = object.spec;
        self.policies.push(Policy {
            namespace,
            name,
            path,
            spec,
        });
        Ok(())
    }

    pub(super) fn network_policies(&self) -> Vec<NetworkPolicy> {
        let told = self.policies.iter().map(|policy| {
            let about = self.workloads.iter().filter(|one| policy.is_about(one));
            let rule = |rule: Rule<'_>| self.rule(&policy.namespace, &rule);
            NetworkPolicy {
                namespace: policy.namespace.clone(),
                name: policy.name.clone(),
                path: policy.path.clone(),
                all_pods: policy.is_for_all(),
                ingress: policy.says("Ingress"),
                egress: policy.says("Egress"),
                workloads: about.map(|workload| workload.name.clone()).collect(),
                ingress_ports: ports(policy.ingress()),
                egress_ports: ports(policy.egress()),
                ingress_rules: policy.ingress().map(rule).collect(),
                egress_rules: policy.egress().map(rule).collect(),
            }
        });
        told.collect()
    }

    fn rule(&self, namespace: &str, rule: &Rule<'_>) -> PolicyRule {
        let peers = rule.peers.iter().map(|peer| self.peer(namespace, peer));
        let peers: Vec<PolicyPeer> = peers.collect();
        PolicyRule {
            anybody: rule.peers.is_empty() || rule.peers.iter().any(is_everywhere),
            all_pods: rule.peers.iter().any(is_every_pod),
            all_ports: rule.ports.is_empty(),
            ports: rule.ports.iter().map(port).collect(),
            fits_nobody: !peers.is_empty() && peers.iter().all(|one| one.own_workloads == Some(0)),
            peers,
        }
    }

    fn peer(&self, namespace: &str, peer: &Peer) -> PolicyPeer {
        if let Some(block) = &peer.ip_block {
            return PolicyPeer {
                cidr: Some(block.cidr.clone()),
                except: block.except.to_vec(),
                ..PolicyPeer::default()
            };
        }
        let extent = |selector: &Selector| {
            if selector.is_empty() {
                Extent::All
            } else {
                Extent::Selected
            }
        };
        let wanted = |selector: &Option<Selector>| {
            let selector = selector.as_ref();
            selector.map_or_else(Default::default, |one| one.match_labels.0.clone())
        };
        let namespaces = peer.namespace_selector.as_ref().map_or(Extent::Own, extent);
        let own = self.workloads.iter().filter(|workload| {
            let pods = peer.pod_selector.as_ref();
            workload.namespace == namespace && pods.is_none_or(|one| one.fits(&labels(workload)))
        });
        PolicyPeer {
            namespaces,
            pods: peer.pod_selector.as_ref().map_or(Extent::All, extent),
            namespace_labels: wanted(&peer.namespace_selector),
            pod_labels: wanted(&peer.pod_selector),
            own_workloads: (namespaces == Extent::Own)
                .then(|| u64::try_from(own.count()).unwrap_or(u64::MAX)),
            ..PolicyPeer::default()
        }
    }

    pub(super) fn isolation(&self) -> Vec<Isolation> {
        let told = self.workloads.iter().map(|workload| {
            let about: Vec<&Policy> = self
                .policies
                .iter()
                .filter(|policy| policy.is_about(workload))
                .collect();
            let egress = about.iter().filter(|policy| policy.says("Egress"));
            let is_held = egress.clone().next().is_some();
            let rules: Vec<(&str, Rule<'_>)> = egress
                .flat_map(|policy| {
                    let rules = policy.egress();
                    rules.map(|rule| (policy.namespace.as_str(), rule))
                })
                .collect();
            let (dns, outside) = if is_held {
                let reaches = rules.iter().map(|(own, rule)| self.dns(own, rule));
                let dns = reaches.min();
                let outside = rules.iter().any(|(_, rule)| leads_outside(rule));
                (dns.unwrap_or(Reach::CutOff), outside)
            } else {
                (Reach::Open, true)
            };
            Isolation {
                namespace: workload.namespace.clone(),
                kind: workload.kind.clone(),
                name: workload.name.clone(),
                policies: about.iter().map(|policy| policy.name.clone()).collect(),
                ingress: about.iter().any(|policy| policy.says("Ingress")),
                egress: is_held,
                dns,
                outside,
            }
        });
        told.collect()
    }

    pub(super) fn default_deny(&self) -> Vec<DefaultDeny> {
        let mut namespaces: Vec<&str> = self
            .workloads
            .iter()
            .map(|workload| workload.namespace.as_str())
            .collect();
        namespaces.sort_unstable();
        namespaces.dedup();
        let told = namespaces.into_iter().map(|namespace| {
            let own = self
                .policies
                .iter()
                .filter(|policy| policy.namespace == namespace && policy.is_for_all());
            DefaultDeny {
                namespace: namespace.to_owned(),
                ingress: own
                    .clone()
                    .any(|policy| policy.says("Ingress") && policy.spec.ingress.is_empty()),
                egress: own
                    .clone()
                    .any(|policy| policy.says("Egress") && policy.spec.egress.is_empty()),
            }
        });
        told.collect()
    }
}

fn is_every_pod(peer: &Peer) -> bool {
    let namespaces = peer.namespace_selector.as_ref();
    peer.ip_block.is_none()
        && namespaces.is_some_and(Selector::is_empty)
        && peer.pod_selector.as_ref().is_none_or(Selector::is_empty)
}

/// Whether it means all addresses.
pub(super) fn is_everywhere(peer: &Peer) -> bool {
    peer.ip_block.as_ref().is_some_and(|block| {
        let net: Option<IpNet> = block.cidr.parse().ok();
        net.is_some_and(|net| net.prefix_len() == 0) && block.except.is_empty()
    })
}

/// Whether a rule permits an address of the internet at another port than that of DNS.
fn leads_outside(rule: &Rule<'_>) -> bool {
    let is_public = |peer: &Peer| {
        let net = peer
            .ip_block
            .as_ref()
            .and_then(|block| block.cidr.parse().ok());
        net.is_some_and(|net: IpNet| net.prefix_len() == 0 || is_public(net.network()))
    };
    let is_other = |port: &PolicyPort| match &port.port {
        Some(Scalar::Whole(number)) => *number != i64::from(DNS) || port.end_port.is_some(),
        _ => true,
    };
    (rule.peers.is_empty() || rule.peers.iter().any(is_public))
        && (rule.ports.is_empty() || rule.ports.iter().any(is_other))
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            let [first, second, ..] = four.octets();
            // Addresses between a provider and its customers are nobody's either.
            let is_shared = first == 100 && second & 0xc0 == 64;
            !(four.is_private() || four.is_loopback() || four.is_link_local() || is_shared)
        }
        IpAddr::V6(six) => {
            !(six.is_loopback() || six.is_unique_local() || six.is_unicast_link_local())
        }
    }
}

pub(super) fn covers(port: &PolicyPort, wanted: u16) -> bool {
    let Some(Scalar::Whole(first)) = port.port else {
        return false;
    };
    let last = port.end_port.map_or(first, i64::from);
    (first..=last).contains(&i64::from(wanted))
}

/// The ports of several rules, each once.
fn ports<'p>(rules: impl Iterator<Item = Rule<'p>>) -> Vec<String> {
    let mut open = std::collections::BTreeSet::new();
    for rule in rules {
        if rule.ports.is_empty() {
            open.insert("*".to_owned());
        }
        open.extend(rule.ports.iter().map(port));
    }
    open.into_iter().collect()
}

fn port(port: &PolicyPort) -> String {
    let protocol = port.protocol.as_deref().unwrap_or("TCP");
    match (&port.port, port.end_port) {
        (None, _) => format!("{protocol}/*"),
        (Some(first), None) => format!("{protocol}/{}", first.text()),
        (Some(first), Some(last)) => format!("{protocol}/{}-{last}", first.text()),
    }
}
