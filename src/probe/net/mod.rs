//! The one network layer under every probe: overrides, name resolution, dialling, trust.
//!
//! It knows nothing of HTTP, DNS records or facts.

mod dial;
pub mod resolve;
pub(in crate::probe) mod talk;
pub mod tls;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use self::resolve::Resolver;
use self::tls::Trust;
use super::ProbeError;
use crate::reason::Reason;

pub(super) use dial::connect_socket;
pub(super) use dial::race;
pub use dial::{Dialed, connect, connect_error};
pub use talk::TlsFacts;

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

impl Net {
    /// A network with these overrides, resolver and roots.
    pub fn new(overrides: Overrides, resolver: Resolver, trust: Trust) -> Self {
        Self {
            overrides,
            resolver,
            trust,
        }
    }

    /// The run's resolver, for those who ask it for more than addresses.
    pub fn resolver(&self) -> &Resolver {
        &self.resolver
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

    /// Opens a TCP connection to the address of `host` that answers first, within `limit`.
    /// Families take turns and nobody waits for an address that stays silent.
    pub async fn dial(&self, host: &str, port: u16, limit: Duration) -> Result<Dialed, ProbeError> {
        let start = Instant::now();
        let addresses = self.addresses(host, port, limit).await?;
        let dns = start.elapsed();
        let subject = format!("{host}:{port}");
        let left = limit.saturating_sub(dns);
        let race = dial::race(addresses, &subject, left).await;
        if let Some((stream, address, connect)) = race.won {
            return Ok(Dialed {
                stream,
                address,
                dns,
                connect,
            });
        }
        Err(dial::most_telling(race.lost).unwrap_or_else(|| {
            ProbeError::new(Reason::DnsNoAddress, format!("{host} has no address"))
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::Overrides;

    #[test]
    fn the_more_exact_override_wins() {
        let to = |last| IpAddr::from(Ipv4Addr::new(127, 0, 0, last));
        let mut overrides = Overrides::default();
        overrides.insert(None, None, to(1), None);
        overrides.insert(None, Some(443), to(2), Some(8443));
        overrides.insert(Some("Web.Example"), None, to(3), None);
        overrides.insert(Some("web.example"), Some(443), to(4), None);
        overrides.insert(Some("web.example"), Some(443), to(5), None);
        let find = |host, port| overrides.find(host, port).map(<[_]>::to_vec);
        assert_eq!(
            find("WEB.example.", 443),
            Some(vec![(to(4), None), (to(5), None)])
        );
        assert_eq!(find("web.example", 80), Some(vec![(to(3), None)]));
        assert_eq!(find("api.example", 443), Some(vec![(to(2), Some(8443))]));
        assert_eq!(find("api.example", 80), Some(vec![(to(1), None)]));
        assert_eq!(Overrides::default().find("web.example", 80), None);
    }
}
