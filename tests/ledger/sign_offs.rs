//! `ready sign`, and what becomes of approvals when what was approved changes.

use serde_json::Value;

use super::{audit, day, notices};
use crate::support::binary::Bench;

const PROFILE: &str = "
ready: 1
id: shop
title: Shop
minimum: 50
require_sign_offs: true
distinct_approvers: true
sections:
  - id: infra
    title: Servers
    minimum: 100
    sign_off: {role: Infrastructure}
    checks:
      - {id: there, title: It is there, probe: {file: {path: there}}, expect: file.exists}
  - id: legal
    title: Terms
    sign_off: {role: Legal}
    checks:
      - {id: terms, title: The terms are approved, attest: {ask: Read them}}
  - id: launch
    title: Launch day
    checks:
      - {id: robots, title: Robots are told, probe: {file: {path: robots.txt}}, expect: file.exists}
";

fn bench() -> Bench {
    let words = format!(
        "ledger: 1\nattestations:\n  - {{check: terms, by: Ana, at: {}}}\n",
        day(-1)
    );
    Bench::new()
        .file("p.yaml", PROFILE)
        .file("p.ledger.yaml", words)
        .file("there", "")
        .file("robots.txt", "")
}

/// Audits and saves what `ready sign` approves.
fn run(bench: &Bench) -> (Option<i32>, Value) {
    let (code, report) = audit(bench, &[]);
    std::fs::write(bench.path("run.json"), report.to_string()).unwrap();
    (code, report)
}

fn sign(bench: &Bench, sections: &[&str], by: &str) -> (Option<i32>, String) {
    let to = ["--profile", "p.yaml", "--run", "run.json", "--by", by];
    let ran = bench.ready(&[&["sign"], sections, &to[..]].concat());
    (ran.code, ran.err)
}

/// Status of the sign-offs of `infra` and `legal`, with why they are void.
fn standing(report: &Value) -> [(String, String); 2] {
    [0, 1].map(|number| {
        let sign_off = &report["sections"][number]["sign_off"];
        let text = |key: &str| sign_off[key].as_str().unwrap_or("").to_owned();
        (text("status"), text("void"))
    })
}

fn of(status: &str, void: &str) -> (String, String) {
    (status.to_owned(), void.to_owned())
}

fn signed() -> Bench {
    let bench = bench();
    run(&bench);
    for (section, by) in [("infra", "Ana <ana@shop.example>"), ("legal", "Ben")] {
        let (code, told) = sign(&bench, &[section], by);
        assert_eq!(code, Some(0), "{told}");
    }
    let (code, report) = run(&bench);
    assert_eq!(code, Some(0), "{report:#}");
    bench
}

#[test]
fn required_sign_offs_are_part_of_the_verdict() {
    let bench = bench();
    let (code, report) = run(&bench);
    assert_eq!(code, Some(3));
    assert_eq!(
        report["cause"],
        "2 sign-offs missing: Servers by Infrastructure, and 1 more"
    );
    assert_eq!(standing(&report), [of("pending", ""), of("pending", "")]);
    assert_eq!(
        notices(&report),
        [("sign-off.uncovered".to_owned(), "launch".to_owned())]
    );

    let (code, told) = sign(&bench, &["infra", "legal"], "Ana <ana@shop.example>");
    assert_eq!(code, Some(0), "{told}");
    let (code, report) = run(&bench);
    let twice = of("void", "the same person approved for Infrastructure");
    assert_eq!(standing(&report), [of("approved", ""), twice.clone()]);
    assert_eq!(code, Some(3));
    assert_eq!(report["cause"], "1 sign-off missing: Terms by Legal (void)");

    sign(&bench, &["legal"], "A. Mensah <ANA@shop.example>");
    assert_eq!(standing(&run(&bench).1)[1], twice, "an address is a person");
    sign(&bench, &["legal"], "Ben");
    let (code, report) = run(&bench);
    assert_eq!(standing(&report)[1], of("approved", ""));
    assert_eq!((code, &report["verdict"]), (Some(0), &"ready".into()));
    let sign_off = &report["sections"][1]["sign_off"];
    assert_eq!(
        (&sign_off["by"], &sign_off["at"]),
        (&"Ben".into(), &day(0).into())
    );
}

#[test]
fn an_approval_is_void_once_what_it_approved_is_no_more() {
    let bench = signed();
    let both = [of("approved", ""), of("approved", "")];
    assert_eq!(standing(&run(&bench).1), both, "time alone changes nothing");

    std::fs::remove_file(bench.path("robots.txt")).unwrap();
    assert_eq!(
        standing(&run(&bench).1),
        both,
        "another section is another matter"
    );

    std::fs::remove_file(bench.path("there")).unwrap();
    let (_, report) = run(&bench);
    assert_eq!(
        standing(&report)[0],
        of("void", "the section does not pass")
    );
    assert_eq!(standing(&report)[1], both[1]);
    assert_eq!(
        notices(&report),
        [
            ("sign-off.void".to_owned(), "infra".to_owned()),
            ("sign-off.uncovered".to_owned(), "launch".to_owned())
        ]
    );
    let bench = bench.file("there", "");
    assert_eq!(
        standing(&run(&bench).1),
        both,
        "the result is the approved one again"
    );

    let ledger = bench.read("p.ledger.yaml");
    let expired = ledger.replace(
        &format!("at: {}}}", day(-1)),
        &format!("at: {}, expires: {}}}", day(-9), day(-2)),
    );
    let bench = bench.file("p.ledger.yaml", expired);
    let (_, report) = run(&bench);
    assert_eq!(
        standing(&report)[1],
        of("void", "the section does not pass")
    );

    let bench = bench.file("p.ledger.yaml", ledger);
    let bench = bench.file("p.yaml", format!("{PROFILE}# changed\n"));
    let changed = of(
        "void",
        "the profile, or what it was given, has changed since",
    );
    assert_eq!(standing(&run(&bench).1), [changed.clone(), changed]);
}

#[test]
fn another_result_that_passes_too_is_another_result() {
    let bench = signed();
    let waived = format!(
        "waivers:\n  - {{check: terms, owner: Ben, reason: The terms are with the lawyers, at: {}, until: {}}}\n",
        day(0),
        day(9)
    );
    let ledger = bench.read("p.ledger.yaml");
    let without = ledger.replace("attestations:", "sign_offs_of_old:");
    let (_, rest) = without.split_once("sign_offs:").unwrap();
    let bench = bench.file(
        "p.ledger.yaml",
        format!("ledger: 1\n{waived}sign_offs:{rest}"),
    );
    let (_, report) = run(&bench);
    assert_eq!(
        standing(&report)[1],
        of("void", "the result is not the one that was approved")
    );
}

#[test]
fn what_cannot_be_approved_is_told() {
    let bench = bench();
    run(&bench);
    let before = bench.read("p.ledger.yaml");
    for (section, told) in [
        ("launch", "nobody is asked to sign off `launch`"),
        ("infr", "the report has no section `infr`"),
    ] {
        let (code, err) = sign(&bench, &[section], "Ana");
        assert_eq!(code, Some(2));
        assert!(err.contains(told), "{err}");
    }
    let (code, err) = sign(&bench, &["infra"], " ");
    assert_eq!(code, Some(2));
    assert!(err.contains("say it with --by"), "{err}");

    std::fs::remove_file(bench.path("there")).unwrap();
    run(&bench);
    let (code, err) = sign(&bench, &["infra"], "Ana");
    assert_eq!(code, Some(2));
    assert!(err.contains("`infra` does not pass"), "{err}");

    let other = bench
        .read("run.json")
        .replace("\"id\":\"shop\"", "\"id\":\"other\"");
    for (text, told) in [
        (other.as_str(), "on the profile `other`"),
        ("{}", "cannot use run.json"),
    ] {
        std::fs::write(bench.path("run.json"), text).unwrap();
        let (code, err) = sign(&bench, &["infra"], "Ana");
        assert_eq!(code, Some(2));
        assert!(err.contains(told), "{err}");
    }
    assert_eq!(bench.read("p.ledger.yaml"), before);
}

#[test]
fn every_format_has_a_table_of_sign_offs() {
    let bench = signed();
    let args = [
        "audit",
        "--profile",
        "p.yaml",
        "--report",
        "terminal=t",
        "--report",
        "markdown=m",
        "--report",
        "junit=x",
    ];
    assert_eq!(bench.ready(&args).code, Some(0));
    let today = day(0);
    let row = format!("✓ approved  Servers  Infrastructure  Ana <ana@shop.example>  {today}");
    assert!(bench.read("t").contains(&row), "{}", bench.read("t"));
    let row = format!("| Terms | Legal | Ben | {today} | ✓ approved |");
    assert!(bench.read("m").contains(&row), "{}", bench.read("m"));
    assert!(
        bench.read("x").contains("Terms by Legal: approved (Ben)"),
        "{}",
        bench.read("x")
    );
}
