//! The binary as people run it: exit codes, streams, formats, unhappy paths.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write;
use std::net::{Shutdown, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::support::binary::{Bench, stop};
use crate::support::origin::{Origin, ok};

/// A profile of one check on one URL.
fn one(url: &str, expect: &str) -> String {
    format!(
        "ready: 1\nid: one\ntitle: One\ndefaults: {{timeout: 2s, retries: 0}}\nchecks:\n  \
         - {{id: a, title: It answers, probe: {{http: {{url: '{url}'}}}}, expect: \"{expect}\"}}\n"
    )
}

fn json(bench: &Bench, args: &[&str]) -> (Option<i32>, serde_json::Value) {
    let ran = bench.ready(&[&["audit", "--report", "json"], args].concat());
    let report = serde_json::from_str(&ran.out)
        .unwrap_or_else(|error| panic!("{error} in {}\n{}", ran.out, ran.err));
    (ran.code, report)
}

#[test]
fn a_passing_profile_is_ready() {
    let origin = Origin::always("fine");
    let bench = Bench::new().file("p.yaml", one(&origin.url("/"), "http.status == 200"));
    let ran = bench.ready(&["audit", "--profile", "p.yaml"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert_eq!(ran.err, "", "nothing but the report is told");
    assert_eq!(origin.requests(), ["GET / HTTP/1.1"]);
}

#[test]
fn a_failing_check_is_not_ready_and_shows_its_values() {
    let origin = Origin::always("fine");
    let bench = Bench::new().file("p.yaml", one(&origin.url("/"), "http.status == 204"));
    let ran = bench.ready(&["audit", "--profile", "p.yaml"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("http.status = 200"), "{}", ran.out);
}

#[test]
fn a_dead_host_fails_once_for_all_its_checks() {
    let dead = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut profile = "ready: 1\nid: dead\ntitle: Dead\nchecks:\n".to_owned();
    for number in 0..12 {
        _ = writeln!(
            profile,
            "  - {{id: c{number}, title: Check {number}, probe: {{http: {{url: 'http://{dead}/{number}'}}}}, expect: http.status == 200}}"
        );
    }
    let bench = Bench::new().file("p.yaml", profile);
    let ran = bench.ready(&["audit", "--profile", "p.yaml"]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    let told = ran.out.matches("refused the connection").count();
    assert!((1..=3).contains(&told), "told {told} times:\n{}", ran.out);
    assert!(ran.out.contains("12 checks"), "{}", ran.out);
}

#[test]
fn our_own_inability_is_inconclusive() {
    let origin = Origin::always("fine");
    let profile = format!(
        "ready: 1\nid: s\ntitle: S\nsecrets: {{TOKEN: {{about: a token}}}}\nchecks:\n  \
         - {{id: a, title: A, probe: {{http: {{url: '{}', auth: {{bearer: '${{secrets.TOKEN}}'}}}}}}, expect: http.status == 200}}\n",
        origin.url("/")
    );
    let bench = Bench::new().file("p.yaml", profile);
    let (code, report) = json(&bench, &["--profile", "p.yaml"]);
    assert_eq!(code, Some(3), "{report:#}");
    assert_eq!(report["checks"][0]["status"], "error");
    assert_eq!(report["checks"][0]["reason"], "credential.missing");
    assert_eq!(
        origin.requests(),
        [""; 0],
        "nothing is sent without the token"
    );
}

#[test]
fn secrets_reach_the_server_and_no_output() {
    const CANARY: &str = "canary/with+odd=chars\"42";
    // A server that echoes what it is sent, in several forms.
    let origin = Origin::start(|_, stream| {
        ok(
            stream,
            &format!(
                "you sent {CANARY} {}",
                url::form_urlencoded::byte_serialize(CANARY.as_bytes()).collect::<String>()
            ),
        );
    });
    let profile = format!(
        "ready: 1\nid: s\ntitle: S\nsecrets: {{TOKEN: {{about: a token}}}}\nchecks:\n  \
         - {{id: a, title: A, probe: {{http: {{url: '{}', auth: {{basic: {{user: me, password: '${{secrets.TOKEN}}'}}}}}}}}, expect: http.status == 500 && http.body.contains('nope')}}\n",
        origin.url("/?q=1")
    );
    let bench = Bench::new().file("p.yaml", profile).env("TOKEN", CANARY);
    let formats = ["terminal=t", "json=j", "junit=x", "markdown=m"];
    let mut args = vec!["audit", "--profile", "p.yaml", "--verbose"];
    for format in formats {
        args.extend(["--report", format]);
    }
    let ran = bench.ready(&args);
    let gathered = bench.ready(&["gather", "--profile", "p.yaml", "--output", "e.json"]);
    let mut outputs = vec![
        ran.out,
        ran.err,
        gathered.out,
        gathered.err,
        bench.read("e.json"),
    ];
    outputs.extend(["t", "j", "x", "m"].map(|name| bench.read(name)));
    for output in outputs {
        for form in [
            "canary/with",
            "canary%2Fwith",
            "bWU6Y2FuYXJ5",
            "canary\\/with",
        ] {
            assert!(!output.contains(form), "{form} came through in {output}");
        }
    }
    assert!(bench.read("e.json").contains("***"));
}

/// A question of every kind that takes a secret: its fields, and what cannot hold.
fn asking_with_secrets(port: u16) -> Vec<(&'static str, String, &'static str)> {
    let place = format!("host: localhost, port: {port}");
    let url = format!("url: 'http://localhost:{port}/'");
    let bearer = "auth: {bearer: '${secrets.TOKEN}'}";
    let password = "password: '${secrets.TOKEN}'";
    let mut kinds = vec![
        ("api", format!("{url}, {bearer}"), "api.status == 200"),
        (
            "burst",
            format!("{url}, {bearer}, count: 2"),
            "burst.limited",
        ),
        (
            "bundle",
            format!("{url}, {bearer}"),
            "bundle.files.size() > 0",
        ),
        (
            "clickhouse",
            format!("{url}, user: me, {password}"),
            "clickhouse.version == 'x'",
        ),
        (
            "github",
            format!(
                "repository: me/shop, about: [runs], token: '${{secrets.TOKEN}}', base: 'http://localhost:{port}/'"
            ),
            "github.runs.size() > 0",
        ),
        ("http", format!("{url}, {bearer}"), "http.body == 'x'"),
        (
            "jwt",
            "token: '${secrets.TOKEN}'".to_owned(),
            "jwt.token.expired",
        ),
        (
            "limits",
            format!("{url}, {bearer}, attempts: [malformed]"),
            "limits.malformed.status == 400",
        ),
        (
            "kubernetes",
            format!("server: 'http://localhost:{port}', token: '${{secrets.TOKEN}}'"),
            "kubernetes.version == 'x'",
        ),
        (
            "nats",
            format!("{place}, user: me, {password}"),
            "nats.ping",
        ),
        (
            "prometheus",
            format!("{url}, {bearer}, query: up"),
            "prometheus.value > 1",
        ),
        ("redis", format!("{place}, {password}"), "redis.ping"),
        (
            "scenario",
            format!("steps: [{{name: a, {url}, {bearer}}}]"),
            "scenario.steps.a.status == 200",
        ),
        (
            "websocket",
            format!("url: 'ws://localhost:{port}/', {bearer}, send: '${{secrets.TOKEN}}'"),
            "websocket.accepted",
        ),
        (
            "command",
            "argv: [sh, -c, 'echo $T; echo $T >&2; exit 3'], set: {T: '${secrets.TOKEN}'}"
                .to_owned(),
            "command.stdout == 'x' && command.exit_code == 0",
        ),
    ];
    if cfg!(feature = "postgres") {
        let fields = format!("{place}, user: me, {password}, tls: disable");
        kinds.push(("postgres", fields, "postgres.encrypted"));
    }
    if cfg!(feature = "backups") {
        let keys = "access_key: me, secret_key: '${secrets.TOKEN}', token: '${secrets.TOKEN}'";
        let place = format!("location: 's3://b/p', endpoint: 'http://localhost:{port}', {keys}");
        kinds.push(("backups", place, "backups.count > 0"));
    }
    kinds
}

/// Whatever speaks back what it is sent, to every kind that takes a secret.
#[test]
fn secrets_of_every_kind_stay_inside() {
    const CANARY: &str = "canary/with+odd=chars\"42";
    let escaped = CANARY.replace('/', "\\/").replace('"', "\\\"");
    let encoded: String = url::form_urlencoded::byte_serialize(CANARY.as_bytes()).collect();
    let echo = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = echo.local_addr().unwrap().port();
    // It ends with the test's process; each connection gets its few bytes and is closed.
    std::thread::spawn(move || {
        for stream in echo.incoming() {
            let mut stream = stream.unwrap();
            let mut buffer = [0; 4096];
            _ = std::io::Read::read(&mut stream, &mut buffer);
            let said = format!("{CANARY} {encoded} {escaped} canary/with+odd=chars&quot;42");
            let head = format!("HTTP/1.1 500 {said}\r\ncontent-length: {}", said.len());
            _ = std::io::Write::write_all(
                &mut stream,
                format!("{head}\r\nconnection: close\r\n\r\n{said}").as_bytes(),
            );
        }
    });
    let kinds = asking_with_secrets(port);
    let mut profile =
        "ready: 1\nid: s\ntitle: S\nsecrets: {TOKEN: {about: a token}}\ndefaults: {timeout: 2s, retries: 0}\nchecks:\n".to_owned();
    for (kind, fields, expect) in &kinds {
        let probe = format!("{{{kind}: {{{fields}}}}}");
        _ = writeln!(
            profile,
            "  - {{id: {kind}, title: T, probe: {probe}, expect: \"{expect}\"}}"
        );
    }
    let bench = Bench::new()
        .file("p.yaml", profile)
        .env("TOKEN", CANARY)
        .env("PATH", "/usr/bin:/bin");
    let mut args = vec!["audit", "--profile", "p.yaml", "--allow", "intrusive,exec"];
    args.push("--verbose");
    for format in ["terminal=t", "json=j", "junit=x", "markdown=m"] {
        args.extend(["--report", format]);
    }
    let ran = bench.ready(&args);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let report: serde_json::Value = serde_json::from_str(&bench.read("j")).unwrap();
    for check in report["checks"].as_array().unwrap() {
        assert_ne!(check["status"], "pass", "{check:#}");
        assert_ne!(check["reason"], "probe.internal", "{check:#}");
    }
    let mut outputs = vec![ran.out, ran.err];
    outputs.extend(["t", "j", "x", "m"].map(|name| bench.read(name)));
    for output in outputs {
        for form in ["canary/", "canary%2F", "canary\\/", "canary&#", "Y2FuYXJ5"] {
            assert!(!output.contains(form), "{form} came through in {output}");
        }
    }
}

#[test]
fn one_service_with_forty_checks_gets_one_request() {
    let origin = Origin::always("fine");
    let mut profile = "ready: 1\nid: forty\ntitle: Forty\nchecks:\n".to_owned();
    for number in 0..40 {
        _ = writeln!(
            profile,
            "  - {{id: c{number}, title: Check {number}, probe: {{http: {{url: '{}'}}}}, expect: http.status == 200 && {number} < http.status}}",
            origin.url("/")
        );
    }
    let bench = Bench::new().file("p.yaml", profile);
    let (code, report) = json(&bench, &["--profile", "p.yaml"]);
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(report["checks"].as_array().unwrap().len(), 40);
    assert_eq!(report["run"]["requests"], 1);
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn questions_are_asked_at_the_same_time() {
    let origin = Origin::start(|_, stream| {
        std::thread::sleep(Duration::from_millis(300));
        ok(stream, "slow");
    });
    let mut profile = "ready: 1\nid: twelve\ntitle: Twelve\nchecks:\n".to_owned();
    for number in 0..12 {
        _ = writeln!(
            profile,
            "  - {{id: c{number}, title: Check {number}, probe: {{http: {{url: '{}'}}}}, expect: http.status == 200}}",
            origin.url(&format!("/{number}"))
        );
    }
    let bench = Bench::new().file("p.yaml", profile);
    let (code, report) = json(&bench, &["--profile", "p.yaml"]);
    assert_eq!(code, Some(0), "{report:#}");
    let wall = report["run"]["wall_ms"].as_f64().unwrap();
    // One after the other would take 3,600 ms; how close to 300 it is, is benches' business.
    assert!((300.0..1800.0).contains(&wall), "took {wall} ms");
    assert!(report["run"]["critical_path_ms"].as_f64().unwrap() <= wall);
}

#[test]
fn a_deadline_leaves_a_range() {
    let origin = Origin::start(|target, stream| {
        if target == "/slow" {
            std::thread::sleep(Duration::from_secs(20));
        }
        ok(stream, "fine");
    });
    let profile = format!(
        "ready: 1\nid: d\ntitle: D\nminimum: 60\nchecks:\n  \
         - {{id: quick, title: Quick, probe: {{http: {{url: '{}'}}}}, expect: http.status == 200}}\n  \
         - {{id: slow, title: Slow, timeout: 15s, probe: {{http: {{url: '{}'}}}}, expect: http.status == 200}}\n",
        origin.url("/"),
        origin.url("/slow")
    );
    let bench = Bench::new().file("p.yaml", profile);
    let start = Instant::now();
    let (code, report) = json(&bench, &["--profile", "p.yaml", "--deadline", "1s"]);
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(code, Some(3), "{report:#}");
    assert_eq!(report["run"]["deadline_hit"], true);
    assert_eq!(report["checks"][1]["reason"], "run.deadline");
    assert_eq!(report["score"], 50.0);
    assert_eq!(report["score_max"], 100.0);
}

#[test]
fn of_several_checks_with_one_cause_only_what_holds_for_all_is_told() {
    let check = |id: &str| {
        format!(
            "  - {{id: {id}, title: {id}, probe: {{command: {{argv: [no-such-program]}}}}, \
             expect: command.exit_code == 0, attest: {{ask: Look at {id}}}}}\n"
        )
    };
    let head = "ready: 1\nid: shop\ntitle: Shop\nchecks:\n";
    let one = Bench::new().file("p.yaml", format!("{head}{}", check("one")));
    let args = ["audit", "--profile", "p.yaml", "--allow", "exec"];
    assert!(one.ready(&args).out.contains("Look at one"));
    let both = format!("{head}{}{}", check("one"), check("two"));
    let ran = Bench::new().file("p.yaml", both).ready(&args);
    assert_eq!(ran.code, Some(3), "{}", ran.out);
    assert!(
        ran.out.contains("no-such-program is not installed"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("Look at one"), "{}", ran.out);
}

#[test]
#[cfg(unix)]
fn a_signal_to_stop_still_writes_the_report() {
    for signal in ["INT", "TERM"] {
        let origin = Origin::start(|_, _| std::thread::sleep(Duration::from_secs(30)));
        let profile = one(&origin.url("/"), "http.status == 200").replace("2s", "25s");
        let bench = Bench::new().file("p.yaml", profile);
        let child = bench
            .command(&["audit", "--profile", "p.yaml", "--report", "json=out.json"])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        while origin.requests().is_empty() {
            std::thread::sleep(Duration::from_millis(20));
        }
        stop(&child, signal);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{signal}");
        let report: serde_json::Value = serde_json::from_str(&bench.read("out.json")).unwrap();
        assert_eq!(report["checks"][0]["reason"], "run.interrupted");
        assert_eq!(report["run"]["interrupted"], true);
    }
}

#[test]
fn trouble_on_the_way_is_asked_again_and_told() {
    let asked = AtomicU32::new(0);
    let origin = Origin::start(move |_, stream| {
        if asked.fetch_add(1, Ordering::SeqCst) == 0 {
            // Gone before an answer.
            stream.shutdown(Shutdown::Both).unwrap();
        } else {
            ok(stream, "fine");
        }
    });
    let profile = one(&origin.url("/"), "http.status == 200").replace("retries: 0", "retries: 2");
    let bench = Bench::new().file("p.yaml", profile);
    let (code, report) = json(&bench, &["--profile", "p.yaml"]);
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(report["checks"][0]["attempts"], 2);
    let text = bench.ready(&["report", "--report", "terminal", "missing.json"]);
    assert_eq!(text.code, Some(2), "a missing file is a usage error");
}

#[test]
fn an_answer_is_never_asked_for_twice() {
    let origin = Origin::always("fine");
    let profile = one(&origin.url("/"), "http.status == 500").replace("retries: 0", "retries: 5");
    let bench = Bench::new().file("p.yaml", profile);
    let (code, _) = json(&bench, &["--profile", "p.yaml"]);
    assert_eq!(code, Some(1));
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn intrusive_questions_wait_for_permission() {
    let origin = Origin::always("fine");
    let profile =
        one(&origin.url("/"), "http.status == 200").replace("{url:", "{method: POST, url:");
    let bench = Bench::new().file("p.yaml", profile);
    let (code, report) = json(&bench, &["--profile", "p.yaml"]);
    assert_eq!(code, Some(3), "{report:#}");
    assert_eq!(report["checks"][0]["status"], "skipped");
    assert_eq!(report["checks"][0]["reason"], "allow.intrusive");
    assert_eq!(origin.requests(), [""; 0], "nothing was sent");
    let (code, _) = json(&bench, &["--profile", "p.yaml", "--allow", "intrusive"]);
    assert_eq!(code, Some(0));
    assert_eq!(origin.requests(), ["POST / HTTP/1.1"]);
}

#[test]
fn hostile_answers_end_in_time_with_their_reason() {
    type Serve = fn(&mut std::net::TcpStream);
    let endless: Serve = |stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n");
        let chunk = vec![b'x'; 65536];
        while stream.write_all(&chunk).is_ok() {}
    };
    let dripping: Serve = |stream| {
        for byte in b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello" {
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    };
    let silent: Serve = |_| std::thread::sleep(Duration::from_secs(20));
    let headers: Serve = |stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        for number in 0..10_000 {
            if stream
                .write_all(format!("x-{number}: y\r\n").as_bytes())
                .is_err()
            {
                return;
            }
        }
        let _ = stream.write_all(b"content-length: 0\r\n\r\n");
    };
    let garbage: Serve = |stream| {
        let _ = stream.write_all(b"\x00\x01\x02 not http at all\r\n\r\n");
        let _ = stream.shutdown(Shutdown::Both);
    };
    let cases: [(&str, Serve, &[&str]); 5] = [
        ("endless", endless, &["pass"]),
        ("dripping", dripping, &["http.timeout"]),
        ("silent", silent, &["http.timeout"]),
        ("headers", headers, &["http.protocol"]),
        ("garbage", garbage, &["http.protocol"]),
    ];
    for (name, serve, expected) in cases {
        let origin = Origin::start(move |_, stream| serve(stream));
        let bench = Bench::new().file("p.yaml", one(&origin.url("/"), "http.status == 200"));
        let start = Instant::now();
        let (code, report) = json(&bench, &["--profile", "p.yaml"]);
        assert!(start.elapsed() < Duration::from_secs(10), "{name} hung");
        let check = &report["checks"][0];
        let outcome = check["reason"].as_str().unwrap_or("pass");
        assert!(expected.contains(&outcome), "{name}: {check:#}");
        assert_eq!(code, Some(i32::from(outcome != "pass")), "{name}");
    }
}

#[test]
fn escape_codes_and_commands_in_answers_do_nothing() {
    let origin = Origin::start(|_, stream| {
        let body = "\u{1b}[2J\u{1b}]0;owned\u{7}\n::error::owned\n]]><script>alert(1)</script>|`@team`\u{202e}";
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-evil: \u{1b}[31mred ::error::x\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let _ = stream.write_all(head.as_bytes());
    });
    let expect = "http.body == 'x' && http.headers['x-evil'] == 'y'";
    let bench = Bench::new().file("p.yaml", one(&origin.url("/"), expect));
    let ran = bench.ready(&[
        "audit",
        "--profile",
        "p.yaml",
        "--verbose",
        "--report",
        "terminal",
        "--report",
        "junit=x.xml",
        "--report",
        "markdown=m.md",
        "--report",
        "json=j.json",
    ]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    for output in [
        ran.out,
        ran.err,
        bench.read("x.xml"),
        bench.read("m.md"),
        bench.read("j.json"),
    ] {
        assert!(
            !output.contains('\u{1b}'),
            "an escape code came through: {output}"
        );
        assert!(
            !output.lines().any(|line| line.starts_with("::")),
            "{output}"
        );
        assert!(!output.contains('\u{202e}'), "{output}");
    }
    assert!(!bench.read("m.md").contains("<script>"));
    assert!(!bench.read("x.xml").contains("<script>"));
}

#[test]
fn mistakes_on_the_command_line_are_usage_errors() {
    let bench = Bench::new().file("p.yaml", one("http://127.0.0.1:9/", "http.status == 200"));
    for (args, told) in [
        (&["audit"][..], "nothing to audit"),
        (&["audit", "--profile", "nope.yaml"], "nope.yaml"),
        (
            &["audit", "--profile", "p.yaml", "--report", "jnuit"],
            "junit",
        ),
        (
            &[
                "audit",
                "--profile",
                "p.yaml",
                "--report",
                "json",
                "--report",
                "junit",
            ],
            "standard output",
        ),
        (
            &["audit", "--profile", "p.yaml", "--only", "b"],
            "called `b`",
        ),
        (&["audit", "--profile", "p.yaml", "--skip", "a"], "no check"),
        (
            &["audit", "--profile", "p.yaml", "--min-score", "101"],
            "0 to 100",
        ),
        (
            &["audit", "--profile", "p.yaml", "--ca", "none.pem"],
            "none.pem",
        ),
        (
            &["audit", "--profile", "p.yaml", "--ca", "p.yaml"],
            "no PEM certificate",
        ),
        (&["audit", "ftp://example.com"], "no web address"),
        (&["audit", "web"], "--profile web"),
        (&["audit", "https://a.test", "a.test"], "named twice"),
        (
            &["audit", "--resolve", "x", "--profile", "p.yaml"],
            "HOST:PORT:ADDR",
        ),
        (&["judge", "p.yaml", "--profile", "p.yaml"], "not evidence"),
        (&["explain", "no/such-check"], "no/such-check"),
        (&["explain", "probe", "zebu"], "no probe is called `zebu`"),
        (
            &["explain", "thing", "zebu"],
            "check, profile, probe, reason",
        ),
        (&["explain", "profile", "zebu", "web"], "unexpected"),
        (&["schema", "nothing"], "nothing"),
        (&["frobnicate"], "frobnicate"),
    ] {
        let ran = bench.ready(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(told), "{args:?} told {}", ran.err);
        assert_eq!(ran.out, "", "{args:?}: nothing on standard output");
    }
}

#[test]
fn a_kind_may_stand_before_what_is_explained() {
    let bench = Bench::new();
    for (kind, id) in [
        ("profile", "zebu"),
        ("check", "tls/certificate-valid"),
        ("probe", "http"),
        ("reason", "tcp.refused"),
    ] {
        let short = bench.ready(&["explain", id]);
        let long = bench.ready(&["explain", kind, id]);
        assert_eq!((long.code, long.out), (Some(0), short.out), "{kind} {id}");
        assert_eq!(long.err, "");
    }
}

#[test]
fn a_report_that_cannot_be_written_does_not_take_the_others_along() {
    let origin = Origin::always("fine");
    let bench = Bench::new().file("p.yaml", one(&origin.url("/"), "http.status == 200"));
    let audit =
        |reports: &[&str]| bench.ready(&[&["audit", "--profile", "p.yaml"], reports].concat());
    let full = audit(&["--report", "json=/dev/full", "--report", "junit=j.xml"]);
    assert_eq!(full.code, Some(2), "{}", full.err);
    assert!(full.err.contains("cannot write /dev/full"), "{}", full.err);
    assert!(full.out.contains("READY"), "{}", full.out);
    assert!(bench.read("j.xml").contains("<testsuites"));

    let asked = origin.requests().len();
    for reports in [
        &["--report", "json=missing/r.json"][..],
        &["--report", "json=."],
        &["--report", "json=p.yaml/r.json"],
        &["--report", "json=same", "--report", "junit=same"],
    ] {
        let refused = audit(reports);
        assert_eq!(refused.code, Some(2), "{reports:?}: {}", refused.err);
        assert_eq!(refused.out, "", "{reports:?}");
    }
    let gathered = bench.ready(&["gather", "--profile", "p.yaml", "-o", "missing/e.json"]);
    assert_eq!(gathered.code, Some(2), "{}", gathered.err);
    assert_eq!(
        origin.requests().len(),
        asked,
        "refused before anything is asked"
    );
}

#[test]
fn a_variable_without_a_value_is_told_once() {
    let ran = Bench::new().ready(&["validate", "web"]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.err.matches("error[").count(), 1, "{}", ran.err);
    assert!(
        ran.err.contains("`--set url=https://example.com/`"),
        "{}",
        ran.err
    );
    let profile = "ready: 1\nid: p\nvars:\n  api: \"https://api.${site.domain}/\"\n  \
        site: {required: true}\n  list: {type: list, required: true}\nchecks:\n  \
        - {id: a, for_each: '${list}', use: web/reachable, with: {url: '${api}'}}\n  \
        - {id: b, use: web/reachable, with: {url: '${site}', urk: 1}}\n";
    let ran = Bench::new()
        .file("p.yaml", profile)
        .ready(&["validate", "p.yaml"]);
    let codes: Vec<&str> = ran
        .err
        .lines()
        .filter(|line| line.starts_with("error["))
        .collect();
    assert_eq!(codes.len(), 3, "{}", ran.err);
    assert!(codes[2].contains("urk"), "{}", ran.err);
    let set = ["--set", "site=https://a.example", "--set", "list=x"];
    let ran = Bench::new()
        .file("p.yaml", profile.replace(", urk: 1", ""))
        .ready(&[&["validate", "p.yaml"][..], &set].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}

#[test]
fn a_check_that_is_not_applicable_may_have_values_that_do_not_fit() {
    let origin = Origin::always("fine");
    let profile = format!(
        "ready: 1\nid: p\nvars: {{api: {{default: ''}}, at: '{}'}}\nchecks:\n  \
         - {{id: a, when: vars.api != '', use: web/reachable, with: {{url: '${{api}}'}}}}\n  \
         - {{id: b, drop: we have none, use: tcp/open, with: {{host: '${{api.host}}', port: 1}}}}\n  \
         - {{id: c, when: vars.api != '', probe: {{http: {{url: '${{api}}/'}}}}, expect: http.status == 200}}\n  \
         - {{id: d, probe: {{http: {{url: '${{at}}'}}}}, expect: http.status == 200}}\n",
        origin.url("/")
    );
    let bench = Bench::new().file("p.yaml", profile);
    let (code, report) = json(&bench, &["--profile", "p.yaml"]);
    assert_eq!(code, Some(0), "{report:#}");
    let of = |index: usize, key: &str| report["checks"][index][key].clone();
    for index in 0..3 {
        assert_eq!(of(index, "status"), "na", "{report:#}");
    }
    assert_eq!(of(0, "title"), "The page answers with success");
    assert_eq!(of(3, "status"), "pass");
    let mistaken = bench.ready(&["validate", "p.yaml", "--set", "api=x"]);
    assert_eq!(mistaken.code, Some(2));
    for url in [
        "http://127.0.0.1:8080/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "localhost",
    ] {
        let plan = Bench::new().ready(&["plan", url]);
        assert_eq!(plan.code, Some(0), "{url}: {}", plan.err);
    }
}

/// The most memory in KiB that it takes to look at a profile.
fn peak_of_validate(profile: String) -> u64 {
    let bench = Bench::new().file("p.yaml", profile);
    let (code, peak) = bench.memory(&["validate", "p.yaml"]);
    assert_eq!(code, Some(0));
    peak
}

#[test]
fn a_list_looked_at_again_and_again_takes_little_memory() {
    let mut profile = "ready: 1\nid: p\nvars:\n  l: [".to_owned();
    for number in 0..1000 {
        _ = write!(profile, "host-{number}.example,");
    }
    profile.push_str("]\nchecks:\n");
    for number in 0..4 {
        _ = writeln!(
            profile,
            "  - {{id: c{number}, for_each: '${{l}}', use: tcp/open, with: {{host: '${{item}}', port: 1}}}}"
        );
    }
    // Whatever the catalogue takes, which grows with every check, is not the list's.
    let plain =
        "ready: 1\nid: p\nchecks: [{id: c, use: tcp/open, with: {host: a.example, port: 1}}]\n";
    let plain = peak_of_validate(plain.to_owned());
    let peak = peak_of_validate(profile);
    assert!(plain > 1024 && peak < 128 * 1024, "{plain} KiB, {peak} KiB");
    assert!(
        peak.saturating_sub(plain) < 32 * 1024,
        "{plain} KiB, {peak} KiB"
    );
}

#[test]
fn saved_evidence_is_judged_without_asking_again() {
    let origin = Origin::always("fine");
    let bench = Bench::new().file("p.yaml", one(&origin.url("/"), "http.status == 200"));
    let gathered = bench.ready(&["gather", "--profile", "p.yaml", "--output", "e.json"]);
    assert_eq!(gathered.code, Some(0), "{}", gathered.err);
    let judged = bench.ready(&[
        "judge",
        "e.json",
        "--profile",
        "p.yaml",
        "--report",
        "json=r.json",
    ]);
    assert_eq!(judged.code, Some(0), "{}", judged.err);
    let again = bench.ready(&["report", "r.json", "--report", "markdown"]);
    assert_eq!(again.code, Some(0), "{}", again.err);
    assert!(again.out.contains("100"), "{}", again.out);
    assert_eq!(origin.requests().len(), 1, "only gathering asks");
}

#[test]
fn a_minimum_on_the_command_line_decides() {
    let origin = Origin::always("fine");
    let profile = format!(
        "{}  - {{id: b, title: B, probe: {{http: {{url: '{}'}}}}, expect: http.status == 404}}\n",
        one(&origin.url("/"), "http.status == 200"),
        origin.url("/")
    );
    let bench = Bench::new().file("p.yaml", profile);
    for (minimum, code) in [("50", 0), ("50.1", 1)] {
        let ran = bench.ready(&["audit", "--profile", "p.yaml", "--min-score", minimum]);
        assert_eq!(ran.code, Some(code), "{minimum}: {}", ran.out);
    }
}

#[test]
fn a_plan_lists_contacts_and_sends_nothing() {
    let origin = Origin::always("fine");
    let bench = Bench::new().file("p.yaml", one(&origin.url("/health"), "http.status == 200"));
    let text = bench.ready(&["plan", "--profile", "p.yaml"]);
    assert_eq!(text.code, Some(0), "{}", text.err);
    assert!(
        text.out.contains(&origin.address.to_string()),
        "{}",
        text.out
    );
    assert!(text.out.contains("GET /health"), "{}", text.out);
    let json = bench.ready(&["plan", "--profile", "p.yaml", "--json"]);
    let plan: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(plan["questions"][0]["wanted_by"][0], "a");
    assert_eq!(origin.requests(), [""; 0]);
}

#[test]
fn shells_and_manuals_are_served() {
    let bench = Bench::new();
    let script = bench.ready(&["completions", "bash"]);
    assert_eq!(script.code, Some(0));
    assert!(script.out.contains("_ready"));
    let page = bench.ready(&["man"]);
    assert_eq!(page.code, Some(0));
    assert!(page.out.contains(".TH ready"));
    let pages = bench.ready(&["man", "--to", "pages"]);
    assert_eq!(pages.code, Some(0), "{}", pages.err);
    assert!(bench.path("pages/ready-audit.1").exists());
}

#[test]
fn the_demo_finds_every_flaw_and_nothing_else() {
    let bench = Bench::new();
    let ran = bench.ready(&["demo", "--report", "json=demo.json", "--report", "terminal"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    let report: serde_json::Value = serde_json::from_str(&bench.read("demo.json")).unwrap();
    let found: BTreeSet<&str> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| !["pass", "info", "na"].contains(&check["status"].as_str().unwrap()))
        .map(|check| check["catalogue"].as_str().unwrap())
        .collect();
    let deliberate = ready::demo::FLAWS.iter().map(|flaw| flaw.check);
    assert_eq!(
        found,
        deliberate.collect(),
        "what is found, and what is wrong on purpose"
    );
    for secret in ["not-a-real-password", "not-a-real-key"] {
        assert!(
            !ran.out.contains(secret),
            "what is exposed is not shown again"
        );
        assert!(!bench.read("demo.json").contains(secret));
    }
    for flaw in ready::demo::FLAWS {
        assert!(ran.out.contains(flaw.source), "{} is not told", flaw.source);
    }
}

#[test]
fn the_readme_s_profile_is_valid() {
    let readme = include_str!("../README.md");
    let (_, rest) = readme
        .split_once("```yaml\n# yaml-language-server")
        .unwrap();
    let (profile, _) = rest.split_once("```").unwrap();
    let bench = Bench::new().file("shop.yaml", format!("# {profile}"));
    let ran = bench.ready(&["validate", "shop.yaml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let plan = bench.ready(&["plan", "--profile", "shop.yaml"]);
    assert!(plan.out.contains("api.shop.example:443"), "{}", plan.out);
}

#[test]
fn nothing_is_claimed_of_a_body_that_was_not_read_whole() {
    let origin = Origin::start(|_, stream| ok(stream, &"x".repeat(5000)));
    let profile = one(&origin.url("/"), "!http.body.contains('secret')")
        .replace("{url:", "{max_body: 1000, url:");
    let bench = Bench::new().file("p.yaml", profile);
    let (code, report) = json(&bench, &["--profile", "p.yaml"]);
    assert_eq!(code, Some(3), "{report:#}");
    assert_eq!(report["checks"][0]["status"], "error");
    assert_eq!(report["checks"][0]["reason"], "http.truncated");
}
