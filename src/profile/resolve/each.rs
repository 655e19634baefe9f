//! `for_each`: one check of each item.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Span};
use crate::profile::decode::decode;
use crate::profile::load::read_file;
use crate::profile::raw::RawFile;
use crate::profile::tree::{Kind, Node};
use crate::profile::vars::{Scope, in_words};

/// Items of one `for_each`.
const MOST_ITEMS: usize = 1000;

/// An item and the word that stands for it in the check's id.
pub(super) struct Item {
    pub(super) key: String,
    pub(super) value: Value,
}

/// The items, or `None` with what is wrong among `problems`. Texts that were read are added to
/// `read`, for the profile's hash.
pub(super) fn items(
    node: &Node,
    scope: &Scope<'_>,
    folder: Option<&Path>,
    read: &mut Vec<Vec<u8>>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Vec<Item>> {
    let before = problems.len();
    let node = scope.expand(node, problems);
    if problems.len() > before {
        return None;
    }
    let values: Vec<(Value, Span)> = match &node.kind {
        Kind::Seq(items) => items
            .iter()
            .map(|item| (item.value(), item.span.clone()))
            .collect(),
        Kind::Map(_) => {
            let file = decode::<RawFile>(&node, problems).value?.file;
            let lines = lines(&file.value, &file.span, folder, read, problems)?;
            let places = lines
                .into_iter()
                .map(|line| (Value::String(line), file.span.clone()));
            places.collect()
        }
        Kind::Scalar(_) => {
            let message = format!("expected a list, found {}", node.describe());
            problems.push(
                Diagnostic::error("for-each.type", message)
                    .at(&node.span)
                    .help("a list, `${variable}` of type list, or `{file: hosts.txt}`"),
            );
            return None;
        }
    };
    if values.len() > MOST_ITEMS {
        let message = format!(
            "{} items; at most 1000 can be looked at one by one",
            values.len()
        );
        problems.push(Diagnostic::error("for-each.limit", message).at(&node.span));
        return None;
    }
    if values.is_empty() {
        let problem = Diagnostic::error("for-each.empty", "nothing to look at: the list is empty");
        problems.push(
            problem
                .at(&node.span)
                .help("drop the check with a reason if that is meant"),
        );
        return None;
    }
    let mut seen: HashMap<String, Span> = HashMap::new();
    let mut items = Vec::with_capacity(values.len());
    for (index, (value, span)) in values.into_iter().enumerate() {
        let key = key(&value).unwrap_or_else(|| index.to_string());
        if let Some(first) = seen.get(&key) {
            problems.push(
                Diagnostic::error("for-each.duplicate", format!("`{key}` is there twice"))
                    .at(&span)
                    .related(first, "first here"),
            );
            continue;
        }
        seen.insert(key.clone(), span);
        items.push(Item { key, value });
    }
    Some(items)
}

/// A scalar itself; of a map its `id`, `name` or first value.
fn key(value: &Value) -> Option<String> {
    let word = match value {
        Value::Object(fields) => {
            let named = fields.get("id").or_else(|| fields.get("name"));
            in_words(named.or_else(|| fields.values().next())?)
        }
        scalar => in_words(scalar),
    };
    word.filter(|word| !word.is_empty())
}

fn lines(
    file: &str,
    span: &Span,
    folder: Option<&Path>,
    read: &mut Vec<Vec<u8>>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Vec<String>> {
    let Some(folder) = folder else {
        let problem =
            Diagnostic::error("for-each.file", "a built-in profile has no files beside it");
        problems.push(problem.at(span));
        return None;
    };
    let result = read_file(&folder.join(file)).and_then(|bytes| {
        let text =
            String::from_utf8(bytes.clone()).map_err(|_| std::io::Error::other("not UTF-8"))?;
        read.push(bytes);
        Ok(text)
    });
    match result {
        Ok(text) => Some(
            text.trim_start_matches('\u{feff}')
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
                .map(str::to_owned)
                .collect(),
        ),
        Err(error) => {
            let message = format!("cannot read {file}: {error}");
            let problem = Diagnostic::error("for-each.file", message).at(span);
            problems.push(problem.help("the path starts from the profile's folder"));
            None
        }
    }
}
