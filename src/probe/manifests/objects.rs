//! Sorts objects by their kind into what is told of them.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::reading::{Reading, template};
use super::{Object, PlainSecret};
use crate::probe::ProbeError;
use crate::probe::cluster::{Inventory, raw};
use crate::probe::local::{beyond, malformed};

/// More objects than this are not kept.
pub(super) const MOST_OBJECTS: usize = 2000;
/// How deep lists within lists are opened.
const DEEPEST_LIST: usize = 4;

/// Objects that are applied together.
pub(super) struct Group {
    pub(super) inventory: Inventory,
    pub(super) objects: Vec<Object>,
    pub(super) secrets: Vec<PlainSecret>,
    now: Timestamp,
}

impl Group {
    pub(super) fn new(namespace: &str, now: Timestamp) -> Self {
        let mut inventory = Inventory::default();
        namespace.clone_into(&mut inventory.namespace);
        Self {
            inventory,
            objects: Vec::new(),
            secrets: Vec::new(),
            now,
        }
    }

    /// Adds an object; what is wrong with it is remembered.
    pub(super) fn add(&mut self, object: Value, path: &str, reading: &mut Reading<'_>) {
        if let Err(error) = self.sort(object, path) {
            reading.hidden(error);
        }
    }

    fn sort(&mut self, object: Value, path: &str) -> Result<(), ProbeError> {
        if self.objects.len() >= MOST_OBJECTS {
            return Err(beyond(format!(
                "there are more than {MOST_OBJECTS} objects"
            )));
        }
        let named = name(&object, path)?;
        let (group, kind) = (group(&named.api_version).to_owned(), named.kind.clone());
        let is_secret = group.is_empty() && kind == "Secret";
        if is_judged(&group) && holds_template(&object) {
            return Err(template(path));
        }
        let known = named.name.clone().unwrap_or_default();
        self.objects.push(named);
        self.inventory.path = Some(path.to_owned());
        let sorted = if is_secret {
            self.add_secret(object, path)
        } else {
            self.add_kind(&group, &kind, object)
        };
        sorted.map_err(|words| malformed(path, &format!("{kind} {known}: {words}")))
    }

    fn add_kind(&mut self, group: &str, kind: &str, object: Value) -> Result<(), String> {
        let to = &mut self.inventory;
        match (group, kind) {
            ("apps" | "extensions", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
            | ("", "ReplicationController")
            | ("batch", "Job") => {
                let object: raw::Object<raw::workload::ControllerSpec> = typed(object)?;
                to.add_controller(kind, &object)
            }
            ("batch", "CronJob") => to.add_cron_job(&typed(object)?, self.now),
            ("", "Pod") => {
                let object: raw::Object<raw::pod::PodSpec> = typed(object)?;
                to.add_pod(&object)
            }
            ("policy", "PodDisruptionBudget") => {
                let object: raw::Object<raw::workload::BudgetSpec> = typed(object)?;
                to.add_budget(object)
            }
            ("autoscaling", "HorizontalPodAutoscaler") => {
                let object: raw::Object<raw::workload::AutoscalerSpec> = typed(object)?;
                to.add_autoscaler(&object)
            }
            ("networking.k8s.io" | "extensions", "NetworkPolicy") => to.add_policy(typed(object)?),
            ("networking.k8s.io" | "extensions", "Ingress") => {
                let object: raw::Object<raw::network::IngressSpec> = typed(object)?;
                to.add_ingress(&object)
            }
            ("", "Service") => {
                let object: raw::Object<raw::network::ServiceSpec> = typed(object)?;
                to.add_service(&object)
            }
            ("monitoring.coreos.com", "ServiceMonitor" | "PodMonitor") => {
                to.add_monitor(kind, typed(object)?)
            }
            ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => {
                to.add_role(kind, &typed(object)?)
            }
            ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
                to.add_binding(kind, &typed(object)?)
            }
            ("", "ServiceAccount") => to.add_account(&typed(object)?),
            ("", "Namespace") => to.add_namespace(&meta(object)?),
            ("", "ResourceQuota") => to.add_quota(&meta(object)?),
            ("", "LimitRange") => to.add_limit_range(&meta(object)?),
            _ => Ok(()),
        }
    }

    fn add_secret(&mut self, object: Value, path: &str) -> Result<(), String> {
        let secret: raw::access::Secret = typed(object)?;
        let (namespace, name) = self.inventory.called(&secret.metadata)?;
        let entries = secret.data.iter().chain(secret.string_data.iter());
        let filled: Vec<(&String, &str)> = entries
            .filter_map(|(key, value)| Some((key, value.as_deref()?)))
            .filter(|(_, value)| !value.trim().is_empty())
            .collect();
        self.secrets.push(PlainSecret {
            namespace,
            name,
            path: path.to_owned(),
            kind: secret.kind.unwrap_or_else(|| "Opaque".to_owned()),
            keys: filled.iter().map(|(key, _)| (*key).clone()).collect(),
            encrypted: !filled.is_empty()
                && filled.iter().all(|(_, value)| value.starts_with("ENC[")),
        });
        Ok(())
    }
}

/// The objects of a document: itself, or those of a list.
pub(super) fn opened(document: Value, path: &str) -> Result<Vec<Value>, ProbeError> {
    let mut opened = Vec::new();
    open(document, DEEPEST_LIST, &mut opened)
        .map_err(|words| malformed(path, words))
        .map(|()| opened)
}

fn open(mut document: Value, deepest: usize, opened: &mut Vec<Value>) -> Result<(), &'static str> {
    let kind = document.get("kind").and_then(Value::as_str);
    let of = kind
        .and_then(|kind| kind.strip_suffix("List"))
        .map(str::to_owned);
    let version = document.get("apiVersion").cloned();
    let items = document.get_mut("items").and_then(Value::as_array_mut);
    let (Some(of), Some(items)) = (of, items) else {
        opened.push(document);
        return Ok(());
    };
    if deepest == 0 {
        return Err("lists lie too deep within each other");
    }
    for mut item in std::mem::take(items) {
        // Items of a `DeploymentList` need not say once more what they are.
        if let (false, Some(fields)) = (of.is_empty(), item.as_object_mut()) {
            fields.entry("kind").or_insert_with(|| of.clone().into());
            fields
                .entry("apiVersion")
                .or_insert_with(|| version.clone().unwrap_or_default());
        }
        open(item, deepest - 1, opened)?;
    }
    Ok(())
}

/// Whether a document is an object of Kubernetes.
pub(super) fn is_object(document: &Value) -> bool {
    let has = |field: &str| document.get(field).is_some_and(Value::is_string);
    has("apiVersion") && has("kind")
}

fn name(object: &Value, path: &str) -> Result<Object, ProbeError> {
    if !is_object(object) {
        let words = "an object does not say its apiVersion and kind";
        return Err(malformed(path, words));
    }
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let meta = object.get("metadata");
    let of_meta = |field: &str| text(meta.and_then(|meta| meta.get(field)));
    Ok(Object {
        api_version: text(object.get("apiVersion")).unwrap_or_default(),
        kind: text(object.get("kind")).unwrap_or_default(),
        namespace: of_meta("namespace"),
        name: of_meta("name"),
        path: path.to_owned(),
    })
}

/// The group in `group/version`; the first group of the API has no name.
pub(super) fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

fn is_judged(group: &str) -> bool {
    matches!(
        group,
        "" | "apps"
            | "batch"
            | "extensions"
            | "policy"
            | "autoscaling"
            | "networking.k8s.io"
            | "rbac.authorization.k8s.io"
    )
}

/// Whether some text is one that Helm would fill in. Templates of others, as in alerts and
/// configuration, stand in objects that are not judged.
fn holds_template(object: &Value) -> bool {
    let fields = object.as_object();
    let said = fields.into_iter().flatten();
    said.filter(|(name, _)| !["data", "stringData"].contains(&name.as_str()))
        .any(|(_, value)| has_template(value))
}

fn has_template(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let starts = ["{{ .", "{{.", "{{- ", "{{ include", "{{ $"];
            starts.iter().any(|start| text.contains(start))
        }
        Value::Array(items) => items.iter().any(has_template),
        Value::Object(fields) => fields.values().any(has_template),
        _ => false,
    }
}

/// Reads an object as its kind; the error says where it is not as the API has it, and never
/// what stands there.
fn typed<T: DeserializeOwned>(object: Value) -> Result<T, String> {
    serde_path_to_error::deserialize(object).map_err(|error| {
        let path = error.path().to_string();
        format!("{path} is not as the API of Kubernetes has it")
    })
}

fn meta(object: Value) -> Result<raw::Meta, String> {
    let object: raw::Object<raw::Nothing> = typed(object)?;
    Ok(object.metadata)
}
