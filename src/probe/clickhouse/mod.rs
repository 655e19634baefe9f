//! Does a ClickHouse server keep its data safe: backups, replicas, disks, what becomes of old rows?
//!
//! Questions to the system's tables over the HTTP interface, and at most one query of the
//! profile's own. All are sent with `GET`, for which the server permits reading alone, under
//! limits of time and rows where the login may set any. The target's answer: a server that does
//! not answer, or is something else, that has no room for a query, or needs too long for it. Our
//! inability: a credential that is refused, what the login may not see, a query that the server
//! cannot do with, more rows than are read. A table or column that the server's version does not
//! have is left out.
//!
//! It asks one server of a cluster, and knows of backups that `BACKUP` makes, not of other tools'.

mod ask;
mod facts;
mod system;

use http::header::HeaderName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::ask::{Asking, is_unknown};
use super::http::Http;
use super::http::deadline::Deadline;
use super::shell::quoted;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError};
use crate::reason::Reason;

pub use self::facts::{Backups, Disk, Facts, Partition, Replica, Table};

const USER: HeaderName = HeaderName::from_static("x-clickhouse-user");
const KEY: HeaderName = HeaderName::from_static("x-clickhouse-key");

/// The most rows of the profile's own query.
const MOST_ROWS: usize = 10_000;
/// The most entries of each list.
const MOST: usize = 5000;

/// Asks a ClickHouse server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clickhouse {
    /// Address of the HTTP interface, such as `https://ch.example:8443`.
    pub url: String,
    /// The user; empty for the default one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// Its password as `${secrets.NAME}`; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub password: String,
    /// The database that the query's names stand in; empty for the user's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub database: String,
    /// A query that reads; empty for none. It names no format.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub query: String,
}

impl Probe for Clickhouse {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        Http::get(&self.url).validate()?;
        if self.url.contains(['?', '#', '$']) {
            return Err(Invalid::new(
                "url",
                "is the server's address and has no query",
            ));
        }
        if !self.password.is_empty() {
            Invalid::unless_reference("password", &self.password)?;
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let mut contacts = Http::get(&self.url).contacts();
        let query = if self.query.is_empty() {
            ""
        } else {
            ", read-only query"
        };
        for contact in &mut contacts {
            contact.action = format!("GET ClickHouse system tables{query}");
            contact.count = 14;
            contact.access = Access::ReadOnly;
        }
        contacts
    }

    fn reproduce(&self) -> String {
        let mut words = vec!["curl -sSG".to_owned()];
        if !self.user.is_empty() || !self.password.is_empty() {
            let user = format!("X-ClickHouse-User: {}", self.user());
            words.push(format!("-H {}", quoted(&user)));
        }
        if !self.password.is_empty() {
            words.push(format!(
                "-H {}",
                quoted(&format!("X-ClickHouse-Key: {}", self.password))
            ));
        }
        if !self.database.is_empty() {
            words.push(format!(
                "--data-urlencode {}",
                quoted(&format!("database={}", self.database))
            ));
        }
        let query = if self.query.is_empty() {
            "SELECT version()"
        } else {
            &self.query
        };
        words.push(format!(
            "--data-urlencode {}",
            quoted(&format!("query={query}"))
        ));
        words.push(quoted(&self.url));
        words.join(" ")
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        // A secret that is not set is told before anything is contacted.
        let password = (!self.password.is_empty())
            .then(|| context.secrets.fill(&self.password))
            .transpose()?;
        if password
            .as_ref()
            .is_some_and(|password| password.reveal().trim().is_empty())
        {
            let cause = "a secret that the question needs is empty";
            return Err(ProbeError::new(Reason::CredentialMissing, cause));
        }
        let mut asking = Asking {
            of: self,
            password,
            context,
            deadline: Deadline::after(context.timeout * 19 / 20),
            changes_settings: false,
        };
        let first: Vec<First> = asking.list(FIRST, 1).await?;
        let Some(first) = first.into_iter().next() else {
            let cause = format!("{} does not answer as ClickHouse does", self.url);
            return Err(ProbeError::new(Reason::ServiceProtocol, cause));
        };
        asking.changes_settings = first.readonly.as_deref() != Some("1");
        let mut answer = Answer::from(Facts {
            version: first.version,
            encrypted: self.url.starts_with("https:"),
            ..Facts::default()
        });
        answer.learn(&["sees_all"], asking.sees_all().await, |facts, all| {
            facts.sees_all = all;
        })?;
        answer.learn(&["tables"], asking.tables().await, |facts, found| {
            facts.tables = found;
        })?;
        answer.learn(&["disks"], asking.disks().await, |facts, found| {
            facts.disks = found;
        })?;
        answer.learn(&["policies"], asking.policies().await, |facts, found| {
            facts.policies = found;
        })?;
        answer.learn(&["replicas"], asking.replicas().await, |facts, found| {
            facts.replicas = found;
        })?;
        answer.learn(
            &["most_parts"],
            asking.most_parts().await,
            |facts, found| {
                facts.most_parts = found;
            },
        )?;
        answer.learn(&["backups"], asking.backups().await, |facts, found| {
            facts.backups = found;
        })?;
        if !self.query.is_empty() {
            let rows = asking.own_rows().await.map(Some);
            answer.learn(&["rows", "value"], rows, |facts, rows| {
                if let Some([row]) = rows.as_deref()
                    && row.len() == 1
                {
                    facts.value = row.values().next().cloned();
                }
                facts.rows = rows;
            })?;
        }
        Ok(answer)
    }
}

/// Version, and whether the login may change settings.
const FIRST: &str = "SELECT version() AS version, (SELECT any(value) FROM system.settings WHERE name = 'readonly') AS readonly";

#[derive(Deserialize)]
struct First {
    version: String,
    readonly: Option<String>,
}

impl Answer<Facts> {
    /// Takes a fact, or the gap that it is. Without an answer in time nothing further would come
    /// either.
    fn learn<T>(
        &mut self,
        names: &[&str],
        found: Result<Option<T>, ProbeError>,
        put: impl FnOnce(&mut Facts, Option<T>),
    ) -> Result<(), ProbeError> {
        match found {
            Ok(found) => put(&mut self.facts, found),
            Err(error) if is_unknown(&error) && !names.contains(&"rows") => {}
            Err(error) if error.reason == Reason::HttpTimeout => return Err(error),
            Err(error) => self
                .gaps
                .extend(names.iter().map(|name| ((*name).to_owned(), error.clone()))),
        }
        Ok(())
    }
}
