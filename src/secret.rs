//! Secrets: values that cannot be printed, and the one redactor for everything we print.
//!
//! A probe holds the *name* of a secret (`${secrets.API_TOKEN}`), so that probes can be
//! compared, listed and saved. The value is put in at the last moment by [`Secrets::fill`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fmt::Write as _;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::probe::ProbeError;
use crate::reason::Reason;

/// A value that must never reach an output. It has no `Display` and no `Serialize`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the wire only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// The secrets of one run, by the name the profile declares.
#[derive(Clone, Debug, Default)]
pub struct Secrets(BTreeMap<String, Secret>);

impl FromIterator<(String, Secret)> for Secrets {
    fn from_iter<I: IntoIterator<Item = (String, Secret)>>(secrets: I) -> Self {
        Self(secrets.into_iter().collect())
    }
}

impl Secrets {
    /// Whether the named secret has a value.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Puts values in the place of each `${secrets.NAME}` in `template`.
    ///
    /// A secret without a value is our inability, `credential.missing`.
    pub fn fill(&self, template: &str) -> Result<Secret, ProbeError> {
        let mut filled = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, name, after)) = split_reference(rest) {
            let secret = self.0.get(name).ok_or_else(|| {
                ProbeError::new(
                    Reason::CredentialMissing,
                    format!("secret {name} is not set"),
                )
            })?;
            filled.push_str(before);
            filled.push_str(secret.reveal());
            rest = after;
        }
        filled.push_str(rest);
        Ok(Secret(filled))
    }

    /// The same secrets and this one.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, secret: Secret) -> Self {
        self.0.insert(name.into(), secret);
        self
    }

    /// A redactor for these secrets' values in every form we know.
    pub fn redactor(&self) -> Redactor {
        Redactor::new(self.0.values())
    }
}

/// The names of secrets that `template` refers to as `${secrets.NAME}`.
pub fn references(template: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = template;
    while let Some((_, name, after)) = split_reference(rest) {
        names.push(name);
        rest = after;
    }
    names
}

fn split_reference(text: &str) -> Option<(&str, &str, &str)> {
    let (before, tail) = text.split_once("${secrets.")?;
    let (name, after) = tail.split_once('}')?;
    Some((before, name, after))
}

/// Masks secrets in text: as they are, percent-, base64-, JSON- and HTML-escaped.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    patterns: Option<AhoCorasick>,
    forms: Vec<String>,
}

/// Shorter values would mask ordinary text.
const SHORTEST_MASKED: usize = 4;
/// Fewer characters of a secret's start may well be something else.
const SHORTEST_BEGUN: usize = 4;

impl Redactor {
    fn new<'a>(secrets: impl Iterator<Item = &'a Secret>) -> Self {
        let mut forms = BTreeSet::new();
        for secret in secrets {
            forms.extend(forms_of(secret.reveal()));
            // A secret file or variable often ends in a newline that the wire form does not have.
            forms.extend(forms_of(secret.reveal().trim()));
        }
        // What a server says is escaped once more where it is quoted.
        let quoted = forms
            .iter()
            .map(|form: &String| form.as_bytes().escape_ascii().to_string());
        let quoted: Vec<String> = quoted.collect();
        forms.extend(quoted);
        forms.retain(|form| form.len() >= SHORTEST_MASKED);
        if forms.is_empty() {
            return Self::default();
        }
        let patterns = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&forms)
            .ok();
        let forms = forms.into_iter().collect();
        Self { patterns, forms }
    }

    /// `text` with every secret replaced by `***`.
    pub fn mask(&self, text: &str) -> String {
        match &self.patterns {
            None => text.to_owned(),
            Some(patterns) => {
                let mut masked = String::with_capacity(text.len());
                patterns.replace_all_with(text, &mut masked, |_, _, out| {
                    out.push_str("***");
                    true
                });
                masked
            }
        }
    }

    /// The same for text that may have been cut off within a secret: what it ends with is masked
    /// too where a secret starts like that.
    pub fn mask_cut(&self, text: &str) -> String {
        let mut masked = self.mask(text);
        let kept = masked.trim_end_matches(['"', '…', ' ']);
        let begun = self.forms.iter().filter_map(|form| {
            let lengths = (SHORTEST_BEGUN..form.len()).rev();
            lengths
                .filter_map(|length| form.get(..length))
                .find(|start| kept.ends_with(start))
                .map(str::len)
        });
        if let Some(length) = begun.max() {
            let end = kept.len();
            masked.replace_range(end - length..end, "***");
        }
        masked
    }

    /// Masks every string and key inside `value`.
    pub fn mask_json(&self, value: &mut serde_json::Value) {
        use serde_json::Value;
        if self.patterns.is_none() {
            return;
        }
        match value {
            Value::String(text) => *text = self.mask(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask_json(item)),
            Value::Object(fields) => {
                let masked = std::mem::take(fields).into_iter().map(|(key, mut field)| {
                    self.mask_json(&mut field);
                    (self.mask(&key), field)
                });
                *fields = masked.collect();
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn forms_of(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned()];
    forms.extend(percent_forms(value));
    if let Ok(quoted) = serde_json::to_string(value) {
        let inside = quoted[1..quoted.len() - 1].to_owned();
        // Some writers escape slashes too, and everything beyond ASCII.
        forms.push(ascii_escaped(&inside));
        forms.push(ascii_escaped(&inside.replace('/', "\\/")));
        forms.push(inside.replace('/', "\\/"));
        forms.push(inside);
    }
    forms.push(html_escaped(value));
    // Inside a longer base64 text (`user:secret`) the value may start at any of three offsets;
    // only the characters that depend on the value alone are looked for.
    for offset in 0..3 {
        let mut bytes = vec![0_u8; offset];
        bytes.extend_from_slice(value.as_bytes());
        let skip = [0, 2, 3][offset];
        let whole = bytes.len() / 3 * 4;
        for encoded in [
            STANDARD_NO_PAD.encode(&bytes),
            URL_SAFE_NO_PAD.encode(&bytes),
        ] {
            forms.push(encoded.get(skip..whole).unwrap_or_default().to_owned());
        }
    }
    forms
}

/// With `\uXXXX` for every character beyond ASCII, as JSON may have it.
fn ascii_escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            escaped.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing into a string cannot fail.
            _ = write!(escaped, "\\u{unit:04x}");
        }
    }
    escaped
}

/// As pages show it that write back what they were sent.
fn html_escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// Percent-encoded as strictly as possible, so that it can stand in any part of an address.
pub fn percent_encoded(value: &str) -> String {
    value
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// Percent-encoded as strictly as possible and as form fields are, with both letter cases.
fn percent_forms(value: &str) -> [String; 4] {
    let strict = percent_encoded(value);
    let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    [lower_escapes(&strict), lower_escapes(&form), strict, form]
}

fn lower_escapes(text: &str) -> String {
    let mut lowered = String::with_capacity(text.len());
    let mut escape = 0;
    for character in text.chars() {
        if character == '%' {
            escape = 3;
        }
        lowered.push(if escape > 0 {
            character.to_ascii_lowercase()
        } else {
            character
        });
        escape = usize::saturating_sub(escape, 1);
    }
    lowered
}

#[cfg(test)]
mod tests {
    use super::{Secret, Secrets, references};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    const CANARY: &str = "c4n/ry+\"s ë\u{7f}cret\\42";

    fn secrets() -> Secrets {
        Secrets::from_iter([("TOKEN".to_owned(), Secret::new(CANARY))])
    }

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(
            format!("{:?}", secrets()),
            r#"Secrets({"TOKEN": Secret(***)})"#
        );
    }

    #[test]
    fn templates_are_filled_and_a_missing_secret_is_our_inability() {
        let filled = secrets().fill("Bearer ${secrets.TOKEN}!").unwrap();
        assert_eq!(filled.reveal(), format!("Bearer {CANARY}!"));
        let error = secrets().fill("${secrets.OTHER}").unwrap_err();
        assert_eq!(error.reason.code(), "credential.missing");
        assert_eq!(references("a ${secrets.A} b ${secrets.B}"), ["A", "B"]);
    }

    #[test]
    fn every_form_is_masked() {
        let redactor = secrets().redactor();
        let form: String = url::form_urlencoded::byte_serialize(CANARY.as_bytes()).collect();
        let mut samples = vec![
            CANARY.to_owned(),
            form.to_lowercase(),
            form,
            serde_json::to_string(CANARY).unwrap(),
        ];
        for user in ["", "a:", "ab:", "abc:", "abcd:"] {
            samples.push(STANDARD.encode(format!("{user}{CANARY}")));
            samples.push(STANDARD.encode(format!("{user}{CANARY}!?")));
        }
        for sample in samples {
            let masked = redactor.mask(&format!("<{sample}>"));
            assert!(masked.contains("***"), "{sample} came through as {masked}");
            // At most the few base64 characters that also depend on the neighbours may remain.
            assert!(masked.len() < 20, "{sample} came through as {masked}");
        }
    }

    #[test]
    fn text_that_was_cut_off_within_a_secret_is_masked() {
        let secrets = Secrets::from_iter([("T".to_owned(), Secret::new("s3cr3t/token\"42"))]);
        let redactor = secrets.redactor();
        for (text, masked) in [
            ("it sent \"hello s3cr3t/tok\"", "it sent \"hello ***\""),
            ("401: {\"token\": \"s3cr3t\\/to…", "401: {\"token\": \"***…"),
            ("whole s3cr3t/token\"42 here", "whole *** here"),
            ("s3c", "s3c"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(redactor.mask_cut(text), masked);
        }
        assert_eq!(
            Secrets::default().redactor().mask_cut("s3cr3t/tok"),
            "s3cr3t/tok"
        );
    }

    #[test]
    fn json_is_masked_in_keys_and_values() {
        let mut value = serde_json::json!({"a": [{(CANARY): format!("x{CANARY}")}], "n": 1});
        secrets().redactor().mask_json(&mut value);
        assert_eq!(value, serde_json::json!({"a": [{"***": "x***"}], "n": 1}));
    }
}
