//! What the domain name system says: from the run's resolver or given ones, with agreement,
//! signatures, the zone's own name servers, and what mail and certificate records mean.
//!
//! "No such name" and "no such record" are facts. The target's own fault: a resolver that
//! answers SERVFAIL (`dns.servfail`). Our inability: a resolver that stays silent, is not
//! there, refuses or answers what cannot be read (`dns.unreachable`), and signatures that
//! cannot be judged from here (`dns.indeterminate`). Overrides (`--resolve`) change which
//! machine is asked when a name server is known by name, and never what is asked or answered.

mod ask;
mod authority;
mod dnssec;
mod exchange;
mod facts;
mod interpret;
pub mod meaning;
mod record;

use std::collections::BTreeSet;
use std::net::IpAddr;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use facts::{
    Authority, Dnssec, DnssecStatus, Facts, JudgedBy, MailServer, Mx, NameServer, ResolverAnswer,
    Transport,
};
pub use record::{CaaRecord, Record, SoaRecord, TlsaRecord};

use self::ask::{Asked, Asker, Place};
use self::exchange::Question;
use super::net::resolve::{servfail, unreachable};
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError};

/// Asks for records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dns {
    /// Name to ask for; for PTR also an address.
    pub name: String,
    /// Type of the records.
    #[serde(default, rename = "type")]
    pub kind: Kind,
    /// Resolvers to ask and compare, as `address`, `address:port`, `name` or `name:port`; the
    /// run's own when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resolvers: Vec<String>,
    /// Whether to find out what the answer's signatures are worth.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dnssec: bool,
    /// Whether to ask the zone's own name servers too, and the zone above who they are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub authoritative: bool,
}

/// Types of records.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Kind {
    /// IPv4 addresses.
    #[default]
    A,
    /// IPv6 addresses.
    Aaaa,
    /// The name that this is an alias of.
    Cname,
    /// Name servers of a zone.
    Ns,
    /// Mail servers.
    Mx,
    /// Text.
    Txt,
    /// Who may issue certificates.
    Caa,
    /// The zone's own record.
    Soa,
    /// Where a service is.
    Srv,
    /// Which certificate a service has.
    Tlsa,
    /// The name of an address.
    Ptr,
    /// How a web service is reached.
    Https,
}

impl Kind {
    fn record_type(self) -> RecordType {
        match self {
            Self::A => RecordType::A,
            Self::Aaaa => RecordType::AAAA,
            Self::Cname => RecordType::CNAME,
            Self::Ns => RecordType::NS,
            Self::Mx => RecordType::MX,
            Self::Txt => RecordType::TXT,
            Self::Caa => RecordType::CAA,
            Self::Soa => RecordType::SOA,
            Self::Srv => RecordType::SRV,
            Self::Tlsa => RecordType::TLSA,
            Self::Ptr => RecordType::PTR,
            Self::Https => RecordType::HTTPS,
        }
    }
}

impl Dns {
    /// Asks the run's resolver for records, and nothing more.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            kind,
            resolvers: Vec::new(),
            dnssec: false,
            authoritative: false,
        }
    }

    fn absolute_name(&self) -> Result<Name, String> {
        if self.kind == Kind::Ptr
            && let Ok(address) = self.name.parse::<IpAddr>()
        {
            return Ok(address.into());
        }
        absolute(&self.name)
    }

    fn places(&self) -> Result<Vec<Place>, String> {
        self.resolvers.iter().map(|text| text.parse()).collect()
    }
}

/// The name from the root of the domain name system, international names in their ASCII form.
fn absolute(text: &str) -> Result<Name, String> {
    let mut name = Name::from_str_relaxed(text).map_err(|error| error.to_string())?;
    name.set_fqdn(true);
    Ok(name.to_lowercase())
}

impl Probe for Dns {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        if self.name.is_empty() {
            return Err(Invalid::new("name", "is empty"));
        }
        self.absolute_name()
            .map_err(|error| Invalid::new("name", format!("is not a domain name: {error}")))?;
        self.places()
            .map(|_| ())
            .map_err(|error| Invalid::new("resolvers", error))
    }

    fn contacts(&self) -> Vec<Contact> {
        let record_type = self.kind.record_type();
        let contact = |host: String, port, count| Contact {
            host,
            port,
            action: format!("DNS {record_type} {}", self.name),
            count,
            access: Access::ReadOnly,
        };
        // Following includes, aliases and chains of signatures takes more questions to the
        // same place; this counts what everybody pays.
        let count = 1 + u32::from(self.dnssec);
        let places = self.places().unwrap_or_default();
        let mut contacts: Vec<Contact> = places
            .into_iter()
            .map(|place| contact(place.host, Some(place.port), count))
            .collect();
        if contacts.is_empty() {
            contacts.push(contact("resolver".to_owned(), Some(53), count));
        }
        if self.authoritative {
            let servers = format!("name servers of {}", self.name);
            contacts.push(contact(servers, Some(53), 13));
        }
        contacts
    }

    fn reproduce(&self) -> String {
        let mut words = vec!["dig".to_owned(), "+dnssec".to_owned()];
        if let Some(Ok(place)) = self.resolvers.first().map(|text| text.parse::<Place>()) {
            words.push(format!("@{}", place.host));
            if place.port != 53 {
                words.push(format!("-p {}", place.port));
            }
        }
        if self.kind == Kind::Ptr && self.name.parse::<IpAddr>().is_ok() {
            words.push(format!("-x {}", self.name));
        } else {
            words.push(format!("{} {}", self.name, self.kind.record_type()));
        }
        words.join(" ")
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let asker = Asker::new(context);
        let name = self.absolute_name().map_err(|detail| {
            ProbeError::new(
                crate::reason::Reason::DnsNxdomain,
                format!("{} does not exist", self.name),
            )
            .with_detail(detail)
        })?;
        let mut question = Question::new(name, self.kind.record_type());
        question.dnssec = self.dnssec;
        let heard = match self.places() {
            Ok(places) if !places.is_empty() => asker.ask_each(&places, &question).await,
            _ => vec![
                asker
                    .ask_any(context.net.resolver().servers(), &question)
                    .await,
            ],
        };
        let (facts, asker) = self.first_that_knows(asker, &question, &heard).await?;
        let mut answer = Answer::from(facts);
        self.compare(&heard, &mut answer);
        if self.dnssec {
            dnssec::judge(&asker, &question, &mut answer).await;
        }
        if self.authoritative {
            authority::compare(&asker, &question, &mut answer).await;
        }
        interpret::interpret(&asker, &mut answer).await;
        Ok(answer)
    }
}

impl Dns {
    /// The facts by the first resolver that knows, and an asker for more of the same.
    async fn first_that_knows<'c>(
        &self,
        asker: Asker<'c>,
        question: &Question,
        heard: &[Asked],
    ) -> Result<(Facts, Asker<'c>), ProbeError> {
        let knows = |asked: &&Asked| {
            let code = asked.rcode();
            code == Some(ResponseCode::NoError) || code == Some(ResponseCode::NXDomain)
        };
        let first = heard.iter().find(knows).or_else(|| heard.first());
        let Some(first) = first else {
            return Err(unreachable(&[], "is not configured"));
        };
        let exchange = first.outcome.as_ref().map_err(Clone::clone)?;
        let asker = asker.at(first.server);
        let servers: Vec<_> = first.server.into_iter().collect();
        match exchange.message.metadata.response_code {
            ResponseCode::NoError | ResponseCode::NXDomain => {
                Ok((self.facts(question, exchange), asker))
            }
            ResponseCode::Refused | ResponseCode::NotAuth => {
                Err(unreachable(&servers, "refuses to answer"))
            }
            ResponseCode::ServFail if self.dnssec => {
                dnssec::unchecked(self, &asker, question, exchange)
                    .await
                    .map(|facts| (facts, asker))
            }
            code => Err(servfail(&self.name, code)),
        }
    }

    /// What one answer says by itself.
    fn facts(&self, question: &Question, exchange: &exchange::Exchange) -> Facts {
        let view = ask::View::of(question, &exchange.message);
        let flags = &exchange.message.metadata;
        Facts {
            name: record::plain(&question.name),
            kind: self.kind,
            exists: flags.response_code != ResponseCode::NXDomain,
            rcode: ask::word(flags.response_code),
            answers: view.answers,
            ttl: view.ttl,
            negative_ttl: view.negative_ttl,
            dangling: flags.response_code == ResponseCode::NXDomain && !view.cname.is_empty(),
            cname: view.cname,
            authoritative: flags.authoritative,
            authentic_data: flags.authentic_data,
            truncated: exchange.truncated,
            tcp_fallback: exchange.truncated,
            transport: if exchange.truncated {
                Transport::Tcp
            } else {
                Transport::Udp
            },
            size_bytes: exchange.bytes,
            resolvers: Vec::new(),
            agree: None,
            dnssec: self.dnssec.then(|| dnssec::unjudged(exchange)),
            authority: None,
            mx: None,
            spf: None,
            dmarc: None,
            dkim: None,
            mta_sts: None,
            tls_rpt: None,
            caa: None,
        }
    }

    /// Fills in what each resolver says and whether they agree.
    fn compare(&self, asked: &[Asked], answer: &mut Answer<Facts>) {
        let question = Question::new(Name::root(), self.kind.record_type());
        let answers = asked.iter().map(|asked| asked.tell(&question));
        answer.facts.resolvers = answers.collect();
        if asked.len() < 2 {
            return;
        }
        let said: BTreeSet<_> = answer
            .facts
            .resolvers
            .iter()
            .filter(|resolver| resolver.rcode.is_some())
            .map(|resolver| (&resolver.rcode, &resolver.answers))
            .collect();
        let silent = asked.iter().find_map(|asked| asked.outcome.as_ref().err());
        match silent {
            // Two that differ settle it, whatever the others would say.
            _ if said.len() > 1 => answer.facts.agree = Some(false),
            Some(error) => {
                answer.gaps.insert("agree".to_owned(), error.clone());
            }
            None => answer.facts.agree = Some(true),
        }
    }
}
