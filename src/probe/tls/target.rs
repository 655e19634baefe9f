//! One address of the server that is asked, and how connections to it are opened: few at a time,
//! each with its share of the time.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::hello::Hello;
use super::reply::{Flight, Reply, ServerHello};
use super::starttls::Starttls;
use crate::probe::net::{connect, connect_error};
use crate::probe::{Context, ProbeError};
use crate::reason::Reason;

/// Connections open at the same time.
const AT_ONCE: u32 = 4;
/// Connections opened to one address in all. A usual server needs some sixty; one that accepts
/// everything that was ever invented needs half of this.
pub(super) const MOST_CONNECTIONS: u32 = 400;

/// One address of the server.
pub(super) struct Target<'a> {
    context: &'a Context,
    /// The address.
    pub(super) address: SocketAddr,
    /// What causes name: `host:port`.
    pub(super) subject: &'a str,
    /// The name that is asked for; an address where there is no name.
    pub(super) name: &'a str,
    starttls: Option<Starttls>,
    deadline: Instant,
    permits: Semaphore,
    opened: AtomicU32,
}

/// A connection, counted as long as it lives.
pub(super) struct Connection<'a> {
    /// Ready for TLS.
    pub(super) stream: TcpStream,
    _permit: SemaphorePermit<'a>,
}

/// What came of one first message.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The server agreed.
    Agreed(Box<ServerHello>),
    /// It said no.
    Refused,
    /// It ended the connection without a word, which may also mean that it has had enough.
    Closed,
}

impl<'a> Target<'a> {
    /// An address to ask until `deadline`.
    pub(super) fn new(
        context: &'a Context,
        (address, subject): (SocketAddr, &'a str),
        name: &'a str,
        starttls: Option<Starttls>,
        deadline: Instant,
    ) -> Self {
        Self {
            context,
            address,
            subject,
            name,
            starttls,
            deadline,
            permits: Semaphore::new(AT_ONCE as usize),
            opened: AtomicU32::new(0),
        }
    }

    /// Time that is left for everything.
    pub(super) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Time for one of many questions: generous, since a server that takes one connection at a
    /// time lets the others wait, but never all that is left.
    fn share(&self) -> Duration {
        self.left().min(self.context.timeout * 2 / 5)
    }

    /// Opens a connection and switches to TLS where another protocol comes first.
    pub(super) async fn open(&self, limit: Duration) -> Result<Connection<'_>, ProbeError> {
        self.open_with(1, limit).await
    }

    async fn open_with(&self, permits: u32, limit: Duration) -> Result<Connection<'_>, ProbeError> {
        let busy = || ProbeError::new(Reason::ProbeInternal, "the limit of connections is gone");
        let permit = self.permits.acquire_many(permits).await;
        let permit = permit.map_err(|_| busy())?;
        if self.opened.fetch_add(1, Ordering::Relaxed) >= MOST_CONNECTIONS {
            let cause = format!("{} was asked often enough", self.subject);
            return Err(ProbeError::new(Reason::TlsScanIncomplete, cause));
        }
        let traffic = &self.context.traffic;
        traffic.connection();
        traffic.request();
        let limit = limit.min(self.left());
        let mut stream = connect(self.address, self.subject, limit).await?;
        if let Some(starttls) = self.starttls {
            starttls.negotiate(&mut stream, self.subject, limit).await?;
        }
        Ok(Connection {
            stream,
            _permit: permit,
        })
    }

    /// Sends one first message and reads what comes. An error means that it is not known what
    /// the server thinks of it.
    pub(super) async fn ask(
        &self,
        version: u16,
        suites: &[u16],
        groups: &[u16],
        key_share: bool,
    ) -> Result<Outcome, ProbeError> {
        let hello = Hello {
            version,
            suites,
            groups,
            key_share,
            name: self.server_name(),
        };
        let message = hello.record(&random()?);
        let first = self.exchange(1, &message).await;
        let reply = match first {
            // A server may not bear several connections at once; once more, alone.
            Err(error) if is_crowded(&error) => self.exchange(AT_ONCE, &message).await?,
            other => other?,
        };
        match reply {
            Reply::Hello(hello) if hello.version == version && suites.contains(&hello.suite) => {
                Ok(Outcome::Agreed(hello))
            }
            Reply::Hello(_) | Reply::Alert(_) => Ok(Outcome::Refused),
            Reply::Closed => Ok(Outcome::Closed),
            Reply::NotTls => Err(ProbeError::new(
                Reason::TlsNotTls,
                format!("{} does not speak TLS", self.subject),
            )),
        }
    }

    async fn exchange(&self, permits: u32, message: &[u8]) -> Result<Reply, ProbeError> {
        let silent = || {
            let cause = format!("{} did not finish the TLS handshake", self.subject);
            ProbeError::new(Reason::TlsTimeout, cause)
        };
        if self.left().is_zero() {
            return Err(silent());
        }
        let mut connection = self.open_with(permits, self.share()).await?;
        let talk = async {
            let stream = &mut connection.stream;
            stream.write_all(message).await?;
            let mut flight = Flight::default();
            let mut buffer = vec![0; 8192];
            loop {
                let count = stream.read(&mut buffer).await?;
                if count == 0 {
                    return Ok(flight.end());
                }
                if let Some(reply) = flight.take(buffer.get(..count).unwrap_or_default()) {
                    return Ok(reply);
                }
            }
        };
        match tokio::time::timeout(self.share(), talk).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(error)) => {
                let error: std::io::Error = error;
                match connect_error(&error, self.subject) {
                    error if error.reason == Reason::TcpReset => Ok(Reply::Closed),
                    error => Err(error),
                }
            }
            Err(_) => Err(silent()),
        }
    }

    /// The name to send; addresses are not sent.
    fn server_name(&self) -> Option<&str> {
        let is_address = self.name.parse::<std::net::IpAddr>().is_ok();
        (!is_address).then_some(self.name)
    }
}

fn is_crowded(error: &ProbeError) -> bool {
    matches!(
        error.reason,
        Reason::TcpRefused | Reason::TcpReset | Reason::TcpTimeout | Reason::TlsClosed
    )
}

fn random() -> Result<[u8; 96], ProbeError> {
    let mut bytes = [0; 96];
    let provider = rustls::crypto::ring::default_provider();
    provider.secure_random.fill(&mut bytes).map_err(|_| {
        ProbeError::new(
            Reason::ProbeInternal,
            "this machine gives no random numbers",
        )
    })?;
    Ok(bytes)
}
