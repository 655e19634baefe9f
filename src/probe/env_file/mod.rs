//! Which variables an environment file, or the environment of this run, sets, and are their
//! values fit for production?
//!
//! A value never becomes a fact, an error or evidence: only its length, and the rule that it
//! falls under. Absence of the file is a fact, and leaves the others out. Our inability: a
//! file that we may not read. Nothing is put in for `$NAME`, and no program is asked.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::local::{self, malformed, not_a_file, unreadable};
use super::shell::quoted;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError};

mod parse;
pub(in crate::probe) mod rule;

pub use rule::ValueKind;
pub(in crate::probe) use rule::judge;

/// A larger file is not read, in bytes.
const LARGEST_FILE: u64 = 1024 * 1024;

/// Reads an environment file, or the environment of this run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvFile {
    /// Path of the file, from the working directory unless it is absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Whether to look at the environment of this run instead of a file.
    #[serde(default)]
    pub process: bool,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Whether the file is there; the environment of this run always is.
    pub exists: bool,
    /// Names of all variables, each once and in order; left out when there is no file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<BTreeSet<String>>,
    /// Every assignment in the file's order; left out when there is no file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables: Option<Vec<Variable>>,
    /// Names that are assigned more than once, of which most programs take the last; left out
    /// when there is no file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<BTreeSet<String>>,
    /// Numbers of the lines that are no assignment, from 1; left out when there is no file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub malformed_lines: Option<Vec<u64>>,
    /// The file's permissions as four octal digits: `0600`. Left out when there is no file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Whether the group or everybody may read the file; left out when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readable_by_others: Option<bool>,
}

/// One assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// The line it starts on, from 1; left out for the environment of this run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Length of its value without quotes.
    pub bytes: u64,
    /// Whether its name is that of a secret (`…_PASSWORD`, `…_TOKEN`, `…_KEY` …), or its value
    /// is an address with a password in it.
    pub secret: bool,
    /// What its value is fit for.
    pub kind: ValueKind,
}

/// Names and values in the text of an environment file.
pub(in crate::probe) fn assignments(text: &str) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    let (assignments, _) = parse::parse(text);
    assignments.into_iter().map(|one| (one.name, one.value))
}

/// A name, a value and where it was found; the value goes no further than this module.
struct Assignment<'t> {
    name: &'t str,
    value: Cow<'t, str>,
    line: Option<u64>,
}

impl Probe for EnvFile {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        let message = match &self.path {
            None if !self.process => "is needed, unless `process: true` is given",
            Some(_) if self.process => "is of no use with `process: true`",
            Some(path) if path.trim().is_empty() => "is empty",
            Some(path) if path.contains('\0') => "has a NUL character",
            _ => return Ok(()),
        };
        Err(Invalid::new("path", message))
    }

    fn contacts(&self) -> Vec<Contact> {
        let action = match &self.path {
            Some(path) => format!("read {path}"),
            None => "read the environment".to_owned(),
        };
        vec![local::contact(action, Access::ReadOnly)]
    }

    fn reproduce(&self) -> String {
        match &self.path {
            Some(path) => format!("cut -d= -f1 {}", quoted(path)),
            None => "env | cut -d= -f1".to_owned(),
        }
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let Some(path) = self.path.clone() else {
            let assignments = context.env.iter().map(|(name, value)| Assignment {
                name,
                value: value.into(),
                line: None,
            });
            return Ok(Answer::from(described(assignments, Vec::new())));
        };
        let folder = context.cwd.clone();
        let facts = local::blocking(move || of_file(&path, &folder.join(&path))).await?;
        Ok(Answer::from(facts))
    }
}

fn of_file(path: &str, full: &Path) -> Result<Facts, ProbeError> {
    let metadata = match fs::metadata(full) {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Err(not_a_file(path)),
        Err(error) if local::is_nothing(&error) => return Ok(Facts::default()),
        Err(error) => return Err(unreadable(path, &error)),
    };
    let mut bytes = Vec::new();
    let read =
        local::open(full).and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes));
    read.map_err(|error| unreadable(path, &error))?;
    if u64::try_from(bytes.len()).is_ok_and(|read| read > LARGEST_FILE) {
        return Err(local::beyond(format!("{path} is larger than 1 MiB")));
    }
    // The error's own words could show bytes of a value.
    let text = std::str::from_utf8(&bytes).map_err(|_| malformed(path, "it is not UTF-8"))?;
    let (assignments, malformed_lines) = parse::parse(text);
    Ok(Facts {
        mode: Some(local::octal(metadata.mode())),
        readable_by_others: Some(metadata.mode() & 0o044 != 0),
        ..described(assignments.into_iter(), malformed_lines)
    })
}

fn described<'t>(
    assignments: impl Iterator<Item = Assignment<'t>>,
    malformed_lines: Vec<u64>,
) -> Facts {
    let (mut names, mut duplicates) = (BTreeSet::new(), BTreeSet::new());
    let mut variables = Vec::new();
    for assignment in assignments {
        let name = assignment.name.to_owned();
        if !names.insert(name.clone()) {
            duplicates.insert(name.clone());
        }
        let (secret, kind) = judge(&name, &assignment.value);
        variables.push(Variable {
            name,
            line: assignment.line,
            bytes: u64::try_from(assignment.value.len()).unwrap_or(u64::MAX),
            secret,
            kind,
        });
    }
    Facts {
        exists: true,
        names: Some(names),
        variables: Some(variables),
        duplicates: Some(duplicates),
        malformed_lines: Some(malformed_lines),
        mode: None,
        readable_by_others: None,
    }
}
