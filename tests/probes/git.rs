//! The `git` probe on repositories that the tests make.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use ready::probe::git::{Facts, Git, Secrets};
use ready::probe::{Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use tempfile::TempDir;

use crate::support::context;

struct Repository(TempDir);

impl Repository {
    fn new() -> Self {
        let repository = Self(TempDir::new().unwrap());
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn git(&self, args: &[&str]) {
        let ended = Command::new("git")
            .args(["-c", "user.name=A", "-c", "user.email=a@zebu.example"])
            .args(args)
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_DATE", "2026-11-21T11:00:00Z")
            .env("GIT_COMMITTER_DATE", "2026-11-21T11:00:00Z")
            .output()
            .unwrap();
        assert!(ended.status.success(), "git {args:?}: {ended:?}");
    }

    fn commit(&self, path: &str, text: &str) {
        fs::write(self.path().join(path), text).unwrap();
        self.git(&["add", "--force", path]);
        self.git(&["commit", "--quiet", "-m", "x"]);
    }

    fn context(&self) -> Context {
        let path = ("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned());
        Context {
            cwd: self.path().into(),
            env: Arc::new([path].into()),
            timeout: Duration::from_secs(30),
            ..context(&[])
        }
    }

    async fn ask(&self, probe: &Git) -> Result<Answer<Facts>, ProbeError> {
        assert_eq!(probe.validate(), Ok(()));
        probe.gather(&self.context()).await
    }

    /// Facts that have no gaps.
    async fn facts(&self, probe: &Git) -> Facts {
        let answer = self.ask(probe).await.unwrap();
        assert!(answer.gaps.is_empty(), "{:?}", answer.gaps);
        answer.facts
    }
}

fn past(path: &str) -> Git {
    Git {
        path: Some(path.to_owned()),
        ..Git::new(".")
    }
}

fn searching(secrets: Secrets) -> Git {
    Git {
        secrets,
        ..Git::new(".")
    }
}

/// A token that stands in no file of this project.
fn token() -> String {
    ["gh", "p_", "a8Kd03Lx9Qw7Zr2Vt5", "Yb1Nc6Hm4Jf8Gs0Pu3"].concat()
}

#[tokio::test]
async fn the_state_of_a_repository_is_told() {
    let repository = Repository::new();
    let empty = repository.facts(&Git::new(".")).await;
    assert_eq!((empty.branch.as_deref(), empty.head), (Some("main"), None));
    assert!(empty.clean && empty.tags.is_empty());

    repository.commit("a", "1");
    repository.git(&["tag", "v1.0.0"]);
    let facts = repository.facts(&Git::new(".")).await;
    let head = facts.head.unwrap();
    assert_eq!((head.id.len(), head.age_seconds), (40, 3600));
    assert_eq!(facts.tags, ["v1.0.0"]);
    assert_eq!((facts.clean, facts.changed_count), (true, 0));

    fs::write(repository.path().join("a"), "2").unwrap();
    fs::write(repository.path().join("new\nline"), "").unwrap();
    repository.git(&["checkout", "--quiet", "--detach"]);
    let facts = repository.facts(&Git::new(".")).await;
    assert_eq!((facts.clean, facts.changed_count), (false, 2));
    assert_eq!(facts.branch, None);
}

#[tokio::test]
async fn the_past_of_a_path_is_told() {
    let repository = Repository::new();
    repository.commit(".gitignore", ".env\n");
    let facts = repository.facts(&past(".env")).await.path.unwrap();
    assert!(facts.ignored && !facts.tracked);
    assert_eq!(
        (facts.ever_committed, facts.last_commit),
        (Some(false), None)
    );

    // On another branch, and removed there.
    repository.git(&["checkout", "--quiet", "-b", "other"]);
    repository.commit(".env", "A=1");
    let tracked = repository.facts(&past(".env")).await.path.unwrap();
    assert!(tracked.tracked && tracked.ignored);
    repository.git(&["rm", "--quiet", ".env"]);
    repository.git(&["commit", "--quiet", "-m", "x"]);
    repository.git(&["checkout", "--quiet", "main"]);
    let facts = repository.facts(&past(".env")).await.path.unwrap();
    assert_eq!((facts.tracked, facts.ever_committed), (false, Some(true)));

    let facts = repository.facts(&past(".gitignore")).await.path.unwrap();
    assert!(facts.tracked && !facts.ignored);
    assert_eq!(facts.last_commit.unwrap().age_seconds, 3600);
    // A path is no option and no pattern.
    let facts = repository.facts(&past("--all")).await.path.unwrap();
    assert_eq!(facts.ever_committed, Some(false));
    let facts = repository.facts(&past("*")).await.path.unwrap();
    assert_eq!(facts.ever_committed, Some(false));
}

#[tokio::test]
async fn secrets_are_found_in_the_tree_and_in_history_and_not_told() {
    let repository = Repository::new();
    repository.commit("a.txt", &format!("one\ntoken {}\n", token()));
    repository.commit("b c.txt", "harmless\n++ b/x\n");
    let facts = repository.facts(&searching(Secrets::Tree)).await;
    let told = facts.secrets.unwrap();
    assert_eq!(told.len(), 1);
    let one = &told[0];
    assert_eq!(
        (one.path.as_str(), one.line, one.rule.as_str()),
        ("a.txt", 2, "github-token")
    );
    assert_eq!(one.commit, None);

    repository.commit("a.txt", "one\n");
    let facts = repository.facts(&searching(Secrets::Tree)).await;
    assert_eq!(facts.secrets, Some(Vec::new()));
    let facts = repository.facts(&searching(Secrets::History)).await;
    let told = serde_json::to_string(&facts).unwrap();
    let found = facts.secrets.unwrap();
    assert_eq!((found[0].path.as_str(), found[0].line), ("a.txt", 2));
    assert_eq!(found[0].commit.as_ref().unwrap().len(), 40);
    assert!(!told.contains(&token()[4..]), "{told}");
    assert_eq!(repository.facts(&Git::new(".")).await.secrets, None);
}

#[tokio::test]
async fn too_many_secrets_are_a_gap() {
    let repository = Repository::new();
    repository.commit("a", &format!("{}\n", token()).repeat(300));
    for which in [Secrets::Tree, Secrets::History] {
        let answer = repository.ask(&searching(which)).await.unwrap();
        assert_eq!(answer.gaps["secrets"].reason, Reason::FileTruncated);
        assert_eq!(answer.facts.secrets.unwrap().len(), 200);
    }
}

#[tokio::test]
async fn history_that_is_not_here_is_unknown() {
    let repository = Repository::new();
    repository.commit("a", "1");
    repository.commit("b", "1");
    let clone = Repository(TempDir::new().unwrap());
    let url = format!("file://{}", repository.path().display());
    clone.git(&["clone", "--quiet", "--depth=1", &url, "."]);
    let probe = Git {
        secrets: Secrets::History,
        ..past("never")
    };
    let answer = clone.ask(&probe).await.unwrap();
    for fact in ["path.ever_committed", "path.last_commit", "secrets"] {
        assert_eq!(answer.gaps[fact].reason, Reason::FileTruncated, "{fact}");
    }
    assert_eq!(answer.facts.path.unwrap().ever_committed, None);
}

#[tokio::test]
async fn nothing_of_the_repository_is_run() {
    let repository = Repository::new();
    repository.commit("a", "1");
    let mark = repository.path().join(".git/ran");
    let script = repository.path().join(".git/run");
    fs::write(&script, format!("#!/bin/sh\ntouch {}\n", mark.display())).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&script, mode).unwrap();
    let run = script.to_str().unwrap();
    for name in [
        "core.fsmonitor",
        "core.pager",
        "diff.external",
        "diff.x.textconv",
        "diff.x.command",
    ] {
        repository.git(&["config", name, run]);
    }
    repository.git(&[
        "config",
        "core.hooksPath",
        repository.path().to_str().unwrap(),
    ]);
    fs::write(repository.path().join(".git/info/attributes"), "* diff=x\n").unwrap();
    for secrets in [Secrets::Tree, Secrets::History] {
        let probe = Git {
            secrets,
            ..past("a")
        };
        repository.facts(&probe).await;
    }
    assert!(!mark.exists(), "a program of the repository was run");
}

#[tokio::test]
async fn what_cannot_be_asked_is_our_inability() {
    let repository = Repository::new();
    let error = repository.ask(&Git::new("nowhere")).await.unwrap_err();
    assert_eq!(error.reason, Reason::FolderMissing);
    let plain = Repository(TempDir::new().unwrap());
    let error = plain.ask(&Git::new(".")).await.unwrap_err();
    assert_eq!(error.reason, Reason::GitRepository);
    assert_eq!(error.cause, ". is no Git repository");
    let without = Context {
        env: Arc::new([("PATH".to_owned(), "/nowhere".to_owned())].into()),
        ..repository.context()
    };
    let error = Git::new(".").gather(&without).await.unwrap_err();
    assert_eq!(error.reason, Reason::ToolMissing);
    assert_eq!(error.cause, "git is not installed");
    let late = Context {
        timeout: Duration::ZERO,
        ..repository.context()
    };
    let error = Git::new(".").gather(&late).await.unwrap_err();
    assert_eq!(error.reason, Reason::ProbeTimeout);
}

#[test]
fn fields_are_checked_and_shown_by_hand() {
    let probe: Git = serde_json::from_str("{}").unwrap();
    assert_eq!(probe, Git::new("."));
    assert_eq!(probe.reproduce(), "git -C . status --short --branch");
    assert_eq!(
        past("a b").reproduce(),
        "git -C . log --all --oneline -- 'a b'"
    );
    assert_eq!(
        searching(Secrets::History).contacts()[0].action,
        "read the history of the Git repository ."
    );
    assert_eq!(Git::new("").validate().unwrap_err().field, "folder");
    assert_eq!(past("\0").validate().unwrap_err().field, "path");
}
