//! What is wrong with a text that is no expression, in words for people who do not know the
//! grammar.

use std::ops::Range;

use cel::ParseErrors;

use super::Problem;
use super::lex::{Token, TokenKind};
use super::print::{LITERALS, quote};

/// What the parser found, made independent of it.
#[derive(Debug, Default)]
pub(super) struct Report {
    too_deep: bool,
    /// The place as line and column from 1, in characters, and the parser's words.
    errors: Vec<(usize, usize, String)>,
}

impl From<&ParseErrors> for Report {
    fn from(errors: &ParseErrors) -> Self {
        let place = |number: isize| usize::try_from(number).unwrap_or_default();
        Self {
            too_deep: false,
            errors: errors
                .errors
                .iter()
                .map(|error| (place(error.pos.0), place(error.pos.1), error.msg.clone()))
                .collect(),
        }
    }
}

impl Report {
    /// The text parses, to a tree that is too deep.
    pub(super) fn too_deep() -> Self {
        Self {
            too_deep: true,
            errors: Vec::new(),
        }
    }

    /// The problems in our own words.
    pub(super) fn problems(&self, source: &str, tokens: &[Token]) -> Vec<Problem> {
        if self.too_deep {
            return vec![super::parse::too_complex(
                0..source.len(),
                "the expression is nested too deep".to_owned(),
            )];
        }
        let mut found = signs(source, tokens);
        if found.is_empty() {
            found.extend(brackets(source, tokens).or_else(|| order(source, tokens)));
        }
        if found.is_empty() {
            found.push(self.fallback(source, tokens));
        }
        found
    }

    /// When nothing better is known: the place alone, or one of the parser's clearer messages.
    fn fallback(&self, source: &str, tokens: &[Token]) -> Problem {
        let Some((line, column, message)) = self.errors.first() else {
            return problem(0..source.len(), "this is not a valid expression", None);
        };
        let at = byte_of(source, *line, *column);
        let range = tokens
            .iter()
            .find(|token| token.range.contains(&at))
            .map_or(at..at, |token| token.range.clone());
        if message.contains("has()") {
            return problem(
                range,
                "`has` takes a fact with a field, such as `has(http.headers.location)`",
                Some("for other names write `'content-type' in http.headers`"),
            );
        }
        if let Some(word) = message.strip_prefix("reserved identifier: ") {
            return problem(range, &format!("`{word}` is a reserved word"), None);
        }
        if message.contains("argument must be a simple name") || message.contains("identifier") {
            return problem(
                range,
                "a loop needs a name for the element first",
                Some("write it as `list.all(x, x > 0)`"),
            );
        }
        if message.contains("range")
            || message.contains("invalid int")
            || message.contains("invalid uint")
        {
            return problem(range, "the number is too large", None);
        }
        problem(range, "this is not a valid expression from here on", None)
    }
}

fn problem(range: Range<usize>, message: &str, help: Option<&str>) -> Problem {
    Problem {
        code: "expression.syntax",
        range,
        message: message.to_owned(),
        help: help.map(str::to_owned),
        replacement: None,
    }
}

fn replace(range: Range<usize>, message: &str, replacement: &str) -> Problem {
    Problem {
        replacement: Some(replacement.to_owned()),
        ..problem(range, message, Some(&format!("write `{replacement}`")))
    }
}

/// The byte at a line and column counted in characters from 1.
fn byte_of(source: &str, line: usize, column: usize) -> usize {
    let start: usize = source
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let rest = source.get(start..).unwrap_or_default();
    let offset = rest
        .char_indices()
        .nth(column.saturating_sub(1))
        .map_or(rest.len(), |(offset, _)| offset);
    start + offset
}

/// Two adjoining signs of other languages, and what stands for both.
const FOREIGN_PAIRS: [(&str, &str, &str); 6] = [
    ("==", "=", "=="),
    ("!=", "=", "!="),
    ("=", ">", ">="),
    ("=", "<", "<="),
    ("<", ">", "!="),
    ("&&", "&", "&&"),
];

/// Operators of other languages, and ours.
const FOREIGN: [(&str, &str); 9] = [
    ("=", "=="),
    ("&", "&&"),
    ("|", "||"),
    ("and", "&&"),
    ("AND", "&&"),
    ("or", "||"),
    ("OR", "||"),
    ("is", "=="),
    ("not", "!"),
];

/// Every word or sign that another language has and this one has not.
fn signs(source: &str, tokens: &[Token]) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        let next = tokens
            .get(index + 1)
            .filter(|next| next.range.start == token.range.end);
        let pair = next.and_then(|next| foreign_pair(source, token, next));
        index += if pair.is_some() { 2 } else { 1 };
        found.extend(pair.or_else(|| foreign(source, tokens, index - 1)));
    }
    found
}

fn foreign_pair(source: &str, left: &Token, right: &Token) -> Option<Problem> {
    let range = left.range.start..right.range.end;
    let texts = (
        source.get(left.range.clone())?,
        source.get(right.range.clone())?,
    );
    let written = source.get(range.clone())?;
    let message = format!("`{written}` is not an operator");
    if texts == ("=", "~") {
        return Some(problem(
            range,
            &message,
            Some("write `text.matches('pattern')`"),
        ));
    }
    let (_, _, ours) = FOREIGN_PAIRS
        .iter()
        .find(|(first, second, _)| texts == (*first, *second))?;
    Some(replace(range, &message, ours))
}

fn foreign(source: &str, tokens: &[Token], index: usize) -> Option<Problem> {
    let token = tokens.get(index)?;
    let range = token.range.clone();
    let text = source.get(range.clone())?;
    let next_is = |sign: &str| {
        let next = tokens.get(index + 1);
        next.and_then(|next| source.get(next.range.clone())) == Some(sign)
    };
    match token.kind {
        TokenKind::OpenString => {
            let help = Some("close it with the quote it starts with");
            return Some(problem(range, "the string is never closed", help));
        }
        TokenKind::Unknown if text == "$" && next_is("{") => {
            return Some(substitution(source, token));
        }
        TokenKind::Unknown => return Some(unknown(token, text)),
        TokenKind::Word if LITERALS.contains(&text) => return after_dot(source, tokens, index),
        TokenKind::Word => {
            let before = index.checked_sub(1).and_then(|before| tokens.get(before));
            let after_value = before.is_some_and(|before| ends_value(source, before));
            let before_value = tokens.get(index + 1).is_some_and(starts_value);
            let is_operator = if text == "not" {
                before_value
            } else {
                after_value
            };
            if !is_operator {
                return None;
            }
        }
        _ => {}
    }
    let (_, ours) = FOREIGN.iter().find(|(theirs, _)| *theirs == text)?;
    let message = match text {
        "=" => "`=` does not compare".to_owned(),
        _ => format!("`{text}` is not an operator"),
    };
    Some(replace(range, &message, ours))
}

/// `.null`, which names no field.
fn after_dot(source: &str, tokens: &[Token], index: usize) -> Option<Problem> {
    let [dot, word] = tokens.get(index.checked_sub(1)?..=index)? else {
        return None;
    };
    let text = source.get(word.range.clone())?;
    if source.get(dot.range.clone()) != Some(".") {
        return None;
    }
    let message = format!("`{text}` is a word of the language");
    let range = dot.range.start..word.range.end;
    Some(replace(range, &message, &format!("[{}]", quote(text))))
}

/// `${…}`, which expressions do not know.
fn substitution(source: &str, dollar: &Token) -> Problem {
    let rest = source.get(dollar.range.start..).unwrap_or_default();
    let end = rest.find('}').map_or(rest.len(), |end| end + 1);
    let inside = rest
        .get(2..end.saturating_sub(1))
        .unwrap_or_default()
        .trim();
    let name = if inside.contains('.') {
        inside.to_owned()
    } else {
        format!("vars.{inside}")
    };
    Problem {
        replacement: Some(name.clone()),
        ..problem(
            dollar.range.start..dollar.range.start + end,
            "`${…}` is not replaced in an expression",
            Some(&format!(
                "write `{name}` (or `with.…` for a parameter of the check)"
            )),
        )
    }
}

fn unknown(token: &Token, character: &str) -> Problem {
    let help = match character {
        "“" | "”" | "„" | "‘" | "’" | "«" | "»" | "`" => {
            Some("use plain quotes: 'text'")
        }
        "#" => Some("a comment starts with `//`"),
        "≥" => Some("write `>=`"),
        "≤" => Some("write `<=`"),
        "≠" => Some("write `!=`"),
        ";" => Some("an expression is one value; write a list of expectations"),
        _ => None,
    };
    let shown: String = character.chars().flat_map(char::escape_debug).collect();
    problem(
        token.range.clone(),
        &format!("`{shown}` has no meaning in an expression"),
        help,
    )
}

/// The bracket that has no partner.
fn brackets(source: &str, tokens: &[Token]) -> Option<Problem> {
    let mut open: Vec<(&Token, &str)> = Vec::new();
    for token in tokens {
        let text = source.get(token.range.clone()).unwrap_or_default();
        match token.kind {
            TokenKind::Open => open.push((token, text)),
            TokenKind::Close => match open.pop() {
                None => {
                    return Some(problem(
                        token.range.clone(),
                        &format!("`{text}` closes nothing"),
                        None,
                    ));
                }
                Some((_, opening)) if closing(opening) != text => {
                    return Some(problem(
                        token.range.clone(),
                        &format!("`{text}` does not close `{opening}`"),
                        Some(&format!("write `{}`", closing(opening))),
                    ));
                }
                Some(_) => {}
            },
            _ => {}
        }
    }
    let (token, text) = open.pop()?;
    Some(problem(
        token.range.clone(),
        &format!("`{text}` is never closed"),
        Some(&format!("add `{}`", closing(text))),
    ))
}

fn closing(opening: &str) -> &'static str {
    match opening {
        "(" => ")",
        "[" => "]",
        _ => "}",
    }
}

/// The first place where a value is missing or two stand side by side.
fn order(source: &str, tokens: &[Token]) -> Option<Problem> {
    let Some(last) = tokens.last() else {
        return Some(problem(0..source.len(), "the expression is empty", None));
    };
    for pair in tokens.windows(2) {
        let [left, right] = pair else { continue };
        let shown = |token: &Token| {
            source
                .get(token.range.clone())
                .unwrap_or_default()
                .to_owned()
        };
        if ends_value(source, left)
            && starts_value(right)
            && right.kind != TokenKind::Open
            && !is_in(source, right)
        {
            return Some(problem(
                right.range.clone(),
                &format!("an operator is missing before `{}`", shown(right)),
                Some("such as `&&`, `==` or `>`"),
            ));
        }
        if needs_value(source, left) && lacks_value(source, right) {
            return Some(problem(
                left.range.clone(),
                &format!("a value is missing after `{}`", shown(left)),
                None,
            ));
        }
    }
    if needs_value(source, last) {
        let text = source.get(last.range.clone()).unwrap_or_default();
        return Some(problem(
            last.range.clone(),
            &format!("a value is missing after `{text}`"),
            None,
        ));
    }
    let first = tokens.first()?;
    if lacks_value(source, first) {
        let text = source.get(first.range.clone()).unwrap_or_default();
        return Some(problem(
            first.range.clone(),
            &format!("a value is missing before `{text}`"),
            None,
        ));
    }
    None
}

fn is_in(source: &str, token: &Token) -> bool {
    source.get(token.range.clone()) == Some("in")
}

fn ends_value(source: &str, token: &Token) -> bool {
    match token.kind {
        TokenKind::Word => !is_in(source, token),
        TokenKind::Number | TokenKind::String | TokenKind::Close => true,
        _ => false,
    }
}

fn starts_value(token: &Token) -> bool {
    matches!(
        token.kind,
        TokenKind::Word | TokenKind::Number | TokenKind::String | TokenKind::Open
    )
}

/// A sign after which a value must come.
fn needs_value(source: &str, token: &Token) -> bool {
    token.kind == TokenKind::Sign || is_in(source, token)
}

/// A token with which no value starts.
fn lacks_value(source: &str, token: &Token) -> bool {
    match token.kind {
        TokenKind::Sign => !matches!(source.get(token.range.clone()), Some("!" | "-" | "?" | ".")),
        TokenKind::Close => true,
        _ => is_in(source, token),
    }
}
