//! What a scenario's steps answered, without what is secret in it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::probe::http::client::Reply;
use crate::probe::http::meaning::Cookie;
use crate::secret::Redactor;

/// A body of more bytes is no fact, so that many steps stay within bounds.
pub(super) const MOST_JSON: usize = 32 << 10;
/// A number of fewer digits is no token.
const SHORTEST_MASKED: usize = 4;

/// How the names of fields end that hold secrets, letters and digits alone.
const SECRET_FIELDS: &[&str] = &[
    "token",
    "secret",
    "password",
    "passwd",
    "jwt",
    "key",
    "session",
    "sessionid",
    "sid",
    "csrf",
    "xsrf",
    "otp",
    "credential",
    "ticket",
    "cookie",
];

/// What the steps answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// The steps that were reached, by their names.
    pub steps: BTreeMap<String, Seen>,
}

/// The answer to one step, after redirects. Captured values are masked in all of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Seen {
    /// The status code.
    pub status: u16,
    /// Where the answer came from.
    pub url: String,
    /// How many redirects were followed.
    pub redirected: u32,
    /// Headers by lower-case name, several of one name joined by `, `; without `set-cookie`.
    pub headers: BTreeMap<String, String>,
    /// Every cookie that the answer and the redirects before it set, without its value.
    pub cookies: Vec<Cookie>,
    /// The body read as JSON; left out when it is none. Fields named like secrets and JSON Web
    /// Tokens are masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// The names of what was captured.
    pub captured: Vec<String>,
    /// Milliseconds from asking to the end of the body, with redirects.
    pub elapsed_ms: f64,
}

/// The body as text, if it is whole.
pub(super) fn text_of(reply: &Reply) -> Option<&str> {
    match reply.unread {
        None => std::str::from_utf8(&reply.body).ok(),
        Some(_) => None,
    }
}

impl Seen {
    /// Masks these values, and what looks like a token.
    pub(super) fn mask(&mut self, redactor: &Redactor, captured: &[&str]) {
        self.url = redactor.mask(&self.url);
        let headers = std::mem::take(&mut self.headers).into_iter();
        let headers = headers.map(|(name, value)| (redactor.mask(&name), redactor.mask(&value)));
        self.headers = headers.collect();
        for cookie in &mut self.cookies {
            cookie.name = redactor.mask(&cookie.name);
            for text in [&mut cookie.domain, &mut cookie.path, &mut cookie.expires] {
                *text = text.take().map(|text| redactor.mask(&text));
            }
        }
        if let Some(json) = &mut self.json {
            mask_tokens(json, captured);
            redactor.mask_json(json);
        }
    }
}

/// Masks what stands in fields that are named like secrets, JSON Web Tokens, and numbers that
/// were captured.
fn mask_tokens(value: &mut Value, captured: &[&str]) {
    match value {
        Value::String(text) if is_jwt(text) => *value = masked(),
        Value::Number(number) => {
            let digits = number.to_string();
            if digits.len() >= SHORTEST_MASKED && captured.contains(&digits.as_str()) {
                *value = masked();
            }
        }
        Value::Array(items) => {
            for item in items {
                mask_tokens(item, captured);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                if field.is_string() && names_secret(name) {
                    *field = masked();
                } else {
                    mask_tokens(field, captured);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn masked() -> Value {
    Value::String("***".to_owned())
}

fn names_secret(name: &str) -> bool {
    let plain = name.chars().filter(char::is_ascii_alphanumeric);
    let plain: String = plain.map(|letter| letter.to_ascii_lowercase()).collect();
    SECRET_FIELDS.iter().any(|ending| plain.ends_with(ending))
}

/// Whether a text holds a header of JSON in base64 and two more parts.
fn is_jwt(text: &str) -> bool {
    text.split("eyJ").skip(1).any(|rest| {
        let end = rest.find(|one: char| !one.is_ascii_alphanumeric() && !"-_.".contains(one));
        let token = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        token.matches('.').count() >= 2
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tokens_are_masked_and_the_rest_stays() {
        let mut value = json!({
            "access_token": "abc", "refreshToken": "abc", "token_type": "Bearer", "id": 12345,
            "error": {"code": 17, "message": "eyJhbGciOiJub25lIn0.e30. is expired"},
            "list": [12345, 1234, "eyJust a word.", {"sid": "x"}], "expires_in": 900,
        });
        mask_tokens(&mut value, &["12345", "900"]);
        assert_eq!(
            value,
            json!({
                "access_token": "***", "refreshToken": "***", "token_type": "Bearer", "id": "***",
                "error": {"code": 17, "message": "***"},
                "list": ["***", 1234, "eyJust a word.", {"sid": "***"}], "expires_in": 900,
            })
        );
    }
}
