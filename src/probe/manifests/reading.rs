//! Reads files as documents, within bounds, and remembers what stood in the way.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use serde_json::Value;

use crate::probe::ProbeError;
use crate::probe::file::document;
use crate::probe::local::{beyond, malformed, open, unreadable};
use crate::reason::Reason;

/// A larger file is not read, in bytes.
const LARGEST_FILE: u64 = 4 * 1024 * 1024;
/// No more than this is read of all files together, in bytes.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// No more than this many files are read.
const MOST_FILES: usize = 2000;
/// No more than this many values are kept of all documents together: each takes up to a
/// hundred times the memory that it has in a file.
const MOST_VALUES: usize = 400_000;

/// What files were read, and what stood in the way.
pub(super) struct Reading<'f> {
    folder: &'f Path,
    deadline: Instant,
    bytes: u64,
    values: usize,
    reads: usize,
    /// Paths of the files that were read.
    pub(super) used: BTreeSet<String>,
    /// The first thing that may hide objects of any kind.
    pub(super) trouble: Option<ProbeError>,
    /// The first thing that hides secrets and nothing else that is told.
    pub(super) hidden_secrets: Option<ProbeError>,
    /// The first thing that hides objects which are told by their names alone.
    pub(super) hidden_objects: Option<ProbeError>,
}

impl<'f> Reading<'f> {
    pub(super) fn new(folder: &'f Path, deadline: Instant) -> Self {
        Self {
            folder,
            deadline,
            bytes: 0,
            values: 0,
            reads: 0,
            used: BTreeSet::new(),
            trouble: None,
            hidden_secrets: None,
            hidden_objects: None,
        }
    }

    /// Remembers what may hide objects of any kind, unless something did before.
    pub(super) fn hidden(&mut self, error: ProbeError) {
        self.trouble.get_or_insert(error);
    }

    /// The full path of a path from the working folder.
    pub(super) fn full(&self, path: &str) -> std::path::PathBuf {
        self.folder.join(path)
    }

    /// All documents of a file; empty ones are left out.
    pub(super) fn documents(&mut self, path: &str) -> Result<Vec<Value>, ProbeError> {
        let text = self.text(path)?;
        let is_json = Path::new(path).extension().is_some_and(|end| end == "json");
        let parsed = if is_json {
            document::json(&text).map(|value| vec![value])
        } else {
            document::documents(&text)
        };
        let mut documents = parsed.map_err(|words| unparsed(path, &text, &words))?;
        documents.retain(|document| !document.is_null());
        for document in &documents {
            self.values += size(document);
        }
        if self.values > MOST_VALUES {
            return Err(beyond(format!(
                "{path} and the files before it say too much"
            )));
        }
        Ok(documents)
    }

    /// All of a file, within what may be read.
    fn text(&mut self, path: &str) -> Result<String, ProbeError> {
        if Instant::now() >= self.deadline {
            return Err(beyond(format!("time ran out before {path} was read")));
        }
        self.reads += 1;
        if self.reads > MOST_FILES {
            return Err(beyond(format!(
                "more than {MOST_FILES} files are to be read"
            )));
        }
        let room = LARGEST_FILE.min(MOST_BYTES.saturating_sub(self.bytes));
        let mut bytes = Vec::new();
        let read =
            open(&self.full(path)).and_then(|file| file.take(room + 1).read_to_end(&mut bytes));
        let read = read.map_err(|error| unreadable(path, &error))?;
        let read = u64::try_from(read).unwrap_or(u64::MAX);
        if read > room {
            return Err(beyond(format!("{path} is too large to be read")));
        }
        self.bytes += read;
        self.used.insert(path.to_owned());
        // The error's own words could show bytes of a secret.
        String::from_utf8(bytes).map_err(|_| malformed(path, "it is not UTF-8"))
    }
}

/// Why a file is no document. What Helm makes of a template is not known here.
fn unparsed(path: &str, text: &str, words: &str) -> ProbeError {
    if text.contains("{{") {
        return template(path);
    }
    malformed(path, words)
}

/// A template that only Helm can read.
pub(super) fn template(path: &str) -> ProbeError {
    let cause = format!("{path} is a template and no manifest");
    let detail = "render it first, such as with helm template";
    ProbeError::new(Reason::FileUnreadable, cause).with_detail(detail)
}

/// How many values a document has.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(size).sum::<usize>(),
        _ => 1,
    }
}
