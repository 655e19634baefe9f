//! The `github` probe against an interface in this process, in the shapes that GitHub documents.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use ready::probe::github::{Facts, Github};
use ready::probe::{Access, Answer, Context, Probe, ProbeError};
use ready::reason::{Reason, Side};
use ready::secret::{Secret, Secrets};
use serde_json::{Value, json};

use crate::support::http::{Body, Server, clear, full, raw, status};

fn context(token: &str) -> Context {
    let secret = ("TOKEN".to_owned(), Secret::new(token));
    Context {
        secrets: Arc::new(Secrets::from_iter([secret])),
        timeout: Duration::from_secs(10),
        ..crate::support::context(&[])
    }
}

fn probe(port: u16, repository: &str, about: &[&str], more: &Value) -> Github {
    let mut fields = json!({
        "repository": repository, "about": about, "token": "${secrets.TOKEN}",
        "base": format!("http://github.example:{port}/api/v3/"),
    });
    let more = more.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    let probe: Github = serde_json::from_value(fields).unwrap();
    assert_eq!(probe.validate(), Ok(()), "{repository}");
    probe
}

async fn ask(
    server: &Server,
    repository: &str,
    about: &[&str],
) -> Result<Answer<Facts>, ProbeError> {
    let probe = probe(server.port, repository, about, &json!({}));
    probe.gather(&context("admin")).await
}

fn say(value: &Value) -> Response<Body> {
    status(200).body(full(value.to_string())).unwrap()
}

fn not_found() -> Response<Body> {
    status(404)
        .body(full("{\"message\": \"Not Found\"}"))
        .unwrap()
}

/// What is told of every repository, by the path below it.
fn shop(path: &str, query: &str, admin: bool) -> Response<Body> {
    let run = |id: u32, conclusion: &str, start: &str, end: &str| {
        json!({"id": id, "name": "CI", "conclusion": conclusion, "status": "completed", "event": "push",
            "head_sha": "a1", "run_started_at": start, "updated_at": end})
    };
    match path {
        "/branches/main" => say(
            &json!({"name": "main", "commit": {"sha": "a1"}, "protected": true,
            "protection": {"enabled": true, "required_status_checks": {"enforcement_level": "everyone", "contexts": ["test"]}}}),
        ),
        "/branches/release%2F1" => say(
            &json!({"name": "release/1", "commit": {"sha": "b2"}, "protected": false,
            "protection": {"enabled": false, "required_status_checks": {"enforcement_level": "off", "contexts": []}}}),
        ),
        "/branches/main/protection" if admin => say(&json!({
            "required_status_checks": {"strict": true, "contexts": ["test", "lint"]},
            "required_pull_request_reviews": {"required_approving_review_count": 2},
            "allow_force_pushes": {"enabled": false}, "allow_deletions": {"enabled": true}})),
        "/rules/branches/main" | "/rules/branches/release%2F1" => say(&json!([
            {"type": "deletion"},
            {"type": "pull_request", "parameters": {"required_approving_review_count": 1}},
            {"type": "required_status_checks", "parameters": {"required_status_checks": [{"context": "build"}]}}])),
        "/actions/workflows/ci.yml/runs" => {
            assert!(query.contains("branch=main&status=completed"), "{query}");
            say(&json!({"total_count": 12, "workflow_runs": [
                run(9, "success", "2026-11-21T11:00:00Z", "2026-11-21T11:04:00Z"),
                run(8, "failure", "2026-11-20T11:00:00Z", "2026-11-20T11:01:00Z")]}))
        }
        "/actions/runs" => say(&json!({"total_count": 0, "workflow_runs": []})),
        "/actions/runs/9/jobs" if query.contains("page=2") => say(&json!({"jobs": [
            {"name": "deploy", "conclusion": "skipped", "started_at": null, "completed_at": null}]})),
        "/actions/runs/9/jobs" => status(200)
            .header(
                "link",
                "</api/v3/repos/me/shop/actions/runs/9/jobs?per_page=100&page=2>; rel=\"next\"",
            )
            .body(full(
                json!({"jobs": [{"name": "test", "conclusion": "success",
                "started_at": "2026-11-21T11:00:10Z", "completed_at": "2026-11-21T11:03:10Z"}]})
                .to_string(),
            ))
            .unwrap(),
        "/commits/a1/pulls" => say(&json!([
            {"number": 6, "merged_at": null, "user": {"login": "ann"}, "base": {"ref": "main"}},
            {"number": 7, "merged_at": "2026-11-20T10:00:00Z", "user": {"login": "ann"}, "base": {"ref": "main"}}])),
        "/commits/b2/pulls" => say(&json!([])),
        "/pulls/7/reviews" => say(&json!([
            {"user": {"login": "ann"}, "state": "APPROVED"}, {"user": {"login": "bob"}, "state": "CHANGES_REQUESTED"},
            {"user": {"login": "bob"}, "state": "APPROVED"}, {"user": {"login": "bob"}, "state": "COMMENTED"},
            {"user": {"login": "cat"}, "state": "APPROVED"}, {"user": {"login": "cat"}, "state": "DISMISSED"},
            {"user": null, "state": "APPROVED"}])),
        "/dependabot/alerts" if admin => say(&json!([
            {"number": 1, "security_advisory": {"severity": "critical"}}, {"number": 2, "security_advisory": {"severity": "medium"}}])),
        "/dependabot/alerts" => status(403)
            .body(full(
                "{\"message\": \"Resource not accessible by personal access token\"}",
            ))
            .unwrap(),
        "/actions/secrets" => {
            say(&json!({"total_count": 2, "secrets": [{"name": "DEPLOY_KEY"}, {"name": "SENTRY"}]}))
        }
        "/releases/latest" => {
            say(&json!({"tag_name": "v2", "published_at": "2026-11-01T12:00:00Z"}))
        }
        "" if admin => say(&json!({"full_name": "me/shop", "security_and_analysis": {
            "secret_scanning": {"status": "enabled"}, "secret_scanning_push_protection": {"status": "disabled"}}})),
        "" => say(&json!({"full_name": "me/shop"})),
        _ => not_found(),
    }
}

fn answer(request: &Request<bytes::Bytes>) -> Response<Body> {
    assert_eq!(request.method(), "GET");
    assert_eq!(request.headers()["accept"], "application/vnd.github+json");
    let token = request
        .headers()
        .get("authorization")
        .map(|value| value.to_str().unwrap());
    let admin = match token {
        Some("Bearer admin") => true,
        Some("Bearer reader") | None => false,
        Some(_) => {
            return status(401)
                .body(full("{\"message\": \"Bad credentials\"}"))
                .unwrap();
        }
    };
    let path = request
        .uri()
        .path()
        .strip_prefix("/api/v3/repos/")
        .unwrap()
        .to_owned();
    let query = request.uri().query().unwrap_or_default();
    let (owner, rest) = path.split_once('/').unwrap();
    let (name, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match (owner, name) {
        ("me", "shop") => shop(rest, query, admin),
        ("me", "young") if rest.is_empty() => say(&json!({"full_name": "me/young"})),
        ("me", "busy") => status(429).body(full("{}")).unwrap(),
        ("me", "odd") => say(&json!({"commit": "a1"})),
        ("me", "many") => {
            let alerts = vec![json!({"security_advisory": {"severity": "low"}}); 100];
            status(200)
                .header(
                    "link",
                    "</api/v3/repos/me/many/dependabot/alerts?page=2>; rel=\"next\"",
                )
                .body(full(json!(alerts).to_string()))
                .unwrap()
        }
        _ => not_found(),
    }
}

pub(crate) async fn service() -> Server {
    clear(async |request: Request<bytes::Bytes>| answer(&request)).await
}

#[tokio::test]
async fn runs_are_told_with_jobs_and_durations() {
    let server = service().await;
    let ci = probe(
        server.port,
        "me/shop",
        &["runs"],
        &json!({"workflow": "ci.yml"}),
    );
    let Answer { facts, gaps } = ci.gather(&context("reader")).await.unwrap();
    assert!(gaps.is_empty(), "{gaps:?}");
    assert_eq!(facts.head.as_deref(), Some("a1"));
    let runs = facts.runs.unwrap();
    let told: Vec<(&str, i64, i64)> = runs
        .iter()
        .map(|run| (&*run.conclusion, run.seconds, run.age_seconds))
        .collect();
    assert_eq!(told, [("success", 240, 3360), ("failure", 60, 89_940)]);
    let jobs = facts.jobs.unwrap();
    let told: Vec<(&str, &str, Option<i64>)> = jobs
        .iter()
        .map(|job| (&*job.name, &*job.conclusion, job.seconds))
        .collect();
    assert_eq!(
        told,
        [("test", "success", Some(180)), ("deploy", "skipped", None)]
    );
    let never = ask(&server, "me/shop", &["runs"]).await.unwrap().facts;
    assert_eq!((never.runs, never.jobs), (Some(Vec::new()), None));
}

#[tokio::test]
async fn rulesets_and_classic_protection_are_told_together() {
    let server = service().await;
    let facts = ask(&server, "me/shop", &["protection"])
        .await
        .unwrap()
        .facts;
    let told = json!([facts.rules, facts.classic]);
    let rules = json!({"checks": ["build"], "approvals": 1, "pull_request": true, "no_force_push": false, "no_deletion": true});
    let classic = json!({"checks": ["test", "lint"], "approvals": 2, "pull_request": true, "no_force_push": true, "no_deletion": false});
    assert_eq!(told, json!([rules, classic]));
    // Who may not administer the repository sees the checks alone.
    let reader = probe(server.port, "me/shop", &["protection"], &json!({}));
    let Answer { facts, gaps } = reader.gather(&context("reader")).await.unwrap();
    assert_eq!(json!(facts.classic), json!({"checks": ["test"]}));
    for fact in ["approvals", "pull_request", "no_force_push", "no_deletion"] {
        assert_eq!(gaps[&format!("classic.{fact}")].reason, Reason::ApiNotFound);
    }
    assert_eq!(gaps.len(), 4);
    // Everybody sees that there is none.
    let other = probe(
        server.port,
        "me/shop",
        &["protection"],
        &json!({"branch": "release/1"}),
    );
    let Answer { facts, gaps } = other.gather(&context("reader")).await.unwrap();
    assert!(gaps.is_empty(), "{gaps:?}");
    let classic = facts.classic.unwrap();
    assert_eq!(
        (classic.approvals, classic.no_force_push),
        (Some(0), Some(false))
    );
}

#[tokio::test]
async fn reviews_alerts_secrets_and_releases_are_told() {
    let server = service().await;
    let about = ["review", "alerts", "secrets", "release", "security"];
    let Answer { facts, gaps } = ask(&server, "me/shop", &about).await.unwrap();
    assert!(gaps.is_empty(), "{gaps:?}");
    // Bob's last word counts, cat's was taken back, and nobody approves their own.
    assert_eq!(
        json!(facts.review),
        json!({"number": 7, "approvals": 1, "objections": 0})
    );
    assert_eq!(
        json!(facts.alerts),
        json!({"critical": 1, "high": 0, "medium": 1, "low": 0})
    );
    assert_eq!(json!(facts.secrets), json!(["DEPLOY_KEY", "SENTRY"]));
    let release = facts.release.unwrap();
    assert_eq!((&*release.tag, release.age_days), ("v2", 20));
    assert_eq!(
        json!(facts.security),
        json!({"secret_scanning": true, "push_protection": false})
    );
    let other = probe(
        server.port,
        "me/shop",
        &["review"],
        &json!({"branch": "release/1"}),
    );
    let facts = other.gather(&context("reader")).await.unwrap().facts;
    assert_eq!((facts.review, facts.head.as_deref()), (None, Some("b2")));
    let Answer { facts, gaps } = ask(&server, "me/young", &["release"]).await.unwrap();
    assert!(facts.release.is_none() && gaps.is_empty());
}

#[tokio::test]
async fn what_the_token_does_not_see_is_a_gap() {
    let server = service().await;
    let reader = probe(
        server.port,
        "me/shop",
        &["alerts", "secrets", "security"],
        &json!({}),
    );
    let Answer { facts, gaps } = reader.gather(&context("reader")).await.unwrap();
    assert_eq!((facts.alerts, facts.security), (None, None));
    assert_eq!(facts.secrets.unwrap().len(), 2);
    for fact in ["alerts", "security"] {
        assert_eq!(gaps[fact].reason, Reason::PermissionDenied);
    }
    for about in [
        "runs",
        "protection",
        "review",
        "alerts",
        "secrets",
        "release",
        "security",
    ] {
        let gaps = ask(&server, "me/hidden", &[about]).await.unwrap().gaps;
        let fact = if matches!(about, "runs" | "review") {
            "head"
        } else if about == "protection" {
            "rules"
        } else {
            about
        };
        assert_eq!(gaps[fact].reason, Reason::ApiNotFound, "{about}");
    }
}

#[tokio::test]
async fn github_in_trouble_is_our_inability() {
    let server = service().await;
    for (repository, about, reason) in [
        ("me/busy", "alerts", Reason::ApiRateLimited),
        ("me/odd", "runs", Reason::ApiUnavailable),
        ("me/many", "alerts", Reason::FileTruncated),
    ] {
        let told = ask(&server, repository, &[about]).await.unwrap_err();
        assert_eq!(
            (told.reason, told.side()),
            (reason, Side::Ours),
            "{repository}: {told:?}"
        );
    }
    let shop = probe(server.port, "me/shop", &["secrets"], &json!({}));
    let told = shop.gather(&context("wrong-canary")).await.unwrap_err();
    assert_eq!(told.reason, Reason::CredentialRefused);
    assert!(!format!("{told:?}").contains("canary"));
    for context in [context(" "), crate::support::context(&[])] {
        let told = shop.gather(&context).await.unwrap_err();
        assert_eq!(told.reason, Reason::CredentialMissing);
    }
    let public = probe(server.port, "me/shop", &["secrets"], &json!({"token": ""}));
    let facts = public
        .gather(&crate::support::context(&[]))
        .await
        .unwrap()
        .facts;
    assert!(facts.secrets.is_some());
    let closed = raw(async |stream| drop(stream)).await;
    let told = ask(&closed, "me/shop", &["secrets"]).await.unwrap_err();
    assert_eq!(told.reason, Reason::ApiUnavailable);
    let silent = raw(async |stream| {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let hurried = Context {
        timeout: Duration::from_secs(1),
        ..context("admin")
    };
    let slow = probe(silent.port, "me/shop", &["secrets"], &json!({}));
    assert_eq!(
        slow.gather(&hurried).await.unwrap_err().reason,
        Reason::ApiUnavailable
    );
}

#[test]
fn the_plan_names_what_is_asked_and_what_cannot_be_asked_is_refused() {
    let about = ["runs", "alerts"];
    let github = probe(443, "me/shop", &about, &json!({}));
    let contacts = github.contacts();
    assert_eq!(
        (contacts.len(), contacts[0].count, contacts[0].access),
        (1, 22, Access::ReadOnly)
    );
    assert_eq!(
        contacts[0].action,
        "GET runs and jobs, Dependabot alerts of me/shop"
    );
    let command = github.reproduce();
    assert!(
        command.contains("$TOKEN") && command.contains("/repos/me/shop/actions/runs?branch=main"),
        "{command}"
    );
    for (more, field) in [
        (json!({"repository": "shop"}), "repository"),
        (json!({"repository": "me/.."}), "repository"),
        (json!({"repository": "me/shop/issues"}), "repository"),
        (json!({"about": []}), "about"),
        (json!({"branch": " "}), "branch"),
        (json!({"workflow": "../secrets"}), "workflow"),
        (json!({"token": "written down"}), "token"),
        (json!({"base": "github"}), "base"),
    ] {
        let mut fields = json!({"repository": "me/shop", "about": ["runs"]});
        fields
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let probe: Github = serde_json::from_value(fields).unwrap();
        assert_eq!(probe.validate().unwrap_err().field, field, "{more}");
    }
}
