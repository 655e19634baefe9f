//! Reads values out of a merged tree, and knows where each stands.

use std::collections::BTreeSet;

use super::interpolate::Filled;
use super::node::Node;

/// Why a value cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// What stands at this path has no meaning there, and Compose refuses it.
    Odd(String),
    /// It needs a variable that is not set.
    Unset {
        /// Where the value stands.
        path: String,
        /// The variable's name.
        variable: String,
    },
}

pub(super) type Told<T> = Result<T, Trouble>;

/// A value that may be there.
#[derive(Clone, Debug)]
pub(super) struct Field<'n> {
    node: &'n Node,
    pub(super) path: String,
}

impl<'n> Field<'n> {
    pub(super) fn new(node: &'n Node, path: impl Into<String>) -> Self {
        let path = path.into();
        Self { node, path }
    }

    pub(super) fn node(&self) -> &'n Node {
        self.node
    }

    pub(super) fn odd(&self) -> Trouble {
        Trouble::Odd(self.path.clone())
    }

    pub(super) fn is_nothing(&self) -> bool {
        *self.node == Node::Nothing
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self.node, Node::Map(_))
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self.node, Node::List(_))
    }

    /// What stands under a key of a map, or of nothing.
    pub(super) fn get(&self, key: &str) -> Told<Self> {
        const NOTHING: &Node = &Node::Nothing;
        let node = match self.node {
            Node::Map(map) => map.get(key).unwrap_or(NOTHING),
            Node::Nothing => NOTHING,
            _ => return Err(self.odd()),
        };
        Ok(Self::new(node, format!("{}.{key}", self.path)))
    }

    /// Keys and values of a map, or of nothing.
    pub(super) fn entries(&self) -> Told<Vec<(&'n str, Self)>> {
        let map = match self.node {
            Node::Map(map) => map,
            Node::Nothing => return Ok(Vec::new()),
            _ => return Err(self.odd()),
        };
        let entries = map.iter().map(|(key, node)| {
            let field = Self::new(node, format!("{}.{key}", self.path));
            (key.as_str(), field)
        });
        Ok(entries.collect())
    }

    /// The items of a list, or of nothing.
    pub(super) fn items(&self) -> Told<Vec<Self>> {
        let items = match self.node {
            Node::List(items) => items,
            Node::Nothing => return Ok(Vec::new()),
            _ => return Err(self.odd()),
        };
        let fields = items.iter().enumerate();
        Ok(fields
            .map(|(number, node)| Self::new(node, format!("{}[{number}]", self.path)))
            .collect())
    }

    /// A word with all that is known of it, whether or not a variable is missing.
    pub(super) fn filled(&self) -> Told<Option<&'n Filled>> {
        match self.node {
            Node::Scalar(filled) => Ok(Some(filled)),
            Node::Nothing => Ok(None),
            _ => Err(self.odd()),
        }
    }

    /// A word; `None` where there is none or it is empty.
    pub(super) fn text(&self) -> Told<Option<&'n str>> {
        let Some(filled) = self.filled()? else {
            return Ok(None);
        };
        match &filled.unset {
            Some(variable) => Err(Trouble::Unset {
                path: self.path.clone(),
                variable: variable.clone(),
            }),
            None => Ok(Some(filled.text.trim()).filter(|text| !text.is_empty())),
        }
    }

    /// A word that has to be there.
    pub(super) fn word(&self) -> Told<String> {
        self.text()?.map(str::to_owned).ok_or_else(|| self.odd())
    }

    /// A word read as something else.
    pub(super) fn read<T>(&self, read: impl FnOnce(&str) -> Option<T>) -> Told<Option<T>> {
        let text = self.text()?;
        text.map(|text| read(text).ok_or_else(|| self.odd()))
            .transpose()
    }

    /// Yes or no; no where nothing is said.
    pub(super) fn flag(&self) -> Told<bool> {
        let flag = self.read(|text| match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "y" | "1" => Some(true),
            "false" | "no" | "off" | "n" | "0" => Some(false),
            _ => None,
        })?;
        Ok(flag.unwrap_or(false))
    }

    /// A length of time such as `1m30s`, in seconds.
    pub(super) fn seconds(&self) -> Told<Option<f64>> {
        self.read(|text| {
            let time: jiff::SignedDuration = text.parse().ok()?;
            Some(time.as_secs_f64()).filter(|seconds| *seconds >= 0.0)
        })
    }

    /// The words of a list, each once.
    pub(super) fn words<C: FromIterator<String>>(&self) -> Told<C> {
        self.items()?.iter().map(Self::word).collect()
    }
}

/// Of several with the same name, the last.
pub(super) fn last_of_each<T>(items: Vec<T>, name: impl Fn(&T) -> &str) -> Vec<T> {
    let mut known = BTreeSet::new();
    let mut kept: Vec<T> = Vec::new();
    for item in items.into_iter().rev() {
        if known.insert(name(&item).to_owned()) {
            kept.push(item);
        }
    }
    kept.reverse();
    kept
}
