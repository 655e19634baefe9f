//! The `bundle` probe against front ends in this process.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use ready::probe::bundle::{Bundle, Facts, Kind};
use ready::probe::{Access, Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use ready::secret::{Secret, Secrets};
use serde_json::{Value, json};

use crate::support::http::{Body, Server, clear, full, raw, status};

fn context() -> Context {
    let secret = ("TOKEN".to_owned(), Secret::new("canary"));
    Context {
        secrets: Arc::new(Secrets::from_iter([secret])),
        timeout: Duration::from_secs(20),
        ..crate::support::context(&[])
    }
}

fn probe(port: u16, path: &str, more: &Value) -> Bundle {
    let mut fields = json!({"url": format!("http://app.example:{port}{path}")});
    let more = more.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    let probe: Bundle = serde_json::from_value(fields).unwrap();
    assert_eq!(probe.validate(), Ok(()), "{path}");
    probe
}

async fn ask(server: &Server, path: &str, more: Value) -> Result<Answer<Facts>, ProbeError> {
    probe(server.port, path, &more).gather(&context()).await
}

/// A key made when the test runs, so that none stands here.
fn key() -> String {
    let letters: String = (0..24_u8)
        .map(|at| char::from(b'a' + (at * 7) % 26))
        .collect();
    format!("sk_{}_{letters}7Q", "live")
}

fn answer(request: &Request<bytes::Bytes>) -> Response<Body> {
    let port = request.uri().port_u16();
    assert_eq!(port, None, "requests name a path alone");
    let host = request.headers()["host"].to_str().unwrap().to_owned();
    let (_, port) = host.split_once(':').unwrap();
    let page = |text: String| {
        status(200)
            .header("content-type", "text/html; charset=utf-8")
            .body(full(text))
            .unwrap()
    };
    let script = |text: String| {
        status(200)
            .header("content-type", "text/javascript")
            .header("cache-control", "public, max-age=31536000, immutable")
            .body(full(text))
            .unwrap()
    };
    let loads = |names: &str| {
        let tags: Vec<String> = names
            .split(' ')
            .map(|name| format!("<script src='{name}'></script>"))
            .collect();
        page(format!("<!doctype html>{}", tags.join("")))
    };
    let map = |text: &str| {
        json!({"version": 3, "sources": ["a.ts"], "sourcesContent": [text], "mappings": "AAAA"})
            .to_string()
    };
    match (host.starts_with("cdn."), request.uri().path()) {
        (false, "/") => page(format!(
            "<!doctype html><link rel=stylesheet href=/a.css><script src=/js/main.1a2b3c4d.js></script>\
             <script src=http://cdn.example:{port}/lib.js></script>\
             <script src=http://tags.other.example/t.js integrity=sha384-x></script>\
             <script>window.dev = 'http://localhost:5173'</script>"
        )),
        (false, "/a.css") => status(200)
            .header("content-type", "text/css")
            .body(full("a{color:red}/*# sourceMappingURL=a.css.map */"))
            .unwrap(),
        (false, "/js/main.1a2b3c4d.js") => script(format!(
            "const key='{}';fetch('https://API.shop.example/v1');console.log(1);import('./part.js');x='js/gone.js'",
            key()
        )),
        (false, "/js/part.js") => script("debugger;export const a=1".to_owned()),
        (false, "/js/part.js.map") => script(map("const b = 2")),
        (true, "/lib.js") => script("y='wss://10.0.0.7:9000/s'".to_owned()),
        (false, "/plain") => loads("/plain.js"),
        (false, "/plain.js") => script("z='https://api.shop.example'".to_owned()),
        (false, "/inline") => loads("/inline.js"),
        (false, "/inline.js") => {
            use base64::Engine as _;
            let coded = base64::engine::general_purpose::STANDARD.encode(map(&key()));
            script(format!(
                "1\n//# sourceMappingURL=data:application/json;base64,{coded}"
            ))
        }
        (false, "/broken") => loads("/missing.js /fallback.js /plain.js"),
        (false, "/fallback.js") => page("<!doctype html>".to_owned()),
        (false, "/refused") => loads("/refused.js"),
        (false, "/refused.js") => status(503).body(full("busy")).unwrap(),
        (false, "/webpack") => loads("/runtime.js"),
        (false, "/runtime.js") => script("r.u=e=>'static/'+e+'.js'".to_owned()),
        (false, "/manifest.json") => status(200)
            .header("content-type", "application/json")
            .body(full(json!({"files": {"main.js": "/plain.js"}}).to_string()))
            .unwrap(),
        (false, "/elsewhere") => loads(&format!("http://static.app.example:{port}/a.js")),
        (false, "/hidden") => loads("/hidden.js"),
        (false, "/hidden.js") => script("import('./part-9f8e7d6c.js')".to_owned()),
        (false, "/many") => loads("/1.js /2.js /3.js /4.js"),
        (false, "/private") => match request.headers().get("authorization") {
            Some(token) if token == "Bearer canary" => loads("/secret.js"),
            _ => status(401).body(full("who?")).unwrap(),
        },
        (false, "/secret.js") => match request.headers().get("authorization") {
            Some(token) if token == "Bearer canary" => script("1".to_owned()),
            _ => status(401).body(full("who?")).unwrap(),
        },
        (false, "/json") => status(200)
            .header("content-type", "application/json")
            .body(full("{}"))
            .unwrap(),
        (false, "/huge") => loads("/huge.js"),
        (false, "/huge.js") => script("a".repeat(9 << 20)),
        (false, "/1.js" | "/2.js" | "/3.js" | "/4.js") => script("1".to_owned()),
        _ => status(404).body(full("nothing")).unwrap(),
    }
}

async fn service() -> Server {
    clear(async |request: Request<bytes::Bytes>| answer(&request)).await
}

#[tokio::test]
async fn a_page_and_its_files_are_read() {
    let server = service().await;
    let cdn = format!("cdn.example:{}", server.port);
    let more = json!({"hosts": [cdn], "find": ["api.shop.example", "API.shop.example", ""]});
    let Answer { facts, gaps } = ask(&server, "/", more).await.unwrap();
    assert!(gaps.is_empty(), "{gaps:?}");
    let url = |path: &str| format!("http://app.example:{}{path}", server.port);
    let files = facts.files.unwrap();
    let read: Vec<(&str, Kind, bool, bool)> = files
        .iter()
        .map(|file| (file.url.as_str(), file.kind, file.initial, file.hashed))
        .collect();
    let lib = format!("http://cdn.example:{}/lib.js", server.port);
    assert_eq!(
        read,
        [
            (&*url("/js/main.1a2b3c4d.js"), Kind::Script, true, true),
            (&*lib, Kind::Script, true, false),
            (&*url("/a.css"), Kind::Style, true, false),
            (&*url("/js/part.js"), Kind::Script, false, false),
        ]
    );
    assert_eq!(
        (files[0].max_age, files[0].immutable),
        (Some(31_536_000), true)
    );
    assert_eq!((files[2].max_age, files[2].immutable), (None, false));
    let secrets = facts.secrets.unwrap();
    assert_eq!(secrets.len(), 1, "{secrets:?}");
    assert_eq!((&*secrets[0].rule, secrets[0].line), ("stripe-key", 1));
    assert!(!format!("{secrets:?}").contains(&key()));
    let local: Vec<String> = facts
        .local
        .unwrap()
        .into_iter()
        .map(|one| one.text)
        .collect();
    assert_eq!(local, ["http://localhost:5173", "wss://10.0.0.7:9000"]);
    let debug: Vec<String> = facts
        .debug
        .unwrap()
        .into_iter()
        .map(|one| one.text)
        .collect();
    assert_eq!(debug, ["console", "debugger"]);
    assert!(facts.origins.unwrap().contains("https://api.shop.example"));
    assert_eq!(facts.found, Some(vec!["API.shop.example".to_owned()]));
    assert_eq!(facts.source_maps, Some(vec![url("/js/part.js.map")]));
    assert_eq!(facts.foreign.len(), 1);
    assert!(facts.foreign[0].integrity);
    assert_eq!(facts.broken, Some(Vec::new()));
    let initial: u64 = files
        .iter()
        .filter(|file| file.initial)
        .map(|file| file.bytes)
        .sum();
    assert!(facts.initial_bytes.unwrap() > initial);
}

#[tokio::test]
async fn what_is_not_seen_is_never_taken_for_clean() {
    let server = service().await;
    for (path, words) in [
        ("/refused", "could not be read"),
        ("/webpack", "makes up the names"),
        ("/elsewhere", "not among its `hosts`"),
        ("/hidden", "could not be read"),
        ("/huge", "longer than is read"),
    ] {
        let Answer { facts, gaps } = ask(&server, path, json!({"find": ["@nowhere@"]}))
            .await
            .unwrap();
        assert!(facts.secrets.is_none() && facts.found.is_none(), "{path}");
        for fact in [
            "secrets",
            "local",
            "debug",
            "origins",
            "found",
            "files",
            "source_maps",
        ] {
            assert_eq!(gaps[fact].reason, Reason::FileTruncated, "{path} {fact}");
            assert!(gaps[fact].cause.contains(words), "{path}: {gaps:?}");
        }
    }
    let Answer { facts, gaps } = ask(&server, "/many", json!({"requests": 3})).await.unwrap();
    assert!(facts.files.is_none() && gaps["files"].cause.contains("more files"));
    // What was found before is told all the same.
    let more = json!({"requests": 3, "hosts": [format!("cdn.example:{}", server.port)]});
    let gaps = ask(&server, "/", more).await.unwrap().gaps;
    let told = gaps["secrets"].detail.as_deref().unwrap();
    assert!(
        told.contains("so far: stripe-key in") && !told.contains(&key()),
        "{told}"
    );
    // A list of all files says what webpack does not.
    let more = json!({"manifest": "/manifest.json"});
    let Answer { facts, gaps } = ask(&server, "/webpack", more).await.unwrap();
    assert!(gaps.is_empty(), "{gaps:?}");
    assert!(facts.origins.unwrap().contains("https://api.shop.example"));
    let gaps = ask(&server, "/webpack", json!({"manifest": "/no.json"}))
        .await
        .unwrap()
        .gaps;
    assert!(gaps.contains_key("secrets"));
}

#[tokio::test]
async fn missing_files_and_maps_within_files_are_told() {
    let server = service().await;
    let Answer { facts, gaps } = ask(&server, "/broken", json!({})).await.unwrap();
    assert!(gaps.is_empty(), "{gaps:?}");
    let broken: Vec<(Option<u16>, bool)> = facts
        .broken
        .unwrap()
        .into_iter()
        .map(|one| (one.status, one.url.ends_with("/missing.js")))
        .collect();
    assert_eq!(broken, [(Some(404), true), (Some(200), false)]);
    let facts = ask(&server, "/inline", json!({})).await.unwrap().facts;
    assert!(facts.source_maps.unwrap()[0].ends_with("/inline.js"));
    assert_eq!(facts.secrets.unwrap()[0].rule, "stripe-key");
    let clean = ask(&server, "/plain", json!({})).await.unwrap().facts;
    assert_eq!(
        (clean.secrets, clean.source_maps),
        (Some(Vec::new()), Some(Vec::new()))
    );
}

#[tokio::test]
async fn a_credential_goes_to_the_pages_origin() {
    let server = service().await;
    let bearer = json!({"auth": {"bearer": "${secrets.TOKEN}"}});
    let Answer { facts, gaps } = ask(&server, "/private", bearer).await.unwrap();
    assert!(gaps.is_empty(), "{gaps:?}");
    assert_eq!(facts.files.unwrap().len(), 1);
    let told = ask(&server, "/private", json!({})).await.unwrap_err();
    assert_eq!(told.reason, Reason::HttpStatus);
    let unset = json!({"auth": {"bearer": "${secrets.OTHER}"}});
    let told = ask(&server, "/private", unset).await.unwrap_err();
    assert_eq!(told.reason, Reason::CredentialMissing);
}

#[tokio::test]
async fn what_is_no_page_is_the_targets_answer() {
    let server = service().await;
    for (path, reason) in [
        ("/json", Reason::ServiceProtocol),
        ("/nowhere", Reason::HttpStatus),
    ] {
        let told = ask(&server, path, json!({})).await.unwrap_err();
        assert_eq!(told.reason, reason, "{path}: {told:?}");
    }
    let silent = raw(async |stream| {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let hurried = Context {
        timeout: Duration::from_secs(1),
        ..context()
    };
    let told = probe(silent.port, "/", &json!({})).gather(&hurried).await;
    assert_eq!(told.unwrap_err().reason, Reason::HttpTimeout);
    let closed = raw(async |stream| drop(stream)).await;
    let told = ask(&closed, "/", json!({})).await.unwrap_err();
    assert_eq!(told.reason, Reason::HttpClosed);
}

#[test]
fn every_host_is_in_the_plan_and_what_cannot_be_asked_is_refused() {
    let more = json!({"hosts": ["cdn.example", "[::1]:8443"], "requests": 7});
    let contacts = probe(8080, "/", &more).contacts();
    let places: Vec<(String, u32, Access)> = contacts
        .iter()
        .map(|contact| (contact.place(), contact.count, contact.access))
        .collect();
    let expected = ["app.example:8080", "cdn.example:80", "[::1]:8443"];
    assert_eq!(
        places,
        expected.map(|place| (place.to_owned(), 7, Access::ReadOnly))
    );
    for (more, field) in [
        (json!({"url": "app.example"}), "url"),
        (json!({"hosts": ["https://cdn.example"]}), "hosts"),
        (json!({"hosts": [""]}), "hosts"),
        (json!({"find": vec!["a"; 21]}), "find"),
        (json!({"requests": 0}), "requests"),
        (json!({"auth": {"bearer": "written"}}), "auth.bearer"),
    ] {
        let mut fields = json!({"url": "http://app.example/"});
        fields
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let probe: Bundle = serde_json::from_value(fields).unwrap();
        assert_eq!(probe.validate().unwrap_err().field, field, "{more}");
    }
}
