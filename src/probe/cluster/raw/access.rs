//! Who may do what, and what is kept secret.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Entries, Few, Meta, Reference};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Role {
    pub(in crate::probe) metadata: Meta,
    pub(in crate::probe) rules: Few<Rule>,
    pub(in crate::probe) aggregation_rule: Option<IgnoredAny>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Rule {
    pub(in crate::probe) verbs: Few<String>,
    pub(in crate::probe) api_groups: Few<String>,
    pub(in crate::probe) resources: Few<String>,
    pub(in crate::probe) resource_names: Few<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Binding {
    pub(in crate::probe) metadata: Meta,
    pub(in crate::probe) role_ref: Reference,
    pub(in crate::probe) subjects: Few<Reference>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct ServiceAccount {
    pub(in crate::probe) metadata: Meta,
    pub(in crate::probe) automount_service_account_token: Option<bool>,
}

/// A secret at rest; its values are looked at and go no further.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Secret {
    pub(in crate::probe) metadata: Meta,
    #[serde(rename = "type")]
    pub(in crate::probe) kind: Option<String>,
    pub(in crate::probe) data: Entries<Option<String>>,
    pub(in crate::probe) string_data: Entries<Option<String>>,
}
