//! What `ready attest`, `ready waive` and `ready sign` have in common: the profile that an entry is about, the
//! ledger that it goes to, and asking people for what they did not say.

use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::{Map, Value, json};

use super::ledger::{self, Place};
use super::{Ui, load, print};
use crate::check::Check;
use crate::cli::EntryArgs;
use crate::ledger::{AppendError, Draft, List, append, sha256, sign, today};
use crate::profile::{Profile, is_within};
use crate::text::push;

/// A profile, and where what is said about it goes.
pub(super) struct Desk<'a> {
    pub(super) profile: Profile,
    pub(super) place: Place,
    pub(super) ui: &'a Ui<'a>,
    /// The day that entries are dated on.
    pub(super) at: String,
    /// The key that entries are signed with.
    key: Option<PathBuf>,
}

impl<'a> Desk<'a> {
    pub(super) fn of(args: &EntryArgs, ui: &'a Ui<'a>) -> anyhow::Result<Self> {
        let set = args.set.iter().cloned().collect();
        let profile = load::valid(&args.profile, &set, ui)?;
        let at = args.at.clone();
        Ok(Self {
            place: ledger::place_to_write(&args.ledger, &args.profile, ui),
            at: at.unwrap_or_else(|| today(ui.host.now).to_string()),
            key: args.key.as_ref().map(|key| ui.host.cwd.join(key)),
            profile,
            ui,
        })
    }

    /// The first fields of an entry: what it is about. What is neither a check nor a section is
    /// told by the ledger, with what was probably meant.
    pub(super) fn about(&self, id: &str) -> Map<String, Value> {
        let is_check = self.profile.checks.iter().any(|check| check.id.0 == id);
        let is_section = !is_check && has_section(&self.profile.sections, id);
        let key = if is_section { "section" } else { "check" };
        Map::from_iter([(key.to_owned(), id.into())])
    }

    /// The page that the check with this id is about.
    pub(super) fn document(&self, id: &str) -> Option<&str> {
        let mut checks = self.profile.checks.iter();
        document(checks.find(|check| check.id.0 == id)?)
    }

    /// The checks in the section at this path that are about a page.
    pub(super) fn with_documents(&self, path: &str) -> impl Iterator<Item = &Check> {
        let checks = self.profile.checks.iter();
        checks.filter(move |check| is_within(&check.section, path) && document(check).is_some())
    }

    /// Where something can be seen: a URL, or a file with its hash.
    pub(super) fn evidence(&self, written: &str) -> anyhow::Result<Value> {
        if written.contains("://") {
            return Ok(written.into());
        }
        self.hashed(Path::new(written))
    }

    /// A file below the ledger's folder, with its hash.
    pub(super) fn hashed(&self, file: &Path) -> anyhow::Result<Value> {
        let told = || format!("cannot use {}", file.display());
        let path = self
            .ui
            .host
            .cwd
            .join(file)
            .canonicalize()
            .with_context(told)?;
        let folder = self.place.path.parent().unwrap_or(Path::new("/"));
        let folder = folder.canonicalize().with_context(told)?;
        let Ok(below) = path.strip_prefix(&folder) else {
            bail!(
                "{}: it is not below {}, and could not be found on another machine",
                told(),
                folder.display()
            );
        };
        let Some(below) = below.to_str() else {
            bail!("{}: its name is not UTF-8", told());
        };
        match sha256(&path) {
            Ok(sha256) => Ok(json!({"file": below, "sha256": sha256})),
            Err(error) => bail!("{}: {error}", told()),
        }
    }

    /// The entry with its signature, if there is a key to sign with.
    fn signed(&self, list: List, mut fields: Map<String, Value>) -> anyhow::Result<Draft> {
        if let Some(key) = &self.key {
            let id = &self.profile.identity.id;
            match sign(key, list, id, &fields) {
                Ok(signature) => fields.insert("signature".to_owned(), signature.into()),
                Err(error) => bail!("cannot sign with {}: {error}", key.display()),
            };
        }
        Ok(Draft { list, fields })
    }

    /// Adds entries, and tells each in a line.
    pub(super) fn add(&self, list: List, entries: Vec<Map<String, Value>>) -> anyhow::Result<()> {
        let drafts = entries
            .into_iter()
            .map(|fields| self.signed(list, fields))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let Place {
            name,
            path,
            signers,
        } = &self.place;
        let signers = signers.as_deref();
        match append(
            name,
            path,
            signers,
            &drafts,
            &self.profile,
            self.ui.host.now,
        ) {
            Ok(()) => {}
            Err(AppendError::Problems(problems)) => {
                return Err(load::Refused::of(&problems, self.ui).into());
            }
            Err(error) => return Err(error.into()),
        }
        let mut lines = String::new();
        for draft in &drafts {
            let about = draft.fields.values().next().and_then(Value::as_str);
            let about = about.unwrap_or_default();
            push(
                &mut lines,
                format_args!("{name}: {} += {about}\n", list.key()),
            );
        }
        print(lines.as_bytes())?;
        Ok(())
    }
}

/// The page that a check is about.
fn document(check: &Check) -> Option<&str> {
    let mut attests = check.rule.attests().into_iter();
    attests.find_map(|attest| attest.document.as_deref())
}

fn has_section(sections: &[crate::profile::Section], path: &str) -> bool {
    sections
        .iter()
        .any(|section| section.path == path || has_section(&section.sections, path))
}

/// Asks people, if there are any.
pub(super) struct Asker {
    is_there: bool,
}

impl Asker {
    /// Asks on a terminal; `always` also asks who writes through a pipe.
    pub(super) fn new(ui: &Ui<'_>, always: bool) -> Self {
        let host = ui.host;
        Self {
            is_there: always || host.stdin_is_terminal && host.stderr_is_terminal,
        }
    }

    /// An answer on one line; `None` if nobody is there, at the end of input, and for nothing.
    pub(super) fn ask(&self, question: &str) -> Option<String> {
        if !self.is_there {
            return None;
        }
        let mut err = io::stderr().lock();
        let _ = write!(err, "{question}: ").and_then(|()| err.flush());
        let mut line = String::new();
        match io::stdin().lock().read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim().to_owned()),
        }
    }

    /// The option that was given, or else the answer; an entry cannot be without it.
    pub(super) fn need(
        &self,
        given: Option<&String>,
        option: &str,
        question: &str,
    ) -> anyhow::Result<String> {
        let answer = given.cloned().or_else(|| self.ask(question));
        let answer = answer.filter(|answer| !answer.trim().is_empty());
        answer.with_context(|| format!("{question}: say it with {option}"))
    }

    /// The option that was given, or else the answer, which may be nothing.
    pub(super) fn may(&self, given: Option<&String>, question: &str) -> Option<String> {
        let answer = given.cloned().or_else(|| self.ask(question));
        answer.filter(|answer| !answer.trim().is_empty())
    }
}
