//! One profile laid over another: maps field by field, sections and checks by id.
//!
//! Nothing is decided about the values; a list or scalar of the upper file replaces the lower
//! one. Places survive, so that a problem is told in the file that has it.

use std::collections::HashMap;

use super::tree::{Entry, Kind, Node};
use crate::diagnostic::Diagnostic;

/// Keys of a check that say how it is decided, by way; the upper file's way replaces another.
const WAYS: &[&[&str]] = &[
    &["use", "with"],
    &["probe", "probes", "expect", "measure"],
    STANDS_IN,
    &["any"],
    &["all"],
];
/// Beside one of the ways before it, it stands in where that cannot be asked.
const STANDS_IN: &[&str] = &["attest"];
/// Keys that exclude each other within one way.
const EXCLUSIVE: &[(&str, &str)] = &[("probe", "probes"), ("expect", "measure")];
/// What a profile says of itself alone.
const OWN: &[&str] = &["ready", "id", "about", "extends"];

/// `over` laid over `base`.
pub(crate) fn merge(base: Node, over: Node, problems: &mut Vec<Diagnostic>) -> Node {
    let (span, mut fields) = (over.span.clone(), into_entries(base));
    fields.retain(|entry| !OWN.contains(&entry.key.text.as_str()));
    let mut changes = Vec::new();
    for entry in into_entries(over) {
        match entry.key.text.as_str() {
            "checks" => changes = vec![entry],
            "sections" => lay_list(&mut fields, entry, merge_section),
            "vars" => lay_list_of_vars(&mut fields, entry),
            _ => lay(&mut fields, entry),
        }
    }
    for entry in changes {
        change_checks(&mut fields, entry, problems);
    }
    Node {
        span,
        kind: Kind::Map(fields),
    }
}

fn into_entries(node: Node) -> Vec<Entry> {
    match node.kind {
        Kind::Map(entries) => entries,
        _ => Vec::new(),
    }
}

/// Maps field by field, everything else replaced.
fn deep(base: Node, over: Node) -> Node {
    match (base.kind, over.kind) {
        (Kind::Map(mut fields), Kind::Map(above)) => {
            for entry in above {
                lay(&mut fields, entry);
            }
            Node {
                span: over.span,
                kind: Kind::Map(fields),
            }
        }
        (_, kind) => Node {
            span: over.span,
            kind,
        },
    }
}

fn lay(fields: &mut Vec<Entry>, over: Entry) {
    lay_with(fields, over, deep);
}

fn lay_with(fields: &mut Vec<Entry>, over: Entry, join: impl Fn(Node, Node) -> Node) {
    let Some(found) = fields
        .iter_mut()
        .find(|entry| entry.key.text == over.key.text)
    else {
        fields.push(over);
        return;
    };
    let base = std::mem::replace(&mut found.value, over.value.clone());
    found.value = join(base, over.value);
    found.key = over.key;
}

/// A variable that gets a value is no longer required.
fn lay_list_of_vars(fields: &mut Vec<Entry>, over: Entry) {
    let join_var = |base: Node, over: Node| {
        let mut joined = deep(base, over.clone());
        if let Kind::Map(entries) = &mut joined.kind
            && over.get("default").is_some()
        {
            entries.retain(|entry| entry.key.text != "required");
        }
        joined
    };
    lay_with(fields, over, |base, over| {
        let span = over.span.clone();
        let mut vars = into_entries(base);
        for var in into_entries(over) {
            lay_with(&mut vars, var, join_var);
        }
        Node {
            span,
            kind: Kind::Map(vars),
        }
    });
}

/// Lists of things with an `id`: those known are joined, new ones come after.
fn lay_list(fields: &mut Vec<Entry>, over: Entry, join: fn(Node, Node) -> Node) {
    lay_with(fields, over, |base, over| match (base.kind, over.kind) {
        (Kind::Seq(mut items), Kind::Seq(above)) => {
            let mut places: HashMap<String, usize> = items
                .iter()
                .enumerate()
                .filter_map(|(place, item)| Some((identity(item)?.to_owned(), place)))
                .collect();
            for item in above {
                let known = identity(&item).and_then(|id| places.remove(id));
                match known.and_then(|place| items.get_mut(place)) {
                    Some(found) => *found = join(found.clone(), item),
                    // A second one of the same id is told as a duplicate later.
                    None => items.push(item),
                }
            }
            Node {
                span: over.span,
                kind: Kind::Seq(items),
            }
        }
        (_, kind) => Node {
            span: over.span,
            kind,
        },
    });
}

fn merge_section(base: Node, over: Node) -> Node {
    let (span, mut fields) = (over.span.clone(), into_entries(base));
    for entry in into_entries(over) {
        match entry.key.text.as_str() {
            "sections" => lay_list(&mut fields, entry, merge_section),
            "checks" => lay_list(&mut fields, entry, merge_check),
            _ => lay(&mut fields, entry),
        }
    }
    Node {
        span,
        kind: Kind::Map(fields),
    }
}

fn merge_check(base: Node, over: Node) -> Node {
    let (span, mut fields) = (over.span.clone(), into_entries(base));
    let above = into_entries(over);
    let says = |key: &str| above.iter().any(|entry| entry.key.text == key);
    if let Some(way) = WAYS.iter().find(|way| way.iter().any(|key| says(key))) {
        let stands_in = is_stand_in(&fields);
        let other_ways = WAYS
            .iter()
            .filter(|other| *other != way && !(stands_in && **other == STANDS_IN))
            .flat_map(|other| other.iter());
        let gone: Vec<&&str> = other_ways.collect();
        fields.retain(|entry| !gone.iter().any(|key| entry.key.text == ***key));
    }
    for (one, other) in EXCLUSIVE {
        if says(one) != says(other) {
            let gone = if says(one) { other } else { one };
            fields.retain(|entry| entry.key.text != *gone);
        }
    }
    // Another catalogue check has other parameters.
    let used = |entries: &[Entry]| -> Option<String> {
        let found = entries.iter().find(|entry| entry.key.text == "use")?;
        found.value.as_text().map(str::to_owned)
    };
    if says("use") && used(&fields) != used(&above) {
        fields.retain(|entry| entry.key.text != "with");
    }
    for entry in above {
        match entry.key.text.as_str() {
            "probe" => lay_with(&mut fields, entry, merge_probe),
            _ => lay(&mut fields, entry),
        }
    }
    Node {
        span,
        kind: Kind::Map(fields),
    }
}

/// Whether `attest` is there beside a question.
fn is_stand_in(fields: &[Entry]) -> bool {
    let has = |key: &str| fields.iter().any(|entry| entry.key.text == key);
    has("attest") && (has("use") || has("probe") || has("probes"))
}

/// Fields are joined if the kind stays the same.
fn merge_probe(base: Node, over: Node) -> Node {
    let kind = |node: &Node| node.entries().first().map(|entry| entry.key.text.clone());
    if kind(&base) == kind(&over) {
        deep(base, over)
    } else {
        over
    }
}

/// What a section or check is known by.
fn identity(node: &Node) -> Option<&str> {
    node.get("id").or_else(|| node.get("use"))?.as_text()
}

/// Checks at the top of the upper file: changes to those that exist anywhere, and new ones.
fn change_checks(fields: &mut Vec<Entry>, over: Entry, problems: &mut Vec<Diagnostic>) {
    let Kind::Seq(checks) = over.value.kind else {
        lay(fields, over);
        return;
    };
    let mut changes: HashMap<String, Node> = HashMap::new();
    let mut rest = Vec::new();
    let mut known = Vec::new();
    for entry in fields.iter() {
        ids(entry, &mut known);
    }
    let set: std::collections::HashSet<&str> = known.iter().map(String::as_str).collect();
    for check in checks {
        match identity(&check) {
            Some(id) if set.contains(id) && !changes.contains_key(id) => {
                changes.insert(id.to_owned(), check);
            }
            Some(id) if !decides(&check) => {
                let place = check.get("id").map_or(&check.span, |id| &id.span);
                problems.push(
                    Diagnostic::error(
                        "extends.unknown-check",
                        format!("no check `{id}` in what this profile extends"),
                    )
                    .at(place)
                    .label("nothing to change here")
                    .suggest(
                        id,
                        known.iter().map(String::as_str),
                        "checks there",
                    ),
                );
            }
            _ => rest.push(check),
        }
    }
    for entry in fields.iter_mut() {
        apply(entry, &mut changes);
    }
    let Some(entry) = fields.iter_mut().find(|entry| entry.key.text == "checks") else {
        fields.push(Entry {
            key: over.key,
            value: Node {
                span: over.value.span,
                kind: Kind::Seq(rest),
            },
        });
        return;
    };
    if let Kind::Seq(items) = &mut entry.value.kind {
        items.extend(rest);
    }
}

fn decides(check: &Node) -> bool {
    WAYS.iter()
        .flat_map(|way| way.iter())
        .any(|key| *key != "with" && check.get(key).is_some())
}

/// The ids of all checks below a `sections` or `checks` entry.
fn ids(entry: &Entry, found: &mut Vec<String>) {
    match entry.key.text.as_str() {
        "checks" => found.extend(
            entry
                .value
                .items()
                .iter()
                .filter_map(identity)
                .map(str::to_owned),
        ),
        "sections" => {
            for section in entry.value.items() {
                for entry in section.entries() {
                    ids(entry, found);
                }
            }
        }
        _ => {}
    }
}

/// Lays each change over the check it names.
fn apply(entry: &mut Entry, changes: &mut HashMap<String, Node>) {
    let Kind::Seq(items) = &mut entry.value.kind else {
        return;
    };
    match entry.key.text.as_str() {
        "checks" => {
            for check in items {
                if let Some(change) = identity(check).and_then(|id| changes.remove(id)) {
                    *check = merge_check(check.clone(), change);
                }
            }
        }
        "sections" => {
            for section in items {
                if let Kind::Map(entries) = &mut section.kind {
                    for entry in entries {
                        apply(entry, changes);
                    }
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::merge;
    use crate::diagnostic::Sources;
    use crate::profile::yaml::parse;

    fn merged(base: &str, over: &str) -> (Value, Vec<String>) {
        let mut problems = Vec::new();
        let mut sources = Sources::default();
        let base = parse("base", base.as_bytes(), &mut sources, &mut problems).unwrap();
        let over = parse("over", over.as_bytes(), &mut sources, &mut problems).unwrap();
        let node = merge(base, over, &mut problems);
        let told = problems.into_iter().map(|problem| problem.message);
        (node.value(), told.collect())
    }

    const BASE: &str = "
id: base
title: Base
vars: {domain: {required: true, about: d}, n: {default: 1}}
sections:
  - id: a
    title: A
    checks:
      - {id: one, use: x/y, with: {h: 1, p: 2}}
      - {id: two, probe: {tcp: {host: a, port: 1}}, expect: [tcp.open]}
";

    #[test]
    fn checks_change_by_id_wherever_they_are() {
        let (value, told) = merged(
            BASE,
            "
id: over
vars: {domain: {default: z}}
sections:
  - id: a
    minimum: 80
    checks: [{id: one, with: {p: 3}}, {id: three, attest: {ask: q}}]
  - {id: b, title: B}
checks:
  - {id: two, probe: {tcp: {port: 2}}, drop: why}
  - {id: four, attest: {ask: q}}
",
        );
        assert_eq!(told, [""; 0]);
        assert_eq!(
            value,
            json!({
                "title": "Base",
                "vars": {"domain": {"about": "d", "default": "z"}, "n": {"default": 1}},
                "sections": [
                    {"id": "a", "title": "A", "minimum": 80, "checks": [
                        {"id": "one", "use": "x/y", "with": {"h": 1, "p": 3}},
                        {"id": "two", "probe": {"tcp": {"host": "a", "port": 2}}, "expect": ["tcp.open"], "drop": "why"},
                        {"id": "three", "attest": {"ask": "q"}},
                    ]},
                    {"id": "b", "title": "B"},
                ],
                "id": "over",
                "checks": [{"id": "four", "attest": {"ask": "q"}}],
            })
        );
    }

    #[test]
    fn another_way_of_deciding_replaces_the_first() {
        let (value, _) = merged(
            BASE,
            "checks: [{id: one, attest: {ask: q}}, {id: two, probe: {http: {url: u}}, expect: e}]",
        );
        let checks = &value["sections"][0]["checks"];
        assert_eq!(checks[0], json!({"id": "one", "attest": {"ask": "q"}}));
        assert_eq!(
            checks[1],
            json!({"id": "two", "probe": {"http": {"url": "u"}}, "expect": "e"})
        );
    }

    #[test]
    fn a_statement_that_stands_in_survives_a_change_of_the_question() {
        let base = "checks: [{id: one, use: a, with: {p: 1}, attest: {ask: q}}]";
        let of = |over: &str| merged(base, over).0["checks"][0].clone();
        assert_eq!(
            of("checks: [{id: one, with: {p: 2}}]"),
            json!({"id": "one", "use": "a", "with": {"p": 2}, "attest": {"ask": "q"}})
        );
        assert_eq!(
            of("checks: [{id: one, attest: {ask: r}}]"),
            json!({"id": "one", "attest": {"ask": "r"}}),
            "alone it is another way"
        );
    }

    #[test]
    fn a_change_to_nothing_is_told() {
        let (_, told) = merged(BASE, "checks: [{id: on, drop: no need}]");
        assert_eq!(told, ["no check `on` in what this profile extends"]);
    }
}
