//! The built-in checks and profiles, embedded in the binary.
//!
//! A check of the catalogue is a file with typed parameters; `use:` with `with:` makes a check
//! of it. What the files say is verified by the tests that walk them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::decode::decode;
use super::params::Param;
use super::raw::{RawCatalogueCheck, RawExample};
use super::resolve;
use super::tree::Node;
use super::yaml;
use crate::check::{Check, Effort, Fix, Impact};
use crate::diagnostic::{Diagnostic, Sources};
use crate::judge::Status;
use crate::reason::Reason;

pub use super::matching::Matches;
pub use super::params::ParamType;

include!(concat!(env!("OUT_DIR"), "/built_in.rs"));

/// What it takes to ask a check's questions.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Needs {
    /// Nothing but the network.
    #[default]
    Public,
    /// Credentials.
    Credentials,
    /// A way into a host.
    Host,
    /// The repository's files.
    Repository,
}

/// A built-in check.
#[derive(Clone, Debug)]
pub struct CatalogueCheck {
    /// Its id, `area/name`, which is also the file's path.
    pub id: String,
    /// What holds when it passes; may have `${parameter}` in it, as all its texts.
    pub title: String,
    /// The harm of a failure.
    pub why: String,
    /// How to look by hand.
    pub verify: String,
    /// How to fix it.
    pub fix: Vec<Fix>,
    /// Further reading.
    pub refs: Vec<String>,
    /// Its parameters.
    pub params: Vec<Param>,
    /// How much harm a failure does.
    pub impact: Impact,
    /// How much work it is to fix.
    pub effort: Effort,
    /// Words to select it by.
    pub tags: Vec<String>,
    /// What it takes to ask.
    pub needs: Needs,
    /// Whether it is shown but never scored.
    pub info: bool,
    /// The file's text.
    pub text: &'static str,
    /// How people write in their checklists what it looks at.
    pub matches: Matches,
    /// Answers and the verdicts that they must give.
    pub examples: Vec<Example>,
    pub(super) node: Node,
}

/// An answer and the verdict that it must give.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Facts, by the name that expressions know them by.
    pub facts: BTreeMap<String, Value>,
    /// Reasons that questions ended with instead.
    pub errors: BTreeMap<String, Reason>,
    /// Parameters that differ from their defaults.
    pub with: BTreeMap<String, Value>,
    /// The verdict.
    pub verdict: Status,
    /// Its reason, if that matters.
    pub reason: Option<Reason>,
}

/// All built-in checks, read once.
pub(super) struct Catalogue {
    pub(super) checks: BTreeMap<&'static str, CatalogueCheck>,
    pub(super) sources: Sources,
    problems: Vec<Diagnostic>,
}

pub(super) fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| read(CHECKS))
}

/// Every built-in check, by id.
pub fn all() -> impl Iterator<Item = &'static CatalogueCheck> {
    catalogue().checks.values()
}

/// The built-in check with this id.
pub fn find(id: &str) -> Option<&'static CatalogueCheck> {
    catalogue().checks.get(id)
}

/// What is wrong with the built-in files themselves. A test holds this to be nothing.
pub fn problems() -> (&'static [Diagnostic], &'static Sources) {
    let catalogue = catalogue();
    (&catalogue.problems, &catalogue.sources)
}

/// Ids and texts of the built-in profiles.
pub(super) fn profiles() -> &'static [(&'static str, &'static str)] {
    PROFILES
}

fn read(files: &'static [(&'static str, &'static str)]) -> Catalogue {
    let mut sources = Sources::default();
    let mut problems = Vec::new();
    let mut checks = BTreeMap::new();
    for (id, text) in files {
        let name = format!("checks/{id}.yaml");
        let Some(node) = yaml::parse(&name, text.as_bytes(), &mut sources, &mut problems) else {
            continue;
        };
        let raw = decode::<RawCatalogueCheck>(&node, &mut problems).value;
        if let Some(raw) = raw {
            checks.insert(*id, CatalogueCheck::new(id, text, raw, node, &mut problems));
        }
    }
    Catalogue {
        checks,
        sources,
        problems,
    }
}

impl CatalogueCheck {
    fn new(
        id: &str,
        text: &'static str,
        raw: RawCatalogueCheck,
        node: Node,
        problems: &mut Vec<Diagnostic>,
    ) -> Self {
        Self {
            id: id.to_owned(),
            title: raw.title,
            why: raw.why,
            verify: raw.verify,
            fix: resolve::fixes(&raw.fix.node, problems),
            refs: raw.refs,
            params: Param::all(raw.params, problems),
            impact: raw.impact,
            effort: raw.effort,
            tags: raw.tags,
            needs: raw.needs,
            info: raw.info,
            text,
            matches: Matches::new(raw.matches),
            examples: raw
                .examples
                .into_iter()
                .map(|example| Example::new(&example, problems))
                .collect(),
            node,
        }
    }

    /// A check of it with these parameters; a required one that is not given has a placeholder
    /// (`host.example`). For examples and documentation: nothing of a profile is known.
    ///
    /// `Err` is everything that is wrong with the parameters or with the file.
    pub fn example(&self, with: &BTreeMap<String, Value>) -> Result<Check, Vec<Diagnostic>> {
        resolve::example(self, with)
    }
}

impl Example {
    fn new(raw: &RawExample, problems: &mut Vec<Diagnostic>) -> Self {
        let object = |node: Option<&Node>| -> BTreeMap<String, Value> {
            let entries = node.map(Node::entries).unwrap_or_default();
            entries
                .iter()
                .map(|entry| (entry.key.text.clone(), entry.value.value()))
                .collect()
        };
        let mut errors = BTreeMap::new();
        for entry in raw.errors.iter().flat_map(|errors| errors.node.entries()) {
            let code = entry.value.as_text().unwrap_or_default();
            match code.parse() {
                Ok(reason) => {
                    errors.insert(entry.key.text.clone(), reason);
                }
                Err(error) => {
                    let known = Reason::ALL.iter().map(|reason| reason.code());
                    problems.push(
                        Diagnostic::error("catalogue.reason", format!("{error}"))
                            .at(&entry.value.span)
                            .suggest(code, known, "reason codes"),
                    );
                }
            }
        }
        Self {
            facts: object(raw.facts.as_ref().map(|facts| &facts.node)),
            errors,
            with: object(raw.with.as_ref().map(|with| &with.node)),
            verdict: raw.verdict,
            reason: raw.reason,
        }
    }
}
