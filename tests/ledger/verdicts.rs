//! What entries do to verdicts, through the real binary.

use super::{audit, check, day, notices};
use crate::support::binary::Bench;

/// One check of each way in which a word may or may not count.
const PROFILE: &str = r#"
ready: 1
id: shop
title: Shop
minimum: 1
vars: {release: {default: v2}}
secrets: {TOKEN: {optional: true, about: a token}}
sections:
  - id: people
    title: People
    checks:
      - {id: drill, title: A drill was held, attest: {ask: Hold a drill, max_age: quarterly}}
      - {id: terms, title: The terms are approved, attest: {ask: Read the terms}}
  - id: machines
    title: Machines
    checks:
      - {id: there, title: It is there, probe: {file: {path: there}}, expect: file.exists}
      - {id: gone, title: It is gone, probe: {file: {path: gone}}, expect: file.exists}
      - id: vendor
        title: The vendor keeps backups
        probe: {http: {url: "http://127.0.0.1:9/", auth: {bearer: "${secrets.TOKEN}"}}}
        expect: http.status == 200
        attest: {ask: Look at the vendor's console, max_age: monthly}
"#;

fn bench(ledger: &str) -> Bench {
    Bench::new()
        .file("p.yaml", PROFILE)
        .file("there", "here")
        .file("p.ledger.yaml", format!("ledger: 1\n{ledger}"))
}

fn statuses(report: &serde_json::Value) -> Vec<(&str, &str, &str)> {
    let checks = report["checks"].as_array().unwrap().iter();
    checks
        .map(|check| {
            let [id, status, reason] =
                ["id", "status", "reason"].map(|key| check[key].as_str().unwrap_or(""));
            (id, status, reason)
        })
        .collect()
}

#[test]
fn without_entries_what_people_decide_is_pending() {
    let (_, report) = audit(&bench(""), &[]);
    assert_eq!(
        statuses(&report),
        [
            ("drill", "pending", "attest.pending"),
            ("terms", "pending", "attest.pending"),
            ("there", "pass", ""),
            ("gone", "fail", "expect.false"),
            ("vendor", "error", "credential.missing"),
        ]
    );
    let vendor = check(&report, "vendor")["explanation"].as_str().unwrap();
    assert!(
        vendor.ends_with("a person's word may stand in: Look at the vendor's console"),
        "{vendor}"
    );
    assert!(notices(&report).is_empty(), "{report:#}");
}

#[test]
fn a_word_counts_until_the_end_of_its_last_day() {
    for (age, status, reason) in [
        (0, "attested", ""),
        (92, "attested", ""),
        (93, "expired", "attest.expired"),
    ] {
        let at = day(-age);
        let ledger = format!("attestations:\n  - {{check: drill, by: Ana, at: {at}, note: done}}");
        let (_, report) = audit(&bench(&ledger), &[]);
        assert_eq!(statuses(&report)[0], ("drill", status, reason));
        let drill = check(&report, "drill");
        let told = drill["explanation"].as_str().unwrap();
        if status == "attested" {
            let expires = day(92 - age);
            assert_eq!(drill["attestation"]["expires"], expires.as_str());
            assert_eq!(drill["attestation"]["check"], "drill");
            assert_eq!(
                told,
                format!("Ana attested it on {at}, until {expires}: done")
            );
            assert_eq!(report["attested"], 20.0);
        } else {
            assert!(told.contains(&format!("it ended on {}", day(-1))), "{told}");
            assert!(told.ends_with("Hold a drill"), "{told}");
            assert_eq!(drill.get("attestation"), None);
        }
    }
}

#[test]
fn the_newest_word_that_holds_counts() {
    let ledger = format!(
        "attestations:\n  - {{check: drill, by: Old, at: {}}}\n  - {{check: drill, by: New, at: {}}}\n  \
         - {{check: drill, by: Void, at: {}, release: v1}}\n  - {{section: people, by: Lead, at: {}}}\n",
        day(-30),
        day(-9),
        day(-1),
        day(-20)
    );
    let (_, report) = audit(&bench(&ledger), &[]);
    assert_eq!(check(&report, "drill")["attestation"]["by"], "New");
    let terms = &check(&report, "terms")["attestation"];
    assert_eq!(
        (&terms["by"], &terms["section"]),
        (&"Lead".into(), &"people".into())
    );
    assert_eq!(
        terms["expires"],
        day(346).as_str(),
        "a year unless somebody says"
    );
}

#[test]
fn a_word_is_bound_to_a_release_and_to_a_document() {
    let terms = "All sales are final.";
    let sha256 = "f47b0ad1f7ae8ac77d96e95bc51f1bbb8f7a5a53ba4d1a8d0b5b7ba2ba5b0a58";
    let bound = |what: &str| {
        let at = day(-1);
        format!("attestations:\n  - {{check: terms, by: Ana, at: {at}, {what}}}")
    };
    let of = |what: &str, args: &[&str]| {
        let bench = bench(&bound(what)).file("terms.md", terms);
        let (_, report) = audit(&bench, args);
        let terms = check(&report, "terms");
        let word = |key: &str| terms[key].as_str().unwrap_or("").to_owned();
        (word("status"), word("reason"), word("explanation"))
    };
    assert_eq!(of("release: v2", &[]).0, "attested");
    let (status, reason, told) = of("release: v2", &["--set", "release=v3"]);
    assert_eq!(
        (status.as_str(), reason.as_str()),
        ("expired", "attest.outdated")
    );
    assert!(
        told.contains("it was made for release v2, this is v3"),
        "{told}"
    );

    let right = crate::support::sha256(terms.as_bytes());
    let (status, _, _) = of(
        &format!("document: {{file: terms.md, sha256: {right}}}"),
        &[],
    );
    assert_eq!(status, "attested");
    let (status, reason, told) = of(
        &format!("document: {{file: terms.md, sha256: {sha256}}}"),
        &[],
    );
    assert_eq!(
        (status.as_str(), reason.as_str()),
        ("expired", "attest.outdated")
    );
    assert!(
        told.contains("the document terms.md has changed since"),
        "{told}"
    );

    let (status, _, told) = of(
        &format!("evidence: {{file: terms.md, sha256: {right}}}"),
        &[],
    );
    assert_eq!(status, "attested");
    assert!(told.ends_with("evidence: terms.md"), "{told}");
    for (file, why) in [
        ("terms.md", "has changed since"),
        ("no.md", "cannot be read"),
    ] {
        let (status, reason, told) = of(
            &format!("evidence: {{file: {file}, sha256: {sha256}}}"),
            &[],
        );
        assert_eq!(
            (status.as_str(), reason.as_str()),
            ("expired", "attest.evidence")
        );
        assert!(told.contains(why), "{told}");
    }
    let (status, _, told) = of("evidence: https://wiki.example/drill", &[]);
    assert_eq!(status, "attested");
    assert!(
        told.ends_with("evidence: https://wiki.example/drill"),
        "{told}"
    );
}

#[test]
fn a_word_stands_in_for_a_probe_that_could_not_ask_and_never_overrules_one() {
    let at = day(-1);
    let ledger = format!("attestations:\n  - {{check: vendor, by: Ana, at: {at}}}");
    let (_, report) = audit(&bench(&ledger), &[]);
    let vendor = check(&report, "vendor");
    assert_eq!(
        (&vendor["status"], &vendor["reason"]),
        (&"attested".into(), &"credential.missing".into())
    );
    let told = vendor["explanation"].as_str().unwrap();
    assert!(told.contains("\nin the place of the probe: "), "{told}");
    assert_eq!(vendor["credit"], 1.0);

    // With the credential the probe is asked, and nothing answers on that port.
    let asked = bench(&ledger).env("TOKEN", "t0ken-t0ken");
    let (_, report) = audit(&asked, &[]);
    let vendor = check(&report, "vendor");
    assert_eq!(
        (&vendor["status"], &vendor["reason"]),
        (&"fail".into(), &"tcp.refused".into())
    );
    assert_eq!(
        notices(&report),
        [("attest.contradicted".to_owned(), "vendor".to_owned())]
    );

    let old = format!(
        "attestations:\n  - {{check: vendor, by: Ana, at: {}}}",
        day(-40)
    );
    let (_, report) = audit(&bench(&old), &[]);
    let vendor = check(&report, "vendor");
    assert_eq!(
        (&vendor["status"], &vendor["reason"]),
        (&"error".into(), &"credential.missing".into())
    );
    let told = vendor["explanation"].as_str().unwrap();
    assert!(told.contains("the word of Ana"), "{told}");
}

#[test]
fn a_waiver_shows_the_real_result_and_does_not_count() {
    let (at, until) = (day(-60), day(30));
    let reason = "The vendor mends it in March";
    let ledger = format!(
        "waivers:\n  - {{check: gone, owner: Ben, reason: {reason}, at: {at}, until: {until}}}"
    );
    let (_, report) = audit(&bench(&ledger), &[]);
    let gone = check(&report, "gone");
    assert_eq!(
        (&gone["status"], &gone["real"]),
        (&"waived".into(), &"fail".into())
    );
    assert_eq!(gone["reason"], "waived");
    let told = gone["explanation"].as_str().unwrap();
    assert!(
        told.starts_with(&format!("accepted by Ben until {until}: {reason}\n")),
        "{told}"
    );
    assert!(
        told.contains("file.exists"),
        "the real result is told: {told}"
    );
    assert_eq!(gone["waiver"]["owner"], "Ben");
    assert_eq!(report["score"], 25.0, "one of four that count");
    assert_eq!(report["strict_score"], 20.0, "one of five");
    assert_eq!(report["verdict"], "ready-with-waivers");
    assert_eq!(report["cause"], "more than 15 % of the weight is waived");
    assert!(notices(&report).is_empty());
}

#[test]
fn entries_that_end_or_are_of_no_use_are_told() {
    let entry = |check: &str, from: i64, to: i64| {
        format!(
            "  - {{check: {check}, owner: Ben, reason: It will be mended, at: {}, until: {}}}\n",
            day(from),
            day(to)
        )
    };
    let of = |waivers: &str| {
        let (_, report) = audit(&bench(&format!("waivers:\n{waivers}")), &[]);
        notices(&report)
    };
    let told = |reason: &str, about: &str| vec![(reason.to_owned(), about.to_owned())];
    assert_eq!(of(&entry("gone", -10, 15)), []);
    assert_eq!(of(&entry("gone", -10, 14)), told("waiver.expiring", "gone"));
    assert_eq!(of(&entry("gone", -10, 0)), told("waiver.expiring", "gone"));
    assert_eq!(of(&entry("gone", -10, -1)), told("waiver.ended", "gone"));
    assert_eq!(of(&entry("there", -10, 50)), told("waiver.stale", "there"));
    assert_eq!(of(&entry("there", -10, -1)), []);
    let renewed = entry("gone", -10, -1) + &entry("gone", -1, 50);
    assert_eq!(of(&renewed), []);

    let drill = |age: i64| {
        let ledger = format!(
            "attestations:\n  - {{check: drill, by: Ana, at: {}}}",
            day(-age)
        );
        notices(&audit(&bench(&ledger), &[]).1)
    };
    assert_eq!(drill(77), []);
    assert_eq!(drill(78), told("attest.expiring", "drill"));
    assert_eq!(drill(92), told("attest.expiring", "drill"));
}

#[test]
fn the_ledger_speaks_of_all_checks_also_where_some_are_selected() {
    let ledger = format!(
        "attestations:\n  - {{check: terms, by: Ana, at: {}}}",
        day(-1)
    );
    let (code, report) = audit(&bench(&ledger), &["--only", "drill"]);
    assert_eq!(code, Some(3));
    assert_eq!(statuses(&report).len(), 1);
}

#[test]
fn every_format_tells_who_said_what() {
    let ledger = format!(
        "attestations:\n  - {{check: drill, by: Ana, at: {}, note: 14 minutes, evidence: https://wiki.example/drill}}\n\
         waivers:\n  - {{check: gone, owner: Ben, reason: It will be mended, at: {}, until: {}}}\n",
        day(-90),
        day(-1),
        day(3)
    );
    let bench = bench(&ledger);
    let formats = ["terminal=t", "markdown=m", "junit=x"];
    let mut args = vec!["audit", "--profile", "p.yaml"];
    for format in formats {
        args.extend(["--report", format]);
    }
    bench.ready(&args);
    for name in ["t", "m", "x"] {
        let text = bench.read(name);
        let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for said in [
            "Ana attested it on",
            "14 minutes",
            "accepted by Ben until",
            "It will be mended",
            "attest.expiring",
            "waiver.expiring",
        ] {
            assert!(flat.contains(said), "{name} does not tell {said}:\n{text}");
        }
        assert!(text.contains("wiki"), "{text}");
    }
    let text = bench.read("t");
    assert!(text.contains("Attested, not measured"), "{text}");
    assert!(text.contains("really: fail"), "{text}");
}

/// One of each status, with the numbers that the design gives for them.
#[test]
fn the_golden_vector_through_the_binary() {
    let profile = r#"
ready: 1
id: golden
title: Golden
minimum: 80
vars: {mail: {default: false}}
secrets: {TOKEN: {optional: true, about: a token}}
checks:
  - {id: a, impact: critical, probe: {file: {path: there}}, expect: file.exists}
  - {id: b, impact: critical, attest: {ask: Look}}
  - id: c
    impact: high
    probe: {file: {path: kpi.json, format: auto}}
    measure: {value: file.data.percent, target: 100, warn_at: 80}
  - id: d
    impact: medium
    probe: {http: {url: "http://127.0.0.1:9/", auth: {bearer: "${secrets.TOKEN}"}}}
    expect: http.status == 200
  - {id: e, impact: medium, attest: {ask: Look}}
  - {id: f, impact: low, probe: {file: {path: gone}}, expect: file.exists}
  - {id: g, impact: high, probe: {file: {path: gone}}, expect: file.count > 0}
  - {id: h, impact: high, when: vars.mail, attest: {ask: Look}}
"#;
    let ledger = format!(
        "ledger: 1\nprofile: golden\nattestations:\n  - {{check: b, by: Ana, at: {}}}\nwaivers:\n  \
         - {{check: g, owner: Ben, reason: It will be mended, at: {}, until: {}}}\n",
        day(-3),
        day(-3),
        day(30)
    );
    let bench = Bench::new()
        .file("p.yaml", profile)
        .file("ready.ledger.yaml", ledger)
        .file("there", "")
        .file("kpi.json", "{\"percent\": 80}");
    let (code, report) = audit(&bench, &[]);
    let words: Vec<&str> = statuses(&report)
        .iter()
        .map(|(_, status, _)| *status)
        .collect();
    assert_eq!(
        words,
        [
            "pass", "attested", "warn", "error", "pending", "fail", "waived", "na"
        ]
    );
    for (number, expected) in [
        ("score", 75.0),
        ("score_max", 88.3),
        ("coverage", 86.6),
        ("strict_score", 64.2),
        ("attested", 33.3),
    ] {
        assert_eq!(report[number], expected, "{number}");
    }
    assert_eq!(code, Some(3));
    assert_eq!(report["verdict"], "inconclusive");
}

#[test]
fn saved_evidence_is_judged_by_its_own_day() {
    let ledger = format!(
        "attestations:\n  - {{check: drill, by: Ana, at: {}, expires: {}}}",
        day(-30),
        day(-10)
    );
    let bench = bench(&ledger);
    assert_eq!(
        bench
            .ready(&["gather", "--profile", "p.yaml", "--output", "e.json"])
            .code,
        Some(0)
    );
    let judged = |bench: &Bench| {
        let ran = bench.ready(&["judge", "e.json", "--profile", "p.yaml", "--report", "json"]);
        let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        check(&report, "drill")["status"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(judged(&bench), "expired");
    let mut evidence: serde_json::Value = serde_json::from_str(&bench.read("e.json")).unwrap();
    evidence["started"] = format!("{}T23:59:59Z", day(-10)).into();
    let bench = bench.file("e.json", evidence.to_string());
    assert_eq!(judged(&bench), "attested");
    let (_, now) = audit(&bench, &[]);
    assert_eq!(check(&now, "drill")["status"], "expired");
}

#[test]
fn several_sites_have_no_ledger() {
    let bench = bench("");
    let sites = ["a.example", "b.example"];
    let ran = bench.ready(&[&["audit"], &sites[..], &["--ledger", "p.ledger.yaml"]].concat());
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.contains("a ledger belongs to one site"),
        "{}",
        ran.err
    );
}

#[test]
fn a_ledger_beside_the_profile_of_several_sites_is_told() {
    let profile = "ready: 1\nid: shop\nvars: {url: {required: true}}\nchecks:\n  \
        - {id: there, probe: {file: {path: there}}, expect: file.exists}\n";
    let bench = Bench::new().file("p.yaml", profile).file("there", "");
    let args = ["audit", "a.example", "b.example", "--profile", "p.yaml"];
    let ran = bench.ready(&args);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(!ran.err.contains("ledger"), "{}", ran.err);

    // It is not read at all.
    let bench = bench.file("p.ledger.yaml", "garbage");
    let ran = bench.ready(&args);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let note = "note: p.ledger.yaml is not used: a ledger belongs to one site, \
                and several are named\n";
    assert!(ran.err.contains(note), "{}", ran.err);
}
