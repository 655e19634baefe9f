//! What a Markdown document asks for: sections and items, with what is said beside them.

use std::ops::Range;

use super::marks::Mark;
use crate::check::{Effort, Impact};
use crate::units::Duration;

/// What a document asks for.
#[derive(Clone, Debug, Default)]
pub struct Checklist {
    /// Its first heading.
    pub title: Option<String>,
    /// Its sections, parents first. The first is the document itself.
    pub sections: Vec<Section>,
    /// Its items, in order.
    pub items: Vec<Item>,
    /// Score that the whole must reach.
    pub minimum: Option<f64>,
    /// What it says must hold whatever else, and no item speaks of.
    pub musts: Vec<String>,
    /// Roles that sign, but no section of theirs.
    pub unsigned: Vec<String>,
    /// How many boxes and rows it has.
    pub counts: Counts,
    /// Items that there were too many of to take in.
    pub beyond: usize,
    /// Places for the number of passed items.
    pub tallies: Vec<Tally>,
}

/// What was counted in a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Boxes.
    pub boxes: usize,
    /// Rows of tables that say how things stand.
    pub rows: usize,
    /// Rows of tables that people sign.
    pub sign_offs: usize,
    /// Bullets without a box that ask for something, and tasks under a heading of their own.
    pub others: usize,
}

/// A section, a group of items, or a task with its parts.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// Its title.
    pub title: String,
    /// All that is said in its title.
    pub about: String,
    /// The section that it is in.
    pub parent: Option<usize>,
    /// Score that it must reach.
    pub minimum: Option<f64>,
    /// When it is due, in the document's words.
    pub due: Option<String>,
    /// Who approves it.
    pub sign_off: Option<String>,
    /// How often its items are done.
    pub cadence: Option<Duration>,
    /// How much harm a failure of its items does.
    pub impact: Option<Impact>,
    /// How much work its items are.
    pub effort: Option<Effort>,
    /// Why, in the document's words.
    pub why: Option<String>,
    /// Whether it is for when something has happened, and no part of being ready.
    pub incident: bool,
    /// Its own box.
    pub group: Option<Place>,
}

/// One thing asked for.
#[derive(Clone, Debug)]
pub struct Item {
    /// The section that it is in.
    pub section: usize,
    /// What must hold, in a few words.
    pub title: String,
    /// The bold start, or the whole if there is none.
    pub name: String,
    /// All that is said about it.
    pub text: String,
    /// Parts in code type.
    pub code: Vec<String>,
    /// What it was written as.
    pub kind: Kind,
    /// Where in the document it says how the item stands.
    pub places: Vec<Place>,
    /// Where it starts.
    pub start: usize,
    /// How much harm its failure does.
    pub impact: Option<Impact>,
    /// How much work it is.
    pub effort: Option<Effort>,
    /// How often it is done, or how old it may be.
    pub cadence: Option<Duration>,
    /// Whether it may be left out.
    pub optional: bool,
    /// When it applies, in the document's words.
    pub condition: Option<String>,
    /// Whether nothing may go without it.
    pub blocker: bool,
    /// The words by which nothing may go without it.
    pub must: Option<String>,
    /// A number to reach, as written: now, and the aim.
    pub measure: Option<(String, String)>,
}

/// What an item was written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A box.
    Box,
    /// A row of a table.
    Row,
    /// A bullet without a box.
    Bullet,
    /// A heading with an impact, an effort, or the date when it was done.
    Task,
    /// A bullet that says what is missing.
    Gap,
}

/// Where in the document it says how something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What it is.
    pub form: Form,
    /// Where, in the mended text.
    pub range: Range<usize>,
    /// What it says.
    pub mark: Option<Mark>,
    /// The line that it is in, from 1.
    pub line: usize,
}

/// How a place says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// `[ ]` or `[x]`.
    Box,
    /// A cell, with what the table writes for done and for open.
    Cell {
        /// What the column has where it is done.
        done: Option<String>,
        /// What it has where it is open.
        open: Option<String>,
    },
    /// A word elsewhere, which is read and never changed.
    Word,
}

/// A place for the number of passed items: `____ / 63 items`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Whose.
    pub name: String,
    /// Where the number, or the blank for it, stands.
    pub range: Range<usize>,
}

impl Item {
    /// Whether the document says that it is done, at any of its places.
    pub fn claimed(&self) -> bool {
        self.places
            .iter()
            .any(|place| place.mark == Some(Mark::Done))
    }

    /// Whether some place says that it is done, and another that it is not.
    pub fn contradicts(&self) -> bool {
        let open = |place: &Place| place.mark.is_some_and(|mark| mark != Mark::Done);
        self.claimed() && self.places.iter().any(open)
    }
}

impl Checklist {
    /// The section and all that it is in, innermost first; without the document itself.
    pub fn above(&self, section: usize) -> impl Iterator<Item = (usize, &Section)> {
        let mut next = Some(section);
        std::iter::from_fn(move || {
            let at = next.filter(|at| *at > 0)?;
            let section = self.sections.get(at)?;
            next = section.parent;
            Some((at, section))
        })
    }

    /// What the innermost section that says it says.
    pub(super) fn inherited<T>(
        &self,
        section: usize,
        of: impl Fn(&Section) -> Option<T>,
    ) -> Option<T> {
        self.above(section).find_map(|(_, section)| of(section))
    }
}
