//! Where an engine listens, and who asks it.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use url::Url;

use super::Docker;
use crate::probe::http::client::Call;
use crate::probe::local::{self, is_nothing, open, unreadable};
use crate::probe::net::tls::Party;
use crate::probe::{Context, ProbeError};
use crate::reason::Reason;

/// A larger file holds no certificates.
const LARGEST_FILE: u64 = 256 << 10;

/// Where an engine listens.
pub(super) enum Place {
    /// A socket of this machine.
    Socket(PathBuf),
    /// An address.
    Url(Url),
}

impl Docker {
    /// Reads `host`.
    pub(super) fn place(&self) -> Result<Place, &'static str> {
        const USUAL: &str = "is no address such as unix:///run/docker.sock or tcp://host:2376";
        if let Some(path) = self.host.strip_prefix("unix://") {
            let is_path = path.starts_with('/') && !path.contains('\0');
            return is_path.then(|| Place::Socket(path.into())).ok_or(USUAL);
        }
        let (scheme, rest) = self.host.split_once("://").ok_or(USUAL)?;
        let (scheme, port) = match (scheme, self.cert_path.is_empty()) {
            ("tcp", true) | ("http", _) => ("http", 2375),
            ("tcp", false) | ("https", _) => ("https", 2376),
            _ => return Err(USUAL),
        };
        let mut url = Url::parse(&format!("{scheme}://{rest}")).map_err(|_| USUAL)?;
        if url.path() != "/" || url.query().is_some() || !url.username().is_empty() {
            return Err(USUAL);
        }
        if scheme == "http" && !self.cert_path.is_empty() {
            return Err("is not encrypted, and `cert_path` is of no use with it");
        }
        // The scheme's own port is never meant.
        let has_port = rest
            .trim_end_matches('/')
            .ends_with(|c: char| c.is_ascii_digit())
            && rest
                .rsplit_once(':')
                .is_some_and(|(_, port)| !port.contains(']'));
        if !has_port {
            url.set_port(Some(port)).map_err(|()| USUAL)?;
        }
        Ok(Place::Url(url))
    }

    /// Where requests start, and the one from which all others are made.
    pub(super) async fn base(&self, context: &Context) -> Result<(Url, Call), ProbeError> {
        let unusable = |words: &str| ProbeError::new(Reason::ProbeInternal, words);
        match self.place().map_err(unusable)? {
            Place::Socket(path) => {
                // Only its form matters.
                let url = Url::parse("http://localhost/").map_err(|_| unusable("no address"))?;
                Ok((url.clone(), Call::get(url).over_socket(&path)))
            }
            Place::Url(url) if self.cert_path.is_empty() => Ok((url.clone(), Call::get(url))),
            Place::Url(url) => {
                let (shown, folder) = (self.cert_path.clone(), context.cwd.join(&self.cert_path));
                let party = local::blocking(move || party(&shown, &folder)).await?;
                Ok((url.clone(), Call::get(url).on_behalf_of(party)))
            }
        }
    }
}

/// What the three files of a folder make of a client.
fn party(shown: &str, folder: &Path) -> Result<Party, ProbeError> {
    let [roots, chain, key] = ["ca.pem", "cert.pem", "key.pem"].map(|name| {
        let shown = format!("{}/{name}", shown.trim_end_matches('/'));
        file(&shown, &folder.join(name))
    });
    let (roots, chain, key) = (roots?, chain?, key?);
    let unusable = |words: String| {
        let cause = format!("the certificates in {shown} cannot be used");
        ProbeError::new(Reason::CredentialUnusable, cause).with_detail(words)
    };
    let own = match (&chain, &key) {
        (Some(chain), Some(key)) => Some((&**chain, &**key)),
        (None, None) => None,
        _ => return Err(unusable("cert.pem and key.pem belong together".to_owned())),
    };
    if roots.is_none() && own.is_none() {
        let cause = format!("there are no certificates in {shown}");
        return Err(ProbeError::new(Reason::CredentialMissing, cause));
    }
    Party::new(roots.as_deref(), own, None).map_err(unusable)
}

/// A file's bytes; `None` where there is none.
fn file(shown: &str, path: &Path) -> Result<Option<Vec<u8>>, ProbeError> {
    let mut bytes = Vec::new();
    match open(path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes)) {
        Ok(_) if u64::try_from(bytes.len()).is_ok_and(|read| read > LARGEST_FILE) => {
            Err(local::beyond(format!("{shown} is larger than 256 KiB")))
        }
        Ok(_) => Ok(Some(bytes)),
        Err(error) if is_nothing(&error) => Ok(None),
        Err(error) => Err(unreadable(shown, &error)),
    }
}
