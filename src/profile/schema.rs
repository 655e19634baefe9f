//! JSON Schemas of profiles and catalogue checks, for editors. Made from the types that read
//! them, so they cannot say anything else.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::raw::{RawCatalogueCheck, RawProfile};

/// Parts of a profile whose values are written out: `${name}` has no meaning there.
const LITERAL: &[&str] = &[
    "Defaults",
    "Parameter",
    "Secret",
    "Section",
    "SignOff",
    "Variable",
];

/// The JSON Schema of a profile.
pub fn profile() -> Schema {
    let mut schema = schema::<RawProfile>();
    // `vars: {domain: zebu.example}` is short for a default, `TOKEN:` for an empty map.
    for (field, short) in [
        (
            "vars",
            json!({"type": ["string", "number", "boolean", "array"]}),
        ),
        ("secrets", json!({"type": "null"})),
    ] {
        let pointer = format!("/properties/{field}/additionalProperties");
        if let Some(value) = schema.pointer_mut(&pointer) {
            *value = json!({"anyOf": [value.take(), short]});
        }
    }
    schema
}

/// The JSON Schema of a check of the catalogue.
pub fn check() -> Schema {
    schema::<RawCatalogueCheck>()
}

fn schema<T: schemars::JsonSchema>() -> Schema {
    let mut schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<T>();
    if let Some(definitions) = schema.get_mut("$defs").and_then(Value::as_object_mut) {
        for (name, definition) in definitions {
            if !LITERAL.contains(&name.as_str()) {
                allow_references(definition);
            }
        }
    }
    schema
}

/// Lets `${name}` stand wherever something else than text is wanted.
fn allow_references(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(allow_references),
        Value::Object(fields) => {
            fields.values_mut().for_each(allow_references);
            for (name, properties) in fields.iter_mut() {
                if matches!(name.as_str(), "properties") {
                    let properties = properties.as_object_mut().into_iter().flatten();
                    properties.for_each(|(_, property)| allow_reference(property));
                }
            }
        }
        _ => {}
    }
}

fn allow_reference(schema: &mut Value) {
    let takes = |word: &str| match schema.get("type") {
        Some(Value::String(one)) => one == word,
        Some(Value::Array(several)) => several.iter().any(|one| one == word),
        _ => false,
    };
    let is_text = takes("string") && schema.get("enum").is_none();
    if is_text || takes("object") || schema.as_object().is_none_or(serde_json::Map::is_empty) {
        return;
    }
    let mut outer = serde_json::Map::new();
    if let Some(fields) = schema.as_object_mut() {
        for kept in ["description", "default"] {
            if let Some(value) = fields.shift_remove(kept) {
                outer.insert(kept.to_owned(), value);
            }
        }
    }
    let reference = json!({"type": "string", "pattern": "\\$\\{"});
    outer.insert("anyOf".to_owned(), json!([schema.take(), reference]));
    *schema = Value::Object(outer);
}
