//! Where the next page of a list is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::probe::http::client::Reply;

/// How the next page is found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Next {
    /// In the `Link` header, as `rel="next"` (RFC 8288): `link: {}`.
    Link {},
    /// Its address stands in the page, at this path.
    Url(String),
    /// Something that stands in the page goes into the query: a cursor, a page number.
    Cursor {
        /// Where it stands in the page.
        path: String,
        /// The parameter of the query.
        parameter: String,
    },
    /// Pages are counted in the query, from 1 on; the first one without items is the end.
    Page {
        /// The parameter of the query.
        parameter: String,
    },
}

impl Next {
    /// The address of the page after this one, if there is one. Where that should stand in the
    /// page and nothing does, it is the last one only if that is `optional`: the path may just
    /// be misspelt.
    pub(super) fn url(
        &self,
        reply: &Reply,
        page: &Page<'_>,
        optional: bool,
    ) -> Result<Option<Url>, String> {
        match self {
            Self::Link {} => {
                let next = linked(reply);
                next.map(|target| reply.url.join(target).map_err(|error| error.to_string()))
                    .transpose()
            }
            Self::Url(path) => told(page.json, path, optional)?
                .map(|target| reply.url.join(&target).map_err(|error| error.to_string()))
                .transpose(),
            Self::Cursor { path, parameter } => {
                let cursor = told(page.json, path, optional)?;
                Ok(cursor.map(|cursor| with(&reply.url, parameter, &cursor)))
            }
            Self::Page { parameter } => Ok((page.items > 0).then(|| {
                let next = (page.number + 1).to_string();
                with(&reply.url, parameter, &next)
            })),
        }
    }
}

/// What was read of a page.
pub(super) struct Page<'a> {
    pub(super) json: &'a Value,
    /// How many items it has.
    pub(super) items: usize,
    /// Its number, from 1 on.
    pub(super) number: u16,
}

/// The address with another value of a parameter.
fn with(url: &Url, parameter: &str, value: &str) -> Url {
    let mut url = url.clone();
    let others: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != parameter)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(others)
        .append_pair(parameter, value);
    url
}

/// The target of `rel="next"` among the `Link` headers.
fn linked(reply: &Reply) -> Option<&str> {
    let links = reply.headers.get_all(http::header::LINK).iter();
    links.filter_map(|value| value.to_str().ok()).find_map(next)
}

/// The target of `rel="next"` in one `Link` header. Sentry writes `results="false"` where that
/// page is empty.
fn next(header: &str) -> Option<&str> {
    // Targets may have commas in them, so that each link begins at its bracket.
    header.split('<').skip(1).find_map(|link| {
        let (target, parameters) = link.split_once('>')?;
        let has = |name: &str, word: &str| {
            let parameters = parameters
                .split([';', ','])
                .filter_map(|one| one.split_once('='));
            let mut values = parameters
                .filter(|(one, _)| one.trim().eq_ignore_ascii_case(name))
                .flat_map(|(_, value)| value.trim().trim_matches('"').split_whitespace());
            values.any(|value| value.eq_ignore_ascii_case(word))
        };
        (has("rel", "next") && !has("results", "false")).then_some(target)
    })
}

/// What stands at a path such as `meta.pagination.next`; the page itself for an empty one.
pub(super) fn at<'a>(page: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.')
        .filter(|name| !name.is_empty())
        .try_fold(page, |value, name| match value {
            Value::Array(items) => items.get(name.parse::<usize>().ok()?),
            _ => value.get(name),
        })
}

/// A text or number there that is not empty.
pub(in crate::probe) fn text_at(page: &Value, path: &str) -> Option<String> {
    match at(page, path)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The text or number there; none where it is empty or `null`.
fn told(page: &Value, path: &str, optional: bool) -> Result<Option<String>, String> {
    match at(page, path) {
        Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(_) => text_at(page, path)
            .map(Some)
            .ok_or_else(|| format!("what stands at `{path}` is neither text nor a number")),
        None if optional => Ok(None),
        None => Err(format!("there is nothing at `{path}`, not even null")),
    }
}
