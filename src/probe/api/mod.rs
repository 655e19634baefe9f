//! What does the interface of a vendor or of a service of ours say about the target?
//!
//! `GET`, JSON, as many pages as are asked for. The target is what the interface tells of, not
//! the interface: whatever goes wrong with it is our inability, so that checks are unknown. A
//! credential that is refused is told as such, too many requests are waited out where the time
//! allows, and a thing that the interface does not know is `api.not-found` unless `missing_ok`
//! makes its absence a fact.
//!
//! It never writes. Pages are followed within the origin alone, which is the only one that sees
//! the credential.

mod pages;

use std::collections::BTreeMap;

use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use self::pages::at;
use super::http::client::{Call, REDIRECTS, Reply, not_the_targets};
use super::http::deadline::Deadline;
use super::http::{Auth, Http};
use super::{Answer, Contact, Context, Invalid, Probe, ProbeError, local};
use crate::reason::Reason;

pub use self::pages::Next;
pub(in crate::probe) use self::pages::text_at;

/// The most pages that are asked for.
const MOST_PAGES: u16 = 100;
/// The most items that are kept.
const MOST_ITEMS: usize = 10_000;

/// Asks an interface that answers JSON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Where to ask: an absolute address. May hold `${secrets.NAME}` in its path or query.
    pub url: String,
    /// Request headers; values may hold `${secrets.NAME}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Credentials for the `authorization` header. A token that turns out to be empty is
    /// `credential.missing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// Where the list of things stands in each page, such as `data` or `result.items`; empty
    /// where the page itself is the list. Left out for an answer that is no list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<String>,
    /// How the next page is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Next>,
    /// The most pages to ask for, at most 100.
    #[serde(default = "ten")]
    pub pages: u16,
    /// Whether an answer of 404 is a fact (`api.status`) and not an inability.
    #[serde(default, skip_serializing_if = "is_no")]
    pub missing_ok: bool,
}

fn ten() -> u16 {
    10
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_no(value: &bool) -> bool {
    !value
}

/// What an interface says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Status of the first page: 2xx, or 404 with `missing_ok`.
    pub status: u16,
    /// The first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// The things of all pages in order, where `items` says where they are; at most 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<Value>>,
    /// How many pages were read.
    pub pages: u16,
}

impl Api {
    fn question(&self) -> Http {
        Http {
            headers: self.headers.clone(),
            auth: self.auth.clone(),
            redirects: REDIRECTS,
            ..Http::get(&self.url)
        }
    }
}

impl Probe for Api {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        self.question().validate()?;
        if !(1..=MOST_PAGES).contains(&self.pages) {
            return Err(Invalid::new("pages", "1 to 100 pages can be asked for"));
        }
        if self.next.is_some() && self.items.is_none() {
            return Err(Invalid::new("next", "is of no use without `items`"));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let mut contacts = self.question().contacts();
        for contact in &mut contacts {
            contact.count = if self.next.is_some() {
                self.pages.into()
            } else {
                1
            };
        }
        contacts
    }

    fn reproduce(&self) -> String {
        self.question().reproduce()
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        self.credential_is_there(context)?;
        let deadline = Deadline::after(context.timeout * 19 / 20);
        let first = Call::of(&self.question(), context)?;
        let reply = patient(first.clone(), context, deadline).await?;
        if reply.status == StatusCode::NOT_FOUND && self.missing_ok {
            let status = reply.status.as_u16();
            return Ok(Facts {
                status,
                pages: 1,
                ..Facts::default()
            }
            .into());
        }
        let mut facts = Facts {
            status: reply.status.as_u16(),
            pages: 1,
            ..Facts::default()
        };
        let page = read(reply.clone())?;
        let mut gaps = BTreeMap::new();
        if let Some(path) = &self.items {
            match self
                .every_page(&first, &reply, &page, path, context, deadline)
                .await?
            {
                (Some(items), pages) => {
                    facts.items = Some(items);
                    facts.pages = pages;
                }
                (None, pages) => {
                    facts.pages = pages;
                    let what = format!("{} lists more than is read", reply.place());
                    gaps.insert("items".to_owned(), local::beyond(what));
                }
            }
        }
        facts.json = Some(page);
        Ok(Answer { facts, gaps })
    }
}

impl Api {
    /// A token that is set to nothing would ask as a stranger, and be told something else.
    fn credential_is_there(&self, context: &Context) -> Result<(), ProbeError> {
        let templates = match &self.auth {
            Some(Auth::Bearer(token)) => vec![token],
            Some(Auth::Basic { user, password }) => vec![user, password],
            None => Vec::new(),
        };
        for template in templates {
            if context.secrets.fill(template)?.reveal().trim().is_empty() {
                let cause = "a secret that the question needs is empty";
                return Err(ProbeError::new(Reason::CredentialMissing, cause));
            }
        }
        Ok(())
    }

    /// The items of all pages, or none where there are more than may be read.
    async fn every_page(
        &self,
        first: &Call,
        reply: &Reply,
        page: &Value,
        path: &str,
        context: &Context,
        deadline: Deadline,
    ) -> Result<(Option<Vec<Value>>, u16), ProbeError> {
        let mut items = list(page, path, reply)?;
        let mut pages = 1;
        let mut next = self.next(reply, page)?;
        while let Some(url) = next {
            if pages == self.pages || items.len() > MOST_ITEMS {
                return Ok((None, pages));
            }
            let call = first.to(url).ok_or_else(|| {
                let cause = format!("{} leads to another place for its next page", reply.place());
                ProbeError::new(Reason::ApiUnavailable, cause)
            })?;
            let reply = patient(call, context, deadline).await?;
            let page = read(reply.clone())?;
            items.extend(list(&page, path, &reply)?);
            pages += 1;
            next = self.next(&reply, &page)?;
        }
        Ok(((items.len() <= MOST_ITEMS).then_some(items), pages))
    }

    fn next(&self, reply: &Reply, page: &Value) -> Result<Option<Url>, ProbeError> {
        let Some(next) = &self.next else {
            return Ok(None);
        };
        next.url(reply, page).map_err(|words| {
            let cause = format!("{} names no usable next page", reply.place());
            ProbeError::new(Reason::ApiUnavailable, cause).with_detail(words)
        })
    }
}

/// Asks, and once more where the interface says how long to wait and the time allows it.
async fn patient(call: Call, context: &Context, deadline: Deadline) -> Result<Reply, ProbeError> {
    let reply = call.clone().ask(context, deadline).await;
    let reply = reply.map_err(not_the_targets)?;
    let wait = (reply.status == StatusCode::TOO_MANY_REQUESTS)
        .then(|| reply.headers.get(http::header::RETRY_AFTER))
        .flatten()
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(std::time::Duration::from_secs)
        .filter(|wait| *wait < deadline.left());
    let Some(wait) = wait else {
        return Ok(reply);
    };
    tokio::time::sleep(wait).await;
    call.ask(context, deadline).await.map_err(not_the_targets)
}

/// A page that says that all went well, as JSON.
fn read(reply: Reply) -> Result<Value, ProbeError> {
    if reply.status == StatusCode::NOT_FOUND {
        let cause = format!("{} does not know {}", reply.place(), reply.url.path());
        return Err(ProbeError::new(Reason::ApiNotFound, cause));
    }
    let reply = reply.ok().map_err(not_the_targets)?;
    reply.json().map_err(not_the_targets)
}

/// The list in a page.
fn list(page: &Value, path: &str, reply: &Reply) -> Result<Vec<Value>, ProbeError> {
    if let Some(Value::Array(items)) = at(page, path) {
        return Ok(items.clone());
    }
    let place = reply.place();
    let cause = if path.is_empty() {
        format!("{place} does not answer with a list")
    } else {
        format!("{place} has no list at `{path}`")
    };
    Err(ProbeError::new(Reason::ApiUnavailable, cause))
}
