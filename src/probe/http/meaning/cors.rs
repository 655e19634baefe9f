//! Cross-origin sharing: what the answer to a request that named an `Origin` allows.
//!
//! An answer to a request without an `Origin` says little; the facts then hold only what is
//! there, and nothing counts as reflected.

use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::vary;
use super::text::{first, members, values};

/// What other origins may do with the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cors {
    /// The `Origin` that the request named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Whether the named origin may read the answer.
    pub allowed: bool,
    /// `Access-Control-Allow-Origin`, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_origin: Option<String>,
    /// Whether every origin may: `*`.
    pub wildcard: bool,
    /// Whether the header repeats the named origin.
    pub reflected: bool,
    /// Whether `null` is allowed, the origin of sandboxed frames and local files.
    pub null_allowed: bool,
    /// Whether cookies may go along.
    pub credentials: bool,
    /// Whether browsers accept the headers; false for several origins in one answer and for `*`
    /// together with credentials.
    pub valid: bool,
    /// Methods that a preflight allows.
    pub methods: Vec<String>,
    /// Request headers that a preflight allows, in lower case.
    pub headers: Vec<String>,
    /// How long a preflight may be remembered, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
    /// Whether `Vary` names `Origin`, without which caches mix up origins.
    pub vary_origin: bool,
}

/// Reads the answer to a request that named `origin`.
pub(super) fn read(headers: &HeaderMap, origin: Option<&str>) -> Cors {
    let lines = values(headers, "access-control-allow-origin");
    let allow_origin = first(headers, "access-control-allow-origin");
    let wildcard = allow_origin.as_deref() == Some("*");
    let credentials = first(headers, "access-control-allow-credentials")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let reflected = origin.is_some() && origin == allow_origin.as_deref();
    let single = lines.len() <= 1 && !lines.iter().any(|line| line.contains([',', ' ']));
    Cors {
        origin: origin.map(str::to_owned),
        allowed: single && (wildcard || reflected),
        wildcard,
        reflected,
        null_allowed: allow_origin.as_deref() == Some("null"),
        credentials,
        valid: single && !(wildcard && credentials),
        methods: members(headers, "access-control-allow-methods"),
        headers: members(headers, "access-control-allow-headers")
            .iter()
            .map(|name| name.to_ascii_lowercase())
            .collect(),
        max_age: first(headers, "access-control-max-age").and_then(|age| age.parse().ok()),
        vary_origin: vary(headers)
            .iter()
            .any(|name| name == "origin" || name == "*"),
        allow_origin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(origin: Option<&str>, lines: &[(&'static str, &str)]) -> Cors {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        read(&headers, origin)
    }

    #[test]
    fn reflection_needs_the_origin_that_was_sent() {
        let allow = ("access-control-allow-origin", "https://evil.example");
        let with = ("access-control-allow-credentials", "true");
        let cors = of(Some("https://evil.example"), &[allow, with]);
        assert!(cors.reflected && cors.credentials && cors.allowed && !cors.vary_origin);
        assert!(!of(None, &[allow]).reflected);
        assert!(!of(Some("https://b.example"), &[allow]).allowed);
    }

    #[test]
    fn a_wildcard_with_credentials_is_not_valid() {
        let star = ("access-control-allow-origin", "*");
        let with = ("access-control-allow-credentials", "true");
        assert!(!of(None, &[star, with]).valid);
        assert!(of(None, &[star]).valid && of(None, &[star]).wildcard);
        assert!(of(None, &[("access-control-allow-origin", "null")]).null_allowed);
        assert!(of(None, &[]).valid);
    }

    #[test]
    fn a_preflight_tells_methods_and_headers() {
        let cors = of(
            Some("https://app.example"),
            &[
                ("access-control-allow-origin", "https://app.example"),
                ("access-control-allow-methods", "GET, POST"),
                ("access-control-allow-headers", "Content-Type,X-Token"),
                ("access-control-max-age", "600"),
                ("vary", "Origin"),
            ],
        );
        assert_eq!(cors.methods, ["GET", "POST"]);
        assert_eq!(cors.headers, ["content-type", "x-token"]);
        assert_eq!(cors.max_age, Some(600));
        assert!(cors.vary_origin);
    }
}
