//! Looks for secrets in files and history, by rules and by how random they are.
//!
//! Rules know the form that a vendor gives its keys. One rule more takes what is assigned to
//! the name of a secret, if it is random enough. Samples in documentation match neither: they
//! repeat themselves, or say what they are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Secrets;
use super::run::Program;
use crate::probe::ProbeError;

/// Looking ends with this many findings.
const MOST_FINDINGS: usize = 200;

/// A place where a secret stands; the secret itself is not told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Path of the file, from the top of the repository.
    pub path: String,
    /// Number of the line, from 1; of a past commit, in the file as that left it.
    pub line: u64,
    /// The rule that it falls under: `private-key`, `aws-key-id`, `random-assignment` …
    pub rule: String,
    /// The commit that added it; left out for files as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

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
        "random-assignment",
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

/// All findings, and whether everything was searched.
pub(super) async fn find(
    program: &Program,
    which: Secrets,
) -> Result<(Vec<Finding>, bool), ProbeError> {
    let mut found = BTreeSet::new();
    let whole = if which == Secrets::Tree {
        let args = [
            "grep",
            "-I",
            "-n",
            "-z",
            "--no-color",
            "--full-name",
            "--no-textconv",
            "-e",
            "",
        ];
        let each = |line: &[u8]| {
            let mut parts = line.splitn(3, |byte| *byte == 0);
            let (path, number, text) = (parts.next(), parts.next(), parts.next());
            if let (Some(path), Some(number), Some(text)) = (path, number, text) {
                let number = String::from_utf8_lossy(number).parse().unwrap_or_default();
                found.extend(rule_of(text).map(|rule| place(path, number, rule, None)));
            }
            found.len() < MOST_FINDINGS
        };
        program.lines(&args, each).await?
    } else {
        let mut history = History::default();
        let args = [
            "log",
            "--all",
            "-p",
            "-U0",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--no-renames",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            "--format=commit %H",
        ];
        let each = |line: &[u8]| {
            found.extend(history.read(line));
            found.len() < MOST_FINDINGS
        };
        program.lines(&args, each).await?
    };
    Ok((found.into_iter().collect(), whole))
}

/// Where the reader of a log is.
#[derive(Default)]
struct History {
    commit: String,
    path: Vec<u8>,
    line: u64,
    /// Added and removed lines that still belong to the hunk.
    left: (u64, u64),
}

impl History {
    fn read(&mut self, line: &[u8]) -> Option<Finding> {
        if self.left.0 > 0 && line.first() == Some(&b'+') {
            self.left.0 -= 1;
            let number = self.line;
            self.line += 1;
            let rule = rule_of(line.get(1..)?)?;
            return Some(place(&self.path, number, rule, Some(self.commit.clone())));
        }
        if self.left.1 > 0 && line.first() == Some(&b'-') {
            self.left.1 -= 1;
        } else if let Some(path) = line.strip_prefix(b"+++ b/") {
            self.path = path.strip_suffix(b"\t").unwrap_or(path).to_vec();
        } else if let Some(commit) = line.strip_prefix(b"commit ") {
            self.commit = String::from_utf8_lossy(commit).into_owned();
        } else if let Some(hunk) = line.strip_prefix(b"@@ ") {
            let hunk = String::from_utf8_lossy(hunk);
            let mut sides = hunk
                .split(' ')
                .map(|side| numbers(side.get(1..).unwrap_or_default()));
            let removed = sides.next().map_or(0, |(_, count)| count);
            let (start, added) = sides.next().unwrap_or_default();
            self.line = start;
            self.left = (added, removed);
        }
        None
    }
}

/// Start and count of one side of a hunk: `12,3`, or `12` for one line.
fn numbers(side: &str) -> (u64, u64) {
    let (start, count) = side.split_once(',').unwrap_or((side, "1"));
    (
        start.parse().unwrap_or_default(),
        count.parse().unwrap_or_default(),
    )
}

fn place(path: &[u8], line: u64, rule: &str, commit: Option<String>) -> Finding {
    Finding {
        path: String::from_utf8_lossy(path).into_owned(),
        line,
        rule: rule.to_owned(),
        commit,
    }
}

/// The first rule that a line falls under.
fn rule_of(line: &[u8]) -> Option<&'static str> {
    let found = |rule: &&Rule| {
        rule.pattern.captures_iter(line).any(|captures| {
            let group = captures.iter().skip(1).flatten().next();
            group.is_none_or(|secret| is_random(secret.as_bytes(), rule.bits))
        })
    };
    COMPILED.iter().find(found).map(|rule| rule.name)
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
