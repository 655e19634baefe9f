//! Certificate chains made on the spot: roots, intermediates and leaves with every knob that a
//! test needs. Dates are around the fixed `now` of [`super::context`].

use base64::Engine as _;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// One who signs certificates.
pub struct Authority {
    /// Its own certificate.
    pub certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

/// What a server needs.
pub struct Identity {
    /// What it sends, its own certificate first.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its key.
    pub key: PrivateKeyDer<'static>,
}

/// Knobs of a server's certificate; `default` is a good one for `localhost`.
#[expect(clippy::struct_excessive_bools, reason = "as certificates have them")]
pub struct Leaf {
    /// Host names and addresses.
    pub names: Vec<String>,
    /// First moment, as a date.
    pub not_before: String,
    /// Last moment, as a date.
    pub not_after: String,
    /// Whether it names where its issuer's certificate can be fetched.
    pub has_issuer_address: bool,
    /// Whether it demands a stapled OCSP answer.
    pub must_staple: bool,
    /// Whether it may be used by servers.
    pub for_servers: bool,
    /// Whether it may be used by clients.
    pub for_clients: bool,
}

impl Default for Leaf {
    fn default() -> Self {
        Self {
            names: vec!["localhost".to_owned()],
            not_before: "2026-11-01".to_owned(),
            not_after: "2027-01-20".to_owned(),
            has_issuer_address: false,
            must_staple: false,
            for_servers: true,
            for_clients: false,
        }
    }
}

impl Leaf {
    /// A good certificate for these names.
    pub fn named(names: &[&str]) -> Self {
        Self {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            ..Self::default()
        }
    }

    /// A certificate valid from one date to another.
    pub fn dated(not_before: &str, not_after: &str) -> Self {
        Self {
            not_before: not_before.to_owned(),
            not_after: not_after.to_owned(),
            ..Self::default()
        }
    }

    /// A certificate for these names, for tests that have the real clock and do not look at its
    /// dates.
    pub fn good_for_years(names: &[&str]) -> Self {
        Self {
            not_after: "2029-12-01".to_owned(),
            ..Self::named(names)
        }
    }

    /// A certificate for these names that began and ends so many days from today, for tests of
    /// the binary, which has the real clock.
    pub fn lasting(names: &[&str], since: i64, until: i64) -> Self {
        let day = |days: i64| {
            let moment = Timestamp::now() + SignedDuration::from_hours(24 * days);
            moment.strftime("%Y-%m-%d").to_string()
        };
        Self {
            not_before: day(since),
            not_after: day(until),
            ..Self::named(names)
        }
    }

    /// Signed with its own key.
    pub fn self_signed(&self) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = self.parameters().self_signed(&key).unwrap();
        identity(vec![certificate.der().clone()], &key)
    }

    fn parameters(&self) -> CertificateParams {
        let mut parameters = CertificateParams::new(self.names.clone()).unwrap();
        let name = self.names.first().map_or("nobody", String::as_str);
        parameters.distinguished_name = distinguished_name(name, "Server Owner");
        dated(&mut parameters, &self.not_before, &self.not_after);
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let purpose = if self.for_servers {
            ExtendedKeyUsagePurpose::ServerAuth
        } else {
            ExtendedKeyUsagePurpose::EmailProtection
        };
        parameters.extended_key_usages = vec![purpose];
        if self.for_clients {
            let purpose = ExtendedKeyUsagePurpose::ClientAuth;
            parameters.extended_key_usages.push(purpose);
        }
        parameters.use_authority_key_identifier_extension = true;
        if self.has_issuer_address {
            parameters.custom_extensions.push(issuer_address());
        }
        if self.must_staple {
            let oid = [1, 3, 6, 1, 5, 5, 7, 1, 24];
            let content = vec![0x30, 3, 2, 1, 5];
            parameters
                .custom_extensions
                .push(CustomExtension::from_oid_content(&oid, content));
        }
        parameters
    }
}

impl Authority {
    /// A root of this organization, good for ten years.
    pub fn root(organization: &str) -> Self {
        Self::root_dated(organization, "2020-01-01", "2030-01-01")
    }

    /// A root with dates of its own.
    pub fn root_dated(organization: &str, not_before: &str, not_after: &str) -> Self {
        let (parameters, key) = authority(organization, "Root", not_before, not_after);
        let certificate = parameters.self_signed(&key).unwrap().der().clone();
        let issuer = Issuer::new(parameters, key);
        Self {
            certificate,
            issuer,
        }
    }

    /// An intermediate authority that this one vouches for.
    pub fn intermediate(&self, organization: &str) -> Self {
        self.intermediate_dated(organization, "2024-01-01", "2029-01-01")
    }

    /// An intermediate authority with dates of its own.
    pub fn intermediate_dated(
        &self,
        organization: &str,
        not_before: &str,
        not_after: &str,
    ) -> Self {
        let (parameters, key) = authority(organization, "Intermediate", not_before, not_after);
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        let certificate = certificate.der().clone();
        let issuer = Issuer::new(parameters, key);
        Self {
            certificate,
            issuer,
        }
    }

    /// A server's certificate signed by this authority; the chain is that certificate alone.
    pub fn sign(&self, leaf: &Leaf) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = leaf.parameters().signed_by(&key, &self.issuer).unwrap();
        identity(vec![certificate.der().clone()], &key)
    }
}

impl Identity {
    /// Sends these certificates as well.
    pub fn with(mut self, authorities: &[&Authority]) -> Self {
        let more = authorities.iter().map(|one| one.certificate.clone());
        self.chain.extend(more);
        self
    }
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
        }
    }
}

/// As text, under a label such as `CERTIFICATE`.
pub fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let body = lines.join("\n");
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

fn identity(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> Identity {
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    Identity {
        chain,
        key: PrivateKeyDer::Pkcs8(key),
    }
}

fn authority(
    organization: &str,
    name: &str,
    not_before: &str,
    not_after: &str,
) -> (CertificateParams, KeyPair) {
    let mut parameters = CertificateParams::default();
    let name = format!("{organization} {name}");
    parameters.distinguished_name = distinguished_name(&name, organization);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters.use_authority_key_identifier_extension = true;
    dated(&mut parameters, not_before, not_after);
    (parameters, KeyPair::generate().unwrap())
}

fn distinguished_name(common: &str, organization: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, organization);
    name.push(DnType::CommonName, common);
    name
}

fn dated(parameters: &mut CertificateParams, not_before: &str, not_after: &str) {
    let moment = |date: &str| {
        let time: Timestamp = format!("{date}T00:00:00Z").parse().unwrap();
        std::time::SystemTime::from(time).into()
    };
    parameters.not_before = moment(not_before);
    parameters.not_after = moment(not_after);
}

/// Authority information access with one address of the issuer's certificate.
fn issuer_address() -> CustomExtension {
    let url = b"http://ca.example/issuer.der";
    let mut access = vec![0x06, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 2, 0x86];
    access.push(u8::try_from(url.len()).unwrap());
    access.extend_from_slice(url);
    let mut one = vec![0x30, u8::try_from(access.len()).unwrap()];
    one.extend(access);
    let mut all = vec![0x30, u8::try_from(one.len()).unwrap()];
    all.extend(one);
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], all)
}
