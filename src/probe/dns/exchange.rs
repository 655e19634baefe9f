//! One question to one name server: over UDP, and again over TCP when the answer is cut short.
//!
//! It looks at nothing but what is needed to know the answer as the one to its question.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use hickory_proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::probe::net::resolve::unreachable;
use crate::probe::{Context, ProbeError, net};

/// What fits through nearly every network in one piece.
const UDP_PAYLOAD: u16 = 1232;

/// How long a datagram may be on its way before it counts as lost.
const RESEND_AFTER: Duration = Duration::from_millis(1500);

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) name: Name,
    pub(super) kind: RecordType,
    /// Whether the server is to find out what it does not know.
    pub(super) recursive: bool,
    /// Whether signatures are wanted.
    pub(super) dnssec: bool,
    /// Whether the server is to answer even what it finds forged.
    pub(super) unchecked: bool,
}

impl Question {
    /// A plain question to a resolver.
    pub(super) fn new(name: Name, kind: RecordType) -> Self {
        Self {
            name,
            kind,
            recursive: true,
            dnssec: false,
            unchecked: false,
        }
    }

    /// The same to one of the zone's own servers.
    pub(super) fn not_recursive(mut self) -> Self {
        self.recursive = false;
        self
    }

    fn message(&self, edns: bool) -> Message {
        let mut message = Message::query();
        message.metadata.recursion_desired = self.recursive;
        message.metadata.authentic_data = self.recursive;
        message.metadata.checking_disabled = self.unchecked;
        message.add_query(Query::query(self.name.clone(), self.kind));
        if edns {
            let mut edns = Edns::new();
            edns.set_max_payload(UDP_PAYLOAD);
            edns.set_dnssec_ok(self.dnssec);
            message.set_edns(edns);
        }
        message
    }

    /// Whether `message` answers this. A server that does not understand a question may leave
    /// it out of its answer.
    fn is_answered_by(&self, message: &Message) -> bool {
        message.metadata.message_type == MessageType::Response
            && match message.queries.first() {
                Some(query) => query.name() == &self.name && query.query_type() == self.kind,
                None => message.metadata.response_code != ResponseCode::NoError,
            }
    }
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) message: Message,
    /// Whether the answer over UDP was cut short, so that TCP was used.
    pub(super) truncated: bool,
    /// Size of the answer in bytes.
    pub(super) bytes: usize,
    pub(super) took: Duration,
}

/// Asks `server`. An error is always that the server could not be asked or its answer not be
/// read; whatever it answers is an answer.
pub(super) async fn ask(
    context: &Context,
    server: SocketAddr,
    question: &Question,
    limit: Duration,
) -> Result<Exchange, ProbeError> {
    let start = Instant::now();
    let mut exchange = once(context, server, question, true, limit).await?;
    let left = limit.saturating_sub(start.elapsed());
    // Servers older than EDNS do not understand it (RFC 6891, section 7).
    if exchange.message.metadata.response_code == ResponseCode::FormErr {
        exchange = once(context, server, question, false, left).await?;
    }
    exchange.took = start.elapsed();
    Ok(exchange)
}

async fn once(
    context: &Context,
    server: SocketAddr,
    question: &Question,
    edns: bool,
    limit: Duration,
) -> Result<Exchange, ProbeError> {
    let start = Instant::now();
    let asked = question.message(edns);
    let bytes = asked.to_vec().map_err(|error| {
        unreachable(&[server], "cannot be asked this").with_detail(error.to_string())
    })?;
    context.traffic.request();
    let answer = over_udp(server, question, &asked, &bytes, limit).await?;
    if !answer.message.metadata.truncation {
        return Ok(answer);
    }
    context.traffic.request();
    context.traffic.connection();
    let left = limit.saturating_sub(start.elapsed());
    let whole = over_tcp(server, question, &asked, &bytes, left).await?;
    Ok(Exchange {
        truncated: true,
        ..whole
    })
}

async fn over_udp(
    server: SocketAddr,
    question: &Question,
    asked: &Message,
    bytes: &[u8],
    limit: Duration,
) -> Result<Exchange, ProbeError> {
    let failed = |error: std::io::Error| {
        let what = match error.kind() {
            std::io::ErrorKind::ConnectionRefused => "is not there",
            _ => "did not answer",
        };
        unreachable(&[server], what).with_detail(error.to_string())
    };
    let here: SocketAddr = if server.is_ipv4() {
        (Ipv4Addr::UNSPECIFIED, 0).into()
    } else {
        (Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let socket = UdpSocket::bind(here).await.map_err(failed)?;
    // A connected socket takes datagrams from this server alone, and learns of a closed port.
    socket.connect(server).await.map_err(failed)?;
    let start = Instant::now();
    let mut buffer = vec![0; 4096];
    while start.elapsed() < limit {
        socket.send(bytes).await.map_err(failed)?;
        let resend = Instant::now() + RESEND_AFTER.min(limit / 3);
        loop {
            let wait = resend.saturating_duration_since(Instant::now());
            let Ok(received) = timeout(wait, socket.recv(&mut buffer)).await else {
                break;
            };
            let heard = buffer.get(..received.map_err(failed)?).unwrap_or_default();
            if let Some(message) = read(server, question, asked, heard)? {
                return Ok(answer(message, heard.len(), start));
            }
        }
    }
    Err(unreachable(&[server], "did not answer")
        .with_detail(format!("no answer within {} ms", limit.as_millis())))
}

async fn over_tcp(
    server: SocketAddr,
    question: &Question,
    asked: &Message,
    bytes: &[u8],
    limit: Duration,
) -> Result<Exchange, ProbeError> {
    let start = Instant::now();
    let no_tcp =
        |detail: String| unreachable(&[server], "did not answer over TCP").with_detail(detail);
    let subject = server.to_string();
    let mut stream = net::connect(server, &subject, limit)
        .await
        .map_err(|error| no_tcp(error.detail.unwrap_or(error.cause)))?;
    let talk = async {
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        stream
            .write_all(&[&length.to_be_bytes(), bytes].concat())
            .await?;
        let mut heard = vec![0; usize::from(stream.read_u16().await?)];
        stream.read_exact(&mut heard).await?;
        std::io::Result::Ok(heard)
    };
    let left = limit.saturating_sub(start.elapsed());
    let heard = match timeout(left, talk).await {
        Ok(heard) => heard.map_err(|error| no_tcp(error.to_string()))?,
        Err(_) => return Err(no_tcp(format!("no answer within {} ms", limit.as_millis()))),
    };
    let message = read(server, question, asked, &heard)?
        .ok_or_else(|| no_tcp("an answer to another question".to_owned()))?;
    Ok(answer(message, heard.len(), start))
}

/// The message, if it answers this question; `None` for what is somebody else's.
fn read(
    server: SocketAddr,
    question: &Question,
    asked: &Message,
    heard: &[u8],
) -> Result<Option<Message>, ProbeError> {
    if heard.get(..2) != Some(&asked.metadata.id.to_be_bytes()[..]) {
        return Ok(None);
    }
    let message = Message::from_vec(heard).map_err(|error| {
        unreachable(&[server], "gave a malformed answer")
            .with_detail(format!("{} bytes: {error}", heard.len()))
    })?;
    Ok(question.is_answered_by(&message).then_some(message))
}

fn answer(message: Message, bytes: usize, start: Instant) -> Exchange {
    Exchange {
        message,
        truncated: false,
        bytes,
        took: start.elapsed(),
    }
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::Message;
    use hickory_proto::rr::rdata::{CNAME, TXT};
    use hickory_proto::rr::{Name, RData, Record, RecordType};
    use proptest::prelude::*;

    use super::{Question, read};
    use crate::probe::dns::ask::View;

    fn question() -> Question {
        Question::new(Name::from_ascii("a.example.").unwrap(), RecordType::TXT)
    }

    /// An answer with an alias that leads to itself, and text.
    fn answer(asked: &Message) -> Vec<u8> {
        let name = question().name;
        let mut message = Message::response(asked.metadata.id, asked.metadata.op_code);
        message.add_queries(asked.queries.iter().cloned());
        let alias = RData::CNAME(CNAME(name.clone()));
        let text = RData::TXT(TXT::new(vec!["v=spf1 -all".to_owned()]));
        message.add_answer(Record::from_rdata(name.clone(), 60, alias));
        message.add_answer(Record::from_rdata(name, 60, text));
        message.to_vec().unwrap()
    }

    #[test]
    fn an_alias_of_itself_ends() {
        let asked = question().message(true);
        let server = "127.0.0.1:53".parse().unwrap();
        let message = read(server, &question(), &asked, &answer(&asked)).unwrap();
        let view = View::of(&question(), &message.unwrap());
        assert_eq!(view.cname, ["a.example"]);
        assert_eq!(view.data(), ["\"v=spf1 -all\""]);
    }

    proptest! {
        #[test]
        fn damaged_answers_are_refused_or_read(
            damage in prop::collection::vec((2_usize..90, any::<u8>()), 0..12),
            keep in 2_usize..90,
        ) {
            let asked = question().message(true);
            let mut bytes = answer(&asked);
            for (place, byte) in damage {
                if let Some(there) = bytes.get_mut(place) {
                    *there = byte;
                }
            }
            bytes.truncate(keep);
            let server = "127.0.0.1:53".parse().unwrap();
            if let Ok(Some(message)) = read(server, &question(), &asked, &bytes) {
                let view = View::of(&question(), &message);
                prop_assert!(view.cname.len() <= message.answers.len());
            }
        }
    }
}
