//! Which certificates lead from a server's own to a root: the path as a client builds it, whatever
//! else the server sent along and in whatever order.
//!
//! It looks at names and signatures alone; dates, names of hosts and key sizes are judged in
//! [`super::chain`].

use jiff::Timestamp;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

/// No sensible path is longer; hostile chains are cut here.
const LONGEST: usize = 8;
/// How many certificates of a chain are looked at, and how many steps are tried over them.
const MOST_CERTIFICATES: usize = 32;
const MOST_STEPS: usize = 200;

/// A way from the leaf towards a root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// Indices into the chain as it was sent, the leaf first.
    pub certificates: Vec<usize>,
    /// Name in DER of the known root at the end, unless the path leads to none. It is the last
    /// certificate's own name where the server sent the root itself.
    pub root: Option<Vec<u8>>,
}

/// Finds the best path: one that ends in a known root before one that does not, one whose
/// certificates are all valid at `now` before one with an expired member, a short one before
/// a long one.
pub fn build_path(chain: &[CertificateDer<'_>], roots: &RootCertStore, now: Timestamp) -> Path {
    let certificates: Vec<Option<X509Certificate<'_>>> = chain
        .iter()
        .take(MOST_CERTIFICATES)
        .map(|der| parse(der))
        .collect();
    let mut search = Search {
        certificates,
        roots,
        now: now.as_second(),
        steps: 0,
        best: None,
    };
    if search.certificates.first().is_some_and(Option::is_some) {
        search.extend(&mut vec![0]);
    }
    search.best.map(|(_, path)| path).unwrap_or_default()
}

/// A certificate, if these bytes are one.
pub(super) fn parse(der: &[u8]) -> Option<X509Certificate<'_>> {
    x509_parser::parse_x509_certificate(der)
        .ok()
        .map(|(_, certificate)| certificate)
}

/// Whether a certificate is signed with its own key, or says so in a way that cannot be checked.
pub fn is_self_signed(certificate: &X509Certificate<'_>) -> bool {
    certificate.subject().as_raw() == certificate.issuer().as_raw()
        && signed_by(certificate, certificate.public_key())
}

/// The name of a root, readable.
pub fn readable_name(der: &[u8]) -> Option<String> {
    let (_, name) = X509Name::from_der(der).ok()?;
    Some(name.to_string())
}

/// The names of all roots in DER.
pub(super) fn root_names(roots: &RootCertStore) -> impl Iterator<Item = Vec<u8>> {
    roots.roots.iter().map(|root| sequence(&root.subject))
}

struct Search<'a> {
    certificates: Vec<Option<X509Certificate<'a>>>,
    roots: &'a RootCertStore,
    now: i64,
    steps: usize,
    best: Option<(Rank, Path)>,
}

/// The smaller, the better.
type Rank = (bool, bool, usize);

impl Search<'_> {
    fn extend(&mut self, path: &mut Vec<usize>) {
        self.steps += 1;
        let Some(last) = path
            .last()
            .and_then(|index| self.certificates.get(*index)?.as_ref())
        else {
            return;
        };
        let root = known_root(last, self.roots);
        let issuers: Vec<usize> = (0..self.certificates.len())
            .filter(|index| !path.contains(index) && self.issued(*index, last))
            .collect();
        let is_end = root.is_some() || issuers.is_empty();
        if is_end {
            self.offer(path, root.clone());
        }
        if root.is_none() && path.len() < LONGEST {
            for issuer in issuers {
                if self.steps >= MOST_STEPS {
                    break;
                }
                path.push(issuer);
                self.extend(path);
                path.pop();
            }
        }
    }

    fn issued(&self, issuer: usize, certificate: &X509Certificate<'_>) -> bool {
        self.certificates
            .get(issuer)
            .and_then(Option::as_ref)
            .is_some_and(|issuer| {
                issuer.subject().as_raw() == certificate.issuer().as_raw()
                    && signed_by(certificate, issuer.public_key())
            })
    }

    fn offer(&mut self, path: &[usize], root: Option<Vec<u8>>) {
        let is_dated = path.iter().any(|index| {
            self.certificates
                .get(*index)
                .and_then(Option::as_ref)
                .is_none_or(|certificate| {
                    let validity = certificate.validity();
                    !(validity.not_before.timestamp()..=validity.not_after.timestamp())
                        .contains(&self.now)
                })
        });
        // Without a root the longest way says most about where it stops.
        let length = match root {
            Some(_) => path.len(),
            None => LONGEST.saturating_sub(path.len()),
        };
        let rank = (root.is_none(), is_dated, length);
        if self.best.as_ref().is_none_or(|(best, _)| rank < *best) {
            let certificates = path.to_vec();
            self.best = Some((rank, Path { certificates, root }));
        }
    }
}

/// The known root that a certificate is, or that signed it.
fn known_root(certificate: &X509Certificate<'_>, roots: &RootCertStore) -> Option<Vec<u8>> {
    let subject = contents(certificate.subject().as_raw())?;
    let issuer = contents(certificate.issuer().as_raw())?;
    let key = contents(certificate.public_key().raw)?;
    roots
        .roots
        .iter()
        .find(|root| {
            let is_it =
                root.subject.as_ref() == subject && root.subject_public_key_info.as_ref() == key;
            is_it
                || (root.subject.as_ref() == issuer
                    && is_signed_by_root(certificate, &root.subject_public_key_info))
        })
        .map(|root| sequence(&root.subject))
}

fn is_signed_by_root(certificate: &X509Certificate<'_>, key: &[u8]) -> bool {
    let key = sequence(key);
    SubjectPublicKeyInfo::from_der(&key).is_ok_and(|(_, key)| signed_by(certificate, &key))
}

/// Whether `key` signed the certificate. A signature of a kind that cannot be checked here (an
/// old hash, a small key) is taken on trust, so that it can be told as what it is.
fn signed_by(certificate: &X509Certificate<'_>, key: &SubjectPublicKeyInfo<'_>) -> bool {
    let is_small = key
        .parsed()
        .is_ok_and(|key| matches!(&key, PublicKey::RSA(rsa) if rsa.key_size() < 2048));
    match certificate.verify_signature(Some(key)) {
        Ok(()) | Err(X509Error::SignatureUnsupportedAlgorithm) => true,
        Err(_) => is_small,
    }
}

/// What stands in a DER value, without its tag and length.
fn contents(der: &[u8]) -> Option<&[u8]> {
    let first = usize::from(*der.get(1)?);
    let header = if first < 0x80 { 2 } else { 2 + (first & 0x7f) };
    der.get(header..)
}

/// A DER sequence of these contents.
fn sequence(contents: &[u8]) -> Vec<u8> {
    let mut der = vec![0x30];
    let length = contents.len().to_be_bytes();
    let start = length.iter().position(|byte| *byte != 0);
    let digits = start.and_then(|start| length.get(start..)).unwrap_or(&[0]);
    match digits {
        [short] if *short < 0x80 => der.push(*short),
        long => {
            der.push(0x80 | u8::try_from(long.len()).unwrap_or(8));
            der.extend_from_slice(long);
        }
    }
    der.extend_from_slice(contents);
    der
}

#[cfg(test)]
mod tests {
    use super::{contents, sequence};

    #[test]
    fn der_headers_of_any_length_round_trip() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let inner = vec![7; length];
            let der = sequence(&inner);
            assert_eq!(contents(&der), Some(inner.as_slice()), "{length} bytes");
        }
        assert_eq!(contents(&[0x30]), None);
        assert_eq!(contents(&[0x30, 0x84, 1]), None);
    }
}
