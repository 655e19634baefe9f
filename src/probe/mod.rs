//! The questions `ready` can ask, one file or folder per kind and one line each in `probes!`.
//!
//! Probes connect, parse and time; they judge nothing. What a header *means* is parsed into
//! facts here; whether that is good enough is said by expectations in the catalogue.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::reason::{Reason, Side};
use crate::secret::references;

pub mod cluster;
mod container;
mod context;
mod local;
pub mod net;
mod secrets;
mod shell;

pub use context::{Context, Traffic};

/// A question whose value is its identity: equal probes are gathered once.
///
/// Its fields are what a profile may write under the kind's name. Every field that is not
/// required has a default, and `deny_unknown_fields` is set.
pub trait Probe: Clone + Ord + Serialize + DeserializeOwned + JsonSchema + Send + Sync {
    /// What an answer looks like: plain data. Its JSON Schema is what expressions are checked
    /// against. A fact that an answer may not have is an `Option` that is *left out* when it
    /// is `None`, so that asking for it is `expect.missing` and never `null`.
    type Facts: Serialize + DeserializeOwned + JsonSchema + Send;

    /// Says what is wrong with the fields' values (a URL that does not parse …), before
    /// anything is contacted.
    fn validate(&self) -> Result<(), Invalid> {
        Ok(())
    }

    /// Everything that asking this would contact.
    fn contacts(&self) -> Vec<Contact>;

    /// A command that shows the same by hand, secrets as `$NAME`.
    fn reproduce(&self) -> String;

    /// Asks. `Err` is the target's answer or our inability, as its reason says.
    fn gather(
        &self,
        context: &Context,
    ) -> impl Future<Output = Result<Answer<Self::Facts>, ProbeError>> + Send;
}

/// What a probe found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<F> {
    /// What is known.
    pub facts: F,
    /// What could *not* be found out although the rest could, by path below the probe's name
    /// (`protocols.tls1_0`), and why. An expectation that needs such a fact gets this error
    /// and not `expect.missing`.
    pub gaps: BTreeMap<String, ProbeError>,
}

impl<F> From<F> for Answer<F> {
    fn from(facts: F) -> Self {
        Self {
            facts,
            gaps: BTreeMap::new(),
        }
    }
}

/// Why a question has no answer.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    thiserror::Error,
)]
#[error("{cause}")]
pub struct ProbeError {
    /// The stable code; it says whose doing it is.
    pub reason: Reason,
    /// One line that is the same for everything this takes down, for people:
    /// `api.zebu.example:443 refused the connection`.
    pub cause: String,
    /// What else is known: the library's words, bytes that came instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl ProbeError {
    /// An error with a reason and its one-line cause.
    pub fn new(reason: Reason, cause: impl Into<String>) -> Self {
        Self {
            reason,
            cause: cause.into(),
            detail: None,
        }
    }

    /// Adds what else is known.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Whose doing it is.
    pub fn side(&self) -> Side {
        self.reason.side()
    }
}

/// A field of a probe that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The field's path, such as `url` or `auth.bearer`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl Invalid {
    /// A field and what is wrong with its value.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }

    /// Wants a secret to be written as a reference to one.
    fn unless_reference(field: &str, written: &str) -> Result<(), Self> {
        if references(written).is_empty() {
            let message = "a secret is never written down: use ${secrets.NAME}";
            return Err(Self::new(field, message));
        }
        Ok(())
    }

    /// Wants a host and a port that can be connected to.
    fn unless_place(host: &str, port: u16) -> Result<(), Self> {
        if host.trim().is_empty() {
            return Err(Self::new("host", "is empty"));
        }
        if port == 0 {
            return Err(Self::new("port", "must be at least 1"));
        }
        Ok(())
    }
}

/// One place that a probe would contact, as `ready plan` lists it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Contact {
    /// Host name or address; the limit of simultaneous questions counts by it.
    pub host: String,
    /// Port, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What is said to it: `GET /health`, `TLS handshakes`, `DNS MX example.com`.
    pub action: String,
    /// How often, at most.
    pub count: u32,
    /// What it may do there.
    pub access: Access,
}

impl Contact {
    /// `host:port`, or the host alone.
    pub fn place(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }
}

/// What a probe may do to its target.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Changes nothing.
    #[default]
    ReadOnly,
    /// Writes, bursts, uploads or looks like an attack: needs `--allow intrusive`.
    Intrusive,
    /// Runs a program: needs `--allow exec`.
    Exec,
}

macro_rules! probes {
    ($($(#[$attribute:meta])* $module:ident :: $Kind:ident),+ $(,)?) => {
        $($(#[$attribute])* pub mod $module;)+

        /// Any probe, as written in a profile: `probe: {tcp: {host: …, port: …}}`.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum AnyProbe {
            $($(#[$attribute])* #[doc = concat!("See [`", stringify!($module), "`].")] $Kind($module::$Kind)),+
        }

        impl AnyProbe {
            /// The kinds' names, as profiles and expressions write them.
            pub const KINDS: &[&str] = &[$($(#[$attribute])* stringify!($module)),+];

            /// This probe's kind, one of [`Self::KINDS`].
            pub fn kind(&self) -> &'static str {
                match self { $($(#[$attribute])* Self::$Kind(_) => stringify!($module)),+ }
            }

            /// See [`Probe::validate`].
            pub fn validate(&self) -> Result<(), Invalid> {
                match self { $($(#[$attribute])* Self::$Kind(probe) => probe.validate()),+ }
            }

            /// Whether it looks at what earlier runs saw, and not at the system.
            pub fn asks_saved_runs(&self) -> bool {
                matches!(self, Self::SavedRun(_))
            }

            /// See [`Probe::contacts`].
            pub fn contacts(&self) -> Vec<Contact> {
                match self { $($(#[$attribute])* Self::$Kind(probe) => probe.contacts()),+ }
            }

            /// See [`Probe::reproduce`].
            pub fn reproduce(&self) -> String {
                match self { $($(#[$attribute])* Self::$Kind(probe) => probe.reproduce()),+ }
            }

            /// Asks the question; the only dispatch over kinds that touches the outside world.
            pub async fn gather(&self, context: &Context) -> Result<Answer<Value>, ProbeError> {
                match self {
                    $($(#[$attribute])* Self::$Kind(probe) => plain(probe.gather(context).await?)),+
                }
            }
        }

        /// The JSON Schema of each kind's facts, by the kind's name.
        pub fn facts_schemas() -> BTreeMap<&'static str, schemars::Schema> {
            BTreeMap::from([
                $($(#[$attribute])* (stringify!($module), schemars::schema_for!(<$module::$Kind as Probe>::Facts))),+
            ])
        }
    };
}

/// Kinds that stand behind a cargo feature of their name.
pub const OPTIONAL: &[&str] = &["backups", "postgres"];

fn plain<F: Serialize>(answer: Answer<F>) -> Result<Answer<Value>, ProbeError> {
    let facts = serde_json::to_value(answer.facts).map_err(|error| {
        ProbeError::new(Reason::ProbeInternal, "facts that are not plain data")
            .with_detail(error.to_string())
    })?;
    Ok(Answer {
        facts,
        gaps: answer.gaps,
    })
}

probes! {
    api::Api,
    #[cfg(feature = "backups")]
    backups::Backups,
    bundle::Bundle,
    burst::Burst,
    clickhouse::Clickhouse,
    command::Command,
    compose::Compose,
    dns::Dns,
    docker::Docker,
    env_file::EnvFile,
    file::File,
    git::Git,
    github::Github,
    host::Host,
    http::Http,
    jwt::Jwt,
    kubernetes::Kubernetes,
    limits::Limits,
    manifests::Manifests,
    nats::Nats,
    #[cfg(feature = "postgres")]
    postgres::Postgres,
    prometheus::Prometheus,
    rdap::Rdap,
    redis::Redis,
    saved_run::SavedRun,
    scenario::Scenario,
    ssh::Ssh,
    tcp::Tcp,
    tls::Tls,
    websocket::Websocket,
}
