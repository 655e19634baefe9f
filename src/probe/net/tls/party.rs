//! Who a client of one interface is, and whom it believes, where the run's own roots are not
//! meant: a cluster's authority, a certificate instead of a token.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

/// Shared by the requests of one question. Connections are shared within it and never with
/// another one, even of the same contents.
#[derive(Clone, Debug)]
pub(in crate::probe) struct Party(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    roots: Option<Arc<RootCertStore>>,
    certificate: Option<Arc<CertifiedKey>>,
    name: Option<String>,
}

impl Party {
    /// Of roots, and of a certificate with its key, all in PEM, and the name that the server's
    /// certificate must be for if it is not the host's. The error says what is wrong with them,
    /// and holds nothing of them.
    pub(in crate::probe) fn new(
        roots: Option<&[u8]>,
        certificate: Option<(&[u8], &[u8])>,
        name: Option<String>,
    ) -> Result<Self, String> {
        let roots = roots.map(only).transpose()?;
        let certificate = certificate
            .map(|(chain, key)| certified(chain, key))
            .transpose()?;
        Ok(Self(Arc::new(Parts {
            roots: roots.map(Arc::new),
            certificate: certificate.map(Arc::new),
            name,
        })))
    }

    /// The only roots that are believed, if they are not the run's.
    pub(in crate::probe) fn roots(&self) -> Option<&Arc<RootCertStore>> {
        self.0.roots.as_ref()
    }

    /// The client's certificate.
    pub(in crate::probe) fn certificate(&self) -> Option<&Arc<CertifiedKey>> {
        self.0.certificate.as_ref()
    }

    /// The name that the server's certificate must be for.
    pub(in crate::probe) fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }
}

impl PartialEq for Party {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Party {}

impl Hash for Party {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

fn only(pem: &[u8]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for root in chain(pem, "the authority")? {
        let added = roots.add(root);
        added.map_err(|error| format!("the authority cannot be used: {error}"))?;
    }
    Ok(roots)
}

fn chain(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err(format!("{what} holds no certificate")),
        Ok(found) => Ok(found),
        Err(error) => Err(format!("{what} cannot be read: {error}")),
    }
}

fn certified(certificate: &[u8], key: &[u8]) -> Result<CertifiedKey, String> {
    let chain = chain(certificate, "the client certificate")?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|_| "the client certificate's key cannot be read".to_owned())?;
    CertifiedKey::from_der(chain, key, &ring::default_provider())
        .map_err(|error| format!("the client certificate cannot be used: {error}"))
}

#[cfg(test)]
mod tests {
    use super::Party;

    fn made(name: &str) -> (Vec<u8>, Vec<u8>) {
        let key = rcgen::KeyPair::generate().unwrap();
        let parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        (certificate.pem().into(), key.serialize_pem().into())
    }

    #[test]
    fn what_cannot_be_used_is_told_and_not_shown() {
        let (certificate, key) = made("a.example");
        let (_, other) = made("b.example");
        let party = Party::new(Some(&certificate), Some((&certificate, &key)), None).unwrap();
        assert_eq!(party.roots().unwrap().len(), 1);
        assert!(party.certificate().is_some());
        let told = |roots: Option<&[u8]>, own| Party::new(roots, own, None).unwrap_err();
        assert_eq!(told(Some(b"x"), None), "the authority holds no certificate");
        let told_of_key = told(None, Some((&certificate, b"secret")));
        assert_eq!(told_of_key, "the client certificate's key cannot be read");
        let mixed = told(None, Some((&certificate, &other)));
        assert!(
            mixed.starts_with("the client certificate cannot be used"),
            "{mixed}"
        );
    }

    #[test]
    fn connections_are_never_shared_between_two() {
        let (one, two) = (Party::new(None, None, None), Party::new(None, None, None));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!(one, one.clone());
        assert_ne!(one, two);
    }
}
