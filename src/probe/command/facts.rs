//! What is known of a program that has ended.

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How the program ended and what it said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// The exit code; left out when a signal ended the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The number of the signal that ended the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// The start of the standard output, up to `max_output` bytes; what is no UTF-8 is
    /// replaced.
    pub stdout: String,
    /// The start of the standard error, in the same way.
    pub stderr: String,
    /// Milliseconds from the program's start to its end.
    pub duration_ms: f64,
    /// The standard output read as JSON; left out when it is none or was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// What `number` found in the standard output; left out when that is no number, or when
    /// the output was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<f64>,
    /// Whether more was printed than was kept, on either output.
    pub truncated: bool,
}

/// The number that `pattern` finds: in its first group, or in all that it matches.
pub(super) fn number(pattern: &str, text: &str) -> Option<f64> {
    let found = Regex::new(pattern).ok()?.captures(text)?;
    let part = found.get(1).or_else(|| found.get(0))?;
    let number: f64 = part.as_str().trim().parse().ok()?;
    // JSON has no word for the others.
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_number_is_found_or_not() {
        for (pattern, text, found) in [
            (r"(\d+)%", "used 81% of 100%", Some(81.0)),
            (r"-?\d+\.\d+", "at -1.5", Some(-1.5)),
            (r"(\w+)", "nan", None),
            (r"(\w+)", "inf", None),
            (r"(x)?y", "y", None),
            (r"\d+", "none", None),
        ] {
            assert_eq!(number(pattern, text), found, "{pattern} in {text}");
        }
    }
}
