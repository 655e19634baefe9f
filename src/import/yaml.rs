//! YAML as people write it: plain where that is safe, quoted where it is not.

use serde_json::Value;

use crate::text;

/// Characters of a text that are kept.
const LONGEST: usize = 400;

/// A document's text as a scalar that means itself: harmless, short, no variable in it.
pub(super) fn text(text: &str) -> String {
    let short = match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    };
    scalar(&text::line(&short).replace("${", "$${"))
}

/// A text for a comment: one line.
pub(super) fn comment(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text::short_line(&text, 200)
}

/// A scalar, quoted if it must be.
pub(super) fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    // A JSON string is a YAML string.
    serde_json::Value::from(text).to_string()
}

/// A value on one line.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(self::value).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// Whether a text is the same without quotes, also within `{}` and `[]`.
fn is_plain(text: &str) -> bool {
    let first = text.chars().next();
    let harmless = |c: char| c.is_alphanumeric() || " ._/()+%-—–…“”’×≥≤<>=;".contains(c);
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n" | "nan"
    );
    first.is_some_and(char::is_alphabetic)
        && text.chars().all(harmless)
        && !text.ends_with(' ')
        && !text.contains("  ")
        && !word
}

#[cfg(test)]
mod tests {
    use super::{scalar, text};

    #[test]
    fn what_would_mean_something_else_is_quoted() {
        for plain in ["Root login", "a/b-c (d)", "Größe"] {
            assert_eq!(scalar(plain), plain);
        }
        for quoted in [
            "", "true", "12", "a: b", "- a", "a #b", "a, b", "[a]", "a ", "${x}", "*a", "a\"b",
        ] {
            assert!(scalar(quoted).starts_with('"'), "{quoted}");
        }
        assert_eq!(text("pay ${x}\u{1b}"), r#""pay $${x}\\x1b""#);
    }
}
