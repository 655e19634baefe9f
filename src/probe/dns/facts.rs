//! What the `dns` probe tells.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Kind;
use super::meaning::{
    caa::Caa, dkim::Dkim, dmarc::Dmarc, policy::MtaSts, policy::TlsRpt, spf::Spf,
};
use super::record::Record;
use crate::reason::Reason;

/// What was found. With several resolvers, the first one that knows gives everything but
/// `resolvers` and `agree`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts are plain data, each with a name"
)]
pub struct Facts {
    /// The name that was asked for, in lower case and without the last dot.
    pub name: String,
    /// The type that was asked for.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Whether the name exists, with records of this type or others. An alias to a name that
    /// does not exist does not either.
    pub exists: bool,
    /// The answer's code, such as `noerror`, `nxdomain` or `servfail`.
    pub rcode: String,
    /// The records of the type asked for, by priority and then by data. Empty when there are
    /// none.
    pub answers: Vec<Record>,
    /// The shortest time in seconds that a part of the answer may be remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,
    /// How long in seconds "there is none" may be remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negative_ttl: Option<u32>,
    /// The names that aliases (CNAME) lead through, in order.
    pub cname: Vec<String>,
    /// Whether an alias leads to a name that does not exist.
    pub dangling: bool,
    /// Whether the server that answered has the zone itself (AA).
    pub authoritative: bool,
    /// Whether the resolver says that it has verified the answer (AD).
    pub authentic_data: bool,
    /// Whether the answer over UDP was cut short (TC).
    pub truncated: bool,
    /// Whether it was then asked for over TCP.
    pub tcp_fallback: bool,
    /// How the whole answer came: `udp` or `tcp`.
    pub transport: Transport,
    /// Size of the answer in bytes.
    pub size_bytes: usize,
    /// What each resolver says.
    pub resolvers: Vec<ResolverAnswer>,
    /// With several resolvers: whether all give the same code and data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agree: Option<bool>,
    /// With `dnssec: true`: what the signatures are worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dnssec: Option<Dnssec>,
    /// With `authoritative: true`: what the zone's own name servers say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
    /// MX: where mail goes. Left out when there are no records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mx: Option<Mx>,
    /// TXT at a plain name: the SPF record, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spf: Option<Spf>,
    /// TXT at `_dmarc.`: the policy, if there is one here or at the registrable domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dmarc: Option<Dmarc>,
    /// TXT at `SELECTOR._domainkey.`: the key, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dkim: Option<Dkim>,
    /// TXT at `_mta-sts.`: the announcement, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mta_sts: Option<MtaSts>,
    /// TXT at `_smtp._tls.`: where reports go, if there is a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_rpt: Option<TlsRpt>,
    /// CAA: who may issue certificates, by the records here or at the closest name above
    /// that has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caa: Option<Caa>,
}

/// How an answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// In one datagram.
    Udp,
    /// Over a connection.
    Tcp,
}

/// What one resolver says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResolverAnswer {
    /// The resolver's address and port.
    pub server: String,
    /// The answer's code; left out when there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rcode: Option<String>,
    /// The records' data.
    pub answers: Vec<String>,
    /// The shortest time in seconds that a part of the answer may be remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,
    /// Time until the answer was there, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<f64>,
    /// Why there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Reason>,
}

/// What the signatures over an answer are worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dnssec {
    /// What it comes to. What could not be found out is unknown, and not a value of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<DnssecStatus>,
    /// Whether the answer came with signatures.
    pub signed: bool,
    /// Who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_by: Option<JudgedBy>,
}

/// RFC 4035, section 4.3, without `indeterminate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DnssecStatus {
    /// Signed, and the signatures lead up to a trusted key.
    Secure,
    /// Not signed, or the zone above does not vouch for its key.
    Insecure,
    /// Signatures ought to be there, and are missing or wrong.
    Bogus,
}

/// Who verified signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JudgedBy {
    /// The resolver.
    Resolver,
    /// This program.
    Validation,
}

/// What the zone's own name servers say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts are plain data, each with a name"
)]
pub struct Authority {
    /// The zone that the name is in.
    pub zone: String,
    /// The name servers by the zone itself, sorted.
    pub name_servers: Vec<String>,
    /// The name servers by the zone above, sorted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation: Option<Vec<String>>,
    /// Whether the zone above names the same name servers as the zone itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation_agrees: Option<bool>,
    /// Each name server that either of the two names.
    pub servers: Vec<NameServer>,
    /// Whether every name server answers for the zone (AA); one that does not is lame.
    pub all_answer: bool,
    /// Whether those that answer give the same code and data for the question.
    pub answers_agree: bool,
    /// Whether those that answer have the same version of the zone.
    pub serials_agree: bool,
    /// Whether the resolver gives the same data as they do.
    pub resolver_agrees: bool,
}

/// One of a zone's name servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NameServer {
    /// Its name.
    pub name: String,
    /// The address and port that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<SocketAddr>,
    /// Whether it has the zone (AA).
    pub authoritative: bool,
    /// The answer's code; left out when there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rcode: Option<String>,
    /// The records' data.
    pub answers: Vec<String>,
    /// Version of the zone it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<u32>,
    /// Time until the answer was there, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<f64>,
    /// Why there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Reason>,
}

/// Where mail goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mx {
    /// False if the domain says by a null MX that it takes no mail (RFC 7505).
    pub takes_mail: bool,
    /// The servers, the preferred first; at most the first ten.
    pub targets: Vec<MailServer>,
    /// Whether every one of them has an address and none is an alias or an address itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolve: Option<bool>,
}

/// One mail server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailServer {
    /// Its name.
    pub name: String,
    /// Lower is tried first.
    pub priority: u16,
    /// Its addresses, v4 first.
    pub addresses: Vec<std::net::IpAddr>,
    /// Whether the name is an alias, which mail servers' names must not be (RFC 5321).
    pub alias: bool,
}
