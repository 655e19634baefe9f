//! The profiles of the five checklists on stands that have what they ask about.
//!
//! Each stand is in a network of its own that has loopback alone, with real servers where
//! Debian has them. Vendors are servers in this process, in the shape of their documentation;
//! all of them share one address, and are told apart by the name that they are called by.

mod zebu;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use crate::support::binary::{Bench, Ran};
use crate::support::certificates::Identity;
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

    /// Everything that does not have one of these statuses, with why.
    fn except(&self, statuses: &[&str]) -> String {
        Self::unlike(self.checks(), statuses)
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

/// A folder in which a command finds these programs and no others.
fn programs(bench: &Bench, found: &BTreeMap<&str, std::path::PathBuf>) -> String {
    let folder = bench.path("bin");
    std::fs::create_dir(&folder).unwrap();
    for (name, path) in found {
        std::os::unix::fs::symlink(path, folder.join(name)).unwrap();
    }
    folder.display().to_string()
}
