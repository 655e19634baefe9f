//! Answers into the document that they are about: boxes, status cells, counts and the date.
//!
//! What is confirmed is ticked and what is refuted unticked. What nobody could see stays as it
//! is, and so does every other byte of the file: line ends, damaged text, space.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::checklist::{Form, Place};
use super::ids::Known;
use super::marks::Mark;
use super::relate::named;
use super::said::pattern;
use super::{Document, Ids};

pattern!(
    VERIFIED,
    r"(?im)^[^\w\n|]*(?:last )?verified(?: by| on)?[^\w\n|]*:[*_]*[ \t]*([^\r\n]*?)[ \t]*\r?$"
);

/// What a run has shown of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// It holds: measured, or stated by somebody.
    Confirmed,
    /// It does not hold.
    Refuted,
    /// It could not be found out.
    Unseen,
    /// It was not asked.
    Silent,
}

/// What a run has shown of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its id and title.
    pub check: Known,
    /// What was shown.
    pub shown: Shown,
}

/// What a document claims, compared with what was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Line of the claim, from 1.
    pub line: usize,
    /// What is claimed to be done.
    pub title: String,
    /// What was shown of it.
    pub shown: Shown,
}

/// A document with the answers in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Its text, as it goes into the file.
    pub text: String,
    /// Places that now say done.
    pub done: usize,
    /// Places that now say open.
    pub opened: usize,
    /// Claims that nobody could see, left as they are.
    pub unseen: usize,
    /// Items that the run knows nothing of.
    pub unknown: usize,
}

impl Document {
    /// Every claim of the document, in its order.
    pub fn claims(&self, answers: &[Answer]) -> Vec<Claim> {
        let standing = Standing::of(self, answers);
        let items = self.checklist.items.iter().zip(&standing.items);
        let items = items
            .filter(|(item, _)| item.claimed())
            .map(|(item, shown)| {
                let place = item
                    .places
                    .iter()
                    .find(|place| place.mark == Some(Mark::Done));
                Claim {
                    line: place.map_or(0, |place| place.line),
                    title: item.title.clone(),
                    shown: shown.unwrap_or(Shown::Unseen),
                }
            });
        let groups = self.checklist.sections.iter().enumerate();
        let groups = groups.filter_map(|(at, section)| {
            let place = section
                .group
                .as_ref()
                .filter(|place| place.mark == Some(Mark::Done))?;
            Some(Claim {
                line: place.line,
                title: section.title.clone(),
                shown: standing.section(self, at),
            })
        });
        let mut claims: Vec<Claim> = items.chain(groups).collect();
        claims.sort_by_key(|claim| claim.line);
        claims
    }

    /// The file `written`, which this document was read from, with the answers of a run on
    /// `date` in it.
    pub fn write_back(&self, written: &str, answers: &[Answer], date: &str) -> Written {
        let standing = Standing::of(self, answers);
        let mut edits = Edits::default();
        let mut result = Written {
            unknown: standing
                .items
                .iter()
                .filter(|shown| shown.is_none())
                .count(),
            ..Written::default()
        };
        for (item, shown) in self.checklist.items.iter().zip(&standing.items) {
            let shown = shown.unwrap_or(Shown::Silent);
            result.unseen += usize::from(item.claimed() && shown == Shown::Unseen);
            for place in &item.places {
                edits.mark(self, place, shown, &mut result);
            }
        }
        for (at, section) in self.checklist.sections.iter().enumerate() {
            if let Some(place) = &section.group {
                edits.mark(self, place, standing.section(self, at), &mut result);
            }
        }
        self.tallies(&standing, &mut edits);
        self.stamp(date, &mut edits);
        result.text = edits.applied(self, written);
        result
    }

    /// `____ / 63 items`: how many of them are confirmed.
    fn tallies(&self, standing: &Standing, edits: &mut Edits) {
        for tally in &self.checklist.tallies {
            let section = named(&self.checklist, &tally.name);
            let whole = ["overall", "total"]
                .iter()
                .any(|word| tally.name.to_lowercase().contains(word));
            if section.is_none() && !whole {
                continue;
            }
            let within = |at: usize| {
                section.is_none_or(|section| self.checklist.above(at).any(|(at, _)| at == section))
            };
            let items = self.checklist.items.iter().zip(&standing.items);
            let confirmed = items
                .filter(|(item, shown)| **shown == Some(Shown::Confirmed) && within(item.section));
            edits.put(tally.range.clone(), confirmed.count().to_string());
        }
    }

    /// `Last verified: …`.
    fn stamp(&self, date: &str, edits: &mut Edits) {
        for found in VERIFIED.captures_iter(&self.text.whole) {
            if let Some(rest) = found.get(1) {
                let gap = if self.text.whole[..rest.start()].ends_with([' ', '\t']) {
                    ""
                } else {
                    " "
                };
                edits.put(rest.range(), format!("{gap}by `ready` on {date}"));
            }
        }
    }
}

/// What was shown of each item; `None` where the run knows nothing of it.
struct Standing {
    items: Vec<Option<Shown>>,
}

impl Standing {
    fn of(document: &Document, answers: &[Answer]) -> Self {
        let known: Vec<Known> = answers.iter().map(|answer| answer.check.clone()).collect();
        let (Ids { items, .. }, _) = document.ids(&known);
        let shown: HashMap<&str, Shown> = answers
            .iter()
            .map(|answer| (answer.check.id.as_str(), answer.shown))
            .collect();
        Self {
            items: items
                .iter()
                .map(|id| shown.get(id.as_str()).copied())
                .collect(),
        }
    }

    /// What was shown of all that is in a section.
    fn section(&self, document: &Document, section: usize) -> Shown {
        let list = &document.checklist;
        let within = list
            .items
            .iter()
            .zip(&self.items)
            .filter(|(item, _)| list.above(item.section).any(|(at, _)| at == section));
        let mut all = Shown::Confirmed;
        let mut some = false;
        for (_, shown) in within {
            some = true;
            match shown {
                Some(Shown::Refuted) => return Shown::Refuted,
                Some(Shown::Confirmed | Shown::Silent) => {}
                Some(Shown::Unseen) | None => all = Shown::Unseen,
            }
        }
        if some { all } else { Shown::Unseen }
    }
}

/// Changes to the mended text.
#[derive(Default)]
struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    fn put(&mut self, range: Range<usize>, new: String) {
        self.0.push((range, new));
    }

    fn mark(&mut self, document: &Document, place: &Place, shown: Shown, result: &mut Written) {
        let done = match shown {
            Shown::Confirmed => true,
            Shown::Refuted => false,
            Shown::Unseen | Shown::Silent => return,
        };
        if (place.mark == Some(Mark::Done)) == done && (done || place.mark.is_some()) {
            return;
        }
        match &place.form {
            Form::Word => return,
            Form::Box => {
                let within = place.range.start + 1..place.range.end - 1;
                self.put(within, if done { "x" } else { " " }.to_owned());
            }
            Form::Cell { done: usual, open } => {
                let (usual, plain) = if done {
                    (usual, "✅ Done")
                } else {
                    (open, "❌ Not done")
                };
                let new = usual.as_deref().unwrap_or(plain);
                let old = document
                    .text
                    .whole
                    .get(place.range.clone())
                    .unwrap_or_default();
                let blank = old.trim().is_empty();
                self.put(
                    place.range.clone(),
                    if blank {
                        format!(" {new} ")
                    } else {
                        new.to_owned()
                    },
                );
            }
        }
        if done {
            result.done += 1;
        } else {
            result.opened += 1;
        }
    }

    fn applied(mut self, document: &Document, written: &str) -> String {
        self.0.sort_by_key(|(range, _)| range.start);
        let mut text = String::with_capacity(written.len() + 64);
        let mut from = 0;
        for (range, new) in &self.0 {
            let start = document.text.written(range.start);
            let end = document.text.written(range.end);
            let (Some(before), true) = (written.get(from..start), start <= end) else {
                continue;
            };
            text.push_str(before);
            text.push_str(&document.text.as_written(new));
            from = end;
        }
        text.push_str(&written[from..]);
        text
    }
}
