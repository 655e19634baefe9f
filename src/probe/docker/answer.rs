//! The engine's answers, as its interface documents them, and what they come to.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;

use super::facts::{Container, Image, Info, Mount, Port, Variable};
use crate::probe::container::{Limits, Logging, Pin, Reference, capability, commands_the_engine};
use crate::probe::env_file::judge;

/// How long an engine waits for a container to end, where it does not say.
const USUAL_GRACE: i64 = 10;
/// Earlier moments are no dates of builds.
const EARLIEST_BUILD: i64 = 315_532_800;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RawVersion {
    pub(super) version: String,
    pub(super) api_version: String,
    components: Option<Vec<RawComponent>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawComponent {
    name: String,
}

impl RawVersion {
    pub(super) fn engine(&self) -> Option<String> {
        let first = self.components.as_ref()?.first()?;
        Some(first.name.clone())
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RawInfo {
    logging_driver: Option<String>,
    live_restore_enabled: Option<bool>,
    security_options: Option<Vec<String>>,
    driver: String,
    docker_root_dir: String,
    warnings: Option<Vec<String>>,
    // Podman says it here, and Docker among its security options.
    rootless: Option<bool>,
}

impl From<RawInfo> for Info {
    fn from(raw: RawInfo) -> Self {
        let options = raw.security_options.unwrap_or_default();
        let says_so = options.iter().any(|option| option == "name=rootless");
        Self {
            log_driver: given(raw.logging_driver),
            live_restore: raw.live_restore_enabled,
            rootless: raw.rootless.unwrap_or(false) || says_so,
            storage_driver: raw.driver,
            data_root: raw.docker_root_dir,
            warnings: raw.warnings.unwrap_or_default(),
        }
    }
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// One of the list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed {
    pub(super) id: String,
    labels: Option<BTreeMap<String, String>>,
}

const PROJECT: &str = "com.docker.compose.project";
const SERVICE: &str = "com.docker.compose.service";
const CONFIG_FILES: &str = "com.docker.compose.project.config_files";

impl Listed {
    pub(super) fn is_of(&self, project: &str) -> bool {
        let labels = self.labels.as_ref();
        let own = labels.and_then(|labels| labels.get(PROJECT));
        project.is_empty() || own.is_some_and(|own| own == project)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Inspected {
    name: String,
    image: String,
    restart_count: u64,
    state: RawState,
    host_config: RawHost,
    config: RawConfig,
    mounts: Option<Vec<RawMount>>,
    network_settings: Option<RawNetwork>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawState {
    status: String,
    running: bool,
    #[serde(rename = "OOMKilled")]
    oom_killed: bool,
    exit_code: i64,
    started_at: Option<String>,
    health: Option<RawHealth>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawHealth {
    status: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawHost {
    restart_policy: RawPolicy,
    log_config: RawLog,
    #[serde(default)]
    memory: i64,
    #[serde(default)]
    nano_cpus: i64,
    #[serde(default)]
    cpu_period: i64,
    #[serde(default)]
    cpu_quota: i64,
    pids_limit: Option<i64>,
    privileged: bool,
    readonly_rootfs: bool,
    network_mode: String,
    pid_mode: Option<String>,
    ipc_mode: Option<String>,
    cap_add: Option<Vec<String>>,
    cap_drop: Option<Vec<String>>,
    security_opt: Option<Vec<String>>,
    port_bindings: Option<Bindings>,
}

type Bindings = BTreeMap<String, Option<Vec<RawBinding>>>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawPolicy {
    name: String,
    #[serde(default)]
    maximum_retry_count: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawLog {
    #[serde(rename = "Type")]
    kind: String,
    config: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawBinding {
    #[serde(default)]
    host_ip: String,
    #[serde(default)]
    host_port: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawConfig {
    image: String,
    user: Option<String>,
    env: Option<Vec<String>>,
    labels: Option<BTreeMap<String, String>>,
    stop_timeout: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawMount {
    #[serde(rename = "Type")]
    kind: Option<String>,
    source: Option<String>,
    destination: String,
    #[serde(rename = "RW")]
    writable: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawNetwork {
    ports: Option<Bindings>,
}

impl Inspected {
    pub(super) fn name(&self) -> String {
        self.name.trim_start_matches('/').to_owned()
    }

    /// `Err` names what has no meaning.
    pub(super) fn container(&self, now: Timestamp) -> Result<Container, String> {
        let (host, config, state) = (&self.host_config, &self.config, &self.state);
        let label = |name: &str| config.labels.as_ref()?.get(name).cloned();
        let names = |list: &Option<Vec<String>>| -> BTreeSet<String> {
            let names = list.iter().flatten();
            names.map(|name| capability(name)).collect()
        };
        let options = host.log_config.config.clone().unwrap_or_default();
        let logging = Logging::of(Some(host.log_config.kind.clone()), &options)
            .map_err(|option| format!("the log option {option} of {}", self.name()))?;
        let health = state.health.as_ref().map(|health| health.status.as_str());
        let files = label(CONFIG_FILES);
        Ok(Container {
            name: self.name(),
            project: label(PROJECT),
            service: label(SERVICE),
            config_files: files.map(|files| files.split(',').map(str::to_owned).collect()),
            image: config.image.clone(),
            image_id: self.image.clone(),
            pin: pin(&config.image),
            state: state.status.clone(),
            running: state.running,
            health: match health {
                None | Some("") => "none".to_owned(),
                Some(health) => health.to_owned(),
            },
            exit_code: state.exit_code,
            oom_killed: state.oom_killed,
            restart_count: self.restart_count,
            restart: host.restart_policy.word(),
            uptime_seconds: state.uptime(now),
            limits: host.limits(),
            logging,
            privileged: host.privileged,
            user: given(config.user.clone()),
            read_only: host.readonly_rootfs,
            network_mode: host.network_mode.clone(),
            pid: given(host.pid_mode.clone()),
            ipc: given(host.ipc_mode.clone()),
            cap_add: names(&host.cap_add),
            cap_drop: names(&host.cap_drop),
            security_opt: host.security_opt.iter().flatten().cloned().collect(),
            stop_grace_seconds: config.stop_timeout.unwrap_or(USUAL_GRACE),
        })
    }

    /// `Err` names what has no meaning.
    pub(super) fn ports(&self) -> Result<Vec<Port>, String> {
        let network = self.network_settings.as_ref();
        let bound = network.and_then(|network| network.ports.as_ref());
        let bound = bound.filter(|_| self.state.running);
        let mut ports = Vec::new();
        for (place, bindings) in bound
            .or(self.host_config.port_bindings.as_ref())
            .into_iter()
            .flatten()
        {
            let odd = || format!("the port {place} of {}", self.name());
            let (target, protocol) = place.split_once('/').unwrap_or((place, "tcp"));
            let target = target.parse().map_err(|_| odd())?;
            for binding in bindings.iter().flatten() {
                let published = match binding.host_port.as_str() {
                    "" | "0" => None,
                    port => Some(port.parse().map_err(|_| odd())?),
                };
                ports.push(Port {
                    container: self.name(),
                    address: match binding.host_ip.as_str() {
                        "" => "0.0.0.0".to_owned(),
                        address => address.to_owned(),
                    },
                    published,
                    target,
                    protocol: protocol.to_owned(),
                });
            }
        }
        Ok(ports)
    }

    pub(super) fn environment(&self) -> Vec<Variable> {
        let entries = self.config.env.iter().flatten();
        let variables = entries.map(|entry| {
            let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
            let (secret, kind) = judge(name, value);
            Variable {
                container: self.name(),
                name: name.to_owned(),
                secret,
                kind,
            }
        });
        variables.collect()
    }

    pub(super) fn mounts(&self) -> Vec<Mount> {
        let mounts = self.mounts.iter().flatten().map(|mount| {
            let source = given(mount.source.clone());
            Mount {
                container: self.name(),
                kind: mount.kind.clone().unwrap_or_else(|| "bind".to_owned()),
                engine_socket: source.as_deref().is_some_and(commands_the_engine),
                source,
                target: mount.destination.clone(),
                read_only: !mount.writable,
            }
        });
        mounts.collect()
    }
}

fn pin(image: &str) -> Pin {
    if image.starts_with("sha256:") {
        // The image's own identity.
        return Pin::Digest;
    }
    Reference::parse(image).map_or(Pin::None, |reference| reference.pin())
}

impl RawPolicy {
    fn word(&self) -> String {
        match (self.name.as_str(), self.maximum_retry_count) {
            ("", _) => "no".to_owned(),
            ("on-failure", most @ 1..) => format!("on-failure:{most}"),
            (name, _) => name.to_owned(),
        }
    }
}

impl RawState {
    fn uptime(&self, now: Timestamp) -> Option<i64> {
        let started: Timestamp = self.started_at.as_ref()?.parse().ok()?;
        // One that was never started says the year 1.
        let is_real = self.running && started.as_second() > 0;
        is_real.then(|| (now.as_second() - started.as_second()).max(0))
    }
}

impl RawHost {
    #[expect(
        clippy::cast_precision_loss,
        reason = "as many digits as anybody needs"
    )]
    fn limits(&self) -> Limits {
        let positive = |number: i64| u64::try_from(number).ok().filter(|number| *number > 0);
        let period = positive(self.cpu_period).unwrap_or(100_000);
        let share = positive(self.cpu_quota).map(|quota| quota as f64 / period as f64);
        Limits {
            memory_bytes: positive(self.memory),
            cpus: positive(self.nano_cpus)
                .map(|billionths| billionths as f64 / 1e9)
                .or(share),
            pids: self.pids_limit.and_then(positive),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RawImage {
    id: String,
    repo_tags: Option<Vec<String>>,
    repo_digests: Option<Vec<String>>,
    created: Option<String>,
    size: u64,
}

impl RawImage {
    pub(super) fn image(self, containers: BTreeSet<String>, now: Timestamp) -> Image {
        let created = self.created.as_deref().and_then(|text| text.parse().ok());
        let created = created.filter(|moment: &Timestamp| moment.as_second() > EARLIEST_BUILD);
        #[expect(clippy::cast_precision_loss, reason = "days, and not nanoseconds")]
        let age = created.map(|moment| (now.as_second() - moment.as_second()) as f64 / 86_400.0);
        Image {
            id: self.id,
            containers,
            tags: self.repo_tags.into_iter().flatten().collect(),
            digests: self.repo_digests.into_iter().flatten().collect(),
            created: created.map(|moment| moment.to_string()),
            age_days: age,
            size_bytes: self.size,
        }
    }
}
