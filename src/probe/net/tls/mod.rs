//! One TLS handshake, taken with verification off and judged afterwards, so that a broken
//! certificate is described best when it matters most.
//!
//! Which versions and suites a server accepts beyond rustls is the `tls` probe's job.

mod chain;
mod party;
mod path;
mod recorder;

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::probe::ProbeError;
use crate::reason::Reason;

use recorder::Recorder;

pub use chain::{host_names, problems, verify};
pub(in crate::probe) use party::Party;
pub use path::{Path, build_path, is_self_signed, readable_name};

/// The roots that certificates are judged by, each kind apart.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The operating system's roots together with those of `--ca`; Mozilla's where the system
    /// has none.
    pub roots: Arc<RootCertStore>,
    /// Mozilla's roots as bundled with this program: what the public web trusts.
    pub web: Arc<RootCertStore>,
    /// The certificates behind `roots`, for what a root store does not keep, such as dates.
    certificates: Arc<[CertificateDer<'static>]>,
}

impl Trust {
    /// The system's roots together with those of `extra` (`--ca`).
    pub fn new(extra: &[CertificateDer<'static>]) -> Self {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(system.certs.iter().cloned());
        let mut web = RootCertStore::empty();
        web.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        roots.add_parsable_certificates(extra.iter().cloned());
        Self {
            roots: Arc::new(roots),
            web: Arc::new(web),
            certificates: system
                .certs
                .into_iter()
                .chain(extra.iter().cloned())
                .collect(),
        }
    }

    /// The certificate of the root whose name is `subject` in DER, where it is known.
    pub fn certificate(&self, subject: &[u8]) -> Option<&CertificateDer<'static>> {
        self.certificates.iter().find(|root| {
            // Most roots are not parsed at all.
            root.windows(subject.len().max(1))
                .any(|part| part == subject)
                && x509_parser::parse_x509_certificate(root)
                    .is_ok_and(|(_, root)| root.subject().as_raw() == subject)
        })
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
    /// Whether the server asked for a client certificate.
    pub client_certificate_requested: bool,
    /// Whether it got one.
    pub client_certificate_given: bool,
    /// The alert that the server ended the handshake with.
    pub alert: Option<u8>,
    /// Why the server's proof that it holds the certificate's key could not be accepted.
    pub unproven: Option<String>,
}

impl Shown {
    fn note_session(&mut self, session: &rustls::ClientConnection) {
        self.version = session
            .protocol_version()
            .and_then(|version| version.as_str())
            .unwrap_or_default()
            .replace("TLSv1_", "TLS1.");
        self.cipher = session
            .negotiated_cipher_suite()
            .and_then(|suite| suite.suite().as_str())
            .unwrap_or_default()
            .replace("TLS13_", "TLS_");
        self.group = session
            .negotiated_key_exchange_group()
            .and_then(|group| group.name().as_str())
            .map(str::to_owned);
        self.alpn = session
            .alpn_protocol()
            .map(|name| String::from_utf8_lossy(name).into_owned());
    }
}

/// Shakes hands over `stream`, accepting any certificate. `subject` is what causes name
/// (`host:port`).
///
/// Nothing secret may be sent over the result before [`verify`] has agreed to what it shows.
pub async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    subject: &str,
    ask: Ask<'_>,
    limit: Duration,
) -> Result<Handshake<S>, ProbeError> {
    let Attempt { shown, outcome } = attempt(stream, subject, ask, limit).await?;
    match outcome {
        Ok(stream) => Ok(Handshake { stream, shown }),
        Err(error) if shown.client_certificate_requested => {
            Err(unwelcome(&shown, subject).with_detail(error.to_string()))
        }
        Err(error) => Err(error),
    }
}

/// What a server means that ends a connection after it has asked for a client certificate.
pub(in crate::probe) fn unwelcome(shown: &Shown, subject: &str) -> ProbeError {
    let (reason, what) = if shown.client_certificate_given {
        (Reason::CredentialRefused, "refused the client certificate")
    } else {
        (Reason::TlsClientCertificate, "wants a client certificate")
    };
    ProbeError::new(reason, format!("{subject} {what}"))
}

/// What a handshake asks for.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The server's name or address.
    pub name: &'a str,
    /// Whether the name is sent.
    pub sni: bool,
    /// Application protocols, the preferred one first.
    pub alpn: &'a [&'a str],
    /// Which kind of certificate the server may answer with.
    pub keys: Keys,
    /// The certificate that a server gets which asks for one.
    pub certificate: Option<&'a Arc<CertifiedKey>>,
}

impl<'a> Ask<'a> {
    /// What clients usually ask of a server of this name.
    pub fn of(name: &'a str) -> Self {
        Self {
            name,
            sni: true,
            alpn: &[],
            keys: Keys::Any,
            certificate: None,
        }
    }
}

/// Kinds of keys a client can be restricted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// All of them.
    Any,
    /// RSA alone.
    Rsa,
    /// Elliptic curves alone.
    EllipticCurve,
}

impl Keys {
    fn admits(self, scheme: SignatureScheme) -> bool {
        let is_rsa = scheme.as_str().is_some_and(|name| name.starts_with("RSA"));
        match self {
            Self::Any => true,
            Self::Rsa => is_rsa,
            Self::EllipticCurve => !is_rsa,
        }
    }
}

/// A handshake that may have failed, and what the server had shown by then.
#[derive(Debug)]
pub struct Attempt<S> {
    /// What the server showed.
    pub shown: Shown,
    /// The encrypted connection, or how it ended.
    pub outcome: Result<TlsStream<S>, ProbeError>,
}

/// Tries to shake hands, accepting any certificate, and keeps what was shown even if it fails.
/// `subject` is what causes name (`host:port`).
///
/// An error means that the question itself is impossible.
pub async fn attempt<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    subject: &str,
    ask: Ask<'_>,
    limit: Duration,
) -> Result<Attempt<S>, ProbeError> {
    let name = server_name(ask.name, subject)?;
    let recorder = Arc::new(Recorder::new(ask.keys, ask.certificate.cloned()));
    let mut config = ClientConfig::builder_with_provider(recorder.provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| internal(&error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(recorder.clone())
        .with_client_cert_resolver(recorder.clone());
    config.enable_sni = ask.sni;
    config.alpn_protocols = ask
        .alpn
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    // A resumed session shows no certificate.
    config.resumption = rustls::client::Resumption::disabled();
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let mut alert = None;
    let outcome = match tokio::time::timeout(limit, connecting).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => {
            alert = alert_in(&error);
            Err(handshake_error(&error, subject))
        }
        Err(_) => Err(ProbeError::new(
            Reason::TlsTimeout,
            format!("{subject} did not finish the TLS handshake"),
        )),
    };
    let mut shown = recorder.take();
    shown.alert = alert;
    if let Ok(stream) = &outcome {
        shown.note_session(stream.get_ref().1);
    }
    Ok(Attempt { shown, outcome })
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
            format!(
                "ended the TLS handshake with the alert {}",
                alert_name(u8::from(*alert))
            ),
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

/// The alert that an I/O error of a TLS connection stands for.
pub fn alert_in(error: &std::io::Error) -> Option<u8> {
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::AlertReceived(alert) => Some(u8::from(*alert)),
        _ => None,
    }
}

/// The standard's name of an alert, such as `handshake_failure`.
pub fn alert_name(code: u8) -> String {
    let alert = rustls::AlertDescription::from(code);
    let Some(words) = alert.as_str() else {
        return format!("alert {code}");
    };
    let mut name = String::new();
    let mut after_capital = true;
    for letter in words.chars() {
        if letter.is_ascii_uppercase() && !after_capital {
            name.push('_');
        }
        after_capital = letter.is_ascii_uppercase();
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::alert_name;

    #[test]
    fn alerts_have_the_standards_names() {
        assert_eq!(alert_name(40), "handshake_failure");
        assert_eq!(alert_name(48), "unknown_ca");
        assert_eq!(alert_name(70), "protocol_version");
        assert_eq!(alert_name(112), "unrecognised_name");
        assert_eq!(alert_name(250), "alert 250");
    }
}
