//! Hostile servers and what the binary makes of them: the right status, reason code and exit
//! code, in time and in bounded memory.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::binary::Bench;
use crate::support::http::{Server, raw, read_head};

/// The most memory that the binary may ever have taken, in KiB.
const MOST_MEMORY: u64 = 128 << 10;
/// A run whose questions may take two seconds each ends long before this.
const HUNG: Duration = Duration::from_secs(20);

/// A check of a page and one of the TLS set-up behind it.
fn profile(url: &str) -> String {
    let url: url::Url = url.parse().unwrap();
    let (host, port) = (url.host_str().unwrap(), url.port().unwrap());
    format!(
        "ready: 1\nid: hostile\ntitle: Hostile\ndefaults: {{timeout: 2s, retries: 0}}\nchecks:\n  \
         - {{id: page, title: It answers, probe: {{http: {{url: '{url}'}}}}, expect: http.status == 200}}\n  \
         - {{id: tls, title: It is private, probe: {{tls: {{host: {host}, port: {port}}}}}, expect: tls.verified}}\n"
    )
}

/// What became of a run: exit code, report and peak memory in KiB (Linux).
struct Run {
    code: Option<i32>,
    report: Value,
    memory: Option<u64>,
}

impl Run {
    /// Status and reason of a check.
    fn outcome(&self, check: &str) -> (&str, &str) {
        let checks = self.report["checks"].as_array().unwrap();
        let check = checks.iter().find(|one| one["id"] == check).unwrap();
        let word = |key: &str| check[key].as_str().unwrap_or_default();
        (word("status"), word("reason"))
    }
}

/// Audits with the binary and looks at its memory until it ends.
async fn audit(profile: &str, only: &str) -> Run {
    let bench = Bench::new().file("p.yaml", profile);
    audit_in(&bench, &["--only", only]).await
}

/// The same with the profile and all else that lies in a folder.
async fn audit_in(bench: &Bench, more: &[&str]) -> Run {
    audit_within(bench, more, HUNG).await
}

/// The same where more time may pass.
async fn audit_within(bench: &Bench, more: &[&str], patience: Duration) -> Run {
    let own = ["audit", "--profile", "p.yaml", "--report", "json=run.json"];
    let args: Vec<&str> = own.iter().chain(more).copied().collect();
    let mut command = tokio::process::Command::from(bench.command(&args));
    command
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true);
    let start = Instant::now();
    let mut child = command.spawn().unwrap();
    let process = format!("/proc/{}/status", child.id().unwrap());
    let mut memory = None;
    let status = loop {
        // The peak only grows; the last one seen is what counts.
        memory = peak(Path::new(&process)).or(memory);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(start.elapsed() < patience, "the binary hangs");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    Run {
        code: status.code(),
        report: serde_json::from_str(&bench.read("run.json")).unwrap(),
        memory,
    }
}

fn peak(status: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Reads a little and answers these bytes, then closes, or stays for as long as the client.
async fn answer(mut stream: TcpStream, bytes: &[u8], stay: bool) {
    let mut buffer = [0; 1024];
    // Clients that leave are no trouble of the server's.
    let _ = stream.read(&mut buffer).await;
    let _ = stream.write_all(bytes).await;
    if stay {
        while matches!(stream.read(&mut buffer).await, Ok(1..)) {}
    }
}

async fn expect(server: Server, name: &str, page: (&str, &str), tls: (&str, &str)) {
    let url = format!("https://127.0.0.1:{}/", server.port);
    let run = audit(&profile(&url), "page,tls").await;
    assert_eq!(
        run.outcome("page"),
        page,
        "{name}: {:#}",
        run.report["checks"]
    );
    assert_eq!(
        run.outcome("tls"),
        tls,
        "{name}: {:#}",
        run.report["checks"]
    );
    assert_eq!(run.code, Some(1), "{name}");
    assert!(
        run.memory.is_none_or(|memory| memory < MOST_MEMORY),
        "{name}: {:?} KiB",
        run.memory
    );
}

#[tokio::test]
async fn an_alert_instead_of_a_handshake() {
    let alert = b"\x15\x03\x03\x00\x02\x02\x28";
    let server = raw(|stream| answer(stream, alert, false)).await;
    expect(
        server,
        "alert",
        ("fail", "tls.alert"),
        ("fail", "tls.alert"),
    )
    .await;
}

#[tokio::test]
async fn garbage_instead_of_tls() {
    let text = raw(|stream| answer(stream, b"220 mail.example ESMTP\r\n", true)).await;
    expect(
        text,
        "text",
        ("fail", "tls.not-tls"),
        ("fail", "tls.not-tls"),
    )
    .await;
    let zeros = raw(|stream| answer(stream, &[0; 4096], true)).await;
    expect(
        zeros,
        "zeros",
        ("fail", "tls.not-tls"),
        ("fail", "tls.not-tls"),
    )
    .await;
    // A record that announces a handshake and has none in it.
    let record = raw(|stream| answer(stream, b"\x16\x03\x03\x00\x04\xff\xff\xff\xff", true)).await;
    expect(
        record,
        "record",
        ("fail", "tls.not-tls"),
        ("fail", "tls.not-tls"),
    )
    .await;
}

#[tokio::test]
async fn silence_instead_of_tls() {
    let server = raw(|stream| answer(stream, b"", true)).await;
    expect(
        server,
        "silent",
        ("fail", "tls.timeout"),
        ("fail", "tls.timeout"),
    )
    .await;
}

#[tokio::test]
async fn a_closed_connection_instead_of_tls() {
    let server = raw(|stream| answer(stream, b"", false)).await;
    expect(
        server,
        "closed",
        ("fail", "tls.closed"),
        ("fail", "tls.closed"),
    )
    .await;
    // Closed in order, and then listened to: dropping it could also reset it, by chance.
    let at_once = raw(|mut stream| async move {
        let _ = stream.shutdown().await;
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    })
    .await;
    expect(
        at_once,
        "closed at once",
        ("fail", "tls.closed"),
        ("fail", "tls.closed"),
    )
    .await;
}

/// What 10 GB of zeros are when compressed, made of one member again and again.
fn bomb() -> Vec<u8> {
    let mut member = GzEncoder::new(Vec::new(), Compression::best());
    member.write_all(&vec![0; 1 << 26]).unwrap();
    member.finish().unwrap().repeat(10 * (1 << 30) / (1 << 26))
}

async fn sends(head: &'static str, body: Vec<u8>, times: usize) -> Server {
    let body = std::sync::Arc::new(body);
    raw(move |mut stream| {
        let body = body.clone();
        async move {
            if read_head(&mut stream).await.is_none()
                || stream.write_all(head.as_bytes()).await.is_err()
            {
                return;
            }
            for _ in 0..times {
                if stream.write_all(&body).await.is_err() {
                    return;
                }
            }
        }
    })
    .await
}

async fn is_read_within_bounds(name: &str, server: Server) {
    let run = audit(
        &profile(&format!("http://127.0.0.1:{}/", server.port)),
        "page",
    )
    .await;
    assert_eq!(
        run.outcome("page"),
        ("pass", ""),
        "{name}: {:#}",
        run.report["checks"]
    );
    assert_eq!(run.code, Some(0), "{name}");
    assert!(
        run.memory.is_none_or(|memory| memory < MOST_MEMORY),
        "{name}: {:?} KiB",
        run.memory
    );
    assert_eq!(run.memory.is_some(), cfg!(target_os = "linux"), "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_gigabytes_are_not_kept() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 10737418240\r\n\r\n";
    let server = sends(head, vec![b'x'; 1 << 20], 10 << 10).await;
    is_read_within_bounds("10 GB", server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decompression_bomb_is_not_unpacked() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n";
    let server = sends(head, bomb(), 1).await;
    is_read_within_bounds("bomb", server).await;
}

/// A log of 2 GB (a hole but for its ends) and programs that print without end.
#[tokio::test]
async fn what_lies_on_this_machine_is_bounded_too() {
    let profile = "ready: 1
id: hostile
title: Hostile
defaults: {timeout: 2s, retries: 0}
checks:
  - {id: log, title: No panic, probe: {file: {path: big.log, pattern: panic}}, expect: file.match_count == 0}
  - {id: ends, title: It ends, probe: {command: {argv: [yes, word]}}, expect: command.exit_code == 0}
  - id: cut
    title: It prints little
    probe: {command: {argv: [head, -c, '200000000', /dev/zero]}}
    expect: '!command.truncated'
";
    let bench = Bench::new().file("p.yaml", profile);
    let mut log = std::fs::File::create(bench.path("big.log")).unwrap();
    log.write_all(b"started\n").unwrap();
    log.set_len(2 << 30).unwrap();
    drop(log);
    let run = audit_in(&bench, &["--allow", "exec"]).await;
    let told = format!("{:#}", run.report["checks"]);
    assert_eq!(run.outcome("log"), ("error", "file.truncated"), "{told}");
    assert_eq!(run.outcome("ends"), ("fail", "probe.timeout"), "{told}");
    assert_eq!(run.outcome("cut"), ("fail", "expect.false"), "{told}");
    assert_eq!(run.code, Some(1));
    assert!(
        run.memory.is_none_or(|memory| memory < MOST_MEMORY),
        "{:?} KiB",
        run.memory
    );
}

/// A bucket with a million objects, and one whose listing has no end.
#[cfg(feature = "backups")]
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_of_a_million_objects_is_folded_while_it_arrives() {
    use crate::support::http::{clear, full, status};

    let objects = (0..1000).map(|object| {
        format!(
            "<Contents><Key>db/PAGE/{object}.dump</Key><LastModified>2026-11-21T03:00:00.000Z</LastModified>\
             <Size>{object}</Size></Contents>"
        )
    });
    let objects = objects.collect::<Vec<_>>().concat();
    let pages_until = |last: usize| {
        let objects = objects.clone();
        clear(move |request: http::Request<bytes::Bytes>| {
            let query = request.uri().query().unwrap_or_default();
            let number = query
                .split('&')
                .find_map(|part| part.strip_prefix("continuation-token="))
                .map_or(0, |token| token.parse::<usize>().unwrap());
            let page = format!(
                "<ListBucketResult><IsTruncated>{}</IsTruncated><NextContinuationToken>{}</NextContinuationToken>{}</ListBucketResult>",
                number < last,
                number + 1,
                objects.replace("PAGE", &number.to_string())
            );
            let code = if query.contains("list-type") {
                200
            } else {
                403
            };
            async move { status(code).body(full(page)).unwrap() }
        })
    };
    let (million, endless) = (pages_until(999).await, pages_until(usize::MAX).await);
    let check = |id: &str, port: u16, timeout: &str| {
        format!(
            "  - {{id: {id}, title: All are there, timeout: {timeout}, probe: {{backups: {{location: 's3://b/db/', endpoint: 'http://127.0.0.1:{port}'}}}}, expect: backups.count == 1000000}}\n"
        )
    };
    let profile = format!(
        "ready: 1\nid: hostile\ntitle: Hostile\ndefaults: {{retries: 0}}\nchecks:\n{}{}",
        check("million", million.port, "10m"),
        check("endless", endless.port, "3s")
    );
    let bench = Bench::new().file("p.yaml", profile);
    let run = audit_within(&bench, &[], Duration::from_mins(10)).await;
    let told = format!("{:#}", run.report["checks"]);
    assert_eq!(run.outcome("million"), ("pass", ""), "{told}");
    assert_eq!(
        run.outcome("endless"),
        ("error", "file.truncated"),
        "{told}"
    );
    assert!(told.contains("time ran out after"), "{told}");
    assert!(
        run.memory.is_none_or(|memory| memory < MOST_MEMORY),
        "{:?} KiB",
        run.memory
    );
}
