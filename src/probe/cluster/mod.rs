//! What Kubernetes objects mean, whether they were read at rest or from a live cluster.
//!
//! Objects are added to an [`Inventory`] in the shape that the API has for them; what they come
//! to together (which pods no policy selects, which workloads no budget protects) is found out
//! once all are there. A list that could not be read takes down just the facts that need it.

use std::collections::BTreeMap;

use crate::probe::{Answer, ProbeError};

mod access;
mod dns;
mod facts;
mod hide;
mod image;
mod network;
mod pods;
mod quantity;
pub(in crate::probe) mod raw;
mod resilience;
mod rest;
mod selector;

pub use facts::{
    AccessRole, Autoscaler, Binding, Container, CronJob, DefaultDeny, DisruptionBudget, Extent,
    Image, Ingress, Isolation, Model, Monitor, Named, Namespace, NetworkPolicy, PolicyPeer,
    PolicyRule, Reach, Resilience, Role, Service, Subject, Token, ValueSource, Variable, Workload,
};
use raw::workload::BudgetSpec;
use raw::{Meta, Texts};

/// The namespace that objects are in which name none, and that have to be in one.
pub(in crate::probe) const USUAL_NAMESPACE: &str = "default";

/// Lists that may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::probe) enum Section {
    Workloads,
    CronJobs,
    Budgets,
    Autoscalers,
    Policies,
    Roles,
    Bindings,
    Accounts,
    Ingresses,
    Services,
    Monitors,
    Namespaces,
    Quotas,
    LimitRanges,
}

impl Section {
    pub(in crate::probe) const ALL: [Self; 14] = [
        Self::Workloads,
        Self::CronJobs,
        Self::Budgets,
        Self::Autoscalers,
        Self::Policies,
        Self::Roles,
        Self::Bindings,
        Self::Accounts,
        Self::Ingresses,
        Self::Services,
        Self::Monitors,
        Self::Namespaces,
        Self::Quotas,
        Self::LimitRanges,
    ];
}

/// All objects that were read so far.
#[derive(Default)]
pub(in crate::probe) struct Inventory {
    /// The namespace of objects that name none.
    pub(in crate::probe) namespace: String,
    /// The file that objects come from that are added now.
    pub(in crate::probe) path: Option<String>,
    workloads: Vec<Workload>,
    containers: Vec<Container>,
    cron_jobs: Vec<CronJob>,
    /// What pods say themselves of their token, in the order of the workloads.
    automount: Vec<Option<bool>>,
    budgets: Vec<(DisruptionBudget, BudgetSpec)>,
    autoscalers: Vec<Autoscaler>,
    policies: Vec<network::Policy>,
    roles: Vec<AccessRole>,
    bindings: Vec<Binding>,
    accounts: BTreeMap<(String, String), Option<bool>>,
    ingresses: Vec<Ingress>,
    services: Vec<(Service, Texts)>,
    monitors: Vec<rest::Watching>,
    namespaces: BTreeMap<String, Texts>,
    quotas: Vec<Named>,
    limit_ranges: Vec<Named>,
}

impl Inventory {
    /// Where and how an object is called; the error says that it has no name.
    pub(in crate::probe) fn called(&self, meta: &Meta) -> Result<(String, String), String> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let name = given(&meta.name)
            .or_else(|| given(&meta.generate_name))
            .ok_or("metadata.name is missing")?;
        let namespace = given(&meta.namespace).unwrap_or_else(|| self.namespace.clone());
        Ok((namespace, name))
    }

    /// What all objects come to, without what needs a list that is missing.
    pub(in crate::probe) fn told(self, missing: &BTreeMap<Section, ProbeError>) -> Answer<Model> {
        let mut telling = Telling {
            missing,
            gaps: BTreeMap::new(),
        };
        let mut told = |paths: &[&str], needs: &[Section]| telling.permits(paths, needs);
        let mut model = Model::default();
        let coverage = [Section::Workloads, Section::Policies];
        if told(&["network_policies"], &coverage) {
            model.network_policies = Some(self.network_policies());
        }
        if told(&["isolation", "default_deny", "dns_cut_off"], &coverage) {
            let isolation = self.isolation();
            model.default_deny = Some(self.default_deny());
            match dns::dns_cut_off(&isolation) {
                Ok(names) => model.dns_cut_off = Some(names),
                Err(error) => {
                    telling.gaps.insert("dns_cut_off".to_owned(), error);
                }
            }
            model.isolation = Some(isolation);
        }
        let mut told = |paths: &[&str], needs: &[Section]| telling.permits(paths, needs);
        let survival = [Section::Workloads, Section::Budgets, Section::Autoscalers];
        if told(&["resilience"], &survival) {
            model.resilience = Some(self.resilience());
        }
        if told(&["tokens"], &[Section::Workloads, Section::Accounts]) {
            model.tokens = Some(self.tokens());
        }
        let watched = [Section::Workloads, Section::Services, Section::Monitors];
        if told(&["monitors"], &watched) {
            model.monitors = Some(self.monitors());
        }
        if told(&["namespaces"], &[Section::Namespaces]) {
            model.namespaces = Some(self.namespaces());
        }
        if told(&["workloads", "containers"], &[Section::Workloads]) {
            model.workloads = Some(self.workloads);
            model.containers = Some(self.containers);
        }
        if told(&["cron_jobs"], &[Section::CronJobs]) {
            model.cron_jobs = Some(self.cron_jobs);
        }
        if told(&["disruption_budgets"], &[Section::Budgets]) {
            let budgets = self.budgets.into_iter().map(|(budget, _)| budget);
            model.disruption_budgets = Some(budgets.collect());
        }
        if told(&["autoscalers"], &[Section::Autoscalers]) {
            model.autoscalers = Some(self.autoscalers);
        }
        if told(&["roles"], &[Section::Roles]) {
            model.roles = Some(self.roles);
        }
        if told(&["bindings"], &[Section::Bindings]) {
            model.bindings = Some(self.bindings);
        }
        if told(&["ingresses"], &[Section::Ingresses]) {
            model.ingresses = Some(self.ingresses);
        }
        if told(&["services"], &[Section::Services]) {
            let services = self.services.into_iter().map(|(service, _)| service);
            model.services = Some(services.collect());
        }
        if told(&["quotas"], &[Section::Quotas]) {
            model.quotas = Some(self.quotas);
        }
        if told(&["limit_ranges"], &[Section::LimitRanges]) {
            model.limit_ranges = Some(self.limit_ranges);
        }
        Answer {
            facts: model,
            gaps: telling.gaps,
        }
    }
}

struct Telling<'m> {
    missing: &'m BTreeMap<Section, ProbeError>,
    gaps: BTreeMap<String, ProbeError>,
}

impl Telling<'_> {
    /// Whether everything is there that facts need; if not, they are gaps.
    fn permits(&mut self, paths: &[&str], needs: &[Section]) -> bool {
        let lacking = needs.iter().find_map(|need| self.missing.get(need));
        if let Some(error) = lacking {
            for path in paths {
                self.gaps.insert((*path).to_owned(), error.clone());
            }
        }
        lacking.is_none()
    }
}

/// `namespace/kind/name`.
fn full_name(namespace: &str, kind: &str, name: &str) -> String {
    format!("{namespace}/{kind}/{name}")
}
