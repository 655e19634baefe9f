//! A token from a secret, taken apart.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::facts::TokenFacts;
use super::verify::PublicKey;
use crate::probe::{Context, ProbeError};
use crate::reason::Reason;

/// Bytes of a token.
const LONGEST: usize = 16 << 10;
/// Bytes of what is told of it.
const LONGEST_NAME: usize = 200;

/// A token in its three parts.
pub(super) struct Token {
    /// As it is sent.
    pub(super) text: String,
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signature: Vec<u8>,
}

impl Token {
    /// The token that a secret holds. `field` names it in causes.
    pub(super) fn of(template: &str, field: &str, context: &Context) -> Result<Self, ProbeError> {
        let filled = context.secrets.fill(template)?;
        let text = filled.reveal().trim();
        if text.is_empty() {
            let cause = "a secret that the question needs is empty";
            return Err(ProbeError::new(Reason::CredentialMissing, cause));
        }
        Self::parsed(text).ok_or_else(|| unusable(field, "it is no signed JSON Web Token"))
    }

    fn parsed(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (header, claims) = (object(parts.next()?)?, object(parts.next()?)?);
        let signature = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        let whole = parts.next().is_none() && text.len() <= LONGEST;
        let told = ["alg", "kid", "typ"]
            .iter()
            .filter_map(|name| header.get(*name));
        let told: Vec<&Value> = told.chain(claims.get("iss")).collect();
        let is_short = |value: &&Value| value.as_str().is_some_and(|it| it.len() <= LONGEST_NAME);
        let sound = told.iter().all(is_short) && header.contains_key("alg");
        (whole && sound && !signature.is_empty()).then(|| Self {
            text: text.to_owned(),
            header,
            claims,
            signature,
        })
    }

    /// Whether it has expired by then; `None` where it does not say.
    pub(super) fn expired(&self, now: Timestamp) -> Option<bool> {
        Some(self.seconds("exp")? <= now.as_second())
    }

    /// What is told of it. `keys` are those of the set, if there is one.
    pub(super) fn facts(&self, now: Timestamp, keys: Option<&[PublicKey]>) -> TokenFacts {
        let text = |name: &str| {
            let value = self.header.get(name).and_then(Value::as_str);
            value.map(ToOwned::to_owned)
        };
        let mut claims: Vec<String> = self.claims.keys().cloned().collect();
        claims.sort_unstable();
        let lifetime = self.seconds("exp").zip(self.seconds("iat"));
        let issuer = self.claims.get("iss").and_then(Value::as_str);
        TokenFacts {
            alg: text("alg").unwrap_or_default(),
            kid: text("kid"),
            typ: text("typ"),
            claims,
            issuer: issuer.map(ToOwned::to_owned),
            audience: self.audience(),
            lifetime_seconds: lifetime.map(|(exp, iat)| exp.saturating_sub(iat)),
            expired: self.expired(now),
            verified: keys.and_then(|keys| self.verified(keys)),
        }
    }

    /// Whether one of the keys that it can mean made its signature.
    fn verified(&self, keys: &[PublicKey]) -> Option<bool> {
        let alg = self.header.get("alg")?.as_str()?;
        let kid = self.header.get("kid").and_then(Value::as_str);
        let (signed, _) = self.text.rsplit_once('.')?;
        let meant = keys
            .iter()
            .filter(|key| kid.is_none() || key.kid.as_deref() == kid);
        let outcomes = meant.filter_map(|key| key.made(alg, signed.as_bytes(), &self.signature));
        outcomes.reduce(|one, other| one || other)
    }

    fn audience(&self) -> Vec<String> {
        let one = |value: &Value| {
            let text = value.as_str()?;
            (text.len() <= LONGEST_NAME).then(|| text.to_owned())
        };
        match self.claims.get("aud") {
            Some(Value::Array(items)) => items.iter().filter_map(one).collect(),
            Some(value) => one(value).into_iter().collect(),
            None => Vec::new(),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "whole seconds are meant")]
    fn seconds(&self, claim: &str) -> Option<i64> {
        let value = self.claims.get(claim)?;
        value.as_i64().or_else(|| Some(value.as_f64()? as i64))
    }

    /// With one bit of the signature changed.
    pub(super) fn with_changed_signature(&self) -> String {
        let mut signature = self.signature.clone();
        if let Some(byte) = signature.first_mut() {
            *byte ^= 1;
        }
        let signed = self.text.rsplit_once('.').map_or("", |(signed, _)| signed);
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// With a claim more than was signed.
    pub(super) fn with_changed_claims(&self) -> String {
        let mut claims = self.claims.clone();
        claims.insert("audit".to_owned(), Value::Bool(true));
        let signature = URL_SAFE_NO_PAD.encode(&self.signature);
        format!("{}.{}.{signature}", encoded(&self.header), encoded(&claims))
    }

    /// Without its signature.
    pub(super) fn without_signature(&self) -> String {
        let signed = self.text.rsplit_once('.').map_or("", |(signed, _)| signed);
        format!("{signed}.")
    }

    /// Its claims under `alg: none`.
    pub(super) fn under_alg_none(&self) -> String {
        let mut header = self.header.clone();
        header.insert("alg".to_owned(), "none".into());
        format!("{}.{}.", encoded(&header), encoded(&self.claims))
    }
}

/// A secret's value is not what the question needs; it is not shown.
pub(super) fn unusable(field: &str, words: &str) -> ProbeError {
    let cause = format!("`{field}` of the jwt probe cannot be used with the secrets' values");
    ProbeError::new(Reason::CredentialUnusable, cause).with_detail(words)
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn encoded(part: &Map<String, Value>) -> String {
    let json = Value::Object(part.clone()).to_string();
    URL_SAFE_NO_PAD.encode(json)
}
