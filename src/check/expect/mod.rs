//! Expectations: CEL over facts, compiled with guards, checked against facts schemas before
//! anything is contacted, and explained by the values of their own sub-expressions.
//!
//! This is the only module that names the `cel` crate.

mod check;
mod evaluate;
mod explain;
mod functions;
mod gaps;
mod lex;
mod lower;
mod measured;
mod parse;
mod print;
mod syntax;
mod tree;
mod value;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use cel::IdedExpr;
use serde_json::Value;

use crate::probe::ProbeError;

pub use functions::{Function, Group, functions};
pub use value::{Data, Scope};

/// What the names in an expression stand for while it is compiled: each root (`http`, `apex`,
/// `vars`, `with`) with the JSON Schema of its value. `now` is always known.
#[derive(Clone, Debug, Default)]
pub struct Names(pub BTreeMap<String, Root>);

/// What one root name stands for.
#[derive(Clone, Debug)]
pub enum Root {
    /// A probe's facts, with their JSON Schema. An expectation must depend on at least one.
    Facts(Arc<Value>),
    /// Known before the run (`vars`, `with`): the value itself.
    Constant(Arc<Value>),
}

/// What kind of value an expression must give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// True or false, depending on facts and able to be false: an expectation.
    Truth,
    /// True or false, of constants alone: `when:`.
    Condition,
    /// A number, depending on facts: `measure:`.
    Number,
    /// A number or a text, depending on facts: `measure:` with `words:`.
    Reading,
}

/// What is measured.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// A finite number.
    Number(f64),
    /// A word.
    Word(String),
}

/// A compiled expression. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Expression {
    source: Arc<str>,
    lowered: Arc<IdedExpr>,
}

/// Every code of a [`Problem`], and what it means.
pub const CODES: [(&str, &str); 9] = [
    ("expression.syntax", "The text is not an expression."),
    (
        "expression.too-complex",
        "It is longer, deeper or has more loops in loops than can be evaluated safely.",
    ),
    (
        "expression.unknown-name",
        "A name that stands for nothing here.",
    ),
    (
        "expression.unknown-fact",
        "A field that the value never has, by the schema of the facts.",
    ),
    (
        "expression.unknown-function",
        "There is no such function, or it is not called like this.",
    ),
    (
        "expression.type",
        "Values that never fit together, such as a number compared with a string.",
    ),
    (
        "expression.not-boolean",
        "An expectation or condition that is not true or false.",
    ),
    (
        "expression.no-fact",
        "An expectation or measure that does not depend on any fact.",
    ),
    (
        "expression.always-true",
        "An expectation, or a part of it, that no facts can contradict.",
    ),
];

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Stable code, one of [`CODES`].
    pub code: &'static str,
    /// Bytes of the expression's text.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Text to put in the place of `range`.
    pub replacement: Option<String>,
}

/// What became of an expectation.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It holds.
    True,
    /// It does not; the values that make it so, each as `tls.days_left = 9`.
    False(Vec<String>),
    /// It asks for something that the answer does not have: the path and the words.
    Missing {
        /// Such as `http.headers.location`.
        path: String,
        /// The values around it.
        values: Vec<String>,
    },
    /// A value has the wrong type, or a function cannot do with it.
    Type {
        /// What does not fit.
        message: String,
        /// The values around it.
        values: Vec<String>,
    },
    /// It needs a fact that could not be found out, for this reason.
    Gap(ProbeError),
}

impl Expression {
    /// Compiles an expression and checks it against what its names stand for.
    ///
    /// Returns every problem that could be found, in the order of the text. An expression
    /// that compiles is safe to evaluate: of bounded depth and, whatever the facts, of bounded
    /// work.
    pub fn compile(source: &str, names: &Names, want: Want) -> Result<Self, Vec<Problem>> {
        let mut parsed = parse::parse(source)?;
        let problems = check::problems(source, &parsed, names, want);
        if !problems.is_empty() {
            return Err(problems);
        }
        lower::lower(&mut parsed.root);
        Ok(Self {
            source: source.into(),
            lowered: Arc::new(parsed.root),
        })
    }

    /// The text as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it holds. Never true or false by luck: whatever cannot be decided from the
    /// values is one of the other outcomes.
    pub fn judge(&self, scope: &Scope) -> Outcome {
        evaluate::judge(&self.lowered, scope)
    }

    /// The number or text it gives; `Err` says why there is none and is never
    /// [`Outcome::True`] or [`Outcome::False`].
    pub fn reading(&self, scope: &Scope) -> Result<Reading, Outcome> {
        evaluate::reading(&self.lowered, scope)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}
