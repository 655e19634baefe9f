//! Everything that a TLS server shows: a record taken with verification off and judged
//! afterwards, so that a broken certificate is described best when it matters most.
//!
//! The target's answer: refused or reset connections, silence, what is not TLS, alerts, refused
//! STARTTLS. Expired, self-signed and wrongly named certificates are facts. Our inability: no
//! route, no resolver; and, as gaps below an answer, versions and suites about which the server
//! could not be asked to the end. A server that wants a client certificate is described as far
//! as it can be seen.
//!
//! It does not ask other hosts whether a certificate is revoked, and attacks nothing: flaws of
//! implementations are not searched for.

mod certificate;
mod describe;
mod facts;
mod hello;
mod reply;
mod scan;
mod starttls;
mod suites;
mod target;
mod visit;

use std::net::SocketAddr;
use std::time::Instant;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::target::{MOST_CONNECTIONS, Target};
use self::visit::Visit;
use super::net::tls::Shown;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError};
use crate::reason::{Reason, Side};

pub use self::facts::{
    AddressFacts, Certificate, Facts, Group, PathStep, Protocols, Role, Sni, SniAnswer, Suite,
};
pub use self::starttls::Starttls;

/// Shakes hands with a server and describes what it shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Name or address.
    pub host: String,
    /// Port.
    #[serde(default = "https")]
    pub port: u16,
    /// Name to ask for and to judge by, where it is not `host`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// Protocol that is spoken before TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starttls: Option<Starttls>,
    /// Application protocols to offer, the preferred one first: `h2` and `http/1.1` unless
    /// `starttls` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<Vec<String>>,
    /// Which addresses of the name are visited.
    #[serde(default)]
    pub addresses: Addresses,
    /// Whether to find out every version, suite and group that is accepted, which takes some
    /// dozens of connections.
    #[serde(default = "yes")]
    pub scan: bool,
}

/// Which addresses of a name are visited.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Addresses {
    /// The first that answers.
    #[default]
    First,
    /// All of them; the scan is of the first that answers.
    All,
}

fn https() -> u16 {
    443
}

fn yes() -> bool {
    true
}

/// No name has more addresses that are worth visiting.
const MOST_ADDRESSES: usize = 16;

impl Tls {
    /// What is asked for and judged by, as it is sent.
    fn name(&self) -> String {
        let name = self.server_name.as_ref().unwrap_or(&self.host);
        ascii(name).unwrap_or_else(|| name.clone())
    }

    fn alpn(&self) -> Vec<&str> {
        match (&self.alpn, self.starttls) {
            (Some(names), _) => names.iter().map(String::as_str).collect(),
            (None, None) => vec!["h2", "http/1.1"],
            (None, Some(_)) => vec![],
        }
    }

    fn subject(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// A host as it is sent: names with other letters in their ASCII form, addresses bare.
fn ascii(host: &str) -> Option<String> {
    let bare = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .trim_end_matches('.');
    if bare.parse::<std::net::IpAddr>().is_ok() {
        return Some(bare.to_owned());
    }
    match url::Host::parse(bare).ok()? {
        url::Host::Domain(name) => Some(name),
        url::Host::Ipv4(_) | url::Host::Ipv6(_) => None,
    }
}

impl Probe for Tls {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        let hosts = [
            ("host", Some(&self.host)),
            ("server_name", self.server_name.as_ref()),
        ];
        for (field, host) in hosts {
            if let Some(host) = host
                && ascii(host).is_none()
            {
                let message = format!("`{host}` is neither a host name nor an address");
                return Err(Invalid::new(field, message));
            }
        }
        let names = self.alpn.iter().flatten();
        if names
            .clone()
            .any(|name| name.is_empty() || name.len() > 255)
        {
            return Err(Invalid::new("alpn", "a protocol's name has 1 to 255 bytes"));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let visits: u32 = match self.addresses {
            Addresses::First => 2,
            Addresses::All => 32,
        };
        vec![Contact {
            host: self.host.clone(),
            port: Some(self.port),
            action: "TLS handshakes".to_owned(),
            count: visits + if self.scan { MOST_CONNECTIONS } else { 0 },
            access: Access::ReadOnly,
        }]
    }

    fn reproduce(&self) -> String {
        let mut command = format!("openssl s_client -connect {}", self.subject());
        let name = self.name();
        if name.parse::<std::net::IpAddr>().is_err() {
            command.push_str(" -servername ");
            command.push_str(&name);
        }
        if let Some(starttls) = self.starttls {
            command.push_str(" -starttls ");
            command.push_str(starttls.word());
        }
        command + " -showcerts </dev/null"
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        // What is kept back is the time to say what was not found out.
        let deadline = Instant::now() + context.timeout * 19 / 20;
        let mut addresses = context
            .net
            .addresses(&self.host, self.port, context.timeout)
            .await?;
        addresses.truncate(MOST_ADDRESSES);
        let (subject, name) = (self.subject(), self.name());
        let target = |address, deadline| {
            Target::new(context, (address, &subject), &name, self.starttls, deadline)
        };
        let mut seen = Seen::default();
        let mut left = u32::try_from(addresses.len()).unwrap_or(1);
        for address in addresses {
            // An address that stays silent must leave time for the others.
            let remaining = deadline.saturating_duration_since(Instant::now());
            let share = Instant::now() + remaining / left;
            left -= 1;
            seen.visits.push((
                address,
                visit::visit(&target(address, share), &self.alpn()).await,
            ));
            if self.addresses == Addresses::First && seen.first().is_some() {
                break;
            }
        }
        let Some((address, visit)) = seen.first() else {
            return Err(seen.error(&subject));
        };
        let judge = describe::Judge {
            subject: &subject,
            name: &name,
            port: self.port,
            trust: &context.net.trust,
            now: context.now,
        };
        let target = target(address, deadline);
        let more = if self.scan {
            Some(more(&target, visit).await)
        } else {
            None
        };
        describe::facts(&judge, &seen, more)
    }
}

/// What each visited address showed.
#[derive(Default)]
struct Seen {
    visits: Vec<(SocketAddr, Result<Visit, ProbeError>)>,
}

impl Seen {
    /// The first address that showed anything.
    fn first(&self) -> Option<(SocketAddr, &Visit)> {
        self.visits
            .iter()
            .find_map(|(address, visit)| Some((*address, visit.as_ref().ok()?)))
    }

    /// What to say if none did: a target's answer rather than our own lack of a route.
    fn error(&self, subject: &str) -> ProbeError {
        let errors = self
            .visits
            .iter()
            .filter_map(|(_, visit)| visit.as_ref().err());
        errors
            .clone()
            .find(|error| error.side() == Side::Target)
            .or_else(|| errors.clone().next())
            .cloned()
            .unwrap_or_else(|| {
                ProbeError::new(Reason::DnsNoAddress, format!("{subject} has no address"))
            })
    }
}

/// What only a scan finds.
struct More {
    scan: scan::Scan,
    /// The chain that is shown to clients which cannot take the usual one.
    other: Option<Shown>,
    sni: Option<Sni>,
}

async fn more(target: &Target<'_>, visit: &Visit) -> More {
    let scanning = async {
        let asked;
        let versions = if let Some(versions) = &visit.versions {
            versions
        } else {
            asked = scan::versions(target, Some(&visit.shown.version)).await;
            &asked
        };
        scan::details(target, versions).await
    };
    let looking = async {
        if visit.completed {
            Some(looks(target, &visit.shown).await)
        } else {
            None
        }
    };
    let (scan, looks) = futures_util::future::join(scanning, looking).await;
    let mut more = More {
        scan,
        other: None,
        sni: None,
    };
    if let Some((other, sni)) = looks {
        more.other = more.known(target, "other_certificates", other).flatten();
        let absent = more.known(target, "sni.absent", sni.0);
        let unknown = more.known(target, "sni.unknown", sni.1);
        more.sni = Some(Sni { absent, unknown });
    }
    more
}

/// What is known, or not.
type Known<T> = Result<T, ProbeError>;

/// What other clients see: such as cannot take the usual key, such as name no host, and such as
/// name an unknown one.
async fn looks(
    target: &Target<'_>,
    usual: &Shown,
) -> (Known<Option<Shown>>, (Known<SniAnswer>, Known<SniAnswer>)) {
    let is_rsa = usual
        .chain
        .first()
        .is_some_and(|leaf| certificate::is_rsa(leaf));
    let other = visit::other_chain(target, is_rsa).await;
    let absent = visit::without_name(target, usual).await;
    let unknown = visit::with_unknown_name(target, usual).await;
    (other, (absent, unknown))
}

impl More {
    /// The fact; one that is not known becomes a gap.
    fn known<T>(&mut self, target: &Target<'_>, path: &str, fact: Known<T>) -> Option<T> {
        match fact {
            Ok(fact) => Some(fact),
            Err(error) => {
                let gap = scan::incomplete(target, path, &error);
                self.scan.gaps.insert(path.to_owned(), gap);
                None
            }
        }
    }
}
