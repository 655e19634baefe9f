//! What does Git know about a folder: its branch, tags and changes, one path's past, and
//! secrets in its files and history?
//!
//! The system's `git` is asked, which only reads: no pager, hook, filter, text conversion or
//! file-system monitor runs, nothing is fetched, and neither the user's nor the system's
//! configuration is read, so that answers are the same on every machine. Whether a path was
//! ever committed is a fact. Our inability: no `git`, no repository, a repository of somebody
//! else (Git itself refuses those), history that was not fetched. Of a secret only the place
//! and the rule are told.

use std::time::Instant;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shell::quoted;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError, local};

mod ask;
mod run;
mod secrets;

pub use secrets::Finding;

/// Asks Git about a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Git {
    /// A folder of the repository, from the working directory unless it is absolute.
    #[serde(default = "here")]
    pub folder: String,
    /// A path below the folder, whose past is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Where to look for secrets.
    #[serde(default)]
    pub secrets: Secrets,
}

/// Where secrets are looked for.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Secrets {
    /// Nowhere.
    #[default]
    None,
    /// In the files that Git tracks, as they lie in the folder.
    Tree,
    /// In every line that any commit of any branch or tag has added.
    History,
}

fn here() -> String {
    ".".to_owned()
}

/// What Git said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// The branch that is checked out; left out when none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The commit that is checked out; left out before the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Commit>,
    /// Names of the tags that point to it.
    pub tags: Vec<String>,
    /// Whether nothing was changed, added or left untracked since.
    pub clean: bool,
    /// How many paths were changed, added or left untracked since.
    pub changed_count: u64,
    /// What is known of the path; left out when none was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Past>,
    /// Places of secrets, at most 200; left out when none were looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Vec<Finding>>,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Commit {
    /// Its full name in hexadecimal.
    pub id: String,
    /// Seconds since it was made; negative when that lies ahead.
    pub age_seconds: i64,
}

/// What Git knows of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Past {
    /// Whether a rule of the repository (`.gitignore`, `.git/info/exclude`) ignores it; rules
    /// of the user do not count.
    pub ignored: bool,
    /// Whether it is tracked now.
    pub tracked: bool,
    /// Whether any commit of any branch or tag has it; left out when the history is not all
    /// here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ever_committed: Option<bool>,
    /// The last commit below the one that is checked out that touched it; left out when none
    /// did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_commit: Option<Commit>,
}

impl Git {
    /// Asks about the folder itself, and nothing more.
    pub fn new(folder: impl Into<String>) -> Self {
        Self {
            folder: folder.into(),
            path: None,
            secrets: Secrets::None,
        }
    }
}

impl Probe for Git {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        let path = self.path.as_deref();
        for (field, value) in [("folder", Some(self.folder.as_str())), ("path", path)] {
            let message = match value {
                Some(value) if value.trim().is_empty() => "is empty",
                Some(value) if value.contains('\0') => "has a NUL character",
                _ => continue,
            };
            return Err(Invalid::new(field, message));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let what = match self.secrets {
            Secrets::None => "read the state of the Git repository",
            Secrets::Tree => "read all files of the Git repository",
            Secrets::History => "read the history of the Git repository",
        };
        vec![local::contact(
            format!("{what} {}", self.folder),
            Access::ReadOnly,
        )]
    }

    fn reproduce(&self) -> String {
        let git = format!("git -C {}", quoted(&self.folder));
        match (&self.path, self.secrets) {
            (_, Secrets::Tree) => format!("{git} grep -nI ''"),
            (_, Secrets::History) => format!("{git} log --all -p -U0"),
            (Some(path), Secrets::None) => {
                format!("{git} log --all --oneline -- {}", quoted(path))
            }
            (None, Secrets::None) => format!("{git} status --short --branch"),
        }
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let deadline = Instant::now() + context.timeout;
        let program = run::Program::new(&self.folder, context, deadline);
        ask::ask(self, &program, context.now).await
    }
}
