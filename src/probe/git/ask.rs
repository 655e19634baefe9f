//! Which questions Git is asked, and what its answers mean.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::run::Program;
use super::{Commit, Facts, Git, Past, Secrets, secrets};
use crate::probe::local::beyond;
use crate::probe::{Answer, ProbeError};

pub(super) async fn ask(
    git: &Git,
    program: &Program,
    now: Timestamp,
) -> Result<Answer<Facts>, ProbeError> {
    let inside = program.say(&["rev-parse", "--is-inside-work-tree"]).await?;
    if inside.text() != "true" {
        return Err(program.failed("it has no files of its own (a bare repository)"));
    }
    let branch = program
        .say(&["symbolic-ref", "--quiet", "--short", "HEAD"])
        .await?;
    let head = last_commit(program, &[], now).await?;
    let tags = program.say(&["tag", "--points-at", "HEAD"]);
    let tags = match &head {
        Some(_) => tags.await?.text().lines().map(str::to_owned).collect(),
        None => Vec::new(),
    };
    let status = [
        "status",
        "--porcelain",
        "-z",
        "--no-renames",
        "--ignore-submodules=dirty",
    ];
    let status = program.say(&status).await?;
    let entries = status
        .out
        .split(|byte| *byte == 0)
        .filter(|entry| !entry.is_empty());
    let changed_count = u64::try_from(entries.count()).unwrap_or(u64::MAX);
    let mut facts = Facts {
        branch: (branch.code == Some(0)).then(|| branch.text()),
        tags,
        clean: changed_count == 0,
        changed_count,
        ..Facts::default()
    };
    let mut gaps = BTreeMap::new();
    let is_shallow = program
        .say(&["rev-parse", "--is-shallow-repository"])
        .await?;
    let is_shallow = is_shallow.text() != "false";
    let not_here = || beyond(format!("the history of {} is not all here", git.folder));
    if let Some(path) = &git.path {
        let past = past(program, path, head.is_some(), is_shallow, now).await?;
        if past.ever_committed.is_none() {
            gaps.insert("path.ever_committed".to_owned(), not_here());
        }
        if is_shallow {
            gaps.insert("path.last_commit".to_owned(), not_here());
        }
        facts.path = Some(past);
    }
    facts.head = head;
    if git.secrets != Secrets::None {
        let (found, whole) = secrets::find(program, git.secrets).await?;
        if !whole {
            let cause = format!("not all of {} was searched for secrets", git.folder);
            gaps.insert("secrets".to_owned(), beyond(cause));
        } else if is_shallow && git.secrets == Secrets::History {
            gaps.insert("secrets".to_owned(), not_here());
        }
        facts.secrets = Some(found);
    }
    Ok(Answer { facts, gaps })
}

async fn past(
    program: &Program,
    path: &str,
    has_commits: bool,
    is_shallow: bool,
    now: Timestamp,
) -> Result<Past, ProbeError> {
    // This one takes no --literal-pathspecs, and knows no patterns; before a path that starts
    // so, `:` is no magic.
    let plain = if path.starts_with(':') {
        format!("./{path}")
    } else {
        path.to_owned()
    };
    let ignored = program
        .say(&["check-ignore", "--quiet", "--no-index", "--", &plain])
        .await?;
    let tracked = program
        .say(&["--literal-pathspecs", "ls-files", "-z", "--", path])
        .await?;
    let all = [
        "--literal-pathspecs",
        "log",
        "--all",
        "--full-history",
        "-1",
        "--format=%H",
        "--",
        path,
    ];
    let any = program.say(&all).await?;
    let ever = !any.out.is_empty();
    Ok(Past {
        ignored: ignored.code == Some(0),
        tracked: !tracked.out.is_empty(),
        ever_committed: (ever || !is_shallow).then_some(ever),
        last_commit: if has_commits {
            last_commit(program, &["--", path], now).await?
        } else {
            None
        },
    })
}

/// The last commit from the one that is checked out; `None` if there is none.
async fn last_commit(
    program: &Program,
    path: &[&str],
    now: Timestamp,
) -> Result<Option<Commit>, ProbeError> {
    let born = program
        .say(&["rev-parse", "--quiet", "--verify", "HEAD^{commit}"])
        .await?;
    if born.code != Some(0) {
        return Ok(None);
    }
    let args = [
        &[
            "--literal-pathspecs",
            "log",
            "-1",
            "--format=%H %ct",
            "HEAD",
        ],
        path,
    ]
    .concat();
    let said = program.say(&args).await?.text();
    let commit = said.split_once(' ').and_then(|(id, seconds)| {
        let made: i64 = seconds.parse().ok()?;
        Some(Commit {
            id: id.to_owned(),
            age_seconds: now.as_second().checked_sub(made)?,
        })
    });
    Ok(commit)
}
