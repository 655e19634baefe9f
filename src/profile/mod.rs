//! The checklist: variables, a tree of sections, checks.
//!
//! `raw` is what people write; `resolve` makes it valid, telling all problems at once.

use std::collections::BTreeMap;

use serde_json::Value;

mod tree;
mod yaml;

use crate::check::Check;
use crate::evidence::ProfileRef;

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
