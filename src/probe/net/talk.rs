//! A conversation over one connection: lines and counted bytes, all within one deadline and
//! never more than was asked for.
//!
//! It knows no protocol.

use std::io::{Error, ErrorKind};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::io::{AsyncRead, AsyncWrite, BufReader};

use super::{connect_error, tls};
use crate::probe::{Context, ProbeError};
use crate::reason::Reason;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// An open connection to a service.
pub(in crate::probe) struct Talk {
    stream: BufReader<Box<dyn Stream>>,
    subject: String,
    end: Instant,
    wants_certificate: bool,
}

/// What the TLS under a conversation came to, as the kinds tell it in their facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsFacts {
    /// Negotiated version: `TLS1.2` or `TLS1.3`.
    pub version: String,
    /// Whether the certificate is valid for the host and trusted.
    pub verified: bool,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProbeError>,
}

impl TlsFacts {
    /// Of a handshake and what is wrong with its certificate.
    pub(in crate::probe) fn new(shown: &tls::Shown, problem: Option<ProbeError>) -> Self {
        Self {
            version: shown.version.clone(),
            verified: problem.is_none(),
            problem,
        }
    }
}

impl Talk {
    /// Connects in clear text; everything must be said within the context's time.
    pub(in crate::probe) async fn open(
        context: &Context,
        host: &str,
        port: u16,
    ) -> Result<Self, ProbeError> {
        // What is kept back is the time to say what was waited for.
        let end = Instant::now() + context.timeout * 19 / 20;
        context.traffic.connection();
        let stream = context.net.dial(host, port, context.timeout).await?.stream;
        Ok(Self {
            stream: BufReader::new(Box::new(stream)),
            subject: format!("{host}:{port}"),
            end,
            wants_certificate: false,
        })
    }

    /// Connects with TLS from the start. The certificate is judged and not acted upon: nothing
    /// secret may be said while there is a problem.
    pub(in crate::probe) async fn open_tls(
        context: &Context,
        host: &str,
        port: u16,
    ) -> Result<(Self, TlsFacts), ProbeError> {
        let clear = Self::open(context, host, port).await?;
        clear.secure(context, host, port).await
    }

    /// Goes on with TLS, where both sides have said so in clear text. What was read ahead
    /// would not have been protected: nothing may have been sent by then.
    pub(in crate::probe) async fn secure(
        self,
        context: &Context,
        host: &str,
        port: u16,
    ) -> Result<(Self, TlsFacts), ProbeError> {
        if !self.stream.buffer().is_empty() {
            return Err(self.garbled("speaks on before TLS begins", self.stream.buffer()));
        }
        let limit = self.left();
        let stream = self.stream.into_inner();
        let ask = tls::Ask::of(host);
        let done = tls::handshake(stream, &self.subject, ask, limit).await?;
        let roots = &context.net.trust.roots;
        let problem = tls::verify(&done.shown, host, port, roots, context.now).err();
        let secured = TlsFacts::new(&done.shown, problem);
        let talk = Self {
            stream: BufReader::new(Box::new(done.stream)),
            wants_certificate: done.shown.client_certificate_requested,
            subject: self.subject,
            end: self.end,
        };
        Ok((talk, secured))
    }

    /// `host:port`, for causes.
    pub(in crate::probe) fn subject(&self) -> &str {
        &self.subject
    }

    /// Says this.
    pub(in crate::probe) async fn say(&mut self, bytes: &[u8]) -> Result<(), ProbeError> {
        let limit = self.left();
        let said = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        let said = tokio::time::timeout(limit, said).await;
        self.within(said)
    }

    /// The next line without its end (`\n` or `\r\n`), of at most `most` bytes with it.
    pub(in crate::probe) async fn line(&mut self, most: u64) -> Result<Vec<u8>, ProbeError> {
        let limit = self.left();
        let mut line = Vec::new();
        let mut bounded = (&mut self.stream).take(most);
        let read = tokio::time::timeout(limit, bounded.read_until(b'\n', &mut line)).await;
        self.within(read)?;
        if line.pop_if(|last| *last == b'\n').is_none() {
            if line.len() as u64 >= most {
                return Err(self.garbled("sent a line that does not end", &line));
            }
            return self.within(Ok(Err(ErrorKind::UnexpectedEof.into())));
        }
        line.pop_if(|last| *last == b'\r');
        Ok(line)
    }

    /// As many bytes as asked for.
    pub(in crate::probe) async fn bytes(&mut self, count: usize) -> Result<Vec<u8>, ProbeError> {
        let limit = self.left();
        let mut bytes = vec![0; count];
        let read = tokio::time::timeout(limit, self.stream.read_exact(&mut bytes)).await;
        self.within(read)?;
        Ok(bytes)
    }

    /// What came is not what the protocol says: `what` names it after the service's address.
    pub(in crate::probe) fn garbled(&self, what: &str, came: &[u8]) -> ProbeError {
        let start = came.get(..came.len().min(100)).unwrap_or_default();
        let error = ProbeError::new(Reason::ServiceProtocol, format!("{} {what}", self.subject));
        if start.is_empty() {
            return error;
        }
        error.with_detail(format!("it sent \"{}\"", start.escape_ascii()))
    }

    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    fn within<T>(
        &self,
        outcome: Result<Result<T, Error>, tokio::time::error::Elapsed>,
    ) -> Result<T, ProbeError> {
        let subject = &self.subject;
        let error = match outcome {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(_) => {
                let cause = format!("{subject} did not answer in time");
                return Err(ProbeError::new(Reason::ServiceTimeout, cause));
            }
        };
        let alert = tls::alert_in(&error).is_some();
        let closed = error.kind() == ErrorKind::UnexpectedEof;
        if self.wants_certificate && (alert || closed) {
            let cause = format!("{subject} wants a client certificate");
            return Err(ProbeError::new(Reason::TlsClientCertificate, cause));
        }
        Err(if alert {
            tls::handshake_error(&error, subject)
        } else if closed {
            let cause = format!("{subject} closed the connection");
            ProbeError::new(Reason::ServiceClosed, cause)
        } else {
            connect_error(&error, subject)
        })
    }
}
