//! Variables in a check: everywhere but in expressions, and secrets only where a probe is.

use crate::diagnostic::Diagnostic;
use crate::profile::tree::{Entry, Kind, Node};
use crate::profile::vars::Scope;

/// A check, part or catalogue file with every reference outside of expressions replaced.
pub(super) fn expand(node: &Node, scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) -> Node {
    let Kind::Map(entries) = &node.kind else {
        return node.clone();
    };
    let closed = Scope {
        secrets: None,
        ..*scope
    };
    let mut field = |entry: &Entry| -> Node {
        let value = &entry.value;
        match entry.key.text.as_str() {
            "when" | "params" | "examples" => value.clone(),
            "probe" | "probes" | "with" => scope.expand(value, problems),
            "expect" => each(value, |item| except("that", item, &closed, problems)),
            "measure" => except("value", value, &closed, problems),
            "any" | "all" => each(value, |part| expand(part, scope, problems)),
            _ => closed.expand(value, problems),
        }
    };
    let entries = entries
        .iter()
        .map(|entry| Entry {
            key: entry.key.clone(),
            value: field(entry),
        })
        .collect();
    Node {
        span: node.span.clone(),
        kind: Kind::Map(entries),
    }
}

/// The items of a list, or the one value, each replaced.
fn each(node: &Node, mut replace: impl FnMut(&Node) -> Node) -> Node {
    match &node.kind {
        Kind::Seq(items) => Node {
            span: node.span.clone(),
            kind: Kind::Seq(items.iter().map(replace).collect()),
        },
        _ => replace(node),
    }
}

/// All of a map but the expression under `key`; an expression alone stays as it is.
fn except(key: &str, node: &Node, scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) -> Node {
    let Kind::Map(entries) = &node.kind else {
        return node.clone();
    };
    let entries = entries.iter().map(|entry| Entry {
        key: entry.key.clone(),
        value: if entry.key.text == key {
            entry.value.clone()
        } else {
            scope.expand(&entry.value, problems)
        },
    });
    Node {
        span: node.span.clone(),
        kind: Kind::Map(entries.collect()),
    }
}
