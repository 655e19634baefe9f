//! YAML text to a [`Node`] tree: every duplicate key told, every limit kept.
//!
//! No other module of profiles names the YAML crate. It reads the crate's event stream, not
//! its serde front end, because only there both of two equal keys, the quotes of a scalar and
//! the place of everything are still known.

use std::collections::HashMap;

use serde_yaml::granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, options};

use super::tree::{Entry, Key, Kind, Node, Scalar};
use crate::diagnostic::{Diagnostic, Sources, Span};

/// A longer file is no checklist.
pub(crate) const LARGEST_FILE: usize = 4 * 1024 * 1024;
/// Deeper nesting is no checklist either.
const DEEPEST: usize = 64;
/// Nodes of one document, with aliases written out.
const MOST_NODES: usize = 150_000;

/// Reads one document. The text is added to `sources` under `name`, also if it is wrong.
///
/// `None` if there is no tree; the reason is then among `problems`.
pub(crate) fn parse(
    name: &str,
    bytes: &[u8],
    sources: &mut Sources,
    problems: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let place = |source, start: usize, end: usize| Span {
        source,
        range: start..end,
    };
    if bytes.len() > LARGEST_FILE {
        let source = sources.add(name, "");
        let problem = Diagnostic::error("yaml.limit", format!("{name} is larger than 4 MiB"));
        problems.push(problem.at(&place(source, 0, 0)));
        return None;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let start = error.valid_up_to();
            let source = sources.add(name, String::from_utf8_lossy(bytes));
            let byte = bytes.get(start).copied().unwrap_or_default();
            let message = format!("{name} is not UTF-8: byte 0x{byte:02x} at offset {start}");
            problems.push(
                Diagnostic::error("yaml.encoding", message)
                    .at(&place(source, start, start + 3))
                    .label("not a character in UTF-8")
                    .help("save the file as UTF-8"),
            );
            return None;
        }
    };
    let source = sources.add(name, text);
    let mut builder = Builder {
        source,
        problems,
        stack: Vec::new(),
        anchors: HashMap::new(),
        nodes: 0,
        documents: 0,
        root: None,
    };
    match builder.read(text) {
        Ok(()) => match builder.root {
            Some(root) if !root.is_null() => Some(root),
            _ => {
                let problem = Diagnostic::error("yaml.empty", format!("{name} is empty"))
                    .at(&place(source, 0, 0))
                    .help("`ready init` writes a profile to start from");
                problems.push(problem);
                None
            }
        },
        Err(problem) => {
            problems.push(*problem);
            None
        }
    }
}

type Fatal = Box<Diagnostic>;

struct Builder<'a> {
    source: usize,
    problems: &'a mut Vec<Diagnostic>,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    documents: usize,
    root: Option<Node>,
}

/// A list or map that is not closed yet.
struct Frame {
    start: usize,
    anchor: usize,
    kind: Open,
}

enum Open {
    Seq(Vec<Node>),
    Map(Vec<Entry>, Option<Key>),
}

impl Builder<'_> {
    fn read(&mut self, text: &str) -> Result<(), Fatal> {
        let options = options! {
            emit_comments: false,
            disallow_directives: true,
            flow_nesting_limit: DEEPEST,
            block_nesting_limit: DEEPEST,
        };
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.map_err(|error| Box::new(self.syntax(text, &error)))?;
            let range = span.byte_range().unwrap_or_default();
            let range = range.start..range.end.max(range.start);
            self.event(
                event,
                &Span {
                    source: self.source,
                    range,
                },
            )?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, span: &Span) -> Result<(), Fatal> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let problem =
                        Diagnostic::error("yaml.documents", "a second document in one file")
                            .at(span)
                            .help("put it into a file of its own, without `---`");
                    return Err(Box::new(problem));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let as_text = tag
                    .as_ref()
                    .is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                self.refuse_tag(tag.is_some() && !as_text, span);
                let scalar = Scalar {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain && !as_text,
                };
                let node = Node {
                    span: span.clone(),
                    kind: Kind::Scalar(scalar),
                };
                self.count(1, 1, span)?;
                self.add(node, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), span);
                self.open(Open::Seq(Vec::new()), anchor, span)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), span);
                self.open(Open::Map(Vec::new(), None), anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    let problem = Diagnostic::error("yaml.alias", "an alias to what contains it");
                    return Err(Box::new(problem.at(span)));
                };
                let (nodes, depth) = node.size();
                self.count(nodes, depth, span)?;
                self.add(node, 0)
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, kind: Open, anchor: usize, span: &Span) -> Result<(), Fatal> {
        if let Some(Frame {
            kind: Open::Map(_, pending @ None),
            ..
        }) = self.stack.last_mut()
        {
            // A list or map in the place of a key.
            *pending = None;
            let problem = Diagnostic::error("yaml.key", "a list or a map cannot be a key")
                .at(span)
                .help("put text with `{`, `[` or `${` at its start into quotes");
            return Err(Box::new(problem));
        }
        self.count(1, 1, span)?;
        self.stack.push(Frame {
            start: span.range.start,
            anchor,
            kind,
        });
        Ok(())
    }

    fn close(&mut self, span: &Span) -> Result<(), Fatal> {
        let Some(frame) = self.stack.pop() else {
            return Ok(());
        };
        // The end of a block is noticed at the next token: its last child says where it is.
        let last = match &frame.kind {
            Open::Seq(items) => items.last().map(|item| item.span.range.end),
            Open::Map(entries, _) => entries.last().map(|entry| entry.value.span.range.end),
        };
        let closed = span.range.end > span.range.start;
        let end = last.filter(|_| !closed).unwrap_or(span.range.end);
        let kind = match frame.kind {
            Open::Seq(items) => Kind::Seq(items),
            Open::Map(entries, _) => Kind::Map(self.settle(entries)),
        };
        let node = Node {
            span: Span {
                source: self.source,
                range: frame.start..end.max(frame.start),
            },
            kind,
        };
        self.add(node, frame.anchor)
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Fatal> {
        if anchor != 0 {
            let (nodes, _) = node.size();
            self.count(nodes, 0, &node.span)?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.stack.last_mut().map(|frame| &mut frame.kind) {
            None => self.root = Some(node),
            Some(Open::Seq(items)) => items.push(node),
            Some(Open::Map(entries, pending)) => {
                if let Some(key) = pending.take() {
                    entries.push(Entry { key, value: node });
                    return Ok(());
                }
                let Kind::Scalar(scalar) = node.kind else {
                    let problem = Diagnostic::error("yaml.key", "a key must be one word");
                    return Err(Box::new(problem.at(&node.span)));
                };
                *pending = Some(Key {
                    text: scalar.text,
                    span: node.span,
                });
            }
        }
        Ok(())
    }

    /// Tells duplicate keys and writes merge keys (`<<: *base`) out.
    fn settle(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut seen: HashMap<String, Span> = HashMap::new();
        let mut settled: Vec<Entry> = Vec::with_capacity(entries.len());
        let mut merged = Vec::new();
        for entry in entries {
            let Key { text, span } = &entry.key;
            if let Some(first) = seen.get(text) {
                let problem =
                    Diagnostic::error("yaml.duplicate-key", format!("duplicate key `{text}`"))
                        .at(span)
                        .label("again here")
                        .related(first, "first here")
                        .help("keep one of the two");
                self.problems.push(problem);
                continue;
            }
            seen.insert(text.clone(), span.clone());
            if text != "<<" {
                settled.push(entry);
                continue;
            }
            match entry.value.kind {
                Kind::Map(base) => merged.extend(base),
                Kind::Seq(bases) => {
                    merged.extend(bases.into_iter().flat_map(|base| match base.kind {
                        Kind::Map(base) => base,
                        _ => Vec::new(),
                    }));
                }
                Kind::Scalar(_) => {
                    let problem = Diagnostic::error(
                        "yaml.merge-key",
                        "`<<` needs a map, such as an alias `*base`",
                    );
                    self.problems.push(problem.at(&entry.value.span));
                }
            }
        }
        for entry in merged {
            if !seen.contains_key(&entry.key.text) {
                seen.insert(entry.key.text.clone(), entry.key.span.clone());
                settled.push(entry);
            }
        }
        settled
    }

    fn count(&mut self, nodes: usize, depth: usize, span: &Span) -> Result<(), Fatal> {
        self.nodes = self.nodes.saturating_add(nodes);
        let message = if self.nodes > MOST_NODES {
            "too much: more than 150,000 values, aliases written out"
        } else if self.stack.len() + depth > DEEPEST {
            "nested too deeply: more than 64 levels"
        } else {
            return Ok(());
        };
        let problem = Diagnostic::error("yaml.limit", message).at(span);
        Err(Box::new(problem.help(
            "split the profile with `extends`; an alias counts as often as it is used",
        )))
    }

    fn refuse_tag(&mut self, refused: bool, span: &Span) {
        if refused {
            let problem = Diagnostic::error("yaml.tag", "a YAML tag (`!…`) has no meaning here")
                .at(span)
                .help("leave the tag out");
            self.problems.push(problem);
        }
    }

    fn syntax(&self, text: &str, error: &ScanError) -> Diagnostic {
        let marker = error.marker();
        let start = marker.byte_offset().unwrap_or_else(|| {
            text.char_indices()
                .nth(marker.index())
                .map_or(text.len(), |(offset, _)| offset)
        });
        let (message, help) = words(error.kind());
        let end = text[text.floor_char_boundary(start)..]
            .chars()
            .next()
            .map_or(start, |character| start + character.len_utf8());
        let limit = matches!(error.kind(), ErrorKind::RecursionLimitExceeded);
        let code = if limit { "yaml.limit" } else { "yaml.syntax" };
        let problem = Diagnostic::error(code, message).at(&Span {
            source: self.source,
            range: start..end,
        });
        match help {
            Some(help) => problem.help(help),
            None => problem,
        }
    }
}

/// What a syntax error means to somebody who writes a checklist.
fn words(kind: &ErrorKind) -> (String, Option<&'static str>) {
    let (message, help) = match kind {
        ErrorKind::TabInBlockIndentation | ErrorKind::TabNotAllowed => (
            "a tab cannot indent YAML",
            Some("indent with spaces, two for each level"),
        ),
        ErrorKind::UnknownAnchor => (
            "this alias names no anchor above it",
            Some(
                "write `&name` before the value that `*name` stands for; put text that starts with `*` into quotes",
            ),
        ),
        ErrorKind::RecursionLimitExceeded => ("nested too deeply: more than 64 levels", None),
        ErrorKind::UnclosedFlowCollection { open } => {
            return (
                format!("this `{open}` is never closed"),
                Some("close it, or put the text into quotes"),
            );
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return (format!("`{open}` is closed by `{close}`"), None);
        }
        ErrorKind::DirectiveDisallowed => (
            "a YAML directive (`%…`) has no meaning here",
            Some("leave the line out, or put text that starts with `%` into quotes"),
        ),
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::SimpleKeyExpected => (
            "a line of the form `key: value` is expected here",
            Some(
                "check the indentation, the `:` after each key, and quotes around text that has `: ` or ` #` in it",
            ),
        ),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            "a `:` where no key can be",
            Some(
                "put text that has `: ` in it into quotes; check that keys of one map are indented alike",
            ),
        ),
        ErrorKind::ExpectedBlockSequenceEntry => (
            "this line belongs to no item of the list above it",
            Some("indent it like the keys of the item it belongs to, or start an item with `- `"),
        ),
        ErrorKind::InvalidIndentation => (
            "this line's indentation fits no line above it",
            Some("indent what belongs together by the same number of spaces"),
        ),
        other => {
            return (
                format!("not valid YAML: {other}"),
                Some("check quotes, brackets and indentation around this place"),
            );
        }
    };
    (message.to_owned(), help)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use serde_json::json;

    use super::parse;
    use crate::diagnostic::{Diagnostic, Sources};
    use crate::profile::tree::Node;

    fn read(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
        let mut problems = Vec::new();
        let node = parse(
            "a.yaml",
            text.as_bytes(),
            &mut Sources::default(),
            &mut problems,
        );
        (node, problems)
    }

    fn codes(text: &str) -> Vec<&'static str> {
        read(text).1.iter().map(|problem| problem.code).collect()
    }

    #[test]
    fn a_document_becomes_a_tree() {
        let (node, problems) = read(
            "a: [1, 'x', {b: true}]\nbase: &b {x: 1, y: 2}\nd:\n  <<: *b\n  y: 3\nt: |\n  two\n  lines\n",
        );
        assert_eq!(problems, []);
        assert_eq!(
            node.unwrap().value(),
            json!({"a": [1, "x", {"b": true}], "base": {"x": 1, "y": 2}, "d": {"y": 3, "x": 1}, "t": "two\nlines\n"})
        );
    }

    #[test]
    fn spans_mark_what_was_written() {
        let text = "é: 'ü'\nlist:\n  - one # no\n  - {k: \"v\"}\nend: 1\n";
        let node = read(text).0.unwrap();
        let cut = |node: &Node| text[node.span.range.clone()].to_owned();
        assert_eq!(cut(node.get("é").unwrap()), "'ü'");
        let list = node.get("list").unwrap();
        assert_eq!(cut(&list.items()[0]), "one");
        assert_eq!(cut(&list.items()[1]), "{k: \"v\"}");
        assert_eq!(cut(list), "- one # no\n  - {k: \"v\"}");
        let key = &node.entry("end").unwrap().key;
        assert_eq!(&text[key.span.range.clone()], "end");
    }

    #[test]
    fn every_duplicate_is_told() {
        assert_eq!(codes("a: 1\na: 2\nb: {c: 1, c: 2}\n1: x\n1: y\n").len(), 3);
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for (text, code) in [
            ("", "yaml.empty"),
            ("# only words\n", "yaml.empty"),
            ("a: 1\n---\nb: 2\n", "yaml.documents"),
            ("a: [1\n", "yaml.syntax"),
            ("a: *nope\n", "yaml.syntax"),
            ("a: !!int 3\n", "yaml.tag"),
            ("a: &x [*x]\n", "yaml.alias"),
            ("%YAML 1.1\n---\na: 1\n", "yaml.syntax"),
            ("{a: 1}: 2\n", "yaml.key"),
        ] {
            assert_eq!(codes(text), [code], "{text:?}");
        }
    }

    #[test]
    fn bombs_and_towers_end_at_the_limit() {
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
        for level in 1..12 {
            let before = format!("*a{},", level - 1).repeat(9);
            _ = writeln!(bomb, "a{level}: &a{level} [{before}]");
        }
        for text in [
            bomb,
            format!("a: {}{}\n", "[".repeat(100_000), "]".repeat(100_000)),
            format!("a:\n  {}1\n", "- ".repeat(100_000)),
            format!("a: [{}]\n", "x,".repeat(300_000)),
            format!("a: '{}'\n", "x".repeat(super::LARGEST_FILE)),
        ] {
            assert_eq!(codes(&text), ["yaml.limit"], "{}…", &text[..20]);
        }
    }

    #[test]
    fn a_wrong_byte_is_told_with_its_place() {
        let mut problems = Vec::new();
        let node = parse(
            "a.yaml",
            b"a: 1\nb: d\xe9mo\n",
            &mut Sources::default(),
            &mut problems,
        );
        assert!(node.is_none());
        assert_eq!(
            problems[0].message,
            "a.yaml is not UTF-8: byte 0xe9 at offset 9"
        );
    }
}
