//! Words of a shell, for the commands that reproduce a question by hand.

/// `text` as one word of a shell, with `${secrets.NAME}` as the variable `$NAME`.
pub(super) fn quoted(text: &str) -> String {
    let mut word = String::new();
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once("${secrets.") {
        let Some((name, after)) = tail.split_once('}') else {
            break;
        };
        if !before.is_empty() {
            word.push_str(&single(before));
        }
        word.extend(["\"$", name, "\""]);
        rest = after;
    }
    if !rest.is_empty() || word.is_empty() {
        word.push_str(&single(rest));
    }
    word
}

/// `text` so that a shell takes it as it is; in quotes only where it needs them.
fn single(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/:@%+=,".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}
