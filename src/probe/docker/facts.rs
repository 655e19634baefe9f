//! What a container engine tells.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::probe::container::{Limits, Logging, Pin};
use crate::probe::env_file::ValueKind;

/// What a container engine tells.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// The engine's version.
    pub version: String,
    /// The version of its interface.
    pub api_version: String,
    /// The engine's name for itself, such as `Engine` (Docker) or `Podman Engine`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// How it is set up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<Info>,
    /// How many containers there are, those that do not run too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// All containers; at most 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containers: Option<Vec<Container>>,
    /// Ports of the machine that are published; of containers that do not run, those that would
    /// be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<Vec<Port>>,
    /// Variables that containers are started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Vec<Variable>>,
    /// What is mounted into containers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mounts: Option<Vec<Mount>>,
    /// The images of the containers, each once; one that was removed meanwhile is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<Vec<Image>>,
}

/// How an engine is set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Info {
    /// The driver of logs where a container names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_driver: Option<String>,
    /// Whether containers go on while the engine is restarted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_restore: Option<bool>,
    /// Whether the engine itself runs without the rights of root.
    pub rootless: bool,
    /// How images and containers are stored, such as `overlay2`.
    pub storage_driver: String,
    /// The folder that they are stored in.
    pub data_root: String,
    /// What the engine warns of.
    pub warnings: Vec<String>,
}

/// A container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "as the engine tells them")]
pub struct Container {
    /// Its name.
    pub name: String,
    /// The Compose project that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The Compose service that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The Compose files that it was started from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_files: Option<Vec<String>>,
    /// The image's name as it was asked for.
    pub image: String,
    /// The image's identity.
    pub image_id: String,
    /// How exactly the image was named.
    pub pin: Pin,
    /// `created`, `running`, `paused`, `restarting`, `exited`, `dead` …
    pub state: String,
    /// Whether it runs; a paused one does.
    pub running: bool,
    /// `healthy`, `unhealthy` or `starting`; `none` where nothing is tried.
    pub health: String,
    /// How it ended; 0 for one that runs.
    pub exit_code: i64,
    /// Whether it was ended because it used too much memory.
    pub oom_killed: bool,
    /// How often the engine started it again.
    pub restart_count: u64,
    /// `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`.
    pub restart: String,
    /// Seconds since it was started last; left out for one that does not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime_seconds: Option<i64>,
    /// What it may use.
    pub limits: Limits,
    /// Where its output goes.
    pub logging: Logging,
    /// Whether it may do everything that the machine's root may.
    pub privileged: bool,
    /// Whom it runs as; left out where neither it nor its image says, which means root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether its file system cannot be written.
    pub read_only: bool,
    /// Its network, such as `host` or `bridge`.
    pub network_mode: String,
    /// Whose processes it sees, such as `host`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<String>,
    /// Whose shared memory it sees, such as `host`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipc: Option<String>,
    /// Capabilities that it gets, in capitals and without `CAP_`: `NET_ADMIN`.
    pub cap_add: BTreeSet<String>,
    /// Capabilities that are taken from it.
    pub cap_drop: BTreeSet<String>,
    /// Security options, such as `no-new-privileges`.
    pub security_opt: BTreeSet<String>,
    /// Seconds that it has to end; 10 where nothing is said.
    pub stop_grace_seconds: i64,
}

/// A port of the machine that leads to a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Port {
    /// The container.
    pub container: String,
    /// The machine's address that it is bound to; `0.0.0.0` where nothing is said.
    pub address: String,
    /// The machine's port; left out where the engine chooses one at the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<u16>,
    /// The container's port.
    pub target: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
}

/// A variable that a container is started with. Its value is in no fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Variable {
    /// The container.
    pub container: String,
    /// Its name.
    pub name: String,
    /// Whether its name is that of a secret (`…_PASSWORD`, `…_TOKEN`, `…_KEY` …), or its value
    /// is an address with a password in it.
    pub secret: bool,
    /// What its value is fit for.
    pub kind: ValueKind,
}

/// Something that is mounted into a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mount {
    /// The container.
    pub container: String,
    /// `bind`, `volume`, `tmpfs` …
    pub kind: String,
    /// The machine's path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Where the container sees it.
    pub target: String,
    /// Whether the container cannot write to it.
    pub read_only: bool,
    /// Whether it is the socket of the container engine, or a folder of the machine that the
    /// socket stands in. Who reaches it is root of the machine, also when it is read-only.
    pub engine_socket: bool,
}

/// An image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Image {
    /// Its identity.
    pub id: String,
    /// The containers that use it.
    pub containers: BTreeSet<String>,
    /// Its names with tags.
    pub tags: BTreeSet<String>,
    /// Its names with digests, as registries know it.
    pub digests: BTreeSet<String>,
    /// When it was built; left out where it does not say, or says a moment before 1980, as
    /// builds do that give the same image each time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Days since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_days: Option<f64>,
    /// Its size.
    pub size_bytes: u64,
}
