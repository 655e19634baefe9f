//! What does not fit, kept apart from its words until the place is known.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use crate::diagnostic::{Diagnostic, Span};
use crate::probe::{AnyProbe, OPTIONAL};

/// What does not fit.
#[derive(Debug)]
pub(super) struct Misfit {
    what: What,
    /// Where; set by the innermost node that knows.
    pub(super) span: Option<Span>,
    /// What is there instead, in words.
    pub(super) found: Option<Box<str>>,
    /// The node that may be left out so that the rest can be read.
    pub(super) culprit: Option<usize>,
    /// Whether it follows from something that was told already.
    pub(super) told: bool,
}

#[derive(Debug)]
enum What {
    Type(String),
    UnknownKey(String, &'static [&'static str]),
    UnknownWord(String, &'static [&'static str]),
    Missing(&'static str),
    Other(String),
}

impl Misfit {
    fn new(what: What) -> Self {
        Self {
            what,
            span: None,
            found: None,
            culprit: None,
            told: false,
        }
    }

    pub(super) fn expected(words: &str) -> Self {
        Self::new(What::Type(words.to_owned()))
    }

    pub(super) fn missing_key(&self) -> Option<&'static str> {
        match self.what {
            What::Missing(key) => Some(key),
            _ => None,
        }
    }

    /// The same of a word that stands as a key.
    pub(super) fn of_key(mut self) -> Self {
        self.what = match self.what {
            What::UnknownWord(word, known) => What::UnknownKey(word, known),
            other => other,
        };
        self
    }

    pub(super) fn into_diagnostic(self, whole: &Span) -> Diagnostic {
        let span = self.span.unwrap_or_else(|| whole.clone());
        let diagnostic = match self.what {
            What::Type(expected) => {
                let found = self.found.unwrap_or_else(|| "something else".into());
                let expected = plainly(&expected);
                Diagnostic::error(
                    "profile.type",
                    format!("expected {expected}, found {found}"),
                )
                .label(format!("expected {expected}"))
            }
            What::UnknownKey(kind, known)
                if known == AnyProbe::KINDS && OPTIONAL.contains(&&*kind) =>
            {
                let message = format!("`{kind}` is not in this build (feature {kind})");
                Diagnostic::error("probe.not-built", message)
                    .label("this kind was left out when `ready` was built")
                    .help("take a build with all features")
            }
            What::UnknownKey(key, known) => {
                Diagnostic::error("profile.unknown-key", format!("unknown key `{key}`"))
                    .label("not known here")
                    .suggest(&key, known.iter().copied(), "known here")
            }
            What::UnknownWord(word, known) => {
                Diagnostic::error("profile.unknown-word", format!("unknown word `{word}`"))
                    .label("not one of the words known here")
                    .suggest(&word, known.iter().copied(), "one of")
            }
            What::Missing(key) => {
                Diagnostic::error("profile.missing-key", format!("missing `{key}`"))
                    .label(format!("`{key}` must be given here"))
            }
            What::Other(message) => Diagnostic::error("profile.value", message),
        };
        diagnostic.at(&span)
    }
}

/// A type's name as people say it.
fn plainly(expected: &str) -> String {
    match expected {
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u16" => "a whole number from 0 to 65535".to_owned(),
        "u32" | "u64" | "usize" => "a whole number from 0 on".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a string" | "str" => "text".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a sequence" => "a list".to_owned(),
        other if other.starts_with("struct ") => "a map".to_owned(),
        other => other.to_owned(),
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.what)
    }
}

impl std::error::Error for Misfit {}

impl Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(What::Other(message.to_string()))
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(What::Type(expected.to_string()))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(What::Type(expected.to_string()))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(What::UnknownWord(variant.to_owned(), expected))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(What::UnknownKey(field.to_owned(), expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(What::Missing(field))
    }
}
