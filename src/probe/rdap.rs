//! Who registered a domain, until when, and is it locked against theft?
//!
//! One question to a registration data service (RDAP, RFC 9083), by default the public
//! redirector at rdap.org that leads to the registry. That a domain is not registered is a
//! fact, if a registry says so: one that the redirector led to, or whose address the profile
//! gives. A service that does not answer, or answers something else, is our inability: it is
//! not the domain's fault, and so is a redirector that knows no registry for the domain. A date
//! that cannot be read is a gap. It does not ask the registrar's own service, and reads no names
//! of people.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use http::header::ACCEPT;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::http::client::{Call, Reply, not_the_targets};
use super::http::deadline::Deadline;
use super::shell::quoted;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError};
use crate::reason::Reason;

/// Looks up the registration of a domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rdap {
    /// The registered domain, such as `example.com`.
    pub domain: String,
    /// Address of the service; `/domain/NAME` is put behind it.
    #[serde(default = "usual_base")]
    pub base: String,
}

/// Leads to the registries, and is none itself.
const REDIRECTOR: &str = "https://rdap.org";

fn usual_base() -> String {
    REDIRECTOR.to_owned()
}

/// What the registry says of a domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Whether it is registered. Without that there is nothing else.
    pub registered: bool,
    /// The registrar's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registrar: Option<String>,
    /// When the registration ends (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub expires: Option<Timestamp>,
    /// Whole days until then; negative when it has passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_left: Option<i64>,
    /// When it was registered first (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub since: Option<Timestamp>,
    /// The states that the registry lists, in lower case: `client transfer prohibited` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub states: Option<BTreeSet<String>>,
    /// The name servers that the registry knows, in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_servers: Option<BTreeSet<String>>,
    /// Whether the registry says that the delegation is signed (DNSSEC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation_signed: Option<bool>,
}

impl Rdap {
    fn url(&self) -> Result<Url, String> {
        let base = self.base.trim_end_matches('/');
        let mut url = Url::parse(base).map_err(|error| error.to_string())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("must start with https:// or http://".to_owned());
        }
        let mut path = url
            .path_segments_mut()
            .map_err(|()| "has no path".to_owned())?;
        path.pop_if_empty().extend(["domain", &self.domain]);
        drop(path);
        Ok(url)
    }
}

impl Probe for Rdap {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        let odd = |letter: char| !(letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_'));
        if !self.domain.contains('.') || self.domain.contains(odd) {
            return Err(Invalid::new(
                "domain",
                "is not a domain such as `example.com`",
            ));
        }
        self.url()
            .map(|_| ())
            .map_err(|error| Invalid::new("base", error))
    }

    fn contacts(&self) -> Vec<Contact> {
        let Ok(url) = self.url() else {
            return Vec::new();
        };
        vec![Contact {
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port_or_known_default(),
            action: format!("GET {}, then up to 3 redirects", url.path()),
            count: 1,
            access: Access::ReadOnly,
        }]
    }

    fn reproduce(&self) -> String {
        let url = self.url().map(String::from).unwrap_or_default();
        format!(
            "curl -sSL -H 'Accept: application/rdap+json' {}",
            quoted(&url)
        )
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let url = self
            .url()
            .map_err(|error| ProbeError::new(Reason::ProbeInternal, error))?;
        let deadline = Deadline::after(context.timeout * 19 / 20);
        let asked = url.origin();
        let reply = Call::get(url)
            .header(ACCEPT, "application/rdap+json")?
            .ask(context, deadline)
            .await
            .map_err(not_the_targets)?;
        if reply.status == StatusCode::NOT_FOUND {
            let is_registry =
                reply.url.origin() != asked || self.base.trim_end_matches('/') != REDIRECTOR;
            if is_registry {
                return Ok(Facts::default().into());
            }
            let cause = format!("{} knows no registry for {}", reply.place(), self.domain);
            return Err(ProbeError::new(Reason::ApiNotFound, cause));
        }
        let reply = reply.ok().map_err(not_the_targets)?;
        self.read(&reply, context.now)
    }
}

impl Rdap {
    fn read(&self, reply: &Reply, now: Timestamp) -> Result<Answer<Facts>, ProbeError> {
        let domain: Domain = reply.json().map_err(not_the_targets)?;
        let asked = self.domain.to_ascii_lowercase();
        let named = domain.ldh_name.trim_end_matches('.').to_ascii_lowercase();
        let unicode = domain.unicode_name.map(|name| name.to_lowercase());
        if named != asked && unicode.as_deref() != Some(&*asked) {
            let cause = format!("{} answers of another domain", reply.place());
            return Err(ProbeError::new(Reason::ApiUnavailable, cause));
        }
        let mut gaps = BTreeMap::new();
        let mut date = |action: &str, facts: &[&str]| {
            let read = date(&domain.events, action)?;
            if let Err(words) = &read {
                let cause = format!("{} gives a date that cannot be read", reply.place());
                let error = ProbeError::new(Reason::ApiUnavailable, cause).with_detail(words);
                gaps.extend(facts.iter().map(|fact| ((*fact).to_owned(), error.clone())));
            }
            read.ok()
        };
        let expires = date("expiration", &["expires", "days_left"]);
        let since = date("registration", &["since"]);
        let facts = Facts {
            registered: true,
            registrar: registrar(&domain.entities),
            expires,
            days_left: expires.map(|at| at.duration_since(now).as_secs().div_euclid(86_400)),
            since,
            states: domain.status.map(|states| lower(states.iter())),
            name_servers: domain
                .nameservers
                .map(|servers| lower(servers.iter().filter_map(|server| server.ldh_name.as_ref()))),
            delegation_signed: domain.secure_dns.and_then(|dns| dns.delegation_signed),
        };
        Ok(Answer { facts, gaps })
    }
}

fn lower<'a>(words: impl Iterator<Item = &'a String>) -> BTreeSet<String> {
    words
        .map(|word| word.trim_end_matches('.').to_lowercase())
        .collect()
}

/// When something happened or will; `None` where it is not told.
fn date(events: &[Event], action: &str) -> Option<Result<Timestamp, String>> {
    let event = events.iter().find(|event| event.action == action)?;
    Some(
        event
            .date
            .parse()
            .map_err(|_| format!("{action}: {}", event.date)),
    )
}

/// The name on the registrar's card (jCard, RFC 7095): `["fn", {}, "text", "Name"]`.
fn registrar(entities: &[Entity]) -> Option<String> {
    let registrar = entities
        .iter()
        .find(|entity| entity.roles.iter().any(|role| role == "registrar"))?;
    let lines = registrar.card.as_ref()?.get(1)?.as_array()?;
    lines
        .iter()
        .find(|line| line[0] == "fn")
        .and_then(|line| line[3].as_str())
        .map(str::to_owned)
}

#[derive(Deserialize)]
struct Domain {
    #[serde(rename = "ldhName")]
    ldh_name: String,
    #[serde(rename = "unicodeName")]
    unicode_name: Option<String>,
    status: Option<Vec<String>>,
    #[serde(default)]
    events: Vec<Event>,
    #[serde(default)]
    entities: Vec<Entity>,
    nameservers: Option<Vec<NameServer>>,
    #[serde(rename = "secureDNS")]
    secure_dns: Option<SecureDns>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "eventAction")]
    action: String,
    #[serde(rename = "eventDate")]
    date: String,
}

#[derive(Deserialize)]
struct Entity {
    #[serde(default)]
    roles: Vec<String>,
    #[serde(rename = "vcardArray")]
    card: Option<Value>,
}

#[derive(Deserialize)]
struct NameServer {
    #[serde(rename = "ldhName")]
    ldh_name: Option<String>,
}

#[derive(Deserialize)]
struct SecureDns {
    #[serde(rename = "delegationSigned")]
    delegation_signed: Option<bool>,
}
