//! What do Kubernetes manifests say, before anybody applies them?
//!
//! Files, folders and patterns are read, with several documents in a file and lists of objects;
//! a kustomization is built as `kustomize build` does it. The target's fault: a file that is no
//! YAML, an object that the API would refuse, a kustomization that names what is not there. Our
//! inability: files that we may not read, templates of Helm, and what a kustomization uses that
//! is not followed here (remote bases, components, charts, replacements …). All of these leave
//! out every list that they may be missing from.
//!
//! No cluster is asked and no program runs: what admission, operators or defaults of a
//! namespace make of an object is not seen. Values of secrets and variables go no further.

use std::time::Instant;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cluster::{Model, USUAL_NAMESPACE};
use super::shell::quoted;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError, local};
use crate::probe::file::find;

mod gather;
mod kustomize;
mod objects;
mod reading;

/// Reads Kubernetes manifests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifests {
    /// A file, a folder with all that is below it, or a pattern as in the `file` probe. Where
    /// there is a kustomization, what it makes is read instead of the files beside it.
    pub path: String,
    /// Names of files and folders that are passed over.
    #[serde(default = "passed_over")]
    pub exclude: Vec<String>,
    /// The namespace of objects that name none.
    #[serde(default = "usual_namespace")]
    pub namespace: String,
}

fn passed_over() -> Vec<String> {
    [".git", "node_modules"].map(str::to_owned).into()
}

fn usual_namespace() -> String {
    USUAL_NAMESPACE.to_owned()
}

/// What the manifests say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Files that were read, also those that a kustomization led to.
    pub files: Vec<String>,
    /// Files beside a kustomization that it does not use, and that were not read.
    pub unused: Vec<String>,
    /// Files without Kubernetes objects, such as values of a chart.
    pub others: Vec<String>,
    /// Kustomizations that were built.
    pub kustomizations: Vec<Kustomization>,
    /// Every object by its name, at most 2000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<Vec<Object>>,
    /// Secrets that lie in files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Vec<PlainSecret>>,
    /// What the objects come to.
    #[serde(flatten)]
    pub model: Model,
}

/// A kustomization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kustomization {
    /// Path of its file.
    pub path: String,
    /// Its resources and bases, as they are written.
    pub resources: Vec<String>,
}

/// An object by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Object {
    /// Group and version of the API that it belongs to: `apps/v1`.
    pub api_version: String,
    /// What it is.
    pub kind: String,
    /// The namespace that it names; left out when it names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name; left out when it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The file that it comes from.
    pub path: String,
}

/// A `Secret` in a file; its values go no further.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlainSecret {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The file that it comes from.
    pub path: String,
    /// Its type: `Opaque`, `kubernetes.io/tls` …
    pub kind: String,
    /// Names of its entries that have a value.
    pub keys: Vec<String>,
    /// Whether all values are encrypted by SOPS.
    pub encrypted: bool,
}

impl Manifests {
    /// Reads what is at this path.
    pub fn at(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            exclude: passed_over(),
            namespace: usual_namespace(),
        }
    }
}

impl Probe for Manifests {
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
        if self.namespace.trim().is_empty() {
            return Err(Invalid::new("namespace", "is empty"));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let action = format!("read manifests at {}", self.path);
        vec![local::contact(action, Access::ReadOnly)]
    }

    fn reproduce(&self) -> String {
        // A shell opens patterns only outside of quotes.
        if find::is_pattern(&self.path) {
            format!("cat {}", self.path)
        } else {
            format!(
                "kubectl create --dry-run=client -o yaml -R -f {}",
                quoted(&self.path)
            )
        }
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let deadline = Instant::now() + context.timeout;
        let (probe, folder, now) = (self.clone(), context.cwd.clone(), context.now);
        local::blocking(move || gather::gather(&probe, &folder, now, deadline)).await
    }
}
