//! Expressions compiled, with their problems told at their places in the file.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::check::Constants;
use crate::check::expect::{Expression, Names, Root, Want};
use crate::diagnostic::{Diagnostic, Sources, Span};
use crate::probe::facts_schemas;
use crate::profile::decode::Spanned;
use crate::profile::place::locate;

/// The JSON Schema of each kind's facts.
fn schemas() -> &'static BTreeMap<&'static str, Arc<Value>> {
    static SCHEMAS: OnceLock<BTreeMap<&'static str, Arc<Value>>> = OnceLock::new();
    SCHEMAS.get_or_init(|| {
        let schemas = facts_schemas().into_iter();
        schemas
            .map(|(kind, schema)| (kind, schema.to_value().into()))
            .collect()
    })
}

/// What expressions may name: facts of the kinds under their names, and constants.
pub(super) fn names<'a>(
    asked: impl IntoIterator<Item = (&'a str, &'a str)>,
    constants: &Constants,
) -> Names {
    let facts = asked.into_iter().filter_map(|(name, kind)| {
        let schema = schemas().get(kind)?;
        Some((name.to_owned(), Root::Facts(schema.clone())))
    });
    let constants = constants
        .iter()
        .map(|(name, value)| (name.clone(), Root::Constant(value.clone())));
    Names(constants.chain(facts).collect())
}

/// The compiled expression, or its problems among `problems`.
pub(super) fn compile(
    source: &Spanned<String>,
    names: &Names,
    want: Want,
    sources: &Sources,
    problems: &mut Vec<Diagnostic>,
) -> Option<Expression> {
    let text = source.value.trim_end();
    let found = match Expression::compile(text, names, want) {
        Ok(expression) => return Some(expression),
        Err(found) => found,
    };
    for problem in found {
        let place = locate(sources, &source.span, text, &problem.range);
        let exact = sources.slice(&place) == text.get(problem.range.clone()).unwrap_or_default();
        let mut diagnostic = Diagnostic::error(problem.code, problem.message).at(&place);
        diagnostic.help = problem.help;
        if exact {
            diagnostic.replacement = problem.replacement;
        } else {
            diagnostic.label = Some(format!("in the expression `{}`", first_line(text)));
        }
        problems.push(diagnostic);
    }
    None
}

fn first_line(text: &str) -> String {
    crate::text::shorten(text.lines().next().unwrap_or_default(), 80).into_owned()
}

/// Where the whole of an expression is.
pub(super) fn spanned(text: &str, span: &Span) -> Spanned<String> {
    Spanned {
        value: text.to_owned(),
        span: span.clone(),
    }
}
