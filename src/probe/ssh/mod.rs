//! What an SSH server offers before anybody logs in: its greeting and its algorithms; if asked
//! for, its keys, and how it would let a user in.
//!
//! It reads the identification and the first key exchange message, both in clear text, and
//! leaves. For its keys a connection each follows, and for the ways to log in one that asks to
//! be let in with nothing, which servers refuse, and write down. The target's answer: refused
//! connections, silence, what is no SSH. Our inability: no route, no resolver; and, as gaps below
//! an answer, a key exchange that does not work out, and a list of known hosts that cannot be
//! read.
//!
//! Nobody logs in, and no password or key is tried. Certificates of hosts are not asked for, nor
//! keys of DSA and of security tokens.

mod algorithms;
#[cfg(feature = "ssh-auth")]
mod exchange;
#[cfg(feature = "ssh-auth")]
mod known;

use std::time::Instant;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::net::talk::Talk;
use super::shell::quoted;
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
    /// Whether to ask for all of its keys.
    #[serde(default, skip_serializing_if = "is_no")]
    pub host_keys: bool,
    /// File with the host keys that are trusted, as OpenSSH's `known_hosts`; empty for none. With
    /// one, the keys are asked for and looked up.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub known_hosts: String,
    /// Name of the user to ask the ways to log in for; empty for nobody. Servers count it as a
    /// failed login.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
}

fn usual_port() -> u16 {
    22
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_no(value: &bool) -> bool {
    !value
}

impl Ssh {
    fn asks_keys(&self) -> bool {
        self.host_keys || !self.known_hosts.is_empty()
    }
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
    /// Its keys, if they were asked for: of Ed25519, ECDSA and RSA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_keys: Option<Vec<HostKey>>,
    /// What the list of known hosts says of them, if there is one: `known`, `unknown`, `changed`
    /// where it has another one of the same kind, or `revoked`. Of several keys the worst counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_host: Option<String>,
    /// How the user may log in, if that was asked for: `publickey`, `password`,
    /// `keyboard-interactive` …; `none` where nothing is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_methods: Option<Vec<String>>,
}

/// A key by which a server proves that it is itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostKey {
    /// `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa` …
    pub kind: String,
    /// `SHA256:…`, as OpenSSH prints it.
    pub fingerprint: String,
    /// Size of a key of RSA, where sizes differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<usize>,
    #[serde(skip)]
    blob: Vec<u8>,
}

/// The longest identification (RFC 4253, section 4.2, is stricter).
const IDENTIFICATION: u64 = 1024;

/// Lines that may come before it.
const LINES_BEFORE: usize = 50;

/// Kinds of keys that a server may have.
const MOST_KEYS: u32 = 5;

/// The longest first message, in bytes (RFC 4253, section 6.1).
const MESSAGE: usize = 35_000;

impl Probe for Ssh {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        Invalid::unless_place(&self.host, self.port)?;
        if self.user.contains(char::is_control) {
            return Err(Invalid::new("user", "is no user's name"));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let contact = |action: &str, count, access| Contact {
            host: self.host.clone(),
            port: Some(self.port),
            action: action.to_owned(),
            count,
            access,
        };
        let mut contacts = vec![contact("SSH greeting, no login", 1, Access::ReadOnly)];
        if self.asks_keys() {
            let action = "SSH key exchanges, no login";
            contacts.push(contact(action, MOST_KEYS, Access::ReadOnly));
        }
        if !self.user.is_empty() {
            let action = "SSH login with nothing, which is refused";
            contacts.push(contact(action, 1, Access::Intrusive));
        }
        contacts
    }

    fn reproduce(&self) -> String {
        let mut command = "ssh -vv -o BatchMode=yes -o PreferredAuthentications=none".to_owned();
        if !self.known_hosts.is_empty() {
            let list = quoted(&format!("UserKnownHostsFile={}", self.known_hosts));
            push(
                &mut command,
                format_args!(" -o StrictHostKeyChecking=yes -o {list}"),
            );
        }
        if !self.user.is_empty() {
            push(&mut command, format_args!(" -l {}", quoted(&self.user)));
        }
        push(
            &mut command,
            format_args!(" -p {} {}", self.port, quoted(&self.host)),
        );
        command
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        // What is kept back is the time to say what was waited for.
        let end = Instant::now() + context.timeout * 19 / 20;
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
            host_keys: None,
            known_host: None,
            auth_methods: None,
        };
        drop(talk);
        let mut answer = Answer::from(facts);
        exchange::add(self, context, end, &mut answer).await;
        Ok(answer)
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

/// A build without the client: what would need it is a gap.
#[cfg(not(feature = "ssh-auth"))]
mod exchange {
    use super::{Answer, Context, Facts, Instant, ProbeError, Ssh};
    use crate::reason::Reason;

    #[expect(clippy::unused_async, reason = "as with the client")]
    pub(super) async fn add(probe: &Ssh, _: &Context, _: Instant, answer: &mut Answer<Facts>) {
        let wanted = [
            ("host_keys", probe.asks_keys()),
            ("known_host", !probe.known_hosts.is_empty()),
            ("auth_methods", !probe.user.is_empty()),
        ];
        for (fact, _) in wanted.into_iter().filter(|(_, wanted)| *wanted) {
            let words = "this build of ready exchanges no keys (feature ssh-auth)";
            let error = ProbeError::new(Reason::ToolMissing, words);
            answer.gaps.insert(fact.to_owned(), error);
        }
    }
}
