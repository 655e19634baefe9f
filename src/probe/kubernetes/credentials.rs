//! Which cluster is asked, and as whom.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use url::{Host, Url};

use super::Kubernetes;
use super::kubeconfig::Kubeconfig;
use crate::probe::net::tls::Party;
use crate::probe::{Context, ProbeError, local};
use crate::reason::Reason;
use crate::secret::Secret;

/// Where a pod finds the credentials of its service account.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// A larger file is not read, in bytes.
const LARGEST_FILE: u64 = 1024 * 1024;

/// A cluster and who asks it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) server: Url,
    pub(super) token: Option<Secret>,
    pub(super) party: Party,
}

impl Found {
    /// A token goes over nothing but TLS, and over this machine's own network.
    pub(super) fn new(
        server: &str,
        token: Option<Secret>,
        party: Party,
    ) -> Result<Self, ProbeError> {
        let words = "the cluster's server is no address of HTTP";
        let mut server = Url::parse(server).map_err(|_| unusable(words.to_owned()))?;
        if !matches!(server.scheme(), "http" | "https") {
            return Err(unusable(words.to_owned()));
        }
        if !server.username().is_empty() || server.password().is_some() {
            let words = "the cluster's server has a login in its address";
            return Err(unusable(words.to_owned()));
        }
        server.set_query(None);
        server.set_fragment(None);
        let is_here = match server.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if token.is_some() && server.scheme() == "http" && !is_here {
            let words = "a token is not sent over a connection without encryption";
            return Err(unusable(words.to_owned()));
        }
        Ok(Self {
            server,
            token,
            party,
        })
    }
}

/// Finds them where the question says, or else where `kubectl` does.
pub(super) async fn find(probe: &Kubernetes, context: &Context) -> Result<Found, ProbeError> {
    if !probe.server.is_empty() {
        let token = if probe.token.is_empty() {
            None
        } else {
            let token = context.secrets.fill(&probe.token)?;
            Some(Secret::new(token.reveal().trim()))
        };
        let (server, ca) = (probe.server.clone(), probe.ca.clone());
        let folder = context.cwd.clone();
        return local::blocking(move || {
            let roots = (!ca.is_empty())
                .then(|| file(&folder.join(ca)))
                .transpose()?;
            let party = Party::new(roots.as_deref(), None, None).map_err(unusable)?;
            Found::new(&server, token, party)
        })
        .await;
    }
    let (given, named) = (probe.kubeconfig.clone(), probe.context.clone());
    let (env, folder) = (context.env.clone(), context.cwd.clone());
    local::blocking(move || {
        let paths = paths(&given, &env, &folder);
        if paths.is_empty() && named.is_empty() {
            return of_account(&env, Path::new(ACCOUNT));
        }
        if paths.is_empty() {
            return Err(nothing());
        }
        let mut kubeconfig = Kubeconfig::default();
        for path in paths {
            kubeconfig.add(&path)?;
        }
        kubeconfig.found(&named)
    })
    .await
}

/// The kubeconfigs that hold together. One that is named must be there.
fn paths(given: &str, env: &BTreeMap<String, String>, folder: &Path) -> Vec<PathBuf> {
    let home = env.get("HOME").filter(|home| !home.is_empty());
    if !given.is_empty() {
        let at_home = given.strip_prefix("~/").zip(home);
        return vec![match at_home {
            Some((rest, home)) => Path::new(home).join(rest),
            None => folder.join(given),
        }];
    }
    let listed = env
        .get("KUBECONFIG")
        .map(String::as_str)
        .unwrap_or_default();
    let listed: Vec<PathBuf> = std::env::split_paths(listed)
        .filter(|path| !path.as_os_str().is_empty())
        .map(|path| folder.join(path))
        .collect();
    if !listed.is_empty() {
        return listed;
    }
    let usual = home.map(|home| Path::new(home).join(".kube/config"));
    usual.into_iter().filter(|path| path.exists()).collect()
}

/// The service account of the pod that this runs in.
fn of_account(env: &BTreeMap<String, String>, folder: &Path) -> Result<Found, ProbeError> {
    let host = env.get("KUBERNETES_SERVICE_HOST");
    let port = env.get("KUBERNETES_SERVICE_PORT");
    let (Some(host), Some(port)) = (host, port) else {
        return Err(nothing());
    };
    let token = String::from_utf8(file(&folder.join("token"))?);
    let token = token.map_err(|_| unusable("a token is no text".to_owned()))?;
    let roots = file(&folder.join("ca.crt"))?;
    let party = Party::new(Some(&roots), None, None).map_err(unusable)?;
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.clone()
    };
    let server = format!("https://{host}:{port}");
    Found::new(&server, Some(Secret::new(token.trim())), party)
}

fn nothing() -> ProbeError {
    ProbeError::new(Reason::CredentialMissing, "there is no kubeconfig")
        .with_detail("neither is this a pod with a service account")
}

/// A credential that cannot be used, in words that hold nothing of it.
pub(super) fn unusable(words: String) -> ProbeError {
    ProbeError::new(Reason::CredentialUnusable, words)
}

/// All of a small file.
pub(super) fn file(path: &Path) -> Result<Vec<u8>, ProbeError> {
    let shown = path.display().to_string();
    let mut bytes = Vec::new();
    let read =
        local::open(path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes));
    read.map_err(|error| {
        if local::is_nothing(&error) {
            let cause = format!("{shown} is not there");
            ProbeError::new(Reason::CredentialMissing, cause)
        } else {
            local::unreadable(&shown, &error)
        }
    })?;
    if u64::try_from(bytes.len()).is_ok_and(|read| read > LARGEST_FILE) {
        return Err(local::beyond(format!("{shown} is larger than 1 MiB")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

    use super::{of_account, paths};

    fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        pairs.collect()
    }

    #[test]
    fn a_pod_asks_with_its_own_account() {
        let folder = tempfile::TempDir::new().unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let root = rcgen::CertificateParams::new(vec!["kubernetes".to_owned()]).unwrap();
        let root = root.self_signed(&key).unwrap();
        std::fs::write(folder.path().join("ca.crt"), root.pem()).unwrap();
        std::fs::write(folder.path().join("token"), "t0ken\n").unwrap();
        let pod = env(&[
            ("KUBERNETES_SERVICE_HOST", "fd00::1"),
            ("KUBERNETES_SERVICE_PORT", "443"),
        ]);
        let found = of_account(&pod, folder.path()).unwrap();
        assert_eq!(found.server.as_str(), "https://[fd00::1]/");
        assert_eq!(found.token.unwrap().reveal(), "t0ken");
        assert_eq!(found.party.roots().unwrap().len(), 1);
        for (env, folder) in [(env(&[]), folder.path()), (pod, Path::new("/nowhere"))] {
            let told = of_account(&env, folder).unwrap_err();
            assert_eq!(told.reason.code(), "credential.missing");
        }
    }

    #[test]
    fn kubeconfigs_are_looked_for_where_kubectl_does() {
        let home = tempfile::TempDir::new().unwrap();
        let at_home = home.path().to_str().unwrap();
        let folder = Path::new("/srv");
        let mut surroundings = env(&[("HOME", at_home)]);
        assert!(paths("", &surroundings, folder).is_empty());
        std::fs::create_dir(home.path().join(".kube")).unwrap();
        std::fs::write(home.path().join(".kube/config"), "").unwrap();
        assert_eq!(
            paths("", &surroundings, folder),
            [home.path().join(".kube/config")]
        );
        assert_eq!(paths("~/k", &surroundings, folder), [home.path().join("k")]);
        assert_eq!(paths("k", &surroundings, folder), [PathBuf::from("/srv/k")]);
        surroundings.extend(env(&[("KUBECONFIG", "/a::b")]));
        let both = [PathBuf::from("/a"), PathBuf::from("/srv/b")];
        assert_eq!(paths("", &surroundings, folder), both);
    }
}
