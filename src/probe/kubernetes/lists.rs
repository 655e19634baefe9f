//! Which lists are asked for, and what becomes of their objects.

use std::collections::BTreeSet;

use super::ask::NAMES_ALONE;
use super::gather::{Controller, Gathering, MOST, Named, odd};
use super::live::{self, RawEvent, RawNode, RawPod};
use super::{Custom, CustomObject, SecretName};
use crate::probe::cluster::raw::access::{Binding, Role, ServiceAccount};
use crate::probe::cluster::raw::network::{IngressSpec, MonitorSpec, PolicySpec, ServiceSpec};
use crate::probe::cluster::raw::workload::{
    AutoscalerSpec, BudgetSpec, CronJobSpec, CronJobStatus,
};
use crate::probe::cluster::raw::{Conditions, Meta, Nothing, Object};
use crate::probe::cluster::{Inventory, Section};
use crate::reason::Reason;

type CronJob = Object<CronJobSpec, CronJobStatus>;

impl Gathering<'_> {
    /// What makes pods.
    pub(super) async fn workloads(&mut self) {
        let now = self.asking.context.now;
        let mut rollouts = Vec::new();
        let mut trouble = None;
        for (kind, plural) in [
            ("Deployment", "deployments"),
            ("StatefulSet", "statefulsets"),
            ("DaemonSet", "daemonsets"),
        ] {
            let read = self.list::<Controller>("/apis/apps/v1", plural).await;
            let added = read.and_then(|objects| {
                for object in objects {
                    rollouts.push(live::rollout(kind, &object));
                    let added = self.inventory.add_controller(kind, &object);
                    added.map_err(|words| odd(plural, &words))?;
                }
                Ok(())
            });
            if let Err(error) = &added {
                trouble.get_or_insert_with(|| error.clone());
            }
            self.lacking(Section::Workloads, added);
        }
        let sets = self
            .list::<Controller>("/apis/apps/v1", "replicasets")
            .await;
        match &sets {
            Ok(sets) => live::count_revisions(&mut rollouts, sets),
            Err(error) => self.lacking(Section::Workloads, Err(error.clone())),
        }
        for set in sets
            .into_iter()
            .flatten()
            .filter(|set| live::is_free(&set.metadata))
        {
            let added = self.inventory.add_controller("ReplicaSet", &set);
            self.lacking(
                Section::Workloads,
                added.map_err(|words| odd("replicasets", &words)),
            );
        }
        for (api, kind, plural) in [
            ("/apis/batch/v1", "Job", "jobs"),
            ("/api/v1", "ReplicationController", "replicationcontrollers"),
        ] {
            let add = |to: &mut Inventory, object: Controller| {
                if live::is_free(&object.metadata) {
                    to.add_controller(kind, &object)
                } else {
                    Ok(())
                }
            };
            self.add(Section::Workloads, (api, plural), add).await;
        }
        let jobs = self.list::<CronJob>("/apis/batch/v1", "cronjobs").await;
        let added = jobs.and_then(|jobs| {
            let mut added = jobs.iter().map(|job| self.inventory.add_cron_job(job, now));
            added.try_for_each(|one| one.map_err(|words| odd("cronjobs", &words)))
        });
        self.lacking(Section::CronJobs, added.clone());
        self.lacking(Section::Workloads, added);
        match trouble {
            Some(error) => self.gap("rollouts", error),
            None => self.facts.rollouts = Some(rollouts),
        }
    }

    /// What keeps workloads running, and what leads to them.
    pub(super) async fn around(&mut self) {
        let policy = "/apis/policy/v1";
        let add = |to: &mut Inventory, object: Object<BudgetSpec>| to.add_budget(object);
        self.add(Section::Budgets, (policy, "poddisruptionbudgets"), add)
            .await;
        let scaling = ("/apis/autoscaling/v2", "horizontalpodautoscalers");
        let add = |to: &mut Inventory, object: Object<AutoscalerSpec>| to.add_autoscaler(&object);
        self.add(Section::Autoscalers, scaling, add).await;
        let network = "/apis/networking.k8s.io/v1";
        let add = |to: &mut Inventory, object: Object<PolicySpec>| to.add_policy(object);
        self.add(Section::Policies, (network, "networkpolicies"), add)
            .await;
        let add = |to: &mut Inventory, object: Object<IngressSpec>| to.add_ingress(&object);
        self.add(Section::Ingresses, (network, "ingresses"), add)
            .await;
        let add = |to: &mut Inventory, object: Object<ServiceSpec>| to.add_service(&object);
        self.add(Section::Services, ("/api/v1", "services"), add)
            .await;
        let add = |to: &mut Inventory, object: Named| to.add_quota(&object.metadata);
        self.add(Section::Quotas, ("/api/v1", "resourcequotas"), add)
            .await;
        let add = |to: &mut Inventory, object: Named| to.add_limit_range(&object.metadata);
        self.add(Section::LimitRanges, ("/api/v1", "limitranges"), add)
            .await;
        for (kind, plural) in [
            ("ServiceMonitor", "servicemonitors"),
            ("PodMonitor", "podmonitors"),
        ] {
            let path = self.path("/apis/monitoring.coreos.com/v1", plural);
            let read = self.asking.list::<Object<MonitorSpec>>(&path, MOST).await;
            let added = match read {
                // A cluster without the operator has no monitors.
                Err(error) if error.reason == Reason::ApiNotFound => Ok(()),
                Err(error) => Err(error),
                Ok(monitors) => {
                    let wanted: Vec<_> = monitors
                        .into_iter()
                        .filter(|one| self.is_wanted(&one.metadata))
                        .collect();
                    let to = &mut self.inventory;
                    let mut added = wanted.into_iter().map(|one| to.add_monitor(kind, one));
                    added.try_for_each(|one| one.map_err(|words| odd(plural, &words)))
                }
            };
            self.lacking(Section::Monitors, added);
        }
    }

    /// Who may do what, and namespaces.
    pub(super) async fn access(&mut self) {
        let rbac = "/apis/rbac.authorization.k8s.io/v1";
        let add = |to: &mut Inventory, one: Role| to.add_role("Role", &one);
        self.add(Section::Roles, (rbac, "roles"), add).await;
        let add = |to: &mut Inventory, one: Binding| to.add_binding("RoleBinding", &one);
        self.add(Section::Bindings, (rbac, "rolebindings"), add)
            .await;
        let add = |to: &mut Inventory, one: ServiceAccount| to.add_account(&one);
        let accounts = ("/api/v1", "serviceaccounts");
        self.add(Section::Accounts, accounts, add).await;
        let add = |to: &mut Inventory, one: Role| to.add_role("ClusterRole", &one);
        self.add_wide(Section::Roles, (rbac, "clusterroles"), add)
            .await;
        let add = |to: &mut Inventory, one: Binding| to.add_binding("ClusterRoleBinding", &one);
        self.add_wide(Section::Bindings, (rbac, "clusterrolebindings"), add)
            .await;
        let add = |to: &mut Inventory, one: Named| to.add_namespace(&one.metadata);
        self.add_wide(Section::Namespaces, ("/api/v1", "namespaces"), add)
            .await;
    }

    /// How pods and nodes are doing.
    pub(super) async fn living(&mut self) {
        let now = self.asking.context.now;
        let pods = self.list::<RawPod>("/api/v1", "pods").await;
        match pods {
            Ok(pods) => {
                self.facts.pods = Some(pods.iter().map(|pod| live::pod(pod, now)).collect());
                for pod in pods.iter().filter(|pod| live::is_free(&pod.metadata)) {
                    let added = self.inventory.add_pod(pod);
                    self.lacking(
                        Section::Workloads,
                        added.map_err(|words| odd("pods", &words)),
                    );
                }
            }
            Err(error) => {
                self.lacking(Section::Workloads, Err(error.clone()));
                self.gap("pods", error);
            }
        }
        match self.asking.list::<RawNode>("/api/v1/nodes", MOST).await {
            Ok(nodes) => self.facts.nodes = Some(nodes.iter().map(live::node).collect()),
            Err(error) => self.gap("nodes", error),
        }
        let query = [("fieldSelector", "type=Warning")];
        let path = self.path("/api/v1", "events");
        let events = self
            .asking
            .list_with::<RawEvent>(&path, MOST, &query, "application/json");
        match events.await {
            Ok(events) => {
                let wanted = events
                    .iter()
                    .filter(|event| self.is_wanted(&event.metadata));
                self.facts.warnings = Some(wanted.map(|event| live::warning(event, now)).collect());
            }
            Err(error) => self.gap("warnings", error),
        }
    }

    /// What is asked for besides.
    pub(super) async fn more(&mut self) {
        if self.probe.secrets {
            let path = self.path("/api/v1", "secrets");
            let names = self
                .asking
                .list_with::<Named>(&path, MOST, &[], NAMES_ALONE)
                .await;
            match names {
                Ok(names) => {
                    let wanted = names.iter().filter(|one| self.is_wanted(&one.metadata));
                    self.facts.secrets = Some(wanted.map(|one| secret(&one.metadata)).collect());
                }
                Err(error) => self.gap("secrets", error),
            }
        }
        if self.probe.custom.is_empty() {
            return;
        }
        let mut told = Vec::new();
        for resource in &self.probe.custom {
            let (api, plural) = resource.rsplit_once('/').unwrap_or_default();
            let path = self.path(&format!("/apis/{api}"), plural);
            match self
                .asking
                .list::<Object<Nothing, Conditions>>(&path, MOST)
                .await
            {
                Ok(objects) => {
                    let wanted = objects.iter().filter(|one| self.is_wanted(&one.metadata));
                    told.push(Custom {
                        resource: resource.clone(),
                        installed: true,
                        objects: wanted.map(custom).collect(),
                    });
                }
                Err(error) if error.reason == Reason::ApiNotFound => told.push(Custom {
                    resource: resource.clone(),
                    ..Custom::default()
                }),
                Err(error) => return self.gap("custom", error),
            }
        }
        self.facts.custom = Some(told);
    }
}

fn secret(meta: &Meta) -> SecretName {
    let owners: BTreeSet<&String> = meta.owner_references.iter().map(|one| &one.kind).collect();
    SecretName {
        namespace: meta.namespace.clone().unwrap_or_default(),
        name: meta.name.clone().unwrap_or_default(),
        owners: owners.into_iter().cloned().collect(),
        labels: meta.labels.0.clone(),
    }
}

fn custom(object: &Object<Nothing, Conditions>) -> CustomObject {
    let conditions = object.status.conditions.iter();
    CustomObject {
        namespace: object.metadata.namespace.clone(),
        name: object.metadata.name.clone().unwrap_or_default(),
        conditions: conditions
            .map(|one| (one.kind.clone(), one.status.clone()))
            .collect(),
    }
}
