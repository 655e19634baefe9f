//! What is read from the system's tables.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::ask::{Asking, is_unknown};
use super::facts::{Backups, Disk, Partition, Replica, Table, number};
use super::{MOST, MOST_ROWS};
use crate::probe::{ProbeError, local};
use crate::reason::Reason;

/// Databases that are the server's own.
const OWN: &str =
    "('system', 'information_schema', 'INFORMATION_SCHEMA', '_temporary_and_external_tables')";

/// Either the fact, or nothing where the version does not have it.
type Maybe<T> = Result<Option<T>, ProbeError>;

#[derive(Deserialize)]
struct Storage {
    table: String,
    disk: String,
}

#[derive(Deserialize)]
struct Volume {
    policy: String,
    disks: Vec<String>,
}

#[derive(Deserialize)]
struct Newest {
    status: String,
}

#[derive(Deserialize)]
struct Age {
    #[serde(deserialize_with = "number")]
    count: f64,
    #[serde(deserialize_with = "number")]
    age: f64,
}

impl Asking<'_> {
    /// Whether the login sees every table: the server leaves out of its lists what a user has no
    /// right to. Rights that come by a role are not looked into.
    pub(super) async fn sees_all(&self) -> Maybe<bool> {
        let grants = match self.ask("SHOW GRANTS", MOST_ROWS).await {
            Ok(found) => found.rows(),
            // Versions that do not know the statement do not know such rights either.
            Err(error) if is_syntax(&error) => return Ok(Some(true)),
            Err(error) => return Err(error),
        };
        let texts: Vec<&str> = grants
            .iter()
            .flat_map(|row| row.values())
            .filter_map(Value::as_str)
            .collect();
        let everywhere = texts.iter().any(|text| {
            let Some((rights, _)) = text
                .strip_prefix("GRANT ")
                .and_then(|text| text.split_once(" ON *.*"))
            else {
                return false;
            };
            let mut rights = rights.split(',').map(str::trim);
            rights.any(|right| matches!(right, "ALL" | "SELECT" | "SHOW" | "SHOW TABLES"))
        });
        if everywhere && !texts.iter().any(|text| text.starts_with("REVOKE ")) {
            return Ok(Some(true));
        }
        let cause = format!(
            "{} may not show {} every table",
            self.of.url,
            self.of.user()
        );
        Err(ProbeError::new(Reason::PermissionDenied, cause)
            .with_detail("GRANT SHOW TABLES ON *.*"))
    }

    pub(super) async fn tables(&self) -> Maybe<Vec<Table>> {
        let query = format!(
            "SELECT concat(database, '.', name) AS name, engine, engine_full AS definition \
             FROM system.tables WHERE database NOT IN {OWN} ORDER BY name LIMIT {}",
            MOST + 1
        );
        let mut tables: Vec<Table> = self.whole(&query, "tables").await?;
        let query = format!(
            "SELECT DISTINCT concat(database, '.', table) AS table, disk_name AS disk \
             FROM system.parts WHERE active ORDER BY table, disk LIMIT {}",
            MOST + 1
        );
        let disks: Option<Vec<Storage>> = match self.whole(&query, "disks of tables").await {
            Ok(disks) => Some(disks),
            Err(error) if is_unknown(&error) => None,
            Err(error) => return Err(error),
        };
        for table in &mut tables {
            table.ttl = clause(&table.definition, "TTL ");
            table.policy = setting(&table.definition, "storage_policy");
            table.disks = disks.as_ref().map(|disks| {
                let own = disks.iter().filter(|one| one.table == table.name);
                own.map(|one| one.disk.clone()).collect()
            });
        }
        Ok(Some(tables))
    }

    pub(super) async fn disks(&self) -> Maybe<Vec<Disk>> {
        // What columns there are depends on the version.
        let query = format!(
            "SELECT * FROM system.disks ORDER BY name LIMIT {}",
            MOST + 1
        );
        let rows: Vec<BTreeMap<String, Value>> = self.whole(&query, "disks").await?;
        let disks = rows.into_iter().map(|row| self.disk(&row));
        disks.collect::<Result<_, _>>().map(Some)
    }

    fn disk(&self, row: &BTreeMap<String, Value>) -> Result<Disk, ProbeError> {
        let text = |name: &str| row.get(name).and_then(Value::as_str);
        let amount = |name: &str| {
            let value = row.get(name).cloned().unwrap_or_default();
            number(value)
                .map_err(|error| super::ask::odd(&self.of.url, &format!("{name}: {error}")))
        };
        let (free, total) = (amount("free_space")?, amount("total_space")?);
        let kind = text("object_storage_type").filter(|kind| !matches!(*kind, "" | "None"));
        // Object storage says that it has as many bytes as can be counted.
        let bounded = total > 0.0 && total < 9e18;
        Ok(Disk {
            name: text("name").unwrap_or_default().to_owned(),
            kind: kind.or_else(|| text("type")).map(str::to_lowercase),
            encrypted: row
                .get("is_encrypted")
                .map(|value| value.as_bool().unwrap_or(value.as_u64() == Some(1))),
            free_bytes: free,
            total_bytes: total,
            free_percent: bounded.then(|| 100.0 * free / total),
        })
    }

    pub(super) async fn policies(&self) -> Maybe<BTreeMap<String, Vec<String>>> {
        let query = format!(
            "SELECT policy_name AS policy, disks FROM system.storage_policies \
             ORDER BY policy_name, volume_priority LIMIT {}",
            MOST + 1
        );
        let volumes: Vec<Volume> = self.whole(&query, "storage policies").await?;
        let mut policies: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for volume in volumes {
            policies
                .entry(volume.policy)
                .or_default()
                .extend(volume.disks);
        }
        Ok(Some(policies))
    }

    pub(super) async fn replicas(&self) -> Maybe<Vec<Replica>> {
        let query = format!(
            "SELECT concat(database, '.', table) AS table, is_readonly, \
             is_session_expired AS session_expired, absolute_delay, queue_size, total_replicas, \
             active_replicas FROM system.replicas ORDER BY table LIMIT {}",
            MOST + 1
        );
        self.whole(&query, "replicas").await.map(Some)
    }

    pub(super) async fn most_parts(&self) -> Maybe<Partition> {
        let query = "SELECT concat(database, '.', table) AS table, partition, count() AS parts \
             FROM system.parts WHERE active AND database != 'system' \
             GROUP BY database, table, partition ORDER BY parts DESC, table, partition LIMIT 1";
        let found: Vec<Partition> = self.list(query, 1).await?;
        Ok(found.into_iter().next())
    }

    /// The log of backups outlives the server; without one there is what was made since it
    /// started.
    pub(super) async fn backups(&self) -> Maybe<Backups> {
        for (table, time) in [
            ("backup_log", "event_time_microseconds"),
            ("backups", "start_time"),
        ] {
            let query = format!(
                "SELECT toString(status) AS status FROM system.{table} ORDER BY {time} DESC LIMIT 1"
            );
            let newest: Vec<Newest> = match self.list(&query, 1).await {
                Ok(newest) => newest,
                Err(error) if is_unknown(&error) => continue,
                Err(error) => return Err(error),
            };
            let Some(newest) = newest.into_iter().next() else {
                continue;
            };
            let query = format!(
                "SELECT count() AS count, now() - max(end_time) AS age FROM system.{table} \
                 WHERE toString(status) = 'BACKUP_CREATED'"
            );
            let created: Vec<Age> = self.list(&query, 1).await?;
            let created = created.into_iter().find(|created| created.count > 0.0);
            return Ok(Some(Backups {
                newest: newest.status,
                created_age_seconds: created.map(|created| created.age),
            }));
        }
        Ok(None)
    }

    /// The rows of the profile's query.
    pub(super) async fn own_rows(&self) -> Result<Vec<BTreeMap<String, Value>>, ProbeError> {
        let found = self.ask(&self.of.query, MOST_ROWS).await?;
        if found.len() > MOST_ROWS {
            return Err(local::beyond(format!(
                "the query gives more than {MOST_ROWS} rows"
            )));
        }
        Ok(found.rows())
    }

    async fn whole<T: serde::de::DeserializeOwned>(
        &self,
        query: &str,
        what: &str,
    ) -> Result<Vec<T>, ProbeError> {
        let list = self.list(query, MOST).await?;
        if list.len() > MOST {
            return Err(local::beyond(format!("there are more than {MOST} {what}")));
        }
        Ok(list)
    }
}

/// Whether the server did not understand a statement.
fn is_syntax(error: &ProbeError) -> bool {
    let detail = error.detail.as_deref().unwrap_or_default();
    error.reason == Reason::QueryRefused && detail.starts_with("Code: 62")
}

/// What stands behind a word of an engine's definition, up to `SETTINGS`.
fn clause(definition: &str, word: &str) -> Option<String> {
    let (_, clause) = definition.split_once(&format!(" {word}"))?;
    let end = clause.find(" SETTINGS ").unwrap_or(clause.len());
    clause.get(..end).map(str::to_owned)
}

/// The text that a setting of an engine's definition has.
fn setting(definition: &str, name: &str) -> Option<String> {
    let (_, rest) = definition.split_once(&format!("{name} = '"))?;
    let (value, _) = rest.split_once('\'')?;
    Some(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{clause, setting};

    #[test]
    fn clauses_are_read_off_definitions() {
        let definition = "MergeTree PARTITION BY toYYYYMM(event_date) ORDER BY id \
             TTL event_date + toIntervalDay(90) TO DISK 's3' SETTINGS storage_policy = 'cold', index_granularity = 8192";
        let ttl = clause(definition, "TTL ");
        assert_eq!(
            ttl.as_deref(),
            Some("event_date + toIntervalDay(90) TO DISK 's3'")
        );
        assert_eq!(
            setting(definition, "storage_policy").as_deref(),
            Some("cold")
        );
        assert_eq!(clause("MergeTree ORDER BY id", "TTL "), None);
    }
}
