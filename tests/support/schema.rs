//! Whether plain data fits a JSON Schema, as far as our own schemas go.

use serde_json::Value;

/// What in `value` the schema does not know, or knows as something else. What is left out is
/// no misfit: examples are small.
pub fn misfits(name: &str, value: &Value, schema: &Value) -> Vec<String> {
    let mut told = Vec::new();
    walk(name, value, schema, schema, &mut told);
    told
}

fn walk(path: &str, value: &Value, schema: &Value, root: &Value, told: &mut Vec<String>) {
    let schema = resolve(schema, root);
    let alternatives: Vec<&Value> = ["anyOf", "oneOf"]
        .iter()
        .filter_map(|key| schema.get(key)?.as_array())
        .flatten()
        .collect();
    if !alternatives.is_empty() {
        let mut best: Option<Vec<String>> = None;
        for alternative in alternatives {
            let mut misfit = Vec::new();
            walk(path, value, alternative, root, &mut misfit);
            if best.as_ref().is_none_or(|best| misfit.len() < best.len()) {
                best = Some(misfit);
            }
        }
        told.extend(best.unwrap_or_default());
        return;
    }
    let fits = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    let type_fits = match schema.get("type") {
        Some(Value::String(kind)) => fits(kind),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).any(fits),
        _ => true,
    };
    if !type_fits {
        told.push(format!(
            "{path} is {value}, which is not a {}",
            schema["type"]
        ));
        return;
    }
    let words = schema.get("enum").and_then(Value::as_array);
    let constant = schema.get("const");
    if words.is_some_and(|words| !words.contains(value)) || constant.is_some_and(|one| one != value)
    {
        told.push(format!("{path} is {value}, which is none of its words"));
    }
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let known = schema.get("properties").and_then(|known| known.get(name));
                let other = schema.get("additionalProperties");
                match (known, other) {
                    (Some(known), _) => {
                        walk(&format!("{path}.{name}"), field, known, root, told);
                    }
                    (None, Some(Value::Object(_))) => {
                        walk(
                            &format!("{path}.{name}"),
                            field,
                            &schema["additionalProperties"],
                            root,
                            told,
                        );
                    }
                    (None, None) if schema.get("properties").is_none() => {}
                    (None, Some(Value::Bool(true))) => {}
                    (None, _) => told.push(format!("there is no fact {path}.{name}")),
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for (index, item) in items.iter().enumerate() {
                    walk(&format!("{path}[{index}]"), item, schema, root, told);
                }
            }
        }
        _ => {}
    }
}

fn resolve<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let Some(reference) = schema.get("$ref").and_then(Value::as_str) else {
        return schema;
    };
    let pointer = reference.trim_start_matches('#');
    root.pointer(pointer)
        .map_or(schema, |found| resolve(found, root))
}
