//! Records as plain data.

use std::fmt::Write as _;
use std::net::IpAddr;

use hickory_proto::rr::rdata::svcb::SvcParamValue;
use hickory_proto::rr::rdata::{CAA, SOA, SVCB, TLSA, TXT};
use hickory_proto::rr::{Name, RData, Record as Raw};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::hex;

/// One record of the type that was asked for. Which fields it has goes by its type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// The record's data as zone files and `dig +short` write it.
    pub data: String,
    /// How long it may be remembered, in seconds.
    pub ttl: u32,
    /// A, AAAA: the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// CNAME, NS, MX, SRV, PTR, HTTPS: the name it points to, in lower case and without the
    /// last dot; `.` for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// MX, SRV, HTTPS: lower is tried first; 0 makes an HTTPS record an alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
    /// SRV: share among equal priorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u16>,
    /// SRV: the port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// TXT: its pieces joined; bytes that are no UTF-8 are replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// CAA: who may issue certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caa: Option<CaaRecord>,
    /// SOA: the zone's own record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soa: Option<SoaRecord>,
    /// TLSA: which certificate to expect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tlsa: Option<TlsaRecord>,
    /// HTTPS: protocols that the service speaks, such as `h2` and `h3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<Vec<String>>,
}

/// A CAA property (RFC 8659).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaaRecord {
    /// 128 for a property that an issuer must understand, else 0.
    pub flags: u8,
    /// `issue`, `issuewild`, `iodef` …, in lower case.
    pub tag: String,
    /// The value without quotes.
    pub value: String,
}

/// Start of authority (RFC 1035, section 3.3.13).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SoaRecord {
    /// Primary name server.
    pub primary: String,
    /// Mailbox of the person responsible, as a name.
    pub mailbox: String,
    /// Version of the zone.
    pub serial: u32,
    /// Seconds between a secondary's checks.
    pub refresh: i32,
    /// Seconds between its tries after a failure.
    pub retry: i32,
    /// Seconds after which it gives up the zone.
    pub expire: i32,
    /// Seconds that "no such name" may be remembered.
    pub minimum: u32,
}

/// A certificate to expect (RFC 6698).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsaRecord {
    /// 0 to 3; 3 is the server's own certificate.
    pub usage: u8,
    /// 0 for the whole certificate, 1 for its public key.
    pub selector: u8,
    /// 0 for the data itself, 1 for its SHA-256, 2 for its SHA-512.
    pub matching: u8,
    /// The data, in lower-case hex.
    pub certificate: String,
}

impl From<&Raw> for Record {
    fn from(raw: &Raw) -> Self {
        let mut record = Self {
            data: raw.data.to_string(),
            ttl: raw.ttl,
            ..Self::default()
        };
        match &raw.data {
            RData::A(address) => record.address = Some(IpAddr::V4(address.0)),
            RData::AAAA(address) => record.address = Some(IpAddr::V6(address.0)),
            RData::CNAME(name) => record.target = Some(plain(&name.0)),
            RData::NS(name) => record.target = Some(plain(&name.0)),
            RData::PTR(name) => record.target = Some(plain(&name.0)),
            RData::MX(mx) => {
                record.priority = Some(mx.preference);
                record.target = Some(plain(&mx.exchange));
            }
            RData::SRV(srv) => {
                record.priority = Some(srv.priority);
                record.weight = Some(srv.weight);
                record.port = Some(srv.port);
                record.target = Some(plain(&srv.target));
            }
            RData::TXT(txt) => record.set_text(txt),
            RData::CAA(caa) => record.caa = Some(caa.into()),
            RData::SOA(soa) => record.soa = Some(soa.into()),
            RData::TLSA(tlsa) => record.set_tlsa(tlsa),
            RData::HTTPS(https) => record.set_https(&https.0),
            _ => {}
        }
        record
    }
}

impl Record {
    fn set_text(&mut self, txt: &TXT) {
        let pieces: Vec<String> = txt
            .txt_data
            .iter()
            .map(|piece| format!("\"{}\"", quoted(piece)))
            .collect();
        self.data = pieces.join(" ");
        self.text = Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned());
    }

    fn set_tlsa(&mut self, tlsa: &TLSA) {
        let (usage, selector) = (tlsa.cert_usage.into(), tlsa.selector.into());
        let certificate = hex(&tlsa.cert_data);
        let matching = tlsa.matching.into();
        self.data = format!(
            "{usage} {selector} {matching} {}",
            certificate.to_uppercase()
        );
        self.tlsa = Some(TlsaRecord {
            usage,
            selector,
            matching,
            certificate,
        });
    }

    fn set_https(&mut self, https: &SVCB) {
        self.priority = Some(https.svc_priority);
        self.target = Some(plain(&https.target_name));
        let alpn = https.svc_params.iter().find_map(|(_, value)| match value {
            SvcParamValue::Alpn(alpn) => Some(alpn.0.clone()),
            _ => None,
        });
        self.alpn = alpn;
        let parameters: Vec<String> = https
            .svc_params
            .iter()
            .map(|(key, value)| match value {
                SvcParamValue::NoDefaultAlpn => key.to_string(),
                SvcParamValue::Alpn(alpn) => format!("{key}=\"{}\"", alpn.0.join(",")),
                value => format!("{key}={}", value.to_string().trim_end_matches(',')),
            })
            .collect();
        let mut words = vec![
            https.svc_priority.to_string(),
            https.target_name.to_string(),
        ];
        words.extend(parameters);
        self.data = words.join(" ");
    }
}

impl From<&CAA> for CaaRecord {
    fn from(caa: &CAA) -> Self {
        Self {
            flags: caa.flags(),
            tag: caa.tag.to_ascii_lowercase(),
            value: String::from_utf8_lossy(&caa.value).into_owned(),
        }
    }
}

impl From<&SOA> for SoaRecord {
    fn from(soa: &SOA) -> Self {
        Self {
            primary: plain(&soa.mname),
            mailbox: plain(&soa.rname),
            serial: soa.serial,
            refresh: soa.refresh,
            retry: soa.retry,
            expire: soa.expire,
            minimum: soa.minimum,
        }
    }
}

/// A name in lower case and without its last dot; `.` for the root.
pub(super) fn plain(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    match text.strip_suffix('.') {
        Some("") | None => text,
        Some(without) => without.to_owned(),
    }
}

/// A piece of text as zone files write it between quotes (RFC 1035, section 5.1).
fn quoted(piece: &[u8]) -> String {
    let mut text = String::new();
    for byte in piece {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => _ = write!(text, "\\{byte:03}"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use hickory_proto::rr::rdata::TXT;
    use hickory_proto::rr::{Name, RData, Record as Raw};

    use super::{Record, plain};

    #[test]
    fn text_is_quoted_and_joined() {
        let txt = TXT::from_bytes(vec![b"v=\"x\\", b"\xff end"]);
        let record = Record::from(&Raw::from_rdata(Name::root(), 60, RData::TXT(txt)));
        assert_eq!(record.data, r#""v=\"x\\" "\255 end""#);
        assert_eq!(record.text.as_deref(), Some("v=\"x\\\u{fffd} end"));
    }

    #[test]
    fn names_are_plain() {
        assert_eq!(plain(&Name::root()), ".");
        let name = Name::from_ascii("WWW.Example.").unwrap();
        assert_eq!(plain(&name), "www.example");
    }
}
