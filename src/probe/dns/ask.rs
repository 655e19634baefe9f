//! Whom to ask, within the time of the whole question, and reading what they say.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};

use super::exchange::{self, Exchange, Question};
use super::facts::ResolverAnswer;
use super::record::{Record, plain};
use crate::probe::net::resolve::unreachable;
use crate::probe::{Context, ProbeError};

/// A server as written: `address`, `address:port`, `name` or `name:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) host: String,
    pub(super) port: u16,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self {
                host: address.ip().to_string(),
                port: address.port(),
            });
        }
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        if bare.parse::<std::net::IpAddr>().is_ok() {
            return Ok(Self {
                host: bare.to_owned(),
                port: 53,
            });
        }
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host, port.parse().ok()),
            None => (text, Some(53)),
        };
        match port {
            Some(port) if port > 0 && super::absolute(host).is_ok() && !host.is_empty() => {
                Ok(Self {
                    host: host.to_owned(),
                    port,
                })
            }
            _ => Err(format!(
                "`{text}` is not address, address:port, name or name:port"
            )),
        }
    }
}

/// Asks within the time of the whole question.
#[derive(Debug)]
pub(super) struct Asker<'c> {
    pub(super) context: &'c Context,
    end: Instant,
    /// The resolver that knew, for more questions.
    server: Option<SocketAddr>,
}

/// A server and what came of asking it.
#[derive(Debug)]
pub(super) struct Asked {
    /// Its name as written, where it could not be turned into an address.
    place: String,
    pub(super) server: Option<SocketAddr>,
    pub(super) outcome: Result<Exchange, ProbeError>,
}

impl<'c> Asker<'c> {
    pub(super) fn new(context: &'c Context) -> Self {
        Self {
            context,
            end: Instant::now() + context.timeout,
            server: None,
        }
    }

    /// The same with further questions going to `server`.
    pub(super) fn at(self, server: Option<SocketAddr>) -> Self {
        Self { server, ..self }
    }

    pub(super) fn server(&self) -> Option<SocketAddr> {
        self.server
    }

    /// Time that is left of the whole question.
    pub(super) fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Asks one server.
    pub(super) async fn ask(
        &self,
        server: SocketAddr,
        question: &Question,
    ) -> Result<Exchange, ProbeError> {
        exchange::ask(self.context, server, question, self.left()).await
    }

    /// Asks the resolver that knew the first question something else.
    pub(super) async fn ask_more(
        &self,
        name: Name,
        kind: RecordType,
    ) -> Result<Exchange, ProbeError> {
        let Some(server) = self.server else {
            return Err(unreachable(&[], "is not configured"));
        };
        let exchange = self.ask(server, &Question::new(name.clone(), kind)).await?;
        match exchange.message.metadata.response_code {
            ResponseCode::NoError | ResponseCode::NXDomain => Ok(exchange),
            ResponseCode::Refused => Err(unreachable(&[server], "refuses to answer")),
            code => Err(crate::probe::net::resolve::servfail(&plain(&name), code)),
        }
    }

    /// Asks one after the other until one answers, as this machine does.
    pub(super) async fn ask_any(&self, servers: &[SocketAddr], question: &Question) -> Asked {
        let mut last = None;
        for (index, server) in servers.iter().enumerate() {
            let others = u32::try_from(servers.len() - index).unwrap_or(u32::MAX);
            let limit = self.left() / others;
            let outcome = exchange::ask(self.context, *server, question, limit).await;
            let asked = Asked {
                place: server.to_string(),
                server: Some(*server),
                outcome,
            };
            if asked.outcome.is_ok() {
                return asked;
            }
            last = Some(asked);
        }
        last.unwrap_or_else(|| Asked {
            place: "resolver".to_owned(),
            server: None,
            outcome: Err(unreachable(&[], "is not configured")),
        })
    }

    /// Asks every one at the same time.
    pub(super) async fn ask_each(&self, places: &[Place], question: &Question) -> Vec<Asked> {
        join_all(places.iter().map(async |place| {
            let server = self.locate(place).await;
            let outcome = match &server {
                Ok(server) => self.ask(*server, question).await,
                Err(error) => Err(error.clone()),
            };
            Asked {
                place: format!("{}:{}", place.host, place.port),
                server: server.ok(),
                outcome,
            }
        }))
        .await
    }

    /// The address of a name server: one of its IPv4 addresses if it has any, so that this
    /// machine's lack of IPv6 is not taken for the server's silence.
    pub(super) async fn locate(&self, place: &Place) -> Result<SocketAddr, ProbeError> {
        if let Ok(address) = place.host.parse() {
            return Ok(SocketAddr::new(address, place.port));
        }
        let net = &self.context.net;
        let addresses = net.addresses(&place.host, place.port, self.left()).await?;
        let v4 = addresses.iter().find(|address| address.is_ipv4());
        v4.or(addresses.first())
            .copied()
            .ok_or_else(|| unreachable(&[], "has no address"))
    }
}

impl Asked {
    pub(super) fn rcode(&self) -> Option<ResponseCode> {
        let exchange = self.outcome.as_ref().ok()?;
        Some(exchange.message.metadata.response_code)
    }

    pub(super) fn tell(&self, question: &Question) -> ResolverAnswer {
        let server = self.server.map_or(self.place.clone(), |a| a.to_string());
        match &self.outcome {
            Ok(exchange) => {
                let view = View::of(question, &exchange.message);
                ResolverAnswer {
                    server,
                    rcode: self.rcode().map(word),
                    answers: view.data(),
                    ttl: view.ttl,
                    ms: Some(exchange.took.as_secs_f64() * 1000.0),
                    error: None,
                }
            }
            Err(error) => ResolverAnswer {
                server,
                rcode: None,
                answers: Vec::new(),
                ttl: None,
                ms: None,
                error: Some(error.reason),
            },
        }
    }
}

/// What a message says in answer to a question.
pub(super) struct View {
    pub(super) answers: Vec<Record>,
    pub(super) cname: Vec<String>,
    pub(super) ttl: Option<u32>,
    pub(super) negative_ttl: Option<u32>,
}

impl View {
    pub(super) fn of(question: &Question, message: &Message) -> Self {
        let mut answers: Vec<Record> = message
            .answers
            .iter()
            .filter(|record| record.record_type() == question.kind)
            .map(Record::from)
            .collect();
        answers.sort_by(|a, b| (a.priority, &a.data).cmp(&(b.priority, &b.data)));
        let counts = |kind| kind == question.kind || kind == RecordType::CNAME;
        let ttl = message
            .answers
            .iter()
            .filter(|record| counts(record.record_type()))
            .map(|record| record.ttl)
            .min();
        let negative_ttl = message.authorities.iter().find_map(|record| {
            let RData::SOA(soa) = &record.data else {
                return None;
            };
            answers.is_empty().then_some(record.ttl.min(soa.minimum))
        });
        Self {
            cname: aliases(question, message),
            answers,
            ttl,
            negative_ttl,
        }
    }

    pub(super) fn data(&self) -> Vec<String> {
        let records = self.answers.iter();
        records.map(|record| record.data.clone()).collect()
    }
}

/// The names that aliases lead through, from the name asked for. A loop ends where it closes.
fn aliases(question: &Question, message: &Message) -> Vec<String> {
    let mut chain: Vec<String> = Vec::new();
    if question.kind == RecordType::CNAME {
        return chain;
    }
    let mut name = plain(&question.name);
    let next = |name: &str| {
        message
            .answers
            .iter()
            .find_map(|record| match &record.data {
                RData::CNAME(target) if plain(&record.name) == name => Some(plain(&target.0)),
                _ => None,
            })
    };
    while let Some(target) = next(&name) {
        if chain.contains(&target) {
            break;
        }
        chain.push(target.clone());
        name = target;
    }
    chain
}

/// A code in lower case, as `dig` writes it: `noerror`, `nxdomain`.
pub(super) fn word(code: ResponseCode) -> String {
    match code {
        ResponseCode::NoError => "noerror".to_owned(),
        ResponseCode::FormErr => "formerr".to_owned(),
        ResponseCode::ServFail => "servfail".to_owned(),
        ResponseCode::NXDomain => "nxdomain".to_owned(),
        ResponseCode::NotImp => "notimp".to_owned(),
        ResponseCode::Refused => "refused".to_owned(),
        ResponseCode::NotAuth => "notauth".to_owned(),
        other => format!("rcode{}", u16::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn servers_are_addresses_or_names_with_or_without_a_port() {
        for (text, host, port) in [
            ("192.0.2.1", "192.0.2.1", 53),
            ("192.0.2.1:5353", "192.0.2.1", 5353),
            ("2001:db8::1", "2001:db8::1", 53),
            ("[2001:db8::1]:5353", "2001:db8::1", 5353),
            ("dns.example", "dns.example", 53),
            ("dns.example:5353", "dns.example", 5353),
        ] {
            let place: Place = text.parse().unwrap();
            assert_eq!((place.host.as_str(), place.port), (host, port), "{text}");
        }
        for text in [
            "",
            ":53",
            "dns.example:x",
            "dns.example:0",
            "a..b",
            "https://x",
        ] {
            assert!(text.parse::<Place>().is_err(), "{text} was taken");
        }
    }
}
