//! Patches of both kinds, and which objects they are for.

use json_patch::PatchOperation;
use regex::Regex;
use serde_json::Value;

use super::said::Target;
use super::{Item, merge};
use crate::probe::ProbeError;
use crate::probe::cluster::raw::{Object, Selector};
use crate::probe::file::document;
use crate::probe::local::malformed;
use crate::probe::manifests::objects::{group, is_object};

/// Why a patch could not be applied.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It uses what is not followed here.
    Unfollowed(String),
    /// `kustomize` would refuse it as well.
    Wrong(String),
}

/// The documents of a patch that stands in the kustomization.
pub(super) fn inline(path: &str, text: &str) -> Result<Vec<Value>, ProbeError> {
    let documents = document::documents(text);
    let mut documents = documents.map_err(|words| malformed(path, &format!("a patch: {words}")))?;
    documents.retain(|document| !document.is_null());
    Ok(documents)
}

/// Applies a patch to the objects that it is for.
pub(super) fn apply(
    patch: Value,
    target: Option<&Target>,
    items: &mut Vec<Item>,
) -> Result<(), Trouble> {
    let chosen = match target {
        Some(target) => by_target(target, items)?,
        None => by_name(&patch, items)?,
    };
    if patch.is_array() {
        let operations: Vec<PatchOperation> = serde_json::from_value(patch)
            .map_err(|_| Trouble::Wrong("a patch is no list of operations".to_owned()))?;
        for at in chosen {
            let Some(item) = items.get_mut(at) else {
                continue;
            };
            json_patch::patch(&mut item.value, &operations)
                .map_err(|_| Trouble::Wrong("an operation of a patch fails".to_owned()))?;
        }
        return Ok(());
    }
    let Value::Object(patch) = patch else {
        return Err(Trouble::Wrong(
            "a patch is neither a map nor a list".to_owned(),
        ));
    };
    let deletes = patch.get("$patch").is_some_and(|value| value == "delete");
    for at in chosen.into_iter().rev() {
        if deletes {
            items.remove(at);
            continue;
        }
        let Some(item) = items.get_mut(at) else {
            continue;
        };
        let mut patch = patch.clone();
        if target.is_some() {
            // A patch with a target does not rename what it is for.
            patch.shift_remove("apiVersion");
            patch.shift_remove("kind");
            if let Some(Value::Object(meta)) = patch.get_mut("metadata") {
                meta.shift_remove("name");
            }
        } else if let Some(Value::Object(meta)) = patch.get_mut("metadata") {
            meta.shift_remove("name");
            meta.shift_remove("namespace");
        }
        let is_known = is_known(&item.value);
        match item.value.as_object_mut() {
            Some(object) if is_known => merge::merge(object, patch)?,
            _ => json_patch::merge(&mut item.value, &Value::Object(patch)),
        }
    }
    Ok(())
}

/// Whether the object is of a kind whose lists `kustomize` can merge.
fn is_known(value: &Value) -> bool {
    let version = value.get("apiVersion").and_then(Value::as_str);
    let group = group(version.unwrap_or_default());
    // Groups of extensions have a domain.
    !group.contains('.') || group.ends_with(".k8s.io") && group != "gateway.networking.k8s.io"
}

/// The one object that a patch names itself.
fn by_name(patch: &Value, items: &[Item]) -> Result<Vec<usize>, Trouble> {
    let name = text(patch, "/metadata/name");
    let (true, Some(name)) = (is_object(patch), name) else {
        return Err(Trouble::Wrong(
            "a patch does not say what it is for".to_owned(),
        ));
    };
    let namespace = text(patch, "/metadata/namespace");
    let group = |value: &Value| text(value, "/apiVersion").map(|version| group(version).to_owned());
    let is_it = |item: &Item| {
        let same_kind = text(&item.value, "/kind") == text(patch, "/kind");
        let is_called = item.ids().any(|(space, called)| {
            called == name && namespace.is_none_or(|wanted| space == Some(wanted))
        });
        same_kind && group(&item.value) == group(patch) && is_called
    };
    let found: Vec<usize> = positions(items, is_it);
    if found.is_empty() {
        return Err(Trouble::Wrong(format!(
            "a patch is for {name}, which is not there"
        )));
    }
    Ok(found)
}

fn by_target(target: &Target, items: &[Item]) -> Result<Vec<usize>, Trouble> {
    if target.annotation_selector.is_some() {
        return Err(Trouble::Unfollowed("a patch by annotations".to_owned()));
    }
    let pattern = |text: &Option<String>| {
        let given = text.as_deref().filter(|text| !text.is_empty());
        let compiled = given.map(|text| Regex::new(&format!("^(?:{text})$")));
        compiled
            .transpose()
            .map_err(|_| Trouble::Wrong("a patch's target is no pattern".to_owned()))
    };
    let (of_group, of_version) = (pattern(&target.group)?, pattern(&target.version)?);
    let (of_kind, of_name) = (pattern(&target.kind)?, pattern(&target.name)?);
    let of_namespace = pattern(&target.namespace)?;
    let labels = target.label_selector.as_deref().map(selector).transpose()?;
    let fits = |pattern: &Option<Regex>, text: &str| {
        pattern
            .as_ref()
            .is_none_or(|pattern| pattern.is_match(text))
    };
    let is_it = |item: &Item| {
        let version = text(&item.value, "/apiVersion").unwrap_or_default();
        let of_api = version.rsplit('/').next().unwrap_or_default();
        let called = item.ids().any(|(namespace, name)| {
            fits(&of_name, name) && fits(&of_namespace, namespace.unwrap_or_default())
        });
        fits(&of_group, group(version))
            && fits(&of_version, of_api)
            && fits(&of_kind, text(&item.value, "/kind").unwrap_or_default())
            && called
            && labels
                .as_ref()
                .is_none_or(|wanted| has_labels(&item.value, wanted))
    };
    Ok(positions(items, is_it))
}

fn positions(items: &[Item], is_it: impl Fn(&Item) -> bool) -> Vec<usize> {
    let numbered = items.iter().enumerate();
    numbered
        .filter(|(_, item)| is_it(item))
        .map(|(at, _)| at)
        .collect()
}

fn has_labels(value: &Value, wanted: &Selector) -> bool {
    let meta = value.get("metadata").cloned().unwrap_or_default();
    let object = serde_json::json!({"metadata": meta});
    let object: Result<Object<()>, _> = serde_json::from_value(object);
    object.is_ok_and(|object| wanted.fits(&object.metadata.labels))
}

/// `a=b,c==d`; other operators are not followed.
fn selector(text: &str) -> Result<Selector, Trouble> {
    let mut selector = Selector::default();
    for part in text.split(',') {
        let pair = part.split_once("==").or_else(|| part.split_once('='));
        match pair {
            Some((name, value)) if !name.contains(['!', ' ', '(']) => {
                let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
                selector.match_labels.0.insert(name, value);
            }
            _ => return Err(Trouble::Unfollowed("a patch by sets of labels".to_owned())),
        }
    }
    Ok(selector)
}

/// A text by its place in an object.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

impl Item {
    /// Namespaces and names that it has and had.
    pub(super) fn ids(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        let now = text(&self.value, "/metadata/name")
            .map(|name| (text(&self.value, "/metadata/namespace"), name));
        let before = self
            .former
            .iter()
            .map(|(space, name)| (space.as_deref(), name.as_str()));
        now.into_iter().chain(before)
    }

    /// Remembers how it is called now, before that changes.
    pub(super) fn remember(&mut self) {
        let name = text(&self.value, "/metadata/name").map(str::to_owned);
        let namespace = text(&self.value, "/metadata/namespace").map(str::to_owned);
        if let Some(name) = name {
            self.former.push((namespace, name));
        }
    }
}
