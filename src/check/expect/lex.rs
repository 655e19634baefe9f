//! Splits an expression into words and signs, for the guards, for messages that people
//! understand and for the places of fields. The parser has its own.

use std::ops::Range;

/// One word or sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// Bytes.
    pub(super) range: Range<usize>,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Word,
    Number,
    String,
    /// A string that never ends.
    OpenString,
    /// `(`, `[` or `{`.
    Open,
    /// `)`, `]` or `}`.
    Close,
    /// An operator, a comma, a dot …
    Sign,
    /// A character that no expression has.
    Unknown,
}

/// Signs of two characters that are one token.
const PAIRS: [&str; 6] = ["==", "!=", "<=", ">=", "&&", "||"];

/// All tokens; comments (`// …`) and blanks are left out.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = source.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = source.get(at..).unwrap_or_default();
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        let (kind, length) = next(rest, first);
        tokens.push(Token {
            kind,
            range: at..at + length,
        });
        at += length.max(1);
    }
    tokens
}

/// The kind and length of the token that `rest` starts with.
fn next(rest: &str, first: char) -> (TokenKind, usize) {
    if let Some(string) = string(rest) {
        return string;
    }
    let run = |belongs: fn(char) -> bool| rest.find(|c| !belongs(c)).unwrap_or(rest.len());
    match first {
        'a'..='z' | 'A'..='Z' | '_' => (
            TokenKind::Word,
            run(|c| c.is_ascii_alphanumeric() || c == '_'),
        ),
        '0'..='9' => (TokenKind::Number, number(rest)),
        '(' | '[' | '{' => (TokenKind::Open, 1),
        ')' | ']' | '}' => (TokenKind::Close, 1),
        _ if PAIRS.iter().any(|pair| rest.starts_with(pair)) => (TokenKind::Sign, 2),
        '+' | '-' | '*' | '/' | '%' | '<' | '>' | '=' | '!' | '&' | '|' | '?' | ':' | ',' | '.' => {
            (TokenKind::Sign, 1)
        }
        other => (TokenKind::Unknown, other.len_utf8()),
    }
}

/// Length of the number that `rest` starts with: digits, one fraction, an exponent, a suffix.
fn number(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut end = 0;
    let mut fraction = false;
    while let Some(byte) = bytes.get(end) {
        let after = bytes.get(end + 1);
        match byte {
            b'.' if !fraction && after.is_some_and(u8::is_ascii_digit) => fraction = true,
            b'+' | b'-' if matches!(bytes.get(end.wrapping_sub(1)), Some(b'e' | b'E')) => {}
            byte if byte.is_ascii_alphanumeric() => {}
            _ => break,
        }
        end += 1;
    }
    end
}

/// The string that `rest` starts with, if it does: quotes of one or three, with `r` and `b`.
fn string(rest: &str) -> Option<(TokenKind, usize)> {
    let prefix = rest.find(['\'', '"']).filter(|length| *length <= 2)?;
    let letters = rest.get(..prefix)?;
    if !letters.chars().all(|c| matches!(c, 'r' | 'R' | 'b' | 'B')) {
        return None;
    }
    let raw = letters.contains(['r', 'R']);
    let body = rest.get(prefix..)?;
    let quote = body.get(..1)?;
    let triple = quote.repeat(3);
    let closing = if body.starts_with(&triple) {
        triple.as_str()
    } else {
        quote
    };
    let mut at = prefix + closing.len();
    while let Some(inside) = rest.get(at..).filter(|inside| !inside.is_empty()) {
        if inside.starts_with(closing) {
            return Some((TokenKind::String, at + closing.len()));
        }
        let mut characters = inside.chars();
        let character = characters.next()?;
        if character == '\n' && closing.len() == 1 {
            break;
        }
        at += character.len_utf8();
        if character == '\\' && !raw {
            at += characters.next().map_or(0, char::len_utf8);
        }
    }
    Some((TokenKind::OpenString, at.min(rest.len())))
}

#[cfg(test)]
mod tests {
    use super::{TokenKind, tokens};

    fn texts(source: &str) -> Vec<&str> {
        tokens(source)
            .into_iter()
            .map(|token| &source[token.range])
            .collect()
    }

    #[test]
    fn words_signs_and_strings_are_told_apart() {
        assert_eq!(
            texts("a.b >= 1.5e+3 && 'it\\'s' in r\"\\\" // why\n !x[0].y"),
            [
                "a", ".", "b", ">=", "1.5e+3", "&&", "'it\\'s'", "in", "r\"\\\"", "!", "x", "[",
                "0", "]", ".", "y"
            ]
        );
        assert_eq!(texts("'''a'b''' + b'x'"), ["'''a'b'''", "+", "b'x'"]);
        assert_eq!(tokens("é'")[0].kind, TokenKind::Unknown);
        assert_eq!(tokens("'é").last().unwrap().kind, TokenKind::OpenString);
        assert_eq!(tokens("'é").last().unwrap().range, 0..3);
    }
}
