//! An issuer of JSON Web Tokens that really signs and verifies them (ES256, RS256).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde_json::{Value, json};

/// A key and its name.
pub struct Issuer {
    key: Key,
    kid: String,
}

enum Key {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Issuer {
    /// With a fresh key.
    pub fn new(kid: &str) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        Self {
            key: Key::Ec(key),
            kid: kid.to_owned(),
        }
    }

    /// With this RSA key.
    #[cfg_attr(
        not(all(feature = "backups", feature = "postgres")),
        expect(dead_code, reason = "for a stand that asks every kind")
    )]
    pub fn rsa(kid: &str, pkcs8: &[u8]) -> Self {
        Self {
            key: Key::Rsa(RsaKeyPair::from_pkcs8(pkcs8).unwrap()),
            kid: kid.to_owned(),
        }
    }

    fn algorithm(&self) -> &'static str {
        match self.key {
            Key::Ec(_) => "ES256",
            Key::Rsa(_) => "RS256",
        }
    }

    /// A signed token with these claims.
    pub fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": self.algorithm(), "typ": "JWT", "kid": self.kid});
        let signed = format!("{}.{}", encoded(&header), encoded(claims));
        let random = SystemRandom::new();
        let signature = match &self.key {
            Key::Ec(key) => {
                let signature = key.sign(&random, signed.as_bytes()).unwrap();
                signature.as_ref().to_vec()
            }
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(
                    &RSA_PKCS1_SHA256,
                    &random,
                    signed.as_bytes(),
                    &mut signature,
                )
                .unwrap();
                signature
            }
        };
        let signature = URL_SAFE_NO_PAD.encode(signature);
        format!("{signed}.{signature}")
    }

    /// The claims of a token that this issuer signed and that has not expired.
    pub fn verify(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        if decoded(header)?["alg"] != self.algorithm() {
            return None;
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let text = signed.as_bytes();
        match &self.key {
            Key::Ec(key) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key())
                .verify(text, &signature),
            Key::Rsa(key) => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key())
                .verify(text, &signature),
        }
        .ok()?;
        let claims = decoded(claims)?;
        (claims["exp"].as_i64()? > jiff::Timestamp::now().as_second()).then_some(claims)
    }

    /// The public key as a JWK.
    pub fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match &self.key {
            Key::Ec(key) => {
                let point = key.public_key().as_ref();
                json!({
                    "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.kid,
                    "x": text(&point[1..33]), "y": text(&point[33..65]),
                })
            }
            Key::Rsa(key) => {
                let public: RsaPublicKeyComponents<Vec<u8>> = key.public().into();
                json!({
                    "kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.kid,
                    "n": text(&public.n), "e": text(&public.e),
                })
            }
        }
    }
}

/// A part of a token.
fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

fn decoded(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// Claims that are good for so many seconds from now.
pub fn claims(subject: &str, seconds: i64) -> Value {
    let now = jiff::Timestamp::now().as_second();
    json!({"iss": "https://issuer.example", "sub": subject, "iat": now, "exp": now + seconds})
}
