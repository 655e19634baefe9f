//! A Compose file as a tree: tags kept, anchors and merge keys written out, variables put in.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Tagged, alias_limits, budget, options};

use super::interpolate::{Filled, Unfit, Variables};

/// Nodes of one file, aliases written out.
const MOST_NODES: usize = 100_000;
/// Levels of one file.
const DEEPEST: usize = 64;

/// A value in a Compose file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// Nothing is written.
    Nothing,
    /// A word, a number, a truth value.
    Scalar(Filled),
    /// A list.
    List(Vec<Node>),
    /// A map.
    Map(Map),
    /// `!reset`: what earlier files say is taken away.
    Reset,
    /// `!override`: this stands in the place of what earlier files say.
    Override(Box<Node>),
}

pub(super) type Map = BTreeMap<String, Node>;

impl Node {
    /// Reads one file; an error's words show none of its values.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let options = options! {
            budget: budget! {
                max_depth: DEEPEST,
                max_nodes: MOST_NODES,
                max_documents: 1,
            },
            alias_limits: alias_limits! {max_total_replayed_events: MOST_NODES},
            // Compose's own reader takes `no` and `on` for words.
            strict_booleans: true,
        };
        serde_yaml::from_str_with_options(text, options).map_err(|error| {
            let words = error.to_string();
            words.lines().next().unwrap_or_default().to_owned()
        })
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::Scalar(Filled {
            written: text.clone(),
            text,
            unset: None,
        })
    }

    /// How many values it has.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::List(items) => 1 + items.iter().map(Self::size).sum::<usize>(),
            Self::Map(map) => 1 + map.values().map(Self::size).sum::<usize>(),
            Self::Override(node) => 1 + node.size(),
            _ => 1,
        }
    }

    /// Puts variables in; `Err` has the path of what cannot be filled.
    pub(super) fn fill(
        &mut self,
        variables: &mut Variables,
        path: &str,
    ) -> Result<(), (String, Unfit)> {
        match self {
            Self::Scalar(scalar) => {
                *scalar = variables
                    .fill(&scalar.text)
                    .map_err(|unfit| (path.to_owned(), unfit))?;
            }
            Self::List(items) => {
                for (number, item) in items.iter_mut().enumerate() {
                    item.fill(variables, &format!("{path}[{number}]"))?;
                }
            }
            Self::Map(map) => {
                for (key, value) in map {
                    value.fill(variables, &format!("{path}.{key}"))?;
                }
            }
            Self::Override(node) => node.fill(variables, path)?,
            Self::Nothing | Self::Reset => {}
        }
        Ok(())
    }

    /// What is left when all files are merged.
    pub(super) fn settled(self) -> Self {
        match self {
            Self::Reset => Self::Nothing,
            Self::Override(node) => node.settled(),
            Self::List(items) => {
                let kept = items.into_iter().filter(|item| *item != Self::Reset);
                Self::List(kept.map(Self::settled).collect())
            }
            Self::Map(map) => {
                let kept = map.into_iter().filter(|(_, value)| *value != Self::Reset);
                Self::Map(kept.map(|(key, value)| (key, value.settled())).collect())
            }
            other => other,
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Tagged(Plain(node), tag) = Tagged::deserialize(deserializer)?;
        Ok(match tag.as_deref() {
            Some("!reset") => Self::Reset,
            Some("!override") => Self::Override(Box::new(node)),
            _ => node,
        })
    }
}

/// A node without its tag.
struct Plain(Node);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading).map(Self)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::text(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::text(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::text(value))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = Map::new();
        while let Some((key, value)) = entries.next_entry::<String, Node>()? {
            map.insert(key, value);
        }
        Ok(Node::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::Node;

    fn map(entries: &[(&str, Node)]) -> Node {
        let entries = entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()));
        Node::Map(entries.collect())
    }

    #[test]
    fn tags_anchors_and_merge_keys_are_kept_and_written_out() {
        let text = "x: &x {a: 1, b: no}\ny: {<<: *x, b: !override [0.50, ~]}\nz: !reset null\n8080: 'on'\n";
        let base = map(&[("a", Node::text("1")), ("b", Node::text("no"))]);
        let over = Node::List(vec![Node::text("0.5"), Node::Nothing]);
        let merged = map(&[
            ("a", Node::text("1")),
            ("b", Node::Override(Box::new(over.clone()))),
        ]);
        let expected = map(&[
            ("x", base.clone()),
            ("y", merged),
            ("z", Node::Reset),
            ("8080", Node::text("on")),
        ]);
        let read = Node::parse(text).unwrap();
        assert_eq!(read, expected);
        let settled = map(&[
            ("x", base),
            ("y", map(&[("a", Node::text("1")), ("b", over)])),
            ("8080", Node::text("on")),
        ]);
        assert_eq!(read.settled(), settled);
    }

    #[test]
    fn hostile_files_are_refused_without_their_values() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let below = format!("*a{}, ", level - 1).repeat(9);
            bomb.extend([format!("a{level}: &a{level} [{below}]\n")]);
        }
        let deep = format!("{}x", "- ".repeat(5000));
        let flow = "[".repeat(100_000);
        for text in [
            &*bomb,
            &deep,
            &flow,
            "a: 1\na: s3cret",
            "a: [s3cret",
            "a: *s",
            "a: 1\n---\nb: 2",
        ] {
            let words = Node::parse(text).unwrap_err();
            assert!(!words.is_empty() && !words.contains("s3cret"), "{words}");
        }
    }
}
