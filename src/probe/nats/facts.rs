//! What a NATS server tells.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::probe::net::TlsFacts;

/// What a NATS server tells of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "as the server tells them")]
pub struct Facts {
    /// Version, such as `2.10.7`.
    pub version: String,
    /// Whether clients must log in.
    pub auth_required: bool,
    /// Whether clients must speak TLS.
    pub tls_required: bool,
    /// Whether it keeps messages (`JetStream`).
    pub jetstream: bool,
    /// The largest message that it takes, in bytes.
    pub max_payload: u64,
    /// The cluster that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Whether this connection was encrypted.
    pub encrypted: bool,
    /// What the encryption came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsFacts>,
    /// Whether it answered `PING` to this login, or to a stranger where none is needed.
    pub ping: bool,
    /// Open connections of clients, as its monitoring tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<u64>,
    /// The most there may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<u64>,
    /// Clients that were too slow since the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_consumers: Option<u64>,
    /// Streams, as its monitoring tells; at most 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub streams: Option<Vec<Stream>>,
}

/// A stream of kept messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stream {
    /// Its name.
    pub name: String,
    /// On how many servers it is kept.
    pub replicas: u64,
    /// `file` or `memory`.
    pub storage: String,
    /// Messages that it keeps.
    pub messages: u64,
    /// Bytes that it keeps.
    pub bytes: u64,
    /// Messages that its consumers have not got yet, the largest of them.
    pub pending: u64,
}

/// The greeting of a server.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "as the server tells them")]
pub(super) struct Info {
    pub(super) version: String,
    #[serde(default)]
    pub(super) auth_required: bool,
    #[serde(default)]
    pub(super) tls_required: bool,
    #[serde(default)]
    pub(super) tls_available: bool,
    #[serde(default)]
    pub(super) jetstream: bool,
    pub(super) max_payload: u64,
    pub(super) cluster: Option<String>,
}

impl From<&Info> for Facts {
    fn from(info: &Info) -> Self {
        Self {
            version: info.version.clone(),
            auth_required: info.auth_required,
            tls_required: info.tls_required,
            jetstream: info.jetstream,
            max_payload: info.max_payload,
            cluster: info.cluster.clone(),
            ..Self::default()
        }
    }
}

/// Every stream in an answer of `/jsz`; none where it is not in the documented shape, or does
/// not list all that it counts.
pub(super) fn streams(answer: &Value) -> Option<Vec<Stream>> {
    let counted = answer.get("streams")?.as_u64()?;
    let mut streams = Vec::new();
    // Empty lists are left out by the server.
    for account in list(answer, "account_details")? {
        for stream in list(account, "stream_detail")? {
            streams.push(one(stream)?);
        }
    }
    (streams.len() as u64 == counted).then_some(streams)
}

/// A list, empty where it is left out; none where something else stands there.
fn list<'a>(of: &'a Value, name: &str) -> Option<&'a [Value]> {
    match of.get(name) {
        None | Some(Value::Null) => Some(&[]),
        Some(list) => list.as_array().map(Vec::as_slice),
    }
}

fn one(stream: &Value) -> Option<Stream> {
    let (config, state) = (stream.get("config")?, stream.get("state")?);
    let consumers = list(stream, "consumer_detail")?;
    if consumers.len() as u64 != state.get("consumer_count")?.as_u64()? {
        return None;
    }
    let mut pending = 0;
    for consumer in consumers {
        pending = consumer.get("num_pending")?.as_u64()?.max(pending);
    }
    Some(Stream {
        name: stream.get("name")?.as_str()?.to_owned(),
        replicas: config.get("num_replicas")?.as_u64()?,
        storage: config.get("storage")?.as_str()?.to_owned(),
        messages: state.get("messages")?.as_u64()?,
        bytes: state.get("bytes")?.as_u64()?,
        pending,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::streams;

    fn answer(stream: &Value) -> Value {
        json!({"streams": 1, "account_details": [{"name": "$G", "stream_detail": [stream]}]})
    }

    fn stream(more: &Value) -> Value {
        let mut stream = json!({
            "name": "ORDERS", "config": {"num_replicas": 3, "storage": "file"},
            "state": {"messages": 9, "bytes": 90, "consumer_count": 2},
            "consumer_detail": [{"num_pending": 5}, {"num_pending": 70}],
        });
        let more = more.as_object().unwrap().clone();
        stream.as_object_mut().unwrap().extend(more);
        stream
    }

    #[test]
    fn streams_are_read_whole_or_not_at_all() {
        let found = streams(&answer(&stream(&json!({})))).unwrap();
        assert_eq!((found[0].pending, found[0].replicas), (70, 3));
        assert_eq!(streams(&json!({"streams": 0})), Some(Vec::new()));
        let idle = json!({"state": {"messages": 9, "bytes": 90, "consumer_count": 0}, "consumer_detail": null});
        assert_eq!(streams(&answer(&stream(&idle))).unwrap()[0].pending, 0);
        for odd in [
            answer(&stream(&json!({"consumer_detail": null}))),
            answer(&stream(
                &json!({"consumer_detail": [{"num_pending": "900000"}, {"num_pending": 1}]}),
            )),
            answer(&stream(&json!({"consumer_detail": {}}))),
            answer(&stream(&json!({"state": {"messages": 9, "bytes": 90}}))),
            json!({"streams": 1, "account_details": [{"name": "$G"}]}),
            json!({"streams": 3}),
            json!({"account_details": []}),
            json!({}),
        ] {
            assert_eq!(streams(&odd), None, "{odd}");
        }
    }
}
