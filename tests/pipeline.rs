//! From a profile to a report, over real sockets on loopback.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ready::evidence::Evidence;
use ready::gather::{Limits, gather};
use ready::host::Host;
use ready::judge::{Answers, Status, judge};
use ready::ledger::Ledger;
use ready::plan::{Allow, Plan};
use ready::profile::{Profile, load};
use ready::report::{Report, Style, format};
use ready::score::{Judged, Overall, score};

use crate::support::binary::Bench;
use crate::support::context;
use crate::support::origin::{Origin, ok};

const PROFILE: &str = r#"
ready: 1
id: ports
title: Two ports
minimum: 60
vars:
  open: {required: true, about: "a port that accepts"}
  closed: {required: true, about: "a port that refuses"}
sections:
  - id: up
    title: What is up
    checks:
      - id: ports.open
        title: The port is open
        impact: high
        probe: {tcp: {host: up.example, port: "${open}"}}
        expect: tcp.open
      - id: ports.few
        title: The name has one address
        probe: {tcp: {host: up.example, port: "${open}"}}
        expect: size(tcp.addresses) > 1
      - id: ports.either
        title: One of two is enough
        any:
          - {probe: {tls: {host: down.example, port: "${closed}"}}, expect: tls.verified}
          - {probe: {tcp: {host: up.example, port: "${open}"}}, expect: tcp.open}
  - id: down
    title: What is down
    checks:
"#;

fn profile(open: u16, closed: u16) -> Profile {
    let mut text = PROFILE.to_owned();
    for name in ["verified", "trusted", "name_matches"] {
        _ = writeln!(
            text,
            "      - {{id: down.{name}, title: Certificate is {name}, \
             probe: {{tls: {{host: down.example, port: \"${{closed}}\"}}}}, expect: tls.{name}}}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ports.yaml"), text).unwrap();
    let set = [("open", open), ("closed", closed)]
        .map(|(name, port)| (name.to_owned(), port.to_string()));
    let host = Host {
        env: BTreeMap::new(),
        cwd: folder.path().to_owned(),
        now: "2026-11-21T12:00:00Z".parse().unwrap(),
        stdin_is_terminal: false,
        stdout_is_terminal: false,
        stderr_is_terminal: false,
        columns: None,
    };
    match load("ports.yaml", &set.into(), &host) {
        Ok(loaded) => loaded.profile,
        Err(problems) => panic!("{}", problems.render(false)),
    }
}

fn report(profile: &Profile, evidence: &Evidence) -> Report {
    let answers = Answers::new(evidence);
    let judged: Vec<Judged<'_>> = profile
        .checks
        .iter()
        .map(|check| Judged {
            check,
            verdict: judge(check, &answers, &Ledger::default()),
        })
        .collect();
    let score = score(profile, &judged, &Ledger::default());
    Report::build(profile, evidence, &judged, score)
}

#[tokio::test]
async fn a_run_is_judged_scored_and_reported() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let open = listener.local_addr().unwrap().port();
    // Bound but never listened on: refuses, and nobody else can take it meanwhile.
    let refusing = tokio::net::TcpSocket::new_v4().unwrap();
    refusing.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = refusing.local_addr().unwrap().port();

    let profile = profile(open, closed);
    let plan = Plan::of(
        &profile,
        &ready::ledger::Ledger::default(),
        Allow::default(),
    );
    assert_eq!(plan.questions.len(), 2, "six checks ask two questions");
    let evidence = gather(
        &plan,
        &profile.identity,
        &context(&[]),
        Limits::default(),
        std::future::pending(),
        |_| {},
    )
    .await;

    let report = report(&profile, &evidence);
    let statuses: Vec<_> = report.checks.iter().map(|check| check.status).collect();
    let failed = [Status::Fail; 3];
    assert_eq!(statuses[..3], [Status::Pass, Status::Fail, Status::Pass]);
    assert_eq!(statuses[3..], failed);
    assert_eq!(report.verdict, Overall::NotReady);
    assert_eq!(report.causes.len(), 1);
    assert_eq!(report.causes[0].checks.len(), 3);
    assert_eq!(report.causes[0].reason, "tcp.refused");
    assert_eq!(report.fix_first.len(), 2);
    assert!(
        report.checks[1]
            .explanation
            .contains("size(tcp.addresses) = 1")
    );
    let text = format("terminal")
        .unwrap()
        .render(&report, &Style::default());
    let text = String::from_utf8(text.unwrap()).unwrap();
    assert!(text.contains("refused the connection"), "{text}");

    // Saved evidence gives the same report, whenever it is judged.
    let saved = serde_json::to_string(&evidence).unwrap();
    let again: Evidence = serde_json::from_str(&saved).unwrap();
    assert_eq!(self::report(&profile, &again), report);
}

#[test]
fn a_burst_comes_after_all_other_questions() {
    // A service that refuses everything once it was asked 30 times.
    let asked = AtomicUsize::new(0);
    let origin = Origin::start(move |_, stream| {
        if asked.fetch_add(1, Ordering::SeqCst) < 30 {
            return ok(stream, "fine");
        }
        let busy = "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n";
        _ = stream.write_all(busy.as_bytes());
    });
    let mut profile = "ready: 1\nid: shop\ntitle: Shop\nvars: {url: {required: true}}\nchecks:\n  \
                       - {id: burst, title: Burst, probe: {burst: {url: \"${url}\", count: 60}}, expect: burst.limited}\n  \
                       - {id: posts, title: Posts, probe: {http: {url: \"${url}\", method: POST}}, expect: http.status == 200}\n"
        .to_owned();
    for number in 0..12 {
        _ = writeln!(
            profile,
            "  - {{id: page{number}, title: Page, probe: {{http: {{url: \"${{url}}?{number}\"}}}}, expect: http.status == 200}}"
        );
    }
    let bench = Bench::new().file("shop.yaml", profile);
    let set = format!("url={}", origin.url("/"));
    let ran = bench.ready(&[
        "audit",
        "--profile",
        "shop.yaml",
        "--set",
        &set,
        "--allow",
        "intrusive",
    ]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let requests = origin.requests();
    let first_post = requests.iter().position(|line| line.starts_with("POST"));
    assert_eq!(first_post, Some(12), "{requests:?}");
}

#[test]
fn programs_run_after_what_is_timed() {
    let bench = Bench::new();
    let answered = bench.path("answered");
    let origin = Origin::start(move |_, stream| {
        std::thread::sleep(Duration::from_millis(300));
        std::fs::write(&answered, "").unwrap();
        ok(stream, "fine");
    });
    let bench = bench.file(
        "shop.yaml",
        "ready: 1\nid: shop\ntitle: Shop\nvars: {url: {required: true}}\nchecks:\n  \
         - {id: tests, title: Tests, probe: {command: {argv: ['test -e answered'], shell: true}}, expect: command.exit_code == 0}\n  \
         - {id: page, title: Page, probe: {http: {url: \"${url}\"}}, expect: http.status == 200}\n",
    );
    let set = format!("url={}", origin.url("/"));
    let args = [
        "audit",
        "--profile",
        "shop.yaml",
        "--allow",
        "exec",
        "--set",
    ];
    let ran = bench.ready(&[&args[..], &[&set]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
}
