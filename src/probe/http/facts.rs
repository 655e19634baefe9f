//! What an HTTP answer looks like as facts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::meaning::Meaning;
use crate::probe::ProbeError;
use crate::reason::Reason;

/// What the server answered. Everything that is not about `hops`, `addresses` or `samples`
/// describes the last answer, after redirects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// The status code.
    pub status: u16,
    /// The protocol version that was spoken: `1.0`, `1.1` or `2`.
    pub version: String,
    /// Where the last answer came from.
    pub url: String,
    /// How many redirects were followed.
    pub redirected: u32,
    /// Every answer in order, the last one included.
    pub hops: Vec<Hop>,
    /// Headers by lower-case name; several of one name joined by `, `, of `set-cookie` by a
    /// line break.
    pub headers: BTreeMap<String, String>,
    /// Headers by lower-case name, each value apart.
    pub header_values: BTreeMap<String, Vec<String>>,
    /// `content-type` as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// How the body was compressed (`gzip`, `br`, `zstd`, `deflate`); left out when it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// The body where it is text, decompressed and cut at the size limit. It is text if its
    /// content type says so (what is not UTF-8 is then replaced), or else if it is UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body read as JSON; left out when it is none or was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// Bytes of the body as received, compressed.
    pub body_bytes: u64,
    /// Bytes of the body after decompression.
    pub decoded_bytes: u64,
    /// Whether the body was cut at the size limit, so that the sizes are lower bounds.
    pub truncated: bool,
    /// The address and port that answered.
    pub address: String,
    /// Whether the connection had served another question before.
    pub reused: bool,
    /// The application protocol that TLS negotiated: `h2` or `http/1.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// The TLS connection; left out over clear text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Times of the last request.
    pub timing: Timing,
    /// Milliseconds for the question with all its redirects, the first sample only.
    pub elapsed_ms: f64,
    /// Statistics where several samples were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<Samples>,
    /// The result per address where `addresses: all` was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<AddressResult>>,
    /// What the last answer's headers and body mean.
    #[serde(flatten)]
    pub meaning: Meaning,
}

/// One request and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hop {
    /// Where it was asked.
    pub url: String,
    /// The status code.
    pub status: u16,
    /// The protocol version that was spoken: `1.0`, `1.1` or `2`.
    pub version: String,
    /// `location` as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Headers by lower-case name, as in the facts themselves.
    pub headers: BTreeMap<String, String>,
    /// Every `set-cookie` as sent.
    pub cookies: Vec<String>,
    /// The address and port that answered.
    pub address: String,
    /// The TLS connection; left out over clear text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Times of this request.
    pub timing: Timing,
}

/// How the TLS connection came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tls {
    /// Negotiated version: `TLS1.2` or `TLS1.3`.
    pub version: String,
    /// Negotiated cipher suite by its IANA name.
    pub cipher: String,
    /// Whether the certificate is valid, trusted and for this name.
    pub verified: bool,
    /// The reason code of what is wrong with the certificate, such as `tls.expired`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Reason>,
}

/// Times in milliseconds. Those of opening the connection are told even where it was opened
/// for an earlier question.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timing {
    /// Name resolution; 0 for an address.
    pub dns_ms: f64,
    /// Opening the TCP connection.
    pub connect_ms: f64,
    /// The TLS handshake; left out over clear text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_ms: Option<f64>,
    /// From sending the request on the open connection until its status and headers came.
    pub first_byte_ms: f64,
    /// The whole request as it went: with opening a connection where none was at hand, until
    /// the end of the body.
    pub total_ms: f64,
}

/// Statistics over all samples of the last request. Percentiles are nearest-rank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Samples {
    /// How many requests were measured, the first one included.
    pub count: u32,
    /// The different status codes that came, ascending.
    pub statuses: Vec<u16>,
    /// Median of the times from request to end of body, in milliseconds.
    pub p50_ms: f64,
    /// 95th percentile of the same.
    pub p95_ms: f64,
    /// 99th percentile of the same.
    pub p99_ms: f64,
    /// Median of the times from request to headers, in milliseconds.
    pub first_byte_p50_ms: f64,
    /// 95th percentile of the same.
    pub first_byte_p95_ms: f64,
    /// 99th percentile of the same.
    pub first_byte_p99_ms: f64,
}

/// What one address answered. A fact that is missing here did not come from that address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AddressResult {
    /// The address and port.
    pub address: String,
    /// Whether it answered at all.
    pub answered: bool,
    /// The status code of the last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The protocol version that was spoken last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where the last answer came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Headers of the last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    /// Times of the last request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
    /// Why it did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ProbeError>,
}
