//! Headers whose value is one word: COOP, COEP and CORP, and `X-Content-Type-Options`.

use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::{count, short, unquoted, values};

/// A cross-origin policy header with one word as its value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenPolicy {
    /// The word; left out when the header is missing or no browser would understand it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether the header is understood; true when it was not sent at all, which is the
    /// default behaviour of browsers.
    pub valid: bool,
    /// How many such headers were sent.
    pub count: u32,
}

/// `Cross-Origin-Opener-Policy`, an RFC 8941 item.
pub(super) fn opener(headers: &HeaderMap) -> TokenPolicy {
    let known = [
        "same-origin",
        "same-origin-allow-popups",
        "noopener-allow-popups",
        "unsafe-none",
    ];
    item(headers, "cross-origin-opener-policy", &known)
}

/// `Cross-Origin-Embedder-Policy`, an RFC 8941 item.
pub(super) fn embedder(headers: &HeaderMap) -> TokenPolicy {
    let known = ["require-corp", "credentialless", "unsafe-none"];
    item(headers, "cross-origin-embedder-policy", &known)
}

/// `Cross-Origin-Resource-Policy`, which is compared as text and not as a structured field.
pub(super) fn resource(headers: &HeaderMap) -> TokenPolicy {
    let lines = values(headers, "cross-origin-resource-policy");
    let known = ["same-origin", "same-site", "cross-origin"];
    policy(&lines, &known, |value| {
        Some(value.trim().to_ascii_lowercase())
    })
}

/// Whether `X-Content-Type-Options: nosniff` holds: the first word of the header decides.
pub(super) fn nosniff(headers: &HeaderMap) -> bool {
    values(headers, "x-content-type-options")
        .first()
        .and_then(|line| line.split(',').next())
        .is_some_and(|word| word.trim().eq_ignore_ascii_case("nosniff"))
}

fn item(headers: &HeaderMap, name: &str, known: &[&str]) -> TokenPolicy {
    policy(&values(headers, name), known, token)
}

fn policy(lines: &[String], known: &[&str], parse: impl Fn(&str) -> Option<String>) -> TokenPolicy {
    let value = match lines {
        [line] => parse(line).filter(|word| known.contains(&word.as_str())),
        _ => None,
    };
    TokenPolicy {
        valid: lines.is_empty() || value.is_some(),
        value,
        count: count(lines.len()),
    }
}

/// The token of an RFC 8941 item, its parameters checked for shape and dropped.
fn token(line: &str) -> Option<String> {
    let mut parts = line.trim_matches(' ').split(';');
    let token = parts.next()?.trim_end_matches(' ');
    let mut bytes = token.bytes();
    let starts = bytes.next()?;
    let tail = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte);
    if !(starts.is_ascii_alphabetic() || starts == b'*') || !bytes.all(tail) {
        return None;
    }
    parts.all(parameter).then(|| short(token))
}

fn parameter(text: &str) -> bool {
    let text = text.trim_start_matches(' ');
    let (key, value) = text.split_once('=').unwrap_or((text, "?1"));
    let key_byte =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.*".contains(&byte);
    let key_starts = key
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'*');
    key_starts
        && key.bytes().all(key_byte)
        && !value.is_empty()
        && (unquoted(value) != value || !value.contains([' ', '"', ',']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coop(lines: &[&str]) -> TokenPolicy {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("cross-origin-opener-policy", line.parse().unwrap());
        }
        opener(&headers)
    }

    #[test]
    fn only_one_known_token_counts() {
        assert_eq!(coop(&["same-origin"]).value.as_deref(), Some("same-origin"));
        let reporting = coop(&["same-origin; report-to=\"main\""]);
        assert_eq!(reporting.value.as_deref(), Some("same-origin"));
        for lines in [
            &["\"same-origin\""][..],
            &["Same-Origin"],
            &["same-origin, same-origin"],
            &["same-origin; Report"],
            &["nonsense"],
            &[""],
            &["same-origin", "same-origin"],
        ] {
            let policy = coop(lines);
            assert!(!policy.valid && policy.value.is_none(), "{lines:?}");
        }
        assert!(coop(&[]).valid);
    }

    #[test]
    fn resource_policy_is_read_without_case() {
        let mut headers = HeaderMap::new();
        headers.append("cross-origin-resource-policy", "Same-Site".parse().unwrap());
        assert_eq!(resource(&headers).value.as_deref(), Some("same-site"));
    }

    #[test]
    fn nosniff_takes_the_first_word() {
        let of = |line: &str| {
            let mut headers = HeaderMap::new();
            headers.append("x-content-type-options", line.parse().unwrap());
            nosniff(&headers)
        };
        assert!(of("NoSniff") && of("nosniff, nosniff"));
        assert!(!of("sniff") && !of("") && !of("none, nosniff"));
        assert!(!nosniff(&HeaderMap::new()));
    }
}
