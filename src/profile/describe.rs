//! What a built-in profile needs to be told before it can be used.

use std::path::Path;

use serde_json::Value;

use super::load::Loader;
use super::tree::Node;
use super::{SecretSpec, catalogue};

/// The variables and secrets of a built-in profile, those of profiles it extends included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Needs {
    /// The variables, in the order they are written.
    pub vars: Vec<VarSpec>,
    /// The secrets.
    pub secrets: Vec<SecretSpec>,
}

/// A variable.
#[derive(Clone, Debug, PartialEq)]
pub struct VarSpec {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// Whether it must be set.
    pub required: bool,
    /// Its value unless it is set.
    pub default: Option<Value>,
    /// A value as it would be written after `--set name=`.
    pub example: Option<String>,
}

/// What the built-in profile `id` needs; nothing if there is no such profile.
pub fn needs(id: &str) -> Needs {
    if !catalogue::profiles().iter().any(|(other, _)| *other == id) {
        return Needs::default();
    }
    let Some(node) = Loader::default().load(id, Path::new("")) else {
        return Needs::default();
    };
    Needs {
        vars: named(&node, "vars")
            .map(|(name, var)| VarSpec {
                name: name.to_owned(),
                about: text(var, "about").unwrap_or_default(),
                required: is_true(var, "required"),
                default: var.get("default").map(Node::value),
                example: text(var, "example"),
            })
            .collect(),
        secrets: named(&node, "secrets")
            .map(|(name, secret)| SecretSpec {
                name: name.to_owned(),
                optional: is_true(secret, "optional"),
                about: text(secret, "about"),
            })
            .collect(),
    }
}

fn named<'a>(node: &'a Node, list: &str) -> impl Iterator<Item = (&'a str, &'a Node)> {
    node.get(list)
        .map(Node::entries)
        .unwrap_or_default()
        .iter()
        .map(|entry| (entry.key.text.as_str(), &entry.value))
}

fn text(node: &Node, key: &str) -> Option<String> {
    Some(node.get(key)?.as_text()?.trim().to_owned())
}

fn is_true(node: &Node, key: &str) -> bool {
    node.get(key).map(Node::value) == Some(Value::Bool(true))
}
