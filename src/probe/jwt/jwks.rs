//! Key sets (RFC 7517).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::facts::{Facts, Key, KeySet};
use super::verify::PublicKey;
use crate::probe::http::client::Reply;
use crate::probe::http::meaning;
use crate::probe::{Answer, ProbeError, local};
use crate::reason::Reason;

/// Keys that are looked at.
const MOST_KEYS: usize = 100;
/// Bytes of a name or algorithm.
const LONGEST_NAME: usize = 200;

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Jwk>,
}

/// One key as it is written. Which members it has depends on its type.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    k: Option<String>,
    d: Option<String>,
}

/// Reads a key set into facts. Gives back the keys that signatures can be checked with.
pub(super) fn read(
    reply: &Reply,
    answer: &mut Answer<Facts>,
) -> Result<Vec<PublicKey>, ProbeError> {
    let set: Jwks = reply.json()?;
    let malformed = |number: usize, words: &str| {
        let cause = format!("{} has a malformed key", reply.place());
        ProbeError::new(Reason::ServiceProtocol, cause)
            .with_detail(format!("key {}: {words}", number + 1))
    };
    let mut keys = Vec::new();
    let mut public = Vec::new();
    for (number, jwk) in set.keys.iter().enumerate().take(MOST_KEYS) {
        let names = [&jwk.kid, &jwk.alg, &jwk.usage, &jwk.crv];
        let mut names = names.into_iter().flatten().chain([&jwk.kty]);
        if names.any(|name| name.len() > LONGEST_NAME) {
            return Err(malformed(number, "a name is too long"));
        }
        keys.push(jwk.facts().map_err(|words| malformed(number, words))?);
        public.extend(jwk.public());
    }
    let kids: BTreeSet<&String> = keys.iter().filter_map(|key| key.kid.as_ref()).collect();
    answer.facts.jwks = Some(KeySet {
        count: u32::try_from(set.keys.len()).unwrap_or(u32::MAX),
        named: kids.len() == set.keys.len(),
        cache_control: meaning::cache_control(&reply.headers),
    });
    if set.keys.len() > MOST_KEYS {
        let gap = local::beyond(format!("{} has more keys than are read", reply.place()));
        answer.gaps.insert("keys".to_owned(), gap.clone());
        answer.gaps.insert("jwks.named".to_owned(), gap);
        keys.clear();
    }
    answer.facts.keys = keys;
    Ok(public)
}

impl Jwk {
    fn facts(&self) -> Result<Key, &'static str> {
        let bytes = |member: &Option<String>, missing| {
            let text = member.as_deref().ok_or(missing)?;
            decoded(text).ok_or("a value is not base64url")
        };
        let bits = match self.kty.as_str() {
            "RSA" => {
                bytes(&self.e, "there is no `e`")?;
                Some(bit_length(&bytes(&self.n, "there is no `n`")?))
            }
            "EC" | "OKP" => {
                bytes(&self.x, "there is no `x`")?;
                let curve = self.crv.as_deref().ok_or("there is no `crv`")?;
                bits_of(curve)
            }
            "oct" => {
                let key = bytes(&self.k, "there is no `k`")?;
                u32::try_from(key.len() * 8).ok()
            }
            _ => None,
        };
        Ok(Key {
            kid: self.kid.clone(),
            kty: self.kty.clone(),
            alg: self.alg.clone(),
            usage: self.usage.clone(),
            curve: self.crv.clone(),
            bits,
            secret: self.d.is_some() || self.k.is_some(),
        })
    }

    /// The key for checking signatures, if it is of a type that is known here.
    fn public(&self) -> Option<PublicKey> {
        PublicKey::new(
            self.kid.clone(),
            (&self.kty, self.crv.as_deref()),
            |member| {
                let text = match member {
                    'n' => self.n.as_deref(),
                    'e' => self.e.as_deref(),
                    'x' => self.x.as_deref(),
                    _ => self.y.as_deref(),
                };
                decoded(text?)
            },
        )
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

fn bit_length(number: &[u8]) -> u32 {
    let number: Vec<u8> = number
        .iter()
        .copied()
        .skip_while(|byte| *byte == 0)
        .collect();
    let zeros = number.first().map_or(0, |first| first.leading_zeros());
    u32::try_from(number.len() * 8)
        .unwrap_or(u32::MAX)
        .saturating_sub(zeros)
}

fn bits_of(curve: &str) -> Option<u32> {
    Some(match curve {
        "P-256" | "secp256k1" | "Ed25519" | "X25519" => 256,
        "P-384" => 384,
        "P-521" => 521,
        "Ed448" | "X448" => 448,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(jwk: serde_json::Value) -> Result<Key, &'static str> {
        serde_json::from_value::<Jwk>(jwk).unwrap().facts()
    }

    #[test]
    fn sizes_are_those_of_the_keys() {
        let rsa = |bytes: usize, first: u8| {
            let mut modulus = vec![0xff; bytes];
            modulus[0] = first;
            let n = URL_SAFE_NO_PAD.encode(modulus);
            facts(serde_json::json!({"kty": "RSA", "n": n, "e": "AQAB"})).unwrap()
        };
        assert_eq!(rsa(256, 0xff).bits, Some(2048));
        assert_eq!(
            rsa(257, 0).bits,
            Some(2048),
            "a zero that says that it is positive"
        );
        assert_eq!(rsa(128, 1).bits, Some(1017));
        let ec = facts(serde_json::json!({"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}));
        assert_eq!(ec.unwrap().bits, Some(521));
        let private =
            facts(serde_json::json!({"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "AA"}));
        assert!(private.unwrap().secret);
        let shared = facts(serde_json::json!({"kty": "oct", "k": "AAAA"})).unwrap();
        assert_eq!((shared.bits, shared.secret), (Some(24), true));
        let new = facts(serde_json::json!({"kty": "AKP", "alg": "ML-DSA-44"})).unwrap();
        assert_eq!((new.bits, new.secret), (None, false));
        for wrong in [
            serde_json::json!({"kty": "RSA", "e": "AQAB"}),
            serde_json::json!({"kty": "RSA", "n": "!", "e": "AQAB"}),
            serde_json::json!({"kty": "EC", "x": "AA"}),
        ] {
            assert!(facts(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
