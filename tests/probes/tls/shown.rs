//! What the probe says of servers that do speak TLS.

use ready::probe::Probe;
use ready::probe::tls::{Addresses, Role, Tls};

use super::server::{Setup, ask, good, probe};
use crate::support::certificates::{Authority, Leaf};

#[tokio::test]
async fn a_good_server_is_described_whole() {
    let (root, identity) = good(&Leaf::named(&["localhost", "*.shop.example"]));
    let port = Setup {
        alpn: vec!["h2", "http/1.1"],
        ocsp: vec![0x30, 3, 0x0a, 1, 6],
        ..Setup::of(identity)
    }
    .serve()
    .await;
    let answer = ask(&probe(port), &[&root]).await.unwrap();
    assert!(answer.gaps.is_empty(), "{:?}", answer.gaps);
    let facts = answer.facts;
    assert!(facts.completed && facts.verified && facts.trusted && facts.name_matches);
    assert!(!facts.trusted_web, "browsers do not know a private root");
    assert_eq!((facts.problem, facts.problems), (None, vec![]));
    assert_eq!(facts.version, "TLS1.3");
    assert_eq!(facts.alpn.as_deref(), Some("h2"));
    assert_eq!(facts.versions.unwrap(), ["TLS1.2", "TLS1.3"]);
    let protocols = facts.protocols.unwrap();
    assert_eq!(protocols.tls1_0, Some(false));
    assert_eq!(protocols.sslv3, Some(false));
    assert_eq!(protocols.tls1_2, Some(true));
    assert_eq!(facts.names, ["localhost", "*.shop.example"]);
    assert!(facts.wildcard && facts.ocsp_stapled && !facts.must_staple);
    assert_eq!(facts.days_left, 59);
    assert_eq!(facts.certificate.key_type, "ec");
    assert_eq!(facts.chain.len(), 2);
    let roles: Vec<_> = facts
        .path
        .iter()
        .map(|step| (step.role, step.sent))
        .collect();
    assert_eq!(
        roles,
        [
            (Role::Leaf, true),
            (Role::Intermediate, true),
            (Role::Root, false)
        ]
    );
    assert_eq!(facts.expires_first.unwrap().role, Role::Leaf);
    assert!(facts.chain_order_ok && !facts.missing_intermediate && !facts.sends_root);
    assert_eq!(facts.extra_certificates, 0);
    assert_eq!(facts.compression, Some(false));
    assert_eq!(facts.secure_renegotiation, Some(true));
    assert_eq!(facts.extended_master_secret, Some(true));
    let sni = facts.sni.unwrap();
    assert!(sni.absent.unwrap().same_certificate);
    assert!(sni.unknown.unwrap().accepted);
}

#[tokio::test]
async fn suites_and_groups_are_the_servers_own() {
    let (root, identity) = good(&Leaf::default());
    let port = Setup::of(identity).serve().await;
    let facts = ask(&probe(port), &[&root]).await.unwrap().facts;
    let mut suites: Vec<_> = facts
        .suites
        .unwrap()
        .into_iter()
        .map(|suite| {
            assert!(suite.aead && suite.forward_secret && !suite.weak);
            (suite.version, suite.name)
        })
        .collect();
    suites.sort();
    let listed: Vec<_> = suites
        .iter()
        .map(|(version, name)| (version.as_str(), name.as_str()))
        .collect();
    assert_eq!(
        listed,
        [
            ("TLS1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
            ("TLS1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
            ("TLS1.2", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
            ("TLS1.3", "TLS_AES_128_GCM_SHA256"),
            ("TLS1.3", "TLS_AES_256_GCM_SHA384"),
            ("TLS1.3", "TLS_CHACHA20_POLY1305_SHA256"),
        ]
    );
    let groups = facts.groups.unwrap();
    for version in ["TLS1.2", "TLS1.3"] {
        let names: Vec<_> = groups
            .iter()
            .filter(|group| group.version == version)
            .map(|group| group.name.as_str())
            .collect();
        for name in ["X25519", "secp256r1", "secp384r1"] {
            assert!(names.contains(&name), "{version} has {names:?}");
        }
        assert_eq!(names.len(), 3);
    }
}

#[tokio::test]
async fn whose_order_of_suites_decides_is_found_out() {
    let (root, identity) = good(&Leaf::default());
    for server_order in [false, true] {
        let port = Setup {
            server_order,
            ..Setup::of(identity.clone())
        }
        .serve()
        .await;
        let facts = ask(&probe(port), &[&root]).await.unwrap().facts;
        assert_eq!(facts.server_preference, Some(server_order));
    }
}

#[tokio::test]
async fn a_server_of_one_version_speaks_only_that() {
    let (root, identity) = good(&Leaf::default());
    for (version, name) in [
        (&rustls::version::TLS12, "TLS1.2"),
        (&rustls::version::TLS13, "TLS1.3"),
    ] {
        let port = Setup {
            versions: vec![version],
            ..Setup::of(identity.clone())
        }
        .serve()
        .await;
        let facts = ask(&probe(port), &[&root]).await.unwrap().facts;
        assert_eq!(facts.version, name);
        assert_eq!(facts.versions.unwrap(), [name]);
        assert_eq!(facts.alpn, None);
        assert_eq!(facts.secure_renegotiation.is_some(), name == "TLS1.2");
    }
}

#[tokio::test]
async fn broken_certificates_are_described_as_well_as_good_ones() {
    let root = Authority::root("Good CA");
    let intermediate = root.intermediate("Good CA");
    let other = Authority::root("Private CA");
    let cases = [
        (
            root.sign(&Leaf::dated("2026-01-01", "2026-11-01")),
            "tls.expired",
            -21,
        ),
        (
            root.sign(&Leaf::dated("2026-12-01", "2027-01-01")),
            "tls.not-yet-valid",
            40,
        ),
        (
            root.sign(&Leaf::named(&["other.example"])),
            "tls.name-mismatch",
            59,
        ),
        (Leaf::default().self_signed(), "tls.self-signed", 59),
        (other.sign(&Leaf::default()), "tls.unknown-issuer", 59),
        (
            intermediate.sign(&Leaf::default()),
            "tls.missing-intermediate",
            59,
        ),
    ];
    for (identity, code, days_left) in cases {
        let port = Setup::of(identity).serve().await;
        let quick = Tls {
            scan: false,
            ..probe(port)
        };
        let facts = ask(&quick, &[&root]).await.unwrap().facts;
        assert!(facts.completed && !facts.verified, "{code}");
        assert_eq!(facts.problem.map(ready::reason::Reason::code), Some(code));
        assert_eq!(facts.days_left, days_left, "{code}");
        assert_eq!(facts.name_matches, code != "tls.name-mismatch");
        assert_eq!(
            facts.trusted,
            ["tls.expired", "tls.not-yet-valid", "tls.name-mismatch"].contains(&code),
            "{code}"
        );
        let is_missing = code == "tls.missing-intermediate";
        assert_eq!(facts.missing_intermediate, is_missing);
        let cause = &facts.problems[0].cause;
        assert!(cause.starts_with(&format!("localhost:{port} ")), "{cause}");
        assert_eq!(facts.protocols, None, "nothing was scanned");
    }
}

#[tokio::test]
async fn an_intermediate_that_expires_first_is_named() {
    let root = Authority::root("Good CA");
    let short = root.intermediate_dated("Good CA", "2024-01-01", "2026-12-01");
    let identity = short.sign(&Leaf::default()).with(&[&short, &root]);
    let port = Setup::of(identity).serve().await;
    let facts = ask(&probe(port), &[&root]).await.unwrap().facts;
    assert_eq!(facts.days_left, 59);
    let first = facts.expires_first.unwrap();
    assert_eq!((first.role, first.days_left), (Role::Intermediate, Some(9)));
    assert!(facts.sends_root);
    assert_eq!(facts.extra_certificates, 0);
}

#[tokio::test]
async fn what_is_sent_for_nothing_is_counted() {
    let root = Authority::root("Good CA");
    let first = root.intermediate("Good CA");
    let stray = Authority::root("Elsewhere").intermediate("Elsewhere");
    let identity = first.sign(&Leaf::default()).with(&[&stray, &first]);
    let port = Setup::of(identity).serve().await;
    let facts = ask(&probe(port), &[&root]).await.unwrap().facts;
    assert!(facts.verified && !facts.chain_order_ok);
    assert_eq!(facts.extra_certificates, 1);
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_is_not_broken() {
    let (root, identity) = good(&Leaf {
        must_staple: true,
        ..Leaf::default()
    });
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let port = Setup {
            versions: vec![version],
            client_certificates: Some(Authority::root("Staff")),
            ..Setup::of(identity.clone())
        }
        .serve()
        .await;
        let answer = ask(&probe(port), &[&root]).await.unwrap();
        assert!(answer.gaps.is_empty(), "{:?}", answer.gaps);
        let facts = answer.facts;
        assert!(facts.client_certificate_requested, "{version:?}");
        assert!(facts.client_certificate_required, "{version:?}");
        assert!(facts.verified && facts.must_staple && !facts.ocsp_stapled);
        assert_eq!(facts.versions.unwrap(), [facts.version]);
    }
}

#[tokio::test]
async fn the_name_asked_for_may_be_another_than_the_host() {
    let (root, identity) = good(&Leaf::named(&["shop.example", "xn--bcher-kva.example"]));
    let port = Setup::of(identity).serve().await;
    for name in ["shop.example", "bücher.example", "SHOP.example."] {
        let probe = Tls {
            server_name: Some(name.to_owned()),
            scan: false,
            ..probe(port)
        };
        let facts = ask(&probe, &[&root]).await.unwrap().facts;
        assert!(facts.verified, "{name}: {:?}", facts.problems);
    }
}

#[tokio::test]
async fn every_address_has_a_result_of_its_own() {
    let (root, identity) = good(&Leaf::default());
    let port = Setup::of(identity).serve().await;
    let mut overrides = ready::probe::net::Overrides::default();
    for address in ["127.0.0.1", "127.0.0.2"] {
        overrides.insert(None, None, address.parse().unwrap(), None);
    }
    let mut context = super::server::trusting(&[&root]);
    context.net = std::sync::Arc::new(ready::probe::net::Net::new(
        overrides,
        ready::probe::net::resolve::Resolver::of_the_system(),
        ready::probe::net::tls::Trust::new(std::slice::from_ref(&root.certificate)),
    ));
    let probe = Tls {
        addresses: Addresses::All,
        scan: false,
        ..probe(port)
    };
    let facts = probe.gather(&context).await.unwrap().facts;
    let seen: Vec<_> = facts
        .addresses
        .iter()
        .map(|one| {
            (
                one.address.as_str(),
                one.verified,
                one.problem.map(ready::reason::Reason::code),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (format!("127.0.0.1:{port}").as_str(), true, None),
            (
                format!("127.0.0.2:{port}").as_str(),
                false,
                Some("tcp.refused")
            ),
        ]
    );
}

#[test]
fn commands_show_the_same_by_hand() {
    insta::assert_snapshot!(probe(8443).reproduce(), @"openssl s_client -connect localhost:8443 -servername localhost -showcerts </dev/null");
    let mail: Tls = serde_json::from_value(
        serde_json::json!({"host": "192.0.2.1", "port": 25, "starttls": "smtp"}),
    )
    .unwrap();
    insta::assert_snapshot!(mail.reproduce(), @"openssl s_client -connect 192.0.2.1:25 -starttls smtp -showcerts </dev/null");
    assert!(
        Tls {
            host: "a b".to_owned(),
            ..probe(1)
        }
        .validate()
        .is_err()
    );
}
