//! One TLS handshake, taken with verification off and judged afterwards, so that a broken
//! certificate is described best when it matters most.
//!
//! Which versions and suites a server accepts beyond rustls is the `tls` probe's job.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::probe::ProbeError;
use crate::reason::Reason;

/// The roots that certificates are judged by, each kind apart.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The operating system's roots, or only those of `--ca` where it is given.
    pub roots: Arc<RootCertStore>,
    /// Mozilla's roots as bundled with this program: what the public web trusts.
    pub web: Arc<RootCertStore>,
}

impl Trust {
    /// The system's roots together with those of `extra` (`--ca`).
    pub fn new(extra: &[CertificateDer<'static>]) -> Self {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(system.certs);
        let mut web = RootCertStore::empty();
        web.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        roots.add_parsable_certificates(extra.iter().cloned());
        Self {
            roots: Arc::new(roots),
            web: Arc::new(web),
        }
    }
}

/// A finished handshake and what the server showed in it.
#[derive(Debug)]
pub struct Handshake<S> {
    /// The encrypted connection.
    pub stream: TlsStream<S>,
    /// What the server showed.
    pub shown: Shown,
}

/// What the server showed in a handshake.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Certificates in DER as the server sent them, leaf first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The stapled OCSP response in DER; empty if there is none.
    pub ocsp: Vec<u8>,
    /// Negotiated version: `TLS1.2` or `TLS1.3`.
    pub version: String,
    /// Negotiated cipher suite by its IANA name.
    pub cipher: String,
    /// Negotiated key exchange group, where known.
    pub group: Option<String>,
    /// Negotiated application protocol (`h2`, `http/1.1`).
    pub alpn: Option<String>,
}

/// Shakes hands with `host` over `stream`, accepting any certificate.
pub async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    host: &str,
    port: u16,
    alpn: &[&str],
    limit: Duration,
) -> Result<Handshake<S>, ProbeError> {
    let subject = format!("{host}:{port}");
    let name = server_name(host, &subject)?;
    let recorder = Arc::new(Recorder::default());
    let mut config = ClientConfig::builder_with_provider(recorder.provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| internal(&error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(recorder.clone())
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    // A resumed session shows no certificate.
    config.resumption = rustls::client::Resumption::disabled();
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let stream = match tokio::time::timeout(limit, connecting).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(handshake_error(&error, &subject)),
        Err(_) => {
            return Err(ProbeError::new(
                Reason::TlsTimeout,
                format!("{subject} did not finish the TLS handshake"),
            ));
        }
    };
    let (_, session) = stream.get_ref();
    let mut shown = recorder.take();
    shown.version = session
        .protocol_version()
        .and_then(|version| version.as_str())
        .unwrap_or_default()
        .replace("TLSv1_", "TLS1.");
    shown.cipher = session
        .negotiated_cipher_suite()
        .and_then(|suite| suite.suite().as_str())
        .unwrap_or_default()
        .replace("TLS13_", "TLS_");
    shown.group = session
        .negotiated_key_exchange_group()
        .and_then(|group| group.name().as_str())
        .map(str::to_owned);
    shown.alpn = session
        .alpn_protocol()
        .map(|name| String::from_utf8_lossy(name).into_owned());
    Ok(Handshake { stream, shown })
}

/// Judges the certificate chain a server showed: is it good for `host` at `now`?
///
/// The error's reason tells self-signed, expired, not yet valid, unknown issuer and wrong name
/// apart; where several hold, the first of that order is told.
pub fn verify(
    shown: &Shown,
    host: &str,
    port: u16,
    roots: &Arc<RootCertStore>,
    now: Timestamp,
) -> Result<(), ProbeError> {
    let subject = format!("{host}:{port}");
    let name = server_name(host, &subject)?;
    let (leaf, intermediates) = shown.chain.split_first().ok_or_else(|| {
        ProbeError::new(
            Reason::TlsInvalid,
            format!("{subject} shows no certificate"),
        )
    })?;
    let verifier = rustls::client::WebPkiServerVerifier::builder_with_provider(
        roots.clone(),
        Arc::new(ring::default_provider()),
    )
    .build()
    .map_err(|error| internal(&error.to_string()))?;
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    match verifier.verify_server_cert(leaf, intermediates, &name, &[], now) {
        Ok(_) => Ok(()),
        Err(error) => Err(certificate_error(&error, &subject, shown)),
    }
}

fn certificate_error(error: &rustls::Error, subject: &str, shown: &Shown) -> ProbeError {
    use rustls::CertificateError as Bad;
    let (reason, what) = match error {
        rustls::Error::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => {
            (Reason::TlsExpired, "has an expired certificate")
        }
        rustls::Error::InvalidCertificate(Bad::NotValidYet | Bad::NotValidYetContext { .. }) => (
            Reason::TlsNotYetValid,
            "has a certificate that is not valid yet",
        ),
        rustls::Error::InvalidCertificate(
            Bad::NotValidForName | Bad::NotValidForNameContext { .. },
        ) => (Reason::TlsNameMismatch, "has a certificate for other names"),
        rustls::Error::InvalidCertificate(Bad::UnknownIssuer) if is_self_signed(shown) => {
            (Reason::TlsSelfSigned, "has a self-signed certificate")
        }
        rustls::Error::InvalidCertificate(Bad::UnknownIssuer) => (
            Reason::TlsUnknownIssuer,
            "has a certificate that no trusted root vouches for",
        ),
        _ => (
            Reason::TlsInvalid,
            "has a certificate that is not acceptable",
        ),
    };
    ProbeError::new(reason, format!("{subject} {what}")).with_detail(error.to_string())
}

fn is_self_signed(shown: &Shown) -> bool {
    shown.chain.first().is_some_and(|leaf| {
        x509_parser::parse_x509_certificate(leaf)
            .is_ok_and(|(_, leaf)| leaf.subject() == leaf.issuer())
    })
}

fn server_name(host: &str, subject: &str) -> Result<ServerName<'static>, ProbeError> {
    let bare = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .trim_end_matches('.');
    ServerName::try_from(bare.to_owned()).map_err(|error| {
        ProbeError::new(
            Reason::TlsHandshake,
            format!("{subject} is no name that TLS can ask for"),
        )
        .with_detail(error.to_string())
    })
}

fn internal(detail: &str) -> ProbeError {
    ProbeError::new(Reason::ProbeInternal, "TLS could not be set up").with_detail(detail)
}

/// What went wrong when a handshake ended with `error`.
pub fn handshake_error(error: &std::io::Error, subject: &str) -> ProbeError {
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let (reason, what) = match tls {
        Some(rustls::Error::AlertReceived(alert)) => (
            Reason::TlsAlert,
            format!("ended the TLS handshake with the alert {alert:?}"),
        ),
        Some(rustls::Error::InvalidMessage(_) | rustls::Error::InappropriateMessage { .. }) => {
            (Reason::TlsNotTls, "does not speak TLS".to_owned())
        }
        Some(_) => (Reason::TlsHandshake, "cannot shake hands".to_owned()),
        None if error.kind() == std::io::ErrorKind::UnexpectedEof => (
            Reason::TlsClosed,
            "closed the connection during the TLS handshake".to_owned(),
        ),
        None => return super::connect_error(error, subject),
    };
    ProbeError::new(reason, format!("{subject} {what}")).with_detail(error.to_string())
}

/// Accepts every certificate and remembers it.
#[derive(Debug)]
struct Recorder {
    provider: Arc<CryptoProvider>,
    seen: Mutex<Shown>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self {
            provider: Arc::new(ring::default_provider()),
            seen: Mutex::default(),
        }
    }
}

impl Recorder {
    fn take(&self) -> Shown {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(leaf).chain(intermediates);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.chain = chain.map(|one| one.clone().into_owned()).collect();
        seen.ocsp = ocsp.to_vec();
        Ok(ServerCertVerified::assertion())
    }

    // A certificate whose key the server does not hold proves nothing, so signatures are
    // always checked.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, leaf, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, leaf, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
