//! A connection on which a kind speaks HTTP/1.1 by itself, or what follows from it.
//!
//! It is opened as those of the `http` kind are, and never shared. The certificate is judged
//! before anything is sent.

use http::{HeaderMap, HeaderName, HeaderValue, Request};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use url::Url;

use super::deadline::Deadline;
use crate::probe::net::tls::{self, Ask};
use crate::probe::{Context, ProbeError};
use crate::reason::Reason;

/// Bytes of the head of an answer, and of whatever comes before it.
const MOST_HEAD: usize = 64 << 10;
/// Headers of an answer.
const MOST_HEADERS: usize = 100;

/// Bytes in both directions.
pub(in crate::probe) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// An open connection.
pub(in crate::probe) struct Wire {
    /// What is said over it.
    pub(in crate::probe) stream: Box<dyn Stream>,
    /// `host:port`, for causes.
    pub(in crate::probe) subject: String,
    wants_certificate: bool,
}

impl Wire {
    /// Connects to where an `http`, `https`, `ws` or `wss` address leads.
    pub(in crate::probe) async fn open(
        url: &Url,
        context: &Context,
        deadline: Deadline,
    ) -> Result<Self, ProbeError> {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        let subject = format!("{host}:{port}");
        context.traffic.connection();
        let dialed = context.net.dial(host, port, deadline.left()).await?;
        if !matches!(url.scheme(), "https" | "wss") {
            return Ok(Self {
                stream: Box::new(dialed.stream),
                subject,
                wants_certificate: false,
            });
        }
        let ask = Ask {
            alpn: &["http/1.1"],
            ..Ask::of(host)
        };
        let done = tls::handshake(dialed.stream, &subject, ask, deadline.left()).await?;
        let roots = &context.net.trust.roots;
        tls::verify(&done.shown, host, port, roots, context.now)?;
        Ok(Self {
            stream: Box::new(done.stream),
            subject,
            wants_certificate: done.shown.client_certificate_requested,
        })
    }

    /// What a connection that ends without an answer says: one that wants a client certificate
    /// may close for that alone.
    pub(in crate::probe) fn unanswered(&self) -> Result<(), ProbeError> {
        if self.wants_certificate {
            let cause = format!("{} wants a client certificate", self.subject);
            return Err(ProbeError::new(Reason::TlsClientCertificate, cause));
        }
        Ok(())
    }
}

/// The head of a request as it goes over the wire, with these headers beside its own.
pub(in crate::probe) fn written<B>(
    method: &str,
    message: &Request<B>,
    more: &[(&str, String)],
) -> Vec<u8> {
    let mut head = format!("{method} {} HTTP/1.1\r\n", message.uri()).into_bytes();
    let own = message.headers().iter();
    let own = own.map(|(name, value)| (name.as_str(), value.as_bytes()));
    let more = more.iter().map(|(name, value)| (*name, value.as_bytes()));
    for (name, value) in own.chain(more) {
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// The head of an answer.
pub(in crate::probe) struct Head {
    /// The status code.
    pub(in crate::probe) status: u16,
    /// Its headers.
    pub(in crate::probe) headers: HeaderMap,
    /// What was read beyond it.
    pub(in crate::probe) rest: Vec<u8>,
}

/// What came in place of a head.
pub(in crate::probe) enum NoHead {
    /// The end of the connection.
    End,
    /// What is not HTTP.
    Garbage(Vec<u8>),
}

/// Reads until the head of the final answer is there. 101 is final too.
pub(in crate::probe) async fn head(reader: &mut (impl AsyncRead + Unpin)) -> Result<Head, NoHead> {
    let mut read = Vec::new();
    loop {
        match parsed(&read) {
            Ok(Some((mut head, length))) if head.status >= 200 || head.status == 101 => {
                head.rest = read.split_off(length);
                return Ok(head);
            }
            // An interim answer, such as 100.
            Ok(Some((_, length))) => {
                read.drain(..length);
                continue;
            }
            Ok(None) if read.len() < MOST_HEAD => {}
            Ok(None) | Err(_) => return Err(NoHead::Garbage(read)),
        }
        match reader.read_buf(&mut read).await {
            Ok(0) | Err(_) if read.is_empty() => return Err(NoHead::End),
            Ok(0) | Err(_) => return Err(NoHead::Garbage(read)),
            Ok(_) => {}
        }
    }
}

/// A head without what comes after it, and its length; `None` while it is not whole.
fn parsed(read: &[u8]) -> Result<Option<(Head, usize)>, httparse::Error> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = response.parse(read)? else {
        return Ok(None);
    };
    let headers = response.headers.iter().filter_map(|header| {
        let name: HeaderName = header.name.parse().ok()?;
        Some((name, HeaderValue::from_bytes(header.value).ok()?))
    });
    let mut all = HeaderMap::new();
    for (name, value) in headers {
        all.append(name, value);
    }
    let head = Head {
        status: response.code.unwrap_or_default(),
        headers: all,
        rest: Vec::new(),
    };
    Ok(Some((head, length)))
}

/// What came is not HTTP.
pub(in crate::probe) fn garbled(subject: &str, came: &[u8]) -> ProbeError {
    let start = came.get(..came.len().min(100)).unwrap_or_default();
    let cause = format!("{subject} does not answer in valid HTTP");
    let detail = format!("it sent \"{}\"", start.escape_ascii());
    ProbeError::new(Reason::HttpProtocol, cause).with_detail(detail)
}
