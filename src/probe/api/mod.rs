//! What does the interface of a vendor or of a service of ours say about the target?
//!
//! `GET` or a query in GraphQL, JSON, as many pages as are asked for. The target is what the
//! interface tells of, not the interface: whatever goes wrong with it is our inability, so that
//! checks are unknown. A credential that is refused is told as such, too many requests are waited
//! out where the time allows, and a thing that the interface does not know is `api.not-found`
//! unless `missing_ok` makes its absence a fact. A list of which there is more than was read is a
//! gap: also where the interface names a next page that nobody asked to follow.
//!
//! It never writes: documents in GraphQL may hold queries alone. Pages are followed within the
//! origin alone, which is the only one that sees the credential. Of answers in GraphQL it reads
//! one page.

mod graphql;
mod pages;

use std::collections::BTreeMap;

use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use self::pages::{Page, at};
use super::http::client::{Call, REDIRECTS, Reply, not_the_targets};
use super::http::deadline::Deadline;
use super::http::{Auth, Http};
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError, local};
use crate::reason::Reason;
use crate::secret::references;

pub use self::pages::Next;
pub(in crate::probe) use self::pages::text_at;

/// The most pages that are asked for.
const MOST_PAGES: u16 = 100;
/// The most items that are kept.
const MOST_ITEMS: usize = 10_000;
/// The bytes of pages after which no further one is asked for.
const MOST_BYTES: usize = 8 << 20;

/// Asks an interface that answers JSON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Where to ask: an absolute address. May hold `${secrets.NAME}` in its path or query.
    pub url: String,
    /// Request headers; values may hold `${secrets.NAME}`, for interfaces that want a key under
    /// a name of their own. A secret that turns out to be empty is `credential.missing`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Credentials for the `authorization` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// A document in GraphQL that holds queries alone; it is sent by `POST`, and an answer with
    /// errors is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graphql: Option<String>,
    /// Where the list of things stands in each page, such as `data` or `result.items`; empty
    /// where the page itself is the list. Left out for an answer that is no list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<String>,
    /// How the next page is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Next>,
    /// Whether the last page leaves out the place of the next one, instead of `null` or an empty
    /// text there. Otherwise nothing at that place is taken for a misspelt path.
    #[serde(default, skip_serializing_if = "is_no")]
    pub next_optional: bool,
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
        let mut question = Http {
            headers: self.headers.clone(),
            auth: self.auth.clone(),
            redirects: REDIRECTS,
            ..Http::get(&self.url)
        };
        if let Some(document) = &self.graphql {
            "POST".clone_into(&mut question.method);
            question.body = Some(graphql::body(document));
        }
        question
    }
}

impl Probe for Api {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        self.question().validate()?;
        if !(1..=MOST_PAGES).contains(&self.pages) {
            return Err(Invalid::new("pages", "1 to 100 pages can be asked for"));
        }
        let document = self.graphql.as_deref();
        if document.is_some_and(|document| !graphql::only_asks(document)) {
            return Err(Invalid::new("graphql", "may hold queries alone"));
        }
        let message = match &self.next {
            None if self.next_optional => "is what `next_optional` belongs to",
            Some(_) if self.items.is_none() => "is of no use without `items`",
            Some(_) if document.is_some() => "cannot be followed in GraphQL",
            Some(Next::Link {} | Next::Page { .. }) if self.next_optional => {
                "does not stand in the page, so that `next_optional` says nothing"
            }
            _ => return Ok(()),
        };
        Err(Invalid::new("next", message))
    }

    fn contacts(&self) -> Vec<Contact> {
        let mut contacts = self.question().contacts();
        for contact in &mut contacts {
            // A query in GraphQL is sent as other interfaces take writes.
            contact.access = Access::ReadOnly;
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
        let page = self.read(&reply)?;
        let mut gaps = BTreeMap::new();
        if let Some(path) = &self.items {
            let mut list = List {
                of: self,
                path,
                items: Vec::new(),
                pages: 0,
                bytes: 0,
            };
            let whole = list.read(&first, reply, &page, context, deadline).await?;
            facts.pages = list.pages;
            match whole {
                Ok(()) => facts.items = Some(list.items),
                Err(error) => _ = gaps.insert("items".to_owned(), error),
            }
        }
        facts.json = Some(page);
        Ok(Answer { facts, gaps })
    }
}

impl Api {
    /// A secret that is set to nothing would ask as a stranger, and be told something else.
    fn credential_is_there(&self, context: &Context) -> Result<(), ProbeError> {
        let mut templates: Vec<&String> = self.headers.values().chain([&self.url]).collect();
        match &self.auth {
            Some(Auth::Bearer(token)) => templates.push(token),
            Some(Auth::Basic { user, password }) => templates.extend([user, password]),
            None => {}
        }
        for name in templates.into_iter().flat_map(|text| references(text)) {
            let secret = context.secrets.fill(&format!("${{secrets.{name}}}"))?;
            if secret.reveal().trim().is_empty() {
                let cause = format!("secret {name} is empty");
                return Err(ProbeError::new(Reason::CredentialMissing, cause));
            }
        }
        Ok(())
    }

    /// A page that says that all went well, as JSON.
    fn read(&self, reply: &Reply) -> Result<Value, ProbeError> {
        let page = read(reply.clone())?;
        match self.graphql.as_ref().and_then(|_| graphql::trouble(&page)) {
            None => Ok(page),
            Some(words) => {
                let cause = format!("{} did not answer the query", reply.place());
                Err(ProbeError::new(Reason::ApiUnavailable, cause).with_detail(words))
            }
        }
    }
}

/// The items of all pages.
struct List<'a> {
    of: &'a Api,
    path: &'a str,
    items: Vec<Value>,
    pages: u16,
    bytes: usize,
}

impl List<'_> {
    /// Reads page after page, the first of which is there already. `Ok(Err)` where there is more
    /// than may be read.
    async fn read(
        &mut self,
        first: &Call,
        mut reply: Reply,
        page: &Value,
        context: &Context,
        deadline: Deadline,
    ) -> Result<Result<(), ProbeError>, ProbeError> {
        let mut next = self.take(&reply, page)?;
        loop {
            if self.items.len() > MOST_ITEMS {
                return Ok(Err(more(&reply)));
            }
            let Some(url) = next else {
                return Ok(Ok(()));
            };
            // A next page that nobody asked to follow is there all the same.
            let follows = self.of.next.is_some() && self.bytes <= MOST_BYTES;
            if !follows || self.pages == self.of.pages {
                return Ok(Err(more(&reply)));
            }
            let call = first.to(url).ok_or_else(|| {
                let cause = format!("{} leads to another place for its next page", reply.place());
                ProbeError::new(Reason::ApiUnavailable, cause)
            })?;
            reply = patient(call, context, deadline).await?;
            let page = self.of.read(&reply)?;
            next = self.take(&reply, &page)?;
        }
    }

    /// Takes a page's items, and says where the next page is.
    fn take(&mut self, reply: &Reply, json: &Value) -> Result<Option<Url>, ProbeError> {
        let items = list(json, self.path, reply)?;
        self.pages += 1;
        self.bytes += reply.body.len();
        let page = Page {
            json,
            items: items.len(),
            number: self.pages,
        };
        self.items.extend(items);
        let next = self.of.next.as_ref().unwrap_or(&Next::Link {});
        next.url(reply, &page, self.of.next_optional)
            .map_err(|words| {
                let cause = format!("{} names no usable next page", reply.place());
                ProbeError::new(Reason::ApiUnavailable, cause).with_detail(words)
            })
    }
}

/// A list of which not all was read.
fn more(reply: &Reply) -> ProbeError {
    local::beyond(format!("{} lists more than is read", reply.place()))
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
