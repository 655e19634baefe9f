//! Merges services as Compose does: maps by key, lists one after the other, some things whole.

use super::node::{Map, Node};

/// What is written as a list or as a map of `NAME: value`.
const PAIRS: &[&str] = &["environment", "env_file"];

/// All services of a file over those of the files before it; `Err` names what cannot be merged.
pub(super) fn merge_services(mut base: Map, over: Map) -> Result<Map, String> {
    for (name, service) in over {
        let merged = match base.remove(&name) {
            Some(before) => merge(before, service, &mut vec![name.clone()])?,
            None => service,
        };
        base.insert(name, merged);
    }
    Ok(base)
}

/// A service over the one that it extends.
pub(super) fn merge_service(base: Node, over: Node, name: &str) -> Result<Node, String> {
    merge(base, over, &mut vec![name.to_owned()])
}

/// `path` starts with the service's name.
fn merge(base: Node, over: Node, path: &mut Vec<String>) -> Result<Node, String> {
    let (base, over) = match (base, over) {
        (_, over @ (Node::Reset | Node::Override(_))) => return Ok(over),
        (Node::Override(base), over) => {
            return Ok(Node::Override(Box::new(merge(*base, over, path)?)));
        }
        (Node::Reset, over) => return Ok(Node::Override(Box::new(over))),
        (base, over) => (base, over),
    };
    let below: Vec<&str> = path.iter().skip(1).map(String::as_str).collect();
    match below.as_slice() {
        ["healthcheck", "test"] => return Ok(over),
        [key] if PAIRS.contains(key) => {
            let mut both = pairs(base);
            both.extend(pairs(over));
            return Ok(Node::List(both));
        }
        ["depends_on"] => return maps(dependencies(base), dependencies(over), path),
        ["logging"] if differs(&base, &over) => return Ok(over),
        _ => {}
    }
    match (base, over) {
        (base, Node::Nothing) => Ok(base),
        (Node::List(mut base), Node::List(over)) => {
            base.extend(over);
            Ok(Node::List(base))
        }
        (base @ Node::Map(_), over @ Node::Map(_)) => maps(base, over, path),
        (Node::Nothing | Node::Scalar(_), over) => Ok(over),
        _ => Err(path.join(".")),
    }
}

fn maps(base: Node, over: Node, path: &mut Vec<String>) -> Result<Node, String> {
    let (mut base, over) = match (base, over) {
        (Node::Map(base), Node::Map(over)) => (base, over),
        (base, Node::Nothing) => return Ok(base),
        (Node::Nothing, over) => return Ok(over),
        _ => return Err(path.join(".")),
    };
    for (key, value) in over {
        let merged = match base.remove(&key) {
            Some(before) => {
                path.push(key.clone());
                let merged = merge(before, value, path);
                path.pop();
                merged?
            }
            None => value,
        };
        base.insert(key, merged);
    }
    Ok(Node::Map(base))
}

/// Whether two drivers are named and they are not the same.
fn differs(base: &Node, over: &Node) -> bool {
    let driver = |node: &Node| match node {
        Node::Map(map) => map.get("driver").cloned(),
        _ => None,
    };
    matches!((driver(base), driver(over)), (Some(base), Some(over)) if base != over)
}

/// `{NAME: value}` as `[NAME=value]`; a name alone stands alone.
pub(super) fn pairs(node: Node) -> Vec<Node> {
    match node {
        Node::Map(map) => map
            .into_iter()
            .map(|(key, value)| pair(key, value))
            .collect(),
        Node::List(items) => items,
        Node::Nothing => Vec::new(),
        other => vec![other],
    }
}

fn pair(key: String, value: Node) -> Node {
    match value {
        Node::Scalar(mut value) => {
            value.text.insert_str(0, &format!("{key}="));
            value.written.insert_str(0, &format!("{key}="));
            Node::Scalar(value)
        }
        Node::Nothing => Node::text(key),
        // No variable can be that; whoever reads the list refuses it.
        other => other,
    }
}

/// `[a, b]` as `{a: {condition: service_started}, …}`.
pub(super) fn dependencies(node: Node) -> Node {
    match node {
        Node::List(items) => {
            let condition = ("condition".to_owned(), Node::text("service_started"));
            let on = Node::Map(Map::from([condition]));
            let names = items.into_iter().map(|item| match item {
                Node::Scalar(name) => (name.text, on.clone()),
                // Refused where it is read.
                other => (String::new(), other),
            });
            Node::Map(names.collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::merge_service;
    use crate::probe::compose::node::Node;

    fn merged(base: &str, over: &str) -> Result<Node, String> {
        let parse = |text| Node::parse(text).unwrap();
        merge_service(parse(base), parse(over), "web").map(Node::settled)
    }

    #[test]
    fn services_are_merged_as_compose_does() {
        for (base, over, result) in [
            ("{image: a, user: b}", "{image: c}", "{image: c, user: b}"),
            ("{ports: [1]}", "{ports: [2]}", "{ports: [1, 2]}"),
            ("{ports: [1]}", "{ports: !override [2]}", "{ports: [2]}"),
            ("{ports: [1], user: a}", "{ports: !reset []}", "{user: a}"),
            ("{ports: !reset []}", "{ports: [3]}", "{ports: [3]}"),
            (
                "{environment: {A: 1}}",
                "{environment: [A=2, B]}",
                "{environment: [A=1, A=2, B]}",
            ),
            (
                "{environment: {A: 1}}",
                "{environment: {B: }}",
                "{environment: [A=1, B]}",
            ),
            ("{env_file: a}", "{env_file: [b]}", "{env_file: [a, b]}"),
            (
                "{healthcheck: {test: [CMD, a], retries: 1}}",
                "{healthcheck: {test: b}}",
                "{healthcheck: {test: b, retries: 1}}",
            ),
            (
                "{depends_on: [a, b]}",
                "{depends_on: {a: {condition: service_healthy}}}",
                "{depends_on: {a: {condition: service_healthy}, b: {condition: service_started}}}",
            ),
            (
                "{logging: {driver: a, options: {x: 1}}}",
                "{logging: {options: {y: 2}}}",
                "{logging: {driver: a, options: {x: 1, y: 2}}}",
            ),
            (
                "{logging: {driver: a, options: {x: 1}}}",
                "{logging: {driver: b}}",
                "{logging: {driver: b}}",
            ),
            ("{user: a}", "{user: }", "{user: a}"),
        ] {
            let expected = Node::parse(result).unwrap();
            assert_eq!(merged(base, over), Ok(expected), "{base} {over}");
        }
        assert_eq!(
            merged("{ports: [1]}", "{ports: {a: 1}}"),
            Err("web.ports".to_owned())
        );
        assert_eq!(
            merged("{deploy: {a: {b: 1}}}", "{deploy: {a: [1]}}"),
            Err("web.deploy.a".to_owned())
        );
    }
}
