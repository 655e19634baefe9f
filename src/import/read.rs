//! Blocks of Markdown into sections and items.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;

use super::checklist::{Checklist, Form, Item, Kind, Place, Section, Tally};
use super::markdown::{self, Block, Words};
use super::marks::Mark;
use super::policy::{self, Below};
use super::said::{self, pattern};
use super::titles::{clean, description};
use super::{relate, table};
use crate::units::Duration;

/// Sections within each other; what is deeper belongs to the last.
const DEEPEST: usize = 8;
/// Sections, items and the like that are taken in: more is no checklist that people keep.
pub(super) const MOST: usize = 2_000;
/// Things that every item is compared with.
pub(super) const MOST_COMPARED: usize = 100;
/// Characters of a title.
const LONGEST_TITLE: usize = 140;

pattern!(TALLY, r"(_{3,}|\d+) ?/ ?\d+");

/// What the text of a document asks for.
pub(super) fn checklist(text: &str) -> Checklist {
    let blocks = markdown::blocks(text);
    let mut reader = Reader::new(text, &blocks);
    for (at, block) in blocks.iter().enumerate() {
        reader.block(at, block);
    }
    relate::relate(reader.list, &reader.tasks, reader.signs)
}

pub(super) struct Reader<'a> {
    pub(super) list: Checklist,
    pub(super) text: &'a str,
    lines: Vec<usize>,
    /// Levels of the headings that are open, with their sections.
    headings: Vec<(u8, usize)>,
    /// The line before a list.
    label: Option<Label>,
    /// What headings say about the bullets below them, by section.
    said: HashMap<usize, Below>,
    /// Sections that are tasks, with the item of each.
    pub(super) tasks: HashMap<usize, usize>,
    /// Sections that items with others below them became, by block.
    groups: HashMap<usize, usize>,
    /// Items that have a box below them, and those that have anything below, by block.
    boxed: HashSet<usize>,
    parents: HashSet<usize>,
    /// Items below which each bullet starts with code or in bold, by block.
    defining: HashSet<usize>,
    /// Lists in which there is a box.
    box_lists: HashSet<usize>,
    /// Roles that sign.
    pub(super) signs: Vec<String>,
}

struct Label {
    title: String,
    below: Below,
    section: Option<usize>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, blocks: &[Block]) -> Self {
        let mut reader = Self {
            list: Checklist::default(),
            text,
            lines: text.match_indices('\n').map(|(at, _)| at).collect(),
            headings: Vec::new(),
            label: None,
            said: HashMap::new(),
            tasks: HashMap::new(),
            groups: HashMap::new(),
            boxed: HashSet::new(),
            parents: HashSet::new(),
            defining: HashSet::new(),
            box_lists: HashSet::new(),
            signs: Vec::new(),
        };
        reader.list.sections.push(Section::default());
        let mut vague = HashSet::new();
        // Items stand behind what they are below, so one way back sees every one of them.
        for (at, block) in blocks.iter().enumerate().rev() {
            let Block::Item(item) = block else { continue };
            if item.tick.is_some() {
                reader.box_lists.insert(item.list);
            }
            let Some(parent) = item.parent else { continue };
            reader.parents.insert(parent);
            if item.tick.is_some() || reader.boxed.contains(&at) {
                reader.boxed.insert(parent);
            }
            if !defines(&item.words) {
                vague.insert(parent);
            }
        }
        reader.defining = reader.parents.difference(&vague).copied().collect();
        reader
    }

    fn block(&mut self, at: usize, block: &Block) {
        match block {
            Block::Heading(level, words) => self.heading(*level, words),
            Block::Paragraph(words) => self.paragraph(words),
            Block::Item(item) => self.item(at, item),
            Block::Table(table) => {
                table::read(self, table);
                self.label = None;
            }
            Block::Front(_) => {}
        }
    }

    /// The section that the next block is in.
    pub(super) fn section(&self) -> usize {
        self.headings.last().map_or(0, |(_, section)| *section)
    }

    /// The line of a place in the text, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|end| *end < at) + 1
    }

    pub(super) fn label(&self) -> &str {
        self.label.as_ref().map_or("", |label| &label.title)
    }

    fn heading(&mut self, level: u8, words: &Words) {
        self.label = None;
        let title = clean(&words.text);
        if level == 1 && self.list.title.is_none() && self.list.items.is_empty() {
            self.list.title = Some(shortened(&title));
            self.headings.clear();
            return;
        }
        while self.headings.last().is_some_and(|(open, _)| *open >= level) {
            self.headings.pop();
        }
        let section = self.open(&words.text, self.section());
        self.headings.push((level, section));
    }

    /// A new section within another.
    pub(super) fn open(&mut self, text: &str, parent: usize) -> usize {
        if self.list.above(parent).count() >= DEEPEST || self.list.sections.len() >= MOST {
            return parent;
        }
        let title = shortened(&clean(text));
        let above =
            |of: fn(&Section) -> bool| self.list.above(parent).any(|(_, section)| of(section));
        let incident = policy::incident(&title) || above(|section| section.incident);
        let section = Section {
            cadence: section_cadence(&title),
            impact: said::section_impact(&title),
            about: text.to_owned(),
            parent: Some(parent),
            incident,
            title,
            ..Section::default()
        };
        let at = self.list.sections.len();
        self.said
            .insert(at, policy::below(&section.title, self.is_task(parent)));
        self.list.sections.push(section);
        at
    }

    fn is_task(&self, section: usize) -> bool {
        self.list
            .above(section)
            .any(|(at, _)| self.tasks.contains_key(&at))
    }

    fn paragraph(&mut self, words: &Words) {
        let text = words.text.trim();
        let section = self.section();
        let beside = said::beside(text);
        let done = said::completed(text);
        if section > 0 && (beside != said::Beside::default() || done) {
            self.task(section, words.start, done);
            let of = &mut self.list.sections[section];
            of.impact = beside.impact.or(of.impact);
            of.effort = beside.effort.or(of.effort);
        }
        if let Some(why) = said::why(text) {
            self.list.sections[section].why = Some(why.to_owned());
        }
        self.tally(words);
        let bold = words.bold().is_some() && words.after_bold().is_empty();
        self.label = (bold || text.ends_with(':')).then(|| {
            let title = words.bold().unwrap_or(text);
            Label {
                below: policy::below(title, self.is_task(section)),
                title: shortened(&clean(title)),
                section: None,
            }
        });
    }

    /// Makes a heading a task.
    fn task(&mut self, section: usize, start: usize, done: bool) {
        if !self.tasks.contains_key(&section) {
            if self.tasks.len() >= MOST_COMPARED {
                return;
            }
            let title = self.list.sections[section].title.clone();
            let mut item = self.new_item(section, Kind::Task, &title, start);
            item.text.clone_from(&self.list.sections[section].about);
            self.list.counts.others += 1;
            if let Some(at) = self.push(item) {
                self.tasks.insert(section, at);
            }
        }
        if let Some(at) = self.tasks.get(&section).filter(|_| done) {
            let place = self.word(start, Mark::Done);
            self.list.items[*at].places.push(place);
        }
    }

    /// Takes an item in, if there is room, and says where it is.
    pub(super) fn push(&mut self, item: Item) -> Option<usize> {
        if self.list.items.len() >= MOST {
            self.list.beyond += 1;
            return None;
        }
        self.list.items.push(item);
        Some(self.list.items.len() - 1)
    }

    fn word(&self, at: usize, mark: Mark) -> Place {
        Place {
            form: Form::Word,
            range: at..at,
            mark: Some(mark),
            line: self.line(at),
        }
    }

    fn tally(&mut self, words: &Words) {
        if !words.text.contains('/') {
            return;
        }
        let line = &self.text[words.start..];
        let line = line.lines().next().unwrap_or_default();
        let scored = self
            .list
            .above(self.section())
            .any(|(_, section)| section.title.to_lowercase().contains("score"));
        let found = TALLY.captures(line).and_then(|found| found.get(1));
        if let Some(found) = found.filter(|_| scored)
            && self.list.tallies.len() < MOST_COMPARED
        {
            let name = line[..found.start()].trim_matches(|c: char| !c.is_alphanumeric());
            let range = words.start + found.start()..words.start + found.end();
            let name = name.to_owned();
            self.list.tallies.push(Tally { name, range });
        }
    }

    /// What is said about bullets here: by the line before the list, or the headings above.
    fn below(&self) -> Below {
        let label = self.label.as_ref().map(|label| label.below);
        let above = self.list.above(self.section());
        let said = above.filter_map(|(at, _)| self.said.get(&at).copied());
        let said: Vec<Below> = label
            .into_iter()
            .chain(said)
            .filter(|below| *below != Below::Unsaid)
            .collect();
        // What is missing is missing, whatever it is about.
        let gaps = said.contains(&Below::Gaps).then_some(Below::Gaps);
        let first = said.first().copied().unwrap_or_default();
        gaps.filter(|_| first == Below::Asked).unwrap_or(first)
    }

    fn item(&mut self, at: usize, item: &markdown::Item) {
        let group = item
            .parent
            .and_then(|parent| self.groups.get(&parent).copied());
        let section = group.unwrap_or_else(|| self.place_of_list(item));
        let nothing = item.words.text.trim().is_empty() && !self.parents.contains(&at);
        if let Some(tick) = item.tick.as_ref().filter(|_| !nothing) {
            self.list.counts.boxes += 1;
            let place = Place {
                form: Form::Box,
                range: tick.place.clone(),
                mark: Some(if tick.done { Mark::Done } else { Mark::Open }),
                line: self.line(tick.place.start),
            };
            if self.boxed.contains(&at) || self.defining.contains(&at) {
                self.group(at, item, section, Some(place));
            } else {
                self.leaf(item, section, Kind::Box, Some(place));
            }
            return;
        }
        if self.boxed.contains(&at) {
            self.group(at, item, section, None);
            return;
        }
        self.bullet(at, item, section, group.is_some());
    }

    fn bullet(&mut self, at: usize, item: &markdown::Item, section: usize, in_group: bool) {
        let below = self.below();
        self.tally(&item.words);
        match below {
            Below::Musts if self.list.musts.len() < MOST_COMPARED => {
                self.list.musts.push(clean(&item.words.text));
            }
            Below::Minimums => self.minimum(&item.words.text),
            Below::Musts | Below::Reading | Below::Choices => {}
            _ if item.words.only_link || item.words.text.trim().is_empty() => {}
            _ => {
                let mark = Mark::leading(&item.words.text).map(|(mark, _)| mark);
                let asked = in_group || below != Below::Unsaid || self.is_task(section);
                if mark.is_none() && (!asked || self.box_lists.contains(&item.list)) {
                    return;
                }
                if self.parents.contains(&at) {
                    self.group(at, item, section, None);
                    return;
                }
                let kind = if below == Below::Gaps {
                    Kind::Gap
                } else {
                    Kind::Bullet
                };
                let mark = mark.or_else(|| self.mark_above(section));
                let place = mark.map(|mark| self.word(item.words.start, mark));
                self.list.counts.others += 1;
                self.leaf(item, section, kind, place);
            }
        }
    }

    /// How the group or the task that a bullet is in stands.
    fn mark_above(&self, section: usize) -> Option<Mark> {
        self.list.above(section).find_map(|(at, section)| {
            let task = self.tasks.get(&at).map(|item| &self.list.items[*item]);
            let done = task.is_some_and(Item::claimed).then_some(Mark::Done);
            section.group.as_ref().and_then(|place| place.mark).or(done)
        })
    }

    fn minimum(&mut self, text: &str) {
        let Some(threshold) = said::threshold(text) else {
            return;
        };
        relate::set_minimum(&mut self.list, &threshold);
    }

    /// The section of a list's items: that of a bold line before it, if it has boxes.
    fn place_of_list(&mut self, item: &markdown::Item) -> usize {
        let section = self.section();
        if !self.box_lists.contains(&item.list) || item.parent.is_some() {
            return section;
        }
        let Some(mut label) = self.label.take() else {
            return section;
        };
        let titled = !label.title.is_empty()
            && matches!(
                label.below,
                Below::Unsaid | Below::Asked | Below::Gaps | Below::Musts
            );
        let at = match label.section {
            Some(at) => at,
            None if titled => self.open(&label.title.clone(), section),
            None => section,
        };
        label.section = Some(at);
        self.label = Some(label);
        at
    }

    /// An item with others below it becomes a section; what it says beyond that, an item.
    fn group(&mut self, at: usize, item: &markdown::Item, section: usize, place: Option<Place>) {
        let words = &item.words;
        let title = words.bold().unwrap_or(&words.text);
        let of = self.open(title, section);
        self.groups.insert(at, of);
        self.list.sections[of].about.clone_from(&words.text);
        if place.is_some() && of != section {
            self.list.sections[of].group = place;
        }
        let said = said_beside(words);
        if item.tick.is_some() && said.split_whitespace().count() >= 3 {
            let text = format!("{} — {said}", clean(title));
            let mut own = self.new_item(of, Kind::Bullet, &text, words.start);
            own.code.clone_from(&words.code);
            self.push(own);
        }
    }

    fn leaf(&mut self, item: &markdown::Item, section: usize, kind: Kind, place: Option<Place>) {
        let words = &item.words;
        let text = Mark::leading(&words.text).map_or(words.text.as_str(), |(_, rest)| rest);
        let mut leaf = self.new_item(section, kind, text.trim(), words.start);
        if let Some(bold) = words.bold() {
            leaf.name = clean(bold);
            let rest = description(words.after_bold());
            leaf.title = if rest.is_empty() {
                clean(bold)
            } else {
                format!("{}: {}", clean(bold), clean(rest))
            };
            leaf.title = shortened(&leaf.title);
        }
        leaf.code.clone_from(&words.code);
        leaf.places.extend(place);
        if words.struck {
            let struck = self.word(words.start, Mark::Done);
            leaf.places.push(struck);
        }
        self.push(leaf);
    }

    pub(super) fn new_item(&self, section: usize, kind: Kind, text: &str, start: usize) -> Item {
        let title = shortened(&clean(text));
        let inherited: Option<Duration> = self.list.inherited(section, |section| section.cadence);
        let of = &self.list;
        Item {
            section,
            name: title.clone(),
            title,
            text: text.to_owned(),
            code: Vec::new(),
            kind,
            places: Vec::new(),
            start,
            impact: of.inherited(section, |section| section.impact),
            effort: of.inherited(section, |section| section.effort),
            cadence: said::cadence(text).or(inherited),
            optional: said::optional(text),
            condition: said::condition(text),
            blocker: of
                .above(section)
                .any(|(at, _)| self.said.get(&at) == Some(&Below::Musts)),
            must: None,
            measure: None,
        }
    }
}

/// A title says how often its items are done only if it says nothing else.
fn section_cadence(title: &str) -> Option<Duration> {
    (title.split_whitespace().count() <= 3)
        .then(|| said::cadence(title))
        .flatten()
}

/// What a group says about itself, without the words that lead over to its items.
fn said_beside(words: &Words) -> String {
    let rest = description(words.after_bold());
    let Some(lead) = rest.strip_suffix(':') else {
        return rest.to_owned();
    };
    let end = lead.rfind([';', '.']).unwrap_or(0);
    lead[..end].trim().to_owned()
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TITLE) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
    }
}

/// `/health - is it up`, `**Redis**: 7+`.
fn defines(words: &Words) -> bool {
    let code = words
        .code
        .first()
        .filter(|code| words.text.trim_start().starts_with(code.as_str()));
    words.bold().is_some() || code.is_some()
}
