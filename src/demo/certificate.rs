//! The shop's certificate: chained to a root of its own, and about to expire.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use time::OffsetDateTime;

use super::DOMAIN;

/// A root, and a server that shows a certificate from it.
pub(super) struct Issued {
    pub(super) root: CertificateDer<'static>,
    pub(super) server: Arc<ServerConfig>,
}

/// Issues a 90-day certificate that has six days left at `now`.
pub(super) fn issue(now: Timestamp) -> anyhow::Result<Issued> {
    let mut root = CertificateParams::new(Vec::new())?;
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    root.distinguished_name
        .push(DnType::CommonName, "Shop demo root");
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let root_key = KeyPair::generate()?;
    let root_certificate = root.self_signed(&root_key)?;
    let issuer = Issuer::new(root, root_key);

    let mut leaf = CertificateParams::new(vec![DOMAIN.to_owned(), format!("www.{DOMAIN}")])?;
    leaf.distinguished_name.push(DnType::CommonName, DOMAIN);
    leaf.not_before = from_now(now, -84)?;
    leaf.not_after = from_now(now, 6)?;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let leaf_key = KeyPair::generate()?;
    let leaf = leaf.signed_by(&leaf_key, &issuer)?;

    let mut server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::Pkcs8(leaf_key.serialize_der().into()),
        )?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Issued {
        root: root_certificate.der().clone(),
        server: Arc::new(server),
    })
}

/// `days` from `now`, in the certificate library's own type.
fn from_now(now: Timestamp, days: i64) -> anyhow::Result<OffsetDateTime> {
    let there = now.checked_add(SignedDuration::from_hours(24 * days))?;
    Ok(OffsetDateTime::from_unix_timestamp(there.as_second())?)
}
