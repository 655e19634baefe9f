//! What an SSH server offers before anybody logs in: its greeting and its algorithms.
//!
//! It reads the identification and the first key exchange message, both in clear text, and
//! leaves. The target's answer: refused connections, silence, what is no SSH. Our inability: no
//! route, no resolver.
//!
//! Keys are not exchanged, so neither the host key's fingerprint nor the ways to log in are
//! known.

mod algorithms;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::net::talk::Talk;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError};
use crate::text::push;

pub use self::algorithms::Algorithms;

/// Reads what an SSH server offers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ssh {
    /// Name or address.
    pub host: String,
    /// Port.
    #[serde(default = "usual_port")]
    pub port: u16,
}

fn usual_port() -> u16 {
    22
}

/// What an SSH server offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// The identification as sent: `SSH-2.0-OpenSSH_9.2p1 Debian-2`.
    pub banner: String,
    /// Version of the protocol: `2.0`; `1.99` speaks the broken version 1 as well.
    pub protocol: String,
    /// Software with its version: `OpenSSH_9.2p1`.
    pub software: String,
    /// What the identification adds, such as the distribution's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Every algorithm on offer.
    pub offered: Algorithms,
    /// Those of them that should not be offered any more; all empty when there are none.
    pub weak: Algorithms,
    /// Whether the server protects the handshake from messages that are slipped in or dropped
    /// (Terrapin, CVE-2023-48795) by strict key exchange.
    pub strict_kex: bool,
    /// Whether a key exchange is offered that quantum computers do not break later.
    pub post_quantum: bool,
}

/// The longest identification (RFC 4253, section 4.2, is stricter).
const IDENTIFICATION: u64 = 1024;

/// Lines that may come before it.
const LINES_BEFORE: usize = 50;

/// The longest first message, in bytes (RFC 4253, section 6.1).
const MESSAGE: usize = 35_000;

impl Probe for Ssh {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        Invalid::unless_place(&self.host, self.port)
    }

    fn contacts(&self) -> Vec<Contact> {
        vec![Contact {
            host: self.host.clone(),
            port: Some(self.port),
            action: "SSH greeting, no login".to_owned(),
            count: 1,
            access: Access::ReadOnly,
        }]
    }

    fn reproduce(&self) -> String {
        let mut command = "ssh -vv -o BatchMode=yes -o PreferredAuthentications=none".to_owned();
        push(
            &mut command,
            format_args!(" -p {} {}", self.port, self.host),
        );
        command
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let mut talk = Talk::open(context, &self.host, self.port).await?;
        context.traffic.request();
        let banner = identification(&mut talk).await?;
        talk.say(b"SSH-2.0-ready\r\n").await?;
        let message = first_message(&mut talk).await?;
        let not_ssh = || talk.garbled("sends no SSH key exchange", &message);
        let offered = Algorithms::parse(&message).ok_or_else(not_ssh)?;
        let told = banner
            .strip_prefix("SSH-")
            .and_then(|rest| rest.split_once('-'));
        let (protocol, rest) = told.ok_or_else(not_ssh)?;
        let (software, comment) = match rest.split_once(' ') {
            Some((software, comment)) => (software, Some(comment.to_owned())),
            None => (rest, None),
        };
        let has = |found: fn(&str) -> bool| offered.key_exchanges.iter().any(|name| found(name));
        let facts = Facts {
            protocol: protocol.to_owned(),
            software: software.to_owned(),
            comment,
            strict_kex: has(|name| name == "kex-strict-s-v00@openssh.com"),
            post_quantum: has(algorithms::is_post_quantum),
            weak: offered.weak(),
            offered,
            banner,
        };
        Ok(facts.into())
    }
}

/// The server's identification; other lines may come before it.
async fn identification(talk: &mut Talk) -> Result<String, ProbeError> {
    let mut line = Vec::new();
    for _ in 0..LINES_BEFORE {
        line = talk.line(IDENTIFICATION).await?;
        if line.starts_with(b"SSH-") {
            return Ok(String::from_utf8_lossy(&line).into_owned());
        }
    }
    Err(talk.garbled("does not speak SSH", &line))
}

/// The payload of the first packet.
async fn first_message(talk: &mut Talk) -> Result<Vec<u8>, ProbeError> {
    let head = talk.bytes(4).await?;
    let length = head
        .iter()
        .fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
    if !(2..=MESSAGE).contains(&length) {
        return Err(talk.garbled("sends no SSH packet", &head));
    }
    let packet = talk.bytes(length).await?;
    let padding = usize::from(packet.first().copied().unwrap_or_default());
    let payload = length
        .checked_sub(padding)
        .and_then(|end| packet.get(1..end));
    let payload = payload.map(<[u8]>::to_vec);
    payload.ok_or_else(|| talk.garbled("sends no SSH packet", &packet))
}
