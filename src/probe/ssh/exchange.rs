//! Exchanging keys with a server: which keys it shows, and how it would let somebody in.
//!
//! Nobody logs in: the only way that is tried is none at all, which servers answer with the
//! ways that they would take.

use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use russh::client::{AuthResult, Config, Handle, Handler, connect_stream};
use russh::keys::{Algorithm, EcdsaCurve, HashAlg, PublicKeyOrCertificate};
use russh::{MethodKind, Preferred};

use super::known::Standing;
use super::{Facts, HostKey, Ssh};
use crate::probe::net::connect_error;
use crate::probe::{Answer, Context, ProbeError, local};
use crate::reason::Reason;

/// A longer list of known hosts is not read.
const LONGEST_LIST: u64 = 4 << 20;

/// Adds what was asked for beside the greeting, or why it is not known.
pub(super) async fn add(probe: &Ssh, context: &Context, end: Instant, answer: &mut Answer<Facts>) {
    let server = Server {
        probe,
        context,
        end,
    };
    let (facts, gaps) = (&mut answer.facts, &mut answer.gaps);
    if probe.asks_keys() {
        let keys = server.host_keys(&facts.offered.host_keys).await;
        if !probe.known_hosts.is_empty() {
            match standing(probe, context, &keys).await {
                Ok(standing) => facts.known_host = Some(standing.word().to_owned()),
                Err(error) => _ = gaps.insert("known_host".to_owned(), error),
            }
        }
        match keys {
            Ok(keys) => facts.host_keys = Some(keys),
            Err(error) => _ = gaps.insert("host_keys".to_owned(), error),
        }
    }
    if !probe.user.is_empty() {
        match server.methods().await {
            Ok(methods) => facts.auth_methods = Some(methods),
            Err(error) => _ = gaps.insert("auth_methods".to_owned(), error),
        }
    }
}

/// What the list of known hosts says of the keys.
async fn standing(
    probe: &Ssh,
    context: &Context,
    keys: &Result<Vec<HostKey>, ProbeError>,
) -> Result<Standing, ProbeError> {
    let keys = keys.as_ref().map_err(Clone::clone)?;
    let (shown, path) = (
        probe.known_hosts.clone(),
        context.cwd.join(&probe.known_hosts),
    );
    let list = local::blocking(move || {
        let unreadable = |error: std::io::Error| local::unreadable(&shown, &error);
        let mut list = Vec::new();
        let file = local::open(&path).map_err(unreadable)?;
        let read = file.take(LONGEST_LIST + 1).read_to_end(&mut list);
        if read.map_err(unreadable)? as u64 > LONGEST_LIST {
            return Err(local::beyond(format!("{shown} is larger than 4 MiB")));
        }
        Ok(String::from_utf8_lossy(&list).into_owned())
    });
    Ok(Standing::of(&list.await?, &probe.alias(), keys))
}

/// Kinds of host keys, by the names that they are offered under.
fn kinds(offered: &[String]) -> Vec<Vec<Algorithm>> {
    let has = |name: &str| offered.iter().any(|one| one == name);
    let mut kinds = Vec::new();
    if has("ssh-ed25519") {
        kinds.push(vec![Algorithm::Ed25519]);
    }
    for curve in [
        EcdsaCurve::NistP256,
        EcdsaCurve::NistP384,
        EcdsaCurve::NistP521,
    ] {
        let algorithm = Algorithm::Ecdsa { curve };
        if has(algorithm.as_str()) {
            kinds.push(vec![algorithm]);
        }
    }
    // One key, with signatures of several kinds.
    let hashes = [
        ("rsa-sha2-512", Some(HashAlg::Sha512)),
        ("rsa-sha2-256", Some(HashAlg::Sha256)),
        ("ssh-rsa", None),
    ];
    let rsa = hashes.into_iter().filter(|(name, _)| has(name));
    let rsa: Vec<Algorithm> = rsa.map(|(_, hash)| Algorithm::Rsa { hash }).collect();
    if !rsa.is_empty() {
        kinds.push(rsa);
    }
    kinds
}

/// One server that keys are exchanged with, until `end`.
struct Server<'p> {
    probe: &'p Ssh,
    context: &'p Context,
    end: Instant,
}

impl Server<'_> {
    fn subject(&self) -> String {
        format!("{}:{}", self.probe.host, self.probe.port)
    }

    /// Every key that it shows, one connection each.
    async fn host_keys(&self, offered: &[String]) -> Result<Vec<HostKey>, ProbeError> {
        let mut keys = Vec::new();
        for kind in kinds(offered) {
            let (shown, _) = self.connect(kind, false).await?;
            keys.push(shown);
        }
        if keys.is_empty() {
            let cause = format!("{} has keys of unknown kinds alone", self.subject());
            return Err(ProbeError::new(Reason::ToolFailed, cause));
        }
        Ok(keys)
    }

    /// The ways to log in that it names to a user who tries none.
    async fn methods(&self) -> Result<Vec<String>, ProbeError> {
        let (_, handle) = self
            .connect(Preferred::DEFAULT.key.into_owned(), true)
            .await?;
        let Some(mut handle) = handle else {
            return Err(self.odd("it ended the key exchange"));
        };
        let answer = self
            .in_time(handle.authenticate_none(&self.probe.user))
            .await?;
        match answer.map_err(|error| self.failed(&error))? {
            AuthResult::Success => Ok(vec!["none".to_owned()]),
            AuthResult::Failure {
                remaining_methods, ..
            } => {
                let name = |method: &MethodKind| <&str>::from(method).to_owned();
                let names: Vec<String> = remaining_methods.iter().map(name).collect();
                if names.is_empty() {
                    return Err(self.odd("it names no way to log in that is known"));
                }
                Ok(names)
            }
        }
    }

    /// Exchanges keys, and leaves unless it is to `stay`.
    async fn connect(
        &self,
        kinds: Vec<Algorithm>,
        stay: bool,
    ) -> Result<(HostKey, Option<Handle<Guest>>), ProbeError> {
        self.context.traffic.connection();
        self.context.traffic.request();
        let (host, port) = (&self.probe.host, self.probe.port);
        let stream = self.context.net.dial(host, port, self.left()).await?.stream;
        let config = Config {
            preferred: Preferred {
                key: kinds.into(),
                ..Preferred::DEFAULT
            },
            // Whatever is left of a connection that took too long ends by itself.
            inactivity_timeout: Some(self.left()),
            ..Config::default()
        };
        let shown = Arc::default();
        let guest = Guest {
            shown: Arc::clone(&shown),
            stay,
        };
        let connected = self
            .in_time(connect_stream(Arc::new(config), stream, guest))
            .await?;
        let key = shown.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (key, connected) {
            (Some(key), Ok(handle)) => Ok((key, Some(handle))),
            (Some(key), Err(russh::Error::UnknownKey)) if !stay => Ok((key, None)),
            (_, Err(error)) => Err(self.failed(&error)),
            (None, Ok(_)) => Err(self.odd("it showed no key")),
        }
    }

    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, ProbeError> {
        tokio::time::timeout(self.left(), work).await.map_err(|_| {
            let cause = format!("{} did not answer in time", self.subject());
            ProbeError::new(Reason::ServiceTimeout, cause)
        })
    }

    fn failed(&self, error: &russh::Error) -> ProbeError {
        let (reason, what) = match error {
            russh::Error::IO(error) => return connect_error(error, &self.subject()),
            russh::Error::Disconnect | russh::Error::HUP | russh::Error::SendError => {
                (Reason::ServiceClosed, "closed the connection")
            }
            russh::Error::InactivityTimeout | russh::Error::ConnectionTimeout => {
                (Reason::ServiceTimeout, "did not answer in time")
            }
            // Ours are today's, and the server may have older ones or newer ones alone.
            russh::Error::NoCommonAlgo { .. } => {
                (Reason::ToolFailed, "has no algorithms that are known here")
            }
            _ => (Reason::ServiceProtocol, "exchanges no keys"),
        };
        ProbeError::new(reason, format!("{} {what}", self.subject())).with_detail(error.to_string())
    }

    fn odd(&self, words: &str) -> ProbeError {
        let cause = format!("{} does not say how to log in", self.subject());
        ProbeError::new(Reason::ToolFailed, cause).with_detail(words)
    }
}

/// Keeps the key that the server shows, and trusts nobody: nothing secret is ever sent.
struct Guest {
    shown: Arc<Mutex<Option<HostKey>>>,
    stay: bool,
}

impl Handler for Guest {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, russh::Error> {
        if let PublicKeyOrCertificate::PublicKey { key, .. } = key {
            // The name without the signature's: `ssh-rsa` for all of RSA.
            let kind = match key.algorithm() {
                Algorithm::Rsa { .. } => "ssh-rsa".to_owned(),
                other => other.as_str().to_owned(),
            };
            let shown = HostKey::of(&kind, &key.to_bytes()?);
            *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        }
        Ok(self.stay)
    }
}
