//! What a PostgreSQL server tells.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::probe::net::TlsFacts;

/// What a PostgreSQL server tells of itself. Whatever the login may not see is left out, and
/// told as a gap.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Whether the connection is encrypted.
    #[serde(default)]
    pub encrypted: bool,
    /// What the encryption came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsFacts>,
    /// Version, such as `16.4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether it is a standby.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standby: Option<bool>,
    /// Every setting by its name, as `SHOW` gives it: `ssl`, `wal_level` … Some are shown to
    /// `pg_monitor` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<BTreeMap<String, String>>,
    /// The role that was logged in as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// Roles that may log in and may do anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superusers: Option<Vec<String>>,
    /// Roles that may log in and see past row level security, superusers apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bypass_rls: Option<Vec<String>>,
    /// Connections of clients; needs `pg_monitor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<Connections>,
    /// The database that was connected to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Database>,
    /// Indexes that are not valid, as `schema.index`; at most 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid_indexes: Option<Vec<String>>,
    /// Tables of the user's schemas with their row level security; at most 5,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tables: Option<Vec<Table>>,
    /// Standbys that receive the write-ahead log; needs `pg_monitor`. At most 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standbys: Option<Vec<Standby>>,
    /// Replication slots; at most 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<Vec<Slot>>,
    /// How the archiving of the write-ahead log goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archiver: Option<Archiver>,
    /// Versions of the extensions in the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<BTreeMap<String, String>>,
    /// The table of migrations, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrations: Option<Migrations>,
    /// The rows of the query by column, where one was given. A column that is null is left
    /// out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<Vec<BTreeMap<String, Value>>>,
    /// The value of the query's only column in its only row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// A role and what it may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "as the catalogue has them")]
pub struct Login {
    /// Its name.
    pub name: String,
    /// Whether it may do anything.
    pub superuser: bool,
    /// Whether it sees past row level security.
    pub bypass_rls: bool,
    /// Whether it may create roles.
    pub create_role: bool,
    /// Whether it may create databases.
    pub create_db: bool,
    /// Whether it may replicate.
    pub replication: bool,
}

/// Connections of clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Connections {
    /// Open ones.
    pub used: i64,
    /// The most there may be.
    pub limit: i64,
    /// Those that sit idle in a transaction.
    pub idle_in_transaction: i64,
}

/// The database that was connected to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub bytes: i64,
    /// Transactions until their numbers wrap around (2^31 when all is well).
    pub transactions_left: i64,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Table {
    /// `schema.table`.
    pub name: String,
    /// Whether row level security is on.
    pub rls: bool,
    /// Whether it holds for the table's owner too.
    pub forced_rls: bool,
    /// Rows that are dead and were not cleaned up yet.
    pub dead_rows: i64,
    /// Rows that are live, as estimated.
    pub live_rows: i64,
}

/// A standby that receives the write-ahead log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Standby {
    /// How it calls itself.
    pub name: String,
    /// `streaming`, `catchup` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Bytes that it has still to replay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_bytes: Option<i64>,
    /// Seconds that it is behind; left out when nothing was written lately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_seconds: Option<f64>,
}

/// A replication slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Slot {
    /// Its name.
    pub name: String,
    /// Whether somebody reads from it.
    pub active: bool,
    /// Bytes of the log that are kept for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_bytes: Option<i64>,
}

/// How the archiving of the write-ahead log goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Archiver {
    /// Whether it is on.
    pub on: bool,
    /// Segments archived since the counters were reset.
    pub archived: i64,
    /// Attempts that failed since then.
    pub failed: i64,
    /// Whether the last attempt failed.
    pub failing: bool,
    /// Seconds since the last segment was archived; left out when none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_archived_age_seconds: Option<i64>,
}

/// A table of migrations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Migrations {
    /// How many rows it has.
    pub count: i64,
    /// The greatest value of its column; left out when it is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
}
