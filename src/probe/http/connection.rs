//! One connection to an HTTP server: opening it, and sending one request over it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::AbortHandle;

use super::deadline::Deadline;
use super::failure;
use super::question::Version;
use crate::probe::net::tls::{self, Ask, Party, Shown};
use crate::probe::{Context, ProbeError, net};
use crate::reason::Reason;

/// More header lines than any honest server sends.
const MOST_HEADERS: usize = 500;
/// Bytes of all headers together, and of what is read ahead.
const MOST_HEADER_BYTES: u32 = 256 << 10;

/// Which connections can stand for each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Target {
    /// Whether TLS is spoken.
    pub(super) https: bool,
    /// Name or address.
    pub(super) host: String,
    /// Port.
    pub(super) port: u16,
    /// How it is reached and as whom.
    pub(super) reach: Reach,
    /// The protocol version to offer.
    pub(super) version: Version,
}

/// How the other side is reached, and as whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Reach {
    pub(super) via: Via,
    /// Who asks and whom it believes, if that is not what the run says.
    pub(super) party: Option<Party>,
}

/// The way to the other side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Via {
    /// The address of its name that answers first.
    #[default]
    Name,
    /// This address alone.
    Address(SocketAddr),
    /// A socket in this machine's file system.
    Socket(Arc<Path>),
}

impl Target {
    /// What causes name.
    pub(super) fn subject(&self) -> String {
        match &self.reach.via {
            Via::Socket(path) => path.display().to_string(),
            Via::Name | Via::Address(_) => format!("{}:{}", self.host, self.port),
        }
    }

    fn alpn(&self) -> &'static [&'static str] {
        match self.version {
            Version::Auto => &["h2", "http/1.1"],
            Version::One => &["http/1.1"],
            Version::Two => &["h2"],
        }
    }
}

/// How a connection came about, and what is known of the other side.
#[derive(Debug)]
pub(super) struct About {
    /// The address and port that answered, or the socket's path.
    pub(super) address: String,
    /// Time for name resolution.
    pub(super) dns: Duration,
    /// Time for the TCP connection.
    pub(super) connect: Duration,
    /// Time for the handshake, and what the server showed in it.
    pub(super) tls: Option<(Duration, Shown)>,
    /// What is wrong with the certificate.
    pub(super) problem: Option<ProbeError>,
    driver: AbortHandle,
}

impl Drop for About {
    /// Nobody uses the connection any more; a peer that does not read must not keep it open.
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// An open connection that one request can be sent over.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) sender: Sender,
    pub(super) about: Arc<About>,
    /// Whether it has served another request before.
    pub(super) reused: bool,
}

/// The sending side.
#[derive(Debug)]
pub(super) enum Sender {
    /// HTTP/1: one request at a time.
    One(http1::SendRequest<Full<Bytes>>),
    /// HTTP/2: many at once; clones share the connection.
    Many(http2::SendRequest<Full<Bytes>>),
}

impl Connection {
    /// Opens a connection and, over TLS, judges the certificate without acting on it.
    pub(super) async fn open(
        target: &Target,
        context: &Context,
        deadline: Deadline,
    ) -> Result<Self, ProbeError> {
        context.traffic.connection();
        if let Via::Socket(path) = &target.reach.via {
            let start = Instant::now();
            let stream = net::connect_socket(path, deadline.left()).await?;
            let about = Opened::at(path.display().to_string(), Duration::ZERO, start.elapsed());
            return about.speak(stream, false, target, deadline).await;
        }
        let dialed = dial(target, context, deadline).await?;
        let mut about = Opened::at(dialed.address.to_string(), dialed.dns, dialed.connect);
        if !target.https {
            let two = target.version == Version::Two;
            return about.speak(dialed.stream, two, target, deadline).await;
        }
        let shaking = Instant::now();
        let party = target.reach.party.as_ref();
        let host = party.and_then(Party::name).unwrap_or(&target.host);
        let ask = Ask {
            alpn: target.alpn(),
            certificate: party.and_then(Party::certificate),
            ..Ask::of(host)
        };
        let (subject, left) = (target.subject(), deadline.left());
        let done = tls::handshake(dialed.stream, &subject, ask, left).await?;
        let two = done.shown.alpn.as_deref() == Some("h2");
        if target.version == Version::Two && !two {
            return Err(ProbeError::new(
                Reason::HttpProtocol,
                format!("{} does not offer HTTP/2", target.subject()),
            ));
        }
        let own = party.and_then(Party::roots);
        let roots = own.unwrap_or(&context.net.trust.roots);
        about.problem = tls::verify(&done.shown, host, target.port, roots, context.now).err();
        about.tls = Some((shaking.elapsed(), done.shown));
        about.speak(done.stream, two, target, deadline).await
    }

    /// Sends one request and waits for the head of its answer.
    pub(super) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> hyper::Result<Response<Incoming>> {
        match &mut self.sender {
            Sender::One(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
            Sender::Many(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }
}

async fn dial(
    target: &Target,
    context: &Context,
    deadline: Deadline,
) -> Result<net::Dialed, ProbeError> {
    let left = deadline.left();
    let Via::Address(address) = target.reach.via else {
        return context.net.dial(&target.host, target.port, left).await;
    };
    let start = Instant::now();
    let stream = net::connect(address, &target.subject(), left).await?;
    Ok(net::Dialed {
        stream,
        address,
        dns: Duration::ZERO,
        connect: start.elapsed(),
    })
}

/// What is known of a connection before HTTP is spoken on it.
struct Opened {
    address: String,
    dns: Duration,
    connect: Duration,
    tls: Option<(Duration, Shown)>,
    problem: Option<ProbeError>,
}

impl Opened {
    fn at(address: String, dns: Duration, connect: Duration) -> Self {
        Self {
            address,
            dns,
            connect,
            tls: None,
            problem: None,
        }
    }

    async fn speak<S>(
        self,
        stream: S,
        two: bool,
        target: &Target,
        deadline: Deadline,
    ) -> Result<Connection, ProbeError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let subject = target.subject();
        let greeting = begin(stream, two);
        let (sender, driver) = deadline
            .cut(&subject, failure::SILENT, greeting)
            .await?
            .map_err(|error| failure::of(&error, &subject, self.tls.as_ref()))?;
        Ok(Connection {
            sender,
            about: Arc::new(About {
                address: self.address,
                dns: self.dns,
                connect: self.connect,
                tls: self.tls,
                problem: self.problem,
                driver,
            }),
            reused: false,
        })
    }
}

/// Begins to speak HTTP. The connection is driven by a task of its own.
async fn begin<S>(stream: S, two: bool) -> hyper::Result<(Sender, AbortHandle)>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let io = TokioIo::new(stream);
    if two {
        let (sender, driver) = http2::Builder::new(TokioExecutor::new())
            .max_header_list_size(MOST_HEADER_BYTES)
            .handshake(io)
            .await?;
        let task = tokio::spawn(async move {
            // How the connection ends is told to whoever waits for an answer on it.
            let _ = driver.await;
        });
        return Ok((Sender::Many(sender), task.abort_handle()));
    }
    let (sender, driver) = http1::Builder::new()
        .max_headers(MOST_HEADERS)
        .max_buf_size(MOST_HEADER_BYTES as usize)
        .handshake(io)
        .await?;
    let task = tokio::spawn(async move {
        let _ = driver.await;
    });
    Ok((Sender::One(sender), task.abort_handle()))
}
