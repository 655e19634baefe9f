//! `Set-Cookie`: every attribute of every cookie, never the value.

use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::{MOST, short, values};

/// Parts of a name by which a cookie is taken for a session identifier.
const SESSION_NAMES: &[&str] = &["login", "sess", "sid", "auth", "token", "jwt"];

/// What one `Set-Cookie` header asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// How long its value is, in bytes; the value itself is never kept.
    pub value_bytes: u32,
    /// Whether it is sent over HTTPS only.
    pub secure: bool,
    /// Whether scripts cannot read it.
    pub http_only: bool,
    /// When it goes along with requests from other sites.
    pub same_site: SameSite,
    /// The `Domain` attribute: it is sent to all names below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The `Path` attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The `Max-Age` attribute, in seconds; zero or less deletes the cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i64>,
    /// The `Expires` attribute, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Whether it outlives the browser session: `Max-Age` or `Expires` is given.
    pub persistent: bool,
    /// Whether it is kept apart for each top-level site (CHIPS).
    pub partitioned: bool,
    /// The name's prefix, which makes browsers enforce rules.
    pub prefix: Prefix,
    /// Whether the prefix's rules hold; true without a prefix. Browsers drop the cookie when
    /// they do not.
    pub prefix_valid: bool,
    /// Whether its name looks like a session identifier's: it contains `login`, `sess`, `auth`,
    /// `token`, `jwt`, or `sid` as a word, and is no CSRF token.
    pub looks_like_session: bool,
    /// Whether its name looks like that of a CSRF token: it contains `csrf` or `xsrf`.
    pub looks_like_csrf: bool,
}

/// When a cookie goes along with requests from other sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SameSite {
    /// Never.
    Strict,
    /// When the user follows a link.
    Lax,
    /// Always; needs `Secure`.
    None,
    /// The attribute is not there; browsers differ in what they make of it.
    Absent,
    /// The attribute has an unknown or empty value.
    Invalid,
}

/// A name prefix with rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Prefix {
    /// `__Host-`: secure, for this host only, for every path.
    Host,
    /// `__Secure-`: secure.
    Secure,
    /// No prefix.
    None,
}

/// Every cookie of the answer, in order; a header that is no cookie is left out.
pub(super) fn read(headers: &HeaderMap) -> Vec<Cookie> {
    values(headers, "set-cookie")
        .iter()
        .filter_map(|header| parse(header))
        .take(MOST)
        .collect()
}

fn parse(header: &str) -> Option<Cookie> {
    let parsed = cookie::Cookie::parse(header).ok()?;
    let name = short(parsed.name());
    let lower = name.to_ascii_lowercase();
    let secure = parsed.secure().unwrap_or(false);
    let expires = attribute(header, "expires").map(short);
    let max_age = attribute(header, "max-age").and_then(|age| age.parse().ok());
    let domain = attribute(header, "domain").filter(|domain| !domain.is_empty());
    let path = attribute(header, "path");
    let prefix = prefix(&lower);
    let looks_like_csrf = lower.contains("csrf") || lower.contains("xsrf");
    Some(Cookie {
        value_bytes: u32::try_from(parsed.value().len()).unwrap_or(u32::MAX),
        secure,
        http_only: parsed.http_only().unwrap_or(false),
        same_site: same_site(attribute(header, "samesite")),
        persistent: max_age.is_some() || expires.is_some(),
        prefix_valid: match prefix {
            Prefix::Host => secure && domain.is_none() && path == Some("/"),
            Prefix::Secure => secure,
            Prefix::None => true,
        },
        domain: domain.map(short),
        path: path.filter(|path| !path.is_empty()).map(short),
        max_age,
        expires,
        partitioned: parsed.partitioned().unwrap_or(false),
        prefix,
        looks_like_session: !looks_like_csrf && session_name(&lower),
        looks_like_csrf,
        name,
    })
}

/// The last value of an attribute, as browsers take it; `Some("")` when it has none.
fn attribute<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header
        .split(';')
        .skip(1)
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .filter(|(key, _)| key.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
        .last()
}

fn same_site(value: Option<&str>) -> SameSite {
    let Some(value) = value else {
        return SameSite::Absent;
    };
    match value.to_ascii_lowercase().as_str() {
        "strict" => SameSite::Strict,
        "lax" => SameSite::Lax,
        "none" => SameSite::None,
        _ => SameSite::Invalid,
    }
}

fn prefix(lower: &str) -> Prefix {
    if lower.starts_with("__host-") {
        Prefix::Host
    } else if lower.starts_with("__secure-") {
        Prefix::Secure
    } else {
        Prefix::None
    }
}

/// `sid` and `auth` count as words only, so that `resident` and `author` are no sessions.
fn session_name(lower: &str) -> bool {
    SESSION_NAMES.iter().any(|part| match *part {
        "sid" | "auth" => lower
            .split(|character: char| !character.is_ascii_alphanumeric())
            .any(|word| word == *part || word == format!("connect{part}")),
        _ => lower.contains(part),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(header: &str) -> Cookie {
        let mut headers = HeaderMap::new();
        headers.append("set-cookie", header.parse().unwrap());
        read(&headers).pop().unwrap()
    }

    #[test]
    fn attributes_are_read_and_the_value_is_not_kept() {
        let cookie = one("session=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=3600");
        assert!(cookie.secure && cookie.http_only && cookie.persistent);
        assert_eq!(
            (cookie.same_site, cookie.max_age),
            (SameSite::Lax, Some(3600))
        );
        assert_eq!(cookie.value_bytes, 6);
        assert!(cookie.looks_like_session && !cookie.looks_like_csrf);
        assert!(!serde_json::to_string(&cookie).unwrap().contains("s3cr3t"));
    }

    #[test]
    fn same_site_is_absent_or_invalid_where_browsers_say_so() {
        for (header, expected) in [
            ("a=b", SameSite::Absent),
            ("a=b; SameSite", SameSite::Invalid),
            ("a=b; SameSite=", SameSite::Invalid),
            ("a=b; samesite=sometimes", SameSite::Invalid),
            ("a=b; samesite=NONE", SameSite::None),
            ("a=b; SameSite=Lax; SameSite=Strict", SameSite::Strict),
        ] {
            assert_eq!(one(header).same_site, expected, "{header}");
        }
    }

    #[test]
    fn prefixes_hold_only_with_their_rules() {
        assert!(one("__Host-a=b; Secure; Path=/").prefix_valid);
        assert!(!one("__Host-a=b; Secure").prefix_valid, "no path");
        assert!(!one("__Host-a=b; Secure; Path=/; Domain=zebu.example").prefix_valid);
        assert!(!one("__Secure-a=b").prefix_valid);
        assert_eq!(one("__secure-a=b; Secure").prefix, Prefix::Secure);
        assert!(one("a=b").prefix_valid);
    }

    #[test]
    fn names_tell_sessions_and_csrf_tokens() {
        for name in [
            "JSESSIONID",
            "user_login",
            "connect.sid",
            "auth",
            "jwt",
            "access_token",
        ] {
            assert!(one(&format!("{name}=1")).looks_like_session, "{name}");
        }
        for name in ["resident", "author", "theme", "csrf_token", "XSRF-TOKEN"] {
            assert!(!one(&format!("{name}=1")).looks_like_session, "{name}");
        }
        assert!(one("XSRF-TOKEN=1").looks_like_csrf);
    }
}
