//! Typed parameters of catalogue checks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::decode::Named;
use super::raw::RawParam;
use super::tree::{Kind, Node, Scalar};
use super::vars::{Budget, Scope};
use crate::diagnostic::{Diagnostic, Sources, Span};
use crate::units::{Duration, Period};

/// A parameter of a built-in check.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// Type of its value.
    pub kind: ParamType,
    /// Its value unless one is given; `None` if one must be given.
    pub default: Option<Value>,
    example: Option<Value>,
    default_node: Option<Node>,
}

/// Type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ParamType {
    /// Any text.
    String,
    /// An address with a scheme and a host.
    Url,
    /// A name or an IP address.
    Host,
    /// A whole number.
    Int,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// A length of time: `10s`, `14d`.
    Duration,
    /// How often something is due: `weekly`, `monthly`, `quarterly`, `annual`, or `90d`.
    Period,
    /// A list.
    List,
    /// A reference to a secret: `${secrets.NAME}`.
    Secret,
}

impl Param {
    pub(super) fn all(raw: Named<RawParam>, problems: &mut Vec<Diagnostic>) -> Vec<Self> {
        let params = raw.0.into_iter().map(|(name, raw)| {
            if raw.required == raw.default.is_some() {
                let message = format!(
                    "parameter `{}` needs either `required: true` or a `default`",
                    name.value
                );
                problems.push(Diagnostic::error("catalogue.param", message).at(&name.span));
            }
            let default_node = raw.default.map(|default| default.node);
            Self {
                name: name.value,
                about: raw.about,
                kind: raw.kind,
                default: default_node.as_ref().map(Node::value),
                example: raw.example.map(|example| example.node.value()),
                default_node,
            }
        });
        params.collect()
    }

    /// Whether a value must be given.
    pub fn is_required(&self) -> bool {
        self.default.is_none()
    }

    /// A value that documentation and examples may use where one must be given.
    pub(super) fn placeholder(&self) -> Value {
        if let Some(example) = &self.example {
            return example.clone();
        }
        match self.kind {
            ParamType::String => json!(self.name),
            ParamType::Url => json!("https://host.example/"),
            ParamType::Host => json!("host.example"),
            ParamType::Int | ParamType::Number => json!(1),
            ParamType::Bool => json!(true),
            ParamType::Duration | ParamType::Period => json!("1d"),
            ParamType::List => json!([]),
            ParamType::Secret => json!(format!("${{secrets.{}}}", self.name.to_uppercase())),
        }
    }
}

/// The values of all parameters: those given, and defaults for the rest.
///
/// `used` is where the check is used; problems are told there or at the value.
pub(super) fn values(
    params: &[Param],
    given: Option<&Node>,
    used: &Span,
    sources: &Sources,
    problems: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    for entry in given.map(Node::entries).unwrap_or_default() {
        let name = &entry.key.text;
        let Some(param) = params.iter().find(|param| param.name == *name) else {
            let known = params.iter().map(|param| param.name.as_str());
            problems.push(
                Diagnostic::error("use.unknown-param", format!("unknown parameter `{name}`"))
                    .at(&entry.key.span)
                    .suggest(name, known, "parameters"),
            );
            continue;
        };
        match convert(&entry.value, param.kind) {
            Ok(value) => {
                values.insert(name.clone(), value);
            }
            Err(message) => {
                let message = format!("parameter `{name}`: {message}");
                problems.push(
                    Diagnostic::error("use.param-type", message)
                        .at(&entry.value.span)
                        .label(param.about.clone()),
                );
                values.insert(name.clone(), param.placeholder());
            }
        }
    }
    for param in params {
        if values.contains_key(&param.name) {
            continue;
        }
        let Some(default) = &param.default_node else {
            let message = format!("parameter `{}` is required: {}", param.name, param.about);
            problems.push(
                Diagnostic::error("use.missing-param", message)
                    .at(used)
                    .help(format!("add `with: {{{}: …}}`", param.name)),
            );
            values.insert(param.name.clone(), param.placeholder());
            continue;
        };
        let scope = Scope {
            values: &values,
            called: "parameter",
            item: None,
            secrets: None,
            sources,
            budget: &Budget::default(),
        };
        let value = convert(&scope.expand(default, problems), param.kind);
        match value {
            Ok(value) => {
                values.insert(param.name.clone(), value);
            }
            Err(message) => {
                let message = format!("default of parameter `{}`: {message}", param.name);
                problems.push(Diagnostic::error("use.param-type", message).at(&default.span));
                values.insert(param.name.clone(), param.placeholder());
            }
        }
    }
    values
}

/// A value of the wanted type, or what is wrong with it.
fn convert(node: &Node, kind: ParamType) -> Result<Value, String> {
    let found = || node.describe();
    let text = || match &node.kind {
        Kind::Scalar(scalar) if !node.is_null() => Ok(scalar.text.clone()),
        _ => Err(format!("expected text, found {}", found())),
    };
    match kind {
        ParamType::String => text().map(Value::String),
        ParamType::Url => {
            let text = text()?;
            match Url::parse(&text) {
                Ok(url) if url.has_host() => Ok(Value::String(text)),
                Ok(_) => Err(format!("`{text}` has no host; write https://host.example/")),
                Err(error) => Err(format!(
                    "`{text}` is not a URL ({error}); write https://host.example/"
                )),
            }
        }
        ParamType::Host => host(text()?),
        ParamType::Int => match number(node) {
            Some(value) if value.is_i64() || value.is_u64() => Ok(value),
            _ => Err(format!("expected a whole number, found {}", found())),
        },
        ParamType::Number => {
            number(node).ok_or_else(|| format!("expected a number, found {}", found()))
        }
        ParamType::Bool => match node.value() {
            Value::Bool(value) => Ok(Value::Bool(value)),
            Value::String(text) if text == "true" => Ok(Value::Bool(true)),
            Value::String(text) if text == "false" => Ok(Value::Bool(false)),
            _ => Err(format!("expected `true` or `false`, found {}", found())),
        },
        ParamType::Duration => {
            let text = text()?;
            match text.parse::<Duration>() {
                Ok(_) => Ok(Value::String(text)),
                Err(error) => Err(error.to_string()),
            }
        }
        // Expressions know lengths of time alone.
        ParamType::Period => match text()?.parse::<Period>() {
            Ok(period) => Ok(Value::String(period.to_string())),
            Err(error) => Err(error.to_string()),
        },
        ParamType::List => match &node.kind {
            Kind::Seq(_) => Ok(node.value()),
            _ => Err(format!("expected a list, found {}", found())),
        },
        ParamType::Secret => {
            let text = text()?;
            if crate::secret::references(&text).is_empty() {
                // What was written may be the secret itself, so it is not shown.
                return Err("a secret is never written down: use ${secrets.NAME}".to_owned());
            }
            Ok(Value::String(text))
        }
    }
}

fn host(text: String) -> Result<Value, String> {
    if let Some((_, rest)) = text.split_once("://") {
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        return Err(format!("`{text}` is a URL; write the host alone: {host}"));
    }
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<std::net::Ipv6Addr>().is_ok() {
        return Ok(Value::String(bare.to_owned()));
    }
    if text.is_empty()
        || text.contains(|c: char| c.is_whitespace() || c.is_control() || "/:@?#".contains(c))
    {
        return Err(format!(
            "`{text}` is not a host name; write it without port and path"
        ));
    }
    Ok(Value::String(text))
}

/// A number, also when it was written in quotes or came from the command line.
fn number(node: &Node) -> Option<Value> {
    let Kind::Scalar(scalar) = &node.kind else {
        return None;
    };
    let plain = Scalar {
        text: scalar.text.trim().to_owned(),
        plain: true,
    };
    Some(plain.value()).filter(Value::is_number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ParamType, convert};
    use crate::diagnostic::Span;
    use crate::profile::tree::Node;

    #[test]
    fn values_are_of_their_type_or_refused() {
        for (kind, good, bad) in [
            (ParamType::String, json!("x"), json!(["x"])),
            (
                ParamType::Url,
                json!("https://a.example/"),
                json!("a.example"),
            ),
            (
                ParamType::Host,
                json!("a.example"),
                json!("https://a.example/"),
            ),
            (ParamType::Host, json!("::1"), json!("a.example:443")),
            (ParamType::Int, json!(3), json!(3.5)),
            (ParamType::Number, json!(3.5), json!("x")),
            (ParamType::Bool, json!(true), json!("yes")),
            (ParamType::Duration, json!("14d"), json!("14")),
            (ParamType::Period, json!("90d"), json!("yearly")),
            (ParamType::List, json!(["a"]), json!("a")),
            (ParamType::Secret, json!("${secrets.T}"), json!("t0ken")),
        ] {
            let node = |value| Node::from_value(value, &Span::default());
            assert_eq!(convert(&node(&good), kind).as_ref(), Ok(&good));
            assert!(convert(&node(&bad), kind).is_err(), "{bad} as {kind:?}");
        }
        let text = Node::text("quarterly", Span::default());
        assert_eq!(convert(&text, ParamType::Period), Ok(json!("92d")));
        let text = Node::text("443", Span::default());
        assert_eq!(convert(&text, ParamType::Int), Ok(json!(443)));
    }
}
