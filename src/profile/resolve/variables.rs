//! Values of the variables: set on the command line, or by default.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Sources};
use crate::profile::decode::{Named, Spanned};
use crate::profile::raw::{RawVar, VarType};
use crate::profile::tree::{Kind, Node, Scalar};
use crate::profile::vars::{Budget, Scope, references, size};

/// Values in all variables together; every check looks at them.
const MOST_VALUES: usize = 10_000;

/// The code of a variable without a value.
pub(super) const UNSET: &str = "vars.unset";

/// The variables that have no value, by themselves or because their default uses such a one.
pub(super) fn unset<'a>(
    vars: &'a Named<RawVar>,
    set: &BTreeMap<String, String>,
) -> BTreeSet<&'a str> {
    let open = || {
        let vars = vars.0.iter();
        vars.filter(|(name, _)| !set.contains_key(&name.value))
    };
    let mut unset = BTreeSet::new();
    loop {
        let more: Vec<&str> = open()
            .filter(|(name, var)| {
                !unset.contains(name.value.as_str())
                    && var.default.as_ref().is_none_or(|default| {
                        let mut used = references(&default.node).into_iter();
                        used.any(|used| unset.contains(used.as_str()))
                    })
            })
            .map(|(name, _)| name.value.as_str())
            .collect();
        if more.is_empty() {
            return unset;
        }
        unset.extend(more);
    }
}

/// Whether the text that a problem marks uses one of these variables.
pub(super) fn speaks_of(problem: &Diagnostic, names: &BTreeSet<&str>, sources: &Sources) -> bool {
    let Some(span) = problem.span.as_ref().filter(|_| !names.is_empty()) else {
        return false;
    };
    let text = sources.slice(span);
    let uses = ["${", "vars."].into_iter().flat_map(|before| {
        text.match_indices(before)
            .filter_map(move |(at, _)| text.get(at + before.len()..))
    });
    uses.into_iter().any(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        names.contains(rest.get(..end.unwrap_or(rest.len())).unwrap_or_default())
    })
}

/// Every variable's value. One that has none gets a placeholder, so that the rest of the
/// profile can be looked at; that it has none is among the problems.
pub(super) fn values(
    vars: &Named<RawVar>,
    set: &BTreeMap<String, String>,
    sources: &Sources,
    budget: &Budget,
    problems: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Value> {
    let known = || vars.0.iter().map(|(name, _)| name.value.as_str());
    for name in set.keys() {
        if !known().any(|known| known == name) {
            let message =
                format!("`--set {name}=…` sets a variable that the profile does not have");
            let problem = Diagnostic::error("vars.unknown", message);
            let problem = match name.as_str() {
                "url" => problem.help("an address on the command line is the variable `url`"),
                _ => problem.help("the profile has no variables"),
            };
            problems.push(
                problem
                    .suggest(name, known(), "its variables")
                    .without_patch(),
            );
        }
    }
    let mut resolver = Variables {
        vars: vars
            .0
            .iter()
            .map(|(name, var)| (name.value.as_str(), (name, var)))
            .collect(),
        set,
        sources,
        budget,
        problems,
        values: BTreeMap::new(),
        open: Vec::new(),
    };
    for name in known() {
        check_name(&mut resolver, name);
        resolver.value(name);
    }
    let Variables { values, .. } = resolver;
    let total: usize = values.values().map(|value| size(value).0).sum();
    if total > MOST_VALUES {
        let message = format!("the variables hold {total} values; at most {MOST_VALUES} can be");
        let problem = Diagnostic::error("vars.size", message);
        problems.push(match vars.0.first() {
            Some((name, _)) => problem.at(&name.span),
            None => problem,
        });
        return BTreeMap::new();
    }
    values
}

fn check_name(resolver: &mut Variables<'_>, name: &str) {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let problem = if !starts || !name.chars().all(plain) {
        Diagnostic::error("vars.name", format!("`{name}` cannot be a variable's name"))
            .help("letters, digits and `_`, so that expressions can say `vars.name`")
    } else if name == "secrets" || name == "item" {
        Diagnostic::error("vars.name", format!("`{name}` has a meaning of its own"))
            .help("take another name")
    } else {
        return;
    };
    let span = resolver.vars.get(name).map(|(name, _)| name.span.clone());
    resolver.problems.extend(span.map(|span| problem.at(&span)));
}

struct Variables<'a> {
    vars: BTreeMap<&'a str, (&'a Spanned<String>, &'a RawVar)>,
    set: &'a BTreeMap<String, String>,
    sources: &'a Sources,
    budget: &'a Budget,
    problems: &'a mut Vec<Diagnostic>,
    values: BTreeMap<String, Value>,
    /// Variables whose values are being found, to notice circles.
    open: Vec<&'a str>,
}

impl<'a> Variables<'a> {
    fn value(&mut self, name: &str) {
        let Some((&name, &(key, var))) = self.vars.get_key_value(name) else {
            return;
        };
        if self.values.contains_key(name) {
            return;
        }
        if let Some(from) = self.open.iter().position(|open| *open == name) {
            let chain: Vec<&str> = self.open[from..].iter().copied().chain([name]).collect();
            let message = format!(
                "variables need each other in a circle: {}",
                chain.join(" → ")
            );
            self.problems
                .push(Diagnostic::error("vars.cycle", message).at(&key.span));
            self.values.insert(name.to_owned(), placeholder(var));
            return;
        }
        let value = match (self.set.get(name), &var.default) {
            (Some(text), _) => self.set_on_command_line(key, var, text),
            (None, Some(default)) => Some(self.default(name, &default.node)),
            (None, None) => {
                self.tell_unset(key, var);
                None
            }
        };
        let value = value.map(|value| self.checked(key, var, value));
        let placeholder = || placeholder(var);
        self.values
            .insert(name.to_owned(), value.unwrap_or_else(placeholder));
    }

    fn default(&mut self, name: &'a str, node: &'a Node) -> Value {
        self.open.push(name);
        for other in references(node) {
            self.value(&other);
        }
        self.open.pop();
        let scope = Scope {
            values: &self.values,
            called: "variable",
            item: None,
            secrets: None,
            sources: self.sources,
            budget: self.budget,
        };
        scope.expand(node, self.problems).value()
    }

    fn set_on_command_line(
        &mut self,
        key: &Spanned<String>,
        var: &RawVar,
        text: &str,
    ) -> Option<Value> {
        let plain = Scalar {
            text: text.to_owned(),
            plain: true,
        };
        let (value, wanted) = match kind(var) {
            VarType::String => return Some(Value::String(text.to_owned())),
            VarType::List => {
                let items = text
                    .split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty());
                return Some(items.map(|item| Value::String(item.to_owned())).collect());
            }
            VarType::Number => (plain.value(), "a number"),
            VarType::Bool => (plain.value(), "`true` or `false`"),
        };
        let fits = match kind(var) {
            VarType::Number => value.is_number(),
            _ => value.is_boolean(),
        };
        if fits {
            return Some(value);
        }
        let message = format!("`--set {}={text}`: expected {wanted}", key.value);
        self.problems
            .push(Diagnostic::error("vars.type", message).at(&key.span));
        None
    }

    fn tell_unset(&mut self, key: &Spanned<String>, var: &RawVar) {
        let name = &key.value;
        if !var.required {
            let message = format!("variable `{name}` has neither a value nor `required: true`");
            let problem = Diagnostic::error(UNSET, message).at(&key.span);
            self.problems
                .push(problem.help("give it a `default`, or say `required: true`"));
            return;
        }
        let about = var.about.as_deref().map(|about| format!(" ({about})"));
        let message = format!(
            "variable `{name}` has no value{}",
            about.unwrap_or_default()
        );
        self.problems.push(
            Diagnostic::error(UNSET, message)
                .at(&key.span)
                .label("needs a value")
                .help(format!(
                    "run with `--set {name}={}`, or give it a `default`",
                    var.example.as_deref().unwrap_or("…")
                )),
        );
    }

    /// The value if it is one of those allowed and holds no secret.
    fn checked(&mut self, key: &Spanned<String>, var: &RawVar, value: Value) -> Value {
        let span = match (&var.default, self.set.get(&key.value)) {
            (Some(default), None) => &default.node.span,
            _ => &key.span,
        };
        if holds_secret(&value) {
            let message = "a variable cannot hold `${secrets.…}`; write it in the probe";
            self.problems
                .push(Diagnostic::error("secrets.place", message).at(span));
            return placeholder(var);
        }
        if let (Some(wanted), Some(default)) = (var.kind, &var.default)
            && !is_a(&value, wanted)
        {
            let message = format!(
                "the default of `{}` is {}",
                key.value,
                default.node.describe()
            );
            let problem = Diagnostic::error("vars.type", message).at(span);
            self.problems
                .push(problem.label(format!("expected a {}", word(wanted))));
        }
        if let Some(allowed) = &var.one_of {
            let items: Vec<Value> = allowed.node.items().iter().map(Node::value).collect();
            if !items.contains(&value) {
                let words: Vec<String> = items.iter().map(show).collect();
                let message = format!(
                    "variable `{}` is {}, which is not one of {}",
                    key.value,
                    show(&value),
                    words.join(", ")
                );
                let problem = Diagnostic::error("vars.one-of", message).at(span);
                let problem = problem.related(&allowed.node.span, "these are allowed");
                self.problems.push(match value.as_str() {
                    Some(text) => match crate::diagnostic::closest(
                        text,
                        items.iter().filter_map(Value::as_str),
                    ) {
                        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                        None => problem,
                    },
                    None => problem,
                });
            }
        }
        value
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

fn word(kind: VarType) -> &'static str {
    match kind {
        VarType::String => "string",
        VarType::Number => "number",
        VarType::Bool => "bool",
        VarType::List => "list",
    }
}

fn is_a(value: &Value, kind: VarType) -> bool {
    match kind {
        VarType::String => value.is_string(),
        VarType::Number => value.is_number(),
        VarType::Bool => value.is_boolean(),
        VarType::List => value.is_array(),
    }
}

/// The type that is declared, or that of the default.
fn kind(var: &RawVar) -> VarType {
    if let Some(kind) = var.kind {
        return kind;
    }
    let sample = var.default.as_ref().map(|default| &default.node);
    let sample = sample.or_else(|| var.one_of.as_ref()?.node.items().first());
    match sample.map(|node| &node.kind) {
        Some(Kind::Seq(_)) => VarType::List,
        Some(Kind::Scalar(scalar)) => match scalar.value() {
            Value::Bool(_) => VarType::Bool,
            Value::Number(_) => VarType::Number,
            _ => VarType::String,
        },
        _ => VarType::String,
    }
}

fn placeholder(var: &RawVar) -> Value {
    let first = var
        .one_of
        .as_ref()
        .and_then(|allowed| allowed.node.items().first());
    match (first, kind(var)) {
        (Some(first), _) => first.value(),
        (None, VarType::String) => Value::from("unset.example"),
        (None, VarType::Number) => Value::from(1),
        (None, VarType::Bool) => Value::from(true),
        (None, VarType::List) => Value::Array(Vec::new()),
    }
}

fn holds_secret(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("${secrets."),
        Value::Array(items) => items.iter().any(holds_secret),
        Value::Object(fields) => fields.values().any(holds_secret),
        _ => false,
    }
}

/// The declared secrets' names.
pub(super) fn secret_names<'a>(names: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    names.map(str::to_owned).collect()
}
