//! The checklist: variables, a tree of sections, checks.
//!
//! `load` finds the files and lays them over each other, `raw` is what people write, and
//! `resolve` makes it valid, telling all problems at once. Nothing is contacted.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

pub mod catalogue;
mod combine;
pub(crate) mod decode;
mod describe;
mod load;
mod matching;
mod merge;
mod params;
mod place;
mod raw;
mod reach;
mod resolve;
pub mod schema;
pub(crate) mod tree;
mod vars;
pub(crate) mod yaml;

pub use describe::{Needs, VarSpec, needs};
pub use params::Param;
pub use reach::Reach;

use crate::diagnostic::{Diagnostic, Severity, Sources, Span};
use crate::host::Host;
use load::Loader;
pub(crate) use load::read_file;

/// Variables without a value that problems are compared with.
const MOST_UNSET: usize = 1000;

use crate::check::Check;
use crate::evidence::ProfileRef;

/// A profile that was read.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The valid profile.
    pub profile: Profile,
    /// What is worth knowing about it.
    pub warnings: Vec<Diagnostic>,
    /// The files it was made from.
    pub sources: Sources,
}

/// Everything that is wrong with a profile.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", self.render(false))]
pub struct Problems {
    /// The files.
    pub sources: Sources,
    /// The problems, at least one of them an error.
    pub diagnostics: Vec<Diagnostic>,
}

impl Problems {
    /// The problems as text for people.
    pub fn render(&self, color: bool) -> String {
        crate::diagnostic::render(&self.diagnostics, &self.sources, color)
    }
}

/// Reads a profile: the id of a built-in one, or a path. `set` gives variables their values.
///
/// `Err` is everything that is wrong with it and with what it extends, all at once.
pub fn load(
    reference: &str,
    set: &BTreeMap<String, String>,
    host: &Host,
) -> Result<Loaded, Problems> {
    let mut loader = Loader::default();
    let node = loader.load(reference, &host.cwd);
    let profile = node.and_then(|node| resolve::resolve(&node, &mut loader, set, host));
    let Loader {
        sources, problems, ..
    } = loader;
    let diagnostics = distinct(problems);
    let sound = diagnostics
        .iter()
        .all(|problem| problem.severity < Severity::Error);
    match profile {
        Some(profile) if sound => Ok(Loaded {
            profile,
            warnings: diagnostics,
            sources,
        }),
        _ => Err(Problems {
            sources,
            diagnostics,
        }),
    }
}

/// Each problem once, and none that only follows from a variable without a value.
fn distinct(problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let unset: Vec<Span> = problems
        .iter()
        .filter(|problem| problem.code.starts_with("vars.") || problem.code.starts_with("secrets."))
        .filter_map(|problem| problem.span.clone())
        .take(MOST_UNSET)
        .collect();
    let follows = |problem: &Diagnostic| {
        let of_a_value = matches!(
            problem.code,
            "profile.type"
                | "profile.value"
                | "profile.unknown-word"
                | "probe.invalid"
                | "use.param-type"
        );
        of_a_value
            && problem.span.as_ref().is_some_and(|span| {
                unset.iter().any(|unset| {
                    unset.source == span.source
                        && span.range.start <= unset.range.start
                        && unset.range.end <= span.range.end
                })
            })
    };
    let mut told = HashSet::new();
    let mut distinct = Vec::new();
    for problem in problems {
        // A shared file or an item's check tells the same thing again.
        if !follows(&problem) && told.insert(problem.clone()) {
            distinct.push(problem);
        }
    }
    distinct
}

/// A built-in profile, as `ready list profiles` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its id.
    pub id: &'static str,
    /// Its title.
    pub title: String,
    /// What it is for.
    pub about: Option<String>,
    /// The file's text.
    pub text: &'static str,
}

/// The built-in profiles, by id.
pub fn built_in() -> Vec<BuiltIn> {
    let profiles = catalogue::profiles().iter();
    let read = profiles.map(|&(id, text)| {
        let node = yaml::parse(
            id,
            text.as_bytes(),
            &mut Sources::default(),
            &mut Vec::new(),
        );
        let field = |name: &str| Some(node.as_ref()?.get(name)?.as_text()?.trim().to_owned());
        BuiltIn {
            id,
            title: field("title").unwrap_or_else(|| id.to_owned()),
            about: field("about"),
            text,
        }
    });
    read.collect()
}

/// A valid profile.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its id and the hash over everything it was made from.
    pub identity: ProfileRef,
    /// Its title.
    pub title: String,
    /// What it is for.
    pub about: Option<String>,
    /// Score that the whole must reach.
    pub minimum: Option<f64>,
    /// Share of the weight that must be known.
    pub min_coverage: Option<f64>,
    /// Whether every sign-off must be there.
    pub require_sign_offs: bool,
    /// Whether nobody may sign off for two roles.
    pub distinct_approvers: bool,
    /// Values of the variables.
    pub vars: BTreeMap<String, Value>,
    /// The secrets it may use.
    pub secrets: Vec<SecretSpec>,
    /// The tree of sections, without the checks.
    pub sections: Vec<Section>,
    /// All checks, in the order of the document.
    pub checks: Vec<Check>,
}

/// A node of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Path from the top: `pre.https`.
    pub path: String,
    /// Title.
    pub title: String,
    /// Score that its checks must reach; makes it a stage.
    pub minimum: Option<f64>,
    /// When it is due, in words.
    pub when_due: Option<String>,
    /// Who approves it.
    pub sign_off: Option<SignOff>,
    /// Sections below.
    pub sections: Vec<Section>,
}

/// Whether what is in `section` is in the section at `path` or in one below it.
pub(crate) fn is_within(section: &str, path: &str) -> bool {
    section
        .strip_prefix(path)
        .is_some_and(|below| below.is_empty() || below.starts_with('.'))
}

/// Who approves a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOff {
    /// The role.
    pub role: String,
}

/// A secret that a profile may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretSpec {
    /// Name, also of the environment variable.
    pub name: String,
    /// Whether the profile is of use without it.
    pub optional: bool,
    /// What it is for.
    pub about: Option<String>,
}
