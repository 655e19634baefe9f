//! Namespaces, labels, annotations, images and numbers of pods.

use serde_json::{Map, Value};

use super::Item;
use super::patch::text;
use super::said::{Image, Labels, Said};
use crate::probe::cluster::Image as Reference;
use crate::probe::cluster::raw::{Scalar, Texts};

/// Kinds that are in no namespace.
const CLUSTER_WIDE: &[&str] = &[
    "APIService",
    "CSIDriver",
    "ClusterIssuer",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "GatewayClass",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "RuntimeClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeSnapshotClass",
];
/// Kinds of which the number of pods can be set.
const COUNTED: &[&str] = &[
    "Deployment",
    "ReplicaSet",
    "ReplicationController",
    "StatefulSet",
];
/// Where labels of pods are.
const TEMPLATES: &[&str] = &[
    "/spec/template",
    "/spec/jobTemplate/spec/template",
    "/spec/jobTemplate",
];

/// Moves everything into a namespace.
pub(super) fn namespace(said: &Said, items: &mut [Item]) {
    let Some(namespace) = &said.namespace else {
        return;
    };
    for item in items.iter_mut() {
        let kind = text(&item.value, "/kind").unwrap_or_default().to_owned();
        item.remember();
        if kind == "Namespace" {
            if let Some(name) = item.value.pointer_mut("/metadata/name") {
                *name = Value::String(namespace.clone());
            }
        } else if !CLUSTER_WIDE.contains(&kind.as_str())
            && let Some(meta) = map(&mut item.value, "metadata")
        {
            meta.insert("namespace".to_owned(), namespace.clone().into());
        }
    }
    let accounts: Vec<String> = items
        .iter()
        .filter(|item| text(&item.value, "/kind") == Some("ServiceAccount"))
        .filter_map(|item| text(&item.value, "/metadata/name").map(str::to_owned))
        .collect();
    for item in items {
        let subjects = item.value.get_mut("subjects").and_then(Value::as_array_mut);
        for subject in subjects.into_iter().flatten() {
            let name = text(subject, "/name").unwrap_or_default();
            let is_own = name == "default" || accounts.iter().any(|account| account == name);
            if text(subject, "/kind") == Some("ServiceAccount") && is_own {
                subject["namespace"] = namespace.clone().into();
            }
        }
    }
}

/// Adds labels and annotations.
pub(super) fn labels(said: &Said, items: &mut [Item]) {
    for item in items {
        for labels in &said.labels {
            label(&mut item.value, labels);
        }
        if !said.annotations.is_empty()
            && let Some(meta) = map(&mut item.value, "metadata")
        {
            add(meta, "annotations", &said.annotations);
        }
    }
}

fn label(value: &mut Value, labels: &Labels) {
    if let Some(meta) = map(value, "metadata") {
        add(meta, "labels", &labels.pairs);
    }
    if labels.include_templates || labels.include_selectors {
        for place in TEMPLATES {
            let template = value.pointer_mut(place);
            if let Some(meta) = template.and_then(|template| map(template, "metadata")) {
                add(meta, "labels", &labels.pairs);
            }
        }
    }
    if !labels.include_selectors {
        return;
    }
    let kind = text(value, "/kind").unwrap_or_default().to_owned();
    match kind.as_str() {
        "Service" | "ReplicationController" => {
            if let Some(Value::Object(spec)) = value.get_mut("spec") {
                add(spec, "selector", &labels.pairs);
            }
        }
        "NetworkPolicy" => {
            select(value, "/spec/podSelector", &labels.pairs);
            for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
                let rules = value.pointer_mut(&format!("/spec/{rules}"));
                for rule in rules.and_then(Value::as_array_mut).into_iter().flatten() {
                    let peers = rule.get_mut(peers).and_then(Value::as_array_mut);
                    for peer in peers.into_iter().flatten() {
                        select(peer, "/podSelector", &labels.pairs);
                    }
                }
            }
        }
        "DaemonSet"
        | "Deployment"
        | "Job"
        | "PodDisruptionBudget"
        | "ReplicaSet"
        | "StatefulSet" => select(value, "/spec/selector", &labels.pairs),
        _ => {}
    }
}

/// Adds labels to a selector that asks for labels.
fn select(within: &mut Value, place: &str, pairs: &Texts) {
    if let Some(Value::Object(selector)) = within.pointer_mut(place)
        && selector.contains_key("matchLabels")
    {
        add(selector, "matchLabels", pairs);
    }
}

/// Sets numbers of pods.
pub(super) fn replicas(said: &Said, items: &mut [Item]) {
    for item in items {
        let kind = text(&item.value, "/kind").unwrap_or_default();
        if !COUNTED.contains(&kind) {
            continue;
        }
        let wanted = said
            .replicas
            .iter()
            .find(|wanted| item.ids().any(|(_, name)| name == wanted.name));
        if let Some(wanted) = wanted
            && let Some(spec) = map(&mut item.value, "spec")
        {
            spec.insert("replicas".to_owned(), wanted.count.into());
        }
    }
}

/// Sets images.
pub(super) fn images(said: &Said, items: &mut [Item]) {
    if said.images.is_empty() {
        return;
    }
    for item in items {
        within(&mut item.value, &said.images);
    }
}

fn within(value: &mut Value, images: &[Image]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| within(item, images)),
        Value::Object(fields) => {
            for (name, field) in fields {
                if name == "containers" || name == "initContainers" {
                    for container in field.as_array_mut().into_iter().flatten() {
                        if let Some(Value::String(image)) = container.get_mut("image") {
                            *image = set(image, images);
                        }
                    }
                } else {
                    within(field, images);
                }
            }
        }
        _ => {}
    }
}

fn set(written: &str, images: &[Image]) -> String {
    let mut image = Reference::read(written);
    for wanted in images {
        if wanted.name != image.name {
            continue;
        }
        if let Some(name) = &wanted.new_name {
            image.name.clone_from(name);
        }
        if wanted.new_tag.is_some() || wanted.digest.is_some() {
            image.tag = wanted.new_tag.as_ref().map(Scalar::text);
            image.digest.clone_from(&wanted.digest);
        }
    }
    let tag = image.tag.map(|tag| format!(":{tag}")).unwrap_or_default();
    let digest = image.digest.map(|digest| format!("@{digest}"));
    format!("{}{tag}{}", image.name, digest.unwrap_or_default())
}

fn add(to: &mut Map<String, Value>, field: &str, pairs: &Texts) {
    let texts = to.entry(field).or_insert(Value::Null);
    if !texts.is_object() {
        *texts = Value::Object(Map::new());
    }
    for (name, value) in pairs.iter() {
        texts[name] = value.clone().into();
    }
}

/// The map of this name within a map, made if there is none; `None` if the whole is no map.
fn map<'v>(value: &'v mut Value, field: &str) -> Option<&'v mut Map<String, Value>> {
    let found = value.as_object_mut()?.entry(field).or_insert(Value::Null);
    if !found.is_object() {
        *found = Value::Object(Map::new());
    }
    found.as_object_mut()
}
