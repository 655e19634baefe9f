//! What tests share: servers on loopback, certificates, and a way to ask one probe.

pub mod binary;
pub mod certificates;
pub mod origin;

pub mod dns;
pub mod generated;
pub mod http;
pub mod jwt;
pub mod schema;

use std::sync::Arc;
use std::time::Duration;

use ready::probe::Context;
use ready::probe::net::resolve::Resolver;
use ready::probe::net::tls::Trust;
use ready::probe::net::{Net, Overrides};

/// A context in which every name is this machine and only `roots` are trusted beside the
/// system's.
pub fn context(roots: &[rustls::pki_types::CertificateDer<'static>]) -> Context {
    let mut overrides = Overrides::default();
    overrides.insert(None, None, std::net::Ipv4Addr::LOCALHOST.into(), None);
    Context {
        net: Arc::new(Net::new(
            overrides,
            Resolver::of_the_system(),
            Trust::new(roots),
        )),
        secrets: Arc::default(),
        traffic: Arc::default(),
        http: Arc::default(),
        env: Arc::default(),
        cwd: std::path::Path::new("/").into(),
        store: std::path::Path::new(ready::store::USUAL).into(),
        target: None,
        now: "2026-11-21T12:00:00Z".parse().expect("a literal"),
        timeout: Duration::from_secs(5),
    }
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    use std::fmt::Write as _;
    let mut hex = String::new();
    for byte in sha2::Sha256::digest(bytes) {
        write!(hex, "{byte:02x}").unwrap();
    }
    hex
}
