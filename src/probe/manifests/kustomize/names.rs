//! Prefixes and suffixes of names, and the references that follow them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Item;
use super::patch::text;
use super::said::Said;

/// Kinds that keep their names.
const UNNAMED: &[&str] = &["Namespace", "CustomResourceDefinition", "APIService"];

/// Names by kind and former name.
type Renamed = BTreeMap<(String, String), String>;

/// Puts prefix and suffix around names.
pub(super) fn affixes(said: &Said, items: &mut [Item]) {
    if said.prefix.is_empty() && said.suffix.is_empty() {
        return;
    }
    let mut renamed = Renamed::new();
    for item in items.iter_mut() {
        let kind = text(&item.value, "/kind").unwrap_or_default().to_owned();
        let name = text(&item.value, "/metadata/name").map(str::to_owned);
        let Some(name) = name.filter(|_| !UNNAMED.contains(&kind.as_str())) else {
            continue;
        };
        item.remember();
        let new = format!("{}{name}{}", said.prefix, said.suffix);
        if let Some(called) = item.value.pointer_mut("/metadata/name") {
            *called = Value::String(new.clone());
        }
        renamed.insert((kind, name), new);
    }
    for item in items {
        follow(&mut item.value, &renamed);
    }
}

/// Mends the references within an object that lead to what was renamed.
fn follow(value: &mut Value, renamed: &Renamed) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| follow(item, renamed)),
        Value::Object(fields) => {
            for (name, field) in fields {
                let kind = match name.as_str() {
                    "serviceAccountName" | "serviceAccount" => {
                        rename(field, "ServiceAccount", renamed);
                        continue;
                    }
                    "secretRef" | "secretKeyRef" => Some("Secret"),
                    "configMapRef" | "configMapKeyRef" => Some("ConfigMap"),
                    "scaleTargetRef" | "roleRef" => None,
                    "subjects" => {
                        for subject in field.as_array_mut().into_iter().flatten() {
                            reference(subject, None, renamed);
                        }
                        continue;
                    }
                    _ => {
                        follow(field, renamed);
                        continue;
                    }
                };
                reference(field, kind, renamed);
            }
        }
        _ => {}
    }
}

/// A reference with a name, and with a kind unless that is known.
fn reference(value: &mut Value, kind: Option<&str>, renamed: &Renamed) {
    let own = text(value, "/kind").map(str::to_owned);
    let kind = kind.map(str::to_owned).or(own);
    if let (Some(kind), Some(name)) = (kind, value.get_mut("name")) {
        rename(name, &kind, renamed);
    }
}

fn rename(name: &mut Value, kind: &str, renamed: &Renamed) {
    let old = name.as_str().map(|name| (kind.to_owned(), name.to_owned()));
    if let Some(new) = old.and_then(|old| renamed.get(&old)) {
        *name = Value::String(new.clone());
    }
}
