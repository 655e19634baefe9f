use proptest::prelude::*;

use super::{Judged, Overall, Score, score};
use crate::check::{Attest, Check, CheckId, Effort, Impact, Rule};
use crate::judge::{Status, Verdict};
use crate::ledger::Ledger;
use crate::profile::{Profile, Section, SignOff};
use crate::reason::Reason;

fn check(id: &str, section: &str, impact: Impact) -> Check {
    Check {
        id: CheckId(id.to_owned()),
        title: format!("Title of {id}"),
        section: section.to_owned(),
        catalogue: None,
        rule: Rule::Attest(Attest {
            ask: "Look".to_owned(),
            max_age: None,
            document: None,
        }),
        not_applicable: None,
        info: false,
        blocker: false,
        claimed: false,
        impact,
        effort: Effort::Low,
        weight: impact.weight(),
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

fn verdict(status: Status) -> Verdict {
    Verdict {
        status,
        real: (status == Status::Waived).then_some(Status::Fail),
        credit: match status {
            Status::Pass | Status::Attested => 1.0,
            Status::Warn => 0.5,
            _ => 0.0,
        },
        reason: None,
        cause: None,
        explanation: String::new(),
        facts: None,
        reproduce: None,
        attempts: 1,
        figure: None,
        attestation: None,
        waiver: None,
    }
}

fn caused(status: Status, reason: Reason, cause: &str) -> Verdict {
    Verdict {
        reason: Some(reason),
        cause: Some(cause.to_owned()),
        ..verdict(status)
    }
}

fn profile(minimum: Option<f64>, sections: Vec<Section>) -> Profile {
    Profile {
        identity: crate::evidence::ProfileRef::default(),
        title: "Test".to_owned(),
        about: None,
        minimum,
        min_coverage: None,
        require_sign_offs: false,
        distinct_approvers: false,
        vars: std::collections::BTreeMap::new(),
        secrets: Vec::new(),
        sections,
        checks: Vec::new(),
    }
}

fn section(path: &str, minimum: Option<f64>, sections: Vec<Section>) -> Section {
    Section {
        path: path.to_owned(),
        title: path.to_uppercase(),
        minimum,
        when_due: None,
        sign_off: None,
        sections,
    }
}

fn scored(profile: &Profile, checks: &[(Check, Verdict)]) -> Score {
    let judged: Vec<_> = checks
        .iter()
        .map(|(check, verdict)| Judged {
            check,
            verdict: verdict.clone(),
        })
        .collect();
    score(profile, &judged, &Ledger::default())
}

fn golden() -> Vec<(Check, Verdict)> {
    [
        (Impact::Critical, Status::Pass),
        (Impact::Critical, Status::Attested),
        (Impact::High, Status::Warn),
        (Impact::Medium, Status::Error),
        (Impact::Medium, Status::Pending),
        (Impact::Low, Status::Fail),
        (Impact::High, Status::Waived),
        (Impact::Medium, Status::Na),
    ]
    .into_iter()
    .map(|(impact, status)| (check(status.word(), "", impact), verdict(status)))
    .collect()
}

#[test]
fn the_golden_vector() {
    let score = scored(&profile(Some(80.0), vec![]), &golden());
    let numbers = score.numbers;
    assert_eq!(numbers.score, Some(75.0));
    assert_eq!(numbers.score_max, Some(88.3));
    assert_eq!(numbers.coverage, Some(86.6));
    assert_eq!(numbers.strict_score, Some(64.2));
    assert_eq!(numbers.measured, Some(53.3));
    assert_eq!(numbers.attested, Some(33.3));
    assert_eq!(numbers.unknown, Some(13.3));
    assert_eq!(score.verdict, Overall::Inconclusive);
    assert_eq!(
        score.cause,
        "the score is between 75.0 and 88.3 as long as some checks are unknown, at least 80 is needed"
    );
}

#[test]
fn sums_are_exact() {
    // 0.1 + 0.2 … in floating point is not what people mean by three tenths.
    for (weight, credit, expected) in [(0.1, 0.7, 70.0), (0.3, 0.29, 29.0), (1e9, 0.999, 99.9)] {
        let checks: Vec<_> = (0..30)
            .map(|number| {
                let mut leaf = check(&number.to_string(), "", Impact::Low);
                leaf.weight = weight;
                let mut part = verdict(Status::Warn);
                part.credit = credit;
                (leaf, part)
            })
            .collect();
        let score = scored(&profile(None, vec![]), &checks);
        assert_eq!(score.numbers.score, Some(expected));
    }
}

#[test]
fn nothing_scored_is_inconclusive_and_has_no_number() {
    for checks in [
        vec![],
        vec![(check("a", "", Impact::High), verdict(Status::Na))],
        vec![(check("a", "", Impact::High), verdict(Status::Info))],
    ] {
        let score = scored(&profile(None, vec![]), &checks);
        assert_eq!(score.numbers.score, None);
        assert_eq!(score.numbers.coverage, None);
        assert_eq!(score.verdict, Overall::Inconclusive);
    }
}

#[test]
fn a_blocker_decides_whatever_the_score() {
    let mut checks: Vec<_> = (0..99)
        .map(|n| {
            (
                check(&n.to_string(), "", Impact::High),
                verdict(Status::Pass),
            )
        })
        .collect();
    for (status, expected) in [
        (Status::Pass, Overall::Ready),
        (Status::Fail, Overall::NotReady),
        (Status::Error, Overall::Inconclusive),
        (Status::Pending, Overall::Inconclusive),
        (Status::Skipped, Overall::Inconclusive),
        (Status::Waived, Overall::ReadyWithWaivers),
        (Status::Na, Overall::Ready),
    ] {
        let mut blocker = check("blocker", "", Impact::Low);
        blocker.blocker = true;
        checks.push((blocker, verdict(status)));
        let score = scored(&profile(Some(90.0), vec![]), &checks);
        assert_eq!(score.verdict, expected, "{status:?}: {}", score.cause);
        checks.pop();
    }
}

#[test]
fn without_anything_to_be_measured_by_everything_must_pass() {
    let leaf = |status| (check(status_name(status), "", Impact::Low), verdict(status));
    for (status, expected) in [
        (Status::Pass, Overall::Ready),
        (Status::Fail, Overall::NotReady),
        (Status::Error, Overall::Inconclusive),
    ] {
        let checks = [leaf(Status::Pass), leaf(status)];
        let score = scored(&profile(None, vec![]), &checks);
        assert_eq!(score.verdict, expected);
        assert_eq!(score.minimum, Some(100.0));
    }
}

fn status_name(status: Status) -> &'static str {
    status.word()
}

#[test]
fn stages_are_anded_and_never_averaged() {
    let mut stage = section("pre", Some(90.0), vec![section("pre.https", None, vec![])]);
    stage.sign_off = Some(SignOff {
        role: "Infrastructure".to_owned(),
    });
    let other = section("post", None, vec![]);
    let profile = profile(Some(50.0), vec![stage, other]);
    let mut checks: Vec<_> = (0..20)
        .map(|n| {
            (
                check(&n.to_string(), "post", Impact::High),
                verdict(Status::Pass),
            )
        })
        .collect();
    checks.push((check("a", "pre.https", Impact::High), verdict(Status::Pass)));
    checks.push((check("b", "pre", Impact::High), verdict(Status::Fail)));
    let bad = scored(&profile, &checks);
    assert_eq!(bad.verdict, Overall::NotReady);
    assert_eq!(bad.cause, "stage PRE is 50.0, at least 90 is needed");
    let pre = &bad.sections[0];
    assert_eq!(pre.numbers.score, Some(50.0));
    assert_eq!(pre.verdict, Some(Overall::NotReady));
    assert_eq!(pre.counts[&Status::Fail], 1);
    assert_eq!(pre.sections[0].numbers.score, Some(100.0));
    assert!(pre.sign_off.is_some());
    let other = &bad.sections[1];
    assert_eq!(other.verdict, None, "nothing decides it");
    assert_eq!(other.numbers.score, Some(100.0));

    checks[21].1 = verdict(Status::Error);
    let unknown = scored(&profile, &checks);
    assert_eq!(unknown.verdict, Overall::Inconclusive);
    checks[20].1 = verdict(Status::Na);
    checks[21].1 = verdict(Status::Na);
    let without = scored(&profile, &checks);
    assert_eq!(without.verdict, Overall::Ready);
    assert_eq!(without.sections[0].verdict, None);
}

#[test]
fn a_section_named_alike_is_another() {
    let sections = vec![
        section("pre", None, vec![]),
        section("pretty", None, vec![]),
    ];
    let checks = [(check("a", "pretty", Impact::Low), verdict(Status::Pass))];
    let score = scored(&profile(None, sections), &checks);
    assert!(score.sections[0].counts.is_empty());
    assert_eq!(score.sections[1].counts[&Status::Pass], 1);
}

#[test]
fn too_little_known_is_inconclusive() {
    let mut profile = profile(Some(10.0), vec![]);
    profile.min_coverage = Some(90.0);
    let score = scored(&profile, &golden());
    assert_eq!(score.verdict, Overall::Inconclusive);
    assert_eq!(
        score.cause,
        "only 86.6 % of the weight is known, 90 % must be"
    );
    let needed: Vec<_> = score.fix_first.iter().filter(|fix| fix.needed).collect();
    assert_eq!(needed.len(), 1, "finding out one of the two is enough");
    assert!(needed[0].unknown);
}

#[test]
fn one_dead_host_is_one_cause_and_one_remedy() {
    let dead = || caused(Status::Fail, Reason::TcpRefused, "api.example:443 refused");
    let mut checks: Vec<_> = (0..12)
        .map(|n| (check(&format!("dead{n:02}"), "", Impact::Medium), dead()))
        .collect();
    checks.push((check("ok", "", Impact::Critical), verdict(Status::Pass)));
    checks.push((
        check("alone", "", Impact::Critical),
        caused(
            Status::Fail,
            Reason::DnsNxdomain,
            "b.example does not exist",
        ),
    ));
    let score = scored(&profile(Some(70.0), vec![]), &checks);
    assert_eq!(score.causes.len(), 2);
    assert_eq!(score.causes[0].checks.len(), 12);
    assert_eq!(score.fix_first.len(), 2);
    let first = &score.fix_first[0];
    assert_eq!(first.title, "api.example:443 refused");
    assert_eq!(first.checks.len(), 12);
    assert_eq!(
        format!("{} {}", first.points, first.score_after),
        "54.55 77.2"
    );
    assert!(first.needed);
    let second = &score.fix_first[1];
    assert_eq!(
        second.title, "Title of alone",
        "a cause of its own is its title"
    );
    assert_eq!(second.score_after.to_string(), "100");
    assert!(!second.needed);
}

#[test]
fn fix_first_takes_blockers_then_what_is_worth_most_for_its_work() {
    let leaf = |id: &str, impact, effort, status| {
        let mut leaf = check(id, "", impact);
        leaf.effort = effort;
        (leaf, verdict(status))
    };
    let mut failed = leaf("failed-blocker", Impact::Low, Effort::High, Status::Fail);
    failed.0.blocker = true;
    let mut hidden = leaf("hidden-blocker", Impact::Low, Effort::High, Status::Error);
    hidden.0.blocker = true;
    let mut ranked = leaf("ranked", Impact::Low, Effort::High, Status::Fail);
    ranked.0.rank = Some(1);
    let checks = [
        leaf("hard", Impact::Critical, Effort::High, Status::Fail),
        leaf("easy", Impact::High, Effort::Low, Status::Fail),
        leaf("unknown", Impact::Critical, Effort::Medium, Status::Pending),
        ranked,
        hidden,
        failed,
        leaf("fine", Impact::Critical, Effort::Low, Status::Pass),
    ];
    let score = scored(&profile(Some(50.0), vec![]), &checks);
    let order: Vec<_> = score
        .fix_first
        .iter()
        .map(|fix| fix.checks[0].0.as_str())
        .collect();
    assert_eq!(
        order,
        [
            "failed-blocker",
            "hidden-blocker",
            "ranked",
            "easy",
            "hard",
            "unknown"
        ]
    );
    assert_eq!(score.fix_first[5].score_after.to_string(), "100");
    let needed: Vec<_> = score
        .fix_first
        .iter()
        .filter(|fix| fix.needed)
        .map(|fix| fix.checks[0].0.as_str())
        .collect();
    // Both blockers and one of the two heaviest: 22 of 38.
    assert_eq!(needed, ["failed-blocker", "hidden-blocker", "hard"]);
}

#[test]
fn waivers_show_when_they_carry_the_result() {
    let pass = |n: usize| {
        (
            check(&format!("p{n}"), "", Impact::Medium),
            verdict(Status::Pass),
        )
    };
    let mut checks: Vec<_> = (0..20).map(pass).collect();
    checks.push((check("w", "", Impact::High), verdict(Status::Waived)));
    let little = scored(&profile(Some(90.0), vec![]), &checks);
    assert_eq!(little.verdict, Overall::Ready);
    assert_eq!(little.numbers.strict_score, Some(88.8));
    checks.push((check("v", "", Impact::High), verdict(Status::Waived)));
    let much = scored(&profile(Some(90.0), vec![]), &checks);
    assert_eq!(much.verdict, Overall::ReadyWithWaivers);
}

fn any_leaf() -> impl Strategy<Value = (Check, Verdict)> {
    let status = prop::sample::select(Status::ALL);
    let impact = prop::sample::select(vec![
        Impact::Low,
        Impact::Medium,
        Impact::High,
        Impact::Critical,
    ]);
    let effort = prop::sample::select(vec![Effort::Low, Effort::Medium, Effort::High]);
    let place = prop::sample::select(vec!["", "a", "a.b", "c"]);
    (
        status,
        impact,
        effort,
        place,
        0.01..0.99,
        0.0..3.0,
        any::<bool>(),
        0..4_u8,
    )
        .prop_map(
            |(status, impact, effort, place, credit, factor, blocker, host)| {
                let mut leaf = check("x", place, impact);
                leaf.effort = effort;
                leaf.weight *= factor;
                leaf.blocker = blocker && host == 0;
                let mut result = verdict(status);
                if status == Status::Warn {
                    result.credit = credit;
                }
                if matches!(status, Status::Fail | Status::Error) && host > 1 {
                    result.reason = Some(Reason::TcpRefused);
                    result.cause = Some(format!("host {host} refused"));
                }
                (leaf, result)
            },
        )
}

fn any_profile() -> impl Strategy<Value = Profile> {
    let minimum = || prop::option::of(0.0..100.0);
    (minimum(), minimum(), minimum(), minimum(), minimum()).prop_map(
        |(whole, coverage, a, b, c)| {
            let tree = vec![
                section("a", a, vec![section("a.b", b, vec![])]),
                section("c", c, vec![]),
            ];
            let mut profile = profile(whole, tree);
            profile.min_coverage = coverage;
            profile
        },
    )
}

fn numbered(mut checks: Vec<(Check, Verdict)>) -> Vec<(Check, Verdict)> {
    for (number, (check, _)) in checks.iter_mut().enumerate() {
        check.id = CheckId(format!("c{number}"));
    }
    checks
}

proptest! {
    #[test]
    fn numbers_keep_their_order(
        profile in any_profile(),
        checks in prop::collection::vec(any_leaf(), 0..24).prop_map(numbered),
    ) {
        let score = scored(&profile, &checks);
        if let (Some(least), Some(most)) = (score.numbers.score, score.numbers.score_max) {
            prop_assert!(0.0 <= least && least <= most && most <= 100.0);
            let known = score.numbers.coverage.unwrap();
            prop_assert!((0.0..=100.0).contains(&known));
        }
        let mut reversed = checks.clone();
        reversed.reverse();
        let other = scored(&profile, &reversed);
        prop_assert_eq!(other.numbers, score.numbers);
        prop_assert_eq!(other.verdict, score.verdict);
        prop_assert_eq!(other.counts, score.counts);
    }

    #[test]
    fn a_fail_turned_into_a_pass_never_harms(
        profile in any_profile(),
        checks in prop::collection::vec(any_leaf(), 1..24).prop_map(numbered),
    ) {
        let before = scored(&profile, &checks);
        for number in 0..checks.len() {
            if checks[number].1.status != Status::Fail {
                continue;
            }
            let mut better = checks.clone();
            better[number].1 = verdict(Status::Pass);
            let after = scored(&profile, &better);
            prop_assert!(after.numbers.score >= before.numbers.score);
            prop_assert!(after.numbers.score_max >= before.numbers.score_max);
            prop_assert!(after.numbers.strict_score >= before.numbers.strict_score);
            prop_assert!(after.verdict <= before.verdict);
        }
    }

    #[test]
    fn the_shortest_list_is_enough_and_nothing_in_it_is_idle(
        profile in any_profile(),
        checks in prop::collection::vec(any_leaf(), 1..24).prop_map(numbered),
    ) {
        let before = scored(&profile, &checks);
        prop_assume!(before.numbers.score.is_some());
        let mended = |without: Option<&str>| {
            let mut mended = checks.clone();
            for fix in before.fix_first.iter().filter(|fix| fix.needed) {
                for (check, result) in &mut mended {
                    if fix.checks.contains(&check.id) && Some(fix.checks[0].0.as_str()) != without {
                        *result = verdict(Status::Pass);
                    }
                }
            }
            scored(&profile, &mended)
        };
        let good = mended(None);
        let idle_stage = |score: &Score| score.cause.contains("nothing in it is scored");
        prop_assert!(
            good.verdict <= Overall::ReadyWithWaivers || idle_stage(&good),
            "{}", good.cause
        );
        if !idle_stage(&good) {
            for fix in before.fix_first.iter().filter(|fix| fix.needed) {
                let worse = mended(Some(&fix.checks[0].0));
                prop_assert!(worse.verdict > Overall::ReadyWithWaivers, "{} is idle", fix.title);
            }
        }
    }

    #[test]
    fn running_scores_rise_to_a_hundred(
        profile in any_profile(),
        checks in prop::collection::vec(any_leaf(), 1..24).prop_map(numbered),
    ) {
        let score = scored(&profile, &checks);
        let mut last = score.numbers.score;
        for fix in &score.fix_first {
            prop_assert!(Some(fix.score_after) >= last);
            last = Some(fix.score_after);
        }
        prop_assert!(last.is_none_or(|last| (last - 100.0).abs() < f64::EPSILON));
    }
}
