//! What a WebSocket server did.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the server did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Status of the handshake's answer: 101 where the client is let in.
    pub status: u16,
    /// Whether the client was let in.
    pub accepted: bool,
    /// The subprotocol that the server chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subprotocol: Option<String>,
    /// Milliseconds from sending the handshake on the open connection to its answer.
    pub handshake_ms: f64,
    /// The first message that came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_frame: Option<Frame>,
    /// How many messages came while listening.
    pub frames: u32,
    /// What came back to what was sent, where something was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replies: Option<Replies>,
    /// How the connection ended, where the server said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<Close>,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Frame {
    /// What it holds.
    pub kind: FrameKind,
    /// Its length in bytes.
    pub bytes: u64,
    /// Milliseconds since the handshake's answer.
    pub after_ms: f64,
    /// The text, where it is one of at most 16 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The text read as JSON, where it is some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
}

/// What a message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FrameKind {
    /// Text.
    Text,
    /// Bytes.
    Binary,
}

/// What came back to what was sent. Percentiles are nearest-rank.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Replies {
    /// Messages that were sent.
    pub sent: u32,
    /// How many of them were followed by a message within the wait.
    pub count: u32,
    /// Whether everything that came was what had been sent.
    pub echoed: bool,
    /// Median of the times from sending to the next message, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<f64>,
    /// 95th percentile of the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95_ms: Option<f64>,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Close {
    /// The close code; 1005 for a close without one, 1006 for a connection that ended without a
    /// close.
    pub code: u16,
    /// What the server says about it.
    pub reason: String,
    /// Whether the server ended it, and not this program.
    pub by_server: bool,
    /// Milliseconds since the handshake's answer.
    pub after_ms: f64,
}
