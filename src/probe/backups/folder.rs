//! Looking at a folder of this machine.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::facts::{Facts, RestoreList};
use super::fold::{Backup, Fold, Found, nowhere, too_many};
use super::form::{Form, START};
use super::{Backups, Each};
use crate::probe::command::Command;
use crate::probe::local::{beyond, blocking, is_nothing, not_a_file, open, unreadable};
use crate::probe::{Answer, Context, Probe as _, ProbeError};
use crate::reason::Reason;
use crate::text::short_line;

/// The most files that are looked at.
const MOST_FILES: u64 = 1_000_000;
/// How deep folders are looked into, each of which is kept open meanwhile.
const DEEPEST: usize = 100;
/// Facts that no folder has.
const OF_BUCKETS: [&str; 5] = [
    "public_list",
    "public_read",
    "versioning",
    "object_lock",
    "newest.encryption",
];

/// Looks at a folder, and lets `pg_restore` do so where that is asked for.
pub(super) async fn gather(
    question: &Backups,
    path: String,
    fold: Fold,
    context: &Context,
) -> Result<Answer<Facts>, ProbeError> {
    let start = Instant::now();
    // What is left serves `pg_restore`.
    let part = if question.restore_list { 2 } else { 1 };
    let deadline = start + context.timeout / part;
    let root = context.cwd.join(&path);
    let walked = root.clone();
    let (mut answer, newest) = blocking(move || look(&walked, &path, fold, deadline)).await?;
    let words = "a folder tells nothing of strangers, versions, locks or encryption";
    for fact in OF_BUCKETS {
        let error = ProbeError::new(Reason::QueryRefused, words);
        answer.gaps.insert(fact.to_owned(), error);
    }
    if question.restore_list {
        let newest = newest.map(|newest| root.join(newest.name));
        match (newest, answer.gaps.get("newest").cloned()) {
            (Some(newest), _) => {
                let left = context.timeout.saturating_sub(start.elapsed()) * 19 / 20;
                match restore_list(&newest, question.each, left, context).await {
                    Ok(told) => answer.facts.restore_list = Some(told),
                    Err(error) => _ = answer.gaps.insert("restore_list".to_owned(), error),
                }
            }
            (None, Some(error)) => _ = answer.gaps.insert("restore_list".to_owned(), error),
            (None, None) => {}
        }
    }
    Ok(answer)
}

fn look(
    root: &Path,
    shown: &str,
    mut fold: Fold,
    deadline: Instant,
) -> Result<(Answer<Facts>, Option<Backup>), ProbeError> {
    match std::fs::metadata(root) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => {
            let cause = format!("{shown} is no folder");
            return Err(ProbeError::new(Reason::FileUnreadable, cause));
        }
        Err(error) if is_nothing(&error) => return Ok((nowhere(fold), None)),
        Err(error) => return Err(unreadable(shown, &error)),
    }
    walk(root, &mut fold, deadline);
    let (mut answer, newest) = fold.finish();
    if let (Some(newest), Some(told)) = (&newest, &mut answer.facts.newest) {
        match form(&root.join(&newest.telling), &newest.telling) {
            Ok((form, content)) => {
                told.form = Some(form);
                told.content = content;
                told.sealed = content.map(Form::is_sealed);
            }
            Err(error) => {
                for fact in ["newest.form", "newest.content", "newest.sealed"] {
                    answer.gaps.insert(fact.to_owned(), error.clone());
                }
            }
        }
    }
    Ok((answer, newest))
}

/// Folds every file below a folder. Links are passed over: they are no backups of their own.
fn walk(root: &Path, fold: &mut Fold, deadline: Instant) {
    // All of a folder comes before the next; sorting would keep a large one in memory.
    let walk = walkdir::WalkDir::new(root)
        .min_depth(1)
        .max_depth(DEEPEST)
        .max_open(DEEPEST);
    for entry in walk {
        if Instant::now() >= deadline {
            return fold.stopped(too_many(fold.seen(), "time ran out"));
        }
        if fold.seen() >= MOST_FILES {
            return fold.stopped(too_many(fold.seen(), "looking was given up"));
        }
        let entry = match entry {
            Ok(entry) if entry.file_type().is_file() => entry,
            Ok(entry) => {
                if entry.depth() == DEEPEST && entry.file_type().is_dir() {
                    let words = format!("{} is too deep to be looked at", entry.path().display());
                    fold.stopped(beyond(words));
                }
                continue;
            }
            Err(error) => {
                let path = error.path().unwrap_or(root).to_string_lossy().into_owned();
                let cause = std::io::Error::from(error);
                // What has gone meanwhile was cleaned up.
                if !is_nothing(&cause) {
                    fold.stopped(unreadable(&path, &cause));
                }
                continue;
            }
        };
        let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let Some(name) = path.to_str() else {
            let words = format!("{} has a name that is no text", entry.path().display());
            fold.stopped(ProbeError::new(Reason::FileUnreadable, words));
            continue;
        };
        match entry.metadata().map_err(std::io::Error::from) {
            Ok(found) => {
                let modified = found.modified().map_or(Timestamp::UNIX_EPOCH, |time| {
                    Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH)
                });
                fold.add(&Found {
                    name,
                    bytes: found.len(),
                    modified,
                });
            }
            Err(error) if is_nothing(&error) => {}
            Err(error) => fold.stopped(unreadable(name, &error)),
        }
    }
}

/// What a file is, and what is in it.
fn form(path: &Path, shown: &str) -> Result<(Form, Option<Form>), ProbeError> {
    let mut start = Vec::new();
    let file = open(path).map_err(|error| unreadable(shown, &error))?;
    file.take(START as u64)
        .read_to_end(&mut start)
        .map_err(|error| unreadable(shown, &error))?;
    let form = Form::of(&start);
    if form == Form::PgCustom && shown.ends_with("/toc.dat") {
        return Ok((Form::PgDirectory, Some(Form::PgDirectory)));
    }
    Ok((form, form.content(&start)))
}

/// What `pg_restore` makes of a backup. It only reads.
async fn restore_list(
    backup: &Path,
    each: Each,
    timeout: Duration,
    context: &Context,
) -> Result<RestoreList, ProbeError> {
    // A path that starts with `/` or `.` is never taken for an option.
    let path = if backup.is_absolute() {
        backup.to_owned()
    } else {
        PathBuf::from(".").join(backup)
    };
    let shown = path
        .to_str()
        .ok_or_else(|| not_a_file("the newest backup"))?;
    let mut argv = vec!["pg_restore".to_owned(), "--list".to_owned()];
    if each == Each::Folder {
        argv.push("--format=directory".to_owned());
    }
    argv.push(shown.to_owned());
    let question = Command {
        argv,
        shell: false,
        cwd: None,
        env: Vec::new(),
        set: [("LC_ALL".to_owned(), "C".to_owned())].into(),
        stdin: None,
        number: None,
        max_output: 8 << 20,
    };
    let context = Context {
        timeout,
        ..context.clone()
    };
    let told = question.gather(&context).await?.facts;
    if told.truncated {
        return Err(beyond("pg_restore lists more than is read"));
    }
    let is_entry = |line: &&str| !line.trim().is_empty() && !line.starts_with(';');
    Ok(RestoreList {
        works: told.exit_code == Some(0),
        entries: told.stdout.lines().filter(is_entry).count() as u64,
        complaint: Some(short_line(&told.stderr, 200)).filter(|text| !text.is_empty()),
    })
}
