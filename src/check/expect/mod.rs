//! Expectations: CEL over facts, compiled with guards, checked against facts schemas before
//! anything is contacted, and explained by the values of their own sub-expressions.
//!
//! This is the only module that names the `cel` crate.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

/// What the names in an expression stand for while it is compiled: each root (`http`, `apex`,
/// `vars`, `with`) with the JSON Schema of its value.
#[derive(Clone, Debug, Default)]
pub struct Names(pub BTreeMap<String, Root>);

/// What one root name stands for.
#[derive(Clone, Debug)]
pub enum Root {
    /// A probe's facts, with their JSON Schema. An expectation must depend on at least one.
    Facts(Value),
    /// Known before the run (`vars`, `with`): the value itself.
    Constant(Value),
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
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Expression {
    source: String,
}

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Stable code, such as `expression.unknown-fact`.
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

/// The values that the roots have while an expression is evaluated.
#[derive(Clone, Debug, Default)]
pub struct Scope;

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
    /// A value has the wrong type.
    Type {
        /// What does not fit.
        message: String,
        /// The values around it.
        values: Vec<String>,
    },
}

impl Expression {
    /// The text as written.
    pub fn source(&self) -> &str {
        &self.source
    }
}
