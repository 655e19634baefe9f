//! Which workloads survive the loss of a node, and which keep nodes from being emptied.

use super::raw::workload::{AutoscalerSpec, BudgetSpec};
use super::raw::{Entries, Object, Scalar};
use super::{Autoscaler, DisruptionBudget, Inventory, Resilience, Workload};

impl Inventory {
    /// Adds a disruption budget.
    pub(in crate::probe) fn add_budget<T>(
        &mut self,
        object: Object<BudgetSpec, T>,
    ) -> Result<(), String> {
        let (namespace, name) = self.called(&object.metadata)?;
        let written = |value: &Option<Scalar>| value.as_ref().map(Scalar::text);
        let told = DisruptionBudget {
            namespace,
            name,
            min_available: written(&object.spec.min_available),
            max_unavailable: written(&object.spec.max_unavailable),
        };
        self.budgets.push((told, object.spec));
        Ok(())
    }

    /// Adds what scales a workload.
    pub(in crate::probe) fn add_autoscaler<T>(
        &mut self,
        object: &Object<AutoscalerSpec, T>,
    ) -> Result<(), String> {
        let (namespace, name) = self.called(&object.metadata)?;
        let target = &object.spec.scale_target_ref;
        if target.name.is_empty() {
            return Err("spec.scaleTargetRef.name is missing".to_owned());
        }
        self.autoscalers.push(Autoscaler {
            namespace,
            name,
            target_kind: target.kind.clone(),
            target: target.name.clone(),
            min_replicas: object.spec.min_replicas.unwrap_or(1),
            max_replicas: object.spec.max_replicas,
        });
        Ok(())
    }

    pub(super) fn resilience(&self) -> Vec<Resilience> {
        let told = self.workloads.iter().filter_map(|workload| {
            let replicas = workload.replicas?;
            let scaled = self.autoscalers.iter().find(|scaler| {
                scaler.namespace == workload.namespace
                    && scaler.target_kind == workload.kind
                    && scaler.target == workload.name
            });
            let least_replicas = scaled.map_or(replicas, |scaler| scaler.min_replicas);
            let budgets: Vec<_> = self
                .budgets
                .iter()
                .filter(|(budget, spec)| is_about(budget, spec, workload))
                .collect();
            Some(Resilience {
                namespace: workload.namespace.clone(),
                kind: workload.kind.clone(),
                name: workload.name.clone(),
                least_replicas,
                autoscaled: scaled.is_some(),
                immovable: budgets
                    .iter()
                    .any(|(_, spec)| permits_none(spec, least_replicas)),
                budgets: budgets
                    .iter()
                    .map(|(budget, _)| budget.name.clone())
                    .collect(),
            })
        });
        told.collect()
    }
}

/// An empty selector means all pods of the namespace, and none at all no pod.
fn is_about(budget: &DisruptionBudget, spec: &BudgetSpec, workload: &Workload) -> bool {
    let labels = Entries(workload.labels.clone());
    budget.namespace == workload.namespace
        && spec.selector.as_ref().is_some_and(|one| one.fits(&labels))
}

/// Whether no pod out of so many may ever be away.
fn permits_none(spec: &BudgetSpec, replicas: u64) -> bool {
    // A share of the pods is rounded up, as Kubernetes does it in both cases.
    let number = |value: &Scalar| match value {
        Scalar::Whole(number) => u64::try_from(*number).ok(),
        Scalar::Fraction(_) => None,
        Scalar::Text(text) => {
            let share: u64 = text.strip_suffix('%')?.trim().parse().ok()?;
            Some(share.saturating_mul(replicas).div_ceil(100))
        }
    };
    if replicas == 0 {
        return false;
    }
    let least = spec.min_available.as_ref().and_then(number);
    let most = spec.max_unavailable.as_ref().and_then(number);
    least.is_some_and(|least| least >= replicas) || most == Some(0)
}
