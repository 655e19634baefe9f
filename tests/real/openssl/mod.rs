//! The `tls` probe against OpenSSL's server, and its facts against those of sslyze.

mod peer;
mod server;

use self::server::{Chain, Server};
use super::program;
use crate::support::certificates::{Authority, Leaf};

/// What a set-up must look like to the probe, beside agreeing with sslyze.
struct Expected {
    /// Versions spoken.
    versions: &'static [&'static str],
    /// Codes of every problem.
    problems: &'static [&'static str],
}

const BOTH: &[&str] = &["TLS1.2", "TLS1.3"];
/// What OpenSSL speaks when it is told to bear weak keys and signatures.
const ALL: &[&str] = &["TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3"];
const MODERN: Expected = Expected {
    versions: BOTH,
    problems: &[],
};

/// Starts OpenSSL's server, asks the probe and sslyze, and compares all that both know.
async fn agree(chain: Chain, arguments: &[&str], expected: Expected) -> Option<server::Facts> {
    let openssl = program("openssl")?;
    let server = Server::start(&openssl, &chain, arguments).await;
    let ours = server.ask().await;
    assert!(ours.gaps.is_empty(), "{:?}", ours.gaps);
    let facts = ours.facts;
    assert_eq!(facts.versions.as_deref().unwrap(), expected.versions);
    let problems: Vec<&str> = facts.problems.iter().map(|one| one.reason.code()).collect();
    assert_eq!(problems, expected.problems);
    if let Some(sslyze) = program("sslyze") {
        peer::compare(&facts, &peer::ask(&sslyze, &server).await);
    }
    Some(facts)
}

fn authorities() -> (Authority, Authority) {
    let root = Authority::root_dated("Good CA", "2020-01-01", "2099-01-01");
    let intermediate = root.intermediate_dated("Good CA", "2024-01-01", "2098-01-01");
    (root, intermediate)
}

/// A certificate good from this many days from today on, for that many days.
fn leaf(from: i64, days: i64) -> Leaf {
    Leaf::lasting(&["localhost"], from, from + days)
}

fn good() -> Chain {
    let (root, intermediate) = authorities();
    let identity = intermediate.sign(&leaf(-10, 80)).with(&[&intermediate]);
    Chain::of(&identity, &root)
}

fn under(problem: &'static [&'static str]) -> Expected {
    Expected {
        problems: problem,
        ..MODERN
    }
}

fn speaking(versions: &'static [&'static str]) -> Expected {
    Expected {
        versions,
        problems: &[],
    }
}

#[tokio::test]
async fn good_with_alpn() {
    let facts = agree(good(), &["-alpn", "h2,http/1.1"], MODERN).await;
    assert!(facts.is_none_or(|facts| facts.alpn.as_deref() == Some("h2")));
}

#[tokio::test]
async fn good_without_alpn() {
    let facts = agree(good(), &["-serverpref"], MODERN).await;
    let is_right = |facts: server::Facts| {
        facts.alpn.is_none() && facts.server_preference == Some(true) && facts.trusted
    };
    assert!(facts.is_none_or(is_right));
}

#[tokio::test]
async fn expired() {
    let (root, intermediate) = authorities();
    let identity = intermediate.sign(&leaf(-90, 80)).with(&[&intermediate]);
    agree(Chain::of(&identity, &root), &[], under(&["tls.expired"])).await;
}

#[tokio::test]
async fn not_yet_valid() {
    let (root, intermediate) = authorities();
    let identity = intermediate.sign(&leaf(5, 80)).with(&[&intermediate]);
    let expected = under(&["tls.not-yet-valid"]);
    agree(Chain::of(&identity, &root), &[], expected).await;
}

#[tokio::test]
async fn wrong_name() {
    let (root, intermediate) = authorities();
    let elsewhere = Leaf {
        names: vec!["other.example".to_owned()],
        ..leaf(-10, 80)
    };
    let identity = intermediate.sign(&elsewhere).with(&[&intermediate]);
    let expected = under(&["tls.name-mismatch"]);
    agree(Chain::of(&identity, &root), &[], expected).await;
}

#[tokio::test]
async fn self_signed() {
    let (root, _) = authorities();
    let identity = leaf(-10, 80).self_signed();
    let expected = under(&["tls.self-signed"]);
    agree(Chain::of(&identity, &root), &[], expected).await;
}

#[tokio::test]
async fn unknown_issuer() {
    let (root, _) = authorities();
    let other = Authority::root_dated("Private CA", "2020-01-01", "2099-01-01");
    let identity = other.sign(&leaf(-10, 80)).with(&[&other]);
    let expected = under(&["tls.unknown-issuer"]);
    agree(Chain::of(&identity, &root), &[], expected).await;
}

#[tokio::test]
async fn missing_intermediate() {
    let (root, intermediate) = authorities();
    let identity = intermediate.sign(&leaf(-10, 80));
    let expected = under(&["tls.missing-intermediate"]);
    agree(Chain::of(&identity, &root), &[], expected).await;
}

#[tokio::test]
async fn rsa_of_1024_bits() {
    let Some(openssl) = program("openssl") else {
        return;
    };
    let chain = Chain::rsa(&openssl, 1024, "-sha256").await;
    let expected = Expected {
        versions: ALL,
        problems: &["tls.weak-key"],
    };
    let facts = agree(chain, &["-cipher", "ALL:@SECLEVEL=0"], expected).await;
    assert!(facts.is_none_or(|facts| facts.certificate.key_bits == Some(1024)));
}

#[tokio::test]
async fn signed_over_sha1() {
    let Some(openssl) = program("openssl") else {
        return;
    };
    let chain = Chain::rsa(&openssl, 2048, "-sha1").await;
    let expected = Expected {
        versions: ALL,
        problems: &["tls.weak-signature"],
    };
    agree(chain, &["-cipher", "ALL:@SECLEVEL=0"], expected).await;
}

#[tokio::test]
async fn tls_1_0_and_1_1_only() {
    let Some(openssl) = program("openssl") else {
        return;
    };
    let chain = Chain::rsa(&openssl, 2048, "-sha256").await;
    let old = ["-no_tls1_2", "-no_tls1_3", "-cipher", "ALL:@SECLEVEL=0"];
    let facts = agree(chain, &old, speaking(&["TLS1.0", "TLS1.1"])).await;
    assert!(facts.is_none_or(|facts| !facts.completed && facts.version == "TLS1.1"));
}

#[tokio::test]
async fn tls_1_2_only() {
    agree(good(), &["-tls1_2"], speaking(&["TLS1.2"])).await;
}

#[tokio::test]
async fn tls_1_3_only() {
    agree(good(), &["-tls1_3"], speaking(&["TLS1.3"])).await;
}

#[tokio::test]
async fn elliptic_curves_and_rsa() {
    let Some(openssl) = program("openssl") else {
        return;
    };
    let chain = good().beside(Chain::rsa(&openssl, 2048, "-sha256").await);
    let facts = agree(chain, &[], MODERN).await;
    let is_right = |facts: server::Facts| {
        let other = facts.other_certificates.first();
        facts.certificate.key_type == "ec" && other.is_some_and(|other| other.key_type == "rsa")
    };
    assert!(facts.is_none_or(is_right));
}

#[tokio::test]
async fn every_suite_that_openssl_has() {
    let Some(openssl) = program("openssl") else {
        return;
    };
    let chain = good().beside(Chain::rsa(&openssl, 2048, "-sha256").await);
    let everything = ["-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"];
    let expected = speaking(ALL);
    let facts = agree(chain, &everything, expected).await;
    let is_right = |facts: server::Facts| {
        let suites = facts.suites.unwrap();
        suites.iter().any(|suite| suite.anonymous)
            && suites.iter().any(|suite| suite.bits == 0)
            && suites
                .iter()
                .any(|suite| suite.dh_bits.is_some_and(|bits| bits >= 2048))
    };
    assert!(facts.is_none_or(is_right));
}

#[tokio::test]
async fn a_client_certificate_is_required() {
    for version in ["-tls1_2", "-tls1_3"] {
        let Some(openssl) = program("openssl") else {
            return;
        };
        let chain = good();
        let server = Server::start(&openssl, &chain, &[version, "-Verify", "2"]).await;
        let facts = server.ask().await.facts;
        assert!(facts.client_certificate_requested, "{version}");
        assert!(facts.client_certificate_required, "{version}");
        assert!(facts.verified, "{version}");
    }
}

#[tokio::test]
async fn a_stapled_answer_is_seen() {
    let Some(openssl) = program("openssl") else {
        return;
    };
    let chain = Chain::rsa(&openssl, 2048, "-sha256").await;
    let staple = chain.ocsp_answer(&openssl).await;
    for (arguments, stapled) in [(vec!["-status_file", &staple], true), (vec![], false)] {
        let server = Server::start(&openssl, &chain, &arguments).await;
        assert_eq!(server.ask().await.facts.ocsp_stapled, stapled);
    }
}
