//! serde's view of a [`Node`].

use serde::de::value::{StrDeserializer, UsizeDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Number, Value};

use super::error::Misfit;
use super::spanned::{FIELDS, NODE, SPANNED, shape};
use super::{Notes, address};
use crate::diagnostic::Span;
use crate::profile::tree::{Entry, Key, Kind, Node};

/// A node about to be read.
#[derive(Clone, Copy)]
pub(super) struct NodeDeserializer<'a> {
    node: &'a Node,
    notes: &'a Notes,
}

impl<'a> NodeDeserializer<'a> {
    pub(super) fn new(node: &'a Node, notes: &'a Notes) -> Self {
        Self { node, notes }
    }

    /// Says where a problem is that does not know it yet, and what is there.
    fn placed<T>(self, result: Result<T, Misfit>) -> Result<T, Misfit> {
        result.map_err(|mut misfit| {
            if misfit.span.is_none() {
                misfit.span = Some(self.node.span.clone());
                misfit.found = Some(self.node.describe().into());
                if let Some(key) = misfit.missing_key() {
                    misfit.told = self.explains_absence(key);
                }
            }
            misfit
        })
    }

    /// Whether the key is there but was left out, or misspelt: either was told already.
    fn explains_absence(self, key: &str) -> bool {
        self.node.entries().iter().any(|entry| {
            (entry.key.text == key && self.notes.skips(&entry.value))
                || crate::diagnostic::closest(&entry.key.text, [key]).is_some()
        })
    }

    fn number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let Kind::Scalar(scalar) = &self.node.kind else {
            return self.deserialize_any(visitor);
        };
        // A variable set on the command line is text, also where a number is wanted.
        let written = Value::String(scalar.text.clone());
        let value = match scalar.value() {
            text if text == written && !scalar.plain => {
                let plain = crate::profile::tree::Scalar {
                    text: scalar.text.trim().to_owned(),
                    plain: true,
                };
                plain.value()
            }
            value => value,
        };
        match value {
            Value::Number(number) => self.placed(visit_number(&number, visitor)),
            _ => self.deserialize_any(visitor),
        }
    }
}

fn visit_number<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, Misfit> {
    if let Some(value) = number.as_u64() {
        visitor.visit_u64(value)
    } else if let Some(value) = number.as_i64() {
        visitor.visit_i64(value)
    } else {
        visitor.visit_f64(number.as_f64().unwrap_or_default())
    }
}

macro_rules! numbers {
    ($($method:ident)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            self.number(visitor)
        })+
    };
}

impl<'de> Deserializer<'de> for NodeDeserializer<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let result = match &self.node.kind {
            Kind::Scalar(scalar) => match scalar.value() {
                Value::Null => visitor.visit_unit(),
                Value::Bool(value) => visitor.visit_bool(value),
                Value::Number(number) => visit_number(&number, visitor),
                _ => visitor.visit_str(&scalar.text),
            },
            Kind::Seq(items) => visitor.visit_seq(Items {
                items: items.iter(),
                notes: self.notes,
            }),
            Kind::Map(entries) => visitor.visit_map(Entries {
                rest: entries.iter(),
                current: None,
                notes: self.notes,
            }),
        };
        self.placed(result)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.node.kind {
            Kind::Scalar(scalar) if !self.node.is_null() => {
                self.placed(visitor.visit_str(&scalar.text))
            }
            _ => self.placed(Err(Misfit::invalid_type(Unexpected::Unit, &visitor))),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.placed(visitor.visit_str(self.node.as_text().unwrap_or_default()))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.node.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        if name == SPANNED || name == NODE {
            return visitor.visit_map(Placed {
                deserializer: self,
                span: &self.node.span,
                field: 0,
            });
        }
        // A list would be taken for the fields in their order.
        match &self.node.kind {
            Kind::Map(_) => self.deserialize_any(visitor),
            _ => self.placed(Err(Misfit::expected("a map"))),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let result = match &self.node.kind {
            Kind::Scalar(_) if !self.node.is_null() => {
                visitor.visit_enum(self.node.as_text().unwrap_or_default().into_deserializer())
            }
            Kind::Map(entries) => match entries.as_slice() {
                [entry] => visitor.visit_enum(Variant {
                    entry,
                    notes: self.notes,
                }),
                several => {
                    let mut misfit = Misfit::expected("a map with exactly one key");
                    misfit.span = Some(self.node.span.clone());
                    misfit.found = Some(found_keys(several).into());
                    Err(misfit)
                }
            },
            _ => Err(Misfit::expected(&format!("one of {}", variants.join(", ")))),
        };
        self.placed(result)
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    forward_to_deserialize_any! {
        bool bytes byte_buf unit unit_struct seq tuple tuple_struct map ignored_any
    }
}

fn found_keys(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "an empty map".to_owned();
    }
    let keys: Vec<&str> = entries
        .iter()
        .map(|entry| entry.key.text.as_str())
        .collect();
    format!("{}: {}", keys.len(), keys.join(", "))
}

/// The entries of a map, one after the other.
struct Entries<'a> {
    rest: std::slice::Iter<'a, Entry>,
    current: Option<&'a Entry>,
    notes: &'a Notes,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        for entry in self.rest.by_ref() {
            if self.notes.skips(&entry.value) {
                continue;
            }
            self.current = Some(entry);
            return match seed.deserialize(KeyDeserializer(&entry.key)) {
                Ok(key) => Ok(Some(key)),
                Err(mut misfit) => {
                    misfit.span = Some(entry.key.span.clone());
                    misfit.culprit = Some(address(&entry.value));
                    Err(misfit)
                }
            };
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let Some(entry) = self.current else {
            return Err(Misfit::custom("a value without its key"));
        };
        let value = NodeDeserializer::new(&entry.value, self.notes);
        value.placed(seed.deserialize(value)).map_err(|mut misfit| {
            misfit.culprit.get_or_insert(address(&entry.value));
            misfit
        })
    }
}

/// The items of a list, one after the other.
struct Items<'a> {
    items: std::slice::Iter<'a, Node>,
    notes: &'a Notes,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        let Some(item) = self.items.by_ref().find(|item| !self.notes.skips(item)) else {
            return Ok(None);
        };
        let value = NodeDeserializer::new(item, self.notes);
        value
            .placed(seed.deserialize(value))
            .map(Some)
            .map_err(|mut misfit| {
                misfit.culprit.get_or_insert(address(item));
                misfit
            })
    }
}

/// A key, with its place if that is asked for.
#[derive(Clone, Copy)]
struct KeyDeserializer<'a>(&'a Key);

impl<'de> Deserializer<'de> for KeyDeserializer<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_str(&self.0.text)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_map(Placed {
            deserializer: self,
            span: &self.0.span,
            field: 0,
        })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_enum(self.0.text.as_str().into_deserializer())
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// A value preceded by its place, as [`super::Spanned`] and [`Node`] ask for it.
struct Placed<'a, D> {
    deserializer: D,
    span: &'a Span,
    field: usize,
}

/// How a value's own shape travels.
trait Shape {
    fn shape(&self) -> usize;
}

impl Shape for NodeDeserializer<'_> {
    fn shape(&self) -> usize {
        match &self.node.kind {
            Kind::Scalar(scalar) if scalar.plain => shape::PLAIN,
            Kind::Scalar(_) => shape::QUOTED,
            Kind::Seq(_) => shape::SEQ,
            Kind::Map(_) => shape::MAP,
        }
    }
}

impl Shape for KeyDeserializer<'_> {
    fn shape(&self) -> usize {
        shape::QUOTED
    }
}

impl<'de, D> MapAccess<'de> for Placed<'_, D>
where
    D: Deserializer<'de, Error = Misfit> + Shape + Copy,
{
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        let Some(name) = FIELDS.get(self.field) else {
            return Ok(None);
        };
        let name: StrDeserializer<'_, Misfit> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let number = match self.field {
            0 => self.span.source,
            1 => self.span.range.start,
            2 => self.span.range.end,
            3 => self.deserializer.shape(),
            _ => return seed.deserialize(self.deserializer),
        };
        self.field += 1;
        let number: UsizeDeserializer<Misfit> = number.into_deserializer();
        seed.deserialize(number)
    }
}

/// `{kind: value}`, an enum's variant with its content.
struct Variant<'a> {
    entry: &'a Entry,
    notes: &'a Notes,
}

impl<'a, 'de> EnumAccess<'de> for Variant<'a> {
    type Error = Misfit;
    type Variant = Content<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Content<'a>), Misfit> {
        let variant =
            seed.deserialize(KeyDeserializer(&self.entry.key))
                .map_err(|mut misfit| {
                    misfit.span = Some(self.entry.key.span.clone());
                    misfit.of_key()
                })?;
        Ok((
            variant,
            Content(NodeDeserializer::new(&self.entry.value, self.notes)),
        ))
    }
}

/// What an enum's variant holds.
struct Content<'a>(NodeDeserializer<'a>);

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        if self.0.node.is_null() {
            return Ok(());
        }
        self.0.placed(Err(Misfit::expected("nothing")))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Misfit> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.0.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.0.deserialize_struct("", fields, visitor)
    }
}
