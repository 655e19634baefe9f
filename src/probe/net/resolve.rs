//! Which addresses this machine would use for a name, and which name servers it asks.
//!
//! Records as such are the `dns` probe's job.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::dnssec::TrustAnchors;
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::Name;
use hickory_resolver::system_conf::read_system_conf;
use tokio::sync::OnceCell;

use crate::probe::ProbeError;
use crate::reason::Reason;

/// Finds the addresses of names, through the system's resolvers or a given one. Each name is
/// looked up once, however many ask for it at the same time.
pub struct Resolver {
    inner: Result<TokioResolver, String>,
    servers: Vec<SocketAddr>,
    anchors: Option<Arc<TrustAnchors>>,
    known: Mutex<HashMap<String, Arc<OnceCell<Found>>>>,
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver")
            .field("servers", &self.servers)
            .finish_non_exhaustive()
    }
}

/// What will not change during a run: the addresses, or that there are none.
type Found = Result<Vec<IpAddr>, ProbeError>;

impl Resolver {
    /// Resolves as this machine does: its hosts file and its name servers.
    pub fn of_the_system() -> Self {
        match read_system_conf() {
            Ok((config, options)) => {
                let mut builder = TokioResolver::builder_with_config(
                    config.clone(),
                    TokioRuntimeProvider::default(),
                );
                *builder.options_mut() = options;
                let inner = builder.build().map_err(|error| error.to_string());
                Self::with(inner, servers_of(&config))
            }
            Err(error) => Self::with(Err(error.to_string()), Vec::new()),
        }
    }

    /// Asks only the name server at `server`, without the hosts file.
    pub fn at(server: SocketAddr) -> Self {
        let mut builder =
            TokioResolver::builder_with_config(only(server), TokioRuntimeProvider::default());
        builder.options_mut().use_hosts_file = ResolveHosts::Never;
        let inner = builder.build().map_err(|error| error.to_string());
        Self::with(inner, vec![server])
    }

    /// The same with these keys as the beginning of every chain of DNSSEC signatures, in the
    /// place of the root zone's.
    #[must_use]
    pub fn with_trust_anchors(mut self, anchors: TrustAnchors) -> Self {
        self.anchors = Some(Arc::new(anchors));
        self
    }

    fn with(inner: Result<TokioResolver, String>, servers: Vec<SocketAddr>) -> Self {
        Self {
            inner,
            servers,
            anchors: None,
            known: Mutex::default(),
        }
    }

    /// The name servers that are asked, the preferred one first. Empty when this machine has
    /// none.
    pub fn servers(&self) -> &[SocketAddr] {
        &self.servers
    }

    /// The keys that DNSSEC chains begin with: those given, or the root zone's.
    pub fn trust_anchors(&self) -> Arc<TrustAnchors> {
        self.anchors.clone().unwrap_or_default()
    }

    /// Whether such keys were given.
    pub fn has_own_trust_anchors(&self) -> bool {
        self.anchors.is_some()
    }

    /// The addresses of `host`, v4 and v6, in the resolver's order. Never empty.
    ///
    /// A name that does not exist, has no address or fails to resolve is the target's answer; a
    /// resolver that stays silent, refuses or is not there is our inability.
    pub(super) async fn addresses(
        &self,
        host: &str,
        limit: Duration,
    ) -> Result<Vec<IpAddr>, ProbeError> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        // RFC 6761: answered without asking anybody.
        if host == "localhost" || host.ends_with(".localhost") {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        if host == "invalid" || host.ends_with(".invalid") {
            return Err(nxdomain(&host));
        }
        let once = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(host.clone()).or_default())
        };
        let lookup = once.get_or_try_init(|| self.look_up(&host));
        match tokio::time::timeout(limit, lookup).await {
            Ok(Ok(found)) => found.clone(),
            Ok(Err(passing)) => Err(passing),
            Err(_) => Err(self
                .unreachable("did not answer")
                .with_detail(format!("while looking up {host}"))),
        }
    }

    /// `Err` is trouble that may be over when asked again.
    async fn look_up(&self, host: &str) -> Result<Found, ProbeError> {
        let resolver = self.inner.as_ref().map_err(|error| {
            ProbeError::new(
                Reason::DnsUnreachable,
                "this machine's resolver is not configured",
            )
            .with_detail(error.clone())
        })?;
        let Ok(mut name) = Name::from_str_relaxed(host) else {
            return Ok(Err(nxdomain(host).with_detail("not a valid name")));
        };
        // Only a name of one label is completed by the search list.
        name.set_fqdn(host.contains('.'));
        let no_address = || ProbeError::new(Reason::DnsNoAddress, format!("{host} has no address"));
        match resolver.lookup_ip(name).await {
            Ok(found) => {
                let addresses: Vec<IpAddr> = found.iter().collect();
                Ok(if addresses.is_empty() {
                    Err(no_address())
                } else {
                    Ok(addresses)
                })
            }
            Err(NetError::Dns(DnsError::NoRecordsFound(none))) => match none.response_code {
                ResponseCode::NXDomain => Ok(Err(nxdomain(host))),
                ResponseCode::NoError => Ok(Err(no_address())),
                code => Err(self.failed(host, code)),
            },
            Err(NetError::Dns(DnsError::ResponseCode(code))) => Err(self.failed(host, code)),
            Err(error) => Err(self
                .unreachable("did not answer")
                .with_detail(format!("while looking up {host}: {error}"))),
        }
    }

    fn failed(&self, host: &str, code: ResponseCode) -> ProbeError {
        if code == ResponseCode::Refused {
            return self
                .unreachable("refuses to answer")
                .with_detail(format!("while looking up {host}"));
        }
        servfail(host, code)
    }

    fn unreachable(&self, what: &str) -> ProbeError {
        unreachable(&self.servers, what)
    }
}

/// The configuration that asks `server` and nobody else.
pub(in crate::probe) fn only(server: SocketAddr) -> ResolverConfig {
    let mut udp = ConnectionConfig::udp();
    udp.port = server.port();
    let mut tcp = ConnectionConfig::tcp();
    tcp.port = server.port();
    let servers = vec![NameServerConfig::new(server.ip(), true, vec![udp, tcp])];
    ResolverConfig::from_parts(None, vec![], servers)
}

fn servers_of(config: &ResolverConfig) -> Vec<SocketAddr> {
    let mut servers: Vec<SocketAddr> = Vec::new();
    for server in config.name_servers() {
        for connection in &server.connections {
            let address = SocketAddr::new(server.ip, connection.port);
            if !servers.contains(&address) {
                servers.push(address);
            }
        }
    }
    servers
}

/// Our own resolvers are of no use; the same words for everything that this takes down.
pub(in crate::probe) fn unreachable(servers: &[SocketAddr], what: &str) -> ProbeError {
    let servers: Vec<String> = servers.iter().map(ToString::to_string).collect();
    ProbeError::new(
        Reason::DnsUnreachable,
        format!("the resolver {} {what}", servers.join(", ")),
    )
}

/// The resolver says that it cannot find out.
pub(in crate::probe) fn servfail(host: &str, code: ResponseCode) -> ProbeError {
    ProbeError::new(
        Reason::DnsServfail,
        format!("{host} cannot be resolved ({code})"),
    )
}

fn nxdomain(host: &str) -> ProbeError {
    ProbeError::new(Reason::DnsNxdomain, format!("{host} does not exist"))
}
