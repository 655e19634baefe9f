//! What secrets look like: rules for the forms that vendors give their keys, and how random a
//! text is.
//!
//! One rule more takes what is assigned to the name of a secret, if it is random enough. Samples
//! in documentation match neither: they repeat themselves, or say what they are. The secret
//! itself is never handed on, only where it stands and its rule.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};

/// The rule that takes what is assigned to the name of a secret.
pub(super) const ASSIGNMENT: &str = "random-assignment";

/// Name, pattern, and the bits for each character that its last group has at least.
const RULES: &[(&str, &str, f64)] = &[
    (
        "private-key",
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
        0.0,
    ),
    ("aws-key-id", r"\b((?:AKIA|ASIA)[0-9A-Z]{16})\b", 3.0),
    (
        "github-token",
        r"\b(?:gh[pousr]_([A-Za-z0-9]{36})|github_pat_([A-Za-z0-9_]{60,}))\b",
        3.0,
    ),
    ("gitlab-token", r"\bglpat-([A-Za-z0-9_-]{20,})", 3.0),
    ("slack-token", r"\bxox[abeprs]-([A-Za-z0-9-]{10,})", 2.5),
    ("stripe-key", r"\b[sr]k_live_([A-Za-z0-9]{16,})", 3.0),
    ("google-key", r"\bAIza([0-9A-Za-z_-]{35})", 3.0),
    ("npm-token", r"\bnpm_([A-Za-z0-9]{36})\b", 3.0),
    (
        "sendgrid-key",
        r"\bSG\.([A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})",
        3.0,
    ),
    (
        "model-key",
        r"\bsk-(?:proj-|ant-)?([A-Za-z0-9_-]{32,})",
        3.5,
    ),
    (
        "address-password",
        r"\b[a-z][a-z0-9+]{1,20}://[^\s:@/<>'\x22$]{0,100}:([^\s@/<>'\x22${}]{8,200})@[\w.-]",
        3.0,
    ),
    (
        ASSIGNMENT,
        r"(?i)(?:passw(?:or)?d|pwd|secret|token|api_?key|access_?key|private_?key|credential)[\w.-]{0,20}['\x22]?\s{0,4}(?:=|:|:=|=>)\s{0,4}['\x22]?([A-Za-z0-9+/_=.!@#%^&*-]{16,200})",
        3.7,
    ),
];

struct Rule {
    name: &'static str,
    pattern: Regex,
    bits: f64,
}

static COMPILED: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let compiled = RULES.iter().filter_map(|(name, pattern, bits)| {
        Some(Rule {
            name,
            pattern: RegexBuilder::new(pattern).unicode(false).build().ok()?,
            bits: *bits,
        })
    });
    compiled.collect()
});

/// A secret in a text.
pub(super) struct Secret {
    /// The rule's name.
    pub(super) rule: &'static str,
    /// Everything that the rule takes.
    pub(super) whole: Range<usize>,
    /// The secret alone.
    pub(super) value: Range<usize>,
}

/// The first rule that a line falls under.
pub(super) fn rule_of(line: &[u8]) -> Option<&'static str> {
    COMPILED
        .iter()
        .find(|rule| rule.secrets(line).next().is_some())
        .map(|rule| rule.name)
}

/// Every secret in a text, rule by rule. What one rule takes, a later one may take too.
pub(super) fn all(text: &[u8]) -> impl Iterator<Item = Secret> {
    COMPILED.iter().flat_map(|rule| rule.secrets(text))
}

impl Rule {
    fn secrets(&self, text: &[u8]) -> impl Iterator<Item = Secret> {
        self.pattern.captures_iter(text).filter_map(|captures| {
            let whole = captures.get(0)?.range();
            let group = captures.iter().skip(1).flatten().next();
            let is_one = group.is_none_or(|secret| is_random(secret.as_bytes(), self.bits));
            is_one.then(|| Secret {
                rule: self.name,
                value: group.map_or_else(|| whole.clone(), |secret| secret.range()),
                whole,
            })
        })
    }
}

/// Whether every character tells this many bits, and it does not say that it is a sample.
fn is_random(secret: &[u8], bits: f64) -> bool {
    let text = String::from_utf8_lossy(secret).to_ascii_lowercase();
    let is_sample = [
        "example",
        "sample",
        "placeholder",
        "changeme",
        "your",
        "xxxx",
        "dummy",
    ]
    .iter()
    .any(|word| text.contains(word));
    // A name of a variable or a path is no secret, however long.
    let has_digit = secret.iter().any(u8::is_ascii_digit);
    !is_sample && has_digit && entropy(secret) >= bits
}

/// Shannon's entropy in bits for each byte.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts: BTreeMap<u8, u32> = BTreeMap::new();
    let mut all = 0_u32;
    for byte in bytes {
        *counts.entry(*byte).or_default() += 1;
        all += 1;
    }
    let share = |count: &u32| f64::from(*count) / f64::from(all);
    counts
        .values()
        .map(share)
        .map(|share| -share * share.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::{COMPILED, RULES, rule_of};

    /// A key made when the test runs, so that none stands here.
    fn key(length: usize) -> String {
        let letters: Vec<char> = "q7Zr2Xk9Lm4Tv8Bw1Nc6Hd3Jf5Gp0SyAeUiOtVxYzKa"
            .chars()
            .collect();
        (0..length)
            .map(|at| letters[(at * 17 + at / 40) % letters.len()])
            .collect()
    }

    #[test]
    fn every_rule_compiles() {
        assert_eq!(COMPILED.len(), RULES.len());
    }

    #[test]
    fn keys_are_found_and_samples_are_not() {
        let dashes = "-".repeat(5);
        for (rule, line) in [
            (
                "private-key",
                format!("{dashes}BEGIN RSA PRIVATE KEY{dashes}"),
            ),
            ("aws-key-id", format!("id = AKIA{}", key(16).to_uppercase())),
            ("github-token", format!("x gh{}_{}", "p", key(36))),
            ("stripe-key", format!("sk_{}_{}", "live", key(24))),
            ("address-password", format!("postgres://app:{}@db", key(14))),
            (
                "random-assignment",
                format!("\"dbPassword\": \"{}\",", key(24)),
            ),
            ("random-assignment", format!("API_KEY={}", key(32))),
        ] {
            assert_eq!(rule_of(line.as_bytes()), Some(rule), "{line}");
        }
        for line in [
            "password = getPasswordFromVault(name)".to_owned(),
            "API_KEY=your-api-key-goes-here-1234567".to_owned(),
            "token: aaaaaaaaaaaaaaaaaaaaaaaaa1".to_owned(),
            "secret_name = some_long_identifier_of_a_thing".to_owned(),
            "postgres://app:${DB_PASSWORD}@db".to_owned(),
            format!("AKIA{}EXAMPLE", "IOSFODNN7"),
            format!("integrity sha512-{}", key(80)),
        ] {
            assert_eq!(rule_of(line.as_bytes()), None, "{line}");
        }
    }
}
