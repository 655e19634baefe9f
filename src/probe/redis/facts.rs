//! What is known of a Redis server, read from its `INFO`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::probe::net::TlsFacts;

/// What a Redis server says about itself. What it does not tell is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Whether a connection without a password may not even `PING`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_required: Option<bool>,
    /// Whether `PING` was answered, after the password where one was given.
    pub ping: bool,
    /// Whether the connection is encrypted.
    pub encrypted: bool,
    /// The TLS of the connection; left out when it is in clear text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsFacts>,
    /// Version of the server, such as `7.0.15`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Part that the server plays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// On a replica: whether it is connected to its master.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master_link_up: Option<bool>,
    /// Replicas that are connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected_replicas: Option<u64>,
    /// What survives a restart.
    pub persistence: Persistence,
    /// Limit of the memory for data, in bytes; 0 for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maxmemory_bytes: Option<u64>,
    /// What happens at the limit, in the server's words: `noeviction`, `allkeys-lru` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maxmemory_policy: Option<String>,
    /// Memory in use, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_memory_bytes: Option<u64>,
    /// Keys that were evicted for lack of memory since the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evicted_keys: Option<u64>,
    /// Reads that found a key since the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyspace_hits: Option<u64>,
    /// Reads that found none since the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyspace_misses: Option<u64>,
    /// Clients that are connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected_clients: Option<u64>,
    /// How many may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maxclients: Option<u64>,
    /// Connections that were turned away since the start because there were too many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected_connections: Option<u64>,
    /// Whether other machines are refused as long as there is no password; needs the right to
    /// `CONFIG GET`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected_mode: Option<bool>,
}

/// The part a server plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Takes writes.
    Master,
    /// Follows a master.
    Replica,
    /// Watches others.
    Sentinel,
}

/// What survives a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Persistence {
    /// Whether snapshots are written by schedule; needs the right to `CONFIG GET`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rdb_enabled: Option<bool>,
    /// Whether every write is logged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aof_enabled: Option<bool>,
    /// Whether the last write of the log succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aof_last_write_ok: Option<bool>,
    /// Seconds since the last snapshot, or since the start when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_save_age_seconds: Option<i64>,
    /// Whether the last snapshot succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_save_ok: Option<bool>,
    /// Changes since the last snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes_since_last_save: Option<u64>,
}

/// The paths that come from `INFO`.
pub(super) const FROM_INFO: &[&str] = &[
    "version",
    "role",
    "master_link_up",
    "connected_replicas",
    "persistence",
    "maxmemory_bytes",
    "maxmemory_policy",
    "used_memory_bytes",
    "evicted_keys",
    "keyspace_hits",
    "keyspace_misses",
    "connected_clients",
    "maxclients",
    "rejected_connections",
];

/// The paths that come from `CONFIG GET`.
pub(super) const FROM_CONFIG: &[&str] = &["protected_mode", "persistence.rdb_enabled"];

impl Facts {
    /// Takes what the text of `INFO` says. Ages are counted by the server's clock where it
    /// tells it, else from `now`.
    pub(super) fn note_info(&mut self, text: &str, now: Timestamp) {
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        let info = Info(lines.collect());
        self.version = info.text("redis_version").map(str::to_owned);
        self.role = match info.text("role") {
            _ if info.text("redis_mode") == Some("sentinel") => Some(Role::Sentinel),
            Some("master") => Some(Role::Master),
            Some("slave" | "replica") => Some(Role::Replica),
            _ => None,
        };
        self.master_link_up = info.text("master_link_status").map(|word| word == "up");
        self.connected_replicas = info.number("connected_slaves");
        self.persistence.aof_enabled = info.number("aof_enabled").map(|on| on == 1);
        self.persistence.aof_last_write_ok = info.is_ok("aof_last_write_status");
        self.persistence.last_save_ok = info.is_ok("rdb_last_bgsave_status");
        self.persistence.changes_since_last_save = info.number("rdb_changes_since_last_save");
        let server_now = info
            .number("server_time_usec")
            .map(|micros| micros / 1_000_000);
        let now = server_now
            .and_then(|seconds| i64::try_from(seconds).ok())
            .unwrap_or_else(|| now.as_second());
        self.persistence.last_save_age_seconds = info
            .number("rdb_last_save_time")
            .and_then(|saved| now.checked_sub(i64::try_from(saved).ok()?));
        self.maxmemory_bytes = info.number("maxmemory");
        self.maxmemory_policy = info.text("maxmemory_policy").map(str::to_owned);
        self.used_memory_bytes = info.number("used_memory");
        self.evicted_keys = info.number("evicted_keys");
        self.keyspace_hits = info.number("keyspace_hits");
        self.keyspace_misses = info.number("keyspace_misses");
        self.connected_clients = info.number("connected_clients");
        self.maxclients = info.number("maxclients");
        self.rejected_connections = info.number("rejected_connections");
    }
}

struct Info<'a>(BTreeMap<&'a str, &'a str>);

impl Info<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    fn is_ok(&self, name: &str) -> Option<bool> {
        self.text(name).map(|word| word == "ok")
    }
}

#[cfg(test)]
mod tests {
    use super::{Facts, Role};

    #[test]
    fn info_is_read_as_far_as_it_goes() {
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let mut facts = Facts::default();
        facts.note_info(
            "# Server\r\nredis_version:6.2.0\r\nrole:slave\r\nmaster_link_status:down\r\n\
             rdb_last_save_time:1795262300\r\nmaxmemory:-3\r\nused_memory:99999999999999999999\r\n\
             rdb_last_bgsave_status:err\r\nno colon\r\naof_enabled:0\r\n",
            now,
        );
        assert_eq!(facts.version.as_deref(), Some("6.2.0"));
        assert_eq!(
            (facts.role, facts.master_link_up),
            (Some(Role::Replica), Some(false))
        );
        assert_eq!(
            facts.persistence.last_save_age_seconds,
            Some(now.as_second() - 1_795_262_300)
        );
        assert_eq!(
            (facts.maxmemory_bytes, facts.used_memory_bytes),
            (None, None)
        );
        assert_eq!(facts.persistence.last_save_ok, Some(false));
        assert_eq!(facts.persistence.aof_enabled, Some(false));
    }
}
