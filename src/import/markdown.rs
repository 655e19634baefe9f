//! Markdown as a flat list of blocks: headings, paragraphs, list items, tables.
//!
//! Code blocks and HTML are passed over. Every box and cell keeps its place in the text, so that
//! it can be changed and nothing else. What a block *means* is not known here.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, MetadataBlockKind, Options, Parser, Tag, TagEnd};

/// Bytes of one block's text that are kept.
const LONGEST: usize = 2_000;
/// Cells of a row that are kept.
const MOST_CELLS: usize = 24;

/// A part of the document.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Block {
    /// A heading of a level from 1 to 6.
    Heading(u8, Words),
    /// A paragraph outside of lists and tables.
    Paragraph(Words),
    /// An item of a list.
    Item(Item),
    /// A table.
    Table(Table),
    /// The front matter, as it is.
    Front(String),
}

/// An item of a list; its own text without that of the items below.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Item {
    /// Its text.
    pub(super) words: Words,
    /// Its box, `[ ]` or `[x]`, and whether it is ticked.
    pub(super) tick: Option<Tick>,
    /// The block of the item that it is below.
    pub(super) parent: Option<usize>,
    /// Number of the list that it is in.
    pub(super) list: usize,
}

/// A box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tick {
    /// Whether it is ticked.
    pub(super) done: bool,
    /// Where `[ ]` stands.
    pub(super) place: Range<usize>,
}

/// A table, cells by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Table {
    /// Titles of the columns.
    pub(super) head: Vec<Cell>,
    /// The rows below; some may be short.
    pub(super) rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cell {
    /// Its text.
    pub(super) words: Words,
    /// Where its text stands, without the space around it.
    pub(super) place: Range<usize>,
}

/// Text with what was marked in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Words {
    /// The text without marks.
    pub(super) text: String,
    /// How much of `text` stands in bold at its start.
    pub(super) bold: usize,
    /// Whether all of it is struck through.
    pub(super) struck: bool,
    /// Parts in code type.
    pub(super) code: Vec<String>,
    /// Addresses of links.
    pub(super) links: Vec<String>,
    /// Whether there is nothing but a link.
    pub(super) only_link: bool,
    /// Where it starts.
    pub(super) start: usize,
}

impl Words {
    /// The bold start, trimmed.
    pub(super) fn bold(&self) -> Option<&str> {
        let bold = self.text.get(..self.bold)?.trim();
        (!bold.is_empty()).then_some(bold)
    }

    /// What follows the bold start.
    pub(super) fn after_bold(&self) -> &str {
        self.text.get(self.bold..).unwrap_or_default().trim()
    }
}

/// The blocks of a document, in its order.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut reader = Reader {
        source: text,
        ..Reader::default()
    };
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        reader.take(event, range);
    }
    reader.blocks
}

/// What text is being gathered for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Into {
    #[default]
    Nothing,
    Heading(u8),
    Paragraph,
    Item,
    Cell,
    Front,
}

#[derive(Debug, Default)]
struct Reader<'a> {
    source: &'a str,
    blocks: Vec<Block>,
    into: Into,
    gathered: Gathered,
    /// The items that are open, as blocks, with whether their own text is over.
    items: Vec<(usize, bool)>,
    lists: usize,
    open_lists: Vec<usize>,
    table: Table,
    row: Vec<Cell>,
    cell: Range<usize>,
    /// Depth of blocks that are passed over.
    ignored: usize,
}

#[derive(Debug, Default)]
struct Gathered {
    words: Words,
    strong: usize,
    struck: usize,
    linked: usize,
    /// Whether text was seen outside of bold, strikes, links.
    plain: bool,
    unstruck: bool,
    unlinked: bool,
    span: Option<Range<usize>>,
}

impl<'a> Reader<'a> {
    fn take(&mut self, event: Event<'a>, range: Range<usize>) {
        if self.ignored > 0 {
            match event {
                Event::Start(tag) if passed_over(&tag) => self.ignored += 1,
                Event::End(TagEnd::CodeBlock | TagEnd::HtmlBlock) => self.ignored -= 1,
                _ => {}
            }
            return;
        }
        match event {
            Event::Start(tag) => self.start(&tag, range),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text, range),
            Event::Code(code) => {
                if self.gathered.words.code.len() < MOST_CELLS {
                    self.gathered.words.code.push(shortened(&code).to_owned());
                }
                self.text(&code, range);
            }
            Event::SoftBreak | Event::HardBreak => self.text(" ", range),
            Event::TaskListMarker(done) => self.tick(done, &range),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'a>, range: Range<usize>) {
        match tag {
            tag if passed_over(tag) => {
                self.own_text_ends();
                self.ignored = 1;
            }
            Tag::Heading { level, .. } => {
                self.own_text_ends();
                self.begin(Into::Heading(number(*level)), range.start);
            }
            Tag::Paragraph if self.items.is_empty() => self.begin(Into::Paragraph, range.start),
            Tag::MetadataBlock(MetadataBlockKind::YamlStyle) => {
                self.begin(Into::Front, range.start);
            }
            Tag::List(_) => {
                self.own_text_ends();
                self.lists += 1;
                self.open_lists.push(self.lists);
            }
            Tag::Item => {
                let item = Item {
                    parent: self.items.last().map(|(block, _)| *block),
                    list: self.open_lists.last().copied().unwrap_or_default(),
                    ..Item::default()
                };
                self.items.push((self.blocks.len(), false));
                self.blocks.push(Block::Item(item));
                self.begin(Into::Item, range.start);
            }
            Tag::Table(_) => {
                self.own_text_ends();
                self.table = Table::default();
            }
            Tag::TableRow | Tag::TableHead => self.row = Vec::new(),
            Tag::TableCell => {
                self.begin(Into::Cell, range.start);
                self.cell = range.clone();
            }
            Tag::Strong => self.gathered.strong += 1,
            Tag::Strikethrough => self.gathered.struck += 1,
            Tag::Link { dest_url, .. } => {
                self.gathered.linked += 1;
                if self.gathered.words.links.len() < MOST_CELLS {
                    self.gathered
                        .words
                        .links
                        .push(shortened(dest_url).to_owned());
                }
            }
            _ => {}
        }
        if let (Tag::Strong | Tag::Strikethrough | Tag::Link { .. }, Into::Cell) = (tag, self.into)
        {
            self.gathered.covers(&range);
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => self.finish_block(),
            TagEnd::Paragraph if self.items.is_empty() => self.finish_block(),
            TagEnd::Paragraph => self.own_text_ends(),
            TagEnd::MetadataBlock(_) => {
                let words = self.finish();
                self.blocks.push(Block::Front(words.text));
            }
            TagEnd::List(_) => {
                self.open_lists.pop();
            }
            TagEnd::Item => {
                self.own_text_ends();
                self.items.pop();
            }
            TagEnd::TableCell => self.finish_cell(),
            TagEnd::TableHead => self.table.head = std::mem::take(&mut self.row),
            TagEnd::TableRow => {
                let row = std::mem::take(&mut self.row);
                self.table.rows.push(row);
            }
            TagEnd::Table => {
                let table = std::mem::take(&mut self.table);
                self.blocks.push(Block::Table(table));
            }
            TagEnd::Strong => self.gathered.strong = self.gathered.strong.saturating_sub(1),
            TagEnd::Strikethrough => self.gathered.struck = self.gathered.struck.saturating_sub(1),
            TagEnd::Link => self.gathered.linked = self.gathered.linked.saturating_sub(1),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, range: Range<usize>) {
        if self.into == Into::Nothing {
            return;
        }
        if self.into == Into::Cell {
            self.gathered.covers(&range);
        }
        self.gathered.add(text, self.into == Into::Front);
    }

    fn tick(&mut self, done: bool, range: &Range<usize>) {
        let opening = self
            .source
            .get(range.clone())
            .and_then(|text| text.find('['));
        let Some(start) = opening.map(|at| range.start + at) else {
            return;
        };
        let tick = Tick {
            done,
            place: start..start + 3,
        };
        if let Some((block, _)) = self.items.last()
            && let Some(Block::Item(item)) = self.blocks.get_mut(*block)
        {
            item.tick = Some(tick);
        }
    }

    fn begin(&mut self, into: Into, start: usize) {
        self.into = into;
        self.gathered = Gathered::default();
        self.gathered.words.start = start;
    }

    fn finish(&mut self) -> Words {
        self.into = Into::Nothing;
        std::mem::take(&mut self.gathered).finish()
    }

    fn finish_block(&mut self) {
        let into = self.into;
        let words = self.finish();
        match into {
            Into::Heading(level) => self.blocks.push(Block::Heading(level, words)),
            Into::Paragraph => self.blocks.push(Block::Paragraph(words)),
            _ => {}
        }
    }

    fn finish_cell(&mut self) {
        let span = self.gathered.span.clone();
        let cell = Cell {
            place: span.unwrap_or_else(|| self.cell.clone()),
            words: self.finish(),
        };
        if self.row.len() < MOST_CELLS {
            self.row.push(cell);
        }
    }

    /// An item's own text is over where something below it starts.
    fn own_text_ends(&mut self) {
        if self.into != Into::Item {
            return;
        }
        let words = self.finish();
        if let Some((block, done)) = self.items.last_mut()
            && !std::mem::replace(done, true)
            && let Some(Block::Item(item)) = self.blocks.get_mut(*block)
        {
            item.words = words;
        }
    }
}

impl Gathered {
    fn add(&mut self, text: &str, verbatim: bool) {
        let room = LONGEST.saturating_sub(self.words.text.len());
        let kept = floor(text, room);
        if self.strong > 0 && !self.plain {
            self.words.bold = self.words.text.len() + kept.len();
        } else if self.strong == 0 && !text.trim().is_empty() {
            // Marks such as ✅ may come before the bold title.
            self.plain = self.words.bold > 0 || text.chars().any(char::is_alphanumeric);
        }
        let blank = text.trim().is_empty();
        self.unstruck |= self.struck == 0 && !blank;
        self.unlinked |= self.linked == 0 && !blank;
        if verbatim || !kept.contains(['\n', '\r']) {
            self.words.text.push_str(kept);
        } else {
            self.words.text.push_str(&kept.replace(['\n', '\r'], " "));
        }
    }

    fn covers(&mut self, range: &Range<usize>) {
        let span = self.span.get_or_insert_with(|| range.clone());
        span.start = span.start.min(range.start);
        span.end = span.end.max(range.end);
    }

    fn finish(mut self) -> Words {
        let some = !self.words.text.trim().is_empty();
        self.words.struck = some && !self.unstruck;
        self.words.only_link = some && !self.unlinked;
        self.words
    }
}

fn passed_over(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::CodeBlock(_) | Tag::HtmlBlock)
}

fn number(level: HeadingLevel) -> u8 {
    level as u8
}

fn shortened(text: &str) -> &str {
    floor(text, LONGEST)
}

/// At most `most` bytes of `text`, whole characters.
pub(super) fn floor(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
