//! `Referrer-Policy`: which of the listed words a browser follows.

use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::members;

const PRIVATE: &[&str] = &[
    "no-referrer",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
];
const LEAKY: &[&str] = &[
    "origin",
    "origin-when-cross-origin",
    "unsafe-url",
    "no-referrer-when-downgrade",
];

/// How much of the address goes along to other sites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReferrerPolicy {
    /// Whether a header or meta element was there.
    pub present: bool,
    /// The word that browsers follow: the last one they know, meta elements after headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What it comes to.
    pub class: ReferrerClass,
}

/// What a referrer policy comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReferrerClass {
    /// Other sites learn the origin at most, and never over plain HTTP.
    Private,
    /// Other sites learn paths, or the origin over plain HTTP.
    Leaky,
    /// There is a policy, but no word of it is known.
    Invalid,
    /// No policy; browsers use `strict-origin-when-cross-origin`.
    Absent,
}

/// Reads the header and, after it, the values of meta elements.
pub(super) fn read(headers: &HeaderMap, meta: &[String]) -> ReferrerPolicy {
    let mut words = members(headers, "referrer-policy");
    let present = headers.contains_key("referrer-policy") || !meta.is_empty();
    words.extend(
        meta.iter()
            .flat_map(|value| value.split(','))
            .map(|word| word.trim().to_owned()),
    );
    let value = words
        .iter()
        .rev()
        .map(|word| word.to_ascii_lowercase())
        .find(|word| PRIVATE.contains(&word.as_str()) || LEAKY.contains(&word.as_str()));
    let class = match &value {
        Some(word) if PRIVATE.contains(&word.as_str()) => ReferrerClass::Private,
        Some(_) => ReferrerClass::Leaky,
        None if present => ReferrerClass::Invalid,
        None => ReferrerClass::Absent,
    };
    ReferrerPolicy {
        present,
        value,
        class,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_known_word_wins_and_meta_comes_after() {
        let mut headers = HeaderMap::new();
        headers.append(
            "referrer-policy",
            "unsafe-url, strict-origin, future-word".parse().unwrap(),
        );
        let header = read(&headers, &[]);
        assert_eq!(header.value.as_deref(), Some("strict-origin"));
        assert_eq!(header.class, ReferrerClass::Private);
        let meta = read(&headers, &["Origin".to_owned()]);
        assert_eq!(meta.class, ReferrerClass::Leaky);
    }

    #[test]
    fn unknown_is_told_from_absent() {
        let mut headers = HeaderMap::new();
        assert_eq!(read(&headers, &[]).class, ReferrerClass::Absent);
        headers.append("referrer-policy", "whatever".parse().unwrap());
        assert_eq!(read(&headers, &[]).class, ReferrerClass::Invalid);
    }
}
