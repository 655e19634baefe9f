//! `security.txt` (RFC 9116): whom to tell about a vulnerability.
//!
//! A PGP signature around the text is skipped, not verified.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::{MOST, short};

/// What a `security.txt` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecurityTxt {
    /// Whether it has at least one `Contact` that is a URI, exactly one `Expires` that is a date,
    /// and no line that is neither field nor comment. An expired file can be valid.
    pub valid: bool,
    /// The `Contact` fields.
    pub contact: Vec<String>,
    /// The `Expires` field as an RFC 3339 time; left out when it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// The `Canonical` fields.
    pub canonical: Vec<String>,
    /// The `Policy` fields.
    pub policy: Vec<String>,
    /// The `Encryption` fields.
    pub encryption: Vec<String>,
    /// The `Preferred-Languages` field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_languages: Option<String>,
    /// Whether the text carries a PGP signature, which is not verified.
    pub signed: bool,
    /// What is wrong, as dotted codes: `contact.missing`, `contact.not-uri`, `expires.missing`,
    /// `expires.repeated`, `expires.invalid`, `line.invalid`.
    pub errors: Vec<String>,
}

/// Reads a body, `None` when it is no `security.txt` at all: not text, or neither a `Contact`
/// nor an `Expires` field in it.
pub(super) fn read(body: &[u8]) -> Option<SecurityTxt> {
    let text = std::str::from_utf8(body).ok()?;
    let text = text.trim_start_matches('\u{feff}');
    let mut found = SecurityTxt::default();
    let mut expires = Vec::new();
    let mut invalid_line = false;
    for line in lines(text, &mut found.signed) {
        let Some((name, value)) = line.split_once(':') else {
            invalid_line = true;
            continue;
        };
        let value = short(value.trim());
        match name.trim().to_ascii_lowercase().as_str() {
            "contact" => keep(&mut found.contact, value),
            "expires" => keep(&mut expires, value),
            "canonical" => keep(&mut found.canonical, value),
            "policy" => keep(&mut found.policy, value),
            "encryption" => keep(&mut found.encryption, value),
            "preferred-languages" => found.preferred_languages = Some(value),
            _ => {}
        }
    }
    if found.contact.is_empty() && expires.is_empty() {
        return None;
    }
    found.errors = errors(&found.contact, &expires, invalid_line);
    if let [expires] = expires.as_slice() {
        found.read_expiry(expires);
    }
    found.valid = found.errors.is_empty();
    Some(found)
}

impl SecurityTxt {
    fn read_expiry(&mut self, expires: &str) {
        let Ok(time) = expires.parse::<jiff::Timestamp>() else {
            self.errors.push("expires.invalid".to_owned());
            return;
        };
        self.expires = Some(time.to_string());
    }
}

/// The lines that hold fields, without comments and PGP armour.
fn lines<'a>(text: &'a str, signed: &mut bool) -> Vec<&'a str> {
    let mut fields = Vec::new();
    let mut armour = false;
    for line in text.lines().map(str::trim).take(1000) {
        match line {
            "-----BEGIN PGP SIGNED MESSAGE-----" => (armour, *signed) = (true, true),
            "-----BEGIN PGP SIGNATURE-----" => break,
            "" => armour = false,
            _ if armour || line.starts_with('#') => {}
            _ => fields.push(line.strip_prefix("- ").unwrap_or(line)),
        }
    }
    fields
}

fn errors(contact: &[String], expires: &[String], invalid_line: bool) -> Vec<String> {
    let is_uri = |contact: &String| {
        contact
            .split_once(':')
            .is_some_and(|(scheme, _)| matches!(scheme, "https" | "mailto" | "tel"))
    };
    let mut errors = Vec::new();
    let mut push = |wrong: bool, code: &str| {
        if wrong {
            errors.push(code.to_owned());
        }
    };
    push(contact.is_empty(), "contact.missing");
    push(!contact.iter().all(is_uri), "contact.not-uri");
    push(expires.is_empty(), "expires.missing");
    push(expires.len() > 1, "expires.repeated");
    push(invalid_line, "line.invalid");
    errors
}

fn keep(list: &mut Vec<String>, value: String) {
    if list.len() < MOST {
        list.push(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<SecurityTxt> {
        read(text.as_bytes())
    }

    #[test]
    fn a_complete_file_is_valid() {
        let found = of(
            "# hello\r\nContact: mailto:security@zebu.example\r\nExpires: 2026-12-21T12:00:00Z\r\n",
        )
        .unwrap();
        assert!(found.valid && !found.signed);
        assert_eq!(found.expires.as_deref(), Some("2026-12-21T12:00:00Z"));
    }

    #[test]
    fn mistakes_have_codes() {
        let errors = |text: &str| of(text).unwrap().errors.join(" ");
        assert_eq!(errors("Contact: mailto:a@b.example\n"), "expires.missing");
        assert_eq!(
            errors("Contact: security@zebu.example\nExpires: soon\n"),
            "contact.not-uri expires.invalid"
        );
        assert_eq!(
            errors("Expires: 2027-01-01T00:00:00Z\nhello\n"),
            "contact.missing line.invalid"
        );
    }

    #[test]
    fn signed_text_is_read_and_other_pages_are_not_security_txt() {
        let found = of(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nContact: https://zebu.example/report\n\
             Expires: 2027-01-01T00:00:00Z\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n",
        )
        .unwrap();
        assert!(found.signed && found.valid);
        assert_eq!(of("<!doctype html><title>App</title>"), None);
        assert_eq!(of(""), None);
    }
}
