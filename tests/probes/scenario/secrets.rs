//! Captured values stay inside, and nothing is sent that was not allowed.

use std::fmt::Write as _;

use serde_json::json;

use super::service::Service;
use super::{PASSWORD, ask};
use crate::support::binary::Bench;
use crate::support::origin::Origin;

#[tokio::test]
async fn captured_values_fit_where_they_are_put_and_are_masked_when_they_come_back() {
    let service = Service::start().await;
    let csrf = json!({"regex": "name=\"csrf\" value=\"([^\"]+)\""});
    let answer = ask(json!([
        {"name": "page", "url": service.url("/page"),
         "capture": {"csrf": csrf, "sent": {"header": "x-csrf"}}},
        {"name": "echo", "method": "POST", "url": service.url("/echo?a={{csrf}}&b=1"),
         "headers": {"x-sent": "{{csrf}}"}, "body": {"inner": "<{{sent}}>"}},
        {"name": "form", "method": "POST", "url": service.url("/echo"), "form": {"f": "{{csrf}}"}},
    ]))
    .await
    .unwrap();
    let echo = &answer.facts.steps["echo"];
    let json = echo.json.as_ref().unwrap();
    assert_eq!(json["query"], "a=***&b=1", "percent-encoded: a=c%2Fsrf…");
    assert_eq!(json["body"], r#"{"inner":"<***>"}"#);
    assert_eq!(json["sent"], "***");
    assert_eq!(echo.headers["x-back"], "***");
    assert!(echo.url.ends_with("/echo?a=***&b=1"), "{}", echo.url);
    assert!(!json["encoded"].as_str().unwrap().contains("Yy9zcmY"));
    assert_eq!(
        answer.facts.steps["form"].json.as_ref().unwrap()["body"],
        "f=***"
    );
}

/// A profile that logs in, and shows as much as it can of what comes back.
fn profile(origin: &Origin) -> String {
    let mut text = "ready: 1\nid: s\ntitle: S\nsecrets: {P: {about: a password}}\n\
                    defaults: {timeout: 5s, retries: 0}\nchecks:\n"
        .to_owned();
    let login = json!({
        "name": "login", "method": "POST", "url": origin.url("/login"),
        "body": {"password": "${secrets.P}"}, "capture": {"t": {"json": "t"}},
    });
    let echo = json!({"name": "echo", "url": origin.url("/echo/{{t}}"), "headers": {"x": "{{t}}"}});
    let broken = json!({"name": "broken", "url": origin.url("/broken/{{t}}")});
    let probe = json!({"scenario": {"steps": [login, echo, broken]}});
    for (id, expect) in [
        ("json", "scenario.steps.echo.json.said == 'x'"),
        (
            "all",
            "size(scenario.steps.echo.headers) == 0 && scenario.steps.echo.url == ''",
        ),
        ("gap", "scenario.steps.broken.status == 200"),
    ] {
        let check = json!({"id": id, "title": "T", "probe": probe, "expect": expect});
        _ = writeln!(text, "  - {check}");
    }
    text
}

fn service() -> Origin {
    Origin::start(|target, stream| {
        let token = "tok/en\"in+many=forms";
        let said = match target {
            "/login" => json!({"t": token}).to_string(),
            broken if broken.starts_with("/broken") => {
                let end = format!("HTTP/1.1 nonsense {token}\r\nlocation: {target}\r\n\r\n");
                let _ = std::io::Write::write_all(stream, end.as_bytes());
                return;
            }
            echo => {
                let encoded: String =
                    url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
                json!({"said": format!("{token} {encoded} {echo} tok/en&quot;in+many=forms")})
                    .to_string()
            }
        };
        crate::support::origin::ok(stream, Box::leak(said.into_boxed_str()));
    })
}

#[test]
fn captured_values_are_in_no_output() {
    let origin = service();
    let bench = Bench::new()
        .file("p.yaml", profile(&origin))
        .env("P", PASSWORD);
    let mut args = vec![
        "audit",
        "--profile",
        "p.yaml",
        "--allow",
        "intrusive",
        "--verbose",
    ];
    for format in ["terminal=t", "json=j", "junit=x", "markdown=m"] {
        args.extend(["--report", format]);
    }
    let ran = bench.ready(&args);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let report: serde_json::Value = serde_json::from_str(&bench.read("j")).unwrap();
    for check in report["checks"].as_array().unwrap() {
        assert_eq!(check["status"], "fail", "{check:#}");
    }
    assert!(bench.read("j").contains("***"));
    let mut outputs = vec![ran.out, ran.err];
    outputs.extend(["t", "j", "x", "m"].map(|name| bench.read(name)));
    for output in outputs {
        for form in [
            "tok/en",
            "tok%2F",
            "tok\\/",
            "en&quot;in",
            "many=forms",
            "p4ss",
        ] {
            assert!(!output.contains(form), "{form} came through in {output}");
        }
    }
    let evidence = bench.ready(&[
        "gather",
        "--profile",
        "p.yaml",
        "--allow",
        "intrusive",
        "--output",
        "e",
    ]);
    assert_eq!(evidence.code, Some(0), "{}", evidence.err);
    assert!(!bench.read("e").contains("many=forms"));
}

#[test]
fn without_leave_nothing_is_sent() {
    let origin = service();
    let bench = Bench::new()
        .file("p.yaml", profile(&origin))
        .env("P", PASSWORD);
    let ran = bench.ready(&["audit", "--profile", "p.yaml", "--report", "json=j"]);
    let report: serde_json::Value = serde_json::from_str(&bench.read("j")).unwrap();
    assert_eq!(
        report["checks"][0]["reason"], "allow.intrusive",
        "{}",
        ran.err
    );
    assert_eq!(origin.requests(), Vec::<String>::new());
}
