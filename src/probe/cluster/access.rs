//! Roles, who has them, and the tokens of workloads.

use super::raw::Meta;
use super::raw::access as raw;
use super::{AccessRole, Binding, Inventory, Subject, Token};

/// The label of what Kubernetes itself brings along.
const BUILT_IN: (&str, &str) = ("kubernetes.io/bootstrapping", "rbac-defaults");
/// The role of those who may do everything.
const MASTER: &str = "cluster-admin";
/// Users and groups that everybody is or is in.
const EVERYBODY: &[&str] = &[
    "system:anonymous",
    "system:unauthenticated",
    "system:authenticated",
    "system:serviceaccounts",
];

impl Inventory {
    /// Adds a Role or `ClusterRole`.
    pub(in crate::probe) fn add_role(
        &mut self,
        kind: &str,
        role: &raw::Role,
    ) -> Result<(), String> {
        let (namespace, name) = self.called(&role.metadata)?;
        let has = |list: &[String], word: &str| list.iter().any(|one| one == word);
        let any = |rule: &dyn Fn(&raw::Rule) -> bool| role.rules.iter().any(rule);
        let of_core = |rule: &raw::Rule| has(&rule.api_groups, "") || has(&rule.api_groups, "*");
        let reads = |rule: &raw::Rule| {
            let verbs = ["get", "list", "watch", "*"];
            of_core(rule)
                && rule.resource_names.is_empty()
                && (has(&rule.resources, "secrets") || has(&rule.resources, "*"))
                && verbs.iter().any(|verb| has(&rule.verbs, verb))
        };
        let escalates = |rule: &raw::Rule| {
            let verbs = ["escalate", "bind", "impersonate"];
            verbs.iter().any(|verb| has(&rule.verbs, verb))
        };
        self.roles.push(AccessRole {
            kind: kind.to_owned(),
            namespace: (kind == "Role").then_some(namespace),
            name,
            built_in: is_built_in(&role.metadata),
            any_verb: any(&|rule| has(&rule.verbs, "*")),
            any_resource: any(&|rule| has(&rule.resources, "*")),
            reads_secrets: any(&reads),
            escalates: any(&escalates),
        });
        Ok(())
    }

    /// Adds a `RoleBinding` or `ClusterRoleBinding`.
    pub(in crate::probe) fn add_binding(
        &mut self,
        kind: &str,
        binding: &raw::Binding,
    ) -> Result<(), String> {
        let (namespace, name) = self.called(&binding.metadata)?;
        let role = &binding.role_ref;
        if role.name.is_empty() {
            return Err("roleRef.name is missing".to_owned());
        }
        let is_everybody = |name: &str| EVERYBODY.contains(&name);
        let subjects = binding.subjects.iter().map(|subject| Subject {
            kind: subject.kind.clone(),
            name: subject.name.clone(),
            namespace: subject.namespace.clone(),
        });
        self.bindings.push(Binding {
            kind: kind.to_owned(),
            namespace: (kind == "RoleBinding").then_some(namespace),
            name,
            built_in: is_built_in(&binding.metadata),
            role_kind: role.kind.clone(),
            role: role.name.clone(),
            subjects: subjects.collect(),
            cluster_admin: kind == "ClusterRoleBinding" && role.name == MASTER,
            everybody: binding.subjects.iter().any(|one| is_everybody(&one.name)),
        });
        Ok(())
    }

    /// Adds a service account.
    pub(in crate::probe) fn add_account(
        &mut self,
        account: &raw::ServiceAccount,
    ) -> Result<(), String> {
        let called = self.called(&account.metadata)?;
        let automount = account.automount_service_account_token;
        self.accounts.insert(called, automount);
        Ok(())
    }

    /// What the pod says decides, then what its account says; a token is given otherwise.
    pub(super) fn tokens(&self) -> Vec<Token> {
        let pairs = self.workloads.iter().zip(&self.automount);
        let told = pairs.map(|(workload, own)| {
            let account = (workload.namespace.clone(), workload.service_account.clone());
            let account = self.accounts.get(&account).copied().flatten();
            Token {
                namespace: workload.namespace.clone(),
                kind: workload.kind.clone(),
                name: workload.name.clone(),
                service_account: workload.service_account.clone(),
                mounted: own.or(account).unwrap_or(true),
            }
        });
        told.collect()
    }
}

fn is_built_in(meta: &Meta) -> bool {
    let (name, value) = BUILT_IN;
    meta.labels.get(name).is_some_and(|label| label == value)
}
