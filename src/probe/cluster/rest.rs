//! The way in, what is watched, and namespaces.

use super::raw::network::{IngressSpec, MonitorSpec, ServiceSpec};
use super::raw::{Entries, Meta, Object};
use super::{Ingress, Inventory, Monitor, Named, Namespace, Service, hide};

/// The label that says which pod security standard is enforced.
const POD_SECURITY: &str = "pod-security.kubernetes.io/enforce";
/// What `kubectl` writes down of an object: all of it once more.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Annotations of which more is not told.
const MOST_ANNOTATIONS: usize = 100;
/// The older way to name an ingress' class.
const CLASS: &str = "kubernetes.io/ingress.class";

/// What is watched, with all that it says.
pub(super) struct Watching {
    kind: String,
    namespace: String,
    name: String,
    spec: MonitorSpec,
}

impl Inventory {
    /// Adds an ingress.
    pub(in crate::probe) fn add_ingress<T>(
        &mut self,
        object: &Object<IngressSpec, T>,
    ) -> Result<(), String> {
        let (namespace, name) = self.called(&object.metadata)?;
        let spec = &object.spec;
        let given = |host: &Option<String>| host.clone().filter(|host| !host.is_empty());
        let mut hosts: Vec<String> = spec
            .rules
            .iter()
            .filter_map(|rule| given(&rule.host))
            .collect();
        hosts.sort_unstable();
        hosts.dedup();
        let secured = spec.tls.iter().flat_map(|tls| tls.hosts.iter().cloned());
        let tls_hosts: Vec<String> = secured.collect();
        let plain = hosts.iter().filter(|host| !is_secured(host, &tls_hosts));
        let annotations = &object.metadata.annotations;
        let shown = annotations.iter().filter(|(name, _)| *name != LAST_APPLIED);
        let shown = shown.take(MOST_ANNOTATIONS);
        self.ingresses.push(Ingress {
            namespace,
            name,
            class: spec
                .ingress_class_name
                .clone()
                .or_else(|| annotations.get(CLASS).cloned()),
            plain_hosts: plain.cloned().collect(),
            any_host: spec.default_backend.is_some()
                || spec.rules.iter().any(|rule| given(&rule.host).is_none()),
            tls: !spec.tls.is_empty(),
            annotations: shown
                .map(|(name, value)| (name.clone(), hide::text(value)))
                .collect(),
            hosts,
            tls_hosts,
        });
        Ok(())
    }

    /// Adds a Service.
    pub(in crate::probe) fn add_service<T>(
        &mut self,
        object: &Object<ServiceSpec, T>,
    ) -> Result<(), String> {
        let (namespace, name) = self.called(&object.metadata)?;
        let spec = &object.spec;
        let told = Service {
            namespace,
            name,
            kind: spec.kind.clone().unwrap_or_else(|| "ClusterIP".to_owned()),
            ports: spec.ports.iter().map(|port| port.port).collect(),
            selector: spec.selector.0.clone(),
            source_ranges: spec.load_balancer_source_ranges.to_vec(),
        };
        self.services.push((told, object.metadata.labels.clone()));
        Ok(())
    }

    /// Adds a `ServiceMonitor` or `PodMonitor`.
    pub(in crate::probe) fn add_monitor(
        &mut self,
        kind: &str,
        object: Object<MonitorSpec>,
    ) -> Result<(), String> {
        let (namespace, name) = self.called(&object.metadata)?;
        self.monitors.push(Watching {
            kind: kind.to_owned(),
            namespace,
            name,
            spec: object.spec,
        });
        Ok(())
    }

    pub(super) fn monitors(&self) -> Vec<Monitor> {
        let told = self.monitors.iter().map(|watching| Monitor {
            kind: watching.kind.clone(),
            namespace: watching.namespace.clone(),
            name: watching.name.clone(),
            fits: if watching.kind == "PodMonitor" {
                let fitting = self.workloads.iter().filter(|one| {
                    watching.is_in(&one.namespace)
                        && watching.spec.selector.fits(&Entries(one.labels.clone()))
                });
                fitting
                    .map(|one| format!("{}/{}", one.namespace, one.name))
                    .collect()
            } else {
                let fitting = self.services.iter().filter(|(service, labels)| {
                    watching.is_in(&service.namespace) && watching.spec.selector.fits(labels)
                });
                fitting
                    .map(|(one, _)| format!("{}/{}", one.namespace, one.name))
                    .collect()
            },
        });
        told.collect()
    }

    /// Adds a namespace.
    pub(in crate::probe) fn add_namespace(&mut self, meta: &Meta) -> Result<(), String> {
        let (_, name) = self.called(meta)?;
        self.namespaces.insert(name, meta.labels.clone());
        Ok(())
    }

    pub(super) fn namespaces(&self) -> Vec<Namespace> {
        let told = self.namespaces.iter().map(|(name, labels)| Namespace {
            name: name.clone(),
            pod_security: labels
                .get(POD_SECURITY)
                .map_or_else(|| "absent".to_owned(), Clone::clone),
        });
        told.collect()
    }

    /// Adds a quota.
    pub(in crate::probe) fn add_quota(&mut self, meta: &Meta) -> Result<(), String> {
        let (namespace, name) = self.called(meta)?;
        self.quotas.push(Named { namespace, name });
        Ok(())
    }

    /// Adds limits by default.
    pub(in crate::probe) fn add_limit_range(&mut self, meta: &Meta) -> Result<(), String> {
        let (namespace, name) = self.called(meta)?;
        self.limit_ranges.push(Named { namespace, name });
        Ok(())
    }
}

impl Watching {
    fn is_in(&self, namespace: &str) -> bool {
        let within = &self.spec.namespace_selector;
        if within.any == Some(true) {
            return true;
        }
        if within.match_names.is_empty() {
            return namespace == self.namespace;
        }
        within.match_names.iter().any(|name| name == namespace)
    }
}

/// Whether a certificate is for this name, itself or with a star for its first part.
fn is_secured(host: &str, tls_hosts: &[String]) -> bool {
    tls_hosts.iter().any(|secured| {
        secured == host
            || secured
                .strip_prefix("*.")
                .is_some_and(|domain| host.split_once('.').is_some_and(|(_, rest)| rest == domain))
    })
}
