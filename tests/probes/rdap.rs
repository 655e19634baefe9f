//! The `rdap` probe against a registration data service in this process.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use ready::probe::net::resolve::Resolver;
use ready::probe::net::tls::Trust;
use ready::probe::net::{Net, Overrides};
use ready::probe::rdap::{Facts, Rdap};
use ready::probe::{Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use serde_json::json;

use crate::support::certificates::{Authority, Leaf};
use crate::support::context;
use crate::support::http::{Body, Server, clear, full, raw, secure, status};

fn probe(port: u16, domain: &str) -> Rdap {
    let base = format!("http://rdap.example:{port}/v1/");
    let probe: Rdap = serde_json::from_value(json!({"domain": domain, "base": base})).unwrap();
    assert_eq!(probe.validate(), Ok(()));
    probe
}

async fn ask(server: &Server, domain: &str) -> Result<Answer<Facts>, ProbeError> {
    let context = Context {
        timeout: Duration::from_secs(3),
        ..context(&[])
    };
    probe(server.port, domain).gather(&context).await
}

/// In the shape of RFC 9083, section 5.3.
fn registered() -> serde_json::Value {
    json!({
        "objectClassName": "domain",
        "ldhName": "SHOP.EXAMPLE.",
        "status": ["client transfer prohibited", "Active"],
        "events": [
            {"eventAction": "registration", "eventDate": "2020-02-01T10:00:00Z"},
            {"eventAction": "expiration", "eventDate": "2026-12-01T11:00:00Z"}
        ],
        "entities": [
            {"objectClassName": "entity", "roles": ["abuse"]},
            {"objectClassName": "entity", "roles": ["registrar"], "vcardArray": ["vcard", [
                ["version", {}, "text", "4.0"], ["fn", {}, "text", "Names Ltd"]
            ]]}
        ],
        "nameservers": [{"ldhName": "NS1.example.net"}, {"ldhName": "ns2.example.net."}],
        "secureDNS": {"delegationSigned": true}
    })
}

pub(crate) async fn service() -> Server {
    clear(async |request: Request<bytes::Bytes>| -> Response<Body> {
        let accepts = request.headers()["accept"] == "application/rdap+json";
        let answer = |text: String| status(200).body(full(text)).unwrap();
        match request.uri().path() {
            "/v1/domain/shop.example" if accepts => status(302)
                .header("location", "/registry/domain/shop.example")
                .body(full(""))
                .unwrap(),
            "/registry/domain/shop.example" | "/v1/domain/other.example" => {
                answer(registered().to_string())
            }
            "/v1/domain/bare.example" => answer(json!({"ldhName": "bare.example"}).to_string()),
            "/v1/domain/dated.example" => {
                let events = json!([{"eventAction": "expiration", "eventDate": "1 December 2026"},
                    {"eventAction": "registration", "eventDate": "2020-02-01T10:00:00Z"}]);
                answer(json!({"ldhName": "dated.example", "events": events}).to_string())
            }
            "/v1/domain/garbage.example" => answer("<html>".to_owned()),
            "/v1/domain/busy.example" => status(429).body(full("slow down")).unwrap(),
            "/v1/domain/broken.example" => status(500).body(full("oops")).unwrap(),
            _ => status(404).body(full("{}")).unwrap(),
        }
    })
    .await
}

#[tokio::test]
async fn a_registration_is_read_behind_a_redirect() {
    let server = service().await;
    let facts = ask(&server, "shop.example").await.unwrap().facts;
    assert!(facts.registered);
    assert_eq!(facts.registrar.as_deref(), Some("Names Ltd"));
    assert_eq!(facts.days_left, Some(9));
    assert_eq!(facts.expires, "2026-12-01T11:00:00Z".parse().ok());
    assert_eq!(facts.since, "2020-02-01T10:00:00Z".parse().ok());
    let states: Vec<String> = facts.states.unwrap().into_iter().collect();
    assert_eq!(states, ["active", "client transfer prohibited"]);
    let servers: Vec<String> = facts.name_servers.unwrap().into_iter().collect();
    assert_eq!(servers, ["ns1.example.net", "ns2.example.net"]);
    assert_eq!(facts.delegation_signed, Some(true));
}

#[tokio::test]
async fn what_is_not_said_is_left_out_and_no_such_domain_is_a_fact() {
    let server = service().await;
    let bare = ask(&server, "bare.example").await.unwrap().facts;
    let known = serde_json::to_value(bare).unwrap();
    assert_eq!(known, json!({"registered": true}));
    let nobody = ask(&server, "nobody.example").await.unwrap().facts;
    assert_eq!(nobody, Facts::default());
}

#[tokio::test]
async fn a_date_that_cannot_be_read_is_a_gap() {
    let server = service().await;
    let Answer { facts, gaps } = ask(&server, "dated.example").await.unwrap();
    assert_eq!((facts.expires, facts.days_left), (None, None));
    assert_eq!(facts.since, "2020-02-01T10:00:00Z".parse().ok());
    for fact in ["expires", "days_left"] {
        assert_eq!(gaps[fact].reason, Reason::ApiUnavailable);
        let detail = gaps[fact].detail.as_deref();
        assert_eq!(detail, Some("expiration: 1 December 2026"));
    }
}

/// The usual redirector, which this process stands in for.
#[tokio::test]
async fn only_a_registry_knows_that_a_domain_is_not_registered() {
    let root = Authority::root("Test");
    let identity = root.sign(&Leaf::named(&["rdap.org", "registry.example"]));
    let server = secure(
        identity,
        &[],
        async |request: Request<bytes::Bytes>| -> Response<Body> {
            let host = request.headers()["host"].to_str().unwrap().to_owned();
            match request.uri().path() {
                "/domain/free.example" if host == "rdap.org" => status(302)
                    .header("location", "https://registry.example/domain/free.example")
                    .body(full(""))
                    .unwrap(),
                _ => status(404).body(full("{}")).unwrap(),
            }
        },
    )
    .await;
    let mut overrides = Overrides::default();
    overrides.insert(None, None, Ipv4Addr::LOCALHOST.into(), Some(server.port));
    let roots = [root.certificate.clone()];
    let context = Context {
        net: Arc::new(Net::new(
            overrides,
            Resolver::of_the_system(),
            Trust::new(&roots),
        )),
        ..context(&[])
    };
    let ask = async |domain: &str| {
        let probe: Rdap = serde_json::from_value(json!({"domain": domain})).unwrap();
        probe.gather(&context).await
    };
    let facts = ask("free.example").await.unwrap().facts;
    assert_eq!(facts, Facts::default());
    let told = ask("nobody.unheard-of").await.unwrap_err();
    assert_eq!(told.reason, Reason::ApiNotFound);
}

#[tokio::test]
async fn a_service_in_trouble_is_never_the_domains_fault() {
    let server = service().await;
    for (domain, reason) in [
        ("garbage.example", Reason::ApiUnavailable),
        ("broken.example", Reason::ApiUnavailable),
        ("other.example", Reason::ApiUnavailable),
        ("busy.example", Reason::ApiRateLimited),
    ] {
        let told = ask(&server, domain).await.unwrap_err();
        assert_eq!(told.reason, reason, "{domain}: {told:?}");
    }
    let silent = raw(async |stream| {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let told = ask(&silent, "shop.example").await.unwrap_err();
    assert_eq!(told.reason, Reason::ApiUnavailable);
    assert!(told.detail.unwrap().starts_with("http.timeout"));
    let closed = raw(async |stream| drop(stream)).await;
    let told = ask(&closed, "shop.example").await.unwrap_err();
    assert_eq!(told.reason, Reason::ApiUnavailable);
}

#[test]
fn what_is_no_domain_or_address_is_refused() {
    for (domain, base, field) in [
        ("example", "https://rdap.example", "domain"),
        ("shop.example/../x", "https://rdap.example", "domain"),
        ("shop.example", "ftp://rdap.example", "base"),
        ("shop.example", "rdap", "base"),
    ] {
        let fields = json!({"domain": domain, "base": base});
        let probe: Rdap = serde_json::from_value(fields).unwrap();
        assert_eq!(
            probe.validate().unwrap_err().field,
            field,
            "{domain} {base}"
        );
    }
}
