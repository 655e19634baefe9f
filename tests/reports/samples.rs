//! Reports of realistic runs, made by the real score and the real report from literal verdicts.

use std::collections::BTreeMap;

use ready::check::{Attest, Check, CheckId, Effort, Fix, Impact, Rule};
use ready::evidence::{Evidence, ProfileRef};
use ready::judge::{Status, Verdict};
use ready::ledger::Ledger;
use ready::profile::{Profile, Section, SignOff};
use ready::reason::Reason;
use ready::report::Report;
use ready::score::{Judged, score};
use serde_json::json;

/// A check and its verdict, put together step by step.
#[derive(Clone)]
pub struct Sample {
    pub check: Check,
    pub verdict: Verdict,
}

impl Sample {
    pub fn new(id: &str, section: &str, impact: Impact, title: &str, status: Status) -> Self {
        let check = Check {
            id: CheckId(id.to_owned()),
            title: title.to_owned(),
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
        };
        let credit = match status {
            Status::Pass | Status::Attested => 1.0,
            Status::Warn => 0.5,
            _ => 0.0,
        };
        let verdict = Verdict {
            status,
            real: None,
            credit,
            reason: None,
            cause: None,
            explanation: String::new(),
            facts: None,
            reproduce: None,
            attempts: 1,
            figure: None,
            attestation: None,
            waiver: None,
        };
        Self { check, verdict }
    }

    pub fn because(mut self, reason: Reason, explanation: &str) -> Self {
        self.verdict.reason = Some(reason);
        explanation.clone_into(&mut self.verdict.explanation);
        self
    }

    pub fn caused(mut self, reason: Reason, cause: &str) -> Self {
        self.verdict.cause = Some(cause.to_owned());
        self.because(reason, cause)
    }

    pub fn blocker(mut self) -> Self {
        self.check.blocker = true;
        self
    }

    pub fn effort(mut self, effort: Effort) -> Self {
        self.check.effort = effort;
        self
    }

    pub fn fix(mut self, catalogue: &str, with: Option<&str>, text: &str) -> Self {
        self.check.catalogue = Some(catalogue.to_owned());
        self.check.fix.push(Fix {
            with: with.map(str::to_owned),
            text: text.to_owned(),
        });
        self
    }

    pub fn try_by(mut self, command: &str) -> Self {
        self.verdict.reproduce = Some(command.to_owned());
        self
    }

    pub fn attempts(mut self, attempts: u32) -> Self {
        self.verdict.attempts = attempts;
        self
    }
}

pub fn section(path: &str, title: &str, minimum: Option<f64>, sections: Vec<Section>) -> Section {
    Section {
        path: path.to_owned(),
        title: title.to_owned(),
        minimum,
        when_due: None,
        sign_off: None,
        sections,
    }
}

pub fn profile(title: &str, minimum: Option<f64>, sections: Vec<Section>) -> Profile {
    Profile {
        identity: ProfileRef {
            id: "zebu".to_owned(),
            sha256: "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef".to_owned(),
        },
        title: title.to_owned(),
        about: None,
        minimum,
        min_coverage: None,
        require_sign_offs: false,
        distinct_approvers: false,
        vars: BTreeMap::new(),
        secrets: Vec::new(),
        sections,
        checks: Vec::new(),
    }
}

pub fn report(profile: &Profile, samples: &[Sample]) -> Report {
    let evidence = Evidence {
        schema: "ready.evidence/v1".to_owned(),
        profile: profile.identity.clone(),
        target: None,
        started: "2026-11-21T12:00:00Z".parse().unwrap(),
        wall_ms: 412.6,
        critical_path_ms: 388.1,
        requests: 9,
        connections: 4,
        deadline_hit: false,
        interrupted: false,
        observations: Vec::new(),
    };
    let judged: Vec<Judged<'_>> = samples
        .iter()
        .map(|sample| Judged {
            check: &sample.check,
            verdict: sample.verdict.clone(),
        })
        .collect();
    let score = score(profile, &judged, &Ledger::default());
    let mut report = Report::build(profile, &evidence, &judged, score);
    report.run.probes = 12;
    // Snapshots hold from version to version.
    "0.0.0".clone_into(&mut report.run.tool.version);
    report
}

use Impact::{Critical, High, Low, Medium};
use Status::{Attested, Error, Fail, Info, Na, Pass, Pending, Skipped, Waived, Warn};

fn web() -> Profile {
    profile(
        "zebu.example, public web site",
        Some(90.0),
        vec![
            section("tls", "HTTPS and certificates", None, vec![]),
            section("headers", "Security headers", None, vec![]),
            section("dns", "DNS and mail", None, vec![]),
        ],
    )
}

/// Everything is as it should be.
pub fn good() -> Report {
    let mut samples = vec![
        Sample::new(
            "web.tls.valid",
            "tls",
            Critical,
            "Certificate is valid and trusted",
            Pass,
        )
        .blocker(),
        Sample::new(
            "web.tls.versions",
            "tls",
            High,
            "TLS 1.2 is the oldest version accepted",
            Pass,
        ),
        Sample::new(
            "web.tls.redirect",
            "tls",
            High,
            "HTTP redirects to HTTPS",
            Pass,
        )
        .attempts(2),
        Sample::new(
            "web.headers.hsts",
            "headers",
            High,
            "HSTS covers a year",
            Pass,
        ),
        Sample::new(
            "web.headers.csp",
            "headers",
            Medium,
            "CSP forbids inline scripts",
            Pass,
        ),
        Sample::new(
            "web.headers.server",
            "headers",
            Low,
            "Server version is not told",
            Fail,
        )
        .because(
            Reason::ExpectFalse,
            "!http.server.has_version: http.server.has_version = true",
        )
        .fix(
            "headers/server-version",
            Some("nginx"),
            "server_tokens off;",
        )
        .fix("headers/server-version", Some("Caddy"), "header -Server")
        .try_by("curl -sSI https://zebu.example/"),
        Sample::new(
            "web.dns.caa",
            "dns",
            Medium,
            "CAA names who may issue certificates",
            Pass,
        ),
        Sample::new(
            "web.dns.dmarc",
            "dns",
            Medium,
            "DMARC rejects forged mail",
            Pass,
        ),
    ];
    let mut address = Sample::new("web.dns.v6", "dns", Low, "Addresses of the name", Info);
    "192.0.2.7, 2001:db8::7".clone_into(&mut address.verdict.explanation);
    samples.push(address);
    report(&web(), &samples)
}

/// A bit of everything that can be wrong.
pub fn bad() -> Report {
    let mut stage = section(
        "pre",
        "Pre-Deployment",
        Some(90.0),
        vec![
            section("pre.https", "HTTPS/SSL", None, vec![]),
            section("pre.backups", "Backups and restoration", None, vec![]),
        ],
    );
    stage.sign_off = Some(SignOff {
        role: "Infrastructure".to_owned(),
    });
    let profile = profile(
        "Zebu production readiness",
        Some(90.0),
        vec![
            stage,
            section("api", "API", None, vec![]),
            section("kpi", "Key figures", None, vec![]),
        ],
    );
    report(&profile, &bad_samples())
}

fn bad_samples() -> Vec<Sample> {
    let mut expired = Sample::new("zebu.pre.https.valid-cert", "pre.https", Critical, "Certificate is valid and trusted", Fail)
        .blocker()
        .because(
            Reason::ExpectFalse,
            "tls.verified: tls.verified = false, tls.verification.error = \"expired\" (browsers refuse it)\ntls.days_left >= with.min_days: tls.days_left = -3, with.min_days = 14",
        )
        .fix("tls/certificate-valid", None, "Renew the certificate and let a timer renew it from now on.")
        .fix("tls/certificate-valid", Some("Caddy"), "tls you@example.com")
        .try_by("openssl s_client -connect zebu.example:443 -servername zebu.example </dev/null | openssl x509 -noout -dates -subject -issuer");
    expired.verdict.facts = Some(json!({"tls.days_left": -3, "tls.verified": false}));
    expired.check.owner = Some("platform".to_owned());
    let mut waived = Sample::new(
        "zebu.pre.https.caa",
        "pre.https",
        Medium,
        "CAA names who may issue certificates",
        Waived,
    )
    .because(
        Reason::Waived,
        "until 2026-12-31 by infra@zebu.example: the registrar has no CAA yet",
    );
    waived.verdict.real = Some(Fail);
    let mut waits = Sample::new("zebu.kpi.coverage", "kpi", Medium, "Test coverage", Warn).because(
        Reason::MeasureShort,
        "prometheus.value = 87 %, the target is at least 95 %",
    );
    waits.verdict.credit = 0.68;
    let mut samples = vec![
        expired,
        Sample::new("zebu.pre.https.force-ssl", "pre.https", High, "HTTP redirects to HTTPS", Pass).attempts(3),
        waived,
        Sample::new("zebu.pre.backups.restore-tested", "pre.backups", High, "Restoration tested", Pending)
            .because(Reason::AttestPending, "Restore the newest dump into a scratch database; note rows and minutes"),
        Sample::new("zebu.pre.backups.fresh", "pre.backups", Critical, "The newest backup is of today", Pass),
        Sample::new("zebu.pre.backups.offsite", "pre.backups", Medium, "A copy is kept elsewhere", Attested),
        Sample::new("zebu.pre.ci", "pre", Medium, "The main branch is green", Error)
            .caused(Reason::CredentialMissing, "secret GITHUB_TOKEN is not set")
            .try_by("curl -sS -H \"Authorization: Bearer $GITHUB_TOKEN\" https://api.github.example/repos/zebu/zebu/commits/main/status"),
        Sample::new("zebu.pre.load", "pre", Low, "Holds 200 requests a second", Skipped)
            .caused(Reason::AllowIntrusive, "needs --allow intrusive"),
        Sample::new("zebu.api.version", "api", Low, "The API tells its version", Fail)
            .because(Reason::ExpectMissing, "http.headers['x-version'] != '': the answer has no http.headers.x-version")
            .effort(Effort::High),
        waits,
        Sample::new("zebu.kpi.small", "kpi", Low, "A second region is warm", Na)
            .because(Reason::Declared, "vars.scale != 'small' is false: vars.scale = \"small\""),
    ];
    for (id, title, impact) in [
        ("health", "Health endpoint answers", High),
        ("ready", "Readiness endpoint answers", Medium),
        ("docs", "Documentation is public", Low),
        ("cors", "CORS allows our site only", Medium),
    ] {
        samples.push(
            Sample::new(&format!("zebu.api.{id}"), "api", impact, title, Fail)
                .caused(
                    Reason::TcpRefused,
                    "api.zebu.example:443 refused the connection",
                )
                .effort(Effort::Medium)
                .try_by("curl -sS https://api.zebu.example/"),
        );
    }
    samples
}

/// One host is down, and twelve checks with it.
pub fn dead_host() -> Report {
    let mut samples: Vec<Sample> = (1..=12)
        .map(|n| {
            let impact = if n == 1 { Critical } else { Medium };
            let title = format!("Endpoint {n} answers");
            Sample::new(&format!("api.endpoint-{n}"), "api", impact, &title, Fail)
                .caused(
                    Reason::TcpTimeout,
                    "nothing answered at api.zebu.example:443 (192.0.2.7) within 10s",
                )
                .try_by("curl -sS --max-time 10 https://api.zebu.example/")
                .attempts(2)
        })
        .collect();
    samples.push(Sample::new("www.up", "www", High, "The site answers", Pass));
    let sections = vec![
        section("api", "API", None, vec![]),
        section("www", "Site", None, vec![]),
    ];
    report(&profile("Zebu", Some(80.0), sections), &samples)
}

/// Hardly anything could be found out.
pub fn unknown() -> Report {
    let mut samples: Vec<Sample> = (1..=5)
        .map(|n| {
            Sample::new(
                &format!("dns.{n}"),
                "dns",
                Medium,
                &format!("Record {n} is right"),
                Error,
            )
            .caused(
                Reason::DnsUnreachable,
                "the resolver 192.0.2.53 did not answer",
            )
            .try_by("dig @192.0.2.53 zebu.example")
        })
        .collect();
    samples.push(
        Sample::new("late", "dns", High, "The zone is signed", Skipped)
            .blocker()
            .caused(Reason::RunDeadline, "the deadline of 5s passed"),
    );
    samples.push(Sample::new(
        "ok",
        "dns",
        Low,
        "The name is registered",
        Pass,
    ));
    let mut report = report(
        &profile(
            "Zebu",
            Some(80.0),
            vec![section("dns", "DNS", Some(80.0), vec![])],
        ),
        &samples,
    );
    report.run.deadline_hit = true;
    report
}

/// A profile without a single check.
pub fn empty() -> Report {
    report(&profile("Nothing yet", None, vec![]), &[])
}

/// Every text is as hostile as can be.
pub fn hostile(text: &str) -> Report {
    let mut root = section(
        "s",
        text,
        Some(50.0),
        vec![section("s.t", text, None, vec![])],
    );
    root.sign_off = Some(SignOff {
        role: text.to_owned(),
    });
    let mut samples = Vec::new();
    for status in Status::ALL {
        for number in 0..2 {
            let id = format!("{text}{number}{}", status.word());
            let mut sample = Sample::new(&id, "s", High, text, *status)
                .caused(Reason::TcpRefused, text)
                .fix(text, Some(text), text)
                .fix(text, None, text)
                .try_by(text)
                .attempts(2);
            if number == 1 {
                sample.verdict.cause = None;
            }
            sample.verdict.facts = Some(json!({text: text}));
            sample.check.owner = Some(text.to_owned());
            samples.push(sample);
        }
    }
    let mut profile = profile(text, Some(90.0), vec![root]);
    text.clone_into(&mut profile.identity.id);
    report(&profile, &samples)
}
