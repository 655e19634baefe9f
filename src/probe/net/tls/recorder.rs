//! Stands in for a verifier: agrees to everything and remembers what it was shown.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, SignatureScheme};

use super::{Keys, Shown};

/// Accepts every certificate and remembers it.
#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) provider: Arc<CryptoProvider>,
    keys: Keys,
    certificate: Option<Arc<CertifiedKey>>,
    seen: Mutex<Shown>,
}

impl Recorder {
    pub(super) fn new(keys: Keys, certificate: Option<Arc<CertifiedKey>>) -> Self {
        Self {
            provider: Arc::new(ring::default_provider()),
            keys,
            certificate,
            seen: Mutex::default(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Shown> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self) -> Shown {
        std::mem::take(&mut *self.seen())
    }

    fn note_proof(
        &self,
        verdict: Result<HandshakeSignatureValid, rustls::Error>,
    ) -> HandshakeSignatureValid {
        verdict.unwrap_or_else(|error| {
            self.seen().unproven = Some(error.to_string());
            HandshakeSignatureValid::assertion()
        })
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
        let mut seen = self.seen();
        seen.chain = chain.map(|one| one.clone().into_owned()).collect();
        seen.ocsp = ocsp.to_vec();
        Ok(ServerCertVerified::assertion())
    }

    // A signature that cannot be accepted (a small RSA key, for instance) is remembered like
    // everything else, so that the certificate it came with can still be described.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        let verdict = rustls::crypto::verify_tls12_signature(message, leaf, signed, algorithms);
        Ok(self.note_proof(verdict))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        let verdict = rustls::crypto::verify_tls13_signature(message, leaf, signed, algorithms);
        Ok(self.note_proof(verdict))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self
            .provider
            .signature_verification_algorithms
            .supported_schemes();
        schemes.retain(|scheme| self.keys.admits(*scheme));
        schemes
    }
}

impl ResolvesClientCert for Recorder {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let mut seen = self.seen();
        seen.client_certificate_requested = true;
        seen.client_certificate_given = self.certificate.is_some();
        self.certificate.clone()
    }

    fn has_certs(&self) -> bool {
        self.certificate.is_some()
    }
}
