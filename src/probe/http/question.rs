//! What a profile may write under `http:`.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Asks an HTTP server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Where to ask: an absolute `http` or `https` address. May hold `${secrets.NAME}` in its
    /// path or query.
    pub url: String,
    /// Request method. Other than GET, HEAD, OPTIONS and TRACE needs `--allow intrusive`.
    #[serde(default = "get", skip_serializing_if = "is_get")]
    pub method: String,
    /// Request headers; values may hold `${secrets.NAME}`. They replace those that are sent by
    /// default (`accept`, `accept-encoding`, `user-agent`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Request body: text as it is, anything else as JSON. May hold `${secrets.NAME}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// Credentials for the `authorization` header. They are not sent to other origins that
    /// the answer redirects to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// How many redirects are followed, at most 20. The facts describe the last answer, and
    /// `hops` every one. With 0 they describe the redirect itself.
    #[serde(default = "ten", skip_serializing_if = "is_ten")]
    pub redirects: u8,
    /// Protocol version: `auto` takes HTTP/2 where the server offers it over TLS; `1.1` and
    /// `2` offer nothing else.
    #[serde(default, skip_serializing_if = "is_default")]
    pub version: Version,
    /// Whether a certificate that is not valid ends the question. Without, it is a fact
    /// (`tls.verified`, `tls.problem`).
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub verify: bool,
    /// How many bytes of the body are read, before and after decompression; at most 64 MiB.
    #[serde(default = "one_mebibyte", skip_serializing_if = "is_one_mebibyte")]
    pub max_body: u32,
    /// Which addresses of the name are asked: the `first` that answers, or `all`, each apart
    /// (see the fact `addresses`).
    #[serde(default, skip_serializing_if = "is_default")]
    pub addresses: Addresses,
    /// How often the last address is asked, one after the other, at most 50; more than once
    /// gives the fact `samples`.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub samples: u8,
}

impl Http {
    /// The standard question: GET, up to ten redirects.
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            method: get(),
            headers: BTreeMap::new(),
            body: None,
            auth: None,
            redirects: ten(),
            version: Version::Auto,
            verify: true,
            max_body: one_mebibyte(),
            addresses: Addresses::First,
            samples: one(),
        }
    }
}

/// Credentials. The secret itself is always written as `${secrets.NAME}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    /// A bearer token.
    Bearer(String),
    /// A user and password.
    Basic {
        /// User name.
        user: String,
        /// Password.
        password: String,
    },
}

/// Protocol version to ask with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Version {
    /// The best that both sides speak.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// HTTP/1.1.
    #[serde(rename = "1.1")]
    One,
    /// HTTP/2, over clear text with prior knowledge.
    #[serde(rename = "2")]
    Two,
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Without quotes, YAML reads both versions as numbers.
        let written = match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            other => other.to_string(),
        };
        match written.as_str() {
            "auto" => Ok(Self::Auto),
            "1.1" => Ok(Self::One),
            "2" | "2.0" => Ok(Self::Two),
            other => Err(serde::de::Error::custom(format!(
                "unknown version `{other}`, expected `auto`, `1.1` or `2`"
            ))),
        }
    }
}

impl JsonSchema for Version {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HttpVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "description": "Protocol version to ask with.",
            "enum": ["auto", "1.1", "2", 1.1, 2],
        })
    }
}

/// Which addresses of a name are asked.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Addresses {
    /// The first that answers.
    #[default]
    First,
    /// Each, one result apiece.
    All,
}

/// A request body: text, or JSON kept in its shortest form so that bodies can be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Body {
    /// Sent as it is.
    Text(String),
    /// Sent as `application/json`.
    Json(String),
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::String(text) => Self::Text(text),
            json => Self::Json(json.to_string()),
        })
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Json(json) => serde_json::from_str::<Value>(json)
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
        }
    }
}

impl JsonSchema for Body {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HttpBody".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "description": "A request body: text as it is, anything else as JSON.",
        })
    }
}

fn get() -> String {
    "GET".to_owned()
}

fn is_get(method: &str) -> bool {
    method == "GET"
}

const fn ten() -> u8 {
    10
}

const fn yes() -> bool {
    true
}

const fn one() -> u8 {
    1
}

const fn one_mebibyte() -> u32 {
    1 << 20
}

macro_rules! is {
    ($($name:ident: $Type:ty = $value:expr;)+) => {$(
        fn $name(value: &$Type) -> bool {
            *value == $value
        }
    )+};
}

is! {
    is_ten: u8 = ten();
    is_yes: bool = yes();
    is_one: u8 = one();
    is_one_mebibyte: u32 = one_mebibyte();
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_question_is_the_shortest_one() {
        let short: Http = serde_json::from_str(r#"{"url": "https://a.example/"}"#).unwrap();
        assert_eq!(short, Http::get("https://a.example/"));
        let written = serde_json::to_string(&short).unwrap();
        assert_eq!(written, r#"{"url":"https://a.example/"}"#);
    }

    #[test]
    fn every_field_reads_back() {
        let json = serde_json::json!({
            "url": "https://a.example/", "method": "POST", "headers": {"X-A": "1"},
            "body": {"a": ["${secrets.T}", null]},
            "auth": {"basic": {"user": "u", "password": "${secrets.P}"}},
            "redirects": 0, "version": "2", "verify": false, "max_body": 10,
            "addresses": "all", "samples": 3,
        });
        let probe: Http = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(probe).unwrap(), json);
    }

    #[test]
    fn versions_may_be_numbers() {
        for (written, version) in [
            ("1.1", Version::One),
            ("2", Version::Two),
            ("2.0", Version::Two),
        ] {
            assert_eq!(serde_json::from_str::<Version>(written).unwrap(), version);
        }
        for written in ["1", "3", "\"h2\"", "null"] {
            assert!(
                serde_json::from_str::<Version>(written).is_err(),
                "{written}"
            );
        }
    }

    #[test]
    fn unknown_fields_are_refused() {
        for wrong in [
            r#"{"url": "http://a/", "redirect": 1}"#,
            r#"{"url": "http://a/", "auth": {"token": "x"}}"#,
            r#"{"url": "http://a/", "redirects": -1}"#,
        ] {
            assert!(serde_json::from_str::<Http>(wrong).is_err(), "{wrong}");
        }
    }
}
