//! What is wrong with a file a person wrote: message, code, place, and what to do about it.
//!
//! Problems are collected, never stopped at the first; rendering is apart from finding.

use std::ops::Range;

mod render;

pub use render::render;

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

    /// All files, in the order in which they were read.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }

    /// The text that a span marks; empty if it marks none.
    pub fn slice(&self, span: &Span) -> &str {
        self.get(span.source)
            .and_then(|source| source.text.get(span.range.clone()))
            .unwrap_or_default()
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; the run goes on.
    Warning,
    /// The file cannot be used.
    Error,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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

impl Diagnostic {
    /// A problem that makes the file unusable.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            span: None,
            label: None,
            related: None,
            help: None,
            replacement: None,
        }
    }

    /// Something worth knowing.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, message)
        }
    }

    /// Says where it is.
    #[must_use]
    pub fn at(mut self, span: &Span) -> Self {
        self.span = Some(span.clone());
        self
    }

    /// Puts a few words under the marked text.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Shows another place that belongs to it.
    #[must_use]
    pub fn related(mut self, span: &Span, words: impl Into<String>) -> Self {
        self.related = Some((span.clone(), words.into()));
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Suggests `replacement` in the place of the marked text.
    #[must_use]
    pub fn replace(mut self, replacement: impl Into<String>) -> Self {
        self.replacement = Some(replacement.into());
        self
    }

    /// Keeps the words of a suggestion where there is no place to show it in.
    #[must_use]
    pub fn without_patch(mut self) -> Self {
        self.replacement = None;
        self
    }

    /// Suggests what was probably meant, if one of `known` is close to `word`; otherwise lists
    /// what there is, as `fields`.
    #[must_use]
    pub fn suggest<'a>(
        self,
        word: &str,
        known: impl IntoIterator<Item = &'a str>,
        things: &str,
    ) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        if let Some(meant) = closest(word, known.iter().copied()) {
            return self
                .help(format!("did you mean `{meant}`?"))
                .replace(meant.to_owned());
        }
        match known.as_slice() {
            [] => self,
            few if few.len() <= LISTED => self.help(format!("{things}: {}", few.join(", "))),
            many => self.help(format!(
                "{things}: {}, … ({} in all)",
                many[..LISTED].join(", "),
                many.len()
            )),
        }
    }
}

/// More than this many words are not read by anybody.
const LISTED: usize = 30;

/// The word of `known` that `word` was probably meant to be.
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase().replace('-', "_");
    known
        .into_iter()
        .map(|candidate| {
            let other = candidate.to_lowercase().replace('-', "_");
            // Of short words one wrong letter is a large part.
            let slip = folded.len() > 2 && strsim::osa_distance(&folded, &other) == 1;
            let likeness = strsim::jaro_winkler(&folded, &other);
            (if slip { likeness.max(0.9) } else { likeness }, candidate)
        })
        .filter(|(likeness, _)| *likeness > 0.83)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
