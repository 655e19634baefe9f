//! The facts of the `file` probe.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Whether there is anything at the path; a link that leads nowhere is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// How many files, folders and others fit the path; links that lead nowhere do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Each of them in the order of their paths, at most 1000, and also links that lead
    /// nowhere.
    pub files: Vec<File>,
    /// Whether something here is cut off; the list or number that is has no value for
    /// expectations then, because what is missing from it is unknown.
    pub truncated: bool,
    /// How many lines fit the pattern, in all files together; left out without a pattern, and
    /// when the path is that of one file, which is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub match_count: Option<u64>,
    /// Whether any line fits the pattern; left out as `match_count` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched: Option<bool>,
    /// The first lines that fit the pattern, at most 200; left out as `match_count` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<Vec<Match>>,
    /// The document in the file, when exactly one was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// The documents in the files, when several were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documents: Option<Vec<Document>>,
    /// The headings of all Markdown files that were read, at most 1000; left out when none was
    /// read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headings: Option<Vec<Heading>>,
}

/// One file, folder or other that fits the path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct File {
    /// Its path, from the working directory unless the path asked for was absolute.
    pub path: String,
    /// What it is; of a link, what it leads to.
    pub kind: FileKind,
    /// Its size; left out for all but regular files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Its permissions as four octal digits: `0644`. Left out where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Its owner's name, or number if this machine's list of users has no name for it.
    pub owner: String,
    /// Seconds since it was last changed; negative when that lies ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<i64>,
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A link that leads nowhere, or in a circle.
    BrokenLink,
    /// A named pipe.
    Pipe,
    /// A socket.
    Socket,
    /// A device.
    Device,
}

/// A line that fits the pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Match {
    /// The file's path.
    pub path: String,
    /// The line's number, from 1.
    pub line: u64,
    /// The line, at most its first 300 characters; bytes that are no UTF-8 are replaced. Left
    /// out with `quote: false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What a file says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// The file's path.
    pub path: String,
    /// Its contents as plain data.
    pub data: Value,
}

/// A heading of a Markdown file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Heading {
    /// The file's path.
    pub path: String,
    /// The line's number, from 1.
    pub line: u64,
    /// 1 for the title to 6.
    pub level: u8,
    /// Its text without marks.
    pub text: String,
}
