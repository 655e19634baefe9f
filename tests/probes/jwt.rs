//! The `jwt` probe against a service in this process that really signs and verifies.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response};
use ready::probe::jwt::{Facts, Jwt};
use ready::probe::{Access, Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use ready::secret::{Secret, Secrets};
use serde_json::{Value, json};

use crate::support::binary::Bench;
use crate::support::context;
use crate::support::http::{Body, Server, clear, full, raw, read_head, status};
use crate::support::jwt::{Issuer, claims};
use crate::support::origin::Origin;

/// A service: its key set, an endpoint that verifies, and some that do not.
pub(crate) async fn service(issuer: Arc<Issuer>) -> Server {
    clear(move |request: Request<Bytes>| {
        let issuer = issuer.clone();
        async move { answer(&issuer, &request) }
    })
    .await
}

fn answer(issuer: &Issuer, request: &Request<Bytes>) -> Response<Body> {
    let headers = request.headers();
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|it| it.to_str().ok())
            .unwrap_or_default()
    };
    let sent = text("authorization").strip_prefix("Bearer ");
    let token = sent.or_else(|| text("cookie").strip_prefix("session="));
    let code = |good: bool| if good { 200 } else { 401 };
    let unsafely_read = |token: &str| {
        let claims = token.split('.').nth(1)?;
        serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    };
    let code = match request.uri().path() {
        "/jwks" => {
            let both = json!({"keys": [issuer.jwk(), Issuer::new("k0").jwk()]});
            let answer = status(200).header("cache-control", "public, max-age=600");
            return answer.body(full(both.to_string())).unwrap();
        }
        "/me" => code(token.and_then(|token| issuer.verify(token)).is_some()),
        "/trusting" => code(token.and_then(unsafely_read).is_some()),
        "/open" => 200,
        _ => 404,
    };
    status(code).body(full("")).unwrap()
}

fn knowing(secrets: &[(&str, &str)]) -> Context {
    let secrets = secrets.iter();
    let secrets = secrets.map(|(name, value)| ((*name).to_owned(), Secret::new(*value)));
    Context {
        secrets: Arc::new(secrets.collect::<Secrets>()),
        now: jiff::Timestamp::now(),
        timeout: Duration::from_secs(20),
        ..context(&[])
    }
}

fn probe(fields: Value) -> Jwt {
    let probe: Jwt = serde_json::from_value(fields).unwrap();
    assert_eq!(probe.validate(), Ok(()));
    probe
}

async fn ask(fields: Value, token: &str) -> Result<Answer<Facts>, ProbeError> {
    probe(fields).gather(&knowing(&[("T", token)])).await
}

fn url(server: &Server, path: &str) -> String {
    format!("http://auth.example:{}{path}", server.port)
}

/// A token for a quarter of an hour, as its issuer makes them.
fn token(issuer: &Issuer) -> String {
    let mut claims = claims("ann", 900);
    claims["aud"] = json!(["api", "web"]);
    claims["email"] = json!("ann@app.example");
    issuer.sign(&claims)
}

#[tokio::test]
async fn keys_and_a_token_are_described_without_their_values() {
    let issuer = Arc::new(Issuer::new("k1"));
    let server = service(issuer.clone()).await;
    let fields = json!({"jwks": url(&server, "/jwks"), "token": "${secrets.T}"});
    let answer = ask(fields.clone(), &token(&issuer)).await.unwrap();
    assert!(answer.gaps.is_empty());
    let told = serde_json::to_value(&answer.facts).unwrap();
    let keys = answer.facts.jwks.unwrap();
    assert_eq!((keys.count, keys.named), (2, true));
    assert_eq!(keys.cache_control.max_age, Some(600));
    assert_eq!(
        told["keys"][0],
        json!({"kid": "k1", "kty": "EC", "alg": "ES256", "usage": "sig", "curve": "P-256", "bits": 256, "secret": false})
    );
    assert_eq!(
        told["token"],
        json!({
            "alg": "ES256", "kid": "k1", "typ": "JWT",
            "claims": ["aud", "email", "exp", "iat", "iss", "sub"],
            "issuer": "https://issuer.example", "audience": ["api", "web"],
            "lifetime_seconds": 900, "expired": false, "verified": true,
        })
    );
    assert!(!told.to_string().contains("ann"));
    assert_eq!(server.requests(), 1);

    // Somebody else's key of the same name, and a key that the set does not have.
    let other = ask(fields.clone(), &token(&Issuer::new("k1")))
        .await
        .unwrap();
    assert_eq!(other.facts.token.unwrap().verified, Some(false));
    let unknown = ask(fields, &token(&Issuer::new("k9"))).await.unwrap();
    assert_eq!(unknown.facts.token.unwrap().verified, None);
    let alone = ask(json!({"token": "${secrets.T}"}), &token(&issuer))
        .await
        .unwrap();
    assert_eq!(alone.facts.token.unwrap().verified, None);
    assert!(alone.facts.jwks.is_none() && alone.facts.refusals.is_none());
}

#[tokio::test]
async fn forged_tokens_are_refused_by_who_verifies_and_taken_by_who_does_not() {
    let issuer = Arc::new(Issuer::new("k1"));
    let server = service(issuer.clone()).await;
    let expired = issuer.sign(&claims("ann", -60));
    let fields = |path: &str| json!({"token": "${secrets.T}", "expired": "${secrets.OLD}", "endpoint": url(&server, path)});
    let secrets = [("T", token(&issuer)), ("OLD", expired)];
    let secrets: Vec<(&str, &str)> = secrets
        .iter()
        .map(|(name, it)| (*name, it.as_str()))
        .collect();
    let strict = probe(fields("/me"))
        .gather(&knowing(&secrets))
        .await
        .unwrap();
    let told = serde_json::to_value(strict.facts.refusals.unwrap()).unwrap();
    assert_eq!(
        told,
        json!({
            "genuine": 200, "stranger": 401, "signature_changed": 401, "claims_changed": 401,
            "signature_removed": 401, "alg_none": 401, "expired": 401,
        })
    );
    assert_eq!(server.requests(), 7);
    let trusting = probe(fields("/trusting"))
        .gather(&knowing(&secrets))
        .await
        .unwrap();
    let told = serde_json::to_value(trusting.facts.refusals.unwrap()).unwrap();
    assert_eq!(
        told,
        json!({
            "genuine": 200, "stranger": 401, "signature_changed": 200, "claims_changed": 200,
            "signature_removed": 200, "alg_none": 200, "expired": 200,
        })
    );
    let mut cookie = fields("/me");
    cookie["cookie"] = json!("session");
    let answer = probe(cookie).gather(&knowing(&secrets)).await.unwrap();
    let refusals = answer.facts.refusals.unwrap();
    assert_eq!((refusals.genuine, refusals.alg_none), (200, 401));
}

#[tokio::test]
async fn a_token_that_is_refused_itself_shows_nothing() {
    let issuer = Arc::new(Issuer::new("k1"));
    let server = service(issuer.clone()).await;
    let fields = json!({"token": "${secrets.T}", "endpoint": url(&server, "/me")});
    let answer = ask(fields, &token(&Issuer::new("k1"))).await.unwrap();
    assert!(answer.facts.refusals.is_none() && answer.facts.token.is_some());
    assert_eq!(answer.gaps["refusals"].reason, Reason::CredentialRefused);
    assert_eq!(server.requests(), 1, "no forged one was shown");
}

#[tokio::test]
async fn what_is_no_token_is_our_inability_and_nothing_is_sent() {
    let issuer = Arc::new(Issuer::new("k1"));
    let server = service(issuer.clone()).await;
    let fields = json!({"token": "${secrets.T}", "endpoint": url(&server, "/me"), "jwks": url(&server, "/jwks")});
    let good = token(&issuer);
    let (signed, _) = good.rsplit_once('.').unwrap();
    for wrong in [
        "opaque-token",
        "a.b.c",
        &format!("{signed}."),
        &format!("{good}.x.y"),
        &"a".repeat(20_000),
    ] {
        let told = ask(fields.clone(), wrong).await.unwrap_err();
        assert_eq!(told.reason, Reason::CredentialUnusable, "{wrong}");
        assert!(!format!("{told:?}").contains(wrong));
    }
    assert_eq!(
        ask(fields.clone(), " ").await.unwrap_err().reason,
        Reason::CredentialMissing
    );
    let missing = probe(fields.clone())
        .gather(&context(&[]))
        .await
        .unwrap_err();
    assert_eq!(missing.reason, Reason::CredentialMissing);
    let mut fresh = fields;
    fresh["expired"] = json!("${secrets.T}");
    fresh.as_object_mut().unwrap().remove("jwks");
    let told = ask(fresh, &good).await.unwrap_err();
    assert_eq!(told.reason, Reason::CredentialUnusable);
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn a_key_set_that_is_none_is_told() {
    for (said, reason) in [
        ("no JSON".to_owned(), Reason::ServiceProtocol),
        (json!({"keys": {}}).to_string(), Reason::ServiceProtocol),
        (
            json!({"keys": [{"kty": "RSA", "n": "!"}]}).to_string(),
            Reason::ServiceProtocol,
        ),
        (
            json!({"keys": [{"kty": 1}]}).to_string(),
            Reason::ServiceProtocol,
        ),
    ] {
        let body = said.clone();
        let server = clear(move |_| {
            let body = body.clone();
            async move { status(200).body(full(body)).unwrap() }
        })
        .await;
        let told = ask(json!({"jwks": url(&server, "/")}), "")
            .await
            .unwrap_err();
        assert_eq!(told.reason, reason, "{said}");
    }
    let issuer = Arc::new(Issuer::new("k1"));
    let server = service(issuer).await;
    let told = ask(json!({"jwks": url(&server, "/nothing")}), "")
        .await
        .unwrap_err();
    assert_eq!(told.reason, Reason::HttpStatus);

    let many: Vec<Value> = (0..150)
        .map(|n| json!({"kty": "oct", "k": "AAAA", "kid": n.to_string()}))
        .collect();
    let many = json!({"keys": many}).to_string();
    let server = clear(move |_| {
        let many = many.clone();
        async move { status(200).body(full(many)).unwrap() }
    })
    .await;
    let answer = ask(json!({"jwks": url(&server, "/")}), "").await.unwrap();
    assert_eq!(answer.facts.jwks.unwrap().count, 150);
    assert_eq!(answer.gaps["keys"].reason, Reason::FileTruncated);
    assert_eq!(answer.gaps["jwks.named"].reason, Reason::FileTruncated);
}

#[tokio::test]
async fn a_service_that_is_slow_closed_or_speaks_something_else_is_told() {
    let silent = raw(async |stream| {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let hurried = Context {
        timeout: Duration::from_secs(1),
        ..context(&[])
    };
    let told = probe(json!({"jwks": url(&silent, "/")}))
        .gather(&hurried)
        .await;
    assert_eq!(told.unwrap_err().reason, Reason::HttpTimeout);
    let garbage = raw(async |mut stream| {
        read_head(&mut stream).await;
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"220 mail\r\n\r\n").await;
    })
    .await;
    let told = ask(json!({"jwks": url(&garbage, "/")}), "")
        .await
        .unwrap_err();
    assert_eq!(told.reason, Reason::HttpProtocol);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let fields = json!({"jwks": format!("http://auth.example:{port}/")});
    assert_eq!(
        ask(fields, "").await.unwrap_err().reason,
        Reason::TcpRefused
    );
}

#[test]
fn without_leave_nothing_is_sent() {
    let origin = Origin::always("fine");
    let profile = format!(
        "ready: 1\nid: j\ntitle: J\nsecrets: {{T: {{about: a token}}}}\nchecks:\n  - {{id: j, title: T, probe: {{jwt: {{token: '${{secrets.T}}', endpoint: '{}'}}}}, expect: jwt.refusals.alg_none == 401}}\n",
        origin.url("/")
    );
    let token = token(&Issuer::new("k1"));
    let bench = Bench::new().file("p.yaml", profile).env("T", &token);
    bench.ready(&["audit", "--profile", "p.yaml", "--report", "json=j"]);
    let report: Value = serde_json::from_str(&bench.read("j")).unwrap();
    assert_eq!(report["checks"][0]["reason"], "allow.intrusive");
    assert_eq!(origin.requests(), Vec::<String>::new());
}

#[test]
fn it_says_what_it_will_do() {
    let quiet = probe(json!({"jwks": "https://auth.example/jwks", "token": "${secrets.T}"}));
    let contacts = quiet.contacts();
    assert_eq!((contacts.len(), contacts[0].access), (1, Access::ReadOnly));
    let loud = probe(json!({
        "token": "${secrets.T}", "endpoint": "https://api.example/me", "expired": "${secrets.OLD}",
    }));
    let contacts = loud.contacts();
    assert_eq!(
        (contacts[0].access, contacts[0].count),
        (Access::Intrusive, 7)
    );
    assert_eq!(contacts[0].action, "GET /me with forged tokens");
    let commands = loud.reproduce();
    let last = commands.lines().last().unwrap();
    assert_eq!(
        last,
        "curl -sS --compressed -i -H 'Authorization: Bearer '\"$T\"x https://api.example/me"
    );
    let local = probe(json!({"token": "${secrets.T}"}));
    assert_eq!(local.contacts()[0].host, "this machine");
    for (fields, field) in [
        (json!({}), "jwks"),
        (json!({"token": "abc"}), "token"),
        (json!({"jwks": "ftp://a.example"}), "jwks"),
        (
            json!({"jwks": "https://a.example", "endpoint": "https://a.example"}),
            "endpoint",
        ),
        (
            json!({"token": "${secrets.T}", "endpoint": "a"}),
            "endpoint",
        ),
        (
            json!({"token": "${secrets.T}", "expired": "${secrets.T}"}),
            "expired",
        ),
        (json!({"token": "${secrets.T}", "cookie": "a b"}), "cookie"),
    ] {
        let wrong: Jwt = serde_json::from_value(fields.clone()).unwrap();
        assert_eq!(wrong.validate().unwrap_err().field, field, "{fields}");
    }
}
