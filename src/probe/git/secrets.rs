//! Looks for secrets in files and history.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Secrets;
use super::run::Program;
use crate::probe::ProbeError;
use crate::probe::secrets::rule_of;

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
