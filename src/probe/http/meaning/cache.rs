//! `Cache-Control` and the headers beside it: who may keep the answer, and for how long.

use std::collections::BTreeMap;

use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::{MOST, first, members, short, unquoted, values};

/// Who may keep the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CacheControl {
    /// Whether `Cache-Control` was sent.
    pub present: bool,
    /// Each directive in lower case with its argument, `""` where it has none.
    pub directives: BTreeMap<String, String>,
    /// `no-store`: nobody may keep it.
    pub no_store: bool,
    /// `no-cache`: it may be kept, but is asked about before each use.
    pub no_cache: bool,
    /// `private`: shared caches may not keep it.
    pub private: bool,
    /// `public`: shared caches may keep it.
    pub public: bool,
    /// `must-revalidate`.
    pub must_revalidate: bool,
    /// `immutable`: it never changes under this address.
    pub immutable: bool,
    /// `max-age`, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
    /// `s-maxage`, in seconds: `max-age` for shared caches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s_maxage: Option<u64>,
    /// The `ETag`, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `Last-Modified`, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// Whether a client can ask if its copy is still good: an `ETag` or `Last-Modified` is there.
    pub validator: bool,
    /// The header names that `Vary` lists, in lower case.
    pub vary: Vec<String>,
}

/// Reads the headers.
pub(super) fn read(headers: &HeaderMap) -> CacheControl {
    let directives = directives(headers);
    let has = |name: &str| directives.contains_key(name);
    let seconds = |name: &str| directives.get(name).and_then(|text| text.parse().ok());
    let etag = first(headers, "etag");
    let last_modified = first(headers, "last-modified");
    CacheControl {
        present: headers.contains_key("cache-control"),
        no_store: has("no-store"),
        no_cache: has("no-cache"),
        private: has("private"),
        public: has("public"),
        must_revalidate: has("must-revalidate"),
        immutable: has("immutable"),
        max_age: seconds("max-age"),
        s_maxage: seconds("s-maxage"),
        validator: etag.is_some() || last_modified.is_some(),
        etag,
        last_modified,
        vary: vary(headers),
        directives,
    }
}

/// The header names that `Vary` lists, in lower case.
pub(super) fn vary(headers: &HeaderMap) -> Vec<String> {
    members(headers, "vary")
        .iter()
        .map(|name| name.to_ascii_lowercase())
        .collect()
}

/// The first argument of a directive counts, as RFC 9111 asks of caches that meet two.
fn directives(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in values(headers, "cache-control") {
        for directive in split(&line) {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let name = name.trim().to_ascii_lowercase();
            if !name.is_empty() && found.len() < MOST {
                found
                    .entry(short(&name))
                    .or_insert_with(|| short(unquoted(value.trim())));
            }
        }
    }
    found
}

/// Splits on commas outside quotes.
fn split(line: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    line.split(move |character| {
        if character == '"' {
            quoted = !quoted;
        }
        character == ',' && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_read_over_lines_and_quotes() {
        let mut headers = HeaderMap::new();
        headers.append(
            "cache-control",
            "Private=\"set-cookie, x-user\", max-age=60"
                .parse()
                .unwrap(),
        );
        headers.append(
            "cache-control",
            "max-age=600, must-revalidate".parse().unwrap(),
        );
        headers.append("vary", "Origin, Accept-Encoding".parse().unwrap());
        headers.append("etag", "\"abc\"".parse().unwrap());
        let cache = read(&headers);
        assert!(cache.private && cache.must_revalidate && !cache.no_store && cache.validator);
        assert_eq!(cache.directives["private"], "set-cookie, x-user");
        assert_eq!(cache.max_age, Some(60));
        assert_eq!(cache.vary, ["origin", "accept-encoding"]);
    }

    #[test]
    fn an_unreadable_age_is_left_out() {
        let mut headers = HeaderMap::new();
        headers.append("cache-control", "max-age=soon".parse().unwrap());
        assert_eq!(read(&headers).max_age, None);
    }
}
