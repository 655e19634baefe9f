//! What files are there, what is written in them, and what they mean as documents?
//!
//! Absence is a fact, so that a missing file can be expected. The target's own fault: a file
//! that is no valid JSON, YAML or TOML. Our inability: a folder or file that we may not read,
//! and whatever lies beyond a limit; such a fact is a gap and never "no". Nothing but regular
//! files is opened, so that pipes and devices cannot hold anything up, and the contents get
//! into facts only where a pattern or a format is given.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shell::quoted;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError, local};

pub(in crate::probe) mod document;
mod facts;
pub(in crate::probe) mod find;
mod look;
mod search;
mod users;

pub use facts::{Document, Facts, File as FoundFile, FileKind, Heading, Match};

/// Looks at a file, or at all files that fit a pattern.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Path, from the working directory unless it is absolute. `*`, `?`, `[ab]` and `{a,b}`
    /// stand within one name, `**` for any folders.
    pub path: String,
    /// Names of files and folders that `**` and the other patterns pass over.
    #[serde(default = "passed_over")]
    pub exclude: Vec<String>,
    /// A regular expression that is looked for in every line of every file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Whether lines that fit the pattern are quoted; set it to false where they may be
    /// secrets.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub quote: bool,
    /// What to read the files as.
    #[serde(default)]
    pub format: Format,
}

/// Folders of other people's files, and of Git's own.
fn passed_over() -> Vec<String> {
    [".git", "node_modules"].map(str::to_owned).into()
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_yes(value: &bool) -> bool {
    *value
}

/// What to read a file as.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Its contents are not read as a document.
    #[default]
    None,
    /// As its name ends: `.json`, `.yaml`, `.yml`, `.toml`, `.md`, `.markdown`; other files
    /// are not read.
    Auto,
    /// JSON.
    Json,
    /// YAML; several documents in a file are a list.
    Yaml,
    /// TOML; dates are text.
    Toml,
    /// Markdown, for its headings.
    Markdown,
}

impl File {
    /// Asks whether the path is there, and nothing more.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            exclude: passed_over(),
            pattern: None,
            quote: true,
            format: Format::None,
        }
    }
}

impl Probe for File {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        if self.path.trim().is_empty() {
            return Err(Invalid::new("path", "is empty"));
        }
        if self.path.contains('\0') {
            return Err(Invalid::new("path", "has a NUL character"));
        }
        if let Err(error) = find::Wanted::new(&self.path, &self.exclude) {
            return Err(Invalid::new("path", error));
        }
        match self.pattern.as_deref().map(search::compile) {
            Some(Err(error)) => Err(Invalid::new("pattern", error)),
            _ => Ok(()),
        }
    }

    fn contacts(&self) -> Vec<Contact> {
        let action = format!("read {}", self.path);
        vec![local::contact(action, Access::ReadOnly)]
    }

    fn reproduce(&self) -> String {
        // A shell opens patterns only outside of quotes.
        let path = if find::is_pattern(&self.path) {
            self.path.clone()
        } else {
            quoted(&self.path)
        };
        match (&self.pattern, self.format) {
            (Some(pattern), _) if self.quote => format!("grep -nE {} {path}", quoted(pattern)),
            (Some(pattern), _) => format!("grep -cE {} {path}", quoted(pattern)),
            (None, Format::None) => format!("ls -ld {path}"),
            (None, _) => format!("cat {path}"),
        }
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let deadline = Instant::now() + context.timeout;
        let (probe, folder, now) = (self.clone(), context.cwd.clone(), context.now);
        local::blocking(move || {
            look::Look::new(&probe, &folder, now, deadline).and_then(look::Look::answer)
        })
        .await
    }
}

/// Remembers the first thing that stood in the way of each fact.
#[derive(Default)]
struct Gaps(BTreeMap<String, ProbeError>);

impl Gaps {
    fn add(&mut self, paths: &[&str], error: &ProbeError) {
        for path in paths {
            self.0
                .entry((*path).to_owned())
                .or_insert_with(|| error.clone());
        }
    }
}

/// A path as it is shown: what is no UTF-8 is replaced.
fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
