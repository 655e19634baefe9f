//! Types, as far as they are certain before anything is asked.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::super::functions::Kind;
use super::schema::{Field, Schema};

/// What is known of a value.
#[derive(Clone)]
pub(super) enum Type<'s> {
    /// Its kind alone.
    Plain(Kind),
    /// A list of this.
    List(Box<Type<'s>>),
    /// This or nothing.
    Optional(Box<Type<'s>>),
    /// Its schema.
    Of(Schema<'s>),
}

impl Type<'_> {
    pub(super) const ANY: Self = Type::Plain(Kind::Any);
    pub(super) const BOOL: Self = Type::Plain(Kind::Bool);

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Plain(kind) => *kind,
            Self::List(_) => Kind::List,
            Self::Optional(_) => Kind::Optional,
            Self::Of(schema) => schema.kind(),
        }
    }

    /// What a list of it holds, or what a loop over it goes through.
    pub(super) fn items(&self) -> Self {
        match self {
            Self::List(item) => (**item).clone(),
            Self::Of(schema) if schema.kind() == Kind::List => Type::Of(schema.items()),
            _ if self.kind() == Kind::Map => Type::Plain(Kind::String),
            _ => Self::ANY,
        }
    }

    /// What a map has under a name that is not written out.
    pub(super) fn entries(&self) -> Self {
        match self {
            Self::Of(schema) => match schema.field("") {
                Field::Entry(found) => Type::Of(found),
                _ => Self::ANY,
            },
            _ => Self::ANY,
        }
    }

    /// Either of two.
    pub(super) fn or(self, other: &Self) -> Self {
        match (self.kind(), other.kind()) {
            (left, right) if left == right => self,
            (Kind::Int | Kind::Number, Kind::Int | Kind::Number) => Type::Plain(Kind::Number),
            _ => Self::ANY,
        }
    }
}

impl From<Kind> for Type<'_> {
    fn from(kind: Kind) -> Self {
        static URL: LazyLock<Value> = LazyLock::new(|| {
            json!({"type": "object", "properties": {
                "scheme": {"type": "string"},
                "host": {"type": "string"},
                "port": {"type": "integer", "minimum": 0},
                "path": {"type": "string"},
                "query": {"type": "string"},
                "origin": {"type": "string"},
                "domain": {"type": "string"},
            }})
        });
        match kind {
            Kind::Url => Type::Of(Schema::of(&URL)),
            Kind::Optional => Type::Optional(Box::new(Type::ANY)),
            kind => Type::Plain(kind),
        }
    }
}

/// A kind in words: `tls.days_left` is *a whole number*.
pub(super) fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Any => "anything",
        Kind::Null => "null",
        Kind::Bool => "true or false",
        Kind::Int => "a whole number",
        Kind::Number => "a number",
        Kind::String => "a string",
        Kind::Bytes => "bytes",
        Kind::List => "a list",
        Kind::Map | Kind::Url => "a map",
        Kind::Time => "a time",
        Kind::Duration => "a duration",
        Kind::Version => "a version",
        Kind::Optional => "an optional value",
        Kind::Type => "a type",
    }
}

/// Whether values of two kinds can be equal, or one take the other's place.
pub(super) fn fit(left: Kind, right: Kind) -> bool {
    let number = |kind| matches!(kind, Kind::Int | Kind::Number);
    let map = |kind| matches!(kind, Kind::Map | Kind::Url);
    left == right
        || left == Kind::Any
        || right == Kind::Any
        || (number(left) && number(right))
        || (map(left) && map(right))
}

/// Whether values of a kind have an order.
pub(super) fn has_order(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Any
            | Kind::Bool
            | Kind::Int
            | Kind::Number
            | Kind::String
            | Kind::Bytes
            | Kind::Time
            | Kind::Duration
            | Kind::Version
    )
}

/// What `left sign right` gives; `None` when the sign does not take such values.
pub(super) fn arithmetic(sign: &str, left: Kind, right: Kind) -> Option<Kind> {
    Some(match (sign, left, right) {
        (_, Kind::Int, Kind::Int) | ("%", Kind::Int | Kind::Any, Kind::Int | Kind::Any) => {
            Kind::Int
        }
        ("%", _, _) => return None,
        (_, Kind::Int | Kind::Number, Kind::Int | Kind::Number) => Kind::Number,
        ("+", Kind::String, Kind::String) => Kind::String,
        ("+", Kind::Bytes, Kind::Bytes) => Kind::Bytes,
        ("+", Kind::List, Kind::List) => Kind::List,
        ("+" | "-", Kind::Time, Kind::Duration) | ("+", Kind::Duration, Kind::Time) => Kind::Time,
        ("+" | "-", Kind::Duration, Kind::Duration) | ("-", Kind::Time, Kind::Time) => {
            Kind::Duration
        }
        (_, Kind::Any, other) | (_, other, Kind::Any) => {
            let takes = match sign {
                "+" => !matches!(other, Kind::Bool | Kind::Null | Kind::Map | Kind::Version),
                "-" => matches!(
                    other,
                    Kind::Any | Kind::Int | Kind::Number | Kind::Time | Kind::Duration
                ),
                _ => matches!(other, Kind::Any | Kind::Int | Kind::Number),
            };
            return takes.then_some(Kind::Any);
        }
        _ => return None,
    })
}
