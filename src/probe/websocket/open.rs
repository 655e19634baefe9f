//! The opening handshake (RFC 6455, section 4).

use std::time::{Duration, Instant};

use http::{HeaderMap, header};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::Facts;
use crate::probe::http::client::Call;
use crate::probe::http::deadline::{Deadline, milliseconds};
use crate::probe::http::wire::{self, NoHead, Stream, Wire};
use crate::probe::{Context, ProbeError};
use crate::reason::Reason;

/// Bytes of a message that is taken.
const LARGEST_MESSAGE: usize = 1 << 20;

/// An open connection that speaks WebSocket.
pub(super) struct Socket {
    pub(super) stream: WebSocketStream<Box<dyn Stream>>,
    /// When the handshake was answered.
    pub(super) since: Instant,
    /// `host:port`, for causes.
    pub(super) subject: String,
}

/// What came of the handshake.
pub(super) struct Opened {
    pub(super) facts: Facts,
    /// The connection, if the client was let in.
    pub(super) socket: Option<Socket>,
}

/// Shakes hands.
pub(super) async fn open(
    call: &Call,
    subprotocols: &[String],
    context: &Context,
    deadline: Deadline,
) -> Result<Opened, ProbeError> {
    let key = generate_key();
    let request = request(call, subprotocols, &key)?;
    let mut wire = Wire::open(call.url(), context, deadline).await?;
    context.traffic.request();
    let start = Instant::now();
    let asking = async {
        // A server that says no may do so without reading on.
        _ = wire.stream.write_all(&request).await;
        _ = wire.stream.flush().await;
        wire::head(&mut wire.stream).await
    };
    let head = match tokio::time::timeout(deadline.left(), asking).await {
        Err(_) => {
            let cause = format!("{} did not answer an HTTP request in time", wire.subject);
            return Err(ProbeError::new(Reason::HttpTimeout, cause));
        }
        Ok(Err(NoHead::Garbage(came))) => return Err(wire::garbled(&wire.subject, &came)),
        Ok(Err(NoHead::End)) => {
            wire.unanswered()?;
            let subject = &wire.subject;
            let cause = format!("{subject} closed the connection before a whole answer");
            return Err(ProbeError::new(Reason::HttpClosed, cause));
        }
        Ok(Ok(head)) => head,
    };
    let took = start.elapsed();
    let mut facts = facts(head.status, took);
    if head.status != 101 {
        return Ok(Opened {
            facts,
            socket: None,
        });
    }
    facts.subprotocol = agreed(&head.headers, subprotocols, &key).map_err(|words| {
        let cause = format!("{} does not answer as WebSocket does", wire.subject);
        ProbeError::new(Reason::ServiceProtocol, cause).with_detail(words)
    })?;
    facts.accepted = true;
    let config = WebSocketConfig::default()
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE));
    let speaking =
        WebSocketStream::from_partially_read(wire.stream, head.rest, Role::Client, Some(config));
    let socket = Socket {
        stream: speaking.await,
        since: start + took,
        subject: wire.subject,
    };
    Ok(Opened {
        facts,
        socket: Some(socket),
    })
}

fn facts(status: u16, took: Duration) -> Facts {
    Facts {
        status,
        handshake_ms: milliseconds(took),
        ..Facts::default()
    }
}

fn request(call: &Call, subprotocols: &[String], key: &str) -> Result<Vec<u8>, ProbeError> {
    let mut message = call.message()?;
    message.headers_mut().remove(header::ACCEPT_ENCODING);
    let mut more = vec![
        ("Connection", "Upgrade".to_owned()),
        ("Upgrade", "websocket".to_owned()),
        ("Sec-WebSocket-Version", "13".to_owned()),
        ("Sec-WebSocket-Key", key.to_owned()),
    ];
    if !subprotocols.is_empty() {
        more.push(("Sec-WebSocket-Protocol", subprotocols.join(", ")));
    }
    Ok(wire::written("GET", &message, &more))
}

/// The subprotocol, if the server agreed to all that was asked; otherwise what it did not.
fn agreed(
    headers: &HeaderMap,
    subprotocols: &[String],
    key: &str,
) -> Result<Option<String>, String> {
    let has_token = |name: header::HeaderName, token: &str| {
        let values = headers.get_all(&name).iter();
        let mut values = values.filter_map(|value| value.to_str().ok());
        values.any(|value| {
            let mut tokens = value.split(',');
            tokens.any(|one| one.trim().eq_ignore_ascii_case(token))
        })
    };
    if !has_token(header::UPGRADE, "websocket") {
        return Err("the answer has no `upgrade: websocket`".to_owned());
    }
    if !has_token(header::CONNECTION, "upgrade") {
        return Err("the answer has no `connection: upgrade`".to_owned());
    }
    let accept = headers.get(header::SEC_WEBSOCKET_ACCEPT);
    if accept.is_none_or(|accept| *accept != derive_accept_key(key.as_bytes())) {
        return Err("`sec-websocket-accept` does not belong to the request".to_owned());
    }
    if headers.contains_key(header::SEC_WEBSOCKET_EXTENSIONS) {
        return Err("the answer uses an extension that was not offered".to_owned());
    }
    let Some(chosen) = headers.get(header::SEC_WEBSOCKET_PROTOCOL) else {
        return Ok(None);
    };
    match subprotocols.iter().find(|one| *chosen == one.as_str()) {
        Some(chosen) => Ok(Some(chosen.clone())),
        None => Err("the answer chooses a subprotocol that was not offered".to_owned()),
    }
}
