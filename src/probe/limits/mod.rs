//! Does a service refuse what no honest client sends: bodies and headers that are too large, of
//! the wrong type, malformed, too slow, with a method that it does not have?
//!
//! Each attempt is one request on a connection of its own, so it always needs `--allow
//! intrusive`; a plain GET goes first, so that a connection that is closed can be told from a
//! service that is not there. Any status is a fact, and so is a connection that is closed
//! without one. The target's answer: no answer to the plain request (as in the `http` kind), no
//! answer to an attempt (`http.timeout`), one that is not HTTP (`http.protocol`). Our inability:
//! a secret that is not set, and a time limit that is too short to send or to wait for what was
//! asked (`probe.time-limit`).
//!
//! It never sends more bytes than it is told to, and stops when the answer begins. It speaks
//! HTTP/1.1 only, and does not look for the size from which on a body is refused.

mod answer;
mod attempt;
mod exchange;
mod gather;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::attempt::Kind;
use super::http::meaning::Leak;
use super::http::{Auth, Http};
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError};

/// The largest body that is sent.
const LARGEST_BODY: u32 = 64 << 20;
/// The largest header that is sent.
const LARGEST_HEADER: u32 = 2 << 20;
/// The longest wait for a slow body to be given up, in seconds.
const LONGEST_WAIT: u16 = 300;

/// Sends what should be refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Where to: an absolute address of something harmless that takes a JSON body.
    pub url: String,
    /// Request method, but for the attempt `bad_method`.
    #[serde(default = "post")]
    pub method: String,
    /// Request headers; values may hold `${secrets.NAME}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Credentials for the `authorization` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// What is tried; everything by default.
    #[serde(default = "Kind::all")]
    pub attempts: BTreeSet<Kind>,
    /// Bytes of the oversized body, at most 64 MiB.
    #[serde(default = "ten_mebibytes_and_one")]
    pub body_bytes: u32,
    /// Bytes of the oversized header's value, at most 2 MiB.
    #[serde(default = "a_quarter_mebibyte")]
    pub header_bytes: u32,
    /// The method that the service should not have.
    #[serde(default = "propfind")]
    pub bad_method: String,
    /// Seconds that the slow body is kept waiting, at most 300.
    #[serde(default = "thirty")]
    pub wait: u16,
}

fn post() -> String {
    "POST".to_owned()
}

fn propfind() -> String {
    "PROPFIND".to_owned()
}

const fn ten_mebibytes_and_one() -> u32 {
    (10 << 20) + 1
}

const fn a_quarter_mebibyte() -> u32 {
    256 << 10
}

const fn thirty() -> u16 {
    30
}

/// What became of each attempt; those that were not asked for are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Status of the plain GET that goes first.
    pub plain_status: u16,
    /// A body that is larger than anybody sends; 413 is the status for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oversized_body: Option<Attempt>,
    /// Plain text instead of JSON; 415.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong_type: Option<Attempt>,
    /// JSON that does not end; 400 or 422.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub malformed: Option<Attempt>,
    /// A method that the service does not have; 405 or 501.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bad_method: Option<Attempt>,
    /// A body of which only the first byte comes; 408, or a connection that is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_body: Option<Attempt>,
    /// A header that is larger than anybody sends; 431.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oversized_header: Option<Attempt>,
    /// What all answers together give away: stack traces, database errors …
    pub leaks: Vec<Leaked>,
}

/// What became of one attempt.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// The status of the answer, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Whether the connection was closed without an answer. A slow body that is neither
    /// answered nor closed was still waited for when `wait` was over.
    pub closed: bool,
    /// Bytes of the body that were sent until the answer began.
    pub sent_bytes: u64,
    /// Milliseconds from the first byte sent to the answer, or to the end.
    pub elapsed_ms: f64,
}

/// Something that an answer gives away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Leaked {
    /// The attempt: `malformed` …
    pub attempt: String,
    /// What it is.
    #[serde(flatten)]
    pub leak: Leak,
}

impl Limits {
    /// The request without what is wrong with it.
    fn question(&self) -> Http {
        Http {
            method: self.method.clone(),
            headers: self.headers.clone(),
            auth: self.auth.clone(),
            redirects: 0,
            ..Http::get(&self.url)
        }
    }
}

impl Probe for Limits {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        self.question().validate()?;
        let bad = Http {
            method: self.bad_method.clone(),
            ..self.question()
        };
        bad.validate().map_err(|error| {
            Invalid::new(error.field.replace("method", "bad_method"), error.message)
        })?;
        let taken = |name: &&String| {
            ["content-type", "expect", "accept-encoding"]
                .iter()
                .any(|taken| name.eq_ignore_ascii_case(taken))
        };
        if let Some(name) = self.headers.keys().find(taken) {
            return Err(Invalid::new(
                format!("headers.{name}"),
                "is set by each attempt",
            ));
        }
        if self.attempts.is_empty() {
            return Err(Invalid::new("attempts", "nothing is tried"));
        }
        if !(64..=LARGEST_BODY).contains(&self.body_bytes) {
            return Err(Invalid::new("body_bytes", "64 bytes to 64 MiB can be sent"));
        }
        if !(64..=LARGEST_HEADER).contains(&self.header_bytes) {
            return Err(Invalid::new(
                "header_bytes",
                "64 bytes to 2 MiB can be sent",
            ));
        }
        if !(1..=LONGEST_WAIT).contains(&self.wait) {
            return Err(Invalid::new("wait", "1 to 300 seconds can be waited"));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let mut contacts = self.question().contacts();
        let attempts: Vec<&str> = self.attempts.iter().map(|kind| kind.words()).collect();
        for contact in &mut contacts {
            contact.action = format!("{}: {}", contact.action, attempts.join(", "));
            contact.count = u32::try_from(self.attempts.len() + 1).unwrap_or(u32::MAX);
            contact.access = Access::Intrusive;
        }
        contacts
    }

    fn reproduce(&self) -> String {
        let commands = self.attempts.iter().map(|kind| kind.command(self));
        commands.collect::<Vec<_>>().join("\n")
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        gather::gather(self, context).await
    }
}
