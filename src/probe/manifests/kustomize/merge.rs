//! Strategic merge patches: maps are merged, and lists of what has a name by that name.

use serde_json::{Map, Value};

use super::patch::Trouble;

/// What a map in a patch says to do with the map that it is for.
const DIRECTIVE: &str = "$patch";

/// Merges a patch into an object of Kubernetes' own kinds.
pub(super) fn merge(
    target: &mut Map<String, Value>,
    patch: Map<String, Value>,
) -> Result<(), Trouble> {
    if is(&patch, "replace") {
        *target = clean(patch)?;
        return Ok(());
    }
    for (name, value) in patch {
        if name.starts_with('$') {
            if name == DIRECTIVE && value == "merge" {
                continue;
            }
            return Err(Trouble::Unfollowed(format!("a patch with {name}")));
        }
        match (target.get_mut(&name), value) {
            (_, Value::Null) => {
                target.shift_remove(&name);
            }
            (_, Value::Object(value)) if is(&value, "delete") => {
                target.shift_remove(&name);
            }
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new)?,
            (Some(Value::Array(old)), Value::Array(new)) => merge_list(&name, old, new)?,
            (_, Value::Object(new)) => {
                target.insert(name, Value::Object(clean(new)?));
            }
            (_, new) => {
                let mut fresh = Vec::new();
                let new = match new {
                    Value::Array(items) => {
                        merge_list(&name, &mut fresh, items)?;
                        Value::Array(fresh)
                    }
                    other => other,
                };
                target.insert(name, new);
            }
        }
    }
    Ok(())
}

fn merge_list(name: &str, old: &mut Vec<Value>, new: Vec<Value>) -> Result<(), Trouble> {
    let Some(key) = key(name, old, &new) else {
        *old = new;
        return Ok(());
    };
    let replaces = |item: &Value| item.as_object().is_some_and(|item| is(item, "replace"));
    if new.iter().any(replaces) {
        old.clear();
    }
    for item in new {
        let Value::Object(item) = item else {
            return Err(Trouble::Wrong(format!(
                "a patch of {name} is not a list of maps"
            )));
        };
        if is(&item, "replace") {
            continue;
        }
        let Some(wanted) = item.get(key).cloned() else {
            return Err(Trouble::Wrong(format!("a patch of {name} lacks {key}")));
        };
        let at = old.iter().position(|one| one.get(key) == Some(&wanted));
        match (at, is(&item, "delete")) {
            (Some(at), true) => {
                old.remove(at);
            }
            (None, true) => {}
            (Some(at), false) => {
                if let Some(Value::Object(one)) = old.get_mut(at) {
                    merge(one, item)?;
                }
            }
            (None, false) => old.push(Value::Object(clean(item)?)),
        }
    }
    Ok(())
}

/// What elements of a list are told apart by; `None` where a list is replaced as a whole.
fn key(name: &str, old: &[Value], new: &[Value]) -> Option<&'static str> {
    let key = match name {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "volumes"
        | "env"
        | "imagePullSecrets"
        | "secrets" => "name",
        "volumeMounts" => "mountPath",
        "volumeDevices" => "devicePath",
        "topologySpreadConstraints" => "topologyKey",
        "hostAliases" => "ip",
        "ports" => {
            let of_container = |item: &Value| item.get("containerPort").is_some();
            if old.iter().chain(new).any(of_container) {
                "containerPort"
            } else {
                "port"
            }
        }
        _ => return None,
    };
    old.iter().chain(new).all(Value::is_object).then_some(key)
}

fn is(map: &Map<String, Value>, directive: &str) -> bool {
    map.get(DIRECTIVE).is_some_and(|value| value == directive)
}

/// What is new, without what only says how to merge it.
fn clean(patch: Map<String, Value>) -> Result<Map<String, Value>, Trouble> {
    let mut fresh = Map::new();
    let rest = patch.into_iter().filter(|(name, _)| name != DIRECTIVE);
    merge(&mut fresh, rest.collect())?;
    Ok(fresh)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::patch::Trouble;
    use super::merge;

    fn merged(target: Value, patch: Value) -> Result<Value, Trouble> {
        let (Value::Object(mut target), Value::Object(patch)) = (target, patch) else {
            panic!("two maps");
        };
        merge(&mut target, patch)?;
        Ok(Value::Object(target))
    }

    #[test]
    fn maps_and_named_lists_are_merged_and_others_replaced() {
        let target = json!({"a": {"b": 1, "c": 2}, "args": ["x", "y"], "containers": [
            {"name": "app", "image": "a:1", "env": [{"name": "A", "value": "1"}]},
            {"name": "log", "image": "l:1"}]});
        let patch = json!({"a": {"b": null, "d": {"e": null, "f": 1}}, "args": ["z"], "containers": [
            {"name": "log", "$patch": "delete"},
            {"name": "app", "image": "a:2", "env": [{"name": "B", "value": "2"}]},
            {"name": "new", "image": "n:1"}]});
        let expected = json!({"a": {"c": 2, "d": {"f": 1}}, "args": ["z"], "containers": [
            {"name": "app", "image": "a:2", "env": [
                {"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
            {"name": "new", "image": "n:1"}]});
        assert_eq!(merged(target, patch).unwrap(), expected);
    }

    #[test]
    fn directives_are_followed_or_told() {
        let target = json!({"a": {"b": 1}, "volumes": [{"name": "x"}], "c": {"d": 1}});
        let patch = json!({"a": {"$patch": "replace", "z": 1}, "c": {"$patch": "delete"},
            "volumes": [{"$patch": "replace"}, {"name": "y"}]});
        let expected = json!({"a": {"z": 1}, "volumes": [{"name": "y"}]});
        assert_eq!(merged(target, patch).unwrap(), expected);
        for (patch, is_wrong) in [
            (json!({"$retainKeys": ["a"]}), false),
            (json!({"$setElementOrder/containers": []}), false),
            (json!({"volumes": [{"emptyDir": {}}]}), true),
        ] {
            let target = json!({"volumes": [{"name": "x"}]});
            let trouble = merged(target, patch).unwrap_err();
            assert_eq!(matches!(trouble, Trouble::Wrong(_)), is_wrong);
        }
    }
}
