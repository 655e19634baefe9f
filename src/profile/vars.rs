//! `${name}` in values: looked up after parsing, never in keys and never in expressions.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_json::Value;
use url::Url;

use super::place::locate;
use super::tree::{Entry, Kind, Node};
use crate::diagnostic::{Diagnostic, Sources, Span};

/// A text may grow to this many bytes.
const LONGEST_TEXT: usize = 64 * 1024;
/// Values that all references of a profile together may put in.
const MOST_VALUES: usize = 250_000;
/// Bytes of text that all references of a profile together may put in.
const MOST_TEXT: usize = 16 * 1024 * 1024;

/// How much references may still put in, so that no profile grows without end.
#[derive(Debug)]
pub(crate) struct Budget {
    values: Cell<usize>,
    bytes: Cell<usize>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            values: Cell::new(MOST_VALUES),
            bytes: Cell::new(MOST_TEXT),
        }
    }
}

impl Budget {
    /// Whether that much more may be put in.
    fn take(&self, value: &Value) -> bool {
        let (values, bytes) = size(value);
        let left = (
            self.values.get().checked_sub(values),
            self.bytes.get().checked_sub(bytes),
        );
        let (Some(values), Some(bytes)) = left else {
            return false;
        };
        self.values.set(values);
        self.bytes.set(bytes);
        true
    }
}

/// How many values there are in `value`, and bytes of text.
pub(crate) fn size(value: &Value) -> (usize, usize) {
    let add = |(values, bytes): (usize, usize), item: &Value| {
        let (more, longer) = size(item);
        (values + more, bytes + longer)
    };
    match value {
        Value::String(text) => (1, text.len()),
        Value::Array(items) => items.iter().fold((1, 0), add),
        Value::Object(fields) => fields.values().fold((1, 0), add),
        Value::Null | Value::Bool(_) | Value::Number(_) => (1, 0),
    }
}

/// What `${name}` stands for somewhere.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// Values by name.
    pub(crate) values: &'a BTreeMap<String, Value>,
    /// What `${item}` stands for, within a `for_each`.
    pub(crate) item: Option<&'a Value>,
    /// What the names are called in messages: `variable` or `parameter`.
    pub(crate) called: &'a str,
    /// Names of the secrets that `${secrets.NAME}` may stand for; `None` where none may.
    pub(crate) secrets: Option<&'a BTreeSet<String>>,
    /// The files, to find places inside texts.
    pub(crate) sources: &'a Sources,
    /// How much may still be put in.
    pub(crate) budget: &'a Budget,
}

impl Scope<'_> {
    /// `node` with every reference replaced. A text that is one reference takes the value's
    /// type; `$${` stands for `${`.
    pub(crate) fn expand(&self, node: &Node, problems: &mut Vec<Diagnostic>) -> Node {
        let kind = match &node.kind {
            Kind::Scalar(scalar) if scalar.text.contains("${") => {
                return self.expand_text(node, &scalar.text, problems);
            }
            Kind::Scalar(scalar) => Kind::Scalar(scalar.clone()),
            Kind::Seq(items) => Kind::Seq(
                items
                    .iter()
                    .map(|item| self.expand(item, problems))
                    .collect(),
            ),
            Kind::Map(entries) => Kind::Map(
                entries
                    .iter()
                    .map(|entry| Entry {
                        key: entry.key.clone(),
                        value: self.expand(&entry.value, problems),
                    })
                    .collect(),
            ),
        };
        Node {
            span: node.span.clone(),
            kind,
        }
    }

    fn expand_text(&self, node: &Node, text: &str, problems: &mut Vec<Diagnostic>) -> Node {
        let mut filled = String::with_capacity(text.len());
        for piece in pieces(text) {
            let result = match &piece {
                Piece::Text(words) => {
                    filled.push_str(words);
                    Ok(())
                }
                Piece::Open(range) => Err(Diagnostic::error("vars.open", "`${` without its `}`")
                    .at(&locate(self.sources, &node.span, text, range))
                    .help("close it with `}`; write `$${` for the characters `${`")),
                Piece::Reference(name, range) => {
                    let place = locate(self.sources, &node.span, text, range);
                    match self.lookup(name, &place) {
                        Ok(Found::Secret) => {
                            filled.push_str(&text[range.clone()]);
                            Ok(())
                        }
                        Ok(Found::Value(value)) if range.len() == text.len() => {
                            return Node::from_value(&value, &node.span);
                        }
                        Ok(Found::Value(value)) => in_words(&value)
                            .map(|words| filled.push_str(&words))
                            .ok_or_else(|| {
                                let message = format!(
                                    "`{name}` is a list or a map and cannot stand inside a text"
                                );
                                Diagnostic::error("vars.type", message).at(&place)
                            }),
                        Err(problem) => Err(*problem),
                    }
                }
            };
            if let Err(problem) = result {
                problems.push(problem);
            }
            if filled.len() > LONGEST_TEXT {
                problems.push(
                    Diagnostic::error("vars.size", "this text grows beyond 64 KiB").at(&node.span),
                );
                break;
            }
        }
        Node::text(filled, node.span.clone())
    }

    fn lookup(&self, reference: &str, place: &Span) -> Result<Found, Box<Diagnostic>> {
        if let Some(secret) = reference.strip_prefix("secrets.") {
            return self.secret(secret, place);
        }
        let (name, field) = match reference.split_once('.') {
            Some((name, field)) => (name, Some(field)),
            None => (reference, None),
        };
        let item = self.item.filter(|_| name == "item");
        let Some(value) = item.or_else(|| self.values.get(name)) else {
            let called = self.called;
            let message = if name.is_empty() {
                format!("`${{}}` names no {called}")
            } else {
                format!("unknown {called} `{name}`")
            };
            let problem = Diagnostic::error("vars.unknown", message).at(place);
            let known = self.values.keys().map(String::as_str);
            let problem = match crate::diagnostic::closest(name, known.clone()) {
                Some(meant) => {
                    let field = field.map(|field| format!(".{field}")).unwrap_or_default();
                    problem
                        .help(format!("did you mean `{meant}`?"))
                        .replace(format!("${{{meant}{field}}}"))
                }
                None if name == "item" => {
                    problem.help("there is an item only in a check with `for_each`")
                }
                None if self.values.is_empty() => {
                    problem.help(format!("declare it; there are no {called}s yet"))
                }
                None => problem.suggest(name, known, &format!("known {called}s")),
            };
            return Err(Box::new(problem));
        };
        let Some(field) = field else {
            return self.found(value, place);
        };
        if let Some(value) = part(value, field) {
            return self.found(&value, place);
        }
        Err({
            let message = format!("`{name}` has no part `{field}`");
            let problem = Diagnostic::error("vars.part", message).at(place);
            Box::new(match value {
                Value::Object(fields) => {
                    let known = || fields.keys().map(String::as_str);
                    match crate::diagnostic::closest(field, known()) {
                        Some(meant) => problem
                            .help(format!("did you mean `{meant}`?"))
                            .replace(format!("${{{name}.{meant}}}")),
                        None => problem.suggest(field, known(), "its parts"),
                    }
                }
                _ => problem
                    .help("an address has the parts host, port, origin, scheme, path and domain"),
            })
        })
    }

    fn found(&self, value: &Value, place: &Span) -> Result<Found, Box<Diagnostic>> {
        if self.budget.take(value) {
            return Ok(Found::Value(value.clone()));
        }
        let message = "variables make this profile grow too large";
        Err(Box::new(
            Diagnostic::error("vars.size", message)
                .at(place)
                .help("at most 250,000 values and 16 MiB of text are put in for variables"),
        ))
    }

    fn secret(&self, name: &str, place: &Span) -> Result<Found, Box<Diagnostic>> {
        let Some(secrets) = self.secrets else {
            let message = "a secret may stand only in a probe or in `with`";
            return Err(Box::new(
                Diagnostic::error("secrets.place", message)
                    .at(place)
                    .help("write it where it is sent, such as a header of an `http` probe"),
            ));
        };
        if secrets.contains(name) {
            return Ok(Found::Secret);
        }
        let problem = Diagnostic::error(
            "secrets.unknown",
            format!("secret `{name}` is not declared"),
        )
        .at(place);
        let known = secrets.iter().map(String::as_str);
        Err(Box::new(match crate::diagnostic::closest(name, known) {
            Some(meant) => problem
                .help(format!("did you mean `{meant}`?"))
                .replace(format!("${{secrets.{meant}}}")),
            None => problem.help(format!("add `{name}: {{}}` under `secrets:`")),
        }))
    }
}

enum Found {
    Value(Value),
    /// Stays as it is until the probe is sent.
    Secret,
}

/// A part of a text.
#[derive(Debug, PartialEq)]
enum Piece<'a> {
    Text(&'a str),
    /// The name in `${name}`, and where the whole stands.
    Reference(&'a str, Range<usize>),
    /// `${` that is never closed.
    Open(Range<usize>),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(dollar) = text[at..].find("${").map(|found| at + found) {
        if text[at..dollar].ends_with('$') {
            // `$${`: the second dollar goes.
            pieces.push(Piece::Text(&text[at..dollar]));
            pieces.push(Piece::Text("{"));
            at = dollar + 2;
            continue;
        }
        pieces.push(Piece::Text(&text[at..dollar]));
        let Some(length) = text[dollar..]
            .find(['}', '\n'])
            .filter(|end| text[dollar + end..].starts_with('}'))
        else {
            pieces.push(Piece::Open(dollar..dollar + 2));
            at = dollar + 2;
            continue;
        };
        let end = dollar + length + 1;
        pieces.push(Piece::Reference(
            text[dollar + 2..end - 1].trim(),
            dollar..end,
        ));
        at = end;
    }
    pieces.push(Piece::Text(&text[at..]));
    pieces
}

/// The names that `node` refers to, without their parts.
pub(crate) fn references(node: &Node) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect(node, &mut names);
    names
}

fn collect(node: &Node, names: &mut BTreeSet<String>) {
    match &node.kind {
        Kind::Scalar(scalar) => {
            for piece in pieces(&scalar.text) {
                if let Piece::Reference(name, _) = piece {
                    let name = name.split('.').next().unwrap_or_default();
                    names.insert(name.to_owned());
                }
            }
        }
        Kind::Seq(items) => items.iter().for_each(|item| collect(item, names)),
        Kind::Map(entries) => entries
            .iter()
            .for_each(|entry| collect(&entry.value, names)),
    }
}

/// A scalar as it reads inside a text.
pub(crate) fn in_words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// A field of a map, or a part of an address.
fn part(value: &Value, field: &str) -> Option<Value> {
    match value {
        Value::Object(fields) => {
            let mut value = fields.get(field.split('.').next()?)?;
            for deeper in field.split('.').skip(1) {
                value = value.get(deeper)?;
            }
            Some(value.clone())
        }
        Value::String(text) => match Url::parse(text) {
            Ok(url) if url.has_host() => url_part(&url, field),
            _ => host_part(text, field),
        },
        _ => None,
    }
}

fn url_part(url: &Url, name: &str) -> Option<Value> {
    let host = url.host_str()?;
    Some(match name {
        "host" => host.trim_matches(['[', ']']).into(),
        "port" => url.port_or_known_default()?.into(),
        "scheme" => url.scheme().into(),
        "path" => url.path().into(),
        "origin" => {
            let port = url
                .port()
                .map(|port| format!(":{port}"))
                .unwrap_or_default();
            format!("{}://{host}{port}", url.scheme()).into()
        }
        "domain" => registrable(host).into(),
        _ => return None,
    })
}

fn host_part(host: &str, part: &str) -> Option<Value> {
    match part {
        "host" => Some(host.into()),
        "domain" => Some(registrable(host).into()),
        _ => None,
    }
}

/// The domain that somebody registered; the host itself if it has none (`localhost`, `10.0.0.1`).
fn registrable(host: &str) -> &str {
    if host.parse::<std::net::IpAddr>().is_ok() || host.starts_with('[') {
        return host;
    }
    psl::domain_str(host).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::{Value, json};

    use super::{Budget, Scope};
    use crate::diagnostic::{Diagnostic, Sources, Span};
    use crate::profile::tree::Node;

    fn expand(text: &str) -> Result<Value, Vec<Diagnostic>> {
        let values = BTreeMap::from(
            [
                ("domain", json!("zebu.example")),
                ("url", json!("https://api.zebu.co.uk:8443/v1")),
                ("plain", json!("http://zebu.example")),
                ("port", json!(443)),
                ("list", json!(["a", "b"])),
                ("item", json!({"name": "x", "deep": {"er": 1}})),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let secrets = BTreeSet::from(["TOKEN".to_owned()]);
        let scope = Scope {
            values: &values,
            called: "variable",
            secrets: Some(&secrets),
            item: None,
            sources: &Sources::default(),
            budget: &Budget::default(),
        };
        let mut problems = Vec::new();
        let node = scope.expand(&Node::text(text, Span::default()), &mut problems);
        if problems.is_empty() {
            Ok(node.value())
        } else {
            Err(problems)
        }
    }

    #[test]
    fn references_are_replaced_and_keep_their_type_when_alone() {
        for (text, value) in [
            ("https://${domain}/", json!("https://zebu.example/")),
            ("${port}", json!(443)),
            (":${port}", json!(":443")),
            ("${list}", json!(["a", "b"])),
            ("$${domain}", json!("${domain}")),
            ("$$${domain}", json!("$${domain}")),
            ("${secrets.TOKEN}", json!("${secrets.TOKEN}")),
            ("${url.host}", json!("api.zebu.co.uk")),
            ("${url.port}", json!(8443)),
            ("${plain.port}", json!(80)),
            ("${url.origin}", json!("https://api.zebu.co.uk:8443")),
            ("${url.scheme}", json!("https")),
            ("${url.domain}", json!("zebu.co.uk")),
            ("${domain.domain}", json!("zebu.example")),
            ("${item.name}", json!("x")),
            ("${item.deep.er}", json!(1)),
            ("cost: $5", json!("cost: $5")),
        ] {
            assert_eq!(expand(text).unwrap(), value, "{text}");
        }
    }

    #[test]
    fn what_has_no_value_is_told() {
        for (text, code) in [
            ("${domian}", "vars.unknown"),
            ("a ${list}", "vars.type"),
            ("${url.hots}", "vars.part"),
            ("${secrets.OTHER}", "secrets.unknown"),
            ("${open", "vars.open"),
            ("${}", "vars.unknown"),
        ] {
            let problems = expand(text).unwrap_err();
            assert_eq!(problems[0].code, code, "{text}");
        }
    }
}
