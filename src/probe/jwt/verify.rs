//! Signatures of tokens (RFC 7518), with public keys alone.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519,
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_2048_8192_SHA384, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
    VerificationAlgorithm,
};

/// A public key.
pub(super) struct PublicKey {
    pub(super) kid: Option<String>,
    kind: Kind,
}

enum Kind {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl PublicKey {
    /// Of this type and curve, if it is one that is known here; `member` decodes its parts.
    pub(super) fn new(
        kid: Option<String>,
        (kty, curve): (&str, Option<&str>),
        member: impl Fn(char) -> Option<Vec<u8>>,
    ) -> Option<Self> {
        let point = || Some([vec![4], member('x')?, member('y')?].concat());
        let made_for = match (kty, curve) {
            ("RSA", _) => Kind::Rsa {
                n: member('n')?
                    .into_iter()
                    .skip_while(|byte| *byte == 0)
                    .collect(),
                e: member('e')?
                    .into_iter()
                    .skip_while(|byte| *byte == 0)
                    .collect(),
            },
            ("EC", Some("P-256")) => Kind::P256(point()?),
            ("EC", Some("P-384")) => Kind::P384(point()?),
            ("OKP", Some("Ed25519")) => Kind::Ed25519(member('x')?),
            _ => return None,
        };
        Some(Self {
            kid,
            kind: made_for,
        })
    }

    /// Whether this key made the signature; `None` where the algorithm is not for such a key,
    /// or not known here.
    pub(super) fn made(&self, alg: &str, signed: &[u8], signature: &[u8]) -> Option<bool> {
        let checked = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key).verify(signed, signature)
        };
        let outcome = match (&self.kind, alg) {
            (Kind::P256(point), "ES256") => checked(&ECDSA_P256_SHA256_FIXED, point),
            (Kind::P384(point), "ES384") => checked(&ECDSA_P384_SHA384_FIXED, point),
            (Kind::Ed25519(point), "EdDSA" | "Ed25519") => checked(&ED25519, point),
            (Kind::Rsa { n, e }, alg) => {
                let parameters = parameters(alg, n.len())?;
                RsaPublicKeyComponents { n, e }.verify(parameters, signed, signature)
            }
            _ => return None,
        };
        Some(outcome.is_ok())
    }
}

/// Keys that are too small are told by their size; what they sign can still be checked.
fn parameters(alg: &str, bytes: usize) -> Option<&'static RsaParameters> {
    let small = bytes < 256;
    Some(match alg {
        "RS256" if bytes >= 128 => &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        "RS512" if bytes >= 128 => &RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        "RS384" if !small => &RSA_PKCS1_2048_8192_SHA384,
        "PS256" if !small => &RSA_PSS_2048_8192_SHA256,
        "PS384" if !small => &RSA_PSS_2048_8192_SHA384,
        "PS512" if !small => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}
