//! Values: from JSON into what expressions see, and from there into words.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write as _};
use std::sync::Arc;

use cel::common::types::{
    CelBool, CelBytes, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelOptional,
    CelString, CelUInt,
};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use jiff::Timestamp;
use serde_json::Value;

use super::functions;
use crate::probe::ProbeError;

/// Characters of a value that are shown before it is cut.
const SHOWN_CHARACTERS: usize = 100;

/// A value made ready for expressions once and shared by all that look at it. Cheap to clone.
#[derive(Clone)]
pub struct Data(Arc<dyn Val>);

impl Data {
    /// Takes over a JSON value. Whole numbers stay whole, so that `days_left + 1` works.
    pub fn from_json(json: &Value) -> Self {
        Self(Arc::from(to_cel(json)))
    }

    pub(super) fn value(&self) -> &dyn Val {
        &*self.0
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Data({})", show(self.value()))
    }
}

/// The values that the roots have while an expression is evaluated.
#[derive(Clone, Debug)]
pub struct Scope {
    roots: BTreeMap<String, Data>,
    gaps: BTreeMap<String, ProbeError>,
    now: Arc<dyn Val>,
}

impl Scope {
    /// Nothing but `now`.
    pub fn new(now: Timestamp) -> Self {
        Self {
            roots: BTreeMap::new(),
            gaps: BTreeMap::new(),
            now: Arc::from(functions::timestamp(now)),
        }
    }

    /// Gives a root (`http`, `vars`) its value.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, data: Data) -> Self {
        self.roots.insert(name.into(), data);
        self
    }

    /// Says that what is at `path` (`tls.protocols.tls1_0`, or a whole root) could not be found
    /// out. Whatever needs it, or something in it or around it, is [`super::Outcome::Gap`].
    #[must_use]
    pub fn with_gap(mut self, path: impl Into<String>, error: ProbeError) -> Self {
        self.gaps.insert(path.into(), error);
        self
    }

    pub(super) fn gaps(&self) -> &BTreeMap<String, ProbeError> {
        &self.gaps
    }

    pub(super) fn root(&self, name: &str) -> Option<&dyn Val> {
        self.roots.get(name).map(Data::value)
    }
}

impl VariableResolver for Scope {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        match variable {
            "now" => Some(CowVal::Borrowed(&*self.now)),
            name => self.root(name).map(CowVal::Borrowed),
        }
    }
}

/// A JSON value as expressions see it.
pub(super) fn to_cel(json: &Value) -> Box<dyn Val> {
    match json {
        Value::Null => Box::new(CelNull),
        Value::Bool(value) => Box::new(CelBool::from(*value)),
        Value::Number(number) => {
            if let Some(whole) = number.as_i64() {
                Box::new(CelInt::from(whole))
            } else if let Some(large) = number.as_u64() {
                Box::new(CelUInt::from(large))
            } else {
                Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN)))
            }
        }
        Value::String(text) => Box::new(CelString::from(text.clone())),
        Value::Array(items) => {
            Box::new(CelList::from(items.iter().map(to_cel).collect::<Vec<_>>()))
        }
        Value::Object(entries) => {
            let entries: HashMap<CelMapKey<'static>, Box<dyn Val>> = entries
                .iter()
                .map(|(key, value)| (CelMapKey::from(key.clone()), to_cel(value)))
                .collect();
            Box::new(CelMap::from(entries))
        }
    }
}

/// A number of any kind.
pub(super) fn as_number(value: &dyn Val) -> Option<f64> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a measured value needs no more than 53 bits"
    )]
    if let Some(whole) = value.downcast_ref::<CelInt>() {
        Some(*whole.inner() as f64)
    } else if let Some(large) = value.downcast_ref::<CelUInt>() {
        Some(*large.inner() as f64)
    } else {
        value
            .downcast_ref::<CelDouble>()
            .map(|number| *number.inner())
    }
}

/// A truth value.
pub(super) fn as_bool(value: &dyn Val) -> Option<bool> {
    value.downcast_ref::<CelBool>().map(|value| *value.inner())
}

/// A text.
pub(super) fn as_text(value: &dyn Val) -> Option<&str> {
    value.downcast_ref::<CelString>().map(CelString::inner)
}

/// An entry of a map.
pub(super) fn entry<'a>(value: &'a dyn Val, key: &str) -> Option<&'a dyn Val> {
    let map = value.downcast_ref::<CelMap>()?;
    let key = CelMapKey::from(key.to_owned());
    map.inner().get(&key).map(AsRef::as_ref)
}

/// A value in words: JSON, shortened, with control characters escaped.
pub(super) fn show(value: &dyn Val) -> String {
    let mut text = String::new();
    write_value(value, &mut text);
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => {
            text.truncate(end);
            text.push('…');
            text
        }
        None => text,
    }
}

/// Writes a value until there is more than will be shown.
fn write_value(value: &dyn Val, text: &mut String) {
    if text.len() > SHOWN_CHARACTERS * 4 {
        return;
    }
    if let Some(string) = value.downcast_ref::<CelString>() {
        let some: String = string.inner().chars().take(SHOWN_CHARACTERS + 1).collect();
        text.push('"');
        text.push_str(&escape(&some));
        text.push('"');
    } else if let Some(boolean) = as_bool(value) {
        text.push_str(if boolean { "true" } else { "false" });
    } else if let Some(whole) = value.downcast_ref::<CelInt>() {
        text.push_str(&whole.inner().to_string());
    } else if let Some(large) = value.downcast_ref::<CelUInt>() {
        text.push_str(&large.inner().to_string());
    } else if let Some(number) = value.downcast_ref::<CelDouble>() {
        text.push_str(&number.inner().to_string());
    } else if value.downcast_ref::<CelNull>().is_some() {
        text.push_str("null");
    } else if let Some(list) = value.downcast_ref::<CelList>() {
        text.push('[');
        for (index, item) in list.inner().iter().enumerate() {
            text.push_str(if index > 0 { ", " } else { "" });
            write_value(item.as_ref(), text);
            if text.len() > SHOWN_CHARACTERS * 4 {
                return;
            }
        }
        text.push(']');
    } else if let Some(map) = value.downcast_ref::<CelMap>() {
        write_map(map, text);
    } else if let Some(bytes) = value.downcast_ref::<CelBytes>() {
        let _ = write!(text, "{} bytes", bytes.inner().len());
    } else if let Some(optional) = value.downcast_ref::<CelOptional>() {
        match optional.option() {
            Some(inner) => write_value(inner, text),
            None => text.push_str("nothing"),
        }
    } else {
        text.push_str(&functions::show(value));
    }
}

fn write_map(map: &CelMap<'_>, text: &mut String) {
    let mut entries: Vec<_> = map.inner().iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    text.push('{');
    for (index, (key, item)) in entries.into_iter().enumerate() {
        text.push_str(if index > 0 { ", " } else { "" });
        write_value(key.inner(), text);
        text.push_str(": ");
        write_value(item.as_ref(), text);
        if text.len() > SHOWN_CHARACTERS * 4 {
            return;
        }
    }
    text.push('}');
}

/// Text from the network, made harmless for a terminal.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| c.is_control() || c == '"' || c == '\\' || is_invisible(c);
    if !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if harmful(character) {
            match character {
                '\n' => escaped.push_str("\\n"),
                '\r' => escaped.push_str("\\r"),
                '\t' => escaped.push_str("\\t"),
                '"' | '\\' => {
                    escaped.push('\\');
                    escaped.push(character);
                }
                other => {
                    let _ = write!(escaped, "\\u{{{:x}}}", u32::from(other));
                }
            }
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// Characters that turn text around or hide in it.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
