//! The JSON Schemas for editors: checked in, and true of what is read.

use ready::profile::catalogue;
use ready::profile::schema::{check, profile};
use serde_json::Value;

use crate::support::generated::assert_checked_in;
use crate::support::schema::misfits;

#[test]
fn the_schemas_are_checked_in() {
    for (path, schema) in [
        ("docs/schema/profile.json", profile().to_value()),
        ("docs/schema/check.json", check().to_value()),
        (
            "docs/schema/ledger.json",
            ready::ledger::schema().to_value(),
        ),
    ] {
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        assert_checked_in(path, &text);
        undescribed(path, &schema);
    }
}

/// Every key that a person may write says what it is.
fn undescribed(path: &str, schema: &Value) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| undescribed(path, item)),
        Value::Object(fields) => {
            // The one key of an enum's variant is described around it.
            let outer = fields.contains_key("description");
            if let Some(Value::Object(properties)) = fields.get("properties") {
                for (name, property) in properties {
                    let described = property.get("description").is_some()
                        || property.get("$ref").is_some()
                        || (outer && properties.len() == 1);
                    assert!(described, "{path}: {name} has no description");
                }
            }
            fields.values().for_each(|field| undescribed(path, field));
        }
        _ => {}
    }
}

#[test]
fn what_is_read_fits_the_schemas() {
    let good = std::fs::read_to_string(super::host("good").cwd.join("zebu.yaml")).unwrap();
    assert_eq!(
        misfits("zebu", &plain(&good), profile().as_value()),
        [""; 0]
    );
    for built_in in ready::profile::built_in() {
        assert_eq!(
            misfits(built_in.id, &plain(built_in.text), profile().as_value()),
            [""; 0]
        );
    }
    for one in catalogue::all() {
        assert_eq!(
            misfits(&one.id, &plain(one.text), check().as_value()),
            [""; 0]
        );
    }
    let wrong = plain("{ready: 1, id: a, checks: [{id: a, blocker: 3, probe: {tcp: {hots: a}}}]}");
    assert_eq!(misfits("wrong", &wrong, profile().as_value()).len(), 2);
}

fn plain(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}
