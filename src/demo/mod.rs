//! A small, deliberately flawed web service with its own certificate and DNS zone, all in
//! this process and on loopback: the newcomer's first minute needs nothing but the binary.
//!
//! It is audited like any other site. What is wrong with it is listed in [`FLAWS`].

mod certificate;
mod flaws;
mod service;
mod zone;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use tokio::net::TcpListener;

use crate::probe::net::Overrides;

pub use flaws::{FLAWS, Flaw};

/// The name of the shop; `.test` never exists outside.
pub const DOMAIN: &str = "shop.test";

/// The running shop.
#[derive(Debug)]
pub struct Demo {
    /// Where its HTTPS service listens.
    pub https: SocketAddr,
    /// Where its HTTP service listens.
    pub http: SocketAddr,
    /// Where its name server listens, for UDP and TCP.
    pub dns: SocketAddr,
    /// The root that its certificate chains to.
    pub root: CertificateDer<'static>,
    closed: SocketAddr,
}

impl Demo {
    /// Starts everything on ports that are free. It ends with the runtime.
    pub async fn start(now: Timestamp) -> anyhow::Result<Self> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let issued = certificate::issue(now)?;
        let https = TcpListener::bind(any).await?;
        let http = TcpListener::bind(any).await?;
        // Bound and dropped: a port that nothing listens on, for everything the shop has not.
        let closed = TcpListener::bind(any).await?.local_addr()?;
        let demo = Self {
            https: https.local_addr()?,
            http: http.local_addr()?,
            dns: zone::serve(any).await?,
            root: issued.root,
            closed,
        };
        tokio::spawn(service::serve(https, Some(issued.server)));
        tokio::spawn(service::serve(http, None));
        Ok(demo)
    }

    /// The address to audit.
    pub fn url() -> String {
        format!("https://{DOMAIN}/")
    }

    /// Leads the shop's names to this process, whatever port is asked for.
    pub fn overrides(&self) -> Overrides {
        let mut overrides = Overrides::default();
        for host in [DOMAIN, "www.shop.test"] {
            for (port, there) in [
                (Some(443), self.https),
                (Some(80), self.http),
                (None, self.closed),
            ] {
                overrides.insert(Some(host), port, there.ip(), Some(there.port()));
            }
        }
        let nowhere = IpAddr::from(Ipv4Addr::LOCALHOST);
        overrides.insert(None, None, nowhere, Some(self.closed.port()));
        overrides
    }
}
