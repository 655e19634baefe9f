//! Kubeconfigs: which cluster, as whom.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use super::credentials::{Found, file, unusable};
use crate::probe::ProbeError;
use crate::probe::cluster::raw::Few;
use crate::probe::file::document;
use crate::probe::net::tls::Party;
use crate::reason::Reason;
use crate::secret::Secret;

/// Several files as one: what a file says first holds.
#[derive(Default)]
pub(super) struct Kubeconfig {
    current: Option<String>,
    contexts: Vec<NamedContext>,
    clusters: Vec<(PathBuf, NamedCluster)>,
    users: Vec<(PathBuf, NamedUser)>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct RawFile {
    current_context: Option<String>,
    contexts: Few<NamedContext>,
    clusters: Few<NamedCluster>,
    users: Few<NamedUser>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NamedContext {
    name: String,
    context: RawContext,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawContext {
    cluster: String,
    user: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NamedCluster {
    name: String,
    cluster: Cluster,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Cluster {
    server: String,
    certificate_authority: Option<String>,
    certificate_authority_data: Option<String>,
    insecure_skip_tls_verify: Option<bool>,
    tls_server_name: Option<String>,
    proxy_url: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NamedUser {
    name: String,
    user: User,
}

/// Its programs, its passwords and whom it speaks for are only noticed.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct User {
    token: Option<String>,
    #[serde(rename = "tokenFile")]
    token_file: Option<String>,
    client_certificate: Option<String>,
    client_certificate_data: Option<String>,
    client_key: Option<String>,
    client_key_data: Option<String>,
    exec: Option<Value>,
    auth_provider: Option<Value>,
    username: Option<String>,
    #[serde(rename = "as")]
    speaks_for: Option<String>,
}

impl Kubeconfig {
    /// Adds what a file says; nothing of it is shown when it is malformed.
    pub(super) fn add(&mut self, path: &Path) -> Result<(), ProbeError> {
        let shown = path.display();
        let text = String::from_utf8(file(path)?);
        let malformed = || unusable(format!("the kubeconfig {shown} is malformed"));
        let text = text.map_err(|_| malformed())?;
        let mut documents = document::documents(&text).map_err(|_| malformed())?;
        let document = documents.pop().filter(|_| documents.is_empty());
        let read: RawFile = document
            .map_or_else(|| Ok(RawFile::default()), serde_json::from_value)
            .map_err(|_| malformed())?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let current = read.current_context.filter(|name| !name.is_empty());
        self.current = self.current.take().or(current);
        self.contexts.extend(read.contexts);
        let clusters = read.clusters.into_iter().map(|one| (folder.clone(), one));
        self.clusters.extend(clusters);
        let users = read.users.into_iter().map(|one| (folder.clone(), one));
        self.users.extend(users);
        Ok(())
    }

    /// What a context leads to; of the current one if none is named.
    pub(super) fn found(&self, context: &str) -> Result<Found, ProbeError> {
        let current = self.current.as_deref().unwrap_or_default();
        let wanted = if context.is_empty() { current } else { context };
        let missing = |what: &str, name: &str| {
            let cause = format!("the kubeconfig has no {what} `{name}`");
            ProbeError::new(Reason::CredentialMissing, cause)
        };
        if wanted.is_empty() {
            let cause = "the kubeconfig has no current context";
            return Err(ProbeError::new(Reason::CredentialMissing, cause));
        }
        let context = self.contexts.iter().find(|one| one.name == wanted);
        let context = &context.ok_or_else(|| missing("context", wanted))?.context;
        let cluster = self
            .clusters
            .iter()
            .find(|(_, one)| one.name == context.cluster);
        let (folder, cluster) = cluster.ok_or_else(|| missing("cluster", &context.cluster))?;
        let nobody = User::default();
        let (of_user, user) = match context.user.as_deref().filter(|name| !name.is_empty()) {
            None => (folder, &nobody),
            Some(name) => {
                let user = self.users.iter().find(|(_, one)| one.name == name);
                let (folder, named) = user.ok_or_else(|| missing("user", name))?;
                (folder, &named.user)
            }
        };
        found(folder, &cluster.cluster, of_user, user)
    }
}

fn found(
    of_cluster: &Path,
    cluster: &Cluster,
    of_user: &Path,
    user: &User,
) -> Result<Found, ProbeError> {
    for (is_so, what) in [
        (
            user.exec.is_some(),
            "a program for logging in (exec), and programs are not run",
        ),
        (
            user.auth_provider.is_some(),
            "an auth-provider, which is not followed",
        ),
        (
            user.username.is_some(),
            "a password, which clusters take no more",
        ),
        (
            user.speaks_for.is_some(),
            "somebody to speak for (as), which is not followed",
        ),
        (
            cluster.proxy_url.is_some(),
            "a proxy, which is not followed",
        ),
        (
            cluster.insecure_skip_tls_verify == Some(true),
            "insecure-skip-tls-verify, and certificates are always judged",
        ),
    ] {
        if is_so {
            return Err(unusable(format!("the kubeconfig names {what}")));
        }
    }
    let (data, path) = (
        &cluster.certificate_authority_data,
        &cluster.certificate_authority,
    );
    let roots = bytes(of_cluster, data.as_ref(), path.as_ref())?;
    let (data, path) = (&user.client_certificate_data, &user.client_certificate);
    let certificate = bytes(of_user, data.as_ref(), path.as_ref())?;
    let (data, path) = (&user.client_key_data, &user.client_key);
    let key = bytes(of_user, data.as_ref(), path.as_ref())?;
    let pair = match (&certificate, &key) {
        (Some(certificate), Some(key)) => Some((certificate.as_slice(), key.as_slice())),
        (None, None) => None,
        _ => {
            let words = "the kubeconfig has a client certificate without its key, or a key alone";
            return Err(unusable(words.to_owned()));
        }
    };
    let name = cluster.tls_server_name.clone();
    let party = Party::new(roots.as_deref(), pair, name).map_err(unusable)?;
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let token = match (given(&user.token), given(&user.token_file)) {
        (Some(token), _) => Some(token),
        (None, Some(path)) => {
            let token = String::from_utf8(file(&of_user.join(path))?);
            Some(token.map_err(|_| unusable("a token is no text".to_owned()))?)
        }
        (None, None) => None,
    };
    Found::new(
        &cluster.server,
        token.map(|token| Secret::new(token.trim())),
        party,
    )
}

/// What stands in the kubeconfig itself, or in a file beside it.
fn bytes(
    folder: &Path,
    data: Option<&String>,
    path: Option<&String>,
) -> Result<Option<Vec<u8>>, ProbeError> {
    if let Some(data) = data.filter(|data| !data.is_empty()) {
        let decoded = STANDARD.decode(data.trim());
        let words = "something in the kubeconfig is not encoded in base64";
        return Ok(Some(decoded.map_err(|_| unusable(words.to_owned()))?));
    }
    let path = path.filter(|path| !path.is_empty());
    path.map(|path| file(&folder.join(path))).transpose()
}
