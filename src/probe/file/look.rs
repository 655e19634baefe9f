//! Looks at everything that fits: what it is, the lines in it, the document in it.

use std::fs::{self, Metadata};
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;
use regex::bytes::Regex;

use super::document::{self, Reader};
use super::facts::{Document, Facts, FileKind, Heading, Match};
use super::users::Users;
use super::{File, Format, FoundFile, Gaps, find, search};
use crate::probe::local::{beyond, is_nothing, malformed, not_a_file, octal, open, unreadable};
use crate::probe::{Answer, ProbeError};
use crate::reason::Reason;

/// More files than this are counted and not listed.
const MOST_FILES: usize = 1000;
/// More matching lines than this are counted and not kept.
const MOST_MATCHES: usize = 200;
/// More headings than this are not kept.
const MOST_HEADINGS: usize = 1000;
/// A larger file is not read as a document, in bytes.
const LARGEST_DOCUMENT: u64 = 1024 * 1024;
/// No more than this is read of all documents together, in bytes.
const LARGEST_DOCUMENTS: u64 = 4 * 1024 * 1024;

/// Facts about which files there are.
const FILES: &[&str] = &["count", "files"];
/// Facts that come from the lines of files.
const LINES: &[&str] = &["match_count", "matches"];
/// Facts that come from documents.
const DOCUMENTS: &[&str] = &["data", "documents"];

/// One question under way.
pub(super) struct Look<'p> {
    path: &'p str,
    format: Format,
    folder: &'p Path,
    now: Timestamp,
    deadline: Instant,
    wanted: find::Wanted,
    pattern: Option<Regex>,
    users: Users,
    count: u64,
    files: Vec<FoundFile>,
    match_count: u64,
    matches: Vec<Match>,
    quote: bool,
    searched: bool,
    read_bytes: u64,
    documents: Vec<Document>,
    headings: Option<Vec<Heading>>,
    gaps: Gaps,
}

impl<'p> Look<'p> {
    pub(super) fn new(
        probe: &'p File,
        folder: &'p Path,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Self, ProbeError> {
        // Validation lets neither through.
        let unusable = |words: String| {
            ProbeError::new(Reason::ProbeInternal, "a pattern that cannot be used")
                .with_detail(words)
        };
        let pattern = probe.pattern.as_deref().map(search::compile).transpose();
        Ok(Self {
            path: &probe.path,
            format: probe.format,
            folder,
            now,
            deadline,
            wanted: find::Wanted::new(&probe.path, &probe.exclude).map_err(unusable)?,
            pattern: pattern.map_err(unusable)?,
            users: Users::default(),
            count: 0,
            files: Vec::new(),
            match_count: 0,
            matches: Vec::new(),
            quote: probe.quote,
            searched: false,
            read_bytes: 0,
            documents: Vec::new(),
            headings: None,
            gaps: Gaps::default(),
        })
    }

    /// Looks, and says what was found. A single path that cannot be looked at is an error;
    /// among many it is a gap.
    pub(super) fn answer(mut self) -> Result<Answer<Facts>, ProbeError> {
        let is_single = self.wanted.is_single();
        let found = self.wanted.find(self.folder, self.deadline);
        // Where nothing fits a pattern, no line does; where a file is missing, that says
        // nothing about lines.
        self.searched = !is_single;
        let mut trouble = found.trouble;
        for path in found.paths {
            if Instant::now() >= self.deadline {
                trouble.get_or_insert_with(|| beyond(format!("{}: time ran out", self.path)));
                break;
            }
            match self.visit(&path, is_single) {
                Ok(()) => {}
                Err(error) if is_single => return Err(error),
                Err(error) => {
                    trouble.get_or_insert(error);
                }
            }
        }
        if let Some(error) = &trouble {
            for facts in [FILES, LINES, DOCUMENTS, &["headings"]] {
                self.gaps.add(facts, error);
            }
        }
        Ok(self.told(trouble.as_ref()))
    }

    fn visit(&mut self, path: &str, is_single: bool) -> Result<(), ProbeError> {
        let full = self.folder.join(path);
        let metadata = match fs::metadata(&full) {
            Ok(metadata) => metadata,
            Err(error) if is_nothing(&error) => {
                if let Ok(link) = fs::symlink_metadata(&full) {
                    self.list(path, FileKind::BrokenLink, &link);
                }
                return Ok(());
            }
            Err(error) => return Err(unreadable(path, &error)),
        };
        let kind = kind(&metadata);
        self.count += 1;
        self.list(path, kind, &metadata);
        if kind == FileKind::File {
            self.read_lines(path, &full);
            self.read_document(path, &full);
        } else if is_single {
            let error = not_a_file(path);
            for facts in [LINES, &["matched"], DOCUMENTS, &["headings"]] {
                self.gaps.add(facts, &error);
            }
        }
        Ok(())
    }

    fn list(&mut self, path: &str, kind: FileKind, metadata: &Metadata) {
        if self.files.len() >= MOST_FILES {
            let error = beyond(format!("{} fits more than {MOST_FILES} files", self.path));
            self.gaps.add(&["files"], &error);
            return;
        }
        let is_link = kind == FileKind::BrokenLink;
        self.files.push(FoundFile {
            path: path.to_owned(),
            kind,
            size_bytes: (kind == FileKind::File).then_some(metadata.len()),
            mode: (!is_link).then(|| octal(metadata.mode())),
            owner: self.users.name(metadata.uid()),
            age_seconds: self.now.as_second().checked_sub(metadata.mtime()),
        });
    }

    fn read_lines(&mut self, path: &str, full: &Path) {
        let Some(pattern) = &self.pattern else {
            return;
        };
        let (matches, gaps, quote) = (&mut self.matches, &mut self.gaps, self.quote);
        let searched = open(full).and_then(|file| {
            search::search(file, pattern, self.deadline, |line, text| {
                if matches.len() < MOST_MATCHES {
                    let path = path.to_owned();
                    let text = quote.then_some(text);
                    matches.push(Match { path, line, text });
                } else {
                    let words = format!("more than {MOST_MATCHES} lines fit the pattern");
                    gaps.add(&["matches"], &beyond(words));
                }
            })
        });
        match searched {
            Ok(searched) => {
                self.searched = true;
                self.match_count += searched.count;
                if !searched.whole {
                    self.gaps.add(
                        LINES,
                        &beyond(format!("{path} was not searched to its end")),
                    );
                }
            }
            Err(error) => self.gaps.add(LINES, &unreadable(path, &error)),
        }
    }

    fn read_document(&mut self, path: &str, full: &Path) {
        let Some(reader) = document::reader(self.format, path) else {
            return;
        };
        let gap = match reader {
            Reader::Data(_) => DOCUMENTS,
            Reader::Headings => &["headings"],
        };
        let text = match self.text(path, full) {
            Ok(text) => text,
            Err(error) => return self.gaps.add(gap, &error),
        };
        match reader {
            Reader::Data(parse) => match parse(&text) {
                Ok(data) => {
                    let path = path.to_owned();
                    self.documents.push(Document { path, data });
                }
                Err(words) => self.gaps.add(gap, &malformed(path, &words)),
            },
            Reader::Headings => {
                let headings = self.headings.get_or_insert_default();
                headings.extend(document::headings(path, &text));
                if headings.len() > MOST_HEADINGS {
                    headings.truncate(MOST_HEADINGS);
                    let words = format!("{} has more than {MOST_HEADINGS} headings", self.path);
                    self.gaps.add(gap, &beyond(words));
                }
            }
        }
    }

    /// All of a file, within what may be read.
    fn text(&mut self, path: &str, full: &Path) -> Result<String, ProbeError> {
        let room = LARGEST_DOCUMENT.min(LARGEST_DOCUMENTS.saturating_sub(self.read_bytes));
        let mut bytes = Vec::new();
        let read = open(full).and_then(|file| file.take(room + 1).read_to_end(&mut bytes));
        let read = read.map_err(|error| unreadable(path, &error))?;
        let read = u64::try_from(read).unwrap_or(u64::MAX);
        if read > room {
            return Err(beyond(format!(
                "{path} is too large to be read as a document"
            )));
        }
        self.read_bytes += read;
        String::from_utf8(bytes).map_err(|error| malformed(path, &error.to_string()))
    }

    fn told(mut self, trouble: Option<&ProbeError>) -> Answer<Facts> {
        let mut facts = Facts {
            exists: Some(self.count > 0),
            count: Some(self.count),
            files: self.files,
            ..Facts::default()
        };
        if let Some(error) = trouble {
            facts.count = None;
            if self.count == 0 {
                facts.exists = None;
                self.gaps.add(&["exists"], error);
            }
        }
        if self.pattern.is_some() {
            let unknown = self.gaps.0.get("match_count").cloned();
            let matched = self.match_count > 0;
            // One line settles whether there is any, whatever was not read.
            match unknown {
                Some(error) if !matched => self.gaps.add(&["matched"], &error),
                _ => facts.matched = self.searched.then_some(matched),
            }
            let is_known = self.searched && !self.gaps.0.contains_key("match_count");
            facts.match_count = is_known.then_some(self.match_count);
            facts.matches = self.searched.then_some(self.matches);
        }
        match self.documents.len() {
            0 => {}
            1 => facts.data = self.documents.pop().map(|document| document.data),
            _ => facts.documents = Some(self.documents),
        }
        facts.headings = self.headings;
        let cut_off = |error: &ProbeError| error.reason == Reason::FileTruncated;
        facts.truncated = self.gaps.0.values().any(cut_off);
        Answer {
            facts,
            gaps: self.gaps.0,
        }
    }
}

fn kind(metadata: &Metadata) -> FileKind {
    let kind = metadata.file_type();
    if kind.is_file() {
        FileKind::File
    } else if kind.is_dir() {
        FileKind::Folder
    } else if kind.is_fifo() {
        FileKind::Pipe
    } else if kind.is_socket() {
        FileKind::Socket
    } else {
        FileKind::Device
    }
}
