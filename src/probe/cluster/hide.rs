//! Takes secrets out of what is shown of commands and annotations, by the rules of `env_file`.

use crate::probe::env_file::rule::judge;

/// More words than this are not shown.
const MOST_WORDS: usize = 50;
/// What is shown of a word, in characters.
const SHOWN: usize = 300;
/// What stands in a secret's place.
const HIDDEN: &str = "***";

/// Words of a command line.
pub(super) fn words(words: &[String]) -> Vec<String> {
    let mut shown = Vec::new();
    let mut before = "";
    for word in words.iter().take(MOST_WORDS) {
        shown.push(after(before, word));
        before = word;
    }
    shown
}

/// A text that may be a script of its own.
pub(super) fn text(text: &str) -> String {
    let mut before = "";
    let mut shown = String::new();
    // The quote that the value of a secret is still within.
    let mut open = None;
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        if let Some(quote) = open {
            if word.ends_with(quote) {
                open = None;
            }
            continue;
        }
        let hidden = one(before, word);
        if hidden != word {
            open = unclosed(word);
        }
        shown.push_str(&hidden);
        shown.push_str(piece.get(word.len()..).unwrap_or_default());
        before = word;
    }
    shown.trim_end().chars().take(SHOWN).collect()
}

/// The quote that a word opens and does not close.
fn unclosed(word: &str) -> Option<char> {
    let quote = word.chars().find(|letter| ['"', '\''].contains(letter))?;
    (word.matches(quote).count() % 2 == 1).then_some(quote)
}

fn after(before: &str, word: &str) -> String {
    if word.contains(char::is_whitespace) {
        return if names_secret(before) {
            HIDDEN.to_owned()
        } else {
            text(word)
        };
    }
    one(before, word).chars().take(SHOWN).collect()
}

/// A word, hidden where the one before it names a secret (`--password x`), where it does so
/// itself (`TOKEN=x`), and where it is an address with a password.
fn one(before: &str, word: &str) -> String {
    let is_value = !word.starts_with('-') && !word.is_empty();
    if is_value && before.ends_with(':') && is_secret(before.trim_end_matches(':'), word) {
        return HIDDEN.to_owned();
    }
    if is_value && names_secret(before) && is_secret(before, word) {
        return HIDDEN.to_owned();
    }
    if let Some((name, value)) = word.split_once(['=', ':'])
        && is_secret(name, value)
    {
        let sign = word.get(name.len()..=name.len()).unwrap_or_default();
        return format!("{name}{sign}{HIDDEN}");
    }
    if is_secret("", word) {
        return HIDDEN.to_owned();
    }
    word.to_owned()
}

fn names_secret(option: &str) -> bool {
    option.starts_with('-') && !option.contains('=') && judge(plain(option), "").0
}

/// Whether a value is that of a secret; a reference to one, and a file, is not.
fn is_secret(name: &str, value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    let is_elsewhere = value.is_empty() || value.starts_with(['$', '/']);
    !is_elsewhere && judge(plain(name), value).0
}

/// A name without what stands around it.
fn plain(name: &str) -> &str {
    name.trim_matches(|c: char| !c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::{text, words};

    #[test]
    fn secrets_in_commands_are_hidden() {
        for (given, shown) in [
            (
                &["--tls", "--port", "80"][..],
                &["--tls", "--port", "80"][..],
            ),
            (&["--password", "hunter2"], &["--password", "***"]),
            (&["--password=hunter2"], &["--password=***"]),
            (&["--password", "--tls"], &["--password", "--tls"]),
            (&["--password=$(PW)"], &["--password=$(PW)"]),
            (&["--token-file", "/a"], &["--token-file", "/a"]),
            (&["--db", "postgres://a:b@c/d"], &["--db", "***"]),
            (&["--db=postgres://a:b@c/d"], &["--db=***"]),
            (
                &["sh", "-c", "PGPASSWORD='x y' API_TOKEN=abc psql -h db"],
                &["sh", "-c", "PGPASSWORD=*** API_TOKEN=*** psql -h db"],
            ),
            (
                &["-c", "curl -H 'X-Token: abc'"],
                &["-c", "curl -H 'X-Token: ***"],
            ),
        ] {
            let given: Vec<String> = given.iter().map(|&word| word.to_owned()).collect();
            assert_eq!(words(&given), shown);
        }
        assert_eq!(text(&"a".repeat(400)).len(), 300);
    }
}
