//! The profiles of the five checklists on stands that have what they ask about.
//!
//! Each stand is in a network of its own that has loopback alone, with real servers where
//! Debian has them. Vendors are servers in this process, in the shape of their documentation;
//! all of them share one address, and are told apart by the name that they are called by.

mod batchsender;
mod engine;
mod fastapi;
mod stand;
mod valet;
mod visualkit;
mod watcher;
mod zebu;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::binary::{Bench, Ran};
use crate::support::certificates::{Authority, Identity, Leaf, pem};
use crate::support::http::{Body, Server, full, secure, status};

/// Runs `body` on a thread's own network, or not at all where there is none.
fn alone<F: Future<Output = Option<()>>>(addresses: &[&str], body: impl FnOnce() -> F) {
    if super::machine::network_of_its_own(addresses).is_none() {
        return;
    }
    // Its threads are started from here, and so in this network.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(body());
}

/// A request as vendors see it: the name they were called by, method, path with query, and body.
struct Asked<'a> {
    host: &'a str,
    method: &'a str,
    path: &'a str,
    authorization: &'a str,
    body: &'a [u8],
}

impl<'a> Asked<'a> {
    fn of(request: &'a Request<Bytes>) -> Self {
        let header = |name: &str| {
            let value = request.headers().get(name);
            value.map_or("", |value| value.to_str().unwrap_or_default())
        };
        let host = request.uri().host().unwrap_or_else(|| header("host"));
        Self {
            host: host.split(':').next().unwrap_or_default(),
            method: request.method().as_str(),
            path: request
                .uri()
                .path_and_query()
                .map_or("/", |path| path.as_str()),
            authorization: header("authorization"),
            body: request.body(),
        }
    }
}

fn say(code: u16, value: &Value) -> Response<Body> {
    let answer = status(code).header("content-type", "application/json");
    answer.body(full(value.to_string())).unwrap()
}

/// Servers of vendors behind one address. What `answer` does not know is not found.
async fn vendors(
    identity: Identity,
    answer: impl Fn(&Asked<'_>) -> Option<Response<Body>> + Clone + Send + Sync + 'static,
) -> Server {
    secure(
        identity,
        &["h2", "http/1.1"],
        move |request: Request<Bytes>| {
            let found = answer(&Asked::of(&request));
            let found = found.unwrap_or_else(|| say(404, &json!({"message": "Not Found"})));
            async move { found }
        },
    )
    .await
}

/// What a run says of each check: its status with the reason, and the report.
struct Told {
    ran: Ran,
    report: Value,
}

impl Told {
    /// Audits a profile, and reads its report.
    fn audit(bench: &Bench, args: &[String]) -> Self {
        let mut all = vec![
            "audit",
            "--report",
            "terminal",
            "--report",
            "json=report.json",
            "--verbose",
        ];
        all.extend(args.iter().map(String::as_str));
        let ran = bench.ready(&all);
        assert!(matches!(ran.code, Some(0 | 1 | 3)), "{ran:?}");
        let report = serde_json::from_str(&bench.read("report.json")).unwrap();
        Self { ran, report }
    }

    fn checks(&self) -> impl Iterator<Item = &Value> + Clone {
        self.report["checks"].as_array().unwrap().iter()
    }

    /// The checks of which a word was taken because nobody could be asked, each with the reason.
    fn stood_in(&self) -> Vec<String> {
        let attested = self.checks().filter(|check| check["status"] == "attested");
        let stood_in = attested.filter_map(|check| {
            let (id, reason) = (check["id"].as_str()?, check["reason"].as_str()?);
            Some(format!("{id}: {reason}"))
        });
        stood_in.collect()
    }

    /// The blockers and critical items but these, each in short. None of them passes.
    fn critical(&self, but: &[&str]) -> String {
        let critical = self.checks().filter(|check| {
            let id = check["id"].as_str().unwrap();
            !but.contains(&id) && (check["blocker"] == true || check["impact"] == "critical")
        });
        let passed = critical.clone().filter(|check| check["status"] == "pass");
        assert_eq!(passed.map(in_short).collect::<String>(), "");
        critical.map(in_short).collect()
    }

    /// Everything that does not have one of these statuses, with why.
    fn except(&self, statuses: &[&str]) -> String {
        Self::unlike(self.checks(), statuses)
    }

    /// Ready, and each stage over its minimum.
    fn assert_ready(&self) {
        assert_eq!(self.ran.code, Some(0), "{}", self.ran.out);
        assert_eq!(self.report["verdict"], "ready");
        for stage in self.report["sections"].as_array().unwrap() {
            let Some(minimum) = stage["minimum"].as_f64() else {
                continue;
            };
            assert!(stage["score"].as_f64().unwrap() >= minimum, "{stage}");
        }
    }

    /// The blockers, all of which fail, each in short.
    fn assert_blocked(&self) -> String {
        assert_eq!(self.ran.code, Some(1), "{}", self.ran.out);
        assert_eq!(self.report["verdict"], "not-ready");
        let blockers = self.checks().filter(|check| check["blocker"] == true);
        assert_eq!(Self::unlike(blockers.clone(), &["fail"]), "");
        blockers.map(in_short).collect()
    }

    /// Those of some checks that do not have one of these statuses, with why.
    fn unlike<'a>(checks: impl Iterator<Item = &'a Value>, statuses: &[&str]) -> String {
        let others = checks.filter(|check| {
            let status = check["status"].as_str().unwrap();
            !statuses.contains(&status)
        });
        let mut all = String::new();
        for check in others {
            let text = |field: &str| check[field].as_str().unwrap_or_default();
            _ = writeln!(
                all,
                "{}: {} {}\n    {}",
                text("id"),
                text("status"),
                text("reason"),
                text("explanation").replace('\n', "\n    ")
            );
        }
        all
    }
}

/// `ID: STATUS REASON` and what that means.
fn in_short(check: &Value) -> String {
    let field = |name: &str| check[name].as_str().unwrap_or_default();
    let why = field("explanation").lines().next().unwrap_or_default();
    // The values of a machine are not the same everywhere.
    let why = why.split(" (").next().unwrap_or_default();
    let (id, status, reason) = (field("id"), field("status"), field("reason"));
    format!("{id}: {status} {reason}\n    {why}\n")
}

/// Compares text with a snapshot of the calling module; what changes from run to run is left out.
macro_rules! assert_told {
    ($name:literal, $text:expr) => {
        insta::with_settings!({filters => vec![
            (r"\d{4}-\d\d-\d\d([T ][0-9:.]+Z?)?", "DATE"),
            (r"= \d{5,}", "= NUMBER"),
        ]}, {
            insta::assert_snapshot!($name, $text);
        });
    };
}
use assert_told;

/// The arguments of an audit in which every name leads to the stand: what is not in the zone of
/// `dns` is asked of `vendors`, which has these names and ports.
fn arguments(
    bench: &Bench,
    profile: &str,
    root: &Authority,
    dns: &str,
    (names, vendors): (&[(&str, u16)], &Server),
    values: &[(&str, String)],
) -> Vec<String> {
    let certificate = pem("CERTIFICATE", &root.certificate);
    std::fs::write(bench.path("root.pem"), certificate).unwrap();
    let mut args = ["--profile", profile, "--ca", "root.pem", "--dns", dns]
        .map(str::to_owned)
        .to_vec();
    args.extend(["--allow", "intrusive,exec"].map(str::to_owned));
    for (name, port) in names {
        let place = format!("{name}:{port}:127.0.0.1:{}", vendors.port);
        args.extend(["--resolve".to_owned(), place]);
    }
    for (name, value) in values {
        args.extend(["--set".to_owned(), format!("{name}={value}")]);
    }
    args
}

/// Writes files, each with the folders that it needs.
fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// Commits all of a folder, as a release.
fn commit(folder: &Path, tag: &str) {
    let own = ["-c", "user.name=ann", "-c", "user.email=ann@zebu.example"];
    for args in [
        &["init", "-q", "-b", "main"][..],
        &["add", "."],
        &["commit", "-qm", "Release"],
        &["tag", tag],
    ] {
        let mut git = Command::new("git");
        let ran = git
            .args(own)
            .args(args)
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(ran.status.success(), "{ran:?}");
    }
}

/// For people: prints the command that audits a stand from outside its network, and waits for
/// the end of the input.
#[expect(clippy::print_stdout, reason = "whoever looks must see the command")]
fn look_at(bench: &Bench, args: &[String]) {
    let words: Vec<String> = args.iter().map(|word| format!("'{word}'")).collect();
    let command = bench.command(&[]);
    let environment: Vec<String> = command
        .get_envs()
        .map(|(name, value)| format!("{}='{}'", name.display(), value.unwrap().display()))
        .collect();
    println!(
        "cd {} && nsenter --net=/proc/{}/task/{}/ns/net env -i {} {} audit {}",
        bench.path("").display(),
        std::process::id(),
        nix::unistd::gettid(),
        environment.join(" "),
        env!("CARGO_BIN_EXE_ready"),
        words.join(" ")
    );
    _ = std::io::Read::read_to_string(&mut std::io::stdin(), &mut String::new());
}

/// The day so many days from now.
fn day(days: i64) -> String {
    let day = Timestamp::now() + SignedDuration::from_hours(24 * days);
    day.strftime("%Y-%m-%d").to_string()
}

/// A certificate as one that renews itself is.
fn current(names: &[&str]) -> Leaf {
    Leaf::lasting(names, -10, 80)
}

/// Writes the ledger of today beside the bench's other files, and gives its path.
fn ledger(bench: &Bench, text: &str) -> String {
    let path = bench.path("stand.ledger.yaml");
    let text = text
        .replace("@TODAY@", &day(0))
        .replace("@LATER@", &day(30));
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// Copies a folder of this repository's with all that is in it; its files are new.
fn copy(from: &str, to: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/real/checklists")
        .join(from);
    let ran = Command::new("cp").arg("-r").args([&from, to]).status();
    assert!(ran.unwrap().success(), "{}", from.display());
}

/// A folder in which a command finds these programs and no others.
fn programs(bench: &Bench, found: &BTreeMap<&str, std::path::PathBuf>) -> String {
    let folder = bench.path("bin");
    std::fs::create_dir(&folder).unwrap();
    for (name, path) in found {
        std::os::unix::fs::symlink(path, folder.join(name)).unwrap();
    }
    folder.display().to_string()
}
