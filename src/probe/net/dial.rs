//! Opening TCP connections fairly: every address gets its turn, none can eat the others' time.

use std::io;
use std::net::{Ipv6Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpStream, UnixStream};

use crate::probe::ProbeError;
use crate::reason::{Reason, Side};

/// How long an address may stay silent before the next one is tried beside it
/// (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// An open connection and how it came about.
#[derive(Debug)]
pub struct Dialed {
    /// The connection, with small packets sent at once.
    pub stream: TcpStream,
    /// The address that answered.
    pub address: SocketAddr,
    /// Time for name resolution; next to nothing for an address or an override.
    pub dns: Duration,
    /// Time until the connection stood, from the moment this address was tried.
    pub connect: Duration,
}

/// What came of trying several addresses at once.
#[derive(Debug)]
pub(in crate::probe) struct Race {
    /// The first that answered, and how long it took.
    pub(in crate::probe) won: Option<(TcpStream, SocketAddr, Duration)>,
    /// Those that failed until then; all of them when none answered.
    pub(in crate::probe) lost: Vec<(SocketAddr, ProbeError)>,
}

/// Tries every address until one answers. Families take turns; each address gets a head start
/// over the next, and none can eat the others' time.
pub(in crate::probe) async fn race(
    addresses: Vec<SocketAddr>,
    subject: &str,
    limit: Duration,
) -> Race {
    let end = Instant::now() + limit;
    let mut waiting = alternate(addresses).into_iter();
    let mut trying = FuturesUnordered::new();
    let mut lost = Vec::new();
    loop {
        if let Some(address) = waiting.next() {
            trying.push(async move {
                let start = Instant::now();
                let left = end.saturating_duration_since(start);
                let outcome = connect(address, subject, left).await;
                (address, start.elapsed(), outcome)
            });
        }
        let head_start = tokio::time::sleep(HEAD_START);
        tokio::select! {
            Some((address, took, outcome)) = trying.next() => match outcome {
                Ok(stream) => return Race { won: Some((stream, address, took)), lost },
                Err(error) => lost.push((address, error)),
            },
            () = head_start, if waiting.len() > 0 => {}
            else => break,
        }
    }
    Race { won: None, lost }
}

/// The error that says most. The order in which addresses fail is chance, but the same set
/// always gives the same cause.
pub(super) fn most_telling(errors: Vec<(SocketAddr, ProbeError)>) -> Option<ProbeError> {
    let rank = |error: &ProbeError| (error.side() == Side::Ours, error.reason);
    errors
        .into_iter()
        .min_by_key(|(address, error)| (rank(error), *address))
        .map(|(_, error)| error)
}

/// The same addresses with the families taking turns, the first one's family first.
fn alternate(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == first_is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut turns = Vec::with_capacity(first.len() + second.len());
    while first.len() + second.len() > 0 {
        turns.extend(first.next());
        turns.extend(second.next());
    }
    turns
}

/// Opens a TCP connection to one address. `subject` is what the cause names (`host:port`).
///
/// A global IPv6 address that stays silent while this machine has no global IPv6 address of
/// its own says nothing about the target: that is `net.no-route`.
pub async fn connect(
    address: SocketAddr,
    subject: &str,
    limit: Duration,
) -> Result<TcpStream, ProbeError> {
    let error = match tokio::time::timeout(limit, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => {
            // Failing to turn off Nagle's algorithm costs time only.
            let _ = stream.set_nodelay(true);
            return Ok(stream);
        }
        Ok(Err(error)) => connect_error(&error, subject).with_detail(format!("{address}: {error}")),
        Err(_) => {
            ProbeError::new(Reason::TcpTimeout, format!("{subject} did not answer")).with_detail(
                format!("{address}: no connection within {} ms", limit.as_millis()),
            )
        }
    };
    let silent = matches!(error.reason, Reason::TcpTimeout | Reason::TcpUnreachable);
    if silent && lacks_global_v6(address) {
        return Err(no_route(subject).with_detail(format!(
            "{address}: this machine has no global IPv6 address"
        )));
    }
    Err(error)
}

/// Opens a connection to a socket in this machine's file system.
pub(in crate::probe) async fn connect_socket(
    path: &Path,
    limit: Duration,
) -> Result<UnixStream, ProbeError> {
    let subject = path.display().to_string();
    match tokio::time::timeout(limit, UnixStream::connect(path)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
            let cause = format!("there is no socket at {subject} on this machine");
            Err(ProbeError::new(Reason::NetLocal, cause))
        }
        Ok(Err(error)) => Err(connect_error(&error, &subject).with_detail(error.to_string())),
        Err(_) => {
            let cause = format!("{subject} did not answer");
            Err(ProbeError::new(Reason::TcpTimeout, cause))
        }
    }
}

fn no_route(subject: &str) -> ProbeError {
    ProbeError::new(
        Reason::NetNoRoute,
        format!("{subject} cannot be reached from this machine"),
    )
}

/// Whether this machine would speak to a global IPv6 address from one that is not global.
fn lacks_global_v6(address: SocketAddr) -> bool {
    let SocketAddr::V6(target) = address else {
        return false;
    };
    // Connecting a datagram socket only picks the source address; nothing is sent.
    let source = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))
        .and_then(|socket| socket.connect(target).and_then(|()| socket.local_addr()));
    let Ok(SocketAddr::V6(source)) = source else {
        return true;
    };
    is_global(*target.ip()) && !is_global(*source.ip())
}

/// Global unicast, `2000::/3` (RFC 4291, section 2.4).
fn is_global(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xe000 == 0x2000
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
        Kind::NetworkUnreachable | Kind::AddrNotAvailable => return no_route(subject),
        Kind::PermissionDenied => (Reason::PermissionDenied, "may not be contacted from here"),
        _ => (Reason::NetLocal, "could not be contacted"),
    };
    ProbeError::new(reason, format!("{subject} {what}"))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tokio::net::{TcpListener, TcpSocket};

    use super::{alternate, most_telling, race};
    use crate::reason::Reason;

    #[test]
    fn families_take_turns() {
        let addresses =
            |list: &[&str]| -> Vec<_> { list.iter().map(|text| text.parse().unwrap()).collect() };
        assert_eq!(
            alternate(addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "127.0.0.1:1"])),
            addresses(&["[::1]:1", "127.0.0.1:1", "[::2]:1", "[::3]:1"])
        );
        assert_eq!(alternate(Vec::new()), Vec::new());
    }

    #[tokio::test]
    async fn silent_and_refusing_addresses_do_not_keep_from_one_that_answers() {
        // A full backlog drops what comes: the port is silent.
        let silent = TcpSocket::new_v4().unwrap();
        silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let silent = silent.listen(0).unwrap();
        let silent_at = silent.local_addr().unwrap();
        let mut fill = Vec::new();
        for _ in 0..4 {
            let connecting = tokio::net::TcpStream::connect(silent_at);
            fill.push(tokio::time::timeout(Duration::from_millis(100), connecting).await);
        }
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed_at = closed.local_addr().unwrap();
        drop(closed);
        let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open_at = open.local_addr().unwrap();
        // Multicast has no TCP: the kernel says at once that there is no route.
        let no_route = "[ff02::1]:80".parse().unwrap();

        let limit = Duration::from_secs(20);
        let start = Instant::now();
        let all = vec![silent_at, no_route, closed_at, open_at];
        let (_, address, _) = race(all, "web.example:80", limit).await.won.unwrap();
        assert_eq!(address, open_at);
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "waited for the silent one"
        );

        let short = Duration::from_millis(600);
        let reason = async |addresses| {
            let race = race(addresses, "a:1", short).await;
            assert!(race.won.is_none());
            most_telling(race.lost).unwrap().reason
        };
        let refused_first = reason(vec![silent_at, no_route, closed_at]).await;
        assert_eq!(refused_first, Reason::TcpRefused);
        assert_eq!(reason(vec![no_route, silent_at]).await, Reason::TcpTimeout);
        assert_eq!(reason(vec![no_route]).await, Reason::NetNoRoute);
    }
}
