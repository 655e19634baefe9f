//! What an answer of the `tls` probe looks like.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::probe::ProbeError;
use crate::reason::Reason;

/// What was found. The facts of the scan (`protocols`, `versions`, `suites`, `groups`,
/// `server_preference`, `compression`, `secure_renegotiation` and so on) are there unless
/// `scan: false` was asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts are independent of each other"
)]
pub struct Facts {
    /// The address that everything here except `addresses` is about, such as `192.0.2.1:443`.
    pub address: String,
    /// Whether a current client (TLS 1.2 or 1.3, forward secrecy, authenticated encryption)
    /// completes the handshake. Where it is false, the certificate comes from an older
    /// handshake or from one that the server broke off.
    pub completed: bool,
    /// Negotiated version: `TLS1.3`; the best that is spoken where `completed` is false.
    pub version: String,
    /// Negotiated cipher suite by its registered name.
    pub cipher: String,
    /// Negotiated key exchange group, such as `X25519`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Negotiated application protocol, such as `h2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// What each address of the name shows: one with `addresses: first`.
    pub addresses: Vec<AddressFacts>,

    /// Whether nothing is wrong with the certificate and its chain: `problems` is empty.
    pub verified: bool,
    /// Whether signatures lead from the certificate to a root of the system or of `--ca`,
    /// whatever its dates and names.
    pub trusted: bool,
    /// Whether they lead to a root that browsers trust.
    pub trusted_web: bool,
    /// Whether the certificate is for the name that was asked for.
    pub name_matches: bool,
    /// Code of the most telling problem: `tls.expired`, `tls.self-signed` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Reason>,
    /// Everything that is wrong with the certificate and its chain, the most telling first.
    pub problems: Vec<ProbeError>,

    /// Names and addresses that the certificate is for.
    pub names: Vec<String>,
    /// Whether one of the names is a wildcard.
    pub wildcard: bool,
    /// Whole days until the server's certificate expires; negative when it has expired.
    pub days_left: i64,
    /// Days from its first to its last moment.
    pub lifetime_days: f64,
    /// Part of its lifetime that is left: 1 when new, 0 when expired.
    pub lifetime_left: f64,
    /// The server's own certificate.
    pub certificate: Certificate,
    /// Certificates that the server shows to clients that cannot take the first one (RSA beside
    /// elliptic curves). Their problems are among `problems`.
    pub other_certificates: Vec<Certificate>,
    /// Certificates as the server sent them, its own first.
    pub chain: Vec<Certificate>,
    /// Certificates from the server's own to the root, as a client builds it; without the root
    /// where none is known.
    pub path: Vec<PathStep>,
    /// The certificate that expires first, of this path and of the others' that are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_first: Option<PathStep>,
    /// Whether the server leaves out a certificate between its own and the root.
    pub missing_intermediate: bool,
    /// Whether the certificates come in the order of the path.
    pub chain_order_ok: bool,
    /// How many certificates are sent that the path does not need; a root is not counted.
    pub extra_certificates: u32,
    /// Whether the root is sent, which no client needs.
    pub sends_root: bool,
    /// Signed timestamps of certificate transparency logs within the certificate.
    pub sct_count: u32,
    /// Whether a revocation answer is stapled.
    pub ocsp_stapled: bool,
    /// Whether the certificate demands a stapled answer.
    pub must_staple: bool,

    /// Whether the server asks for a client certificate.
    pub client_certificate_requested: bool,
    /// Whether it ends the connection without one.
    pub client_certificate_required: bool,

    /// Which versions the server speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocols: Option<Protocols>,
    /// The versions it speaks by name, oldest first: `["TLS1.2", "TLS1.3"]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<Vec<String>>,
    /// The cipher suites it accepts, in each version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suites: Option<Vec<Suite>>,
    /// The key exchange groups it accepts, in TLS 1.3 and in the newest older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<Group>>,
    /// Whether the server's order of suites decides; left out if there is only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_preference: Option<bool>,
    /// Whether it compresses, which gives secrets away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<bool>,
    /// Whether it protects renegotiation; left out if it speaks nothing older than TLS 1.3,
    /// which has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secure_renegotiation: Option<bool>,
    /// Whether it binds the secrets of TLS 1.2 and older to the handshake; left out if it
    /// speaks none of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_master_secret: Option<bool>,
    /// Whether it gives session tickets in TLS 1.2 and older; left out if it speaks none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_tickets: Option<bool>,
    /// Whether it accepts heartbeats; left out if it speaks only TLS 1.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<bool>,
    /// What clients see that ask for no name, or for one that the server does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sni: Option<Sni>,
}

/// Whether each version is spoken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Protocols {
    /// SSL 3.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sslv3: Option<bool>,
    /// TLS 1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls1_0: Option<bool>,
    /// TLS 1.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls1_1: Option<bool>,
    /// TLS 1.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls1_2: Option<bool>,
    /// TLS 1.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls1_3: Option<bool>,
}

/// A cipher suite that is accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts are independent of each other"
)]
pub struct Suite {
    /// Version in which it is accepted: `TLS1.2`.
    pub version: String,
    /// Registered name: `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`.
    pub name: String,
    /// Strength of the cipher in bits; 0 if nothing is encrypted, 112 for 3DES.
    pub bits: u32,
    /// Whether encryption and authentication are one.
    pub aead: bool,
    /// Whether it chains blocks (CBC).
    pub cbc: bool,
    /// Whether a stolen key leaves old recordings unreadable.
    pub forward_secret: bool,
    /// Whether the server is not authenticated at all.
    pub anonymous: bool,
    /// Whether it was weakened for export.
    pub export: bool,
    /// Whether it must not be used: less than 128 bits (3DES, DES, NULL), export, anonymous,
    /// RC4, RC2 or MD5.
    pub weak: bool,
    /// Group that was used with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Bits of the prime where the key exchange is finite-field Diffie-Hellman.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dh_bits: Option<u32>,
}

/// A key exchange group that is accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// Version in which it is accepted: `TLS1.3`.
    pub version: String,
    /// Registered name: `X25519MLKEM768`.
    pub name: String,
    /// Whether it withstands a quantum computer.
    pub post_quantum: bool,
}

/// What each address of the name shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AddressFacts {
    /// The address, such as `192.0.2.1:443`.
    pub address: String,
    /// Whether a current client completes the handshake there.
    pub completed: bool,
    /// Whether its certificate and chain have no problem.
    pub verified: bool,
    /// Why not: the code of the most telling problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Reason>,
    /// Negotiated version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// SHA-256 of its certificate, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Whole days until its certificate expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_left: Option<i64>,
}

/// A certificate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Certificate {
    /// Whose it is: `CN=shop.example`.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Serial number in hex, bytes apart by colons.
    pub serial: String,
    /// First moment of validity, in RFC 3339.
    pub not_before: String,
    /// Last moment of validity, in RFC 3339.
    pub not_after: String,
    /// Whole days until it expires; negative when it has expired.
    pub days_left: i64,
    /// Days from its first to its last moment.
    pub lifetime_days: f64,
    /// Part of its lifetime that is left: 1 when new, 0 when expired.
    pub lifetime_left: f64,
    /// Names and addresses it is for.
    pub names: Vec<String>,
    /// Kind of its key: `rsa`, `ec`, `ed25519`, `ed448`, `dsa`, or the algorithm's number.
    pub key_type: String,
    /// Size of its key in bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_bits: Option<u32>,
    /// Algorithm of its signature: `sha256WithRSAEncryption`, or the algorithm's number.
    pub signature_algorithm: String,
    /// Hash of its signature: `sha256`; left out where the algorithm has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_hash: Option<String>,
    /// Whether it may sign others.
    pub is_ca: bool,
    /// Whether it is signed with its own key.
    pub self_signed: bool,
    /// SHA-256 of the certificate in hex.
    pub sha256: String,
    /// What its key may be used for: `Digital Signature` …; empty if it does not say.
    pub key_usage: Vec<String>,
    /// Whether servers may use it: its purposes, if it names any, include them.
    pub for_servers: bool,
    /// Where its issuer's certificate can be fetched.
    pub issuer_urls: Vec<String>,
    /// Who answers whether it is revoked.
    pub ocsp_urls: Vec<String>,
    /// Where the lists of revoked certificates are.
    pub crl_urls: Vec<String>,
}

/// A certificate of the path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PathStep {
    /// Whose it is.
    pub subject: String,
    /// Its place in the path.
    pub role: Role,
    /// Whether the server sent it; a root comes from the list of trusted roots.
    pub sent: bool,
    /// Last moment of validity, in RFC 3339; left out for a root known by its key alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
    /// Whole days until it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_left: Option<i64>,
}

/// A certificate's place in the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The server's own.
    Leaf,
    /// Between the server's own and the root.
    Intermediate,
    /// The trusted end.
    Root,
}

/// What clients see that ask for other names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sni {
    /// Clients that name no host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent: Option<SniAnswer>,
    /// Clients that name a host which the server cannot know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<SniAnswer>,
}

/// What such a client sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SniAnswer {
    /// Whether a certificate is shown at all.
    pub accepted: bool,
    /// Whether it is the same certificate.
    pub same_certificate: bool,
    /// Names it is for.
    pub names: Vec<String>,
    /// The alert that came, such as `unrecognised_name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
}
