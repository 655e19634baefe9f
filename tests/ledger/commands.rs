//! `ready attest` and `ready waive`: what they write, and that they lose nothing.

use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{audit, check, day};
use crate::support::binary::Bench;

const PROFILE: &str = include_str!("profile.yaml");

/// A ledger that somebody wrote with care.
const CAREFUL: &str = "\
# Ours. Ask Ben before you change it.
ledger:   1
waivers:            # reviewed each Monday

  # The crawlers.
  -   check: shop.robots
      reason: 'Nobody crawls us before the launch'   # see SHOP-12
      owner: Ben
      at: 2026-11-02
      until: 2026-12-01
      # until then

attestations:
- { check: shop.terms, by: Ana, at: 2026-11-02 }  # read twice


# The end.
";

fn bench() -> Bench {
    Bench::new().file("p.yaml", PROFILE)
}

fn ledger(bench: &Bench, name: &str) -> Value {
    serde_yaml::from_str(&bench.read(name)).unwrap()
}

#[test]
fn a_first_word_makes_the_ledger() {
    let bench = bench().file("drill.md", "14 minutes");
    let ran = bench.ready(&[
        "attest",
        "shop.restore-tested",
        "pre",
        "--profile",
        "p.yaml",
        "--by",
        "Ana <ana@shop.example>",
        "--note",
        "all rows: \"there\"",
        "--evidence",
        "drill.md",
        "--valid-for",
        "monthly",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(
        ran.out,
        "p.ledger.yaml: attestations += shop.restore-tested\np.ledger.yaml: attestations += pre\n"
    );
    let sha256 = crate::support::sha256(b"14 minutes");
    assert_eq!(
        bench.read("p.ledger.yaml"),
        format!(
            "# What people vouch for, accept and approve; `ready attest`, `ready waive` and\n\
             # `ready sign` add to it.\n\
             ledger: 1\nprofile: shop\n\nattestations:\n  \
             - check: shop.restore-tested\n    by: Ana <ana@shop.example>\n    at: {today}\n    \
             note: \"all rows: \\\"there\\\"\"\n    valid_for: monthly\n    \
             evidence: {{file: drill.md, sha256: {hash}}}\n  \
             - section: pre\n    by: Ana <ana@shop.example>\n    at: {today}\n    \
             note: \"all rows: \\\"there\\\"\"\n    valid_for: monthly\n    \
             evidence: {{file: drill.md, sha256: {hash}}}\n",
            today = day(0),
            hash = sha256,
        )
    );
    let (_, report) = audit(&bench, &[]);
    for id in ["shop.restore-tested", "shop.terms"] {
        assert_eq!(check(&report, id)["status"], "attested");
    }
    assert_eq!(
        check(&report, "shop.restore-tested")["attestation"]["expires"],
        day(31).as_str()
    );
}

#[test]
fn nothing_but_the_entry_changes() {
    let bench = bench().file("p.ledger.yaml", CAREFUL);
    let until = day(90);
    let waive = [
        "waive",
        "shop.encrypted",
        "--profile",
        "p.yaml",
        "--owner",
        "Ben",
        "--reason",
        "The key is ordered",
        "--until",
        &until,
    ];
    let ran = bench.ready(&waive);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let ran = bench.ready(&[
        "attest",
        "shop.restore-tested",
        "--profile",
        "p.yaml",
        "--by",
        "Ana",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let today = day(0);
    let waiver = format!(
        "  - check: shop.encrypted\n    owner: Ben\n    reason: The key is ordered\n    at: {today}\n    until: {until}\n"
    );
    let word = format!("- check: shop.restore-tested\n  by: Ana\n  at: {today}\n");
    let text = bench.read("p.ledger.yaml");
    assert_eq!(text.matches(&waiver).count(), 1, "{text}");
    assert_eq!(text.matches(&word).count(), 1, "{text}");
    assert_eq!(text.replace(&waiver, "").replace(&word, ""), CAREFUL);
    let entries = ledger(&bench, "p.ledger.yaml");
    assert_eq!(entries["waivers"][1]["check"], "shop.encrypted");
    assert_eq!(entries["attestations"][1]["by"], "Ana");

    let again = bench.ready(&waive);
    assert_eq!(again.code, Some(2), "the same once more is one too many");
    assert!(again.err.contains("ledger.duplicate"), "{}", again.err);
    assert_eq!(bench.read("p.ledger.yaml"), text);
}

#[test]
fn what_would_be_wrong_is_told_and_not_written() {
    let (late, future) = (day(91), day(1));
    let attest = |id: &'static str| vec!["attest", id, "--by", "Ana"];
    let waive = |until: &'static str| {
        vec![
            "waive",
            "shop.robots",
            "--owner",
            "Ben",
            "--reason",
            "It will be mended",
            "--until",
            until,
        ]
    };
    let late: &'static str = late.leak();
    let future: &'static str = future.leak();
    for (args, told) in [
        (attest("shop.term"), "did you mean `shop.terms`?"),
        (attest("shop.robots"), "ledger.probed"),
        (vec!["attest", "shop.terms"], "Who looked: say it with --by"),
        (vec!["attest", "--by", "Ana"], "--interactive"),
        (
            [attest("shop.terms"), vec!["--at", future]].concat(),
            "ledger.future",
        ),
        (
            [attest("shop.terms"), vec!["--expires", "soon"]].concat(),
            "ledger.date",
        ),
        (
            [attest("shop.terms"), vec!["--evidence", "none.md"]].concat(),
            "cannot use none.md",
        ),
        (
            [attest("shop.terms"), vec!["--evidence", "/etc/hostname"]].concat(),
            "it is not below",
        ),
        (
            [attest("shop.terms"), vec!["--evidence", "ftp://a.example"]].concat(),
            "ledger.evidence",
        ),
        (waive(late), "ledger.too-long"),
        (
            vec![
                "waive",
                "shop.robots",
                "--owner",
                "Ben",
                "--until",
                "2026-12-01",
            ],
            "say it with --reason",
        ),
    ] {
        let bench = bench();
        let args = [&args[..], &["--profile", "p.yaml"]].concat();
        let ran = bench.ready(&args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(told), "{args:?}: {}", ran.err);
        assert!(!bench.path("p.ledger.yaml").exists(), "{args:?}");
    }
    for broken in [
        "ledger: 1\nattestations: none\n",
        "{ledger: 1}\n",
        "ledger: 1\nfoo: 1\n",
    ] {
        let bench = bench().file("p.ledger.yaml", broken);
        let ran = bench.ready(&[&attest("shop.terms")[..], &["--profile", "p.yaml"]].concat());
        assert_eq!(ran.code, Some(2), "{broken}: {}", ran.err);
        assert_eq!(bench.read("p.ledger.yaml"), broken);
    }
}

/// Runs the binary with something on its standard input.
fn with_input(bench: &Bench, args: &[&str], input: &str) -> (Option<i32>, String) {
    let mut command = bench.command(args);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn a_walk_asks_about_everything_that_waits_the_most_valuable_first() {
    let profile = r"
ready: 1
id: walk
checks:
  - {id: low, impact: low, attest: {ask: Look at low}}
  - {id: block, impact: low, blocker: true, attest: {ask: Look at block}}
  - {id: high, impact: high, attest: {ask: Look at high}}
  - {id: done, impact: critical, attest: {ask: Look at done}}
  - {id: probed, impact: critical, probe: {file: {path: x}}, expect: file.exists}
";
    let words = format!(
        "ledger: 1\nattestations:\n  - {{check: done, by: Ana, at: {}}}\n",
        day(-1)
    );
    let bench = Bench::new()
        .file("p.yaml", profile)
        .file("p.ledger.yaml", words);
    let walk = ["attest", "--interactive", "--profile", "p.yaml"];
    let input = "Ana\ny\nseen\nhttps://wiki.example/1\ny\n\nnone.md\ns\n";
    let (code, told) = with_input(&bench, &walk, input);
    assert_eq!(code, Some(0), "{told}");
    let order: Vec<usize> = ["Look at block", "Look at high", "Look at low"]
        .map(|ask| told.find(ask).unwrap())
        .to_vec();
    assert!(order.is_sorted(), "{told}");
    assert!(
        !told.contains("Look at done") && !told.contains("probed"),
        "{told}"
    );
    assert!(
        told.contains("cannot use none.md"),
        "a slip is told: {told}"
    );
    let entries = ledger(&bench, "p.ledger.yaml");
    let entries = entries["attestations"].as_array().unwrap();
    assert_eq!(
        entries.len(),
        2,
        "a slip and a skip add nothing: {entries:?}"
    );
    assert_eq!(
        entries[1],
        json!({"check": "block", "by": "Ana", "at": day(0), "note": "seen", "evidence": "https://wiki.example/1"})
    );
    // The end of the input is the end of the walk.
    let (code, _) = with_input(&bench, &[&walk[..], &["--by", "Ana"]].concat(), "y\nn\n");
    assert_eq!(code, Some(0));
    let entries = ledger(&bench, "p.ledger.yaml");
    assert_eq!(entries["attestations"][2]["check"], "high");
}

#[test]
fn those_who_add_at_once_lose_nothing() {
    let bench = bench();
    let children: Vec<_> = (0..8)
        .map(|number| {
            let by = format!("P{number}");
            let args = ["attest", "shop.terms", "--profile", "p.yaml", "--by", &by];
            bench.command(&args).stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let entries = ledger(&bench, "p.ledger.yaml");
    assert_eq!(entries["attestations"].as_array().unwrap().len(), 8);
}

#[test]
fn killed_while_it_writes_it_loses_nothing() {
    let bench = bench();
    let names = |bench: &Bench| -> Vec<String> {
        if !bench.path("p.ledger.yaml").exists() {
            return Vec::new();
        }
        let entries = ledger(bench, "p.ledger.yaml");
        let entries = entries["attestations"].as_array().unwrap().clone();
        entries
            .iter()
            .map(|entry| entry["by"].as_str().unwrap().to_owned())
            .collect()
    };
    let run = |number: u32| {
        let by = format!("P{number}");
        let args = ["attest", "shop.terms", "--profile", "p.yaml", "--by", &by];
        let mut command = bench.command(&args);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        (by, command.spawn().unwrap())
    };
    let begun = Instant::now();
    let (first, mut child) = run(0);
    assert!(child.wait().unwrap().success());
    let whole = begun.elapsed();
    let mut safe = vec![first];
    let (mut killed, mut finished) = (0, 0);
    for number in 1..=60 {
        let (by, mut child) = run(number);
        // From before it starts to write until after it has written.
        std::thread::sleep(whole.mul_f64(f64::from(number % 20) / 16.0) + Duration::from_millis(1));
        let _ = child.kill();
        let status = child.wait().unwrap();
        let found = names(&bench);
        assert_eq!(
            found[..safe.len()],
            safe[..],
            "an entry was lost in round {number}"
        );
        let added = &found[safe.len()..];
        assert!(
            added.is_empty() || added == [by.clone()],
            "{added:?} in round {number}"
        );
        if status.success() {
            finished += 1;
            assert_eq!(added, [by], "what was told as added is there");
        } else {
            killed += 1;
        }
        safe = found;
    }
    println!(
        "killed {killed} times, finished {finished} times, {} entries",
        safe.len()
    );
    assert!(killed > 0, "nothing was ever killed");
    let (by, mut child) = run(1000);
    assert!(
        child.wait().unwrap().success(),
        "what was left behind is in nobody's way"
    );
    assert_eq!(names(&bench).last(), Some(&by));
    let left: Vec<_> = std::fs::read_dir(bench.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("partial"))
        .collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn a_link_keeps_leading_to_the_ledger_and_its_mode_stays() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = bench().file("kept.yaml", "ledger: 1\n");
    std::fs::set_permissions(
        bench.path("kept.yaml"),
        std::fs::Permissions::from_mode(0o640),
    )
    .unwrap();
    std::os::unix::fs::symlink("kept.yaml", bench.path("p.ledger.yaml")).unwrap();
    let ran = bench.ready(&["attest", "shop.terms", "--profile", "p.yaml", "--by", "Ana"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let link = std::fs::symlink_metadata(bench.path("p.ledger.yaml")).unwrap();
    assert!(link.is_symlink());
    assert!(bench.read("kept.yaml").contains("by: Ana"));
    let mode = std::fs::metadata(bench.path("kept.yaml"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
}
