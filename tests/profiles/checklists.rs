//! Five checklists of teams are answered by built-in profiles, row by row.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ready::check::Rule;
use ready::profile::{Profile, Reach, Section, load, needs};

use super::host;
use crate::support::generated::assert_checked_in;

/// The profiles of each checklist, by the number of its rows in `tests/checklists/items.csv`.
const CHECKLISTS: [(&str, &str, &[&str]); 5] = [
    ("000", "valet.md", &["valet"]),
    ("001", "fastapi.md", &["fastapi"]),
    (
        "002",
        "zebu.md",
        &["zebu", "zebu-operations", "zebu-incident"],
    ),
    ("003", "visualkit.md", &["visualkit"]),
    ("004", "batchsender.md", &["batchsender"]),
];

/// How a row is answered that no check and no section is named after.
#[derive(Clone, Copy, Debug)]
enum By {
    /// This section, all in all.
    Section(&'static str),
    /// These checks, all of them blockers.
    Blockers(&'static [&'static str]),
    /// The minimum of a section, or of the whole profile.
    Minimum(&'static str, f64),
    /// The role that signs a section off.
    SignOff(&'static str),
    /// Sign-offs that the verdict waits for.
    RequiredSignOffs,
    /// A field of every report.
    Report(&'static str),
    /// The cost that this check states.
    Cost(&'static str),
    /// The comment at the head of the profile, which has these words.
    Head(&'static str),
}

const OTHERWISE: &[(&str, By)] = &[
    ("valet.meta.per-item-signoff", By::RequiredSignOffs),
    ("valet.signoff.infrastructure", By::SignOff("infra")),
    ("valet.signoff.security", By::SignOff("security")),
    ("valet.signoff.api", By::SignOff("app.api")),
    ("valet.signoff.frontend", By::SignOff("app.frontend")),
    ("valet.signoff.worker", By::SignOff("app.worker")),
    ("valet.signoff.database", By::SignOff("db")),
    ("valet.signoff.monitoring", By::SignOff("monitoring")),
    ("valet.signoff.cicd", By::SignOff("cicd")),
    ("valet.signoff.legal", By::SignOff("legal")),
    ("valet.signoff.performance", By::SignOff("perf")),
    ("valet.launch-approval", By::RequiredSignOffs),
    ("fastapi.meta.checklist-freshness", By::Report("run")),
    ("fastapi.meta.verdict", By::Report("verdict")),
    ("fastapi.meta.progress", By::Report("score")),
    ("fastapi.meta.remaining-work", By::Report("fix_first")),
    ("zebu.meta.complete-all", By::Head("the minimums\nhold")),
    ("zebu.pre.ssh", By::Section("pre.security.ssh")),
    ("zebu.pre.firewall", By::Section("pre.security.firewall")),
    ("zebu.pre.secrets", By::Section("pre.security.secrets")),
    ("zebu.pre.appsec", By::Section("pre.security.appsec")),
    ("zebu.pre.https", By::Section("pre.security.https")),
    ("zebu.pre.db-config", By::Section("pre.database.db-config")),
    (
        "zebu.pre.db-backups",
        By::Section("pre.database.db-backups"),
    ),
    (
        "zebu.pre.db-integrity",
        By::Section("pre.database.db-integrity"),
    ),
    ("zebu.pre.env", By::Section("pre.application.env")),
    ("zebu.pre.docker", By::Section("pre.application.docker")),
    ("zebu.pre.quality", By::Section("pre.application.quality")),
    ("zebu.pre.func", By::Section("pre.application.func")),
    (
        "zebu.deploy.frontend",
        By::Section("deploy.service-health.frontend"),
    ),
    (
        "zebu.deploy.backend",
        By::Section("deploy.service-health.backend"),
    ),
    (
        "zebu.deploy.database",
        By::Section("deploy.service-health.database"),
    ),
    (
        "zebu.deploy.redis",
        By::Section("deploy.service-health.redis"),
    ),
    ("zebu.post.logs", By::Section("post.monitoring.logs")),
    ("zebu.post.disk", By::Section("post.monitoring.disk")),
    ("zebu.post.ssl", By::Section("post.monitoring.ssl")),
    ("zebu.post.backups", By::Section("post.recovery.backups")),
    (
        "zebu.post.snapshots",
        By::Section("post.recovery.snapshots"),
    ),
    ("zebu.post.dr", By::Section("post.recovery.dr")),
    ("zebu.post.updates", By::Section("post.maintenance.updates")),
    ("zebu.post.process", By::Section("post.maintenance.process")),
    (
        "zebu.post.capacity",
        By::Section("post.maintenance.capacity"),
    ),
    (
        "zebu.post.runbooks",
        By::Section("post.documentation.runbooks"),
    ),
    (
        "zebu.post.architecture",
        By::Section("post.documentation.architecture"),
    ),
    (
        "zebu.post.contacts",
        By::Section("post.documentation.contacts"),
    ),
    (
        "zebu.gate.https",
        By::Blockers(&[
            "zebu.pre.https.valid-cert",
            "zebu.pre.https.force-ssl",
            "zebu.pre.https.hsts",
            "zebu.pre.https.http2",
            "zebu.pre.https.auto-renewal",
            "zebu.deploy.frontend.valid-cert",
            "zebu.deploy.net.http-redirect",
        ]),
    ),
    (
        "zebu.gate.secrets",
        By::Blockers(&[
            "zebu.pre.secrets.postgres-password",
            "zebu.pre.secrets.secret-key",
            "zebu.pre.secrets.defaults-changed",
            "zebu.pre.secrets.env-mode-600",
            "zebu.pre.secrets.not-committed",
            "zebu.pre.secrets.alpha-vantage-key",
            "zebu.pre.db-config.strong-password",
        ]),
    ),
    (
        "zebu.gate.backups",
        By::Blockers(&[
            "zebu.pre.db-backups.automated",
            "zebu.pre.db-backups.scheduled-daily",
            "zebu.post.backups.daily-running",
        ]),
    ),
    (
        "zebu.gate.updates",
        By::Blockers(&[
            "zebu.post.updates.os-security",
            "zebu.ops.monthly.security-updates",
        ]),
    ),
    (
        "zebu.gate.firewall",
        By::Blockers(&[
            "zebu.pre.firewall.enabled",
            "zebu.pre.firewall.required-ports",
            "zebu.pre.firewall.backend-8000-closed",
            "zebu.pre.firewall.postgres-5432-local",
            "zebu.pre.firewall.redis-6379-local",
        ]),
    ),
    ("zebu.score.pre", By::Section("pre")),
    ("zebu.score.deploy", By::Section("deploy")),
    ("zebu.score.post", By::Section("post")),
    ("zebu.score.overall", By::Report("score")),
    ("zebu.gate.pre-90", By::Minimum("pre", 90.0)),
    ("zebu.gate.deploy-100", By::Minimum("deploy", 100.0)),
    ("zebu.gate.post-80", By::Minimum("post", 80.0)),
    ("zebu.score.na-adjust", By::Report("counts")),
    ("visualkit.meta.freshness", By::Report("run")),
    ("visualkit.meta.security-score", By::Section("security")),
    ("batchsender.meta.freshness", By::Report("run")),
    ("batchsender.meta.readiness-60", By::Report("score")),
    (
        "batchsender.summary.cold-storage-backups",
        By::Section("critical.cold-storage"),
    ),
    (
        "batchsender.summary.encryption-security",
        By::Section("medium.encryption-at-rest"),
    ),
    (
        "batchsender.summary.disaster-recovery",
        By::Section("critical.dr-plan"),
    ),
    (
        "batchsender.summary.monitoring",
        By::Section("critical.monitoring"),
    ),
    ("batchsender.progress.quick-wins", By::Section("quickwin")),
    (
        "batchsender.plan.week1-status",
        By::Section("quickwin.clickhouse-backup"),
    ),
    ("batchsender.plan.week1-effort", By::Report("fix_first")),
    ("batchsender.plan.week2-3-status", By::Section("critical")),
    (
        "batchsender.cost.s3",
        By::Cost("batchsender.critical.cold-storage"),
    ),
    (
        "batchsender.cost.sealed-secrets",
        By::Cost("batchsender.critical.sealed-secrets"),
    ),
    (
        "batchsender.cost.monitoring",
        By::Cost("batchsender.critical.monitoring.prometheus"),
    ),
    (
        "batchsender.cost.multi-region",
        By::Cost("batchsender.medium.multi-region.secondary"),
    ),
    (
        "batchsender.cost.api-gateway",
        By::Cost("batchsender.medium.api-gateway"),
    ),
    (
        "batchsender.cost.load-testing",
        By::Cost("batchsender.medium.load-test"),
    ),
    ("batchsender.cost.total", By::Head("$55 to $155 a month")),
    ("batchsender.status.quick-wins", By::Section("quickwin")),
    (
        "batchsender.status.webhook-signature",
        By::Section("quickwin"),
    ),
    ("batchsender.status.error-messages", By::Section("quickwin")),
    (
        "batchsender.status.request-validation",
        By::Section("quickwin.request-validation"),
    ),
    (
        "batchsender.status.runbooks",
        By::Section("quickwin.runbooks"),
    ),
    (
        "batchsender.status.nats-tls",
        By::Section("quickwin.nats-tls"),
    ),
    (
        "batchsender.status.audit-log",
        By::Section("quickwin.audit-log"),
    ),
    (
        "batchsender.status.clickhouse-backup",
        By::Section("quickwin.clickhouse-backup"),
    ),
    ("batchsender.status.critical-path", By::Section("critical")),
    ("batchsender.status.month2", By::Section("medium")),
    ("batchsender.status.month3", By::Section("month3")),
    ("batchsender.meta.next-review", By::Report("run")),
];

/// A built-in profile with its required variables set to their examples.
fn built_in(id: &str) -> Profile {
    let required = needs(id).vars.into_iter().filter(|var| var.required);
    let set: BTreeMap<_, _> = required
        .map(|var| {
            let example = var.example.unwrap_or_else(|| panic!("{id}: {}", var.name));
            (var.name, example)
        })
        .collect();
    match load(id, &set, &host("good")) {
        Ok(loaded) => loaded.profile,
        Err(problems) => panic!("{}", problems.render(false)),
    }
}

fn section<'a>(sections: &'a [Section], path: &str) -> Option<&'a Section> {
    sections.iter().find_map(|one| {
        if one.path == path {
            return Some(one);
        }
        section(&one.sections, path)
    })
}

/// Why the row is not answered.
fn unanswered(row: &str, profiles: &[Profile]) -> Option<String> {
    let check = |id: &str| {
        let mut all = profiles.iter().flat_map(|profile| &profile.checks);
        all.find(|check| check.id.0 == id)
    };
    let named = |path: &str| {
        profiles
            .iter()
            .find_map(|profile| section(&profile.sections, path))
    };
    let first = &profiles[0];
    let own = row.strip_prefix(&format!("{}.", first.identity.id));
    if check(row).is_some() || own.is_some_and(|path| named(path).is_some()) {
        return None;
    }
    let Some((_, by)) = OTHERWISE.iter().find(|(other, _)| *other == row) else {
        return Some("nothing is named after it".to_owned());
    };
    let holds = match *by {
        By::Section(path) => named(path).is_some(),
        By::Blockers(ids) => ids
            .iter()
            .all(|id| check(id).is_some_and(|one| one.blocker)),
        By::Minimum(path, least) => named(path).is_some_and(|one| one.minimum == Some(least)),
        By::SignOff(path) => named(path).is_some_and(|one| one.sign_off.is_some()),
        By::RequiredSignOffs => first.require_sign_offs,
        By::Report(field) => {
            let schema = schemars::schema_for!(ready::report::json::v1::Report);
            schema.as_value()["properties"].get(field).is_some()
        }
        By::Cost(id) => check(id).is_some_and(|one| one.cost.is_some()),
        By::Head(words) => {
            let all = ready::profile::built_in();
            let text = all
                .iter()
                .find(|one| one.id == first.identity.id)
                .unwrap()
                .text;
            text.replace("\n# ", "\n").contains(words)
        }
    };
    (!holds).then(|| format!("{by:?} does not hold"))
}

fn rows() -> Vec<(String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/checklists/items.csv");
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.deserialize::<BTreeMap<String, String>>();
    rows.map(|row| {
        let row = row.unwrap();
        (row["seed"].clone(), row["id"].clone())
    })
    .collect()
}

#[test]
fn every_row_of_the_checklists_is_answered() {
    let rows = rows();
    assert_eq!(rows.len(), 685);
    let mut missing = Vec::new();
    for (seed, _, ids) in CHECKLISTS {
        let profiles: Vec<Profile> = ids.iter().map(|id| built_in(id)).collect();
        for (_, row) in rows.iter().filter(|(of, _)| of == seed) {
            if let Some(why) = unanswered(row, &profiles) {
                missing.push(format!("{row}: {why}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_built_in_profile_can_be_used_with_its_examples() {
    for one in ready::profile::built_in() {
        assert!(!built_in(one.id).checks.is_empty(), "{}", one.id);
        assert!(one.about.is_some(), "{}", one.id);
    }
}

#[test]
fn what_the_profiles_reach_is_told() {
    let mut page = "# Profiles of five checklists\n\n\
        Made by a test from the profiles, their required variables set to their examples. *Items* \
        are the rows that were counted in the document by hand, headings, figures and sign-offs \
        included. *Measured* are checks that ask the system, or what saved runs of it saw, *attested* those that people alone \
        can answer. The shares are of the weight of what is scored: without any secret, and what \
        more is known with all secrets, with `--allow intrusive,exec`, and with a full ledger.\n\n\
        | profile | items | checks | measured | attested | KPIs | sign-offs | stages | blockers | \
        no secret | + secrets | + `--allow` | + people |\n\
        |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
        .to_owned();
    let rows = rows();
    for (seed, _, ids) in CHECKLISTS {
        let items = rows.iter().filter(|(of, _)| of == seed).count();
        for (number, id) in ids.iter().enumerate() {
            let profile = built_in(id);
            let reach = Reach::of(&profile);
            let all = reach.open + reach.with_secrets + reach.with_allow + reach.by_people;
            assert!((all - reach.total).abs() < 0.001);
            let count = |test: fn(&Rule) -> bool| {
                profile
                    .checks
                    .iter()
                    .filter(|check| test(&check.rule))
                    .count()
            };
            let people = count(|rule| matches!(rule, Rule::Attest(_)));
            let figures = count(|rule| !rule.measures().is_empty());
            let (mut stages, mut signed) = (0, 0);
            let mut open: Vec<&Section> = profile.sections.iter().collect();
            while let Some(one) = open.pop() {
                stages += usize::from(one.minimum.is_some());
                signed += usize::from(one.sign_off.is_some());
                open.extend(&one.sections);
            }
            let items = if number == 0 {
                items.to_string()
            } else {
                "〃".to_owned()
            };
            _ = writeln!(
                page,
                "| {id} | {items} | {} | {} | {people} | {figures} | {signed} | {stages} | {} | \
                 {:.0} % | {:.0} % | {:.0} % | {:.0} % |",
                profile.checks.len(),
                profile.checks.len() - people,
                profile.checks.iter().filter(|check| check.blocker).count(),
                reach.percent(reach.open),
                reach.percent(reach.with_secrets),
                reach.percent(reach.with_allow),
                reach.percent(reach.by_people),
            );
        }
    }
    assert_checked_in("docs/profiles.md", &page);
}
