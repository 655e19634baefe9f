//! Puts a report together.

use super::json::v1::{self, Check, Claims, Report, Run, Tool};
use crate::check;
use crate::evidence::Evidence;
use crate::exit::Exit;
use crate::judge::Status;
use crate::profile::Profile;
use crate::score::{self, Judged, Overall, Score};

impl Report {
    /// The report on a run. `score` is that of `judged`, in the same order.
    pub fn build(
        profile: &Profile,
        evidence: &Evidence,
        judged: &[Judged<'_>],
        score: Score,
    ) -> Self {
        let checks = judged.iter().zip(&score.points);
        Self {
            schema: v1::SCHEMA.to_owned(),
            verdict: score.verdict,
            cause: score.cause,
            title: profile.title.clone(),
            numbers: score.numbers,
            minimum: score.minimum,
            counts: score.counts,
            claims: claims(judged),
            sections: score.sections,
            checks: checks
                .map(|(judged, points)| check(judged, *points))
                .collect(),
            causes: score.causes,
            fix_first: score.fix_first,
            notices: Vec::new(),
            run: run(profile, evidence),
        }
    }

    /// The exit code that says the same as the verdict.
    pub fn exit(&self) -> Exit {
        if self.run.interrupted {
            return Exit::Interrupted;
        }
        match self.verdict {
            Overall::Ready | Overall::ReadyWithWaivers => Exit::Ready,
            Overall::Inconclusive => Exit::Inconclusive,
            Overall::NotReady => Exit::NotReady,
        }
    }
}

fn check(judged: &Judged<'_>, points: f64) -> Check {
    let Judged { check, verdict } = judged;
    Check {
        id: check.id.clone(),
        title: check.title.clone(),
        section: check.section.clone(),
        status: verdict.status,
        real: verdict.real,
        reason: verdict.reason.map(|reason| reason.code().to_owned()),
        cause: verdict.cause.clone(),
        explanation: verdict.explanation.clone(),
        impact: check.impact,
        effort: check.effort,
        blocker: check.blocker,
        claimed: check.claimed,
        weight: check.weight,
        credit: verdict.credit,
        points,
        attempts: verdict.attempts,
        from_saved_runs: asks_saved_runs(check),
        figure: verdict.figure.clone(),
        attestation: verdict.attestation.clone(),
        waiver: verdict.waiver.clone(),
        facts: verdict.facts.clone(),
        reproduce: verdict.reproduce.clone(),
        catalogue: check.catalogue.clone(),
        tags: check.tags.clone(),
        owner: check.owner.clone(),
        rank: check.rank,
        cost: check.cost.clone(),
        known_gap: check.known_gap.clone(),
        why: check.why.clone(),
        verify: check.verify.clone(),
        fix: check.fix.clone(),
        refs: check.refs.clone(),
    }
}

fn asks_saved_runs(check: &check::Check) -> bool {
    let asked = check.rule.asked();
    asked.iter().any(|asked| asked.probe.asks_saved_runs())
}

/// What became of the checks that people say are done.
fn claims(judged: &[Judged<'_>]) -> Option<Claims> {
    let mut claims = Claims::default();
    for Judged { verdict, .. } in judged.iter().filter(|judged| judged.check.claimed) {
        claims.made += 1;
        match verdict.real.unwrap_or(verdict.status) {
            Status::Pass | Status::Attested => claims.confirmed += 1,
            Status::Fail | Status::Warn => claims.refuted += 1,
            Status::Na | Status::Info => {}
            _ => claims.unseen += 1,
        }
    }
    (claims.made > 0).then_some(claims)
}

fn run(profile: &Profile, evidence: &Evidence) -> Run {
    Run {
        tool: Tool {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        algorithm: score::ALGORITHM.to_owned(),
        profile: profile.identity.clone(),
        target: evidence.target.clone(),
        started: evidence.started,
        wall_ms: evidence.wall_ms,
        critical_path_ms: evidence.critical_path_ms,
        probes: evidence.observations.len() as u64,
        requests: evidence.requests,
        connections: evidence.connections,
        deadline_hit: evidence.deadline_hit,
        interrupted: evidence.interrupted,
    }
}
