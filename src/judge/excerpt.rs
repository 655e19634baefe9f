//! The few facts that decided a check, cut out of all that was answered.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::Answers;
use super::expect::Failure;
use crate::check::Asked;
use crate::evidence::Outcome;
use crate::text::shorten;

/// Facts that an excerpt holds at most.
const MOST_FACTS: usize = 24;
/// Characters of a body that are shown.
const BODY_CHARACTERS: usize = 200;
/// Lines and characters of what a program said last that are shown.
const LAST_LINES: usize = 5;
const LAST_CHARACTERS: usize = 400;

/// What was seen.
pub(super) struct Seen {
    facts: Map<String, Value>,
    /// A part of a body or of a program's output that helps to understand the failure.
    said: Option<Said>,
}

/// A part of a longer text.
struct Said {
    path: String,
    /// `begins` or `ends`.
    which: &'static str,
    text: String,
}

impl Seen {
    /// The values that failing expectations name, and the body of an HTTP answer whose status
    /// or content is not as expected, or the last words of a program that ended otherwise.
    pub(super) fn of(failures: &[Failure], asked: &[Asked], answers: &Answers<'_>) -> Self {
        let mut facts = Map::new();
        for value in failures.iter().flat_map(|failure| &failure.values) {
            let Some((path, shown)) = value.split_once(" = ") else {
                continue;
            };
            if facts.len() < MOST_FACTS {
                let value = serde_json::from_str(shown).unwrap_or_else(|_| shown.into());
                facts.entry(path).or_insert(value);
            }
        }
        let said = asked.iter().find_map(|asked| {
            let observation = answers.observation(&asked.probe)?;
            let Outcome::Answer { facts, .. } = &observation.outcome else {
                return None;
            };
            body(&asked.name, facts, failures).or_else(|| last_words(&asked.name, facts, failures))
        });
        Self { facts, said }
    }

    /// What was said as a line of an explanation.
    pub(super) fn line(&self) -> Option<String> {
        let Said { path, which, text } = self.said.as_ref()?;
        Some(format!("{path} {which}: {text}"))
    }

    /// All of it, by path.
    pub(super) fn into_facts(mut self) -> Option<Value> {
        if let Some(Said { path, text, .. }) = self.said {
            self.facts.entry(path).or_insert_with(|| text.into());
        }
        (!self.facts.is_empty()).then_some(Value::Object(self.facts))
    }
}

/// Whether an expression uses the root `name`, as far as its text tells.
pub(super) fn mentions(source: &str, name: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || "_.'\"".contains(character);
    source.match_indices(name).any(|(at, found)| {
        let (before, rest) = source.split_at(at);
        let after = rest.get(found.len()..).unwrap_or_default();
        !before.ends_with(is_part) && after.trim_start().starts_with(['.', '['])
    })
}

/// Whether a failure is about one of these fields of a question.
fn is_about(failures: &[Failure], name: &str, fields: &[&str]) -> bool {
    failures.iter().any(|failure| {
        let names = |field: &&str| failure.source.contains(&format!("{name}.{field}"));
        fields.iter().any(names)
    })
}

fn body(name: &str, facts: &Value, failures: &[Failure]) -> Option<Said> {
    // What a body gives away is not given away a second time, in a log.
    let leaks = facts.get("leaks").and_then(Value::as_array);
    if leaks.is_some_and(|leaks| !leaks.is_empty()) {
        return None;
    }
    let body = facts.get("body")?.as_str()?.trim();
    let helps = !body.is_empty() && is_about(failures, name, &["status", "json", "body"]);
    helps.then(|| Said {
        path: format!("{name}.body"),
        which: "begins",
        text: shorten(body, BODY_CHARACTERS).into_owned(),
    })
}

/// What a program said last that ended otherwise than it was to: its errors, or else its output.
/// Of a longer text than is kept the end is not known.
fn last_words(name: &str, facts: &Value, failures: &[Failure]) -> Option<Said> {
    facts.get("exit_code")?;
    let is_whole = facts.get("truncated")? == false;
    // An output that a failure names is quoted there.
    let is_quoted = is_about(failures, name, &["stdout", "stderr"]);
    if !is_whole || is_quoted || !is_about(failures, name, &["exit_code"]) {
        return None;
    }
    let (stream, text) = ["stderr", "stdout"].iter().find_map(|stream| {
        let text = facts.get(stream)?.as_str()?.trim();
        (!text.is_empty()).then_some((stream, text))
    })?;
    let lines = text.rmatch_indices('\n').nth(LAST_LINES - 1);
    let from = lines.map_or(0, |(at, _)| at + 1);
    let characters = text.char_indices().rev().nth(LAST_CHARACTERS - 1);
    let from = from.max(characters.map_or(0, |(at, _)| at));
    let cut = if from > 0 { "… " } else { "" };
    Some(Said {
        path: format!("{name}.{stream}"),
        which: "ends",
        text: format!("{cut}{}", without_logins(text.get(from..)?)),
    })
}

/// Programs that cannot connect like to say how they tried: `postgres://app:***@db/shop`.
fn without_logins(text: &str) -> Cow<'_, str> {
    static LOGIN: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(://[^\s/:@]*:)[^\s/]+@").ok());
    match &*LOGIN {
        Some(login) => login.replace_all(text, "${1}***@"),
        None => Cow::Borrowed(""),
    }
}

#[cfg(test)]
mod tests {
    use super::{mentions, without_logins};

    #[test]
    fn passwords_in_addresses_are_not_repeated() {
        for (said, told) in [
            (
                "postgres://app:hunter2@db/shop",
                "postgres://app:***@db/shop",
            ),
            (
                "redis://:hun@ter2@cache and more",
                "redis://:***@cache and more",
            ),
            (
                "https://shop.example:8443/@me",
                "https://shop.example:8443/@me",
            ),
        ] {
            assert_eq!(without_logins(said), told);
        }
    }

    #[test]
    fn a_root_is_a_whole_word_before_a_dot_or_bracket() {
        for source in [
            "www.status < 400",
            "!(www.status == 1)",
            "www['a'] == 1",
            "1 == www .a",
        ] {
            assert!(mentions(source, "www"), "{source}");
        }
        for source in [
            "wwww.status",
            "apex.www.status",
            "'www.a' == with.b",
            "www2.status",
        ] {
            assert!(!mentions(source, "www"), "{source}");
        }
    }
}
