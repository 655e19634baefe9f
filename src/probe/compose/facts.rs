//! What Compose files come to.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::probe::container::{Limits, Logging, Pin};
use crate::probe::env_file::ValueKind;

/// What the files come to, merged. Everything but `exists` is left out when one of them is
/// missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Whether all the files that were named are there, or one that Compose looks for.
    pub exists: bool,
    /// The files that were read, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<String>>,
    /// Services that are started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<Service>>,
    /// Names of services whose profiles are not active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inactive: Option<BTreeSet<String>>,
    /// Images of the services that are started; none where one is built and not named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<Vec<Image>>,
    /// Ports of the machine that are published, each port of a range by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<Vec<Port>>,
    /// Variables that are set for services; those of environment files are not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Vec<Variable>>,
    /// What is mounted into services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mounts: Option<Vec<Mount>>,
    /// Variables that the files need and that are not set; Compose puts in nothing for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unset: Option<Vec<Unset>>,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Whether its image is built from a folder.
    pub build: bool,
    /// `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`; `no` where nothing is
    /// said.
    pub restart: String,
    /// How it is found to be healthy.
    pub healthcheck: Healthcheck,
    /// What it may use.
    pub limits: Limits,
    /// Where its output goes.
    pub logging: Logging,
    /// Whether it may do everything that the machine's root may.
    pub privileged: bool,
    /// Whom it runs as; left out where the image says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether its file system cannot be written.
    pub read_only: bool,
    /// Its network, such as `host`; left out for those of the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_mode: Option<String>,
    /// Whose processes it sees, such as `host`; left out for its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<String>,
    /// Whose shared memory it sees, such as `host`; left out for its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipc: Option<String>,
    /// Capabilities that it gets, in capitals and without `CAP_`: `NET_ADMIN`.
    pub cap_add: BTreeSet<String>,
    /// Capabilities that are taken from it, such as `ALL`.
    pub cap_drop: BTreeSet<String>,
    /// Security options, such as `no-new-privileges:true`.
    pub security_opt: BTreeSet<String>,
    /// What is started before it.
    pub depends_on: Vec<Dependency>,
    /// Files that its variables are read from.
    pub env_files: Vec<EnvironmentFile>,
    /// How often it runs.
    pub replicas: u64,
    /// Seconds that it has to end; 10 where nothing is said.
    pub stop_grace_seconds: f64,
}

/// How a service is found to be healthy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Healthcheck {
    /// Where it comes from.
    pub state: HealthcheckState,
    /// Seconds from one to the next; left out where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_seconds: Option<f64>,
    /// Seconds that one may take; left out where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<f64>,
    /// Seconds after the start in which failures do not count; left out where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_period_seconds: Option<f64>,
    /// Failures in a row that make it unhealthy; left out where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u64>,
}

/// Where a health check comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HealthcheckState {
    /// The files say what to try.
    Set,
    /// The files turn it off.
    Disabled,
    /// The files do not say what to try; the image may.
    Absent,
}

/// A service that is started before another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dependency {
    /// Its name.
    pub service: String,
    /// `service_started`, `service_healthy` or `service_completed_successfully`.
    pub condition: String,
}

/// A file that variables are read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnvironmentFile {
    /// Its path as written.
    pub path: String,
    /// Whether the service is not started without it.
    pub required: bool,
}

/// An image of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Image {
    /// The service.
    pub service: String,
    /// The image's name as written.
    pub reference: String,
    /// Where it comes from; `docker.io` where nothing is said.
    pub registry: String,
    /// Its name there.
    pub repository: String,
    /// Its tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Its digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// How exactly it is named.
    pub pin: Pin,
    /// Whether it is built from a folder and gets this name.
    pub build: bool,
}

/// A port of the machine that leads to a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Port {
    /// The service.
    pub service: String,
    /// The machine's address that it is bound to; `0.0.0.0` where nothing is said, which
    /// stands for all its addresses of IPv6 too.
    pub address: String,
    /// The machine's port; left out where the engine chooses one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<u16>,
    /// The service's port.
    pub target: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
}

/// A variable that is set for a service. Its value is in no fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Variable {
    /// The service.
    pub service: String,
    /// Its name.
    pub name: String,
    /// Whether its name is that of a secret (`…_PASSWORD`, `…_TOKEN`, `…_KEY` …), or its value
    /// is an address with a password in it.
    pub secret: bool,
    /// Whether the value itself, or the password in an address, stands in the files, also as
    /// the default of a variable. Paths and addresses without a password are no secrets.
    pub written: bool,
    /// What its value is fit for; left out where the value is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ValueKind>,
}

/// Something that is mounted into a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mount {
    /// The service.
    pub service: String,
    /// `bind`, `volume`, `tmpfs` …
    pub kind: String,
    /// The machine's path, or the volume's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Where the service sees it.
    pub target: String,
    /// Whether the service cannot write to it.
    pub read_only: bool,
    /// Whether it is the socket of the container engine, or a folder of the machine that the
    /// socket stands in. Who reaches it is root of the machine, also when it is read-only.
    pub engine_socket: bool,
}

/// A variable that is not set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unset {
    /// Its name.
    pub name: String,
    /// Whether Compose refuses to start without it (`${NAME:?…}`).
    pub required: bool,
}
