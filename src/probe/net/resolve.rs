//! Which addresses this host would use for a name. Records as such are the `dns` probe's job.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;

use crate::probe::ProbeError;
use crate::reason::Reason;

/// Finds the addresses of names, through the system's resolvers or a given one.
#[derive(Debug)]
pub struct Resolver {
    inner: Result<TokioResolver, String>,
}

impl Resolver {
    /// Resolves as this machine does: its hosts file and its name servers.
    pub fn of_the_system() -> Self {
        let inner = TokioResolver::builder_tokio()
            .and_then(hickory_resolver::ResolverBuilder::build)
            .map_err(|error| error.to_string());
        Self { inner }
    }

    /// Asks only the name server at `server`, without the hosts file.
    pub fn at(server: SocketAddr) -> Self {
        let mut udp = ConnectionConfig::udp();
        udp.port = server.port();
        let mut tcp = ConnectionConfig::tcp();
        tcp.port = server.port();
        let servers = vec![NameServerConfig::new(server.ip(), true, vec![udp, tcp])];
        let config = ResolverConfig::from_parts(None, vec![], servers);
        let mut builder =
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        builder.options_mut().use_hosts_file = ResolveHosts::Never;
        let inner = builder.build().map_err(|error| error.to_string());
        Self { inner }
    }

    /// The addresses of `host`, v4 and v6, in the resolver's order. Never empty.
    pub(super) async fn addresses(
        &self,
        host: &str,
        limit: Duration,
    ) -> Result<Vec<IpAddr>, ProbeError> {
        let resolver = self.inner.as_ref().map_err(|error| {
            ProbeError::new(
                Reason::DnsUnreachable,
                "this machine's resolver is not configured",
            )
            .with_detail(error.clone())
        })?;
        let absolute = format!("{}.", host.trim_end_matches('.'));
        let lookup = tokio::time::timeout(limit, resolver.lookup_ip(absolute)).await;
        let no_address = || ProbeError::new(Reason::DnsNoAddress, format!("{host} has no address"));
        match lookup {
            Err(_) => Err(unreachable(host)),
            Ok(Ok(found)) => {
                let addresses: Vec<IpAddr> = found.iter().collect();
                if addresses.is_empty() {
                    return Err(no_address());
                }
                Ok(addresses)
            }
            Ok(Err(NetError::Dns(DnsError::NoRecordsFound(none)))) => {
                Err(match none.response_code {
                    ResponseCode::NXDomain => {
                        ProbeError::new(Reason::DnsNxdomain, format!("{host} does not exist"))
                    }
                    ResponseCode::NoError => no_address(),
                    code => servfail(host, &code.to_string()),
                })
            }
            Ok(Err(NetError::Dns(DnsError::ResponseCode(code)))) => {
                Err(servfail(host, &code.to_string()))
            }
            Ok(Err(error)) => Err(unreachable(host).with_detail(error.to_string())),
        }
    }
}

fn unreachable(host: &str) -> ProbeError {
    ProbeError::new(
        Reason::DnsUnreachable,
        "the resolver did not answer".to_owned(),
    )
    .with_detail(format!("while looking up {host}"))
}

fn servfail(host: &str, code: &str) -> ProbeError {
    ProbeError::new(
        Reason::DnsServfail,
        format!("{host} cannot be resolved ({code})"),
    )
}
