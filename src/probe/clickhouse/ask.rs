//! One query over the HTTP interface, and what the server's error codes mean.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::Url;

use super::Clickhouse;
use crate::probe::http::client::{Call, Reply};
use crate::probe::http::deadline::Deadline;
use crate::probe::{Context, ProbeError};
use crate::reason::Reason;
use crate::secret::Secret;

/// What a query is limited by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limits {
    /// Nothing that the question brings: the login may change no settings.
    TheLogins,
    /// Time, and so many rows.
    Rows(usize),
}

/// A server to ask.
pub(super) struct Asking<'a> {
    pub(super) of: &'a Clickhouse,
    pub(super) password: Option<Secret>,
    pub(super) context: &'a Context,
    pub(super) deadline: Deadline,
    pub(super) changes_settings: bool,
}

/// What a query gives.
#[derive(Debug, Deserialize)]
pub(super) struct Found {
    meta: Vec<Column>,
    data: Vec<Map<String, Value>>,
}

#[derive(Debug, Deserialize)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

impl Asking<'_> {
    /// The rows of a query. It is sent with `GET`, for which the server permits reading alone.
    pub(super) async fn ask(&self, query: &str, rows: usize) -> Result<Found, ProbeError> {
        let limits = if self.changes_settings {
            Limits::Rows(rows)
        } else {
            Limits::TheLogins
        };
        let url = self
            .of
            .address(query, limits, self.deadline)
            .ok_or_else(|| {
                ProbeError::new(Reason::ProbeInternal, "an address that cannot be used")
            })?;
        let mut call = Call::get(url).without_redirects();
        if !self.of.user.is_empty() || self.password.is_some() {
            call = call.header(super::USER, self.of.user())?;
        }
        if let Some(password) = &self.password {
            call = call.header(super::KEY, password.reveal())?;
        }
        let reply = call.ask(self.context, self.deadline).await?;
        read(&reply)
    }

    /// The rows of a query in this shape.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        query: &str,
        rows: usize,
    ) -> Result<Vec<T>, ProbeError> {
        let found = self.ask(query, rows).await?;
        let rows = found.data.into_iter().map(|mut row| {
            row.retain(|_, value| !value.is_null());
            // Another version may have another shape: nothing is known then.
            serde_json::from_value(Value::Object(row)).map_err(|error| {
                let cause = format!("{} answers otherwise than is known of it", self.of.url);
                ProbeError::new(Reason::QueryRefused, cause).with_detail(error.to_string())
            })
        });
        rows.collect()
    }
}

impl Found {
    /// The rows by column, numbers as numbers, and without what is null.
    pub(super) fn rows(self) -> Vec<BTreeMap<String, Value>> {
        let numbers: Vec<&str> = self
            .meta
            .iter()
            .filter(|column| is_number(&column.kind))
            .map(|column| column.name.as_str())
            .collect();
        let rows = self.data.into_iter().map(|row| {
            let row = row.into_iter().filter(|(_, value)| !value.is_null());
            row.map(|(name, value)| {
                let value = if numbers.contains(&name.as_str()) {
                    as_number(value)
                } else {
                    value
                };
                (name, value)
            })
            .collect()
        });
        rows.collect()
    }

    pub(super) fn len(&self) -> usize {
        self.data.len()
    }
}

/// Whether a type holds whole numbers that the server may write as text.
fn is_number(kind: &str) -> bool {
    let inner = |kind: &str, outer: &str| {
        let inner = kind.strip_prefix(outer)?.strip_suffix(')')?;
        Some(inner.to_owned())
    };
    let plain = inner(kind, "LowCardinality(").unwrap_or_else(|| kind.to_owned());
    let plain = inner(&plain, "Nullable(").unwrap_or(plain);
    matches!(plain.as_str(), "Int64" | "UInt64")
}

fn as_number(value: Value) -> Value {
    let number = value
        .as_str()
        .and_then(|text| text.parse::<serde_json::Number>().ok());
    number.map_or(value, Value::Number)
}

/// The rows in an answer, or what the server says instead.
fn read(reply: &Reply) -> Result<Found, ProbeError> {
    let place = reply.place();
    let text = String::from_utf8_lossy(&reply.body);
    if reply.unread.is_some() {
        let cause = format!("{place} answers more than is read");
        return Err(ProbeError::new(Reason::FileTruncated, cause));
    }
    let found = serde_json::from_slice(&reply.body);
    match found {
        Ok(found) if reply.status.is_success() => Ok(found),
        _ => match code(reply, &text) {
            Some(code) => Err(refused(place, code, &text)),
            None if matches!(reply.status.as_u16(), 401 | 403) => Err(ProbeError::new(
                Reason::CredentialRefused,
                format!("{place} refused the credential"),
            )),
            None => {
                let start: String = text.chars().take(200).collect();
                let status = reply.status.as_u16();
                Err(odd(place, &format!("status {status}: {start}")))
            }
        },
    }
}

pub(super) fn odd(place: &str, words: &str) -> ProbeError {
    let cause = format!("{place} does not answer as ClickHouse does");
    ProbeError::new(Reason::ServiceProtocol, cause).with_detail(words)
}

/// The number of the error: in a header, or, where the answer had begun, in its text.
fn code(reply: &Reply, text: &str) -> Option<u32> {
    let header = reply.headers.get("x-clickhouse-exception-code");
    let header = header.and_then(|value| value.to_str().ok()?.parse().ok());
    header.or_else(|| {
        let (_, rest) = text
            .rsplit_once("Code: ")
            .filter(|_| text.contains("DB::"))?;
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        rest.get(..digits)?.parse().ok()
    })
}

/// No such table, or a column that this version does not have.
pub(super) const UNKNOWN: &[u32] = &[16, 47, 60, 81];

/// What an error of the server means.
fn refused(place: &str, code: u32, text: &str) -> ProbeError {
    let (reason, what) = match code {
        192 | 193 | 194 | 516 => (Reason::CredentialRefused, "refused the credential"),
        497 | 291 | 195 => (Reason::PermissionDenied, "does not permit the question"),
        159 | 160 => (Reason::ServiceTimeout, "needs too long for the query"),
        158 | 307 | 396 => (Reason::FileTruncated, "reads or answers more than it may"),
        202 | 241 => (Reason::ServiceRefused, "has no room for the query"),
        _ => (Reason::QueryRefused, "cannot do with the query"),
    };
    // What the query is and does is in the question; the rest is the server's own words.
    let start = text.rfind("Code: ").unwrap_or_default();
    let words: String = text
        .get(start..)
        .unwrap_or_default()
        .chars()
        .take(300)
        .collect();
    let detail = if words.contains("Code: ") {
        words
    } else {
        format!("Code: {code}: {words}")
    };
    ProbeError::new(reason, format!("{place} {what}")).with_detail(detail.trim().to_owned())
}

/// Whether the server said that it does not know a table or column.
pub(super) fn is_unknown(error: &ProbeError) -> bool {
    let detail = error.detail.as_deref().unwrap_or_default();
    error.reason == Reason::QueryRefused
        && UNKNOWN.iter().any(|code| {
            let said = format!("Code: {code}");
            let rest = detail.strip_prefix(&said);
            rest.is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_ascii_digit()))
        })
}

impl Clickhouse {
    pub(super) fn user(&self) -> &str {
        if self.user.is_empty() {
            "default"
        } else {
            &self.user
        }
    }

    /// Where a query is sent.
    pub(super) fn address(&self, query: &str, limits: Limits, deadline: Deadline) -> Option<Url> {
        let mut url = Url::parse(&self.url).ok()?;
        let mut pairs = url.query_pairs_mut();
        pairs.append_pair("default_format", "JSON");
        if !self.database.is_empty() {
            pairs.append_pair("database", &self.database);
        }
        if let Limits::Rows(rows) = limits {
            let seconds = deadline.left().as_secs().max(1).to_string();
            pairs
                .append_pair("max_execution_time", &seconds)
                .append_pair("max_result_rows", &(rows + 1).to_string())
                .append_pair("result_overflow_mode", "break");
        }
        pairs.append_pair("query", query);
        drop(pairs);
        Some(url)
    }
}
