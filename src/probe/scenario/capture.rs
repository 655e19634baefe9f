//! What a step takes out of its answer.

use std::fmt;

use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::facts::text_of;
use crate::probe::api::text_at;
use crate::probe::http::client::Reply;

/// Bytes of one captured value.
const LONGEST: usize = 8 << 10;

/// Where in an answer a value stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Capture {
    /// A text or number in the JSON body, by its path: `data.tokens.0.value`.
    Json(String),
    /// A header of the last answer, by its name.
    Header(String),
    /// The value of a cookie that the step sets, by its name.
    Cookie(String),
    /// A regular expression over the body; its first group, or all that it matches.
    Regex(String),
}

impl fmt::Display for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(path) => write!(f, "JSON at {path}"),
            Self::Header(name) => write!(f, "header {name}"),
            Self::Cookie(name) => write!(f, "cookie {name}"),
            Self::Regex(pattern) => write!(f, "what matches {pattern:?}"),
        }
    }
}

impl Capture {
    /// The value, if there is one that is not empty and not too long to be a token. `set` are
    /// the cookies of the step.
    pub(super) fn value(&self, reply: &Reply, set: &HeaderMap) -> Option<String> {
        let value = match self {
            Self::Json(path) => {
                let page = serde_json::from_str(text_of(reply)?).ok()?;
                text_at(&page, path)?
            }
            Self::Header(name) => reply.headers.get(name)?.to_str().ok()?.trim().to_owned(),
            Self::Cookie(name) => cookie(set, name)?,
            Self::Regex(pattern) => {
                let found = pattern_of(pattern).ok()?.captures(text_of(reply)?)?;
                found.get(1).or_else(|| found.get(0))?.as_str().to_owned()
            }
        };
        (1..=LONGEST).contains(&value.len()).then_some(value)
    }
}

/// The compiled pattern, of bounded size.
pub(super) fn pattern_of(pattern: &str) -> Result<regex::Regex, regex::Error> {
    regex::RegexBuilder::new(pattern)
        .size_limit(1 << 20)
        .dfa_size_limit(1 << 20)
        .build()
}

/// The last value of this name that is set.
fn cookie(set: &HeaderMap, name: &str) -> Option<String> {
    let headers = set.get_all(http::header::SET_COOKIE).iter();
    let cookies = headers.filter_map(|header| cookie::Cookie::parse(header.to_str().ok()?).ok());
    let mut named = cookies.filter(|cookie| cookie.name() == name);
    let last = named.next_back()?;
    Some(last.value().to_owned())
}
