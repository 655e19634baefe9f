//! Any Markdown checklist as a profile, and the answers back into it.
//!
//! ```text
//! encoding ──▶ markdown ──▶ read ──▶ choose ──▶ profile
//!  mended       blocks      what is   built-in   YAML
//!  text                     asked     checks
//! ```
//!
//! Nothing in a document is ever run or contacted here: importing is a function of its text.
//! What it does not do: guess what a sentence *means*. It compares words, and says which.

mod addresses;
mod checklist;
mod choose;
mod encoding;
mod extract;
mod ids;
mod index;
mod markdown;
mod marks;
mod policy;
mod profile;
mod read;
mod relate;
mod said;
mod table;
mod titles;
mod words;
mod write_back;
mod yaml;

pub use checklist::{Checklist, Counts, Form, Item, Kind, Place, Section, Tally};
pub use choose::Decision;
pub use encoding::Damage;
pub use ids::{Changes, Known};
pub use marks::Mark;
pub use write_back::{Answer, Claim, Shown, Written};

use ids::Ids;
use profile::Making;

/// A document that was read.
#[derive(Clone, Debug)]
pub struct Document {
    text: encoding::Text,
    /// What it asks for.
    pub checklist: Checklist,
}

/// A document as a profile.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The profile.
    pub yaml: String,
    /// What became of each item, in their order.
    pub decisions: Vec<Decision>,
    /// The id of each item's check.
    pub ids: Vec<String>,
    /// What is different from an earlier import.
    pub changes: Changes,
}

impl Document {
    /// Reads a document. There is none that cannot be read; it may ask for nothing.
    pub fn read(written: &str) -> Self {
        // A mark at the start is no part of the text, but has its place.
        let text = match written.strip_prefix('\u{feff}') {
            Some(rest) => encoding::Text::of(&format!("   {rest}")),
            None => encoding::Text::of(written),
        };
        Self {
            checklist: read::checklist(&text.whole),
            text,
        }
    }

    /// Its text, mended.
    pub fn text(&self) -> &str {
        &self.text.whole
    }

    /// How its text was damaged, and mended.
    pub fn damage(&self) -> Option<Damage> {
        self.text.damage
    }

    /// The profile that it becomes. `name` is the document's, `known` are the checks of an
    /// earlier import, whose ids stay.
    pub fn import(&self, name: &str, id: Option<&str>, known: &[Known]) -> Imported {
        let list = &self.checklist;
        let (ids, changes) = self.ids(known);
        let decisions: Vec<Decision> = list
            .items
            .iter()
            .map(|item| choose::decide(list, item))
            .collect();
        let ends: Vec<usize> = self
            .text
            .whole
            .match_indices('\n')
            .map(|(at, _)| at)
            .collect();
        let making = Making {
            list,
            ids: &ids,
            decisions: &decisions,
            document: name,
            id: &id.map_or_else(|| profile::id_of(name), str::to_owned),
            lines: &|at| ends.partition_point(|end| *end < at) + 1,
        };
        Imported {
            yaml: making.yaml(),
            ids: ids.items,
            decisions,
            changes,
        }
    }

    fn ids(&self, known: &[Known]) -> (Ids, Changes) {
        let mut ids = Ids::of(&self.checklist);
        let titles: Vec<String> = self.checklist.items.iter().map(profile::titled).collect();
        let changes = if known.is_empty() {
            Changes::default()
        } else {
            ids.keep(&titles, known)
        };
        (ids, changes)
    }
}
