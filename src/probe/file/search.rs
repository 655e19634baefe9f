//! Looks for a pattern line by line, with memory that does not grow with the file.

use std::io::{BufRead, BufReader, Read};
use std::time::Instant;

use regex::bytes::Regex;

/// A longer line is searched only up to here, in bytes.
const LONGEST_LINE: usize = 256 * 1024;
/// What is shown of a line, in characters.
const SHOWN_CHARS: usize = 300;
/// Lines between two looks at the clock.
const LINES_PER_LOOK: u64 = 1024;

/// Compiles a pattern; the error says what is wrong with it, in one line.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default();
        last.trim_start_matches("error: ").to_owned()
    })
}

/// What one file says to a pattern.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Searched {
    /// Lines that fit.
    pub(super) count: u64,
    /// Whether every byte was searched.
    pub(super) whole: bool,
}

/// Counts the lines that fit and keeps the first ones while there is `room` for them.
pub(super) fn search(
    input: impl Read,
    pattern: &Regex,
    deadline: Instant,
    mut keep: impl FnMut(u64, String),
) -> std::io::Result<Searched> {
    let mut input = BufReader::with_capacity(64 * 1024, input);
    let mut line = Vec::new();
    let mut searched = Searched {
        count: 0,
        whole: true,
    };
    let mut number = 0_u64;
    loop {
        let read = next_line(&mut input, &mut line, deadline)?;
        if read == Line::End {
            return Ok(searched);
        }
        number += 1;
        searched.whole &= read == Line::Whole;
        let text = line.strip_suffix(b"\r").unwrap_or(&line);
        if pattern.is_match(text) {
            searched.count += 1;
            keep(number, excerpt(text));
        }
        if read == Line::Late || number.is_multiple_of(LINES_PER_LOOK) && Instant::now() >= deadline
        {
            // Whether this was the last line is not worth a look.
            searched.whole = false;
            return Ok(searched);
        }
    }
}

#[derive(PartialEq, Eq)]
enum Line {
    /// There is none.
    End,
    /// All of it.
    Whole,
    /// Its beginning; the rest was passed over.
    Cut,
    /// Its beginning; time ran out while passing over the rest.
    Late,
}

fn next_line(
    input: &mut impl BufRead,
    line: &mut Vec<u8>,
    deadline: Instant,
) -> std::io::Result<Line> {
    line.clear();
    let mut outcome = Line::End;
    loop {
        let piece = match input.fill_buf() {
            Ok(piece) => piece,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if piece.is_empty() {
            return Ok(outcome);
        }
        let end = piece.iter().position(|byte| *byte == b'\n');
        let text = piece.get(..end.unwrap_or(piece.len())).unwrap_or(piece);
        let room = LONGEST_LINE.saturating_sub(line.len());
        line.extend(text.iter().take(room));
        if text.len() > room {
            outcome = Line::Cut;
        } else if outcome == Line::End {
            outcome = Line::Whole;
        }
        let used = end.map_or(piece.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(outcome);
        }
        if outcome == Line::Cut && Instant::now() >= deadline {
            return Ok(Line::Late);
        }
    }
}

fn excerpt(line: &[u8]) -> String {
    // No character has more than four bytes.
    let start = line.get(..SHOWN_CHARS * 4).unwrap_or(line);
    String::from_utf8_lossy(start)
        .chars()
        .take(SHOWN_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::time::{Duration, Instant};

    use super::{LONGEST_LINE, Searched, compile, search};

    fn lines(text: &[u8], pattern: &str) -> (Searched, Vec<(u64, String)>) {
        let mut kept = Vec::new();
        let deadline = Instant::now() + Duration::from_mins(1);
        let pattern = compile(pattern).unwrap();
        let searched = search(text, &pattern, deadline, |line, text| {
            kept.push((line, text));
        });
        (searched.unwrap(), kept)
    }

    #[test]
    fn lines_are_counted_whatever_their_ends_and_bytes() {
        let (searched, kept) = lines(b"one\r\n\ntwo \xff\nend one", "^(one|two.*)$|one");
        assert_eq!((searched.count, searched.whole), (2, true));
        assert_eq!(kept, [(1, "one".to_owned()), (4, "end one".to_owned())]);
        let (_, kept) = lines(b"x \xff y", "x");
        assert_eq!(kept[0].1, "x \u{fffd} y");
        assert_eq!(lines(b"", "").0.count, 0);
        assert_eq!(lines(b"\n\n", "").0.count, 2);
    }

    #[test]
    fn a_long_line_is_searched_in_part_and_told() {
        let mut text = vec![b'a'; LONGEST_LINE];
        text.extend(b"needle\nneedle\n");
        let (searched, kept) = lines(&text, "needle");
        assert_eq!(kept, [(2, "needle".to_owned())]);
        assert!(!searched.whole);
    }

    #[test]
    fn endless_input_ends_with_the_time() {
        let past = Instant::now();
        for endless in [b'\n', b'a'] {
            let input = std::io::repeat(endless).take(1 << 40);
            let searched = search(input, &compile("b").unwrap(), past, |_, _| ()).unwrap();
            assert_eq!((searched.count, searched.whole), (0, false));
        }
    }

    #[test]
    fn what_is_wrong_with_a_pattern_is_one_line() {
        assert_eq!(compile("(").unwrap_err(), "unclosed group");
    }
}
