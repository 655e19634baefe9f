//! Puts variables into text as Compose does: `$NAME`, `${NAME:-default}`, `$$` and the rest.

use std::collections::BTreeMap;

use crate::probe::ProbeError;
use crate::probe::local::beyond;

/// Defaults within defaults.
const DEEPEST: usize = 16;
/// Bytes that all texts of a question may come to.
const MOST_BYTES: usize = 8 << 20;

/// A variable's value, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// It is this.
    Known(String),
    /// It is set to something that would have to be worked out.
    Unknown,
}

/// The variables, and which of them turned out to be needed and not set.
#[derive(Debug, Default)]
pub(super) struct Variables {
    values: BTreeMap<String, Value>,
    /// Names without a value, and whether Compose insists on one.
    pub(super) unset: BTreeMap<String, bool>,
    made: usize,
}

/// A text with its variables put in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filled {
    /// What it comes to.
    pub(super) text: String,
    /// What of it stands in the file: values of variables are `$NAME`, and a `$` is `_`.
    pub(super) written: String,
    /// A variable without which the text is not known.
    pub(super) unset: Option<String>,
}

/// Why a text cannot be filled.
#[derive(Debug)]
pub(super) enum Unfit {
    /// It is no template.
    Invalid,
    /// It, or all of them, came to too much.
    TooMuch(ProbeError),
}

impl Variables {
    pub(super) fn new(values: BTreeMap<String, Value>) -> Self {
        Self {
            values,
            ..Self::default()
        }
    }

    /// The text of a variable that is known.
    pub(super) fn known(&self, name: &str) -> Option<&str> {
        match self.values.get(name) {
            Some(Value::Known(value)) => Some(value),
            _ => None,
        }
    }

    pub(super) fn fill(&mut self, template: &str) -> Result<Filled, Unfit> {
        self.fill_within(template, DEEPEST)
    }

    fn fill_within(&mut self, template: &str, deepest: usize) -> Result<Filled, Unfit> {
        let mut filled = Filled::default();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('$') {
            filled.both(before);
            rest = if let Some(tail) = after.strip_prefix('$') {
                filled.text.push('$');
                filled.written.push('_');
                tail
            } else if let Some(braced) = after.strip_prefix('{') {
                let end = closing(braced).ok_or(Unfit::Invalid)?;
                let (inner, tail) = braced.split_at(end);
                self.braced(inner, deepest, &mut filled)?;
                tail.get(1..).unwrap_or_default()
            } else {
                let (name, tail) = name(after).ok_or(Unfit::Invalid)?;
                self.put(name, false, &mut filled);
                tail
            };
            self.count(filled.text.len())?;
        }
        filled.both(rest);
        self.made += filled.text.len() + filled.written.len();
        self.count(0)?;
        Ok(filled)
    }

    fn braced(&mut self, inner: &str, deepest: usize, filled: &mut Filled) -> Result<(), Unfit> {
        let (name, operator) = name(inner).ok_or(Unfit::Invalid)?;
        let (is_empty_too, operator) = match operator.strip_prefix(':') {
            Some(operator) => (true, operator),
            None => (false, operator),
        };
        let value = self.values.get(name);
        let is_set = match value {
            Some(Value::Known(text)) => !(is_empty_too && text.is_empty()),
            Some(Value::Unknown) => true,
            None => false,
        };
        match operator.split_at_checked(1) {
            None if operator.is_empty() && !is_empty_too => self.put(name, false, filled),
            Some(("-", _)) if is_set => self.put(name, false, filled),
            Some(("?", _)) if is_set => self.put(name, true, filled),
            // An empty value is as good as none to `:?`.
            Some(("?", _)) => self.miss(name, true, filled),
            Some(("+", _)) if !is_set => {}
            Some(("-" | "+", text)) => {
                let deepest = deepest.checked_sub(1).ok_or(Unfit::Invalid)?;
                let more = self.fill_within(text, deepest)?;
                filled.text += &more.text;
                filled.written += &more.written;
                if filled.unset.is_none() {
                    filled.unset = more.unset;
                }
            }
            _ => return Err(Unfit::Invalid),
        }
        Ok(())
    }

    fn put(&mut self, name: &str, is_required: bool, filled: &mut Filled) {
        if let Some(Value::Known(value)) = self.values.get(name) {
            filled.text += value;
            filled.written.extend(["$", name]);
        } else {
            self.miss(name, is_required, filled);
        }
    }

    fn miss(&mut self, name: &str, is_required: bool, filled: &mut Filled) {
        filled.written.extend(["$", name]);
        filled.unset.get_or_insert_with(|| name.to_owned());
        if self.values.get(name) != Some(&Value::Unknown) {
            *self.unset.entry(name.to_owned()).or_default() |= is_required;
        }
    }

    fn count(&self, more: usize) -> Result<(), Unfit> {
        if self.made + more > MOST_BYTES {
            let what = "variables make the Compose files longer than 8 MiB";
            return Err(Unfit::TooMuch(beyond(what)));
        }
        Ok(())
    }
}

impl Filled {
    fn both(&mut self, text: &str) {
        self.text += text;
        self.written += text;
    }
}

/// The name that a text starts with, and what follows.
fn name(text: &str) -> Option<(&str, &str)> {
    let is_letter = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    let end = text
        .find(|letter: char| !is_letter(letter) && !letter.is_ascii_digit())
        .unwrap_or(text.len());
    text.starts_with(is_letter).then(|| text.split_at(end))
}

/// Where the brace that is open before a text is closed.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => open += 1,
            '}' if open == 1 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Unfit, Value, Variables};

    fn variables() -> Variables {
        let known = |name: &str, value: &str| (name.to_owned(), Value::Known(value.to_owned()));
        let unknown = ("U".to_owned(), Value::Unknown);
        Variables::new(BTreeMap::from([known("A", "1"), known("E", ""), unknown]))
    }

    #[test]
    fn templates_are_filled_as_compose_does() {
        for (template, text, written) in [
            ("x", "x", "x"),
            ("$A-$$A", "1-$A", "$A-_A"),
            ("a${A}b", "a1b", "a$Ab"),
            ("${A:-x}", "1", "$A"),
            ("${X:-x}", "x", "x"),
            ("${X-}", "", ""),
            ("${E:-x}", "x", "x"),
            ("${E-x}", "", "$E"),
            ("${X:-${Y:-${A}}}", "1", "$A"),
            ("${X:-a:-b}", "a:-b", "a:-b"),
            ("${A:?no}", "1", "$A"),
            ("${A:+set}${X:+set}${E:+set}${E+set}", "setset", "setset"),
            ("${X:-{\"a\": 1}}", "{\"a\": 1}", "{\"a\": 1}"),
        ] {
            let filled = variables().fill(template).unwrap();
            assert_eq!(
                (&*filled.text, &*filled.written),
                (text, written),
                "{template}"
            );
            assert_eq!(filled.unset, None, "{template}");
        }
    }

    #[test]
    fn what_is_not_set_is_told() {
        for (template, name, told) in [
            ("v$X", "X", Some(false)),
            ("${X}", "X", Some(false)),
            ("${X:?needed}", "X", Some(true)),
            ("${E:?needed}", "E", Some(true)),
            ("${U}", "U", None),
            ("${U:-x}", "U", None),
            ("${X:-$Y}", "Y", Some(false)),
        ] {
            let mut variables = variables();
            let filled = variables.fill(template).unwrap();
            assert_eq!(filled.unset.as_deref(), Some(name), "{template}");
            assert_eq!(variables.unset.get(name).copied(), told, "{template}");
        }
    }

    #[test]
    fn what_is_no_template_and_what_is_too_much_is_refused() {
        for template in [
            "$",
            "$1",
            "${",
            "${A",
            "${}",
            "${1}",
            "${A!x}",
            "${A:}",
            "a$ b",
            "${A\u{e9}}",
        ] {
            assert!(
                matches!(variables().fill(template), Err(Unfit::Invalid)),
                "{template}"
            );
        }
        let deep = format!("{}x{}", "${X:-".repeat(100), "}".repeat(100));
        assert!(matches!(variables().fill(&deep), Err(Unfit::Invalid)));
        let long = Value::Known("x".repeat(1 << 20));
        let mut variables = Variables::new(BTreeMap::from([("A".to_owned(), long)]));
        let template = "$A".repeat(100);
        assert!(matches!(variables.fill(&template), Err(Unfit::TooMuch(_))));
    }
}
