use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Answers, Status, Verdict, judge};
use crate::check::expect::{Expression, Names, Root, Want};
use crate::check::{
    Asked, Attest, Check, CheckId, Constants, Effort, Expect, Expectation, Impact, Measure, Part,
    Rule, StandIn,
};
use crate::evidence::{Evidence, Observation, Outcome, ProfileRef};
use crate::ledger::{Attestation, Ledger, Target, Waiver};
use crate::probe::{AnyProbe, ProbeError, tcp::Tcp};
use crate::reason::Reason;
use crate::units::Duration;

fn probe(host: &str) -> AnyProbe {
    AnyProbe::Tcp(Tcp::new(host, 443))
}

fn asked(names: &[&str]) -> Vec<Asked> {
    names
        .iter()
        .map(|name| Asked {
            name: (*name).to_owned(),
            probe: probe(name),
            timeout: Duration::from_secs(10),
            retries: 0,
        })
        .collect()
}

fn compile(source: &str, want: Want) -> Expression {
    let facts = json!({
        "type": "object",
        "properties": {
            "days_left": {"type": "integer"},
            "status": {"type": "integer"},
            "exit_code": {"type": "integer"},
            "load": {"type": "number"},
            "body": {"type": "string"},
            "json": {},
            "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    });
    let roots = ["tls", "http", "apex", "www", "command"]
        .map(|name| (name.to_owned(), Root::Facts(facts.clone().into())))
        .into_iter()
        .chain([("with".to_owned(), Root::Constant(json!({"min": 14}).into()))]);
    Expression::compile(source, &Names(roots.collect()), want).unwrap()
}

fn constants() -> Constants {
    Arc::new(BTreeMap::from([(
        "with".to_owned(),
        json!({"min": 14}).into(),
    )]))
}

fn expect(names: &[&str], expectations: &[(&str, Option<&str>)]) -> Rule {
    Rule::Expect(Expect {
        asked: asked(names),
        constants: constants(),
        expectations: expectations
            .iter()
            .map(|(source, because)| Expectation {
                expression: compile(source, Want::Truth),
                because: because.map(str::to_owned),
            })
            .collect(),
    })
}

fn check(rule: Rule) -> Check {
    Check {
        id: CheckId("c".to_owned()),
        title: "C".to_owned(),
        section: String::new(),
        catalogue: None,
        rule,
        not_applicable: None,
        info: false,
        blocker: false,
        claimed: false,
        impact: Impact::Medium,
        effort: Effort::Medium,
        weight: 2.0,
        tags: Vec::new(),
        owner: None,
        rank: None,
        cost: None,
        known_gap: None,
        why: None,
        verify: None,
        fix: Vec::new(),
        refs: Vec::new(),
    }
}

fn answer(facts: Value) -> Outcome {
    Outcome::Answer {
        facts,
        gaps: BTreeMap::new(),
    }
}

fn error(reason: Reason, cause: &str) -> Outcome {
    Outcome::Error(ProbeError::new(reason, cause))
}

fn evidence(outcomes: Vec<(&str, Outcome)>) -> Evidence {
    let started = "2026-11-21T12:00:00Z".parse().unwrap();
    Evidence {
        schema: "ready.evidence/v1".to_owned(),
        profile: ProfileRef::default(),
        target: None,
        started,
        wall_ms: 1.0,
        critical_path_ms: 1.0,
        requests: 0,
        connections: 0,
        deadline_hit: false,
        interrupted: false,
        observations: outcomes
            .into_iter()
            .map(|(host, outcome)| Observation {
                probe: probe(host),
                outcome,
                at: started,
                ms: 1.0,
                attempts: 1,
                earlier: Vec::new(),
            })
            .collect(),
    }
}

fn judged(rule: Rule, outcomes: Vec<(&str, Outcome)>) -> Verdict {
    let evidence = evidence(outcomes);
    judge(&check(rule), &Answers::new(&evidence), &Ledger::default())
}

const FRESH: (&str, Option<&str>) = ("tls.days_left > with.min", Some("browsers refuse it"));

#[test]
fn facts_that_satisfy_every_expectation_pass() {
    let rule = expect(&["tls"], &[FRESH, ("tls.days_left < 400", None)]);
    let verdict = judged(rule, vec![("tls", answer(json!({"days_left": 60})))]);
    assert_eq!(verdict.status, Status::Pass);
    assert!((verdict.credit - 1.0).abs() < f64::EPSILON);
    assert_eq!(verdict.reason, None);
    assert_eq!(verdict.explanation, "");
    assert_eq!(verdict.attempts, 1);
    assert_eq!(verdict.reproduce.as_deref(), Some("nc -vz tls 443"));
}

#[test]
fn a_false_expectation_is_explained_by_its_values() {
    let rule = expect(&["tls"], &[FRESH, ("tls.days_left > 10", None)]);
    let verdict = judged(rule, vec![("tls", answer(json!({"days_left": 9})))]);
    assert_eq!(verdict.status, Status::Fail);
    assert_eq!(verdict.reason, Some(Reason::ExpectFalse));
    assert_eq!(verdict.cause, None, "nothing that other checks share");
    let lines: Vec<_> = verdict.explanation.lines().collect();
    assert_eq!(lines.len(), 2, "each of them is told: {lines:?}");
    assert!(
        lines[0].starts_with("browsers refuse it (tls.days_left > with.min: tls.days_left = 9")
    );
    assert_eq!(lines[1], "tls.days_left > 10: tls.days_left = 9");
    assert_eq!(verdict.facts.unwrap()["tls.days_left"], 9);
}

#[test]
fn what_the_answer_does_not_have_fails() {
    for source in [
        "http.headers.location == 'x'",
        "http.headers.location != 'x'",
        "!(http.headers.location == 'x')",
    ] {
        let rule = expect(&["http"], &[(source, None)]);
        let verdict = judged(rule, vec![("http", answer(json!({"headers": {}})))]);
        assert_eq!(verdict.status, Status::Fail);
        assert_eq!(verdict.reason, Some(Reason::ExpectMissing));
        assert!(
            verdict
                .explanation
                .contains("the answer has no http.headers.location")
        );
    }
}

#[test]
fn a_value_of_the_wrong_type_fails() {
    let rule = expect(
        &["http"],
        &[("http.json.ok == true && http.json.n > 3", None)],
    );
    let facts = json!({"json": {"ok": true, "n": "many"}});
    let verdict = judged(rule, vec![("http", answer(facts))]);
    assert_eq!(verdict.status, Status::Fail);
    assert_eq!(verdict.reason, Some(Reason::ExpectType));
}

#[test]
fn an_unexpected_status_shows_the_body() {
    let rule = expect(&["http"], &[("http.status == 200", None)]);
    let body = format!("  out of memory {}", "x".repeat(500));
    let verdict = judged(
        rule,
        vec![("http", answer(json!({"status": 500, "body": body})))],
    );
    assert!(
        verdict
            .explanation
            .contains("http.body begins: out of memory xxx")
    );
    assert!(verdict.explanation.contains("… (314 more characters)"));
}

#[test]
fn a_program_that_failed_shows_what_it_said_last() {
    let told = |more: serde_json::Value| {
        let mut facts = json!({"exit_code": 1, "stdout": "collected 3\nb\nc\nd\ne\ntest_b FAILED\n", "stderr": " ",
            "truncated": false});
        let more = more.as_object().unwrap().clone();
        facts.as_object_mut().unwrap().extend(more);
        let rule = expect(&["command"], &[("command.exit_code == 0", None)]);
        judged(rule, vec![("command", answer(facts))]).explanation
    };
    assert!(told(json!({})).ends_with("command.stdout ends: … b\nc\nd\ne\ntest_b FAILED"));
    let words = told(json!({"stderr": "no such table\n"}));
    assert!(
        words.ends_with("command.stderr ends: no such table"),
        "{words}"
    );
    let long = told(json!({"stderr": "ä".repeat(500)}));
    assert!(
        long.ends_with(&format!("ends: … {}", "ä".repeat(400))),
        "{long}"
    );
    let cut = told(json!({"truncated": true}));
    assert!(!cut.contains("ends"), "its end is not known: {cut}");
}

#[test]
fn whose_doing_it_is_decides_between_fail_and_unknown() {
    for (reason, status) in [
        (Reason::TcpRefused, Status::Fail),
        (Reason::DnsNxdomain, Status::Fail),
        (Reason::ProbeTimeout, Status::Fail),
        (Reason::DnsUnreachable, Status::Error),
        (Reason::CredentialMissing, Status::Error),
        (Reason::ToolMissing, Status::Error),
        (Reason::AllowIntrusive, Status::Skipped),
        (Reason::AllowExec, Status::Skipped),
        (Reason::RunDeadline, Status::Skipped),
        (Reason::RunInterrupted, Status::Skipped),
    ] {
        let verdict = judged(
            expect(&["tls"], &[FRESH]),
            vec![("tls", error(reason, "so it is"))],
        );
        assert_eq!(verdict.status, status, "{reason}");
        assert_eq!(verdict.reason, Some(reason));
        assert_eq!(verdict.cause.as_deref(), Some("so it is"));
        assert!(verdict.credit.abs() < f64::EPSILON);
    }
}

#[test]
fn a_question_that_was_never_asked_is_unknown() {
    let verdict = judged(expect(&["tls"], &[FRESH]), vec![]);
    assert_eq!(verdict.status, Status::Error);
    assert_eq!(verdict.reason, Some(Reason::EvidenceMissing));
    assert_eq!(verdict.attempts, 0);
}

#[test]
fn of_several_questions_the_targets_refusal_comes_first() {
    let rule = || {
        let both = "apex.status < 400 && www.status < 400";
        expect(&["apex", "www"], &[(both, None)])
    };
    let ours = || error(Reason::DnsUnreachable, "no resolver");
    let theirs = || error(Reason::TcpRefused, "closed");
    let good = || answer(json!({"status": 200}));
    let bad = || answer(json!({"status": 500}));
    for (apex, www, status, reason) in [
        (ours(), theirs(), Status::Fail, Some(Reason::TcpRefused)),
        (theirs(), ours(), Status::Fail, Some(Reason::TcpRefused)),
        (good(), ours(), Status::Error, Some(Reason::DnsUnreachable)),
        (good(), bad(), Status::Fail, Some(Reason::ExpectFalse)),
        (good(), good(), Status::Pass, None),
    ] {
        let verdict = judged(rule(), vec![("apex", apex), ("www", www)]);
        assert_eq!((verdict.status, verdict.reason), (status, reason));
    }
    let verdict = judged(rule(), vec![("apex", good()), ("www", theirs())]);
    assert_eq!(verdict.reproduce.as_deref(), Some("nc -vz www 443"));
}

#[test]
fn a_known_failure_outweighs_what_is_unknown() {
    let rule = expect(
        &["apex", "www"],
        &[("www.status < 400", None), ("apex.status < 400", None)],
    );
    let verdict = judged(
        rule,
        vec![
            ("apex", answer(json!({"status": 500}))),
            ("www", error(Reason::DnsUnreachable, "no resolver")),
        ],
    );
    assert_eq!(verdict.status, Status::Fail);
    assert_eq!(verdict.reason, Some(Reason::ExpectFalse));
}

#[test]
fn a_fact_that_could_not_be_found_out_is_not_missing() {
    for (reason, status) in [
        (Reason::NetLocal, Status::Error),
        (Reason::TlsTimeout, Status::Fail),
    ] {
        let rule = expect(&["tls"], &[("tls.days_left > 14", None)]);
        let gap = ProbeError::new(reason, "why");
        let outcome = Outcome::Answer {
            facts: json!({"status": 1}),
            gaps: BTreeMap::from([("days_left".to_owned(), gap)]),
        };
        let verdict = judged(rule, vec![("tls", outcome)]);
        assert_eq!(verdict.status, status);
        assert_eq!(verdict.reason, Some(reason));
    }
}

#[test]
fn a_measure_earns_part_of_its_weight() {
    let measured = |load: f64| {
        let rule = Rule::Measure(Measure {
            asked: asked(&["http"]),
            constants: constants(),
            value: compile("http.load", Want::Number),
            target: Some(100.0),
            warn_at: Some(80.0),
            unit: Some("%".to_owned()),
            words: Vec::new(),
            was: None,
            absent: None,
        });
        judged(rule, vec![("http", answer(json!({"load": load})))])
    };
    assert_eq!(measured(100.0).status, Status::Pass);
    let part = measured(90.0);
    assert_eq!(part.status, Status::Warn);
    assert!((part.credit - 0.75).abs() < 1e-9);
    assert_eq!(part.reason, Some(Reason::MeasureShort));
    assert_eq!(part.explanation, "now 90 %, target 100 % (amber from 80 %)");
    let short = measured(70.0);
    assert_eq!(short.status, Status::Fail);
    assert!(short.credit.abs() < f64::EPSILON);
}

#[test]
fn a_measure_without_a_number_fails_or_is_unknown() {
    let rule = || {
        Rule::Measure(Measure {
            asked: asked(&["http"]),
            constants: constants(),
            value: compile("http.load", Want::Number),
            target: Some(1.0),
            warn_at: None,
            unit: None,
            words: Vec::new(),
            was: None,
            absent: None,
        })
    };
    for (outcome, status, reason) in [
        (answer(json!({})), Status::Fail, Reason::ExpectMissing),
        (
            answer(json!({"load": "much"})),
            Status::Fail,
            Reason::ExpectType,
        ),
        (
            error(Reason::TcpRefused, "x"),
            Status::Fail,
            Reason::TcpRefused,
        ),
        (
            error(Reason::ToolMissing, "x"),
            Status::Error,
            Reason::ToolMissing,
        ),
    ] {
        let verdict = judged(rule(), vec![("http", outcome)]);
        assert_eq!((verdict.status, verdict.reason), (status, Some(reason)));
    }
}

fn parts() -> Vec<Part> {
    ["apex", "www"]
        .map(|name| Part {
            title: format!("{name} answers"),
            rule: expect(&[name], &[(&format!("{name}.status < 400"), None)]),
        })
        .into()
}

#[test]
fn alternatives_and_parts_know_three_values() {
    use Status::{Error, Fail, Pass};
    let outcome = |status| match status {
        Status::Pass => answer(json!({"status": 200})),
        Status::Fail => answer(json!({"status": 500})),
        _ => error(Reason::CredentialMissing, "no token"),
    };
    for (apex, www, any, all) in [
        (Pass, Pass, Pass, Pass),
        (Pass, Fail, Pass, Fail),
        (Fail, Pass, Pass, Fail),
        (Fail, Fail, Fail, Fail),
        (Pass, Error, Pass, Error),
        (Error, Pass, Pass, Error),
        (Fail, Error, Error, Fail),
        (Error, Fail, Error, Fail),
        (Error, Error, Error, Error),
    ] {
        let outcomes = || vec![("apex", outcome(apex)), ("www", outcome(www))];
        let verdict = judged(Rule::Any(parts()), outcomes());
        assert_eq!(verdict.status, any, "any of {apex:?} {www:?}");
        if any != Pass {
            assert!(verdict.explanation.contains("apex answers: "));
            assert!(verdict.explanation.contains("\nwww answers: "));
            assert_eq!(verdict.reproduce.unwrap().lines().count(), 2);
        }
        let verdict = judged(Rule::All(parts()), outcomes());
        assert_eq!(verdict.status, all, "all of {apex:?} {www:?}");
        let shared = (apex, www) == (Error, Error);
        if shared {
            assert_eq!(verdict.cause.as_deref(), Some("no token"));
        }
    }
}

#[test]
fn nothing_to_decide_by_is_never_a_pass() {
    let up = || vec![("tls", answer(json!({"days_left": 60})))];
    for rule in [Rule::Any(vec![]), Rule::All(vec![]), expect(&["tls"], &[])] {
        let verdict = judged(rule, up());
        assert_eq!(verdict.status, Status::Error);
        assert_eq!(verdict.reason, Some(Reason::ProbeInternal));
    }
}

#[test]
fn the_rest_of_the_statuses() {
    let attest = Rule::Attest(Attest {
        ask: "Restore a dump".to_owned(),
        max_age: None,
        document: None,
    });
    let pending = judged(attest, vec![]);
    assert_eq!(pending.status, Status::Pending);
    assert_eq!(pending.reason, Some(Reason::AttestPending));
    assert_eq!(pending.explanation, "Restore a dump");

    let evidence = evidence(vec![("tls", answer(json!({"days_left": 1})))]);
    let answers = Answers::new(&evidence);
    let mut check = check(expect(&["tls"], &[FRESH]));
    check.info = true;
    let info = judge(&check, &answers, &Ledger::default());
    assert_eq!(info.status, Status::Info);
    assert!(info.explanation.contains("tls.days_left = 1"));

    check.not_applicable = Some("small installations need none".to_owned());
    let na = judge(&check, &answers, &Ledger::default());
    assert_eq!(na.status, Status::Na);
    assert_eq!(na.reason, Some(Reason::Declared));
    assert_eq!(na.explanation, "small installations need none");
}

#[test]
fn attempts_are_those_of_the_slowest_question() {
    let mut evidence = evidence(vec![
        ("apex", answer(json!({"status": 200}))),
        ("www", answer(json!({"status": 200}))),
    ]);
    evidence.observations[1].attempts = 3;
    let rule = expect(&["apex", "www"], &[("apex.status == www.status", None)]);
    let verdict = judge(&check(rule), &Answers::new(&evidence), &Ledger::default());
    assert_eq!(verdict.status, Status::Pass);
    assert_eq!(verdict.attempts, 3);
}

/// A ledger in which Ana vouches for the check until a day.
fn vouched(until: &str) -> Ledger {
    let attestation = Attestation {
        target: Target::Check(CheckId("c".to_owned())),
        by: "Ana".to_owned(),
        at: "2026-11-01".parse().unwrap(),
        note: None,
        evidence: None,
        document: None,
        until: Some(until.parse().unwrap()),
        flaw: None,
    };
    Ledger {
        attestations: vec![attestation],
        ..Ledger::default()
    }
}

#[test]
fn a_word_goes_down_into_alternatives_and_parts() {
    use Status::{Attested, Error, Expired, Fail, Pass};
    let part = |rule| Part {
        title: "part".to_owned(),
        rule,
    };
    let word = || {
        part(Rule::Attest(Attest {
            ask: "Look".to_owned(),
            max_age: None,
            document: None,
        }))
    };
    let probe = || part(expect(&["tls"], &[FRESH]));
    let outcome = |status| match status {
        Pass => answer(json!({"days_left": 60})),
        Fail => answer(json!({"days_left": 1})),
        _ => error(Reason::ToolMissing, "no tool"),
    };
    for (until, probed, any, all) in [
        ("2026-11-21", Pass, Pass, Attested),
        ("2026-11-21", Fail, Attested, Fail),
        ("2026-11-21", Error, Attested, Error),
        ("2026-11-20", Pass, Pass, Expired),
        ("2026-11-20", Fail, Expired, Fail),
        ("2026-11-20", Error, Expired, Expired),
    ] {
        let evidence = evidence(vec![("tls", outcome(probed))]);
        let answers = Answers::new(&evidence);
        let ledger = vouched(until);
        let of = |rule| judge(&check(rule), &answers, &ledger);
        let verdict = of(Rule::Any(vec![word(), probe()]));
        assert_eq!(verdict.status, any, "any of {until} and {probed:?}");
        let verdict = of(Rule::All(vec![word(), probe()]));
        assert_eq!(verdict.status, all, "all of {until} and {probed:?}");
        assert_eq!(verdict.attestation.is_some(), all == Attested);
    }
}

#[test]
fn a_word_stands_in_only_where_asking_again_would_not_help() {
    for (reason, status) in [
        (Reason::CredentialMissing, Status::Attested),
        (Reason::ToolMissing, Status::Attested),
        (Reason::AllowExec, Status::Attested),
        (Reason::RunDeadline, Status::Skipped),
        (Reason::RunInterrupted, Status::Skipped),
        (Reason::EvidenceMissing, Status::Error),
        (Reason::ProbeInternal, Status::Error),
        (Reason::TcpRefused, Status::Fail),
    ] {
        let rule = Rule::StandIn(Box::new(StandIn {
            rule: expect(&["tls"], &[FRESH]),
            attest: Attest {
                ask: "Look".to_owned(),
                max_age: None,
                document: None,
            },
        }));
        let evidence = evidence(vec![("tls", error(reason, "so it is"))]);
        let verdict = judge(
            &check(rule),
            &Answers::new(&evidence),
            &vouched("2027-01-01"),
        );
        assert_eq!(verdict.status, status, "{reason}");
        assert_eq!(verdict.reason, Some(reason), "what the probe said is kept");
    }
}

#[test]
fn a_waived_warning_keeps_its_credit_for_the_strict_score() {
    let rule = Rule::Measure(Measure {
        asked: asked(&["http"]),
        constants: constants(),
        value: compile("http.load", Want::Number),
        target: Some(100.0),
        warn_at: Some(80.0),
        unit: None,
        words: Vec::new(),
        was: None,
        absent: None,
    });
    let evidence = evidence(vec![("http", answer(json!({"load": 90})))]);
    let waiver = Waiver {
        target: Target::Check(CheckId("c".to_owned())),
        owner: "Ben".to_owned(),
        reason: "It grows".to_owned(),
        at: "2026-11-01".parse().unwrap(),
        until: "2026-11-21".parse().unwrap(),
    };
    let ledger = Ledger {
        waivers: vec![waiver],
        ..Ledger::default()
    };
    let verdict = judge(&check(rule), &Answers::new(&evidence), &ledger);
    assert_eq!(
        (verdict.status, verdict.real),
        (Status::Waived, Some(Status::Warn))
    );
    assert!((verdict.credit - 0.75).abs() < 1e-9);
}
