//! One handshake with one address, and what it takes to see the certificate even where the
//! handshake cannot be finished.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::facts::SniAnswer;
use super::scan::{Version, clear_agreement, versions};
use super::suites::{group_name, suite_name, version_name};
use super::target::Target;
use crate::probe::ProbeError;
use crate::probe::net::tls::{Ask, Keys, Shown, alert_name, attempt, host_names};
use crate::reason::Reason;

/// What one address shows.
pub(super) struct Visit {
    /// What the server showed.
    pub(super) shown: Shown,
    /// Whether the handshake was finished.
    pub(super) completed: bool,
    /// Whether the server ends the connection without a client certificate.
    pub(super) client_certificate_required: bool,
    /// Answers about each version, where they were needed to see anything.
    pub(super) versions: Option<Vec<Version>>,
}

const NO_APPLICATION_PROTOCOL: u8 = 120;
const CERTIFICATE_REQUIRED: u8 = 116;
/// A name that no server can have.
const UNKNOWN_NAME: &str = "unknown-name.invalid";

/// Shakes hands with one address.
pub(super) async fn visit(target: &Target<'_>, alpn: &[&str]) -> Result<Visit, ProbeError> {
    let (mut shown, mut outcome) = shake(target, plain(target, alpn)).await?;
    if shown.alert == Some(NO_APPLICATION_PROTOCOL) && !alpn.is_empty() {
        (shown, outcome) = shake(target, plain(target, &[])).await?;
    }
    match outcome {
        Ok(required) => Ok(Visit {
            shown,
            completed: true,
            client_certificate_required: required,
            versions: None,
        }),
        Err(error) if is_refusal(&error) => by_hand(target, shown, error).await,
        Err(error) => Err(error),
    }
}

fn plain<'a>(target: &Target<'a>, alpn: &'a [&'a str]) -> Ask<'a> {
    Ask {
        alpn,
        ..Ask::of(target.name)
    }
}

/// One handshake; `Ok(true)` if the server then ends it for want of a client certificate.
async fn shake(
    target: &Target<'_>,
    ask: Ask<'_>,
) -> Result<(Shown, Result<bool, ProbeError>), ProbeError> {
    let mut connection = target.open(target.left()).await?;
    let tried = attempt(&mut connection.stream, target.subject, ask, target.left()).await?;
    let shown = tried.shown;
    match tried.outcome {
        Ok(mut stream) => {
            let is_asked = shown.client_certificate_requested;
            let required = is_asked && is_ended(&mut stream, target.left() / 4).await;
            Ok((shown, Ok(required)))
        }
        Err(error) => Ok((shown, Err(error))),
    }
}

/// In TLS 1.3 the server judges the client's certificate after the handshake.
async fn is_ended(stream: &mut TlsStream<&mut TcpStream>, limit: Duration) -> bool {
    let mut byte = [0];
    let limit = limit.min(Duration::from_millis(500));
    match tokio::time::timeout(limit, stream.read(&mut byte)).await {
        Ok(Err(_) | Ok(0)) => true,
        Ok(Ok(_)) | Err(_) => false,
    }
}

/// Whether the server is there and talks, but not like this.
fn is_refusal(error: &ProbeError) -> bool {
    matches!(
        error.reason,
        Reason::TlsAlert | Reason::TlsClosed | Reason::TlsHandshake | Reason::TcpReset
    )
}

/// What can be seen of a server with which no current handshake can be finished: one that wants
/// a client certificate, or speaks only what is out of date.
async fn by_hand(
    target: &Target<'_>,
    mut shown: Shown,
    error: ProbeError,
) -> Result<Visit, ProbeError> {
    let versions = versions(target, None).await;
    let Some(hello) = clear_agreement(&versions) else {
        // Without a certificate there is nothing to describe.
        return Err(error);
    };
    let was_requested = shown.client_certificate_requested;
    let required = was_requested || shown.alert == Some(CERTIFICATE_REQUIRED);
    if shown.chain.is_empty() {
        let chain = hello.chain.iter().cloned();
        shown.chain = chain.map(Into::into).collect();
        shown.ocsp.clone_from(&hello.ocsp);
    }
    shown.version = version_name(hello.version);
    shown.cipher = suite_name(hello.suite);
    shown.group = hello.group.map(group_name);
    shown.client_certificate_requested = was_requested || hello.client_certificate_requested;
    Ok(Visit {
        shown,
        completed: false,
        client_certificate_required: required,
        versions: Some(versions),
    })
}

/// The chain that is shown to clients which cannot take a key of the first kind; `None` if they
/// are shown none.
pub(super) async fn other_chain(
    target: &Target<'_>,
    is_first_rsa: bool,
) -> Result<Option<Shown>, ProbeError> {
    let ask = Ask {
        keys: if is_first_rsa {
            Keys::EllipticCurve
        } else {
            Keys::Rsa
        },
        ..plain(target, &[])
    };
    let shown = look(target, ask).await?;
    Ok((!shown.chain.is_empty()).then_some(shown))
}

/// What clients see that name no host.
pub(super) async fn without_name(
    target: &Target<'_>,
    usual: &Shown,
) -> Result<SniAnswer, ProbeError> {
    let ask = Ask {
        sni: false,
        ..plain(target, &[])
    };
    Ok(sni_answer(&look(target, ask).await?, usual))
}

/// What clients see that name a host which the server cannot know.
pub(super) async fn with_unknown_name(
    target: &Target<'_>,
    usual: &Shown,
) -> Result<SniAnswer, ProbeError> {
    let ask = Ask {
        name: UNKNOWN_NAME,
        ..plain(target, &[])
    };
    Ok(sni_answer(&look(target, ask).await?, usual))
}

/// What is shown in one handshake, whether or not it is finished. An error means that this is
/// not known.
async fn look(target: &Target<'_>, ask: Ask<'_>) -> Result<Shown, ProbeError> {
    let (shown, outcome) = shake(target, ask).await?;
    match outcome {
        Err(error) if shown.chain.is_empty() && !is_refusal(&error) => Err(error),
        _ => Ok(shown),
    }
}

fn sni_answer(shown: &Shown, usual: &Shown) -> SniAnswer {
    let leaf = shown.chain.first();
    let names = leaf.and_then(|der| {
        let (_, leaf) = x509_parser::parse_x509_certificate(der).ok()?;
        Some(host_names(&leaf))
    });
    SniAnswer {
        accepted: leaf.is_some(),
        same_certificate: leaf.is_some() && leaf == usual.chain.first(),
        names: names.unwrap_or_default(),
        alert: shown.alert.map(alert_name),
    }
}
