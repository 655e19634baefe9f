//! Is a port open, closed or filtered, on every address of a name?
//!
//! Open, closed and filtered are facts, so that a closed port can be expected. The target's
//! own fault: a name that does not resolve. Our inability: no route to an address, no
//! resolver. It speaks no protocol; a banner is what the server says by itself, or in answer
//! to `send`.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError, net};
use crate::reason::{Reason, Side};

/// The most that is read of a banner, in bytes.
const BANNER_BYTES: u64 = 512;

/// How long a server may take to say something by itself.
const BANNER_TIME: Duration = Duration::from_secs(2);

/// How many addresses of a name are tried at most.
const MOST_ADDRESSES: usize = 32;

/// Opens a TCP connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tcp {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether to read what the server says first: up to 512 bytes, for up to two seconds.
    #[serde(default)]
    pub banner: bool,
    /// What to say before reading a banner. Sending anything needs `--allow intrusive`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<String>,
    /// Whether to stop at the first address that answers, as a client does, or to try all.
    #[serde(default)]
    pub addresses: Addresses,
}

/// Which addresses of a name are tried.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Addresses {
    /// Until one answers; those that this machine has no route to do not count.
    #[default]
    First,
    /// Every one. If none is open and one cannot be reached from here, `open` and `state` are
    /// unknown.
    All,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// The port on all addresses together: `open` if one is, else `filtered` if one is, else
    /// `closed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Whether the port accepts connections on some address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
    /// Each address that was tried and reached or not, v4 first; those without a route from
    /// here are left out.
    pub addresses: Vec<Address>,
    /// The same over the IPv4 addresses; left out when the name has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v4: Option<Family>,
    /// The same over the IPv6 addresses; left out when the name has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v6: Option<Family>,
    /// What the server said, when asked for and given; bytes that are no UTF-8 are replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub banner: Option<String>,
}

/// What became of the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// A connection stood.
    Open,
    /// The connection was refused.
    Closed,
    /// Nothing answered, or something on the way said that the host cannot be reached.
    Filtered,
}

/// One address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    /// The address, without the port.
    pub address: IpAddr,
    /// `v4` or `v6`.
    pub family: IpFamily,
    /// What became of the attempt.
    pub state: State,
    /// Milliseconds until the connection stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_ms: Option<f64>,
}

/// The version of the internet protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IpFamily {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// The addresses of one family together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Family {
    /// As for all addresses.
    pub state: State,
    /// Whether the port accepts connections on some address of the family.
    pub open: bool,
}

impl Tcp {
    /// Asks whether the port is open, and nothing more.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            banner: false,
            send: None,
            addresses: Addresses::First,
        }
    }
}

impl Probe for Tcp {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        Invalid::unless_place(&self.host, self.port)?;
        if self.send.is_some() && !self.banner {
            return Err(Invalid::new("send", "is of no use without `banner: true`"));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let (action, access) = match &self.send {
            Some(text) => (format!("TCP send {text:?}"), Access::Intrusive),
            None => ("TCP connect".to_owned(), Access::ReadOnly),
        };
        vec![Contact {
            host: self.host.clone(),
            port: Some(self.port),
            action,
            count: 1,
            access,
        }]
    }

    fn reproduce(&self) -> String {
        let say = self.send.as_ref().map(|text| {
            let quoted = text
                .as_bytes()
                .escape_ascii()
                .to_string()
                .replace(r"\'", r"\x27");
            format!("printf '{}' | ", quoted.replace('%', "%%"))
        });
        let flags = if self.banner { "-v -w 2" } else { "-vz" };
        format!(
            "{}nc {flags} {} {}",
            say.unwrap_or_default(),
            self.host,
            self.port
        )
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let start = Instant::now();
        let mut addresses = context
            .net
            .addresses(&self.host, self.port, context.timeout)
            .await?;
        addresses.truncate(MOST_ADDRESSES);
        let left = context.timeout.saturating_sub(start.elapsed());
        // What is left for the banner, so that an open port is told even if it stays silent.
        let limit = if self.banner { left / 2 } else { left };
        let (stream, tried) = self.connect(context, addresses, limit).await;
        let mut answer = summary(tried, self.addresses)?;
        if let (true, Some(stream)) = (self.banner, stream) {
            let left = context.timeout.saturating_sub(start.elapsed());
            let time = BANNER_TIME.min(left.mul_f64(0.9));
            answer.facts.banner = banner(stream, self.send.as_deref(), time).await;
        }
        Ok(answer)
    }
}

/// One attempt: how long the connection took to stand, or why it did not.
type Tried = (SocketAddr, Result<Duration, ProbeError>);

impl Tcp {
    async fn connect(
        &self,
        context: &Context,
        addresses: Vec<SocketAddr>,
        limit: Duration,
    ) -> (Option<TcpStream>, Vec<Tried>) {
        let subject = format!("{}:{}", self.host, self.port);
        let (mut kept, mut tried) = (None, Vec::new());
        match self.addresses {
            Addresses::First => {
                context.traffic.connection();
                let race = net::race(addresses, &subject, limit).await;
                if let Some((stream, address, took)) = race.won {
                    kept = Some(stream);
                    tried.push((address, Ok(took)));
                }
                let lost = race.lost.into_iter();
                tried.extend(lost.map(|(address, error)| (address, Err(error))));
            }
            Addresses::All => {
                let all = addresses.into_iter().map(async |address| {
                    context.traffic.connection();
                    let start = Instant::now();
                    let outcome = net::connect(address, &subject, limit).await;
                    (address, outcome.map(|stream| (stream, start.elapsed())))
                });
                for (address, outcome) in futures_util::future::join_all(all).await {
                    let outcome = outcome.map(|(stream, took)| {
                        kept.get_or_insert(stream);
                        took
                    });
                    tried.push((address, outcome));
                }
            }
        }
        tried.sort_by_key(|(address, _)| *address);
        (kept, tried)
    }
}

/// Facts and gaps from what was tried; an error when no address could be tried at all.
fn summary(tried: Vec<Tried>, which: Addresses) -> Result<Answer<Facts>, ProbeError> {
    let (mut addresses, mut unknown) = (Vec::new(), BTreeMap::new());
    for (address, outcome) in tried {
        let family = family(address);
        match outcome {
            Err(error) if error.side() == Side::Ours => {
                unknown.entry(name_of(family)).or_insert(error);
            }
            outcome => addresses.push(Address {
                address: address.ip(),
                family,
                state: state(outcome.as_ref().err()),
                connect_ms: outcome.ok().map(|took| took.as_secs_f64() * 1000.0),
            }),
        }
    }
    if addresses.is_empty()
        && let Some((_, error)) = unknown.pop_first()
    {
        return Err(error);
    }
    let of = |family| {
        let state = together(addresses.iter().filter(|a| a.family == family))?;
        let open = state == State::Open;
        Some(Family { state, open })
    };
    let (mut v4, mut v6) = (of(IpFamily::V4), of(IpFamily::V6));
    let mut state = together(addresses.iter());
    let mut gaps = BTreeMap::new();
    for (family, error) in unknown {
        let side = if family == "v4" { &mut v4 } else { &mut v6 };
        // One open address settles it, whatever the others would say.
        if side.as_ref().is_none_or(|family| !family.open) {
            *side = None;
            gaps.insert(family.to_owned(), error.clone());
        }
        if which == Addresses::All && state != Some(State::Open) {
            state = None;
            gaps.insert("state".to_owned(), error.clone());
            gaps.insert("open".to_owned(), error);
        }
    }
    let facts = Facts {
        state,
        open: state.map(|state| state == State::Open),
        addresses,
        v4,
        v6,
        banner: None,
    };
    Ok(Answer { facts, gaps })
}

fn family(address: SocketAddr) -> IpFamily {
    if address.ip().to_canonical().is_ipv4() {
        IpFamily::V4
    } else {
        IpFamily::V6
    }
}

fn name_of(family: IpFamily) -> &'static str {
    match family {
        IpFamily::V4 => "v4",
        IpFamily::V6 => "v6",
    }
}

fn state(error: Option<&ProbeError>) -> State {
    match error.map(|error| error.reason) {
        None => State::Open,
        Some(Reason::TcpRefused | Reason::TcpReset) => State::Closed,
        Some(_) => State::Filtered,
    }
}

fn together<'a>(addresses: impl Iterator<Item = &'a Address>) -> Option<State> {
    addresses
        .map(|address| address.state)
        .min_by_key(|state| match state {
            State::Open => 0,
            State::Filtered => 1,
            State::Closed => 2,
        })
}

/// What the server says; `None` for nothing.
async fn banner(mut stream: TcpStream, say: Option<&str>, time: Duration) -> Option<String> {
    let mut heard = Vec::new();
    let conversation = async {
        if let Some(text) = say {
            stream.write_all(text.as_bytes()).await?;
        }
        // The first piece is waited for; what follows at once belongs to it.
        let mut stream = stream.take(BANNER_BYTES);
        while stream.read_buf(&mut heard).await? > 0 && !heard.ends_with(b"\n") {}
        std::io::Result::Ok(())
    };
    // Running out of time or being cut off leaves what was heard until then.
    _ = tokio::time::timeout(time, conversation).await;
    (!heard.is_empty()).then(|| String::from_utf8_lossy(&heard).into_owned())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use super::{Addresses, State, summary};
    use crate::probe::ProbeError;
    use crate::reason::Reason;

    fn tried(list: &[(&str, Option<Reason>)]) -> Vec<(SocketAddr, Result<Duration, ProbeError>)> {
        list.iter()
            .map(|(address, reason)| {
                let outcome = match reason {
                    None => Ok(Duration::from_millis(1)),
                    Some(reason) => Err(ProbeError::new(*reason, "x")),
                };
                (address.parse().unwrap(), outcome)
            })
            .collect()
    }

    #[test]
    fn an_address_without_a_route_is_unknown_and_not_closed() {
        let no_v6 = [
            ("127.0.0.1:5432", Some(Reason::TcpRefused)),
            ("[::1]:5432", Some(Reason::NetNoRoute)),
        ];
        let all = summary(tried(&no_v6), Addresses::All).unwrap();
        assert_eq!((all.facts.state, all.facts.open), (None, None));
        assert_eq!(all.facts.v4.unwrap().state, State::Closed);
        assert_eq!(all.facts.v6, None);
        let gaps: Vec<&str> = all.gaps.keys().map(String::as_str).collect();
        assert_eq!(gaps, ["open", "state", "v6"]);

        let first = summary(tried(&no_v6), Addresses::First).unwrap();
        assert_eq!(first.facts.state, Some(State::Closed));
        assert_eq!(first.gaps.keys().collect::<Vec<_>>(), ["v6"]);

        let error = summary(tried(&no_v6[1..]), Addresses::First).unwrap_err();
        assert_eq!(error.reason, Reason::NetNoRoute);
    }

    #[test]
    fn one_open_address_is_open_and_one_silent_is_filtered() {
        let open = tried(&[
            ("127.0.0.1:1", Some(Reason::TcpTimeout)),
            ("[::1]:1", None),
            ("[::2]:1", Some(Reason::NetNoRoute)),
        ]);
        let open = summary(open, Addresses::All).unwrap();
        assert_eq!(open.facts.open, Some(true));
        assert_eq!(open.facts.v4.unwrap().state, State::Filtered);
        assert!(open.facts.v6.unwrap().open && open.gaps.is_empty());

        let filtered = tried(&[
            ("127.0.0.1:1", Some(Reason::TcpRefused)),
            ("127.0.0.2:1", Some(Reason::TcpUnreachable)),
        ]);
        let filtered = summary(filtered, Addresses::All).unwrap().facts;
        assert_eq!(filtered.state, Some(State::Filtered));
    }
}
