//! Lists of the API, page by page.

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::credentials::{Found, unusable};
use crate::probe::cluster::raw::Few;
use crate::probe::http::client::{Call, Reply, not_the_targets};
use crate::probe::http::deadline::Deadline;
use crate::probe::{Context, ProbeError, local};
use crate::reason::Reason;

/// Objects that one answer is to have: pods take some 10 kB each.
const PAGE: usize = 100;
/// What asks for names, labels and owners alone, so that no value of a secret is sent.
pub(super) const NAMES_ALONE: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// One conversation with an API.
pub(super) struct Asking<'c> {
    pub(super) context: &'c Context,
    pub(super) deadline: Deadline,
    found: Found,
}

#[derive(Deserialize)]
struct Page<T> {
    kind: String,
    #[serde(default)]
    metadata: PageMeta,
    items: Few<T>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PageMeta {
    #[serde(rename = "continue")]
    next: Option<String>,
}

impl<'c> Asking<'c> {
    pub(super) fn new(found: Found, context: &'c Context, deadline: Deadline) -> Self {
        Self {
            context,
            deadline,
            found,
        }
    }

    /// An answer of whatever status; the query is that of the path.
    pub(super) async fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
        accept: &'static str,
    ) -> Result<Reply, ProbeError> {
        let url = self.url(path, query);
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        if let Some(token) = &self.found.token {
            let words = "the token has characters that no header may have";
            let value = format!("Bearer {}", token.reveal());
            let mut value =
                HeaderValue::from_str(&value).map_err(|_| unusable(words.to_owned()))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let call = Call::new(Method::GET, url, headers, Bytes::new());
        let call = call.on_behalf_of(self.found.party.clone());
        let reply = call.ask(self.context, self.deadline).await;
        reply.map_err(not_the_targets)
    }

    /// The address of a path of the API, which may itself lie below one.
    fn url(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.found.server.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}{path}"));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// One object.
    pub(super) async fn one<T: DeserializeOwned>(&self, path: &str) -> Result<T, ProbeError> {
        let reply = self.get(path, &[], "application/json").await?;
        read(reply)
    }

    /// All objects of a list; more than `most` of them are a list that was not read whole.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        most: usize,
    ) -> Result<Vec<T>, ProbeError> {
        self.list_with(path, most, &[], "application/json").await
    }

    /// The same with a query and another form of answer.
    pub(super) async fn list_with<T: DeserializeOwned>(
        &self,
        path: &str,
        most: usize,
        query: &[(&str, &str)],
        accept: &'static str,
    ) -> Result<Vec<T>, ProbeError> {
        let limit = PAGE.to_string();
        let mut all = Vec::new();
        let mut next = String::new();
        loop {
            let mut query = query.to_vec();
            query.push(("limit", &limit));
            if !next.is_empty() {
                query.push(("continue", &next));
            }
            let reply = self.get(path, &query, accept).await?;
            let place = reply.place().to_owned();
            let page: Page<T> = read(reply)?;
            if !page.kind.ends_with("List") {
                return Err(odd(&place, path));
            }
            let is_empty = page.items.is_empty();
            all.extend(page.items);
            if all.len() > most {
                return Err(local::beyond(format!(
                    "{path} lists more than {most} objects"
                )));
            }
            match page.metadata.next.filter(|token| !token.is_empty()) {
                None => return Ok(all),
                // A list that goes on without an end is none.
                Some(token) if is_empty || token == next => {
                    drop(token);
                    return Err(odd(&place, path));
                }
                Some(token) => next = token,
            }
        }
    }
}

fn odd(place: &str, path: &str) -> ProbeError {
    let cause = format!("{place} does not answer as its interface says");
    ProbeError::new(Reason::ApiUnavailable, cause).with_detail(path.to_owned())
}

fn read<T: DeserializeOwned>(reply: Reply) -> Result<T, ProbeError> {
    if reply.status == StatusCode::NOT_FOUND {
        let cause = format!("{} knows no {}", reply.place(), reply.url.path());
        return Err(ProbeError::new(Reason::ApiNotFound, cause));
    }
    let reply = reply.ok().map_err(not_the_targets)?;
    let place = reply.place().to_owned();
    let path = reply.url.path().to_owned();
    // What stands where something else should is not shown: it could be anything.
    reply
        .json()
        .map_err(|error: ProbeError| match error.reason {
            Reason::ServiceProtocol => odd(&place, &path),
            _ => not_the_targets(error),
        })
}
