//! Functions over text.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use cel::common::types::CelBool;
use cel::common::value::CowVal;
use regex::{Regex, RegexBuilder};

use super::{Given, failed, string};

/// Patterns that are kept compiled.
const MAX_PATTERNS: usize = 256;
/// Memory that one compiled pattern may take.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// `text.matches('pattern')`.
pub(super) fn matches<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let pattern = compiled(string(&arguments, 1)?).map_err(|error| failed("matches", error))?;
    let found = pattern.is_match(string(&arguments, 0)?);
    Ok(CowVal::owned(CelBool::from(found)))
}

/// The compiled pattern, or what is wrong with it.
pub(in super::super) fn compiled(pattern: &str) -> Result<Regex, String> {
    static PATTERNS: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);
    let mut patterns = PATTERNS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = patterns.get(pattern) {
        return Ok(known.clone());
    }
    let new = RegexBuilder::new(pattern)
        .size_limit(MAX_PATTERN_BYTES)
        .build()
        .map_err(|error| reason(&error))?;
    if patterns.len() >= MAX_PATTERNS {
        patterns.clear();
    }
    patterns.insert(pattern.to_owned(), new.clone());
    Ok(new)
}

fn reason(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "the pattern is too large".to_owned(),
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default();
            format!(
                "the pattern is not valid: {}",
                last.trim_start_matches("error: ")
            )
        }
    }
}
