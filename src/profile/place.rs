//! From a place inside a scalar's text to the place in the file.

use std::ops::Range;

use crate::diagnostic::{Sources, Span};

/// Where `range` of `text` was written, `span` being where all of it was. Where quotes, escapes
/// or folding make that unclear, the whole.
pub(crate) fn locate(sources: &Sources, span: &Span, text: &str, range: &Range<usize>) -> Span {
    let raw = sources.slice(span);
    let within = |start: usize| Span {
        source: span.source,
        range: span.range.start + start..span.range.start + start + range.len(),
    };
    if raw == text {
        return within(range.start);
    }
    let unquoted = raw.get(1..raw.len().saturating_sub(1));
    if unquoted == Some(text) {
        return within(range.start + 1);
    }
    let Some(fragment) = text
        .get(range.clone())
        .filter(|fragment| !fragment.is_empty())
    else {
        return span.clone();
    };
    // Blocks and escapes: the same fragment, counted from the start.
    let before = text
        .match_indices(fragment)
        .take_while(|(offset, _)| *offset < range.start)
        .count();
    match raw.match_indices(fragment).nth(before) {
        Some((offset, _)) => within(offset),
        None => span.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::locate;
    use crate::diagnostic::{Sources, Span};

    #[test]
    fn places_inside_plain_quoted_and_block_scalars_are_found() {
        for (raw, text) in [
            ("é ${x} ${x}", "é ${x} ${x}"),
            ("'é ${x} ${x}'", "é ${x} ${x}"),
            ("|\n    é ${x}\n    and ${x}\n", "é ${x}\nand ${x}\n"),
            ("\"\\u00e9 ${x} ${x}\"", "é ${x} ${x}"),
        ] {
            let mut sources = Sources::default();
            let source = sources.add("a", format!("key: {raw}"));
            let span = Span {
                source,
                range: 5..5 + raw.len(),
            };
            let second = text.rfind("${x}").unwrap();
            let found = locate(&sources, &span, text, &(second..second + 4));
            assert_eq!(sources.slice(&found), "${x}");
            assert_eq!(found.range.start, 5 + raw.rfind("${x}").unwrap());
        }
    }
}
