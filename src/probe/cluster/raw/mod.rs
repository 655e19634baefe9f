//! Objects as the API of Kubernetes has them, as far as they are looked at.
//!
//! Fields that are absent or `null` mean the same there. A field of another type than the API
//! has is an error and never passed over. Lists and maps are bounded, because each element may
//! take much more memory than the text that it came from.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

pub(in crate::probe) mod access;
pub(in crate::probe) mod network;
pub(in crate::probe) mod pod;
pub(in crate::probe) mod workload;

/// The most elements of a list, or entries of a map.
const MOST: usize = 500;

/// Labels and annotations.
pub(in crate::probe) type Texts = Entries<String>;

/// An object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(
    default,
    bound = "S: Default + Deserialize<'de>, T: Default + Deserialize<'de>"
)]
pub(in crate::probe) struct Object<S, T = Nothing> {
    #[serde(deserialize_with = "or_default")]
    pub(in crate::probe) metadata: Meta,
    #[serde(deserialize_with = "or_default")]
    pub(in crate::probe) spec: S,
    #[serde(deserialize_with = "or_default")]
    pub(in crate::probe) status: T,
}

/// What is not looked at.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(in crate::probe) struct Nothing {}

/// What every object has.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Meta {
    pub(in crate::probe) name: Option<String>,
    pub(in crate::probe) generate_name: Option<String>,
    pub(in crate::probe) namespace: Option<String>,
    pub(in crate::probe) labels: Texts,
    pub(in crate::probe) annotations: Texts,
    pub(in crate::probe) owner_references: Few<Owner>,
    pub(in crate::probe) creation_timestamp: Option<jiff::Timestamp>,
}

/// What an object belongs to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Owner {
    pub(in crate::probe) kind: String,
    pub(in crate::probe) name: String,
    pub(in crate::probe) controller: Option<bool>,
}

/// One of an object's conditions.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Condition {
    #[serde(rename = "type")]
    pub(in crate::probe) kind: String,
    pub(in crate::probe) status: String,
}

/// What an object says of its conditions.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::probe) struct Conditions {
    pub(in crate::probe) conditions: Few<Condition>,
}

/// A reference by name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Reference {
    pub(in crate::probe) kind: String,
    pub(in crate::probe) name: String,
    pub(in crate::probe) namespace: Option<String>,
}

/// A selector of labels.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Selector {
    pub(in crate::probe) match_labels: Texts,
    pub(in crate::probe) match_expressions: Few<Requirement>,
}

/// One condition of a selector.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::probe) struct Requirement {
    pub(in crate::probe) key: String,
    pub(in crate::probe) operator: String,
    pub(in crate::probe) values: Few<String>,
}

/// A number or a text: a quantity, a port, a share.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(in crate::probe) enum Scalar {
    Whole(i64),
    Fraction(f64),
    Text(String),
}

impl Scalar {
    /// As it is written.
    pub(in crate::probe) fn text(&self) -> String {
        match self {
            Self::Whole(number) => number.to_string(),
            Self::Fraction(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// A list that is not long; `null` is an empty one.
#[derive(Clone, Debug)]
pub(in crate::probe) struct Few<T>(Vec<T>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FewVisitor(PhantomData))
    }
}

struct FewVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FewVisitor<T> {
    type Value = Few<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Few<T>, E> {
        Ok(Few::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Few<T>, A::Error> {
        let mut kept = Vec::new();
        while let Some(element) = list.next_element()? {
            if kept.len() >= MOST {
                return Err(A::Error::custom("the list is too long"));
            }
            kept.push(element);
        }
        Ok(Few(kept))
    }
}

/// A map that is not large; `null` is an empty one.
#[derive(Clone, Debug)]
pub(in crate::probe) struct Entries<T>(pub(in crate::probe) BTreeMap<String, T>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Deref for Entries<T> {
    type Target = BTreeMap<String, T>;

    fn deref(&self) -> &BTreeMap<String, T> {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntriesVisitor(PhantomData))
    }
}

struct EntriesVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
    type Value = Entries<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_unit<E>(self) -> Result<Entries<T>, E> {
        Ok(Entries::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
        let mut kept = BTreeMap::new();
        while let Some((name, value)) = map.next_entry()? {
            if kept.len() >= MOST {
                return Err(A::Error::custom("the map is too large"));
            }
            kept.insert(name, value);
        }
        Ok(Entries(kept))
    }
}

/// The default for `null` as for what is absent.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Meta, Object};
    use serde_json::{Value, from_value, json};

    fn meta(value: &Value) -> Result<Object<Meta>, serde_json::Error> {
        from_value(json!({"metadata": value, "spec": null, "status": null}))
    }

    #[test]
    fn null_is_absent_and_other_types_and_long_lists_are_refused() {
        let object = meta(&json!({"name": "a", "labels": null, "ownerReferences": null})).unwrap();
        assert!(object.metadata.labels.is_empty() && object.metadata.owner_references.is_empty());
        assert_eq!(object.spec.name, None);
        for odd in [
            json!({"labels": {"a": true}}),
            json!({"labels": []}),
            json!({"ownerReferences": {}}),
            json!({"ownerReferences": vec![json!({}); 501]}),
            json!({"name": 1}),
        ] {
            assert!(meta(&odd).is_err(), "{odd}");
        }
    }
}
