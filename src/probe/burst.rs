//! Does the service slow down somebody who asks too often?
//!
//! A bounded burst of one request, and at most two more to see whether it hits others too and
//! whether it ends. Asking that often may do harm, so it always needs `--allow intrusive`. Any
//! status is a fact. The target's answer: a first request that gets none. Later requests without
//! an answer are counted, since a service may also slow down by closing connections.
//!
//! It never sends more than it is told to, and is no load test: it measures no times.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::http::client::{Call, Reply};
use super::http::deadline::Deadline;
use super::http::{Auth, Body, Http};
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError};

/// The most requests of a burst.
const MOST_REQUESTS: u16 = 500;
/// The most requests under way at once.
const MOST_AT_ONCE: u16 = 50;
/// Too Many Requests (RFC 6585).
const REFUSED: u16 = 429;

/// Asks one thing again and again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// Where to ask: an absolute address.
    pub url: String,
    /// Request method.
    #[serde(default = "get")]
    pub method: String,
    /// Request headers; values may hold `${secrets.NAME}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Request body: text as it is, anything else as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// Credentials for the `authorization` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// How many requests are sent, at most 500; none is sent after the first that is refused,
    /// but those that are under way.
    #[serde(default = "sixty")]
    pub count: u16,
    /// How many are under way at once, at most 50.
    #[serde(default = "ten")]
    pub at_once: u16,
    /// Headers of somebody else, who asks once when the burst was refused: another token, or
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<BTreeMap<String, String>>,
    /// Whether to wait as long as the refusal says and ask once more, where that fits into the
    /// question's time.
    #[serde(default, skip_serializing_if = "is_no")]
    pub recovery: bool,
}

fn get() -> String {
    "GET".to_owned()
}

fn sixty() -> u16 {
    60
}

fn ten() -> u16 {
    10
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_no(value: &bool) -> bool {
    !value
}

/// What became of a burst.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Requests that were sent.
    pub sent: u32,
    /// How many answers had each status: `{"200": 20, "429": 3}`.
    pub statuses: BTreeMap<String, u32>,
    /// Requests that got no answer.
    pub unanswered: u32,
    /// Whether any was refused with 429.
    pub limited: bool,
    /// The number of the first request that was refused, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_refused: Option<u32>,
    /// Seconds that the first refusal says to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
    /// What the first refusal, or the last answer where there is none, says of limits:
    /// `ratelimit-*` and `x-ratelimit-*`, names in lower case.
    pub limit_headers: BTreeMap<String, String>,
    /// Whether somebody else was refused as well, where there is somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_refused: Option<bool>,
    /// Whether the request was taken again after the wait, where it was waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered: Option<bool>,
}

impl Burst {
    fn question(&self) -> Http {
        Http {
            method: self.method.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            auth: self.auth.clone(),
            redirects: 0,
            ..Http::get(&self.url)
        }
    }

    fn other(&self) -> Option<Http> {
        let headers = self.other.clone()?;
        Some(Http {
            headers,
            auth: None,
            ..self.question()
        })
    }
}

impl Probe for Burst {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        self.question().validate()?;
        if let Some(other) = self.other() {
            other.validate().map_err(|error| {
                Invalid::new(error.field.replace("headers", "other"), error.message)
            })?;
        }
        if !(2..=MOST_REQUESTS).contains(&self.count) {
            return Err(Invalid::new("count", "2 to 500 requests can be sent"));
        }
        if !(1..=MOST_AT_ONCE).contains(&self.at_once) {
            return Err(Invalid::new(
                "at_once",
                "1 to 50 requests can be under way at once",
            ));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let more = u32::from(self.other.is_some()) + u32::from(self.recovery);
        let mut contacts = self.question().contacts();
        for contact in &mut contacts {
            contact.action = format!("a burst of {}", contact.action);
            contact.count = u32::from(self.count) + more;
            contact.access = Access::Intrusive;
        }
        contacts
    }

    fn reproduce(&self) -> String {
        let once = self.question().reproduce();
        let quiet = "-o /dev/null -w '%{http_code}\\n'";
        let once = once.replacen("curl -sS", &format!("curl -sS {quiet}"), 1);
        format!(
            "for i in $(seq {}); do {once}; done | sort | uniq -c",
            self.count
        )
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let deadline = Deadline::after(context.timeout * 19 / 20);
        let call = Call::of(&self.question(), context)?;
        let other = self.other().map(|other| Call::of(&other, context));
        let other = other.transpose()?;
        let mut seen = Seen::default();
        // The first one alone: without an answer to it there is nothing to be found out.
        let first = call.clone().ask(context, deadline).await?;
        seen.note(1, &first);
        seen.facts.sent = 1;
        self.burst(&call, context, deadline, &mut seen).await;
        if seen.facts.limited {
            if let Some(other) = other {
                let reply = other.ask(context, deadline).await?;
                seen.facts.other_refused = Some(reply.status == REFUSED);
            }
            let wait = seen.facts.retry_after_seconds.map(Duration::from_secs);
            if let (true, Some(wait)) = (self.recovery, wait.filter(|it| *it < deadline.left())) {
                tokio::time::sleep(wait).await;
                let reply = call.ask(context, deadline).await?;
                seen.facts.recovered = Some(reply.status != REFUSED);
            }
        }
        Ok(seen.facts.into())
    }
}

impl Burst {
    /// Sends the rest of the burst, until one is refused.
    async fn burst(&self, call: &Call, context: &Context, deadline: Deadline, seen: &mut Seen) {
        let requests = (2..=u32::from(self.count)).map(|number| {
            let call = call.clone();
            async move { (number, call.ask(context, deadline).await) }
        });
        let mut waiting = requests.into_iter();
        let mut under_way = futures_util::stream::FuturesUnordered::new();
        loop {
            while under_way.len() < usize::from(self.at_once) && !seen.facts.limited {
                let Some(request) = waiting.next() else {
                    break;
                };
                seen.facts.sent += 1;
                under_way.push(request);
            }
            match under_way.next().await {
                Some((number, Ok(reply))) => seen.note(number, &reply),
                Some((_, Err(_))) => seen.facts.unanswered += 1,
                None => return,
            }
        }
    }
}

/// What was seen so far.
#[derive(Default)]
struct Seen {
    facts: Facts,
}

impl Seen {
    fn note(&mut self, number: u32, reply: &Reply) {
        let status = reply.status.as_u16();
        *self.facts.statuses.entry(status.to_string()).or_default() += 1;
        let refused = status == REFUSED;
        let is_first = refused && self.facts.first_refused.is_none_or(|first| number < first);
        if is_first {
            self.facts.limited = true;
            self.facts.first_refused = Some(number);
            let wait = reply.headers.get(http::header::RETRY_AFTER);
            self.facts.retry_after_seconds =
                wait.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        }
        if is_first || !self.facts.limited {
            self.facts.limit_headers = limit_headers(reply);
        }
    }
}

fn limit_headers(reply: &Reply) -> BTreeMap<String, String> {
    let is_limit = |name: &str| name.starts_with("ratelimit") || name.starts_with("x-ratelimit");
    let headers = reply.headers.iter();
    headers
        .filter(|(name, _)| is_limit(name.as_str()))
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect()
}
