//! Functions over text.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use cel::common::types::{CelBool, CelString};
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

/// `lower('DENY')`.
pub(super) fn lower<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let text = string(&arguments, 0)?.to_lowercase();
    Ok(CowVal::owned(CelString::from(text)))
}

/// `glob('www.a.example', '*.a.example')`.
pub(super) fn glob<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let text: Vec<char> = string(&arguments, 0)?.chars().collect();
    let pattern: Vec<char> = string(&arguments, 1)?.chars().collect();
    Ok(CowVal::owned(CelBool::from(fits(&text, &pattern))))
}

/// Whether a whole text fits a pattern. It goes back to the last `*` alone, so that it takes
/// at most length times length steps.
fn fits(text: &[char], pattern: &[char]) -> bool {
    let (mut at, mut next) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = text.get(at) {
        match pattern.get(next) {
            Some('*') => {
                star = Some((at, next));
                next += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == character => {
                at += 1;
                next += 1;
            }
            _ => {
                let Some((from, behind)) = star else {
                    return false;
                };
                star = Some((from + 1, behind));
                at = from + 1;
                next = behind + 1;
            }
        }
    }
    pattern
        .get(next..)
        .unwrap_or_default()
        .iter()
        .all(|rest| *rest == '*')
}

/// `base64_decode('aGVsbG8')`.
pub(super) fn base64_decode<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let text: String = string(&arguments, 0)?.split_ascii_whitespace().collect();
    let standard = text
        .trim_end_matches('=')
        .replace('-', "+")
        .replace('_', "/");
    let bytes = STANDARD_NO_PAD
        .decode(standard)
        .map_err(|_| failed("base64_decode", "the text is not Base64"))?;
    match String::from_utf8(bytes) {
        Ok(decoded) => Ok(CowVal::owned(CelString::from(decoded))),
        Err(_) => Err(failed("base64_decode", "it does not stand for text")),
    }
}

/// `json('{"status": "ok"}')`.
pub(super) fn json<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let value: serde_json::Value = serde_json::from_str(string(&arguments, 0)?)
        .map_err(|error| failed("json", format!("the text is not JSON: {error}")))?;
    Ok(CowVal::Owned(super::super::value::to_cel(&value)))
}
