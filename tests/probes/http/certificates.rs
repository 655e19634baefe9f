//! Certificates that are not valid, and every address of a name.

use std::net::IpAddr;
use std::sync::Arc;

use ready::probe::net::resolve::Resolver;
use ready::probe::net::tls::Trust;
use ready::probe::net::{Net, Overrides};
use ready::probe::{Context, Probe};
use serde_json::json;

use super::{get, probe, trusted, trusting};
use crate::support::certificates::{Authority, Identity, Leaf};
use crate::support::http::{clear, full, secure, status};

fn bad_ones() -> (Authority, [(&'static str, Identity); 5]) {
    let root = Authority::root("Test CA");
    let stranger = Authority::root("Unknown CA");
    let of = [
        (
            "tls.expired",
            root.sign(&Leaf::dated("2025-01-01", "2026-01-01")),
        ),
        (
            "tls.not-yet-valid",
            root.sign(&Leaf::dated("2027-01-01", "2027-03-01")),
        ),
        ("tls.self-signed", Leaf::default().self_signed()),
        (
            "tls.unknown-issuer",
            stranger.sign(&Leaf::default()).with(&[&stranger]),
        ),
        (
            "tls.name-mismatch",
            root.sign(&Leaf::named(&["other.example"])),
        ),
    ];
    (root, of)
}

#[tokio::test]
async fn each_problem_has_its_reason_and_can_be_overlooked() {
    let (root, identities) = bad_ones();
    for (reason, identity) in identities {
        let answer = |_| async { status(200).body(full("hello")).unwrap() };
        let server = secure(identity, &["h2", "http/1.1"], answer).await;
        let url = format!("https://localhost:{}/", server.port);
        let context = trusting(&root);
        let told = get(url.clone()).gather(&context).await.unwrap_err();
        assert_eq!(told.reason.code(), reason, "{told:?}");
        assert_eq!(
            server.requests(),
            0,
            "nothing is said to whom we do not know"
        );
        let probe = probe(json!({"url": url, "verify": false}));
        let facts = probe.gather(&context).await.unwrap().facts;
        let tls = facts.tls.unwrap();
        assert_eq!((tls.verified, tls.problem.unwrap().code()), (false, reason));
        assert_eq!(facts.body.as_deref(), Some("hello"));
    }
}

#[tokio::test]
async fn the_earliest_bad_certificate_on_the_way_is_told() {
    let (root, [(_, expired), ..]) = bad_ones();
    let end = secure(expired, &["h2"], |_| async {
        status(200).body(full("")).unwrap()
    })
    .await;
    let location = format!("https://localhost:{}/", end.port);
    let start = clear(move |_| {
        let location = location.clone();
        async move {
            status(301)
                .header("location", location)
                .body(full(""))
                .unwrap()
        }
    })
    .await;
    let probe = get(format!("http://localhost:{}/", start.port));
    let told = probe.gather(&trusting(&root)).await.unwrap_err();
    assert_eq!(told.reason.code(), "tls.expired");
    assert!(
        told.detail
            .unwrap()
            .contains("after a redirect from http://localhost")
    );
}

/// A context in which `localhost` has these addresses.
fn at(addresses: &[&str], roots: &[&Authority]) -> Context {
    let mut overrides = Overrides::default();
    for address in addresses {
        let address: IpAddr = address.parse().unwrap();
        overrides.insert(Some("localhost"), None, address, None);
    }
    let roots: Vec<_> = roots.iter().map(|root| root.certificate.clone()).collect();
    let net = Net::new(overrides, Resolver::of_the_system(), Trust::new(&roots));
    Context {
        net: Arc::new(net),
        ..crate::support::context(&[])
    }
}

#[tokio::test]
async fn every_address_has_a_result() {
    let (root, identity) = trusted();
    let answer = |_| async { status(200).header("x", "1").body(full("hello")).unwrap() };
    let server = secure(identity, &["h2"], answer).await;
    let url = format!("https://localhost:{}/", server.port);
    let probe = probe(json!({"url": url, "addresses": "all"}));
    let context = at(&["127.0.0.1", "127.0.0.2"], &[&root]);
    let answer = probe.gather(&context).await.unwrap();
    assert!(answer.gaps.is_empty());
    let (good, dead) = (
        format!("127.0.0.1:{}", server.port),
        format!("127.0.0.2:{}", server.port),
    );
    assert_eq!((answer.facts.status, &answer.facts.address), (200, &good));
    let results = answer.facts.addresses.unwrap();
    assert_eq!((&results[0].address, results[0].status), (&good, Some(200)));
    assert_eq!(results[0].headers.as_ref().unwrap()["x"], "1");
    assert!(results[0].answered && results[0].error.is_none());
    // Only 127.0.0.1 is listened on.
    assert_eq!((&results[1].address, results[1].status), (&dead, None));
    assert!(!results[1].answered);
    assert_eq!(
        results[1].error.as_ref().unwrap().reason.code(),
        "tcp.refused"
    );
    let all_dead = at(&["127.0.0.2", "127.0.0.3"], &[&root]);
    let told = probe.gather(&all_dead).await.unwrap_err();
    assert_eq!(told.reason.code(), "tcp.refused");
}

#[tokio::test]
async fn an_address_that_we_cannot_reach_is_a_gap() {
    let server = clear(|_| async { status(200).body(full("")).unwrap() }).await;
    let url = format!("http://localhost:{}/", server.port);
    let probe = probe(json!({"url": url, "addresses": "all"}));
    // A link-local address without a link has no route from anywhere.
    let context = at(&["127.0.0.1", "fe80::1"], &[]);
    let answer = probe.gather(&context).await.unwrap();
    assert_eq!(answer.facts.status, 200);
    let results = answer.facts.addresses.unwrap();
    assert!(results[0].answered && !results[1].answered);
    assert!(
        answer.gaps.contains_key("addresses"),
        "{:?}",
        results[1].error
    );
}
