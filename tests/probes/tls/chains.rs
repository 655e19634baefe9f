//! Every problem of a chain is told apart, alone and together with others.

use std::sync::Arc;

use ready::probe::net::tls::{Shown, Trust, problems, verify};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use crate::support::certificates::{Authority, Identity, Leaf};
use crate::support::context;

/// The codes of everything wrong with `identity` as `localhost`, when only `roots` are trusted.
fn codes(identity: &Identity, roots: &[&Authority]) -> Vec<&'static str> {
    codes_for("localhost", identity, roots)
}

fn codes_for(host: &str, identity: &Identity, roots: &[&Authority]) -> Vec<&'static str> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root.certificate.clone()).unwrap();
    }
    let store = Arc::new(store);
    let shown = Shown {
        chain: identity.chain.clone(),
        ..Shown::default()
    };
    let now = context(&[]).now;
    let found = problems(&shown, host, 443, &store, now);
    let most_telling = verify(&shown, host, 443, &store, now).err();
    assert_eq!(most_telling.as_ref(), found.first());
    found.iter().map(|problem| problem.reason.code()).collect()
}

#[test]
fn a_good_chain_has_no_problem() {
    let root = Authority::root("Good CA");
    let intermediate = root.intermediate("Good CA");
    let leaf = intermediate.sign(&Leaf::named(&["localhost", "*.api.example", "127.0.0.1"]));
    let served = leaf.with(&[&intermediate]);
    assert_eq!(codes(&served, &[&root]), [""; 0]);
    assert_eq!(codes_for("v1.api.example", &served, &[&root]), [""; 0]);
    assert_eq!(codes_for("127.0.0.1", &served, &[&root]), [""; 0]);
    let deep = codes_for("a.b.api.example", &served, &[&root]);
    assert_eq!(deep, ["tls.name-mismatch"], "a wildcard is one label");
}

#[test]
fn each_problem_has_its_own_code() {
    let root = Authority::root("Good CA");
    let intermediate = root.intermediate("Good CA");
    let other = Authority::root("Private CA");
    let signed = |leaf: &Leaf| intermediate.sign(leaf).with(&[&intermediate]);

    let expired = signed(&Leaf::dated("2026-01-01", "2026-11-20"));
    assert_eq!(codes(&expired, &[&root]), ["tls.expired"]);

    let early = signed(&Leaf::dated("2026-11-22", "2027-11-20"));
    assert_eq!(codes(&early, &[&root]), ["tls.not-yet-valid"]);

    let elsewhere = signed(&Leaf::named(&["other.example"]));
    assert_eq!(codes(&elsewhere, &[&root]), ["tls.name-mismatch"]);

    let own = Leaf::default().self_signed();
    assert_eq!(codes(&own, &[&root]), ["tls.self-signed"]);

    let private = other.sign(&Leaf::default());
    assert_eq!(codes(&private, &[&root]), ["tls.unknown-issuer"]);
    let with_its_root = private.with(&[&other]);
    assert_eq!(codes(&with_its_root, &[&root]), ["tls.unknown-issuer"]);

    let alone = intermediate.sign(&Leaf::default());
    assert_eq!(codes(&alone, &[&root]), ["tls.missing-intermediate"]);
    let for_mail = signed(&Leaf {
        for_servers: false,
        ..Leaf::default()
    });
    assert_eq!(codes(&for_mail, &[&root]), ["tls.invalid"]);
}

#[test]
fn an_issuer_address_shows_that_an_intermediate_is_missing() {
    let hidden = Authority::root("Elsewhere").intermediate("Unheard Of");
    let leaf = hidden.sign(&Leaf {
        has_issuer_address: true,
        ..Leaf::default()
    });
    assert_eq!(codes(&leaf, &[]), ["tls.missing-intermediate"]);
}

#[test]
fn an_expired_certificate_for_another_name_has_both_problems() {
    let root = Authority::root("Good CA");
    let leaf = Leaf {
        names: vec!["other.example".to_owned()],
        ..Leaf::dated("2025-01-01", "2026-01-01")
    };
    let both = codes(&root.sign(&leaf), &[&root]);
    assert_eq!(both, ["tls.expired", "tls.name-mismatch"]);
    let all = codes(&leaf.self_signed(), &[&root]);
    assert_eq!(all, ["tls.self-signed", "tls.expired", "tls.name-mismatch"]);
}

#[test]
fn an_expired_intermediate_breaks_the_chain_only_when_it_is_needed() {
    let root = Authority::root("Good CA");
    let stale = root.intermediate_dated("Good CA", "2024-01-01", "2026-06-01");
    let served = stale.sign(&Leaf::default()).with(&[&stale]);
    assert_eq!(codes(&served, &[&root]), ["tls.expired"]);

    let fresh = root.intermediate("Good CA");
    let extra = fresh.sign(&Leaf::default()).with(&[&fresh, &stale]);
    assert_eq!(codes(&extra, &[&root]), [""; 0]);
}

#[test]
fn the_order_of_the_chain_does_not_matter() {
    let root = Authority::root("Good CA");
    let upper = root.intermediate("Upper");
    let lower = upper.intermediate("Lower");
    let served = lower.sign(&Leaf::default()).with(&[&root, &upper, &lower]);
    assert_eq!(codes(&served, &[&root]), [""; 0]);
}

#[test]
fn a_self_signed_certificate_may_be_trusted_itself() {
    let own = Leaf::default().self_signed();
    let trust = Trust::new(&own.chain);
    let shown = Shown {
        chain: own.chain.clone(),
        ..Shown::default()
    };
    let found = problems(&shown, "localhost", 443, &trust.roots, context(&[]).now);
    assert_eq!(found, []);
}

#[test]
fn bytes_that_are_no_certificate_are_told_as_such() {
    let nothing = Identity {
        chain: vec![],
        ..Leaf::default().self_signed()
    };
    assert_eq!(codes(&nothing, &[]), ["tls.invalid"]);
    let garbage = Identity {
        chain: vec![CertificateDer::from(vec![0x30, 0x84, 0xff, 0xff])],
        ..nothing
    };
    assert_eq!(codes(&garbage, &[]), ["tls.invalid"]);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(300))]
    /// Whatever bytes stand in a chain, it is judged, and a changed certificate never passes.
    #[test]
    fn a_changed_chain_is_survived_and_never_passes(
        which in 0..2_usize,
        at in proptest::prelude::any::<proptest::sample::Index>(),
        change in 1..=255_u8,
    ) {
        static MADE: std::sync::LazyLock<(Authority, Identity)> = std::sync::LazyLock::new(|| {
            let root = Authority::root("Good CA");
            let intermediate = root.intermediate("Good CA");
            let identity = intermediate.sign(&Leaf::default()).with(&[&intermediate]);
            (root, identity)
        });
        let (root, identity) = &*MADE;
        let mut chain = identity.chain.clone();
        let mut bytes = chain[which].to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        chain[which] = CertificateDer::from(bytes);
        let changed = Identity { chain, ..identity.clone() };
        assert_ne!(codes(&changed, &[root]), [""; 0], "byte {at} of certificate {which}");
    }
}
