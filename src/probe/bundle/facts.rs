//! What the files of a front end are like.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a page and its own files are like. Where not every file could be read, what would need
/// all of them is left out, and told as a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Address of the page, after redirects.
    pub url: String,
    /// The page's own scripts and styles, source maps apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<File>>,
    /// Scripts and styles that the page loads from elsewhere; they are not read.
    pub foreign: Vec<Foreign>,
    /// Addresses of what this HTTPS page loads over plain HTTP.
    pub mixed: Vec<String>,
    /// Secrets in the page, its files and their source maps, by rule; never the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Vec<Finding>>,
    /// Addresses of developers' machines and private networks in the page and its files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<Vec<Mention>>,
    /// Traces of debugging in the page and its files: `console` for `console.log(…)` and its
    /// like, `debugger`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug: Option<Vec<Mention>>,
    /// Every origin that the page and its files name: `https://api.example.com`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origins: Option<BTreeSet<String>>,
    /// Which of the texts in `find` stand in the page or its files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Vec<String>>,
    /// Addresses of source maps that everybody can read, and of files that hold theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_maps: Option<Vec<String>>,
    /// The page's own files that are not there, or are something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<Vec<Broken>>,
    /// Bytes of the page and the files that it loads at once, as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_bytes: Option<u64>,
    /// The same as they come over the wire, compressed or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_transferred: Option<u64>,
}

/// What a file is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The page itself.
    Page,
    /// A script.
    Script,
    /// A style sheet.
    Style,
    /// A source map.
    SourceMap,
}

/// A script or style of the page's own.
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts are asked about one by one, in expressions that read best with plain booleans"
)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct File {
    /// Its address.
    pub url: String,
    /// `script` or `style`.
    pub kind: Kind,
    /// Whether the page loads it at once, and not a script later.
    pub initial: bool,
    /// Its bytes as they are.
    pub bytes: u64,
    /// Its bytes as they come over the wire.
    pub transferred: u64,
    /// Whether it comes compressed.
    pub compressed: bool,
    /// Whether its name seems to hold a hash of its content, so that it never changes.
    pub hashed: bool,
    /// For how many seconds it may be kept, where the server says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
    /// Whether the server says that it never changes.
    pub immutable: bool,
}

/// A script or style from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Foreign {
    /// Its address.
    pub url: String,
    /// `script` or `style`.
    pub kind: Kind,
    /// Whether its content is pinned by `integrity`.
    pub integrity: bool,
}

/// Where a secret stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Address of the file.
    pub url: String,
    /// The rule that it falls under: `private-key`, `stripe-key`, `random-assignment` …
    pub rule: String,
    /// Line of the first one in the file.
    pub line: u64,
    /// Its place in that line, in bytes from 1 on.
    pub column: u64,
    /// How many of this rule there are in the file.
    pub count: u64,
}

/// Where something stands that should not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mention {
    /// Address of the file.
    pub url: String,
    /// The address that is named, or the kind of trace.
    pub text: String,
    /// Line of the first one in the file.
    pub line: u64,
    /// Its place in that line, in bytes from 1 on.
    pub column: u64,
    /// How many there are in the file.
    pub count: u64,
}

/// A file that is not there, or is something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Broken {
    /// Its address.
    pub url: String,
    /// The status that came instead; 200 where a page came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}
