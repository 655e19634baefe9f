//! The `file` probe on temporary trees.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use ready::probe::file::{Facts, File, FileKind, Format};
use ready::probe::{Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use serde_json::json;
use tempfile::TempDir;

use crate::support::context;

struct Tree(TempDir);

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self(TempDir::new().unwrap());
        for (path, text) in files {
            let path = tree.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        tree
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn context(&self) -> Context {
        Context {
            cwd: self.path().into(),
            ..context(&[])
        }
    }

    async fn ask(&self, probe: &File) -> Result<Answer<Facts>, ProbeError> {
        assert_eq!(probe.validate(), Ok(()));
        probe.gather(&self.context()).await
    }

    /// Facts that have no gaps.
    async fn facts(&self, probe: &File) -> Facts {
        let answer = self.ask(probe).await.unwrap();
        assert!(answer.gaps.is_empty(), "{:?}", answer.gaps);
        answer.facts
    }
}

fn searching(path: &str, pattern: &str) -> File {
    File {
        pattern: Some(pattern.to_owned()),
        ..File::new(path)
    }
}

fn reading(path: &str, format: Format) -> File {
    File {
        format,
        ..File::new(path)
    }
}

fn gaps(answer: &Answer<Facts>) -> Vec<(&str, Reason)> {
    let gaps = answer.gaps.iter();
    gaps.map(|(path, error)| (path.as_str(), error.reason))
        .collect()
}

fn paths(facts: &Facts) -> Vec<&str> {
    facts.files.iter().map(|file| file.path.as_str()).collect()
}

/// Whether permissions hold this process back at all.
fn is_root() -> bool {
    fs::read("/proc/self/status")
        .is_ok_and(|status| String::from_utf8_lossy(&status).contains("\nUid:\t0\t"))
}

#[tokio::test]
async fn a_file_is_described() {
    let tree = Tree::new(&[("a/key", "12345")]);
    let path = tree.path().join("a/key");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let now = SystemTime::from(context(&[]).now);
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(now - Duration::from_hours(1)).unwrap();
    let facts = tree.facts(&File::new("a/key")).await;
    assert_eq!((facts.exists, facts.count), (Some(true), Some(1)));
    let file = &facts.files[0];
    assert_eq!(file.path, "a/key");
    assert_eq!(file.kind, FileKind::File);
    assert_eq!(file.size_bytes, Some(5));
    assert_eq!(file.mode.as_deref(), Some("0640"));
    assert_eq!(file.age_seconds, Some(3600));
    if is_root() {
        assert_eq!(file.owner, "root");
    }
    let absolute = tree.facts(&File::new(path.to_str().unwrap())).await;
    assert_eq!(absolute.files[0].path, path.to_str().unwrap());
}

#[tokio::test]
async fn absence_is_a_fact_that_says_nothing_about_lines() {
    let tree = Tree::new(&[("file", "")]);
    for path in ["none", "none/deeper", "file/below", &"x".repeat(5000)] {
        let facts = tree.facts(&searching(path, "x")).await;
        assert_eq!((facts.exists, facts.count), (Some(false), Some(0)));
        assert_eq!((facts.matched, facts.match_count), (None, None));
        assert_eq!(facts.matches, None);
    }
    let facts = tree.facts(&searching("none/**", "x")).await;
    assert_eq!((facts.exists, facts.match_count), (Some(false), Some(0)));
    assert_eq!(facts.matched, Some(false));
}

#[tokio::test]
async fn patterns_find_every_file_and_pass_over_what_is_not_ours() {
    let tree = Tree::new(&[
        ("Dockerfile", ""),
        ("web/Dockerfile", ""),
        ("web/api/Dockerfile.dev", ""),
        ("node_modules/x/Dockerfile", ""),
        (".git/Dockerfile", ""),
        ("vendor/Dockerfile", ""),
        (".hidden/Dockerfile", ""),
    ]);
    let found = async |path: &str| {
        let facts = tree.facts(&File::new(path)).await;
        paths(&facts).join(" ")
    };
    assert_eq!(
        found("**/Dockerfile{,.*}").await,
        ".hidden/Dockerfile Dockerfile vendor/Dockerfile web/Dockerfile web/api/Dockerfile.dev"
    );
    assert_eq!(found("./*").await, ".hidden Dockerfile vendor web");
    assert_eq!(found("web/*").await, "web/Dockerfile web/api");
    assert_eq!(found("we[b]/a?i/*.dev").await, "web/api/Dockerfile.dev");
    let absolute = format!("{}/web/*file", tree.path().display());
    assert_eq!(found(&absolute).await, absolute.replace('*', "Docker"));
    let own = File {
        exclude: vec!["web".to_owned(), "vendor".to_owned(), ".hidden".to_owned()],
        ..File::new("**/Dockerfile")
    };
    let facts = tree.facts(&own).await;
    assert_eq!(
        paths(&facts),
        [".git/Dockerfile", "Dockerfile", "node_modules/x/Dockerfile"]
    );
}

#[tokio::test]
async fn links_are_followed_to_files_and_circles_end() {
    let tree = Tree::new(&[("real/a", "x")]);
    let link = |to: &str, from: &str| symlink(to, tree.path().join(from)).unwrap();
    link("real/a", "good");
    link("nowhere", "broken");
    link("circle", "circle");
    link(".", "real/up");
    link("..", "real/top");
    let facts = tree.facts(&searching("**", "x")).await;
    let kinds: Vec<_> = facts
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.kind))
        .collect();
    assert_eq!(
        kinds,
        [
            ("broken", FileKind::BrokenLink),
            ("circle", FileKind::BrokenLink),
            ("good", FileKind::File),
            ("real", FileKind::Folder),
            ("real/a", FileKind::File),
            ("real/top", FileKind::Folder),
            ("real/up", FileKind::Folder),
        ]
    );
    assert_eq!((facts.count, facts.match_count), (Some(5), Some(2)));
    for path in ["broken", "circle"] {
        let facts = tree.facts(&File::new(path)).await;
        assert_eq!(
            (facts.exists, facts.files[0].kind),
            (Some(false), FileKind::BrokenLink)
        );
    }
}

#[tokio::test]
async fn lines_are_found_with_their_numbers() {
    let tree = Tree::new(&[("a.conf", "one\ntwo=2\r\n"), ("b.conf", "two=3\n")]);
    fs::write(tree.path().join("c.conf"), b"two=\xff\xfe\n").unwrap();
    let facts = tree.facts(&searching("*.conf", "^two=")).await;
    assert_eq!((facts.matched, facts.match_count), (Some(true), Some(3)));
    let lines: Vec<_> = facts
        .matches
        .as_ref()
        .unwrap()
        .iter()
        .map(|one| format!("{}:{}:{}", one.path, one.line, one.text.as_ref().unwrap()))
        .collect();
    assert_eq!(
        lines,
        [
            "a.conf:2:two=2",
            "b.conf:1:two=3",
            "c.conf:1:two=\u{fffd}\u{fffd}"
        ]
    );
    let unquoted = File {
        quote: false,
        ..searching("*.conf", "^two=")
    };
    let facts = tree.facts(&unquoted).await;
    assert_eq!(facts.match_count, Some(3));
    assert!(facts.matches.unwrap().iter().all(|one| one.text.is_none()));
    assert_eq!(unquoted.reproduce(), "grep -cE '^two=' *.conf");
    let facts = tree.facts(&searching("*.conf", "three")).await;
    assert_eq!((facts.matched, facts.match_count), (Some(false), Some(0)));
    let facts = tree.facts(&File::new("*.conf")).await;
    assert_eq!((facts.matched, facts.matches), (None, None));
}

#[tokio::test]
async fn what_is_cut_off_is_a_gap() {
    let tree = Tree::new(&[("many", &"x\n".repeat(201))]);
    let answer = tree.ask(&searching("many", "x")).await.unwrap();
    assert_eq!(gaps(&answer), [("matches", Reason::FileTruncated)]);
    assert_eq!(answer.facts.match_count, Some(201));
    assert_eq!(answer.facts.matches.unwrap().len(), 200);
    assert!(answer.facts.truncated);

    for number in 0..1001 {
        fs::write(tree.path().join(format!("f{number}")), "").unwrap();
    }
    let answer = tree.ask(&File::new("f*")).await.unwrap();
    assert_eq!(gaps(&answer), [("files", Reason::FileTruncated)]);
    assert_eq!(answer.facts.count, Some(1001));

    let large = fs::File::create(tree.path().join("large.json")).unwrap();
    large.set_len(2 * 1024 * 1024).unwrap();
    let answer = tree
        .ask(&reading("large.json", Format::Json))
        .await
        .unwrap();
    assert_eq!(
        gaps(&answer),
        [
            ("data", Reason::FileTruncated),
            ("documents", Reason::FileTruncated)
        ]
    );
}

#[tokio::test]
async fn a_log_of_two_gigabytes_is_searched_within_the_time() {
    let tree = Tree::new(&[]);
    let mut log = fs::File::create(tree.path().join("app.log")).unwrap();
    log.write_all(b"ERROR first\n").unwrap();
    // Sparse, so that it takes no room; to a reader it is one line of two gigabytes.
    log.set_len(2 * 1024 * 1024 * 1024).unwrap();
    let context = Context {
        timeout: Duration::from_secs(1),
        ..tree.context()
    };
    let start = Instant::now();
    let answer = searching("app.log", "^ERROR")
        .gather(&context)
        .await
        .unwrap();
    assert!(start.elapsed() < Duration::from_secs(30));
    assert_eq!(
        gaps(&answer),
        [
            ("match_count", Reason::FileTruncated),
            ("matches", Reason::FileTruncated)
        ]
    );
    assert_eq!(answer.facts.matched, Some(true), "one line settles it");
    let answer = searching("app.log", "FATAL")
        .gather(&context)
        .await
        .unwrap();
    assert_eq!(answer.gaps["matched"].reason, Reason::FileTruncated);
    assert_eq!(
        answer.gaps["matched"].cause,
        "app.log was not searched to its end"
    );
    assert_eq!(
        (answer.facts.matched, answer.facts.match_count),
        (None, None)
    );
}

#[tokio::test]
async fn documents_are_data() {
    let tree = Tree::new(&[
        ("package.json", r#"{"engines": {"node": ">=22"}}"#),
        ("ci.yml", "on: [push]\njobs: {test: {}}\n"),
        ("Cargo.toml", "[package]\nname = 'x'\n"),
        ("README.md", "# Title\n\n## Set up\n"),
        ("notes.txt", "{"),
    ]);
    let facts = tree.facts(&reading("package.json", Format::Auto)).await;
    assert_eq!(facts.data, Some(json!({"engines": {"node": ">=22"}})));
    assert_eq!(facts.documents, None);
    let facts = tree.facts(&reading("*", Format::Auto)).await;
    let documents = facts.documents.unwrap();
    let names: Vec<_> = documents.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(names, ["Cargo.toml", "ci.yml", "package.json"]);
    assert_eq!(documents[0].data["package"]["name"], "x");
    assert_eq!(documents[1].data["on"][0], "push");
    let headings = facts.headings.unwrap();
    let told: Vec<_> = headings
        .iter()
        .map(|one| (one.level, one.line, one.text.as_str()))
        .collect();
    assert_eq!(told, [(1, 1, "Title"), (2, 3, "Set up")]);

    let facts = tree.facts(&File::new("package.json")).await;
    assert_eq!(
        facts.data, None,
        "contents are only read where they are asked for"
    );
}

#[tokio::test]
async fn a_malformed_document_is_the_files_fault() {
    let tree = Tree::new(&[("x", "{\"a\": ")]);
    fs::write(tree.path().join("bytes"), b"a: \xff\n").unwrap();
    for (path, format) in [
        ("x", Format::Json),
        ("x", Format::Yaml),
        ("x", Format::Toml),
        ("bytes", Format::Yaml),
    ] {
        let answer = tree.ask(&reading(path, format)).await.unwrap();
        assert_eq!(answer.facts.data, None);
        assert_eq!(answer.gaps["data"].reason, Reason::FileMalformed);
        assert_eq!(answer.gaps["data"].cause, format!("{path} is malformed"));
    }
}

#[tokio::test]
async fn only_regular_files_are_opened() {
    let tree = Tree::new(&[]);
    let pipe = tree.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(tree.path().join("socket")).unwrap();
    fs::create_dir(tree.path().join("folder")).unwrap();
    for (path, kind) in [
        ("pipe", FileKind::Pipe),
        ("socket", FileKind::Socket),
        ("folder", FileKind::Folder),
        ("/dev/zero", FileKind::Device),
    ] {
        let probe = File {
            format: Format::Json,
            ..searching(path, "x")
        };
        let answer = tree.ask(&probe).await.unwrap();
        assert_eq!(answer.facts.files[0].kind, kind);
        for fact in ["matched", "match_count", "matches", "data", "headings"] {
            assert_eq!(
                answer.gaps[fact].reason,
                Reason::FileUnreadable,
                "{path} {fact}"
            );
        }
        assert_eq!(
            answer.gaps["matched"].cause,
            format!("{path} is not a file")
        );
    }
    let facts = tree.facts(&searching("*", "x")).await;
    assert_eq!((facts.count, facts.match_count), (Some(3), Some(0)));
}

#[tokio::test]
async fn what_may_not_be_read_is_unknown() {
    if is_root() {
        // Nothing is forbidden to this user; a process's memory map of its own cannot be read
        // as a file either way, and stands for what fails for another reason.
        let tree = Tree::new(&[]);
        let answer = tree.ask(&searching("/proc/self/mem", "x")).await.unwrap();
        assert_eq!(answer.gaps["matched"].reason, Reason::FileUnreadable);
        return;
    }
    let tree = Tree::new(&[("secret", "x"), ("closed/a", "x")]);
    let forbid = |path: &str| {
        let none = fs::Permissions::from_mode(0o000);
        fs::set_permissions(tree.path().join(path), none).unwrap();
    };
    forbid("secret");
    forbid("closed");
    let answer = tree.ask(&searching("secret", "x")).await.unwrap();
    assert_eq!(answer.facts.exists, Some(true));
    assert_eq!(answer.gaps["matched"].reason, Reason::PermissionDenied);
    let error = tree.ask(&File::new("closed/a")).await.unwrap_err();
    assert_eq!(error.reason, Reason::PermissionDenied);
    assert_eq!(error.cause, "closed/a cannot be read");
    let answer = tree.ask(&File::new("**/b")).await.unwrap();
    assert_eq!(answer.gaps["exists"].reason, Reason::PermissionDenied);
    assert_eq!((answer.facts.exists, answer.facts.count), (None, None));
    let open = fs::Permissions::from_mode(0o700);
    fs::set_permissions(tree.path().join("closed"), open).unwrap();
}

#[test]
fn fields_are_checked_and_shown_by_hand() {
    let probe: File = serde_json::from_str(r#"{"path": "a b"}"#).unwrap();
    assert_eq!(probe, File::new("a b"));
    assert_eq!(probe.reproduce(), "ls -ld 'a b'");
    let contact = &probe.contacts()[0];
    assert_eq!(
        (contact.place(), contact.action.as_str()),
        ("this machine".to_owned(), "read a b")
    );
    assert_eq!(
        searching("*.c", "a'b").reproduce(),
        r"grep -nE 'a'\''b' *.c"
    );
    assert_eq!(reading("x.json", Format::Auto).reproduce(), "cat x.json");
    for path in ["", " ", "a\0b", "a/[", "{a"] {
        assert_eq!(File::new(path).validate().unwrap_err().field, "path");
    }
    let invalid = searching("a", "(").validate().unwrap_err();
    assert_eq!(
        (invalid.field.as_str(), invalid.message.as_str()),
        ("pattern", "unclosed group")
    );
    assert!(serde_json::from_str::<File>(r#"{"path": "a", "patern": "b"}"#).is_err());
}
