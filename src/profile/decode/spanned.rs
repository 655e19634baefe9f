//! Values that know where they were written, and parts that are read later.
//!
//! Both travel through serde as a struct with a name that only our deserializer knows.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::diagnostic::Span;
use crate::profile::tree::{Entry, Key, Kind, Node, Scalar};

/// Name and fields of the struct that a [`Spanned`] travels as.
pub(super) const SPANNED: &str = "$spanned";
/// Name of the struct that a [`Node`] travels as.
pub(super) const NODE: &str = "$node";
/// Its fields: the place, then what it is.
pub(super) const FIELDS: &[&str] = &["source", "start", "end", "shape", "value"];

/// How a node's value travels.
pub(super) mod shape {
    pub(in super::super) const QUOTED: usize = 0;
    pub(in super::super) const PLAIN: usize = 1;
    pub(in super::super) const SEQ: usize = 2;
    pub(in super::super) const MAP: usize = 3;
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spanned<T> {
    /// The value.
    pub(crate) value: T,
    /// Its place.
    pub(crate) span: Span,
}

/// A part that is read later as a `T`, when its variables have values.
#[derive(Clone, Debug)]
pub(crate) struct Tree<T> {
    /// As written.
    pub(crate) node: Node,
    later: PhantomData<fn() -> T>,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct(SPANNED, FIELDS, SpannedVisitor(PhantomData))
    }
}

impl<'de, T> Deserialize<'de> for Tree<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self {
            node: Node::deserialize(deserializer)?,
            later: PhantomData,
        })
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct(NODE, FIELDS, NodeVisitor)
    }
}

macro_rules! schema_of_the_inner_type {
    ($Outer:ident) => {
        impl<T: schemars::JsonSchema> schemars::JsonSchema for $Outer<T> {
            fn inline_schema() -> bool {
                T::inline_schema()
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                T::schema_name()
            }

            fn schema_id() -> std::borrow::Cow<'static, str> {
                T::schema_id()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                T::json_schema(generator)
            }
        }
    };
}

schema_of_the_inner_type!(Spanned);
schema_of_the_inner_type!(Tree);

fn place<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(Span, usize), A::Error> {
    let mut numbers = [0; 4];
    for number in &mut numbers {
        let Some((_, value)) = map.next_entry::<String, usize>()? else {
            return Err(A::Error::custom("a place has four numbers"));
        };
        *number = value;
    }
    let [source, start, end, shape] = numbers;
    let range = start..end;
    map.next_key::<String>()?;
    Ok((Span { source, range }, shape))
}

struct SpannedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
    type Value = Spanned<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Spanned<T>, A::Error> {
        let (span, _) = place(&mut map)?;
        Ok(Spanned {
            value: map.next_value()?,
            span,
        })
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let (span, shape) = place(&mut map)?;
        let kind = match shape {
            shape::SEQ => Kind::Seq(map.next_value()?),
            shape::MAP => Kind::Map(map.next_value::<Entries>()?.0),
            scalar => Kind::Scalar(Scalar {
                text: map.next_value::<Text>()?.0,
                plain: scalar == shape::PLAIN,
            }),
        };
        Ok(Node { span, kind })
    }
}

/// The text of any scalar, `null` included.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl Visitor<'_> for TextVisitor {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }
        }
        deserializer.deserialize_identifier(TextVisitor)
    }
}

struct Entries(Vec<Entry>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(Spanned { value, span }) = map.next_key::<Spanned<String>>()? {
                    entries.push(Entry {
                        key: Key { text: value, span },
                        value: map.next_value()?,
                    });
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor)
    }
}
