//! What a ClickHouse server tells.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// What a ClickHouse server tells of itself. What its version does not know is left out; what the
/// login may not see is a gap.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Version, such as `24.8.4.13`.
    pub version: String,
    /// Whether the connection is encrypted.
    pub encrypted: bool,
    /// True: the login sees every database. Where that is not sure, this is a gap, and lists may
    /// hold a part of what there is: `clickhouse.sees_all && clickhouse.replicas.all(…)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sees_all: Option<bool>,
    /// Tables outside the system's databases; at most 5,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tables: Option<Vec<Table>>,
    /// Where data is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disks: Option<Vec<Disk>>,
    /// Storage policies, each with the disks of its volumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<BTreeMap<String, Vec<String>>>,
    /// Replicas on this server; at most 5,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<Vec<Replica>>,
    /// The partition with the most active parts; left out where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_parts: Option<Partition>,
    /// How backups by `BACKUP` went, where any was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backups: Option<Backups>,
    /// The rows of the query by column, where one was given; at most 10,000. A column that is
    /// null is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<Vec<BTreeMap<String, Value>>>,
    /// The value of the query's only column in its only row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Table {
    /// `database.table`.
    pub name: String,
    /// Its engine, such as `ReplicatedMergeTree`.
    pub engine: String,
    /// The engine with its clauses: partition, order, `TTL`, settings.
    pub definition: String,
    /// What is done with old rows: the clause behind `TTL`, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<String>,
    /// The storage policy that its settings name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The disks that hold parts of it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disks: Option<Vec<String>>,
}

/// A disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Disk {
    /// Its name.
    pub name: String,
    /// `local`, `s3`, `object_storage`, `encrypted` …, in lower case; left out where the version
    /// does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether what it holds is encrypted, where the version tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
    /// Free bytes.
    #[serde(deserialize_with = "number")]
    pub free_bytes: f64,
    /// All bytes.
    #[serde(deserialize_with = "number")]
    pub total_bytes: f64,
    /// The share of bytes that are free, 0 to 100; left out where there is no end of them, as with
    /// object storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_percent: Option<f64>,
}

/// A replica of a table on this server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Replica {
    /// `database.table`.
    pub table: String,
    /// Whether it takes no writes, as when it has lost its coordinator.
    #[serde(deserialize_with = "flag")]
    pub is_readonly: bool,
    /// Whether its session with the coordinator has ended.
    #[serde(deserialize_with = "flag")]
    pub session_expired: bool,
    /// Seconds that it is behind.
    #[serde(deserialize_with = "number")]
    pub absolute_delay: f64,
    /// Entries in its queue.
    #[serde(deserialize_with = "number")]
    pub queue_size: f64,
    /// How many replicas the table has.
    #[serde(deserialize_with = "number")]
    pub total_replicas: f64,
    /// How many of them are at work.
    #[serde(deserialize_with = "number")]
    pub active_replicas: f64,
}

/// A partition of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Partition {
    /// `database.table`.
    pub table: String,
    /// The partition's name.
    pub partition: String,
    /// Its active parts.
    #[serde(deserialize_with = "number")]
    pub parts: f64,
}

/// How backups went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Backups {
    /// The state of the newest one: `BACKUP_CREATED`, `BACKUP_FAILED`, `CREATING_BACKUP` …
    pub newest: String,
    /// Seconds since the newest one that was created whole ended; left out where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_age_seconds: Option<f64>,
}

/// A number; the server writes those of 64 bits as text, unless it is told otherwise.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let number = match &value {
        Value::String(text) => text.parse().ok(),
        other => other.as_f64(),
    };
    number
        .filter(|number: &f64| number.is_finite())
        .ok_or_else(|| serde::de::Error::custom(format!("`{value}` is no number")))
}

/// A truth, which is a number in older versions.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Bool(flag) => Ok(flag),
        Value::Number(number) => Ok(number.as_u64() != Some(0)),
        other => Err(serde::de::Error::custom(format!("`{other}` is no truth"))),
    }
}
