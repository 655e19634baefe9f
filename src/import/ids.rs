//! Ids of sections and checks: readable, the same for the same text, and kept when a text is
//! edited and imported again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::checklist::Checklist;
use super::titles::{section_slug, slug};
use super::words::{likeness, stems};

/// Likeness from which an item is an earlier one with another text.
const RENAMED: f64 = 0.5;

/// A check of an earlier import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
}

/// What is different from an earlier import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Ids that are new.
    pub added: Vec<String>,
    /// Checks that are gone.
    pub removed: Vec<Known>,
    /// Checks with another text: the id, and the title they had.
    pub renamed: Vec<Known>,
}

/// The ids of a checklist.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids {
    /// Of its sections, by their place; within their parent.
    pub(super) sections: Vec<String>,
    /// Of its items, by their place.
    pub(super) items: Vec<String>,
}

impl Ids {
    /// The ids by text alone.
    pub(super) fn of(list: &Checklist) -> Self {
        let mut taken: HashSet<(usize, String)> = HashSet::new();
        let mut sections = vec![String::new()];
        let mut paths = vec![String::new()];
        for section in list.sections.iter().skip(1) {
            let parent = section.parent.unwrap_or_default();
            let wanted = section_slug(&section.title);
            let id = free(&wanted, |id| taken.insert((parent, id.to_owned())));
            paths.push(joined(&paths[parent], &id));
            sections.push(id);
        }
        let mut taken: HashSet<String> = HashSet::new();
        let mut counts: HashMap<String, usize> = HashMap::new();
        let mut items = Vec::with_capacity(list.items.len());
        for item in &list.items {
            let wanted = joined(&paths[item.section], &slug(&item.name, 6));
            items.push(free_from(&wanted, &mut counts, &mut taken));
        }
        Self { sections, items }
    }

    /// Keeps the ids of `known` checks: by id where the title is alike, by title, and by likeness.
    pub(super) fn keep(&mut self, titles: &[String], known: &[Known]) -> Changes {
        let mut changes = Changes::default();
        let mut left: BTreeMap<&str, &Known> = BTreeMap::new();
        let mut by_title: HashMap<&str, Vec<&Known>> = HashMap::new();
        for one in known {
            left.insert(&one.id, one);
            by_title.entry(&one.title).or_default().push(one);
        }
        let mut given: Vec<Option<String>> = vec![None; self.items.len()];
        for (at, id) in self.items.iter().enumerate() {
            let same = left
                .get(id.as_str())
                .filter(|known| known.title == titles[at]);
            if same.is_some() {
                left.remove(id.as_str());
                given[at] = Some(id.clone());
            }
        }
        for (at, given) in given
            .iter_mut()
            .enumerate()
            .filter(|(_, given)| given.is_none())
        {
            let with = by_title.get(titles[at].as_str()).into_iter().flatten();
            let found = with
                .copied()
                .find(|known| left.contains_key(known.id.as_str()));
            if let Some(known) = found {
                left.remove(known.id.as_str());
                *given = Some(known.id.clone());
            }
        }
        self.keep_renamed(titles, &mut given, &mut left, &mut changes);
        let mut taken: HashSet<String> = given.iter().flatten().cloned().collect();
        for (at, given) in given.into_iter().enumerate() {
            let id = given.unwrap_or_else(|| {
                let id = free(&self.items[at], |id| taken.insert(id.to_owned()));
                changes.added.push(id.clone());
                id
            });
            self.items[at] = id;
        }
        changes.removed = left.into_values().cloned().collect();
        changes
    }

    fn keep_renamed(
        &self,
        titles: &[String],
        given: &mut [Option<String>],
        left: &mut BTreeMap<&str, &Known>,
        changes: &mut Changes,
    ) {
        // Only what shares a rare enough word is compared, so that it stays quick.
        let mut with: HashMap<String, Vec<(&str, BTreeSet<String>)>> = HashMap::new();
        for known in left.values() {
            let words = stems(&known.title);
            for word in &words {
                with.entry(word.clone())
                    .or_default()
                    .push((&known.id, words.clone()));
            }
        }
        for (at, given) in given
            .iter_mut()
            .enumerate()
            .filter(|(_, given)| given.is_none())
        {
            let words = stems(&titles[at]);
            let near = words
                .iter()
                .filter_map(|word| with.get(word))
                .filter(|list| list.len() <= 50);
            let best = near
                .flatten()
                .filter(|(id, _)| left.contains_key(id))
                .map(|(id, other)| {
                    let same_id = f64::from(u8::from(*id == self.items[at]));
                    (likeness(&words, other) + same_id, *id)
                })
                .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)));
            if let Some((_, id)) = best.filter(|(likeness, _)| *likeness >= RENAMED)
                && let Some(known) = left.remove(id)
            {
                changes.renamed.push(known.clone());
                *given = Some(id.to_owned());
            }
        }
    }
}

fn joined(path: &str, id: &str) -> String {
    if path.is_empty() {
        id.to_owned()
    } else {
        format!("{path}.{id}")
    }
}

/// `wanted`, or with the first number behind it that makes `take` take it.
fn free(wanted: &str, mut take: impl FnMut(&str) -> bool) -> String {
    if take(wanted) {
        return wanted.to_owned();
    }
    let mut number = 2;
    loop {
        let id = format!("{wanted}-{number}");
        if take(&id) {
            return id;
        }
        number += 1;
    }
}

/// The same for very many equal ones.
fn free_from(
    wanted: &str,
    counts: &mut HashMap<String, usize>,
    taken: &mut HashSet<String>,
) -> String {
    loop {
        let count = counts.entry(wanted.to_owned()).or_default();
        *count += 1;
        let id = if *count == 1 {
            wanted.to_owned()
        } else {
            format!("{wanted}-{count}")
        };
        if taken.insert(id.clone()) {
            return id;
        }
    }
}
