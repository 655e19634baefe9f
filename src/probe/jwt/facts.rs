//! What is known of keys, a token and what becomes of forged ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::probe::http::meaning::CacheControl;

/// What is known; parts that were not asked about are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// The key set as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<KeySet>,
    /// Its keys.
    pub keys: Vec<Key>,
    /// The token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenFacts>,
    /// What the endpoint makes of forged tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusals: Option<Refusals>,
}

/// A key set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeySet {
    /// How many keys it has; during a rotation there are two.
    pub count: u32,
    /// Whether every key has a `kid` of its own, so that a token can say which one signed it.
    pub named: bool,
    /// Who may keep it, and for how long.
    pub cache_control: CacheControl,
}

/// A key of the set. Its values are not told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Key {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// Its type: `RSA`, `EC`, `OKP`, `oct` …
    pub kty: String,
    /// The algorithm that it is for, where the set says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// What it is for, where the set says so: `sig` or `enc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// The curve of an `EC` or `OKP` key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<String>,
    /// Its size in bits, where it is known: of the modulus, or of the curve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
    /// Whether the set gives away what nobody else may know: a private or a shared key.
    pub secret: bool,
}

/// A token, without the values of its claims.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenFacts {
    /// The algorithm that it says it is signed with.
    pub alg: String,
    /// The name of the key that it says it is signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// `typ` of its header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
    /// The names of its claims, ascending.
    pub claims: Vec<String>,
    /// Who made it: `iss`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Whom it is for: `aud`.
    pub audience: Vec<String>,
    /// Seconds from `iat` to `exp`, where it has both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_seconds: Option<i64>,
    /// Whether it had expired when the run started, where it has `exp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired: Option<bool>,
    /// Whether a key of the set made its signature, where there is a set and the algorithm is
    /// known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
}

/// The statuses that an endpoint answers with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refusals {
    /// To the genuine token.
    pub genuine: u16,
    /// To no token.
    pub stranger: u16,
    /// To the token with one bit of its signature changed.
    pub signature_changed: u16,
    /// To the token with a claim more than was signed.
    pub claims_changed: u16,
    /// To the token without its signature.
    pub signature_removed: u16,
    /// To the token's claims under `alg: none` and without a signature.
    pub alg_none: u16,
    /// To a genuine token that has expired, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired: Option<u16>,
}
