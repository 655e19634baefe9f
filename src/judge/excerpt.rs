//! The few facts that decided a check, cut out of all that was answered.

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

/// What was seen.
pub(super) struct Seen {
    facts: Map<String, Value>,
    /// Path and beginning of a body that helps to understand the failure.
    body: Option<(String, String)>,
}

impl Seen {
    /// The values that failing expectations name, and the body of an HTTP answer whose status
    /// or content is not as expected.
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
        let body = asked.iter().find_map(|asked| {
            let body = body(asked, failures, answers)?;
            Some((format!("{}.body", asked.name), body))
        });
        Self { facts, body }
    }

    /// The beginning of the body as a line of an explanation.
    pub(super) fn body_line(&self) -> Option<String> {
        let (path, body) = self.body.as_ref()?;
        Some(format!("{path} begins: {body}"))
    }

    /// All of it, by path.
    pub(super) fn into_facts(mut self) -> Option<Value> {
        if let Some((path, body)) = self.body {
            self.facts.entry(path).or_insert_with(|| body.into());
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

fn body(asked: &Asked, failures: &[Failure], answers: &Answers<'_>) -> Option<String> {
    let helps = |failure: &Failure| {
        ["status", "json", "body"]
            .iter()
            .any(|field| failure.source.contains(&format!("{}.{field}", asked.name)))
    };
    let Outcome::Answer { facts, .. } = &answers.observation(&asked.probe)?.outcome else {
        return None;
    };
    // What a body gives away is not given away a second time, in a log.
    let leaks = facts.get("leaks").and_then(Value::as_array);
    if leaks.is_some_and(|leaks| !leaks.is_empty()) {
        return None;
    }
    let body = facts.get("body")?.as_str()?.trim();
    let shown = !body.is_empty() && failures.iter().any(helps);
    shown.then(|| shorten(body, BODY_CHARACTERS).into_owned())
}

#[cfg(test)]
mod tests {
    use super::mentions;

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
