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
}

impl Next {
    /// The address of the page after this one, if there is one.
    pub(super) fn url(&self, reply: &Reply, page: &Value) -> Result<Option<Url>, String> {
        match self {
            Self::Link {} => {
                let links = reply.headers.get_all(http::header::LINK);
                let next = links
                    .iter()
                    .filter_map(|value| value.to_str().ok())
                    .find_map(linked);
                next.map(|target| reply.url.join(target).map_err(|error| error.to_string()))
                    .transpose()
            }
            Self::Url(path) => match text_at(page, path) {
                Some(target) => {
                    let joined = reply.url.join(&target);
                    joined.map(Some).map_err(|error| error.to_string())
                }
                None => Ok(None),
            },
            Self::Cursor { path, parameter } => Ok(text_at(page, path).map(|cursor| {
                let mut url = reply.url.clone();
                let others: Vec<(String, String)> = url
                    .query_pairs()
                    .filter(|(name, _)| name != parameter)
                    .map(|(name, value)| (name.into_owned(), value.into_owned()))
                    .collect();
                url.query_pairs_mut()
                    .clear()
                    .extend_pairs(others)
                    .append_pair(parameter, &cursor);
                url
            })),
        }
    }
}

/// The target of `rel="next"` in one `Link` header. Sentry writes `results="false"` where that
/// page is empty.
fn linked(header: &str) -> Option<&str> {
    header.split(',').find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let mut words = parameters.split(';').map(str::trim);
        let has = |word: &str| {
            let mut words = words.clone();
            words.any(|one| one.replace('"', "").eq_ignore_ascii_case(word))
        };
        let is_next = has("rel=next") && !has("results=false");
        words.next();
        is_next.then_some(target)
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
