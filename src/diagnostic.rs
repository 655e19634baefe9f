//! What is wrong with a file a person wrote: message, code, place, and what to do about it.
//!
//! Problems are collected, never stopped at the first; rendering is apart from finding.

use std::ops::Range;

/// A file's text under the name that people know it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Path as given, or `built-in profile web`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// All files that were read, so that a span can name one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Adds a file and returns the number that spans name it by.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> usize {
        self.0.push(Source {
            name: name.into(),
            text: text.into(),
        });
        self.0.len() - 1
    }

    /// The file with this number.
    pub fn get(&self, number: usize) -> Option<&Source> {
        self.0.get(number)
    }
}

/// A range of bytes in one of the [`Sources`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// Number of the file.
    pub source: usize,
    /// Bytes.
    pub range: Range<usize>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; the run goes on.
    Warning,
    /// The file cannot be used.
    Error,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable code, such as `profile.unknown-key`.
    pub code: &'static str,
    /// What is wrong, in one line.
    pub message: String,
    /// Where, if the problem has a place.
    pub span: Option<Span>,
    /// A few words under the marked text.
    pub label: Option<String>,
    /// Another place that belongs to it, such as the first of two equal keys, with its words.
    pub related: Option<(Span, String)>,
    /// What to do next.
    pub help: Option<String>,
    /// Text to put in the place of `span`, shown as the suggestion.
    pub replacement: Option<String>,
}
