//! A YAML document as a tree that knows where everything was written.
//!
//! What a plain scalar means (`10` is a number, `true` a boolean) is decided where it is used,
//! so that a version written `1.10` stays `1.10` where words are wanted.

use serde_json::{Map, Number, Value};

use crate::diagnostic::Span;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// Where it was written.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: Kind,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// One value.
    Scalar(Scalar),
    /// A list.
    Seq(Vec<Node>),
    /// Keys with values, in their order.
    Map(Vec<Entry>),
}

/// One value, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scalar {
    /// Its text, without quotes and escapes.
    pub(crate) text: String,
    /// Whether it was written without quotes, so that `10` is a number.
    pub(crate) plain: bool,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: Key,
    /// The value.
    pub(crate) value: Node,
}

/// A key and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The key's text.
    pub(crate) text: String,
    /// Where it was written.
    pub(crate) span: Span,
}

impl Node {
    /// A text that stays text whatever it looks like.
    pub(crate) fn text(text: impl Into<String>, span: Span) -> Self {
        let scalar = Scalar {
            text: text.into(),
            plain: false,
        };
        Self {
            span,
            kind: Kind::Scalar(scalar),
        }
    }

    /// `value` as if it had been written at `span`.
    pub(crate) fn from_value(value: &Value, span: &Span) -> Self {
        let plain = |text: String| Kind::Scalar(Scalar { text, plain: true });
        let kind = match value {
            Value::Null => plain("null".to_owned()),
            Value::Bool(value) => plain(value.to_string()),
            Value::Number(value) => plain(value.to_string()),
            Value::String(text) => return Self::text(text.clone(), span.clone()),
            Value::Array(items) => Kind::Seq(
                items
                    .iter()
                    .map(|item| Self::from_value(item, span))
                    .collect(),
            ),
            Value::Object(fields) => Kind::Map(
                fields
                    .iter()
                    .map(|(key, value)| Entry {
                        key: Key {
                            text: key.clone(),
                            span: span.clone(),
                        },
                        value: Self::from_value(value, span),
                    })
                    .collect(),
            ),
        };
        Self {
            span: span.clone(),
            kind,
        }
    }

    /// The entries of a map; none for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::Seq(items) => items,
            _ => &[],
        }
    }

    /// The entry with this key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key.text == key)
    }

    /// The value under this key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The text of a scalar.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// Whether nothing was written.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(scalar) if scalar.value() == Value::Null)
    }

    /// The value without places.
    pub(crate) fn value(&self) -> Value {
        match &self.kind {
            Kind::Scalar(scalar) => scalar.value(),
            Kind::Seq(items) => items.iter().map(Self::value).collect(),
            Kind::Map(entries) => {
                let fields = entries
                    .iter()
                    .map(|entry| (entry.key.text.clone(), entry.value.value()));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }

    /// What it is, in a word for people.
    pub(crate) fn describe(&self) -> String {
        match &self.kind {
            Kind::Seq(_) => "a list".to_owned(),
            Kind::Map(_) => "a map".to_owned(),
            Kind::Scalar(scalar) => match scalar.value() {
                Value::Null => "nothing".to_owned(),
                Value::Bool(value) => format!("the boolean `{value}`"),
                Value::Number(value) => format!("the number `{value}`"),
                _ => format!("the text `{}`", excerpt(&scalar.text)),
            },
        }
    }

    /// How many nodes there are and how deep they lie.
    pub(crate) fn size(&self) -> (usize, usize) {
        let join = |(count, depth): (usize, usize), child: &Self| {
            let (more, deeper) = child.size();
            (count + more, depth.max(deeper + 1))
        };
        match &self.kind {
            Kind::Scalar(_) => (1, 1),
            Kind::Seq(items) => items.iter().fold((1, 1), join),
            Kind::Map(entries) => entries.iter().map(|entry| &entry.value).fold((1, 1), join),
        }
    }
}

/// The start of a text that may be long.
fn excerpt(text: &str) -> String {
    let mut characters = text.chars();
    let start: String = characters.by_ref().take(40).collect();
    if characters.next().is_some() {
        start + "…"
    } else {
        start
    }
}

impl Scalar {
    /// What it means by the rules of YAML 1.2: only `true` and `false` are booleans.
    pub(crate) fn value(&self) -> Value {
        if !self.plain {
            return Value::String(self.text.clone());
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
            "true" | "True" | "TRUE" => return Value::Bool(true),
            "false" | "False" | "FALSE" => return Value::Bool(false),
            _ => {}
        }
        number(&self.text).map_or_else(|| Value::String(self.text.clone()), Value::Number)
    }
}

/// A plain scalar as a number: decimal, `0x`, `0o`, or with a point or an exponent.
fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(rest) = text.strip_prefix(prefix) {
            let valid = rest.chars().all(|digit| digit.is_digit(radix));
            return valid
                .then(|| u64::from_str_radix(rest, radix).ok())?
                .map(Number::from);
        }
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // `012` is octal to some readers and decimal to others: it stays text.
        if digits.len() > 1 && digits.starts_with('0') {
            return None;
        }
        let unsigned = text.strip_prefix('+').unwrap_or(text);
        if let Ok(value) = unsigned.parse::<i64>() {
            return Some(value.into());
        }
        if let Ok(value) = unsigned.parse::<u64>() {
            return Some(value.into());
        }
    }
    let allowed = |byte: u8| byte.is_ascii_digit() || b".eE+-".contains(&byte);
    if !digits.bytes().all(allowed) {
        return None;
    }
    text.parse().ok().and_then(Number::from_f64)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Scalar;

    #[test]
    fn plain_scalars_mean_what_yaml_1_2_says() {
        let of = |text: &str| {
            Scalar {
                text: text.to_owned(),
                plain: true,
            }
            .value()
        };
        for (text, value) in [
            ("", Value::Null),
            ("true", json!(true)),
            ("no", json!("no")),
            ("10", json!(10)),
            ("-3", json!(-3)),
            ("0x1f", json!(31)),
            ("0o17", json!(15)),
            ("012", json!("012")),
            ("1e3", json!(1000.0)),
            (".5", json!(0.5)),
            ("1.2.3", json!("1.2.3")),
            ("2024-01-02", json!("2024-01-02")),
            ("14d", json!("14d")),
            ("0x", json!("0x")),
            (".inf", json!(".inf")),
            ("18446744073709551615", json!(u64::MAX)),
        ] {
            assert_eq!(of(text), value, "{text}");
        }
        assert_eq!(
            Scalar {
                text: "10".to_owned(),
                plain: false
            }
            .value(),
            json!("10")
        );
    }
}
