//! The functions that expressions may call: one table, from which the evaluator, the checks
//! before a run and the documentation are made.
#![expect(
    clippy::needless_pass_by_value,
    reason = "the evaluator hands arguments over by value"
)]

mod budget;
mod network;
mod numbers;
mod table;
mod text;
mod time;
mod version;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use cel::common::functions::Function as Run;
use cel::common::types::{DYN_TYPE, INT_TYPE, LIST_TYPE, MAP_TYPE, STRING_TYPE, Type};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError, extensions};

pub(super) use budget::{begin, spent};
pub(super) use text::compiled;
pub(super) use time::timestamp;

/// What a function gives or fails with.
type Given<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

/// What expressions are parsed and evaluated with.
pub(super) fn environment() -> Arc<Env> {
    static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
        #[expect(
            clippy::expect_used,
            reason = "a fixed table, and every test builds it"
        )]
        let environment = build().expect("no function is declared twice");
        Arc::new(environment)
    });
    Arc::clone(&ENVIRONMENT)
}

fn build() -> Result<Env, DeclarationError> {
    let mut environment = Env::stdlib();
    environment.add_extension(extensions::strings)?;
    for (name, takes, run) in internal() {
        environment.add_overload(name, name, takes, run)?;
    }
    for (name, of, takes, run) in on_values() {
        let id = format!("{name}.{}", takes.len());
        environment.add_member_overload(name, &id, of, takes, run)?;
    }
    for (name, takes, run) in own() {
        let id = format!("{name}/{}", takes.len());
        environment.add_overload(name, &id, takes, run)?;
    }
    Ok(environment)
}

/// What lowering writes.
fn internal() -> Vec<(&'static str, Vec<Type>, Run)> {
    vec![
        (super::tree::GAP, vec![DYN_TYPE, DYN_TYPE], gap),
        (super::tree::ITEMS, vec![DYN_TYPE, INT_TYPE], numbers::items),
        (super::measured::READ, vec![DYN_TYPE], budget::read),
        (super::measured::MADE, vec![DYN_TYPE], budget::made),
        ("@add", vec![DYN_TYPE, DYN_TYPE], numbers::add),
        ("@subtract", vec![DYN_TYPE, DYN_TYPE], numbers::subtract),
        ("@multiply", vec![DYN_TYPE, DYN_TYPE], numbers::multiply),
        ("@divide", vec![DYN_TYPE, DYN_TYPE], numbers::divide),
        ("@duration", vec![STRING_TYPE], time::duration),
        ("@matches", vec![STRING_TYPE, STRING_TYPE], text::matches),
    ]
}

/// What lowering writes in the place of functions that are called on a value.
fn on_values() -> Vec<(&'static str, Type, Vec<Type>, Run)> {
    let on_text = |name, takes, run: Run| (name, STRING_TYPE, takes, run);
    vec![
        on_text("@matches", vec![STRING_TYPE], text::matches),
        on_text("@replace", vec![STRING_TYPE, STRING_TYPE], text::replace),
        on_text(
            "@replace",
            vec![STRING_TYPE, STRING_TYPE, INT_TYPE],
            text::replace,
        ),
        on_text("@split", vec![STRING_TYPE], text::split),
        on_text("@split", vec![STRING_TYPE, INT_TYPE], text::split),
        on_text("@indexOf", vec![STRING_TYPE], text::index_of),
        on_text("@indexOf", vec![STRING_TYPE, INT_TYPE], text::index_of),
        on_text("@lastIndexOf", vec![STRING_TYPE], text::last_index_of),
        on_text(
            "@lastIndexOf",
            vec![STRING_TYPE, INT_TYPE],
            text::last_index_of,
        ),
        ("@join", LIST_TYPE, Vec::new(), text::join),
        ("@join", LIST_TYPE, vec![STRING_TYPE], text::join),
    ]
}

/// What the table lists beyond the language's own functions.
fn own() -> Vec<(&'static str, Vec<Type>, Run)> {
    vec![
        ("days", vec![DYN_TYPE], time::days),
        ("hours", vec![DYN_TYPE], time::hours),
        ("version", vec![STRING_TYPE], version::version),
        (
            "cidr_contains",
            vec![STRING_TYPE, STRING_TYPE],
            network::cidr_contains,
        ),
        ("is_private_ip", vec![STRING_TYPE], network::is_private_ip),
        ("url", vec![STRING_TYPE], network::url),
        ("header", vec![MAP_TYPE, STRING_TYPE], network::header),
        ("glob", vec![STRING_TYPE, STRING_TYPE], text::glob),
        ("lower", vec![STRING_TYPE], text::lower),
        ("base64_decode", vec![STRING_TYPE], text::base64_decode),
        ("json", vec![STRING_TYPE], text::json),
        ("percent", vec![DYN_TYPE, DYN_TYPE], numbers::percent),
        ("min", vec![LIST_TYPE], numbers::min),
        ("max", vec![LIST_TYPE], numbers::max),
        ("sum", vec![LIST_TYPE], numbers::sum),
    ]
}

/// A function that expressions may call.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// As it is called.
    pub name: &'static str,
    /// What it is about.
    pub group: Group,
    /// Each way to call it: `string.matches(string pattern) -> bool`.
    pub signatures: &'static [&'static str],
    /// What it does, in a line of Markdown.
    pub about: &'static str,
    /// An expectation that holds.
    pub example: &'static str,
}

/// What a function is about, in the order of the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Going through lists and looking for fields.
    Loops,
    /// Text.
    Text,
    /// Numbers.
    Numbers,
    /// Moments and lengths of time.
    Time,
    /// Parts of a time; explained at `getFullYear`.
    TimePart,
    /// Version numbers.
    Versions,
    /// Addresses, URLs and headers.
    Network,
    /// Sizes, conversions and values that may be absent.
    Values,
}

/// Every function that expressions may call; no other can be.
pub fn functions() -> &'static [Function] {
    table::FUNCTIONS
}

/// One way to call a function.
#[derive(Clone, Debug)]
pub(super) struct Signature {
    /// What it is called on, if it is called on a value.
    pub(super) target: Option<Kind>,
    pub(super) takes: Vec<Kind>,
    pub(super) gives: Kind,
}

/// The ways to call the function of this name; empty if there is none.
pub(super) fn signatures(name: &str) -> &'static [Signature] {
    static SIGNATURES: LazyLock<BTreeMap<&str, Vec<Signature>>> = LazyLock::new(|| {
        let parsed = |function: &Function| {
            let signatures = function
                .signatures
                .iter()
                .filter_map(|text| table::parse(text));
            (function.name, signatures.collect())
        };
        table::FUNCTIONS.iter().map(parsed).collect()
    });
    SIGNATURES.get(name).map_or(&[], Vec::as_slice)
}

/// The kinds of values, as signatures name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Any,
    Null,
    Bool,
    Int,
    /// A fraction, or either.
    Number,
    String,
    Bytes,
    List,
    Map,
    Time,
    Duration,
    Version,
    Optional,
    Type,
    /// What `url` gives.
    Url,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "any" => Self::Any,
            "bool" => Self::Bool,
            "int" => Self::Int,
            "number" => Self::Number,
            "string" => Self::String,
            "bytes" => Self::Bytes,
            "list" => Self::List,
            "map" => Self::Map,
            "time" => Self::Time,
            "duration" => Self::Duration,
            "version" => Self::Version,
            "optional" => Self::Optional,
            "type" => Self::Type,
            "url" => Self::Url,
            _ => return None,
        })
    }
}

/// A value of a type of our own, or a time, in words.
pub(super) fn show(value: &dyn Val) -> String {
    version::show(value)
        .or_else(|| time::show(value))
        .unwrap_or_else(|| value.get_type().name().to_owned())
}

fn gap<'b, 'v>(_: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    Err(failed(super::tree::GAP, "this could not be found out"))
}

/// A failure in a function, in words that people read.
fn failed(name: &str, message: impl ToString) -> ExecutionError {
    ExecutionError::function_error(super::tree::written(name), message)
}

/// The text of an argument that was declared as a string.
fn string<'a>(arguments: &'a [CowVal<'_, '_>], index: usize) -> Result<&'a str, ExecutionError> {
    arguments
        .get(index)
        .and_then(|value| value.downcast_ref::<cel::common::types::CelString>())
        .map(cel::common::types::CelString::inner)
        .ok_or_else(ExecutionError::missing_argument_or_target)
}

#[cfg(test)]
mod tests {
    use super::{functions, signatures, table};
    use crate::check::expect::{Expression, Names, Outcome, Scope, Want};

    #[test]
    fn every_example_holds() {
        for function in functions() {
            let expression =
                Expression::compile(function.example, &Names::default(), Want::Condition)
                    .unwrap_or_else(|problems| panic!("{}: {problems:?}", function.name));
            let scope = Scope::new("2026-11-21T12:00:00Z".parse().unwrap());
            assert_eq!(
                expression.judge(&scope),
                Outcome::True,
                "{}",
                function.example
            );
            assert!(
                function
                    .example
                    .contains(function.name.trim_start_matches("optional.")),
                "{}",
                function.name
            );
        }
    }

    #[test]
    fn every_signature_is_understood_and_listed_once() {
        let mut names = Vec::new();
        for function in functions() {
            assert_eq!(
                signatures(function.name).len(),
                function.signatures.len(),
                "{}",
                function.name
            );
            for text in function.signatures {
                assert!(table::parse(text).is_some(), "{text}");
            }
            assert!(
                !names.contains(&function.name),
                "{} is listed twice",
                function.name
            );
            names.push(function.name);
        }
        for (name, takes, _) in super::own() {
            let listed = signatures(name)
                .iter()
                .any(|signature| signature.takes.len() == takes.len());
            assert!(listed, "{name} is not in the table");
        }
    }

    #[test]
    fn a_function_that_cannot_do_with_a_value_is_neither_true_nor_false() {
        for (source, said) in [
            (
                "!cidr_contains('10.0.0.0/8', 'a.example')",
                "`a.example` is not an IP address",
            ),
            (
                "!cidr_contains('10.0.0.0/99', '10.0.0.1')",
                "`10.0.0.0/99` is not a network",
            ),
            ("!is_private_ip('')", "`` is not an IP address"),
            (
                "version('nginx') < version('1')",
                "`nginx` is not a version number",
            ),
            ("url('a.example').host != 'x'", "`a.example` is not a URL"),
            ("json('{').x != 1", "the text is not JSON"),
            ("base64_decode('!') != 'x'", "the text is not Base64"),
            ("base64_decode('/w==') != 'x'", "it does not stand for text"),
            ("duration('soon') < days(1)", "`soon` is not a duration"),
            ("days(1e300) > days(1)", "the number is too large"),
            ("percent(1, 0) < 3", "the whole is 0"),
            ("max([]) < 3", "the list is empty"),
            ("sum([1, 'a']) < 3", "something else than numbers"),
        ] {
            let expression = Expression::compile(source, &Names::default(), Want::Condition)
                .unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
            let scope = Scope::new("2026-11-21T12:00:00Z".parse().unwrap());
            let outcome = expression.judge(&scope);
            assert!(
                matches!(&outcome, Outcome::Type { message, .. } if message.contains(said)),
                "{source}: {outcome:?}"
            );
        }
    }

    #[test]
    fn a_header_that_is_not_there_is_missing() {
        let source = "header({'server': ['nginx']}, 'X-Name') != ['x']";
        let expression = Expression::compile(source, &Names::default(), Want::Condition).unwrap();
        let scope = Scope::new("2026-11-21T12:00:00Z".parse().unwrap());
        let outcome = expression.judge(&scope);
        assert!(
            matches!(&outcome, Outcome::Missing { path, .. } if path.ends_with("['X-Name']")),
            "{outcome:?}"
        );
    }
}
