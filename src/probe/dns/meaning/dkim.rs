//! DKIM keys (RFC 6376, section 3.6.1; RFC 8463 for Ed25519).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::tags::Tags;

/// The key that a domain's mail is signed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dkim {
    /// Whether it is a key that receivers can use.
    pub valid: bool,
    /// `rsa` or `ed25519`.
    pub key_type: String,
    /// Size of the key in bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<usize>,
    /// Whether the key has been withdrawn (an empty `p=`).
    pub revoked: bool,
    /// Whether receivers are told to ignore failures (`t=y`).
    pub testing: bool,
    /// What is wrong with it, in words.
    pub problems: Vec<String>,
}

/// The key among the texts found at a selector; `None` when there is none.
pub(in crate::probe::dns) fn parse(texts: &[&str]) -> Option<Dkim> {
    let is_key = |tags: &Tags| match tags.find("v") {
        Some(_) => tags.begin_with("DKIM1"),
        None => tags.find("p").is_some(),
    };
    let mut keys = texts.iter().map(|text| Tags::parse(text)).filter(is_key);
    let tags = keys.next()?;
    let mut problems = tags.problems.clone();
    if keys.next().is_some() {
        problems.push("more than one key at one selector".to_owned());
    }
    let key_type = tags.find("k").unwrap_or("rsa").to_ascii_lowercase();
    let encoded: Option<String> = tags
        .find("p")
        .map(|p| p.chars().filter(|c| !c.is_whitespace()).collect());
    let revoked = encoded.as_deref() == Some("");
    let bits = match encoded {
        None => Err("`p=` is missing".to_owned()),
        Some(_) if revoked => Err("the key has been withdrawn".to_owned()),
        Some(text) => STANDARD
            .decode(text)
            .map_err(|error| format!("`p=` is not base64: {error}"))
            .and_then(|key| bits(&key_type, &key)),
    };
    let bits = bits.map_err(|problem| problems.push(problem)).ok();
    let testing = tags
        .find("t")
        .is_some_and(|flags| flags.split(':').any(|flag| flag.trim() == "y"));
    Some(Dkim {
        valid: problems.is_empty(),
        key_type,
        bits,
        revoked,
        testing,
        problems,
    })
}

fn bits(key_type: &str, key: &[u8]) -> Result<usize, String> {
    match key_type {
        "ed25519" if key.len() == 32 => Ok(256),
        "ed25519" => Err(format!("an Ed25519 key of {} bytes", key.len())),
        "rsa" => {
            let broken = || "`p=` is not an RSA public key".to_owned();
            let (_, key) = SubjectPublicKeyInfo::from_der(key).map_err(|_| broken())?;
            match key.parsed() {
                Ok(PublicKey::RSA(rsa)) => Ok(rsa.key_size()),
                _ => Err(broken()),
            }
        }
        other => Err(format!("`k={other}` is not rsa or ed25519")),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// The key of RFC 6376, appendix C.
    const RSA: &str = "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ\
        DwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt\
        IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7\
        od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfV\
        jH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB";

    #[test]
    fn keys_are_measured() {
        let rsa = parse(&[RSA]).unwrap();
        assert!(rsa.valid, "{:?}", rsa.problems);
        assert_eq!((rsa.key_type.as_str(), rsa.bits), ("rsa", Some(1024)));
        // RFC 8463, appendix A.2.
        let ed = "v=DKIM1; k=ed25519; t=y:s; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
        let ed = parse(&[ed]).unwrap();
        assert!(ed.valid && ed.testing);
        assert_eq!((ed.key_type.as_str(), ed.bits), ("ed25519", Some(256)));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let revoked = parse(&["v=DKIM1; p="]).unwrap();
        assert!(revoked.revoked && !revoked.valid);
        for text in [
            "v=DKIM1; k=rsa",
            "v=DKIM1; p=!!!",
            "v=DKIM1; p=AAAA",
            "v=DKIM1; k=ed25519; p=AAAA",
            "v=DKIM1; k=dsa; p=AAAA",
        ] {
            let key = parse(&[text]).unwrap();
            assert!(!key.valid && key.bits.is_none(), "{text}");
        }
        assert!(!parse(&[RSA, RSA]).unwrap().valid);
        assert_eq!(parse(&["v=spf1 -all", "hello"]), None);
    }
}
