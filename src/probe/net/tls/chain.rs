//! Everything that is wrong with a certificate chain, each problem told apart.
//!
//! A verifier stops at the first problem, so every question is asked by itself. Revocation is
//! not asked about: that needs other hosts.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::ring;
use rustls::pki_types::UnixTime;
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, RootCertStore};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::public_key::PublicKey;

use super::path::{Path, build_path, is_self_signed, parse, readable_name, root_names};
use super::{Shown, server_name};
use crate::probe::ProbeError;
use crate::reason::Reason;

/// Judges the certificate chain a server showed: is it good for `host` at `now`?
///
/// The error is the most telling of [`problems`].
pub fn verify(
    shown: &Shown,
    host: &str,
    port: u16,
    roots: &Arc<RootCertStore>,
    now: Timestamp,
) -> Result<(), ProbeError> {
    match problems(shown, host, port, roots, now).into_iter().next() {
        Some(problem) => Err(problem),
        None => Ok(()),
    }
}

/// Everything that is wrong with the chain for `host` at `now`, at most one of each reason, the
/// most telling first: self-signed, expired, not yet valid, missing intermediate, unknown
/// issuer, wrong name, weak key, weak signature, otherwise invalid. Empty means good.
pub fn problems(
    shown: &Shown,
    host: &str,
    port: u16,
    roots: &RootCertStore,
    now: Timestamp,
) -> Vec<ProbeError> {
    let subject = format!("{host}:{port}");
    let problem = |reason, what: &str| ProbeError::new(reason, format!("{subject} {what}"));
    let Some(leaf_der) = shown.chain.first() else {
        return vec![problem(Reason::TlsInvalid, "shows no certificate")];
    };
    let Some(leaf) = parse(leaf_der) else {
        return vec![problem(
            Reason::TlsInvalid,
            "has a certificate that cannot be read",
        )];
    };
    let path = build_path(&shown.chain, roots, now);
    let on_path: Vec<X509Certificate<'_>> = path
        .certificates
        .iter()
        .filter_map(|index| shown.chain.get(*index).and_then(|der| parse(der)))
        .collect();
    let mut found = Vec::new();
    let mut tell = |reason, what: &str, detail: Option<String>| {
        let error = problem(reason, what);
        found.push(match detail {
            Some(detail) => error.with_detail(detail),
            None => error,
        });
    };
    dates(&on_path, now, &mut tell);
    issuer(shown, &leaf, &on_path, &path, roots, &mut tell);
    names(shown, host, &subject, &leaf, &mut tell);
    strength(&on_path, &mut tell);
    if let Some(why) = &shown.unproven
        && !on_path.first().is_some_and(is_weak_key)
    {
        let what = "does not prove that it holds the certificate's key";
        tell(Reason::TlsInvalid, what, Some(why.clone()));
    }
    if path.root.is_some()
        && let Some(why) = objection(shown, roots, &on_path, now)
    {
        let what = "has a certificate that is not acceptable";
        tell(Reason::TlsInvalid, what, Some(why));
    }
    found.sort_by_key(|problem| order(problem.reason));
    found.dedup_by_key(|problem| problem.reason);
    found
}

fn order(reason: Reason) -> usize {
    const ORDER: [Reason; 8] = [
        Reason::TlsSelfSigned,
        Reason::TlsExpired,
        Reason::TlsNotYetValid,
        Reason::TlsMissingIntermediate,
        Reason::TlsUnknownIssuer,
        Reason::TlsNameMismatch,
        Reason::TlsWeakKey,
        Reason::TlsWeakSignature,
    ];
    ORDER
        .iter()
        .position(|one| *one == reason)
        .unwrap_or(ORDER.len())
}

/// Takes a problem: its reason, what the subject does wrong, and the detail.
type Tell<'a> = dyn FnMut(Reason, &str, Option<String>) + 'a;

fn dates(path: &[X509Certificate<'_>], now: Timestamp, tell: &mut Tell<'_>) {
    let now = now.as_second();
    for (index, certificate) in path.iter().enumerate() {
        let validity = certificate.validity();
        let whose = if index == 0 { "a" } else { "an intermediate" };
        let detail = || Some(format!("{}: {}", certificate.subject(), span(certificate)));
        if validity.not_after.timestamp() < now {
            let what = format!("has {whose} certificate that has expired");
            tell(Reason::TlsExpired, &what, detail());
        }
        if validity.not_before.timestamp() > now {
            let what = format!("has {whose} certificate that is not valid yet");
            tell(Reason::TlsNotYetValid, &what, detail());
        }
    }
}

fn span(certificate: &X509Certificate<'_>) -> String {
    let date = |seconds| {
        Timestamp::from_second(seconds).map_or_else(|_| "?".to_owned(), |time| time.to_string())
    };
    let validity = certificate.validity();
    format!(
        "valid from {} to {}",
        date(validity.not_before.timestamp()),
        date(validity.not_after.timestamp())
    )
}

fn issuer(
    shown: &Shown,
    leaf: &X509Certificate<'_>,
    on_path: &[X509Certificate<'_>],
    path: &Path,
    roots: &RootCertStore,
    tell: &mut Tell<'_>,
) {
    if path.root.is_some() {
        return;
    }
    if is_self_signed(leaf) {
        let detail = leaf.subject().to_string();
        return tell(
            Reason::TlsSelfSigned,
            "has a self-signed certificate",
            Some(detail),
        );
    }
    let last = on_path.last().unwrap_or(leaf);
    let issuer = last.issuer().to_string();
    if is_link_missing(shown, last, roots) {
        return tell(
            Reason::TlsMissingIntermediate,
            "does not send the intermediate certificate that links its own to a root",
            Some(format!("missing: {issuer}")),
        );
    }
    tell(
        Reason::TlsUnknownIssuer,
        "has a certificate that no trusted root vouches for",
        Some(format!("issued by {issuer}")),
    );
}

/// Whether a path stops for want of a certificate that the server should have sent, and not
/// because nobody here trusts its root. Nothing in a certificate says that its issuer is no
/// root; what tells is a download address for the issuer's certificate, which roots do not
/// need, or an issuer that belongs to the organisation of a root that is trusted.
fn is_link_missing(shown: &Shown, last: &X509Certificate<'_>, roots: &RootCertStore) -> bool {
    let is_sent = shown
        .chain
        .iter()
        .filter_map(|der| parse(der))
        .any(|one| one.subject().as_raw() == last.issuer().as_raw());
    if is_sent {
        return false;
    }
    has_issuer_address(last) || is_of_known_organization(last, roots)
}

fn has_issuer_address(certificate: &X509Certificate<'_>) -> bool {
    certificate.extensions().iter().any(|extension| {
        matches!(extension.parsed_extension(), ParsedExtension::AuthorityInfoAccess(access)
        if access.accessdescs.iter().any(|one| {
            one.access_method == x509_parser::oid_registry::OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS
        }))
    })
}

fn is_of_known_organization(certificate: &X509Certificate<'_>, roots: &RootCertStore) -> bool {
    let organization = certificate
        .issuer()
        .iter_organization()
        .next()
        .and_then(|value| value.as_str().ok())
        .filter(|name| !name.is_empty());
    organization.is_some_and(|organization| {
        let wanted = format!("O={organization}");
        root_names(roots)
            .filter_map(|name| readable_name(&name))
            .any(|name| name.split(", ").any(|part| part == wanted))
    })
}

fn names(
    shown: &Shown,
    host: &str,
    subject: &str,
    leaf: &X509Certificate<'_>,
    tell: &mut Tell<'_>,
) {
    let Ok(name) = server_name(host, subject) else {
        return;
    };
    let matches = shown
        .chain
        .first()
        .and_then(|der| ParsedCertificate::try_from(der).ok())
        .is_some_and(|leaf| verify_server_name(&leaf, &name).is_ok());
    if matches {
        return;
    }
    let names = host_names(leaf);
    let detail = if names.is_empty() {
        "it names no host (a common name alone does not count)".to_owned()
    } else {
        format!("it is for {}", names.join(", "))
    };
    tell(
        Reason::TlsNameMismatch,
        "has a certificate for other names",
        Some(detail),
    );
}

/// The hosts that a certificate is for: DNS names and addresses.
pub fn host_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let names = extension.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
            _ => None,
        })
        .collect()
}

fn address(bytes: &[u8]) -> Option<std::net::IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(v4.into());
    }
    <[u8; 16]>::try_from(bytes).ok().map(Into::into)
}

fn strength(path: &[X509Certificate<'_>], tell: &mut Tell<'_>) {
    for certificate in path {
        if is_weak_key(certificate) {
            let detail = certificate.subject().to_string();
            let what = "has a certificate whose key is too small";
            tell(Reason::TlsWeakKey, what, Some(detail));
        }
        // A root's signature of itself proves nothing, so its algorithm does not matter.
        if is_weakly_signed(certificate) && !is_self_signed(certificate) {
            let detail = certificate.subject().to_string();
            let what = "has a certificate signed with an algorithm that is no longer accepted";
            tell(Reason::TlsWeakSignature, what, Some(detail));
        }
    }
}

/// RSA below 2048 bits, elliptic curves below 224, DSA at all: what public certificate
/// authorities may no longer issue.
fn is_weak_key(certificate: &X509Certificate<'_>) -> bool {
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => key.key_size() < 2048,
        Ok(PublicKey::EC(point)) => point.key_size() < 224,
        Ok(PublicKey::DSA(_)) => true,
        _ => false,
    }
}

/// Signed over MD2, MD4, MD5 or SHA-1.
fn is_weakly_signed(certificate: &X509Certificate<'_>) -> bool {
    const WEAK: [&str; 8] = [
        "1.2.840.113549.1.1.2",
        "1.2.840.113549.1.1.3",
        "1.2.840.113549.1.1.4",
        "1.2.840.113549.1.1.5",
        "1.3.14.3.2.29",
        "1.2.840.10045.4.1",
        "1.2.840.10040.4.3",
        "1.3.14.3.2.27",
    ];
    let algorithm = certificate.signature_algorithm.algorithm.to_id_string();
    WEAK.contains(&algorithm.as_str())
}

/// What else a strict verifier has against a chain that leads to a known root: purposes, name
/// constraints, lengths of paths, versions. Asked at a time when every certificate is valid,
/// since dates are told apart.
fn objection(
    shown: &Shown,
    roots: &RootCertStore,
    path: &[X509Certificate<'_>],
    now: Timestamp,
) -> Option<String> {
    let (leaf, intermediates) = shown.chain.split_first()?;
    let leaf = match ParsedCertificate::try_from(leaf) {
        Ok(leaf) => leaf,
        Err(error) => return Some(error.to_string()),
    };
    let starts = path.iter().map(|one| one.validity().not_before.timestamp());
    let ends = path.iter().map(|one| one.validity().not_after.timestamp());
    let latest = ends.min().unwrap_or(i64::MAX);
    let at = now.as_second().min(latest).max(starts.max().unwrap_or(0));
    let at = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(at).unwrap_or(0)));
    let algorithms = ring::default_provider().signature_verification_algorithms;
    let verdict =
        verify_server_cert_signed_by_trust_anchor(&leaf, roots, intermediates, at, algorithms.all);
    match verdict {
        Ok(()) => None,
        Err(error) if is_told_elsewhere(&error, path) => None,
        Err(error) => Some(error.to_string()),
    }
}

/// Dates, weak keys and weak signatures have reasons of their own; and a certificate authority's
/// own certificate may stand in for a server's where it is trusted as such.
fn is_told_elsewhere(error: &rustls::Error, path: &[X509Certificate<'_>]) -> bool {
    use CertificateError as Bad;
    match error {
        rustls::Error::InvalidCertificate(
            Bad::Expired
            | Bad::ExpiredContext { .. }
            | Bad::NotValidYet
            | Bad::NotValidYetContext { .. },
        ) => true,
        rustls::Error::InvalidCertificate(Bad::Other(other)) => {
            path.len() == 1 && other.to_string().contains("CaUsedAsEndEntity")
        }
        _ => path
            .iter()
            .any(|one| is_weak_key(one) || is_weakly_signed(one)),
    }
}
