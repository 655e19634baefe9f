//! Makes text from anywhere safe to show to people: the one sanitizer.
//!
//! What a server sent may hold terminal escapes, line feeds that forge a new line, or
//! characters that turn the reading direction around. They are shown as visible escapes, so
//! that nothing is hidden and nothing acts. Markup (HTML, Markdown, XML) is not escaped here;
//! that belongs to the format that has it.

use std::borrow::Cow;
use std::fmt::Write as _;

/// `text` as one line: line feeds, tabs and everything that acts are visible escapes.
pub fn line(text: &str) -> Cow<'_, str> {
    escape(text, acts)
}

/// `text` that may have several lines: as [`line`], but line feeds stay and tabs are spaces.
/// No line is a command to a CI system.
pub fn block(text: &str) -> Cow<'_, str> {
    if text.contains(['\r', '\t']) {
        let plain = text.replace("\r\n", "\n").replace('\t', "    ");
        return Cow::Owned(block(&plain).into_owned());
    }
    let shown = escape(text, acts_in_block);
    if shown.lines().any(is_command) {
        let lines: Vec<_> = shown.split('\n').map(no_command).collect();
        return Cow::Owned(lines.join("\n"));
    }
    shown
}

/// A line of a log that a CI system would take for a command (`::error::`, `##[error]`,
/// `##vso[…]`) with its first character made a visible escape.
pub fn no_command(line: &str) -> Cow<'_, str> {
    if !is_command(line) {
        return Cow::Borrowed(line);
    }
    let start = line.trim_start();
    let (space, _) = line.split_at(line.len() - start.len());
    let mut characters = start.chars();
    let first = characters.next().unwrap_or_default() as u32;
    Cow::Owned(format!("{space}\\x{first:02x}{}", characters.as_str()))
}

fn is_command(line: &str) -> bool {
    let start = line.trim_start();
    start.starts_with("::") || start.starts_with("##")
}

/// [`line`] of at most `most` characters of `text`.
pub fn short_line(text: &str, most: usize) -> String {
    line(&shorten(text.trim(), most)).into_owned()
}

/// [`block`] of at most `most` characters of `text`.
pub fn short_block(text: &str, most: usize) -> String {
    block(&shorten(text.trim_end(), most)).into_owned()
}

/// At most `most` characters of `text`; if there are more, it says how many were left out.
pub fn shorten(text: &str, most: usize) -> Cow<'_, str> {
    let Some((end, _)) = text.char_indices().nth(most) else {
        return Cow::Borrowed(text);
    };
    let (kept, rest) = text.split_at(end);
    Cow::Owned(format!(
        "{kept}… ({} more characters)",
        rest.chars().count()
    ))
}

/// `count` things in words: `1 check`, `12 checks`.
pub fn count(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// Appends formatted text.
pub(crate) fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a `String` cannot fail.
    let _ = text.write_fmt(arguments);
}

fn escape(text: &str, is_escaped: fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if !is_escaped(character) {
            shown.push(character);
            continue;
        }
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            '\0'..='\u{ff}' => push(&mut shown, format_args!("\\x{:02x}", character as u32)),
            _ => push(&mut shown, format_args!("\\u{{{:x}}}", character as u32)),
        }
    }
    Cow::Owned(shown)
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn acts_in_block(character: char) -> bool {
    character != '\n' && acts(character)
}

/// Whether a character does something other than be seen.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' // soft hyphen
            | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' // direction
            | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' // unseen
            | '\u{2028}' | '\u{2029}' // line and paragraph separators
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' // byte order mark, annotations
            | '\u{e0000}'..='\u{e007f}') // tags
        || character as u32 & 0xfffe == 0xfffe // no characters at all
}

#[cfg(test)]
mod tests {
    use super::{block, line, shorten};

    #[test]
    fn what_acts_becomes_visible() {
        for (hostile, shown) in [
            ("\u{1b}[31mred\u{1b}[0m", r"\x1b[31mred\x1b[0m"),
            ("a\nb\r\n\tc", r"a\nb\r\n\tc"),
            ("\u{9b}2J\u{7f}\0", r"\x9b2J\x7f\x00"),
            ("user\u{202e}gpj.exe", r"user\u{202e}gpj.exe"),
            ("zero\u{200b}width\u{feff}", r"zero\u{200b}width\u{feff}"),
            ("not\u{fffe}xml\u{ffff}", r"not\u{fffe}xml\u{ffff}"),
            ("tag\u{e0041}", r"tag\u{e0041}"),
        ] {
            assert_eq!(line(hostile), shown);
        }
        let harmless = "Größe 证书 ✔ | <b> `x` 👍";
        assert_eq!(line(harmless), harmless);
    }

    #[test]
    fn a_block_keeps_its_lines() {
        assert_eq!(block("a\r\n\tb\u{1b}[2J\n"), "a\n    b\\x1b[2J\n");
    }

    #[test]
    fn no_line_is_a_command() {
        assert_eq!(
            block("a::b\n ::error::x\n##[group]\n::"),
            "a::b\n \\x3a:error::x\n\\x23#[group]\n\\x3a:"
        );
    }

    #[test]
    fn shortened_text_says_so() {
        assert_eq!(shorten("größer", 6), "größer");
        assert_eq!(shorten("größere", 4), "größ… (3 more characters)");
    }
}
