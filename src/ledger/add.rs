//! Puts an entry into a ledger's text and changes nothing else in it: no comment, no order.
//!
//! The place is found in the parsed text, and whether the entry went where it should is told by
//! parsing the result. A text in which it did not is given back to the person.

use serde_json::{Map, Value};

use super::List;
use crate::diagnostic::Sources;
use crate::profile::tree::{Kind, Node, Scalar};
use crate::profile::yaml;

/// An entry about to be added: its fields, in the order in which they are written.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Where it belongs.
    pub list: List,
    /// Its fields.
    pub fields: Map<String, Value>,
}

/// The text with the entry at the end of its list; `None` if there is no safe place for it.
pub(super) fn add(text: &str, draft: &Draft) -> Option<String> {
    let before = parsed(text)?;
    let mut wanted = before.value();
    let list = wanted.as_object_mut()?;
    let list = list.entry(draft.list.key()).or_insert(Value::Null);
    if list.is_null() {
        *list = Value::Array(Vec::new());
    }
    list.as_array_mut()?.push(draft.fields.clone().into());
    let added = placed(text, &before, draft)?;
    let is_whole = parsed(&added)?.value() == wanted;
    is_whole.then_some(added)
}

fn parsed(text: &str) -> Option<Node> {
    let mut problems = Vec::new();
    let node = yaml::parse("", text.as_bytes(), &mut Sources::default(), &mut problems);
    node.filter(|_| problems.is_empty())
}

/// The text with the entry where it seems to belong.
fn placed(text: &str, root: &Node, draft: &Draft) -> Option<String> {
    let key = draft.list.key();
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let Some(entry) = root.entry(key) else {
        let gap = if text.ends_with('\n') { "" } else { newline };
        let block = block(draft, 2, newline);
        return Some(format!("{text}{gap}{newline}{key}:{newline}{block}"));
    };
    let span = &entry.value.span.range;
    let insert = |at: usize, what: &str| {
        let (before, after) = text.split_at_checked(at)?;
        // The last line may not be ended.
        let gap = if before.is_empty() || before.ends_with('\n') {
            ""
        } else {
            newline
        };
        Some(format!("{before}{gap}{what}{after}"))
    };
    let written = text.get(span.clone())?;
    match &entry.value.kind {
        Kind::Seq(items) if written.starts_with('[') => {
            if let Some(last) = items.last() {
                // In brackets the entry is one line, after a comma.
                let (before, after) = text.split_at_checked(last.span.range.end)?;
                let entry = Value::Object(draft.fields.clone());
                return Some(format!("{before}, {entry}{after}"));
            }
            let (before, after) = (text.get(..span.start)?, text.get(span.end..)?);
            let (rest, after) = after.split_once('\n').unwrap_or((after, ""));
            let line = format!("{}{rest}", before.trim_end_matches(' '));
            let block = block(draft, 2, newline);
            Some(format!("{}{newline}{block}{after}", line.trim_end()))
        }
        Kind::Seq(items) => {
            let (first, last) = (items.first()?, items.last()?);
            let dash = text.get(..first.span.range.start)?.rfind('-')?;
            let indent = column(text, dash);
            let at = end_of_entry(text, last.span.range.end, indent);
            insert(at, &block(draft, indent, newline))
        }
        Kind::Scalar(_) if written.is_empty() => {
            let at = end_of_line(text, entry.key.span.range.end);
            insert(at, &block(draft, 2, newline))
        }
        _ => None,
    }
}

/// Bytes from the start of the line.
fn column(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.len() - before.rfind('\n').map_or(0, |newline| newline + 1)
}

/// Where the next line starts, or the end of the text.
fn end_of_line(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.find('\n')
        .map_or(text.len(), |newline| at + newline + 1)
}

/// Where the next entry of a list may start: after the last line of this one, and after comments
/// that are as deep as its content.
fn end_of_entry(text: &str, end: usize, indent: usize) -> usize {
    let is_at_start = text.get(..end).is_some_and(|before| before.ends_with('\n'));
    let mut at = if is_at_start {
        end
    } else {
        end_of_line(text, end)
    };
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let line = rest.lines().next().unwrap_or_default();
        let content = line.trim_start();
        if !content.starts_with('#') || line.len() - content.len() <= indent {
            break;
        }
        at = end_of_line(text, at);
    }
    at
}

/// The entry as lines, its dash at `indent`.
fn block(draft: &Draft, indent: usize, newline: &str) -> String {
    let mut lines = String::new();
    for (number, (key, value)) in draft.fields.iter().enumerate() {
        let lead = if number == 0 { "- " } else { "  " };
        lines.push_str(&" ".repeat(indent));
        lines.push_str(lead);
        lines.push_str(key);
        lines.push_str(": ");
        lines.push_str(&inline(value));
        lines.push_str(newline);
    }
    lines
}

/// A value on one line.
fn inline(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(key, value)| format!("{key}: {}", inline(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        // What is JSON is YAML too.
        other => other.to_string(),
    }
}

/// Whether a text means itself without quotes, also within braces.
fn is_plain(text: &str) -> bool {
    let starts = text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '/');
    let harmless =
        |character: char| character.is_alphanumeric() || " ._-/@<>()+".contains(character);
    let is_url = text.strip_prefix("https://").unwrap_or(text);
    let scalar = Scalar {
        text: text.to_owned(),
        plain: true,
    };
    starts
        && is_url.chars().all(harmless)
        && text.trim() == text
        && scalar.value() == Value::String(text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Draft, add};
    use crate::ledger::List;

    fn draft() -> Draft {
        let fields = json!({
            "check": "a.b",
            "by": "Ana Mensah <ana@a.example>",
            "at": "2026-11-02",
            "note": "it: \"works\"\n# twice",
            "evidence": {"file": "a b.md", "sha256": "00ff"},
        });
        let Some(fields) = fields.as_object().cloned() else {
            panic!("an object");
        };
        Draft {
            list: List::Attestations,
            fields,
        }
    }

    const LINES: &str = "- check: a.b
  by: Ana Mensah <ana@a.example>
  at: 2026-11-02
  note: \"it: \\\"works\\\"\\n# twice\"
  evidence: {file: a b.md, sha256: 00ff}
";

    fn lines(indent: usize) -> String {
        let space = " ".repeat(indent);
        format!(
            "{space}{}",
            LINES.trim_end().replace('\n', &format!("\n{space}"))
        ) + "\n"
    }

    #[test]
    fn an_entry_goes_to_the_end_of_its_list_and_nothing_else_changes() {
        let two = lines(2);
        for (text, expected) in [
            ("ledger: 1\n", format!("ledger: 1\n\nattestations:\n{two}")),
            ("ledger: 1", format!("ledger: 1\n\nattestations:\n{two}")),
            (
                "ledger: 1 # v\nattestations: # mine\n\nwaivers:\n  # none\n",
                format!("ledger: 1 # v\nattestations: # mine\n{two}\nwaivers:\n  # none\n"),
            ),
            (
                "attestations: []  # none\nledger: 1\n",
                format!("attestations:  # none\n{two}ledger: 1\n"),
            ),
            (
                "attestations:\n- {check: x}   # first\n  # more of it\n# of all\nledger: 1\n",
                format!(
                    "attestations:\n- {{check: x}}   # first\n  # more of it\n{}# of all\nledger: 1\n",
                    lines(0)
                ),
            ),
            (
                "attestations:\n    -   check: x\n        note: |\n          one\n\n          two\n\n# end\n",
                format!(
                    "attestations:\n    -   check: x\n        note: |\n          one\n\n          two\n\n{}# end\n",
                    lines(4)
                ),
            ),
            (
                "attestations:\n  -\n    check: x\n    note: long\n      lines",
                format!("attestations:\n  -\n    check: x\n    note: long\n      lines\n{two}"),
            ),
        ] {
            assert_eq!(
                add(text, &draft()).as_deref(),
                Some(expected.as_str()),
                "{text}"
            );
        }
    }

    #[test]
    fn lines_keep_ending_as_they_do() {
        let added = add("ledger: 1\r\nattestations:\r\n  - {check: x}\r\n", &draft()).unwrap();
        assert_eq!(added.matches('\n').count(), added.matches("\r\n").count());
    }

    #[test]
    fn a_list_in_brackets_stays_in_brackets() {
        let added = add("{ledger: 1, attestations: [{check: x}]}", &draft()).unwrap();
        assert!(added.starts_with("{ledger: 1, attestations: [{check: x}, {\"check\":\"a.b\","));
        assert!(added.ends_with("}]}"));
    }

    #[test]
    fn where_there_is_no_safe_place_nothing_is_added() {
        for text in [
            "{ledger: 1}",
            "attestations: none",
            "attestations: ~",
            "a: [",
            "- a",
            "ledger: 1\n...\n",
            "",
        ] {
            assert_eq!(add(text, &draft()), None, "{text}");
        }
    }
}
