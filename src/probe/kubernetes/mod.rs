//! What runs in a cluster, how is it set up, and how is it doing?
//!
//! Lists of the API are read, whole, and nothing is written; what they mean is found out by the
//! same code that reads manifests. What workloads are like is the target's answer. Our
//! inability: no kubeconfig, a credential that is refused, an API that does not answer, answers
//! late or oddly. A list that the credential may not read is a gap of just those facts, and so
//! is one with more objects than are read. A namespace that is not there is no empty one.
//!
//! The context of a kubeconfig is used as it is written there, with certificates and tokens;
//! programs that it names for logging in are not run, and a certificate that it says not to
//! judge is judged. Of secrets only names are asked for.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::shell::quoted;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError};
use crate::secret::Secrets;

mod ask;
mod credentials;
mod facts;
mod gather;
mod kubeconfig;
mod lists;
mod live;

pub use facts::{Custom, CustomObject, Facts, Node, Pod, Rollout, SecretName, Warning};

/// How many lists are asked for, beside those of custom resources.
const LISTS: u32 = 28;
/// How many answers a list comes in, at most.
const PAGES: u32 = 52;

/// Asks the API of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kubernetes {
    /// Path of a kubeconfig, from the working directory unless it is absolute; empty for what
    /// `KUBECONFIG` names, `~/.kube/config`, or the service account of the pod that this runs
    /// in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kubeconfig: String,
    /// A context of the kubeconfig; empty for its current one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub context: String,
    /// Address of the API, such as `https://10.0.0.1:6443`, instead of a kubeconfig; empty for
    /// none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub server: String,
    /// A token for `server`, as `${secrets.NAME}`; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub token: String,
    /// Path of the certificates that vouch for `server`; empty for the run's own roots.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ca: String,
    /// The namespace; empty for all that are not passed over.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Namespaces that are passed over unless one is named.
    #[serde(default = "of_the_system")]
    pub exclude: BTreeSet<String>,
    /// Whether to list the names of secrets.
    #[serde(default, skip_serializing_if = "is_no")]
    pub secrets: bool,
    /// Resources of extensions to list, as `group/version/plural`:
    /// `bitnami.com/v1alpha1/sealedsecrets`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custom: Vec<String>,
}

fn of_the_system() -> BTreeSet<String> {
    ["kube-system", "kube-public", "kube-node-lease"]
        .map(str::to_owned)
        .into()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_no(value: &bool) -> bool {
    !value
}

impl Probe for Kubernetes {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        for (field, path) in [("kubeconfig", &self.kubeconfig), ("ca", &self.ca)] {
            if path.contains('\0') {
                return Err(Invalid::new(field, "has a NUL character"));
            }
        }
        if self.server.is_empty() {
            if !self.token.is_empty() || !self.ca.is_empty() {
                return Err(Invalid::new("server", "is needed with `token` or `ca`"));
            }
        } else {
            if !self.kubeconfig.is_empty() || !self.context.is_empty() {
                return Err(Invalid::new("server", "is of no use with a kubeconfig"));
            }
            let url = Url::parse(&self.server);
            if !url.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
                return Err(Invalid::new(
                    "server",
                    "is no address such as https://10.0.0.1:6443",
                ));
            }
        }
        if !self.token.is_empty() {
            Invalid::unless_reference("token", &self.token)?;
        }
        if !is_name(&self.namespace) {
            return Err(Invalid::new("namespace", "is no name of a namespace"));
        }
        let is_resource = |custom: &String| {
            let parts: Vec<&str> = custom.split('/').collect();
            parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && is_name(part))
        };
        if !self.custom.iter().all(is_resource) {
            return Err(Invalid::new(
                "custom",
                "has something else than group/version/plural",
            ));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let custom = u32::try_from(self.custom.len()).unwrap_or(u32::MAX);
        let url = Url::parse(&self.server).ok();
        let host = url
            .as_ref()
            .and_then(|url| url.host_str().map(str::to_owned));
        vec![Contact {
            // Which address a context has stands in a file, and that is read when asking.
            host: host.unwrap_or_else(|| self.cluster()),
            port: url.and_then(|url| url.port_or_known_default()),
            action: "GET lists of the Kubernetes API".to_owned(),
            count: LISTS.saturating_add(custom).saturating_mul(PAGES),
            access: Access::ReadOnly,
        }]
    }

    fn reproduce(&self) -> String {
        let mut words = vec!["kubectl".to_owned()];
        let options = [
            ("kubeconfig", &self.kubeconfig),
            ("context", &self.context),
            ("server", &self.server),
            ("token", &self.token),
            ("certificate-authority", &self.ca),
        ];
        for (name, value) in options {
            if !value.is_empty() {
                words.push(format!("--{name}={}", quoted(value)));
            }
        }
        words.push("get".to_owned());
        let kinds = "deployments,statefulsets,daemonsets,cronjobs,pods,networkpolicies";
        words.push(kinds.to_owned());
        if self.namespace.is_empty() {
            words.push("--all-namespaces".to_owned());
        } else {
            words.push(format!("--namespace={}", self.namespace));
        }
        words.push("-o json".to_owned());
        words.join(" ")
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let found = credentials::find(self, context).await?;
        // A token out of a file is no declared secret, so that nobody else would mask it.
        let learned = found.token.clone().map(|token| ("token".to_owned(), token));
        let redactor = learned.into_iter().collect::<Secrets>().redactor();
        let answer = gather::gather(self, found, context).await;
        live::masked(answer, &redactor)
    }
}

impl Kubernetes {
    /// What the cluster is called before its address is known.
    fn cluster(&self) -> String {
        let context = match self.context.as_str() {
            "" => "the current context",
            named => named,
        };
        let file = match self.kubeconfig.as_str() {
            "" => "the usual kubeconfig",
            named => named,
        };
        format!("the cluster of {context} in {file}")
    }
}

/// Whether it is made of what names of namespaces, groups and resources are made of.
fn is_name(text: &str) -> bool {
    text.len() <= 253
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte))
}
