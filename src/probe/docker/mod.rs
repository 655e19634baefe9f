//! Do the containers of an engine run, are they healthy, and how are they held?
//!
//! `GET` requests of Docker's interface alone, which Podman speaks too, over a socket of this
//! machine or over TCP. The target's answer: an engine that refuses connections, is silent, or
//! does not speak its interface. Our inability: no socket, no right to open it, a certificate
//! that is refused; and, as gaps below an answer, whatever a proxy before the engine does not
//! let through, and more containers than are read. A container that is gone before it is looked
//! at is no error.
//!
//! It reads no logs, runs nothing in a container and asks no registry. No value of a variable
//! becomes a fact: only what `env_file` would say of it. What an engine that is Podman's says of
//! log options is not to be relied on: older ones leave them out.

mod answer;
mod facts;
mod place;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt as _, TryStreamExt as _};
use http::StatusCode;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

use self::answer::{Inspected, Listed, RawImage, RawInfo, RawVersion};
use self::place::Place;
use super::http::client::{Call, Reply};
use super::http::deadline::Deadline;
use super::shell::quoted;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError, local};
use crate::reason::Reason;

pub use self::facts::{Container, Facts, Image, Info, Mount, Port, Variable};

/// The most containers that are looked at.
const MOST_CONTAINERS: usize = 500;
/// Bytes of one answer.
const MOST_BYTES: usize = 4 << 20;
/// Bytes of all answers together.
const MOST_BYTES_IN_ALL: usize = 16 << 20;
/// Containers that are looked at at the same time.
const AT_ONCE: usize = 4;
/// Facts that need every container.
const OF_CONTAINERS: &[&str] = &["containers", "ports", "environment", "mounts", "images"];

/// Asks a container engine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Docker {
    /// Where the engine listens, as in `DOCKER_HOST`: `unix:///run/docker.sock`,
    /// `tcp://host:2376`.
    #[serde(default = "usual_host")]
    pub host: String,
    /// A folder of this machine with `ca.pem`, `cert.pem` and `key.pem`, as in
    /// `DOCKER_CERT_PATH`; with it TCP is encrypted. Empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cert_path: String,
    /// Only containers of this Compose project; empty for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub project: String,
}

fn usual_host() -> String {
    "unix:///var/run/docker.sock".to_owned()
}

impl Probe for Docker {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        match self.place() {
            Err(words) => return Err(Invalid::new("host", words)),
            Ok(Place::Socket(_)) if !self.cert_path.is_empty() => {
                return Err(Invalid::new("cert_path", "is of no use with a socket"));
            }
            Ok(_) => {}
        }
        if self.cert_path.contains('\0') {
            return Err(Invalid::new("cert_path", "has a NUL character"));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let what = "GET /version, /info, /containers/…, /images/…";
        let count = u32::try_from(3 + 2 * MOST_CONTAINERS).unwrap_or(u32::MAX);
        let mut contacts = Vec::new();
        match self.place() {
            Ok(Place::Url(url)) => contacts.push(Contact {
                host: url.host_str().unwrap_or_default().to_owned(),
                port: url.port_or_known_default(),
                action: what.to_owned(),
                count,
                access: Access::ReadOnly,
            }),
            _ => contacts.push(Contact {
                count,
                ..local::contact(format!("{what} over {}", self.host), Access::ReadOnly)
            }),
        }
        if !self.cert_path.is_empty() {
            let action = format!("read certificates in {}", self.cert_path);
            contacts.push(local::contact(action, Access::ReadOnly));
        }
        contacts
    }

    fn reproduce(&self) -> String {
        let mut words = format!("docker -H {}", quoted(&self.host));
        if !self.cert_path.is_empty() {
            let folder = self.cert_path.trim_end_matches('/');
            words.push_str(" --tlsverify");
            for (option, file) in [("ca", "ca"), ("", "cert"), ("", "key")] {
                let path = quoted(&format!("{folder}/{file}.pem"));
                let name = if option.is_empty() { file } else { "cacert" };
                words.extend([" --tls", name, " ", &*path]);
            }
        }
        words.push_str(" ps --all");
        if !self.project.is_empty() {
            let filter = format!("label=com.docker.compose.project={}", self.project);
            words.extend([" --filter ", &*quoted(&filter)]);
        }
        words
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let (url, base) = self.base(context).await?;
        let asking = Asking {
            url,
            base,
            context,
            deadline: Deadline::after(context.timeout * 19 / 20),
            read: AtomicUsize::new(0),
        };
        let version: RawVersion = asking.ask("version").await?;
        let mut answer = Answer::from(Facts {
            engine: version.engine(),
            version: version.version,
            api_version: version.api_version,
            ..Facts::default()
        });
        match asking.ask::<RawInfo>("info").await {
            Ok(info) => answer.facts.info = Some(info.into()),
            Err(error) if error.reason == Reason::PermissionDenied => {
                answer.gaps.insert("info".to_owned(), error);
            }
            Err(error) => return Err(error),
        }
        let listed: Vec<Listed> = asking.ask("containers/json?all=true").await?;
        let own = listed.into_iter().filter(|one| one.is_of(&self.project));
        let ids: Vec<String> = own.map(|one| one.id).collect();
        answer.facts.count = Some(u64::try_from(ids.len()).unwrap_or(u64::MAX));
        if ids.len() > MOST_CONTAINERS {
            let what = format!("there are more than {MOST_CONTAINERS} containers");
            for fact in OF_CONTAINERS {
                answer
                    .gaps
                    .insert((*fact).to_owned(), local::beyond(&*what));
            }
            return Ok(answer);
        }
        match asking.containers(ids).await {
            Ok(inspected) => asking.told(&inspected, &mut answer).await?,
            // A proxy before the engine lets lists through and nothing more.
            Err(error) if error.reason == Reason::PermissionDenied => {
                for fact in OF_CONTAINERS {
                    answer.gaps.insert((*fact).to_owned(), error.clone());
                }
            }
            Err(error) => return Err(error),
        }
        Ok(answer)
    }
}

struct Asking<'a> {
    url: Url,
    base: Call,
    context: &'a Context,
    deadline: Deadline,
    read: AtomicUsize,
}

impl Asking<'_> {
    async fn reply(&self, path: &str) -> Result<Reply, ProbeError> {
        let call = self.url.join(path).ok().and_then(|url| self.base.to(url));
        let call = call.ok_or_else(|| odd("an identity"))?;
        let asked = call.ask_with(None, MOST_BYTES, self.context, self.deadline);
        let reply = asked.await?;
        let before = self.read.fetch_add(reply.body.len(), Ordering::Relaxed);
        if before + reply.body.len() > MOST_BYTES_IN_ALL {
            let what = format!("{} tells more than is read", reply.place());
            return Err(local::beyond(what));
        }
        Ok(reply)
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<T, ProbeError> {
        self.reply(path).await?.ok()?.json()
    }

    /// `None` for what is not there any more.
    async fn ask_if_there<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, ProbeError> {
        let reply = self.reply(path).await?;
        if reply.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        reply.ok()?.json().map(Some)
    }

    async fn containers(&self, ids: Vec<String>) -> Result<Vec<Inspected>, ProbeError> {
        let asked = ids.into_iter().map(|id| async move {
            let id = identity(&id)?;
            self.ask_if_there(&format!("containers/{id}/json")).await
        });
        let found: Vec<Option<Inspected>> = futures_util::stream::iter(asked)
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn told(
        &self,
        inspected: &[Inspected],
        answer: &mut Answer<Facts>,
    ) -> Result<(), ProbeError> {
        let now = self.context.now;
        let (mut containers, mut ports) = (Vec::new(), Vec::new());
        for one in inspected {
            containers.push(one.container(now).map_err(|what| odd(&what))?);
            ports.extend(one.ports().map_err(|what| odd(&what))?);
        }
        let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for container in &containers {
            let users = users.entry(container.image_id.clone()).or_default();
            users.insert(container.name.clone());
        }
        match self.images(users).await {
            Ok(images) => answer.facts.images = Some(images),
            Err(error) if error.reason == Reason::PermissionDenied => {
                answer.gaps.insert("images".to_owned(), error);
            }
            Err(error) => return Err(error),
        }
        let facts = &mut answer.facts;
        facts.ports = Some(ports);
        facts.environment = Some(inspected.iter().flat_map(Inspected::environment).collect());
        facts.mounts = Some(inspected.iter().flat_map(Inspected::mounts).collect());
        facts.containers = Some(containers);
        Ok(())
    }

    async fn images(
        &self,
        users: BTreeMap<String, BTreeSet<String>>,
    ) -> Result<Vec<Image>, ProbeError> {
        let asked = users.into_iter().map(|(id, containers)| async move {
            let id = identity(&id)?;
            let image: Option<RawImage> = self.ask_if_there(&format!("images/{id}/json")).await?;
            Ok::<_, ProbeError>(image.map(|image| image.image(containers, self.context.now)))
        });
        let found: Vec<Option<Image>> = futures_util::stream::iter(asked)
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }
}

/// An identity goes into a path, and so must be nothing but one.
fn identity(id: &str) -> Result<&str, ProbeError> {
    let is_sound = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b':');
    is_sound.then_some(id).ok_or_else(|| odd("an identity"))
}

fn odd(what: &str) -> ProbeError {
    let cause = "the container engine does not answer as its interface says";
    ProbeError::new(Reason::ServiceProtocol, cause).with_detail(what.to_owned())
}
