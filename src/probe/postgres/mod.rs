//! Is a PostgreSQL server set up well, and does its data keep the rules?
//!
//! One login, a fixed set of questions to the catalogues, and at most one query of the
//! profile's own: a single statement. Each stands in a transaction of its own that cannot write,
//! under a time limit, and nothing that was set outlives it, so that a pooler hands on its
//! connections as they were.
//! The target's answer: refused connections, silence, what is not the PostgreSQL protocol, a
//! certificate that must not be trusted with the password, no such database, no connection to
//! spare. Our inability: a login that is refused, a query that the server cannot do with, and,
//! as gaps below an answer, what the login may not see.
//!
//! A query that reads needs `SELECT` and nothing else; give `ready` a role with `pg_monitor` and
//! no more. Tables with row level security are read whole or not at all: for those it needs
//! `BYPASSRLS`. It visits no other server of a cluster.

mod ask;
mod facts;
mod hidden;
mod session;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio_postgres::SimpleQueryRow;
use tokio_postgres::types::Type;

use self::ask::{MOST, OF_OTHERS, QUESTIONS, SEES_OTHERS};
use self::session::{Limits, Session};
use super::shell::quoted;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError, local};
use crate::reason::Reason;

pub use self::facts::{
    Archiver, Connections, Database, Facts, Login, Migrations, Slot, Standby, Table,
};

/// Rows of a query that are kept.
const MOST_ROWS: usize = 1000;

/// Asks a PostgreSQL server about itself, and at most one query.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Postgres {
    /// Name or address.
    pub host: String,
    /// Port.
    #[serde(default = "usual_port")]
    pub port: u16,
    /// The role to log in as.
    pub user: String,
    /// The password, as `${secrets.NAME}`; left out or empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The database; empty for the one of the role's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub database: String,
    /// Whether to encrypt, and whether the certificate must be right before the password is
    /// sent.
    #[serde(default)]
    pub tls: Encryption,
    /// A query of a single statement, whose rows become facts; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub query: String,
    /// The table of migrations and its column, as `table.column` or `schema.table.column`:
    /// `alembic_version.version_num`; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub migrations: String,
}

/// Whether to encrypt the connection.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// Never.
    Disable,
    /// Where the server offers it, whatever its certificate.
    Prefer,
    /// Always, whatever the certificate.
    Require,
    /// Always, and the certificate must be trusted and for this host.
    #[default]
    Verify,
}

fn usual_port() -> u16 {
    5432
}

impl Postgres {
    fn password(&self) -> Option<&str> {
        self.password
            .as_deref()
            .filter(|password| !password.is_empty())
    }

    fn database(&self) -> &str {
        if self.database.is_empty() {
            &self.user
        } else {
            &self.database
        }
    }

    /// The quoted table and column of the migrations.
    fn migrations(&self) -> Option<(String, String)> {
        let (table, column) = self.migrations.rsplit_once('.')?;
        let plain = |word: &str| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        let words: Vec<&str> = table.split('.').collect();
        let fits = words.len() <= 2 && words.iter().chain([&column]).all(|word| plain(word));
        let quote = |word: &&str| format!("\"{word}\"");
        let table: Vec<String> = words.iter().map(quote).collect();
        fits.then(|| (table.join("."), quote(&column)))
    }
}

impl Probe for Postgres {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        Invalid::unless_place(&self.host, self.port)?;
        if self.user.trim().is_empty() {
            return Err(Invalid::new("user", "is empty"));
        }
        if let Some(password) = self.password() {
            Invalid::unless_reference("password", password)?;
        }
        if !self.migrations.is_empty() && self.migrations().is_none() {
            let words = "is not `table.column`, of letters, digits and `_`";
            return Err(Invalid::new("migrations", words));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let query = if self.query.is_empty() {
            String::new()
        } else {
            format!(", read-only query on {}", self.database())
        };
        vec![Contact {
            host: self.host.clone(),
            port: Some(self.port),
            action: format!("PostgreSQL login as {}, catalogues{query}", self.user),
            count: 1,
            access: Access::ReadOnly,
        }]
    }

    fn reproduce(&self) -> String {
        let mut words = Vec::new();
        if let Some(password) = self.password() {
            words.push(format!("PGPASSWORD={}", quoted(password)));
        }
        let mode = match self.tls {
            Encryption::Disable => "disable",
            Encryption::Prefer => "prefer",
            Encryption::Require => "require",
            Encryption::Verify => "verify-full",
        };
        words.push(format!(
            "PGSSLMODE={mode} PGOPTIONS='-c default_transaction_read_only=on' psql"
        ));
        words.push(format!(
            "-h {} -p {} -U {} -d {}",
            quoted(&self.host),
            self.port,
            quoted(&self.user),
            quoted(self.database())
        ));
        let query = if self.query.is_empty() {
            "SELECT version()"
        } else {
            &self.query
        };
        words.push(format!("-c {}", quoted(query)));
        words.join(" ")
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        // A secret that is not set is told before anything is contacted.
        let password = self
            .password()
            .map(|template| context.secrets.fill(template))
            .transpose()?;
        let session = Session::open(self, password.as_ref(), context).await?;
        let mut found = Map::new();
        let mut gaps = BTreeMap::new();
        let unseen = self.unseen(&session, context).await?;
        for (facts, text) in QUESTIONS {
            if let Some(error) = unseen.as_ref().filter(|_| is_of_others(facts)) {
                gaps.extend(facts.iter().map(|fact| ((*fact).to_owned(), error.clone())));
                continue;
            }
            let limits = if facts.contains(&"settings") {
                Limits::None
            } else {
                Limits::TimeAndNames
            };
            context.traffic.request();
            match session.one(text, limits).await {
                Ok(answer) => learn(&mut found, answer.as_deref())?,
                // Without an answer in time nothing further would come either.
                Err(error) if error.reason == Reason::ServiceTimeout => return Err(error),
                Err(error) => {
                    gaps.extend(facts.iter().map(|fact| ((*fact).to_owned(), error.clone())));
                }
            }
        }
        self.tell_hidden(&session, &found, &mut gaps, context)
            .await?;
        cut_long_lists(&mut found, &mut gaps);
        let mut facts: Facts = serde_json::from_value(Value::Object(found)).map_err(|error| {
            let cause = format!("{}:{} answers oddly", self.host, self.port);
            ProbeError::new(Reason::ServiceProtocol, cause).with_detail(error.to_string())
        })?;
        facts.encrypted = session.tls.is_some();
        facts.tls.clone_from(&session.tls);
        let mut answer = Answer { facts, gaps };
        self.ask_for_migrations(&session, &mut answer, context)
            .await;
        self.ask_own(&session, &mut answer, context).await;
        Ok(answer)
    }
}

/// Adds the facts in one answer.
fn learn(found: &mut Map<String, Value>, answer: Option<&str>) -> Result<(), ProbeError> {
    let Some(answer) = answer else {
        return Ok(());
    };
    let mut value: Value = serde_json::from_str(answer).map_err(|error| {
        ProbeError::new(Reason::ServiceProtocol, "the server answers oddly")
            .with_detail(error.to_string())
    })?;
    drop_nulls(&mut value);
    if let Value::Object(facts) = value {
        found.extend(facts);
    }
    Ok(())
}

/// What is not known is left out.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

fn is_of_others(facts: &[&str]) -> bool {
    facts.iter().any(|fact| OF_OTHERS.contains(fact))
}

/// Leaves out lists that were not told whole, and says so.
fn cut_long_lists(found: &mut Map<String, Value>, gaps: &mut BTreeMap<String, ProbeError>) {
    for (list, most) in MOST {
        let length = found
            .get(*list)
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        if length > *most {
            found.remove(*list);
            let what = format!("there are more than {most} {}", list.replace('_', " "));
            gaps.insert((*list).to_owned(), local::beyond(what));
        }
    }
}

impl Postgres {
    /// Why nothing can be said of other sessions, if the login does not see them.
    async fn unseen(
        &self,
        session: &Session,
        context: &Context,
    ) -> Result<Option<ProbeError>, ProbeError> {
        context.traffic.request();
        let place = format!("{}:{}", self.host, self.port);
        match session.one(SEES_OTHERS, Limits::TimeAndNames).await {
            Ok(Some(sees)) if sees == "true" => Ok(None),
            Ok(_) => {
                let cause = format!("{place} does not show {} other sessions", self.user);
                let help = "grant the role pg_monitor";
                let error = ProbeError::new(Reason::PermissionDenied, cause);
                Ok(Some(error.with_detail(help)))
            }
            Err(error) if error.reason == Reason::QueryRefused => Ok(Some(error)),
            Err(error) => Err(error),
        }
    }

    async fn ask_for_migrations(
        &self,
        session: &Session,
        answer: &mut Answer<Facts>,
        context: &Context,
    ) {
        let Some((table, column)) = self.migrations() else {
            return;
        };
        context.traffic.request();
        let text = format!(
            "SELECT pg_catalog.json_build_object('count', pg_catalog.count(*), \
             'head', pg_catalog.max({column}::text)) FROM {table}"
        );
        let found = session.one(&text, Limits::Time).await.and_then(|found| {
            let mut object = Map::new();
            learn(&mut object, found.as_deref())?;
            serde_json::from_value(Value::Object(object)).map_err(|error| {
                ProbeError::new(Reason::ServiceProtocol, "the server answers oddly")
                    .with_detail(error.to_string())
            })
        });
        match found {
            Ok(migrations) => answer.facts.migrations = Some(migrations),
            Err(error) => {
                answer.gaps.insert("migrations".to_owned(), error);
            }
        }
    }

    async fn ask_own(&self, session: &Session, answer: &mut Answer<Facts>, context: &Context) {
        if self.query.is_empty() {
            return;
        }
        context.traffic.request();
        match self.rows(session).await {
            Ok((rows, false)) => {
                answer.facts.value = only_value(&rows);
                answer.facts.rows = Some(rows);
            }
            Ok((_, true)) => {
                let what = format!("the query gives more than {MOST_ROWS} rows");
                for fact in ["rows", "value"] {
                    answer.gaps.insert(fact.to_owned(), local::beyond(&*what));
                }
            }
            Err(error) => {
                for fact in ["rows", "value"] {
                    answer.gaps.insert(fact.to_owned(), error.clone());
                }
            }
        }
    }

    async fn rows(
        &self,
        session: &Session,
    ) -> Result<(Vec<BTreeMap<String, Value>>, bool), ProbeError> {
        let found = session.rows(&self.query, MOST_ROWS).await?;
        let rows = found.rows.iter().map(|row| values(row, &found.types));
        Ok((rows.collect(), found.more))
    }
}

fn only_value(rows: &[BTreeMap<String, Value>]) -> Option<Value> {
    match rows {
        [row] if row.len() == 1 => row.values().next().cloned(),
        _ => None,
    }
}

/// A row by column; numbers, truth values and JSON as such, everything else as text.
fn values(row: &SimpleQueryRow, types: &[Type]) -> BTreeMap<String, Value> {
    let cells = row.columns().iter().zip(types).enumerate();
    cells
        .filter_map(|(index, (column, kind))| {
            let text = row.get(index)?;
            let value = match *kind {
                Type::BOOL => Value::Bool(text == "t"),
                Type::INT2
                | Type::INT4
                | Type::INT8
                | Type::OID
                | Type::FLOAT4
                | Type::FLOAT8
                | Type::NUMERIC
                | Type::JSON
                | Type::JSONB => {
                    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
                }
                _ => Value::String(text.to_owned()),
            };
            Some((column.name().to_owned(), value))
        })
        .filter(|(_, value)| !value.is_null())
        .collect()
}
