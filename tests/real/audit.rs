//! The whole audit, by the binary, of a site on nginx (Debian: nginx-light): as it should be,
//! and with everything wrong that a configuration can get wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::nginx::Nginx;
use super::program;
use crate::support::binary::Bench;
use crate::support::certificates::{Authority, Identity, Leaf};
use crate::support::dns::{Zone, serve};

const GOOD_ZONE: &str = r#"
$ORIGIN shop.test.
$TTL 3600
@ SOA ns1 hostmaster 2026112101 7200 3600 1209600 300
@ NS ns1
@ NS ns2
ns1 A 127.0.0.1
ns2 A 127.0.0.2
@ A 127.0.0.1
@ AAAA ::1
www A 127.0.0.1
www AAAA ::1
mail A 127.0.0.1
@ MX 10 mail
@ CAA 0 issue "letsencrypt.org"
@ TXT "v=spf1 mx -all"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@shop.test"
"#;

const BAD_ZONE: &str = r#"
$ORIGIN shop.test.
$TTL 5
@ SOA ns1 hostmaster 2026112101 7200 3600 1209600 300
@ NS ns1
ns1 A 127.0.0.1
@ A 127.0.0.1
@ MX 10 mail
@ TXT "v=spf1 include:gone.shop.test +all"
_dmarc TXT "v=DMARC1; p=none"
"#;

const GOOD_PAGES: [(&str, &str); 4] = [
    ("index.html", include_str!("nginx/good.html")),
    (
        "404.html",
        "<!doctype html><html lang=en><meta charset=utf-8><title>Not here</title><p>No such page.</html>",
    ),
    ("robots.txt", "User-agent: *\nAllow: /\n"),
    (
        ".well-known/security.txt",
        "Contact: mailto:security@shop.test\nExpires: 2098-01-01T00:00:00Z\n",
    ),
];

const BAD_PAGES: [(&str, &str); 4] = [
    (".env", "APP_KEY=base64:abc\nDB_PASSWORD=hunter2\n"),
    (".git/HEAD", "ref: refs/heads/main\n"),
    (".git/config", "[core]\n\trepositoryformatversion = 0\n"),
    (
        "backup.sql",
        "-- MySQL dump 10.13\nCREATE TABLE `users` (`id` int);\n",
    ),
];

/// A certificate of this age and with this time left, in days.
fn identity(root: &Authority, age: i64, left: i64) -> Identity {
    let names = ["shop.test", "www.shop.test", "localhost"];
    root.sign(&Leaf::lasting(&names, -age, left))
}

fn root() -> Authority {
    Authority::root_dated("Shop CA", "2020-01-01", "2099-01-01")
}

fn good(nginx: &Path) -> Nginx {
    let root = root();
    let pages = GOOD_PAGES.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let configuration = include_str!("nginx/good.conf");
    Nginx::start(
        nginx,
        configuration,
        (&identity(&root, 10, 70), &root),
        &pages,
    )
}

fn bad(nginx: &Path) -> Nginx {
    let root = root();
    let files = BAD_PAGES.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let uploads = (0..40).map(|number| (format!("upload-{number:04}.txt"), String::new()));
    let pages: Vec<_> = files.into_iter().chain(uploads).collect();
    let configuration = include_str!("nginx/bad.conf");
    Nginx::start(
        nginx,
        configuration,
        (&identity(&root, 85, 4), &root),
        &pages,
    )
}

/// Runs `ready audit URL` with the server's root trusted; the exit code and the report.
fn audit(nginx: &Nginx, url: &str, more: &[&str]) -> (Option<i32>, Value) {
    let bench = Bench::new();
    let ca = nginx.root();
    let args = [
        "audit",
        url,
        "--ca",
        ca.to_str().unwrap(),
        "--report",
        "json=run.json",
    ];
    let ran = bench.ready(&[&args, more].concat());
    assert_eq!(ran.err, "", "{}", ran.out);
    let report = serde_json::from_str(&bench.read("run.json")).unwrap();
    (ran.code, report)
}

/// The same for `https://shop.test/`, with a name server that has this zone, and these names
/// found at nginx instead of where the zone says, on its ports.
async fn audit_shop(nginx: &Nginx, zone: &str, names: &[&str]) -> (Option<i32>, Value) {
    let dns = serve(vec![Zone::new(zone)]).await.to_string();
    let mut more = vec!["--dns".to_owned(), dns];
    for name in names {
        for (port, there) in [(443, nginx.tls), (80, nginx.plain)] {
            let to = format!("{name}:{port}:127.0.0.1:{there}");
            more.extend(["--resolve".to_owned(), to]);
        }
    }
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    audit(nginx, "https://shop.test/", &more)
}

/// Each check that is scored and did not pass, with its reason; all of them failed.
fn findings(report: &Value) -> BTreeMap<&str, &str> {
    let mut found = BTreeMap::new();
    for check in report["checks"].as_array().unwrap() {
        let word = |key: &str| check[key].as_str().unwrap_or_default();
        if !["pass", "info", "na"].contains(&word("status")) {
            assert_eq!(word("status"), "fail", "{check:#}");
            found.insert(word("id"), word("reason"));
        }
    }
    found
}

/// Sections with a check that was applicable.
fn sections(report: &Value) -> BTreeSet<&str> {
    let checks = report["checks"].as_array().unwrap().iter();
    let applicable = checks.filter(|check| check["status"] != "na");
    applicable
        .map(|check| check["section"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_site_has_no_findings() {
    let Some(nginx) = program("nginx") else {
        return;
    };
    let nginx = good(&nginx);
    let (code, report) = audit_shop(&nginx, GOOD_ZONE, &["shop.test", "www.shop.test"]).await;
    // Nobody can sign a name below `test` so that the world believes it.
    let expected = [("dns/dnssec-signed", "expect.false")];
    assert_eq!(findings(&report), expected.into());
    assert_eq!(code, Some(0));

    let mut asked: BTreeMap<String, usize> = BTreeMap::new();
    for line in nginx.requests() {
        *asked.entry(line).or_default() += 1;
    }
    let asked_for = |path: &str| asked.keys().any(|line| line.contains(path));
    assert!(asked_for(" /.env ") && asked_for("http://shop.test GET / "));
    let page = "https://shop.test GET / origin=";
    let pages: Vec<_> = asked
        .extract_if(.., |line, _| line.starts_with(page))
        .collect();
    let expected = [
        // The page that most checks look at, and the page of every address by itself.
        ("-", 2),
        // What foreign origins may read.
        ("https://ready-cors-test.example", 1),
        ("null", 1),
    ];
    assert_eq!(
        pages,
        expected.map(|(origin, count)| (format!("{page}{origin}"), count))
    );
    asked.retain(|_, count| *count > 1);
    assert_eq!(asked, BTreeMap::new(), "asked more often than needed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_site_has_exactly_its_findings() {
    let Some(nginx) = program("nginx") else {
        return;
    };
    let nginx = bad(&nginx);
    let (code, report) = audit_shop(&nginx, BAD_ZONE, &["shop.test"]).await;
    let expected = [
        ("cookies/csrf-same-site", "expect.false"),
        ("cookies/prefix-valid", "expect.false"),
        ("cookies/same-site", "expect.false"),
        ("cookies/secure", "expect.false"),
        ("cookies/session-http-only", "expect.false"),
        ("cors/not-null", "expect.false"),
        ("cors/not-reflected", "expect.false"),
        ("dns/caa", "expect.missing"),
        ("dns/dnssec-signed", "expect.false"),
        ("dns/ipv6", "expect.false"),
        ("dns/name-servers", "expect.false"),
        ("email/dmarc-enforced", "expect.false"),
        ("email/dmarc-reports", "expect.false"),
        ("email/mx-resolve", "expect.false"),
        ("email/spf-all", "expect.false"),
        ("email/spf-valid", "expect.false"),
        ("exposure/backup-archives", "expect.false"),
        ("exposure/directory-listing", "expect.false"),
        ("exposure/env-file", "expect.false"),
        ("exposure/git-config", "expect.false"),
        ("exposure/git-head", "expect.false"),
        ("headers/csp-base-uri", "expect.false"),
        ("headers/csp-no-insecure-sources", "expect.false"),
        ("headers/csp-no-unsafe-eval", "expect.false"),
        ("headers/csp-no-unsafe-inline", "expect.false"),
        ("headers/csp-object-src", "expect.false"),
        ("headers/framing-restricted", "expect.false"),
        ("headers/hsts-long-enough", "expect.false"),
        ("headers/hsts-present", "expect.false"),
        ("headers/hsts-subdomains", "expect.false"),
        ("headers/isolation-headers-valid", "expect.false"),
        ("headers/nosniff", "expect.false"),
        ("headers/opener-policy", "expect.false"),
        ("headers/powered-by-hidden", "expect.false"),
        ("headers/referrer-policy", "expect.false"),
        ("headers/server-version-hidden", "expect.false"),
        ("html/charset", "expect.false"),
        ("html/doctype", "expect.false"),
        ("html/lang", "expect.false"),
        ("html/viewport", "expect.missing"),
        ("tls/aead", "expect.false"),
        ("tls/modern-tls", "expect.false"),
        ("tls/no-legacy-tls", "expect.false"),
        ("tls/no-weak-suites", "expect.false"),
        ("tls/not-expiring", "expect.false"),
        ("web/compression", "expect.false"),
        ("web/cookies-not-cached", "expect.false"),
        ("web/http2", "expect.false"),
        ("web/https-redirect", "expect.false"),
        ("web/https-redirect-permanent", "expect.false"),
        ("web/https-redirect-same-host", "expect.missing"),
        ("web/robots-txt", "expect.false"),
        ("web/security-txt", "expect.false"),
        ("web/security-txt-valid", "expect.false"),
        ("web/www-and-apex", "dns.nxdomain"),
    ];
    assert_eq!(findings(&report), expected.into());
    assert_eq!(code, Some(1));
}

#[test]
fn a_port_of_this_machine_is_judged_without_domain() {
    let Some(nginx) = program("nginx") else {
        return;
    };
    let nginx = good(&nginx);
    let (code, report) = audit(&nginx, &format!("https://localhost:{}/", nginx.tls), &[]);
    assert_eq!(findings(&report), BTreeMap::new());
    assert_eq!(code, Some(0));
    let expected = [
        "contact", "cookies", "exposure", "headers", "https", "page", "reach", "tls",
    ];
    assert_eq!(sections(&report), expected.into(), "no names, no mail");
}
