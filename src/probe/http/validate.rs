//! What may stand in the fields of a question.

use http::{HeaderName, HeaderValue, Method};
use url::Url;

use super::question::{Auth, Http};
use super::request::target_of;
use crate::probe::Invalid;
use crate::secret::references;

const MOST_REDIRECTS: u8 = 20;
const MOST_SAMPLES: u8 = 50;
const LARGEST_BODY: u32 = 64 << 20;

/// Headers that belong to the connection or follow from the body.
const OURS: &[&str] = &[
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Says what is wrong with a question.
pub(super) fn validate(question: &Http) -> Result<(), Invalid> {
    url(&question.url)?;
    let method = question.method.parse::<Method>();
    if method.is_err() || question.method == "CONNECT" {
        return Err(Invalid::new("method", "no method that can be asked with"));
    }
    if question.method != question.method.to_ascii_uppercase() {
        return Err(Invalid::new("method", "methods are written in capitals"));
    }
    headers(question)?;
    auth(question.auth.as_ref())?;
    if question.redirects > MOST_REDIRECTS {
        return Err(Invalid::new(
            "redirects",
            "at most 20 redirects are followed",
        ));
    }
    if !(1..=MOST_SAMPLES).contains(&question.samples) {
        return Err(Invalid::new("samples", "1 to 50 samples can be taken"));
    }
    if question.max_body > LARGEST_BODY {
        return Err(Invalid::new(
            "max_body",
            "at most 67108864 bytes (64 MiB) are read",
        ));
    }
    Ok(())
}

fn url(written: &str) -> Result<(), Invalid> {
    let url = Url::parse(written).map_err(|error| {
        Invalid::new(
            "url",
            format!("`{written}` is no absolute address: {error}"),
        )
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Invalid::new("url", "only http and https can be asked"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Invalid::new("url", "credentials belong under `auth`"));
    }
    let origin_end = written.find(['/', '?', '#']).map_or(0, |_| {
        let after = written.find("//").map_or(0, |at| at + 2);
        let rest = written.get(after..).unwrap_or_default();
        after + rest.find(['/', '?', '#']).unwrap_or(rest.len())
    });
    let origin = written.get(..origin_end).unwrap_or_default();
    if !references(origin).is_empty() {
        return Err(Invalid::new("url", "a secret cannot name the host"));
    }
    if target_of(&url).parse::<http::Uri>().is_err() {
        return Err(Invalid::new(
            "url",
            "has characters that must be percent-encoded",
        ));
    }
    Ok(())
}

fn headers(question: &Http) -> Result<(), Invalid> {
    for (name, value) in &question.headers {
        let field = format!("headers.{name}");
        let Ok(parsed) = name.parse::<HeaderName>() else {
            return Err(Invalid::new(field, "no header can have this name"));
        };
        if OURS.contains(&parsed.as_str()) {
            return Err(Invalid::new(field, "is set by the connection itself"));
        }
        if HeaderValue::from_str(value).is_err() {
            return Err(Invalid::new(field, "no header can have this value"));
        }
        if parsed == http::header::AUTHORIZATION {
            if question.auth.is_some() {
                return Err(Invalid::new(field, "is set by `auth` already"));
            }
            Invalid::unless_reference(&field, value)?;
        }
    }
    Ok(())
}

fn auth(auth: Option<&Auth>) -> Result<(), Invalid> {
    match auth {
        None => Ok(()),
        Some(Auth::Bearer(token)) => Invalid::unless_reference("auth.bearer", token),
        Some(Auth::Basic { user, password }) => {
            if user.contains(':') {
                return Err(Invalid::new("auth.basic.user", "cannot hold a colon"));
            }
            Invalid::unless_reference("auth.basic.password", password)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(json: serde_json::Value) -> Option<String> {
        let question: Http = serde_json::from_value(json).unwrap();
        let invalid = validate(&question).err()?;
        Some(format!("{}: {}", invalid.field, invalid.message))
    }

    #[test]
    fn good_questions_are_good() {
        for good in [
            serde_json::json!({"url": "http://[::1]:8080/a?b=${secrets.C}"}),
            serde_json::json!({"url": "https://a.example", "auth": {"bearer": "${secrets.T}"}}),
            serde_json::json!({"url": "https://a.example", "headers": {"Authorization": "Key ${secrets.T}"}}),
            serde_json::json!({"url": "https://bücher.example/ü?q=a b", "redirects": 20, "samples": 50}),
        ] {
            assert_eq!(problem(good.clone()), None, "{good}");
        }
    }

    #[test]
    fn each_field_is_looked_at() {
        let url = "https://a.example/";
        for (wrong, field) in [
            (serde_json::json!({"url": "a.example"}), "url"),
            (serde_json::json!({"url": "ftp://a.example"}), "url"),
            (serde_json::json!({"url": "https://u:p@a.example"}), "url"),
            (serde_json::json!({"url": "https://${secrets.H}/"}), "url"),
            (serde_json::json!({"url": url, "method": "G ET"}), "method"),
            (serde_json::json!({"url": url, "method": "get"}), "method"),
            (
                serde_json::json!({"url": url, "method": "CONNECT"}),
                "method",
            ),
            (
                serde_json::json!({"url": url, "headers": {"a b": "c"}}),
                "headers.a b",
            ),
            (
                serde_json::json!({"url": url, "headers": {"a": "b\nc"}}),
                "headers.a",
            ),
            (
                serde_json::json!({"url": url, "headers": {"Connection": "close"}}),
                "headers.Connection",
            ),
            (
                serde_json::json!({"url": url, "headers": {"Authorization": "Bearer abc"}}),
                "headers.Authorization",
            ),
            (
                serde_json::json!({"url": url, "auth": {"bearer": "abc"}}),
                "auth.bearer",
            ),
            (
                serde_json::json!({"url": url, "auth": {"basic": {"user": "u", "password": "p"}}}),
                "auth.basic.password",
            ),
            (
                serde_json::json!({"url": url, "auth": {"basic": {"user": "u:", "password": "${secrets.P}"}}}),
                "auth.basic.user",
            ),
            (
                serde_json::json!({"url": url, "redirects": 21}),
                "redirects",
            ),
            (serde_json::json!({"url": url, "samples": 0}), "samples"),
            (serde_json::json!({"url": url, "samples": 51}), "samples"),
            (
                serde_json::json!({"url": url, "max_body": 70_000_000}),
                "max_body",
            ),
        ] {
            let told = problem(wrong.clone()).unwrap_or_default();
            assert!(told.starts_with(&format!("{field}: ")), "{wrong}: {told}");
        }
    }
}
