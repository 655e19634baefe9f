//! Reads environment files as the common dialects of them agree:
//!
//! - empty lines and lines that start with `#` say nothing; `export` before a name neither;
//! - `NAME=value` goes to the end of the line, or to ` #`; spaces around the value are no part
//!   of it;
//! - `'…'` stands as it is and may go over lines; `"…"` too, with `\` before what it escapes.
//!
//! Nothing is put in for `$NAME`. A quote without its end makes its line malformed, and reading
//! goes on with the next.

use std::borrow::Cow;

use super::Assignment;

/// All assignments, and the numbers of the lines that are none.
pub(super) fn parse(text: &str) -> (Vec<Assignment<'_>>, Vec<u64>) {
    let (mut assignments, mut malformed) = (Vec::new(), Vec::new());
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut number = 1;
    // A quote that has no end below one line has none below the next either.
    let mut unclosed = String::new();
    while !rest.is_empty() {
        let line = rest.split('\n').next().unwrap_or_default();
        let mut used = line.len() + 1;
        let said = line.trim();
        if !said.is_empty() && !said.starts_with('#') {
            match assignment(line, rest, &mut unclosed) {
                Some((name, value, length)) => {
                    used = length;
                    let line = Some(number);
                    assignments.push(Assignment { name, value, line });
                }
                None => malformed.push(number),
            }
        }
        let past = rest.get(..used).unwrap_or(rest);
        number += past
            .bytes()
            .map(|byte| u64::from(byte == b'\n'))
            .sum::<u64>();
        rest = rest.get(used..).unwrap_or_default();
    }
    (assignments, malformed)
}

/// The name, the value, and how many bytes of `rest` they take with the line's end.
fn assignment<'t>(
    line: &'t str,
    rest: &'t str,
    unclosed: &mut String,
) -> Option<(&'t str, Cow<'t, str>, usize)> {
    let (left, _) = line.split_once('=')?;
    let name = left.trim();
    let name = name
        .strip_prefix("export")
        .filter(|tail| tail.starts_with([' ', '\t']))
        .map_or(name, str::trim_start);
    if !is_name(name) {
        return None;
    }
    let start = rest.get(left.len() + 1..)?.trim_start_matches([' ', '\t']);
    let before = rest.len() - start.len();
    let (value, length) = match start.chars().next() {
        Some('\'' | '"') if start.starts_with(|quote| unclosed.contains(quote)) => return None,
        Some(quote @ ('\'' | '"')) => match in_quotes(start, quote) {
            Quoted::Value(value, length) => (value, length),
            Quoted::Followed => return None,
            Quoted::Unclosed => {
                unclosed.push(quote);
                return None;
            }
        },
        _ => plain(start),
    };
    Some((name, value, before + length))
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || "_.-".contains(letter))
}

fn plain(start: &str) -> (Cow<'_, str>, usize) {
    let line = start.split('\n').next().unwrap_or_default();
    let comments = [" #", "\t#"].iter().filter_map(|mark| line.find(mark));
    let end = if line.starts_with('#') {
        0
    } else {
        comments.min().unwrap_or(line.len())
    };
    let value = line.get(..end).unwrap_or_default().trim();
    (value.into(), line.len() + 1)
}

/// What a value that starts with a quote is.
enum Quoted<'t> {
    /// The value, and how many bytes it takes with the line's end.
    Value(Cow<'t, str>, usize),
    /// Something else than a comment stands behind it.
    Followed,
    /// The quote has no end.
    Unclosed,
}

fn in_quotes(start: &str, quote: char) -> Quoted<'_> {
    let mut value = String::new();
    let mut letters = start.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        if letter == quote {
            let after = start.get(at + 1..).unwrap_or_default();
            let line = after.split('\n').next().unwrap_or_default();
            let tail = line.trim();
            return if tail.is_empty() || tail.starts_with('#') {
                Quoted::Value(value.into(), at + 1 + line.len() + 1)
            } else {
                Quoted::Followed
            };
        }
        if letter != '\\' || quote != '"' {
            value.push(letter);
            continue;
        }
        match letters.next() {
            Some((_, 'n')) => value.push('\n'),
            Some((_, 'r')) => value.push('\r'),
            Some((_, 't')) => value.push('\t'),
            Some((_, escaped @ ('"' | '\\' | '$' | '`' | '\n'))) => value.push(escaped),
            Some((_, other)) => value.extend(['\\', other]),
            None => {}
        }
    }
    Quoted::Unclosed
}

#[cfg(test)]
mod tests {
    use proptest::proptest;

    use super::parse;

    fn read(text: &str) -> (Vec<(u64, String, String)>, Vec<u64>) {
        let (assignments, malformed) = parse(text);
        let told = assignments.into_iter().map(|one| {
            let line = one.line.unwrap_or_default();
            (line, one.name.to_owned(), one.value.into_owned())
        });
        (told.collect(), malformed)
    }

    fn value(text: &str) -> String {
        let (assignments, malformed) = read(text);
        assert_eq!((assignments.len(), malformed.len()), (1, 0), "{text:?}");
        assignments[0].2.clone()
    }

    #[test]
    fn values_are_read_with_and_without_quotes() {
        assert_eq!(value("A=b c"), "b c");
        assert_eq!(value("A= b # c"), "b");
        assert_eq!(value("A=b#c\r\n"), "b#c");
        assert_eq!(value("A="), "");
        assert_eq!(value("A=# nothing"), "");
        assert_eq!(value("A=x=y=="), "x=y==");
        assert_eq!(value("A='b # \\n \"c\"' # d"), "b # \\n \"c\"");
        assert_eq!(value(r#"A="b \"c\" \$d\n\x""#), "b \"c\" $d\n\\x");
        assert_eq!(value("\u{feff}export A = b"), "b");
        assert_eq!(value("export=x"), "x");
        assert_eq!(value("A=\"\""), "");
    }

    #[test]
    fn lines_are_counted_over_values_of_several() {
        let text = "# top\n\nKEY=\"-----BEGIN\nabc\n-----END\"\nB=1\nnot this\n2=3\nC=\"open\nD=4";
        let (assignments, malformed) = read(text);
        let places = assignments
            .iter()
            .map(|(line, name, _)| (*line, name.as_str()));
        let places: Vec<_> = places.collect();
        assert_eq!(places, [(3, "KEY"), (6, "B"), (10, "D")]);
        assert_eq!(assignments[0].2, "-----BEGIN\nabc\n-----END");
        assert_eq!(malformed, [7, 8, 9]);
        assert_eq!(read("A='b' c\nB=1").1, [1]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[AB='\"\\\\ #\n\r\u{e9}]{0,60}") {
            let lines = u64::try_from(text.split('\n').count()).unwrap();
            let (assignments, malformed) = read(&text);
            for line in assignments.iter().map(|one| one.0).chain(malformed) {
                assert!(line >= 1 && line <= lines);
            }
        }
    }
}
