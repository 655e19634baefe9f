//! GraphQL documents that only ask.

use serde_json::{Value, json};

use crate::probe::http::Body;

/// The body of a request with this document.
pub(super) fn body(document: &str) -> Body {
    Body::Json(json!({"query": document}).to_string())
}

/// Whether every definition of a document is a query or a fragment. A mutation or subscription,
/// or what cannot be told apart from one, is neither.
pub(super) fn only_asks(document: &str) -> bool {
    let mut rest = document;
    let mut depth = 0_u32;
    let mut definitions = 0;
    let mut starts = true;
    while let Some(first) = rest.chars().next() {
        let length = token(rest);
        let (word, after) = rest.split_at(length);
        rest = after;
        if first.is_whitespace() || matches!(first, ',' | '#' | '\u{feff}') {
            continue;
        }
        if starts {
            if !matches!(word, "query" | "fragment" | "{") {
                return false;
            }
            definitions += 1;
            starts = false;
        }
        match first {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                let Some(outer) = depth.checked_sub(1) else {
                    return false;
                };
                depth = outer;
                starts = depth == 0 && first == '}';
            }
            _ => {}
        }
    }
    definitions > 0 && depth == 0 && starts
}

/// Bytes of the first token: a comment, a text, a name, or one character.
fn token(rest: &str) -> usize {
    if rest.starts_with('#') {
        return rest.find(['\n', '\r']).unwrap_or(rest.len());
    }
    if let Some(text) = rest.strip_prefix("\"\"\"") {
        return closing(text, "\"\"\"").map_or(rest.len(), |end| end + 6);
    }
    if let Some(text) = rest.strip_prefix('"') {
        return closing(text, "\"").map_or(rest.len(), |end| end + 2);
    }
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let name = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
    if name > 0 {
        return name;
    }
    rest.chars().next().map_or(1, char::len_utf8)
}

/// Where a text ends, not counting a mark that a backslash makes part of it.
fn closing(text: &str, mark: &str) -> Option<usize> {
    let mut found = text.match_indices(mark).map(|(at, _)| at);
    found.find(|at| {
        let before = text.get(..*at).unwrap_or_default();
        let slashes = before.len() - before.trim_end_matches('\\').len();
        // In a block a backslash stands for itself but before the mark.
        if mark == "\"" {
            slashes % 2 == 0
        } else {
            slashes == 0
        }
    })
}

/// What an answer says went wrong, if anything did.
pub(super) fn trouble(page: &Value) -> Option<String> {
    match &page["errors"] {
        Value::Null if page["data"].is_object() => None,
        Value::Null => Some("there is no `data` in the answer".to_owned()),
        Value::Array(errors) => {
            let words = errors.iter().filter_map(|error| error["message"].as_str());
            Some(words.take(5).collect::<Vec<_>>().join("; "))
        }
        _ => Some("`errors` is no list".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::only_asks;

    #[test]
    fn what_may_write_is_told_apart() {
        for asks in [
            "{ viewer { login } }",
            "query Q($a: [Int!] = [1], $b: In = {c: \"} mutation {\"}) @d(a: {b: 1}) { a(b: $a) }",
            "# mutation\nfragment F on User { login }\n, query { viewer { ...F } }",
            "query { a(text: \"\"\"he said \\\"\"\" } mutation { \"\"\") }",
            "{ mutation { id } }",
            "{ a(b: \"\"\"\\\\\"\"\" } mutation { \"\"\") }",
        ] {
            assert!(only_asks(asks), "{asks}");
        }
        for writes in [
            "",
            "  # nothing",
            "mutation { a }",
            "subscription { a }",
            "{ a } mutation M { b }",
            "query A { a } #\n mutation { b }",
            "query { a(b: \"\\\\\") } mutation { b(c: \"\") }",
            "query { a ",
            "query",
            "} {",
            "extend type Query { a: Int }",
        ] {
            assert!(!only_asks(writes), "{writes}");
        }
    }
}
