//! The one network layer under every probe: overrides, name resolution, dialling, trust.
//!
//! It knows nothing of HTTP, DNS records or facts.

pub mod resolve;
pub mod tls;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use self::resolve::Resolver;
use self::tls::Trust;
use super::ProbeError;
use crate::reason::Reason;

/// Name resolution, connections and trust of one run.
#[derive(Debug)]
pub struct Net {
    overrides: Overrides,
    resolver: Resolver,
    /// The roots that certificates are judged by.
    pub trust: Trust,
}

/// Addresses given by hand for `host:port`, as `--resolve host:port:addr` does. `*` stands for
/// any host or port; the more exact entry wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides(BTreeMap<(Option<String>, Option<u16>), Vec<Instead>>);

/// Where to go instead: an address, and another port than the one asked for.
type Instead = (IpAddr, Option<u16>);

impl Overrides {
    /// Adds an address; `None` stands for any host or port, and for the port that was asked for.
    pub fn insert(
        &mut self,
        host: Option<&str>,
        port: Option<u16>,
        address: IpAddr,
        to_port: Option<u16>,
    ) {
        let key = (host.map(str::to_ascii_lowercase), port);
        self.0.entry(key).or_default().push((address, to_port));
    }

    fn find(&self, host: &str, port: u16) -> Option<&[Instead]> {
        let host = Some(host.trim_end_matches('.').to_ascii_lowercase());
        [
            (host.clone(), Some(port)),
            (host, None),
            (None, Some(port)),
            (None, None),
        ]
        .iter()
        .find_map(|key| self.0.get(key))
        .map(Vec::as_slice)
    }
}

/// An open connection and how it came about.
#[derive(Debug)]
pub struct Dialed {
    /// The connection, with small packets sent at once.
    pub stream: TcpStream,
    /// The address that answered.
    pub address: SocketAddr,
    /// Time for name resolution; zero for an address or an override.
    pub dns: Duration,
    /// Time until the connection stood.
    pub connect: Duration,
}

impl Net {
    /// A network with these overrides, resolver and roots.
    pub fn new(overrides: Overrides, resolver: Resolver, trust: Trust) -> Self {
        Self {
            overrides,
            resolver,
            trust,
        }
    }

    /// Every address of `host`, in the resolver's order: an override, the address itself, or
    /// what name resolution says. Never empty.
    pub async fn addresses(
        &self,
        host: &str,
        port: u16,
        limit: Duration,
    ) -> Result<Vec<SocketAddr>, ProbeError> {
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        if let Some(instead) = self.overrides.find(host, port) {
            let there =
                |(address, to_port): &Instead| SocketAddr::new(*address, to_port.unwrap_or(port));
            return Ok(instead.iter().map(there).collect());
        }
        let found = if let Ok(address) = literal.parse::<IpAddr>() {
            vec![address]
        } else {
            self.resolver.addresses(host, limit).await?
        };
        Ok(found
            .into_iter()
            .map(|address| SocketAddr::new(address, port))
            .collect())
    }

    /// Opens a TCP connection to the first address of `host` that answers within `limit`.
    pub async fn dial(&self, host: &str, port: u16, limit: Duration) -> Result<Dialed, ProbeError> {
        let start = Instant::now();
        let addresses = self.addresses(host, port, limit).await?;
        let dns = start.elapsed();
        let subject = format!("{host}:{port}");
        let mut first_error = None;
        let mut left = addresses.len();
        for address in addresses {
            // An address that stays silent must leave time for the others.
            let share = limit.saturating_sub(start.elapsed()) / u32::try_from(left).unwrap_or(1);
            left -= 1;
            let connecting = Instant::now();
            match connect(address, &subject, share).await {
                Ok(stream) => {
                    return Ok(Dialed {
                        stream,
                        address,
                        dns,
                        connect: connecting.elapsed(),
                    });
                }
                Err(error) => prefer(&mut first_error, error),
            }
        }
        Err(first_error.unwrap_or_else(|| {
            ProbeError::new(Reason::DnsNoAddress, format!("{host} has no address"))
        }))
    }
}

/// Keeps the error that says most: the target's answer before our own lack of a route.
fn prefer(kept: &mut Option<ProbeError>, error: ProbeError) {
    if kept
        .as_ref()
        .is_none_or(|kept| kept.side() == crate::reason::Side::Ours)
    {
        *kept = Some(error);
    }
}

/// Opens a TCP connection to one address. `subject` is what the cause names (`host:port`).
pub async fn connect(
    address: SocketAddr,
    subject: &str,
    limit: Duration,
) -> Result<TcpStream, ProbeError> {
    match tokio::time::timeout(limit, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => {
            // Failing to turn off Nagle's algorithm costs time only.
            let _ = stream.set_nodelay(true);
            Ok(stream)
        }
        Ok(Err(error)) => {
            Err(connect_error(&error, subject).with_detail(format!("{address}: {error}")))
        }
        Err(_) => Err(
            ProbeError::new(Reason::TcpTimeout, format!("{subject} did not answer")).with_detail(
                format!("{address}: no connection within {} ms", limit.as_millis()),
            ),
        ),
    }
}

/// Whose doing an I/O error while connecting or talking is.
pub fn connect_error(error: &io::Error, subject: &str) -> ProbeError {
    use io::ErrorKind as Kind;
    let (reason, what) = match error.kind() {
        Kind::ConnectionRefused => (Reason::TcpRefused, "refused the connection"),
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => {
            (Reason::TcpReset, "reset the connection")
        }
        Kind::TimedOut => (Reason::TcpTimeout, "did not answer"),
        Kind::HostUnreachable => (Reason::TcpUnreachable, "is unreachable"),
        Kind::NetworkUnreachable | Kind::AddrNotAvailable => {
            (Reason::NetNoRoute, "cannot be reached from this machine")
        }
        Kind::PermissionDenied => (Reason::PermissionDenied, "may not be contacted from here"),
        _ => (Reason::NetLocal, "could not be contacted"),
    };
    ProbeError::new(reason, format!("{subject} {what}"))
}
