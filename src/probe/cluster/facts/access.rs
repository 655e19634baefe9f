//! What is told of who may do what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A Role or `ClusterRole`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct AccessRole {
    /// `Role` or `ClusterRole`.
    pub kind: String,
    /// Its namespace; left out for a `ClusterRole`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Whether Kubernetes itself brings it along.
    pub built_in: bool,
    /// Whether some rule permits every verb.
    pub any_verb: bool,
    /// Whether some rule is about every resource.
    pub any_resource: bool,
    /// Whether some rule permits to read all secrets.
    pub reads_secrets: bool,
    /// Whether some rule permits to hand out rights that one does not have: `escalate`, `bind`,
    /// `impersonate`.
    pub escalates: bool,
}

/// What gives a role to somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Binding {
    /// `RoleBinding` or `ClusterRoleBinding`.
    pub kind: String,
    /// Its namespace; left out for a `ClusterRoleBinding`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Whether Kubernetes itself brings it along.
    pub built_in: bool,
    /// The role's kind.
    pub role_kind: String,
    /// The role's name.
    pub role: String,
    /// Who gets it.
    pub subjects: Vec<Subject>,
    /// Whether it makes somebody master of the whole cluster.
    pub cluster_admin: bool,
    /// Whether it is for everybody: anonymous users, or all that are logged in.
    pub everybody: bool,
}

/// Who gets a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// `User`, `Group` or `ServiceAccount`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace; left out for users and groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// What a workload's pods show to the API of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Token {
    /// The workload's namespace.
    pub namespace: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The service account that it runs as.
    pub service_account: String,
    /// Whether its pods get a token of that account by themselves.
    pub mounted: bool,
}
