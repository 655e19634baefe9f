//! Functions over text.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use cel::ExecutionError;
use cel::common::types::{CelBool, CelInt, CelList, CelString};
use cel::common::value::{CowVal, Val};
use regex::{Regex, RegexBuilder};

use super::{Given, budget, failed, string};

/// Patterns that are kept compiled.
const MAX_PATTERNS: usize = 256;
/// Memory that one compiled pattern may take.
const MAX_PATTERN_BYTES: usize = 1 << 20;
/// What a string of a list takes beside its text.
const EACH_PART: usize = 64;
/// How much larger values may be than their JSON text (`[0,0,0]`).
const JSON_GROWS: usize = 4;

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
    budget::look_through("glob", text.len().saturating_mul(pattern.len()))?;
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

/// `text.replace('a', 'b')`, everywhere or so many times.
pub(super) fn replace<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let (text, from) = (string(&arguments, 0)?, string(&arguments, 1)?);
    let to = string(&arguments, 2)?;
    let times = limit(&arguments, 3).unwrap_or(usize::MAX);
    let found = text.matches(from).take(times).count();
    let grown = found.saturating_mul(to.len());
    budget::make("replace", text.len().saturating_add(grown))?;
    Ok(CowVal::owned(CelString::from(
        text.replacen(from, to, times),
    )))
}

/// `text.split(', ')`, into at most so many parts; without a separator, between characters.
pub(super) fn split<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let (text, between) = (string(&arguments, 0)?, string(&arguments, 1)?);
    let most = limit(&arguments, 2).unwrap_or(usize::MAX);
    let parts: Box<dyn Iterator<Item = &str>> = match (most, between) {
        (0, _) => Box::new(std::iter::empty()),
        (_, "") => Box::new(characters(text, most)),
        _ => Box::new(text.splitn(most, between)),
    };
    let mut list: Vec<Box<dyn Val + 'v>> = Vec::new();
    for part in parts {
        budget::make("split", part.len().saturating_add(EACH_PART))?;
        list.push(Box::new(CelString::from(part.to_owned())));
    }
    Ok(CowVal::owned(CelList::from(list)))
}

/// The characters of a text; the last of `most` parts is all that is left.
fn characters(text: &str, most: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    let mut left = most;
    std::iter::from_fn(move || {
        left = left.checked_sub(1)?;
        let first = rest.chars().next()?;
        let end = if left == 0 {
            rest.len()
        } else {
            first.len_utf8()
        };
        let (part, after) = rest.split_at(end);
        rest = after;
        Some(part)
    })
}

/// `list.join(', ')`.
pub(super) fn join<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let between = match arguments.len() {
        1 => "",
        _ => string(&arguments, 1)?,
    };
    let mut joined = String::new();
    let list = arguments
        .first()
        .and_then(|list| list.downcast_ref::<CelList>())
        .ok_or_else(|| failed("join", "takes a list"))?;
    for (index, item) in list.inner().iter().enumerate() {
        let part = item
            .downcast_ref::<CelString>()
            .ok_or_else(|| failed("join", "the list has something else than strings"))?;
        let before = if index == 0 { "" } else { between };
        budget::make("join", before.len().saturating_add(part.inner().len()))?;
        joined.push_str(before);
        joined.push_str(part.inner());
    }
    Ok(CowVal::owned(CelString::from(joined)))
}

/// `text.indexOf('=')`, in characters, from a place on.
pub(super) fn index_of<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let (text, part) = (string(&arguments, 0)?, string(&arguments, 1)?);
    let from = start("indexOf", text, &arguments)?.unwrap_or(0);
    let rest = text.get(from..).unwrap_or_default();
    Ok(place(text, rest.find(part).map(|at| from + at)))
}

/// `text.lastIndexOf('=')`, in characters, up to a place.
pub(super) fn last_index_of<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let (text, part) = (string(&arguments, 0)?, string(&arguments, 1)?);
    let last = start("lastIndexOf", text, &arguments)?.unwrap_or(text.len());
    let end = text.ceil_char_boundary(last.saturating_add(part.len()).min(text.len()));
    let found = text.get(..end).unwrap_or_default().rfind(part);
    Ok(place(text, found.filter(|at| *at <= last)))
}

/// The byte at which the character stands that a call names.
fn start(
    name: &str,
    text: &str,
    arguments: &[CowVal<'_, '_>],
) -> Result<Option<usize>, ExecutionError> {
    let Some(number) = arguments.get(2) else {
        return Ok(None);
    };
    let number = number
        .downcast_ref::<CelInt>()
        .map(|number| *number.inner());
    number
        .and_then(|number| usize::try_from(number).ok())
        .and_then(|number| text.char_indices().nth(number))
        .map(|(at, _)| Some(at))
        .ok_or_else(|| failed(name, "the text has no such place"))
}

/// The number of the character at this byte; -1 for none.
fn place<'b, 'v>(text: &str, byte: Option<usize>) -> CowVal<'b, 'v> {
    let before = byte.and_then(|byte| text.get(..byte));
    let index = before.map_or(-1, |before| {
        i64::try_from(before.chars().count()).unwrap_or(i64::MAX)
    });
    CowVal::owned(CelInt::from(index))
}

/// A number of times or parts; a negative one is no limit.
fn limit(arguments: &[CowVal<'_, '_>], index: usize) -> Option<usize> {
    let number = arguments.get(index)?.downcast_ref::<CelInt>()?;
    usize::try_from(*number.inner()).ok()
}

/// `base64_decode('aGVsbG8')`.
pub(super) fn base64_decode<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let encoded = string(&arguments, 0)?;
    budget::make("base64_decode", encoded.len())?;
    let text: String = encoded.split_ascii_whitespace().collect();
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
    let text = string(&arguments, 0)?;
    budget::make("json", text.len().saturating_mul(JSON_GROWS))?;
    let value: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| failed("json", format!("the text is not JSON: {error}")))?;
    Ok(CowVal::Owned(super::super::value::to_cel(&value)))
}
