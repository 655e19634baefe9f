//! A TLS server in this process, and a way to ask the probe about it.

use std::sync::Arc;

use ready::probe::tls::{Facts, Tls};
use ready::probe::{Answer, Context, Probe, ProbeError};
use rustls::pki_types::CertificateDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::support::certificates::{Authority, Identity, Leaf};
use crate::support::context;

/// How a server is set up.
pub struct Setup {
    pub identity: Identity,
    pub versions: Vec<&'static rustls::SupportedProtocolVersion>,
    pub alpn: Vec<&'static str>,
    pub ocsp: Vec<u8>,
    pub client_certificates: Option<Authority>,
    pub server_order: bool,
}

impl Setup {
    pub fn of(identity: Identity) -> Self {
        Self {
            identity,
            versions: vec![&rustls::version::TLS12, &rustls::version::TLS13],
            alpn: vec![],
            ocsp: vec![],
            client_certificates: None,
            server_order: false,
        }
    }

    pub fn config(self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&self.versions)
            .unwrap();
        let builder = match self.client_certificates {
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.certificate).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
            None => builder.with_no_client_auth(),
        };
        let Identity { chain, key } = self.identity;
        let mut config = builder
            .with_single_cert_with_ocsp(chain, key, self.ocsp)
            .unwrap();
        config.ignore_client_order = self.server_order;
        config.alpn_protocols = self
            .alpn
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        Arc::new(config)
    }

    /// Serves on a free port of loopback until the test ends.
    pub async fn serve(self) -> u16 {
        let acceptor = TlsAcceptor::from(self.config());
        serve(move |stream| {
            let acceptor = acceptor.clone();
            async move { speak(&acceptor, stream).await }
        })
        .await
    }
}

/// Shakes hands and waits for the client to leave.
pub async fn speak(acceptor: &TlsAcceptor, stream: TcpStream) {
    if let Ok(mut stream) = acceptor.accept(stream).await {
        let _ = stream.read(&mut [0; 64]).await;
        let _ = stream.shutdown().await;
    }
}

/// Handles every connection on a free port of loopback.
pub async fn serve<F, Fut>(handle: F) -> u16
where
    F: Fn(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            tokio::spawn(handle(stream));
        }
    });
    port
}

/// The probe with nothing but a port said.
pub fn probe(port: u16) -> Tls {
    serde_json::from_value(serde_json::json!({"host": "localhost", "port": port})).unwrap()
}

/// Asks, trusting these authorities.
pub async fn ask(probe: &Tls, roots: &[&Authority]) -> Result<Answer<Facts>, ProbeError> {
    ask_in(probe, &trusting(roots)).await
}

pub async fn ask_in(probe: &Tls, context: &Context) -> Result<Answer<Facts>, ProbeError> {
    probe.validate().unwrap();
    probe.gather(context).await
}

/// A context that trusts these authorities.
pub fn trusting(roots: &[&Authority]) -> Context {
    let roots: Vec<CertificateDer<'static>> =
        roots.iter().map(|one| one.certificate.clone()).collect();
    context(&roots)
}

/// A root, and a good chain under it.
pub fn good(leaf: &Leaf) -> (Authority, Identity) {
    let root = Authority::root("Good CA");
    let intermediate = root.intermediate("Good CA");
    let identity = intermediate.sign(leaf).with(&[&intermediate]);
    (root, identity)
}
