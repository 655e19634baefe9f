//! The `scenario` probe against a service in this process with real tokens and sessions.

mod secrets;
mod service;

use std::sync::Arc;
use std::time::Duration;

use ready::probe::scenario::{Facts, Scenario};
use ready::probe::{Access, Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use ready::secret::{Secret, Secrets};
use serde_json::{Value, json};

use self::service::{PASSWORD, Service};
use crate::support::context;
use crate::support::http::{raw, read_head};

fn scenario(steps: &Value) -> Scenario {
    serde_json::from_value(json!({"steps": steps})).unwrap()
}

fn knowing(password: &str) -> Context {
    let secret = ("P".to_owned(), Secret::new(password));
    Context {
        secrets: Arc::new(Secrets::from_iter([secret])),
        ..context(&[])
    }
}

async fn ask(steps: Value) -> Result<Answer<Facts>, ProbeError> {
    let probe = scenario(&steps);
    assert_eq!(probe.validate(), Ok(()));
    probe.gather(&knowing(PASSWORD)).await
}

/// The statuses of the steps in order of their names.
fn statuses(answer: &Answer<Facts>) -> Vec<(&str, u16)> {
    let steps = answer.facts.steps.iter();
    steps
        .map(|(name, seen)| (name.as_str(), seen.status))
        .collect()
}

fn login(service: &Service) -> Value {
    json!({
        "name": "login", "method": "POST", "url": service.url("/login"),
        "body": {"email": "ann@app.example", "password": "${secrets.P}"},
        "capture": {"access": {"json": "access_token"}, "first": {"json": "data.0.refresh"}},
    })
}

fn refresh(service: &Service, name: &str, path: &str, token: &str) -> Value {
    json!({
        "name": name, "method": "POST", "url": service.url(path),
        "body": {"refresh_token": format!("{{{{{token}}}}}")},
    })
}

#[tokio::test]
async fn an_old_token_is_refused_and_its_family_with_it() {
    let service = Service::start().await;
    let mut second = refresh(&service, "b_refresh", "/refresh", "first");
    second["capture"] = json!({"second": {"json": "data.0.refresh"}});
    let me = json!({
        "name": "a_me", "url": service.url("/me"), "auth": {"bearer": "{{access}}"},
    });
    let answer = ask(json!([
        login(&service),
        me,
        second,
        refresh(&service, "c_replay", "/refresh", "first"),
        refresh(&service, "d_family", "/refresh", "second"),
    ]))
    .await
    .unwrap();
    assert_eq!(answer.gaps.len(), 0, "{answer:?}");
    assert_eq!(
        statuses(&answer),
        [
            ("a_me", 200),
            ("b_refresh", 200),
            ("c_replay", 401),
            ("d_family", 401),
            ("login", 200)
        ]
    );
    let steps = &answer.facts.steps;
    assert_eq!(steps["a_me"].json, Some(json!({"user": "ann"})));
    assert_eq!(steps["login"].captured, ["access", "first"]);
    let masked = json!({"access_token": "***", "data": [{"refresh": "***"}], "expires_in": 900});
    assert_eq!(steps["login"].json, Some(masked));
    assert_eq!(
        steps["c_replay"].json,
        Some(json!({"error": "*** was used"}))
    );
    let told = serde_json::to_string(&answer.facts).unwrap();
    assert!(!told.contains("eyJ"), "{told}");
    let sent = [
        "POST /login",
        "GET /me",
        "POST /refresh",
        "POST /refresh",
        "POST /refresh",
    ];
    assert_eq!(service.log(), sent);
}

#[tokio::test]
async fn a_token_that_can_be_used_again_is_seen() {
    let service = Service::start().await;
    let steps = json!([
        login(&service),
        refresh(&service, "refresh", "/lax/refresh", "first"),
        refresh(&service, "replay", "/lax/refresh", "first"),
    ]);
    let answer = ask(steps).await.unwrap();
    assert_eq!(answer.facts.steps["replay"].status, 200);
}

/// Logs in with a form, logs out, and comes back with the old cookie.
async fn logged_out(service: &Service, logout: &str) -> Answer<Facts> {
    ask(json!([
        {"name": "a_login", "method": "POST", "url": service.url("/session/login"),
         "form": {"user": "ann", "password": "${secrets.P}"},
         "capture": {"session": {"cookie": "sid"}}},
        {"name": "b_me", "url": service.url("/session/me")},
        {"name": "c_logout", "method": "POST", "url": service.url(logout)},
        {"name": "d_me", "url": service.url("/session/me")},
        {"name": "e_replay", "url": service.url("/session/me"),
         "headers": {"cookie": "sid={{session}}"}},
    ]))
    .await
    .unwrap()
}

#[tokio::test]
async fn a_session_lives_in_a_cookie_until_it_ends() {
    let service = Service::start().await;
    let answer = logged_out(&service, "/session/logout").await;
    let expected = [
        ("a_login", 200),
        ("b_me", 200),
        ("c_logout", 204),
        ("d_me", 401),
        ("e_replay", 401),
    ];
    assert_eq!(statuses(&answer), expected);
    let first = &answer.facts.steps["a_login"];
    assert_eq!((first.redirected, first.cookies.len()), (1, 1));
    assert!(first.cookies[0].http_only && first.cookies[0].name == "sid");
    assert!(first.url.ends_with("/session/me"));
    let told = serde_json::to_string(&answer.facts).unwrap();
    assert!(!told.contains("-of-ann"), "{told}");

    let answer = logged_out(&service, "/lazy/logout").await;
    let steps = &answer.facts.steps;
    assert_eq!((steps["d_me"].status, steps["e_replay"].status), (401, 200));
}

#[tokio::test]
async fn wrong_credentials_leave_the_rest_unknown() {
    let service = Service::start().await;
    let steps = json!([
        login(&service),
        refresh(&service, "refresh", "/refresh", "first")
    ]);
    let answer = scenario(&steps).gather(&knowing("wrong")).await;
    let answer = answer.unwrap();
    assert_eq!(statuses(&answer), [("login", 401)]);
    let gap = &answer.gaps["steps.refresh"];
    assert_eq!(gap.reason, Reason::CredentialRefused);
    assert_eq!(gap.cause, "step login is refused");
    assert_eq!(service.log(), ["POST /login"]);

    let missing = scenario(&steps).gather(&context(&[])).await.unwrap_err();
    assert_eq!(missing.reason, Reason::CredentialMissing);
    assert_eq!(
        service.log().len(),
        1,
        "nothing was sent without the secret"
    );
}

#[tokio::test]
async fn a_secret_of_a_later_step_is_looked_for_before_the_first() {
    let service = Service::start().await;
    let steps = json!([
        {"name": "a", "url": service.url("/page")},
        {"name": "b", "url": service.url("/page"), "auth": {"bearer": "${secrets.OTHER}"}},
    ]);
    assert_eq!(
        ask(steps).await.unwrap_err().reason,
        Reason::CredentialMissing
    );
    assert_eq!(service.server.requests(), 0);
}

#[tokio::test]
async fn what_is_not_there_stops_the_scenario() {
    let service = Service::start().await;
    for (path, capture) in [
        ("/page", json!({"json": "token"})),
        ("/page", json!({"header": "x-token"})),
        ("/page", json!({"cookie": "sid"})),
        ("/page", json!({"regex": "value='([^']+)'"})),
        ("/session/logout", json!({"cookie": "sid"})),
        ("/nothing", json!({"json": "token"})),
    ] {
        let answer = ask(json!([
            {"name": "one", "url": service.url(path), "capture": {"x": capture}},
            {"name": "two", "url": service.url("/echo?{{x}}")},
            {"name": "three", "url": service.url("/page")},
        ]))
        .await
        .unwrap();
        assert_eq!(answer.facts.steps.len(), 1, "{path} {capture}");
        for step in ["steps.two", "steps.three"] {
            assert_eq!(
                answer.gaps[step].reason,
                Reason::CaptureMissing,
                "{path} {capture}"
            );
        }
        let cause = "step one does not give what the next one needs";
        assert_eq!(answer.gaps["steps.two"].cause, cause);
    }
    assert!(!service.log().contains(&"GET /echo".to_owned()));
}

#[tokio::test]
async fn a_body_that_is_too_long_is_a_gap_and_can_still_be_captured_from() {
    let service = Service::start().await;
    let answer = ask(json!([
        {"name": "big", "url": service.url("/big"), "capture": {"t": {"json": "token"}}},
        {"name": "echo", "url": service.url("/echo?t={{t}}")},
    ]))
    .await
    .unwrap();
    assert_eq!(answer.facts.steps["big"].json, None);
    assert_eq!(answer.gaps["steps.big.json"].reason, Reason::HttpTruncated);
    let echoed = answer.facts.steps["echo"].json.as_ref().unwrap();
    assert_eq!(echoed["query"], "t=***");
}

#[tokio::test]
async fn trouble_at_the_first_step_is_the_answer_and_later_a_gap() {
    let service = Service::start().await;
    let hurried = Context {
        timeout: Duration::from_secs(2),
        ..context(&[])
    };
    let page = json!({"name": "page", "url": service.url("/page")});
    let slow = json!({"name": "slow", "url": service.url("/slow")});
    let last = json!({"name": "last", "url": service.url("/page")});
    let told = scenario(&json!([slow, page])).gather(&hurried).await;
    assert_eq!(told.unwrap_err().reason, Reason::HttpTimeout);
    let answer = scenario(&json!([page, slow, last])).gather(&hurried).await;
    let answer = answer.unwrap();
    assert_eq!(statuses(&answer), [("page", 200)]);
    assert_eq!(answer.gaps["steps.slow"].reason, Reason::HttpTimeout);
    assert_eq!(answer.gaps["steps.slow"], answer.gaps["steps.last"]);

    let garbage = raw(async |mut stream| {
        read_head(&mut stream).await;
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"SSH-2.0-x\r\n\r\n").await;
    })
    .await;
    let url = format!("http://app.example:{}/", garbage.port);
    let told = ask(json!([{"name": "one", "url": url}])).await.unwrap_err();
    assert_eq!(told.reason, Reason::HttpProtocol);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "http://app.example:{}/",
        closed.local_addr().unwrap().port()
    );
    drop(closed);
    let told = ask(json!([{"name": "one", "url": url}])).await.unwrap_err();
    assert_eq!(told.reason, Reason::TcpRefused);
}

#[test]
fn contacts_say_what_is_sent_and_how_dangerous_it_is() {
    let reading = json!({"name": "read", "url": "http://a.example/x/{{id}}"});
    let writing = json!({"name": "write", "method": "POST", "url": "https://b.example/y",
                         "form": {"a": "{{id}} ${secrets.P}"}, "capture": {"t": {"json": "a.b"}}});
    let probe = scenario(&json!([reading, writing]));
    let contacts = probe.contacts();
    assert_eq!(contacts[0].place(), "a.example:80");
    assert_eq!(
        contacts[0].action,
        "read: GET /x/{{id}}, then up to 10 redirects"
    );
    assert_eq!(contacts[0].access, Access::ReadOnly);
    assert_eq!(
        (contacts[1].place().as_str(), contacts[1].access),
        ("b.example:443", Access::Intrusive)
    );
    let command = probe.reproduce();
    let lines: Vec<&str> = command.lines().collect();
    assert_eq!(
        lines,
        [
            "curl -sS -b cookies -c cookies --compressed -i -L --max-redirs 10 http://a.example/x/\"$id\"",
            "curl -sS -b cookies -c cookies --data-urlencode a=\"$id\"' '\"$P\" --compressed -i -X POST -L --max-redirs 10 https://b.example/y  # t=… (JSON at a.b)",
        ]
    );
}

#[test]
fn what_cannot_be_asked_is_told() {
    let url = "http://a.example/";
    let wrong = |step: Value, field: &str| {
        let told = scenario(&json!([step])).validate().unwrap_err();
        assert_eq!(told.field, format!("steps[0].{field}"), "{}", told.message);
    };
    wrong(json!({"name": "A", "url": url}), "name");
    wrong(json!({"name": "a", "url": "ftp://a.example"}), "url");
    wrong(json!({"name": "a", "url": "http://a.example/{{x}}"}), "url");
    wrong(json!({"name": "a", "url": "http://a.example/{{x"}), "url");
    wrong(
        json!({"name": "a", "url": url, "redirects": 21}),
        "redirects",
    );
    wrong(
        json!({"name": "a", "url": url, "headers": {"x": "{{ x }}"}}),
        "headers.x",
    );
    wrong(
        json!({"name": "a", "url": url, "headers": {"authorization": "Bearer abc"}}),
        "headers.authorization",
    );
    wrong(
        json!({"name": "a", "url": url, "auth": {"bearer": "{{x}}"}}),
        "auth.bearer",
    );
    wrong(
        json!({"name": "a", "url": url, "method": "POST", "body": {"{{": 1}}),
        "body",
    );
    wrong(
        json!({"name": "a", "url": url, "method": "POST", "body": "x", "form": {"a": "b"}}),
        "form",
    );
    wrong(json!({"name": "a", "url": url, "form": {"a": "b"}}), "form");
    for (capture, name) in [
        (json!({"json": ""}), "x"),
        (json!({"header": "a b"}), "x"),
        (json!({"cookie": ""}), "x"),
        (json!({"regex": "("}), "x"),
        (json!({"regex": "a{1000}{1000}"}), "x"),
        (json!({"json": "a"}), "X"),
    ] {
        let mut step = json!({"name": "a", "url": url});
        step["capture"] = json!({(name): capture});
        wrong(step, &format!("capture.{name}"));
    }
    assert_eq!(scenario(&json!([])).validate().unwrap_err().field, "steps");
    let steps: Vec<Value> = (0..21)
        .map(|n| json!({"name": format!("a{n}"), "url": url}))
        .collect();
    assert_eq!(
        scenario(&json!(steps)).validate().unwrap_err().field,
        "steps"
    );
    let twice = json!([{"name": "a", "url": url}, {"name": "a", "url": url}]);
    assert_eq!(
        scenario(&twice).validate().unwrap_err().field,
        "steps[1].name"
    );
    let host = json!([
        {"name": "a", "url": url, "capture": {"x": {"json": "a"}}},
        {"name": "b", "url": "http://{{x}}.example/"},
    ]);
    assert_eq!(
        scenario(&host).validate().unwrap_err().field,
        "steps[1].url"
    );
}
