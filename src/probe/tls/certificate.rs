//! One certificate's bytes as facts. Whether it is good is not asked here.

use std::fmt::Write as _;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};
use x509_parser::oid_registry::{
    OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS, OID_PKIX_ACCESS_DESCRIPTOR_OCSP,
};
use x509_parser::public_key::PublicKey;

use super::facts::Certificate;
use crate::probe::net::tls::{host_names, is_self_signed};

const DAY: f64 = 86_400.0;

/// The facts of a certificate in DER; `None` if these bytes are none.
pub(super) fn describe(der: &[u8], now: Timestamp) -> Option<Certificate> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    let not_before = certificate.validity().not_before.timestamp();
    let not_after = certificate.validity().not_after.timestamp();
    let lifetime = seconds(not_after) - seconds(not_before);
    let left = seconds(not_after) - seconds(now.as_second());
    let (key_type, key_bits) = key(&certificate);
    let (signature_algorithm, signature_hash) = signature(&certificate);
    let extensions = Extensions::of(&certificate);
    Some(Certificate {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        serial: certificate.raw_serial_as_string(),
        not_before: moment(not_before),
        not_after: moment(not_after),
        days_left: days_left(not_after, now),
        lifetime_days: lifetime / DAY,
        lifetime_left: if lifetime > 0.0 {
            (left / lifetime).clamp(0.0, 1.0)
        } else {
            0.0
        },
        names: host_names(&certificate),
        key_type,
        key_bits,
        signature_algorithm,
        signature_hash,
        is_ca: certificate.is_ca(),
        self_signed: is_self_signed(&certificate),
        sha256: fingerprint(der),
        key_usage: extensions.key_usage,
        for_servers: extensions.for_servers,
        issuer_urls: extensions.issuer_urls,
        ocsp_urls: extensions.ocsp_urls,
        crl_urls: extensions.crl_urls,
    })
}

/// SHA-256 of the bytes, in hex.
pub(super) fn fingerprint(der: &[u8]) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(der) {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// What a certificate says about itself that only its leaf's facts need.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Signed certificate timestamps within it.
    pub(super) sct_count: u32,
    /// Whether it demands a stapled OCSP answer.
    pub(super) must_staple: bool,
}

/// Reads the marks of a certificate in DER.
pub(super) fn marks(der: &[u8]) -> Marks {
    const TLS_FEATURE: &str = "1.3.6.1.5.5.7.1.24";
    const STATUS_REQUEST: [u8; 3] = [2, 1, 5];
    let Ok((_, certificate)) = x509_parser::parse_x509_certificate(der) else {
        return Marks::default();
    };
    let mut marks = Marks::default();
    for extension in certificate.extensions() {
        if let ParsedExtension::SCT(all) = extension.parsed_extension() {
            marks.sct_count = u32::try_from(all.len()).unwrap_or(u32::MAX);
        }
        if extension.oid.to_id_string() == TLS_FEATURE {
            marks.must_staple = extension
                .value
                .windows(STATUS_REQUEST.len())
                .any(|part| part == STATUS_REQUEST);
        }
    }
    marks
}

/// A moment in RFC 3339.
pub(super) fn moment(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| "unknown".to_owned(), |time| time.to_string())
}

/// Whole days from `now` to a moment; one that passed an hour ago is -1.
pub(super) fn days_left(moment: i64, now: Timestamp) -> i64 {
    moment.saturating_sub(now.as_second()).div_euclid(86_400)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "certificates do not last for millions of years"
)]
fn seconds(whole: i64) -> f64 {
    whole as f64
}

fn key(certificate: &X509Certificate<'_>) -> (String, Option<u32>) {
    let algorithm = certificate.public_key().algorithm.algorithm.to_id_string();
    match algorithm.as_str() {
        "1.3.101.112" => return ("ed25519".to_owned(), Some(256)),
        "1.3.101.113" => return ("ed448".to_owned(), Some(456)),
        _ => {}
    }
    let bits = |size: usize| u32::try_from(size).ok().filter(|size| *size > 0);
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => ("rsa".to_owned(), bits(key.key_size())),
        Ok(PublicKey::EC(point)) => (
            "ec".to_owned(),
            curve_bits(certificate).or(bits(point.key_size())),
        ),
        Ok(PublicKey::DSA(value)) => ("dsa".to_owned(), bits(value.len() * 8)),
        _ => (algorithm, None),
    }
}

/// A point's length is a whole number of bytes; the curve knows its bits.
fn curve_bits(certificate: &X509Certificate<'_>) -> Option<u32> {
    let parameters = certificate.public_key().algorithm.parameters.as_ref()?;
    match parameters.as_oid().ok()?.to_id_string().as_str() {
        "1.2.840.10045.3.1.1" => Some(192),
        "1.3.132.0.33" => Some(224),
        "1.2.840.10045.3.1.7" | "1.3.132.0.10" => Some(256),
        "1.3.132.0.34" => Some(384),
        "1.3.132.0.35" => Some(521),
        _ => None,
    }
}

fn signature(certificate: &X509Certificate<'_>) -> (String, Option<String>) {
    const KNOWN: [(&str, &str, &str); 15] = [
        ("1.2.840.113549.1.1.2", "md2WithRSAEncryption", "md2"),
        ("1.2.840.113549.1.1.4", "md5WithRSAEncryption", "md5"),
        ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption", "sha1"),
        ("1.3.14.3.2.29", "sha1WithRSAEncryption", "sha1"),
        ("1.2.840.113549.1.1.14", "sha224WithRSAEncryption", "sha224"),
        ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption", "sha256"),
        ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption", "sha384"),
        ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption", "sha512"),
        ("1.2.840.10045.4.1", "ecdsa-with-SHA1", "sha1"),
        ("1.2.840.10045.4.3.1", "ecdsa-with-SHA224", "sha224"),
        ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256", "sha256"),
        ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384", "sha384"),
        ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512", "sha512"),
        ("1.2.840.10040.4.3", "dsa-with-SHA1", "sha1"),
        ("2.16.840.1.101.3.4.3.2", "dsa-with-SHA256", "sha256"),
    ];
    let number = certificate.signature_algorithm.algorithm.to_id_string();
    match number.as_str() {
        "1.3.101.112" => return ("ed25519".to_owned(), None),
        "1.3.101.113" => return ("ed448".to_owned(), None),
        "1.2.840.113549.1.1.10" => return ("rsassaPss".to_owned(), pss_hash(certificate)),
        _ => {}
    }
    match KNOWN.iter().find(|(known, _, _)| *known == number) {
        Some((_, name, hash)) => ((*name).to_owned(), Some((*hash).to_owned())),
        None => (number, None),
    }
}

fn pss_hash(certificate: &X509Certificate<'_>) -> Option<String> {
    use x509_parser::signature_algorithm::RsaSsaPssParams;
    let parameters = certificate.signature_algorithm.parameters.as_ref()?;
    let parameters = RsaSsaPssParams::try_from(parameters).ok()?;
    let hash = match parameters.hash_algorithm_oid().to_id_string().as_str() {
        "1.3.14.3.2.26" => "sha1",
        "2.16.840.1.101.3.4.2.1" => "sha256",
        "2.16.840.1.101.3.4.2.2" => "sha384",
        "2.16.840.1.101.3.4.2.3" => "sha512",
        _ => return None,
    };
    Some(hash.to_owned())
}

#[derive(Debug)]
struct Extensions {
    key_usage: Vec<String>,
    for_servers: bool,
    issuer_urls: Vec<String>,
    ocsp_urls: Vec<String>,
    crl_urls: Vec<String>,
}

impl Extensions {
    fn of(certificate: &X509Certificate<'_>) -> Self {
        let mut all = Self {
            key_usage: Vec::new(),
            for_servers: true,
            issuer_urls: Vec::new(),
            ocsp_urls: Vec::new(),
            crl_urls: Vec::new(),
        };
        for extension in certificate.extensions() {
            all.note(extension.parsed_extension());
        }
        all
    }

    fn note(&mut self, extension: &ParsedExtension<'_>) {
        match extension {
            ParsedExtension::KeyUsage(usage) => {
                let usage = usage.to_string();
                let words = usage.split(", ").filter(|word| !word.is_empty());
                self.key_usage = words.map(str::to_owned).collect();
            }
            ParsedExtension::ExtendedKeyUsage(usage) => {
                self.for_servers = usage.server_auth || usage.any;
            }
            ParsedExtension::AuthorityInfoAccess(access) => {
                for one in &access.accessdescs {
                    let GeneralName::URI(url) = &one.access_location else {
                        continue;
                    };
                    if one.access_method == OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS {
                        self.issuer_urls.push((*url).to_owned());
                    } else if one.access_method == OID_PKIX_ACCESS_DESCRIPTOR_OCSP {
                        self.ocsp_urls.push((*url).to_owned());
                    }
                }
            }
            ParsedExtension::CRLDistributionPoints(points) => {
                for point in points.iter() {
                    if let Some(DistributionPointName::FullName(names)) = &point.distribution_point
                    {
                        self.crl_urls
                            .extend(names.iter().filter_map(|name| match name {
                                GeneralName::URI(url) => Some((*url).to_owned()),
                                _ => None,
                            }));
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether a certificate's key is RSA.
pub(super) fn is_rsa(der: &[u8]) -> bool {
    x509_parser::parse_x509_certificate(der).is_ok_and(|(_, certificate)| {
        matches!(certificate.public_key().parsed(), Ok(PublicKey::RSA(_)))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn example() -> Vec<u8> {
        let key = rcgen::KeyPair::generate().unwrap();
        let names = vec!["a.example".to_owned(), "192.0.2.7".to_owned()];
        let mut parameters = rcgen::CertificateParams::new(names).unwrap();
        parameters.not_before = rcgen::date_time_ymd(2026, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2026, 1, 11);
        parameters.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn days_and_parts_of_the_lifetime_count_down() {
        let now = |text: &str| describe(&example(), text.parse().unwrap()).unwrap();
        let fresh = now("2026-01-01T00:00:00Z");
        assert_eq!((fresh.days_left, fresh.lifetime_left), (10, 1.0));
        let half = now("2026-01-06T00:00:00Z");
        assert_eq!((half.days_left, half.lifetime_left), (5, 0.5));
        let gone = now("2026-01-11T01:00:00Z");
        assert_eq!((gone.days_left, gone.lifetime_left), (-1, 0.0));
        assert_eq!(fresh.names, ["a.example", "192.0.2.7"]);
        assert_eq!((fresh.key_type.as_str(), fresh.key_bits), ("ec", Some(256)));
        assert_eq!(fresh.signature_hash.as_deref(), Some("sha256"));
        assert!(fresh.self_signed && fresh.for_servers && !fresh.is_ca);
    }

    proptest! {
        #[test]
        fn any_change_of_a_certificate_is_survived(at in any::<prop::sample::Index>(), to in any::<u8>(), cut in 0..40_usize) {
            let mut bytes = example();
            let at = at.index(bytes.len());
            bytes[at] = to;
            bytes.truncate(bytes.len() - cut);
            let now = "2026-01-06T00:00:00Z".parse().unwrap();
            if let Some(facts) = describe(&bytes, now) {
                prop_assert!((0.0..=1.0).contains(&facts.lifetime_left));
            }
            marks(&bytes);
        }
    }
}
