//! Words about web pages: they count while the page says what it said.

use std::io::Write as _;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::{audit, check, day};
use crate::support::binary::Bench;
use crate::support::origin::Origin;

/// A site whose terms can be changed while it runs.
struct Site {
    origin: Origin,
    says: Arc<Mutex<(u16, String)>>,
}

impl Site {
    fn start() -> Self {
        let says = Arc::new(Mutex::new((200, page(1, "no refunds"))));
        let now = Arc::clone(&says);
        let origin = Origin::start(move |target, stream| {
            let (status, body) = match target {
                "/terms" => now.lock().unwrap().clone(),
                "/agb" => (302, String::new()),
                _ => (404, page(1, "nothing here")),
            };
            let location = if status == 302 {
                "location: /terms\r\n"
            } else {
                ""
            };
            let head = format!(
                "HTTP/1.1 {status} X\r\n{location}content-type: text/html\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all((head + &body).as_bytes());
        });
        Self { origin, says }
    }

    fn says(&self, status: u16, body: String) {
        *self.says.lock().unwrap() = (status, body);
    }

    fn times_asked(&self) -> usize {
        self.origin.requests().len()
    }
}

/// Terms of about 600 characters, with what changes at each request: a nonce and a token.
fn page(nonce: u32, refunds: &str) -> String {
    format!(
        "<!doctype html><title>Terms</title><script nonce=n{nonce}>track('{nonce}')</script>\
         <!-- {nonce} --><h1>Terms of Service</h1><form><input type=hidden name=csrf value={nonce}>\
         </form><p>There are {refunds}.</p>{}",
        "<p>Whoever comes here agrees to all of it.</p>".repeat(14)
    )
}

const PROFILE: &str = r#"
ready: 1
id: shop
title: Shop
vars: {web: {required: true}}
sections:
  - id: legal
    title: Legal
    checks:
      - {id: terms, title: The terms are approved, attest: {ask: Read the terms, document: "${web}/terms"}}
      - {id: imprint, title: The imprint is right, attest: {ask: Read the imprint}}
      - {id: there, title: The terms are there, probe: {http: {url: "${web}/terms"}}, expect: http.status == 200}
"#;

fn bench(site: &Site) -> Bench {
    let profile = PROFILE.replace("{required: true}", &format!("{{default: '{}'}}", web(site)));
    Bench::new().file("p.yaml", profile)
}

fn web(site: &Site) -> String {
    site.origin.url("").trim_end_matches('/').to_owned()
}

fn attest(bench: &Bench, more: &[&str]) -> crate::support::binary::Ran {
    let args = [
        "attest",
        "--profile",
        "p.yaml",
        "--by",
        "Ana <ana@shop.example>",
    ];
    bench.ready(&[&args, more].concat())
}

/// Status, reason and explanation.
fn verdict(bench: &Bench, id: &str) -> (String, String, String) {
    let (_, report) = audit(bench, &[]);
    told(&report, id)
}

fn told(report: &Value, id: &str) -> (String, String, String) {
    let check = check(report, id);
    let text = |key: &str| check[key].as_str().unwrap_or_default().to_owned();
    (text("status"), text("reason"), text("explanation"))
}

#[test]
fn an_approval_ends_when_the_wording_changes_and_not_when_a_nonce_does() {
    let site = Site::start();
    let bench = bench(&site);
    let (status, _, ask) = verdict(&bench, "terms");
    assert_eq!(status, "pending");
    assert_eq!(
        ask,
        format!("Read the terms\nthe text: {}/terms", web(&site))
    );

    let ran = attest(&bench, &["terms"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let ledger = bench.read("p.ledger.yaml");
    let url = format!("document: {{url: \"{}/terms\", sha256: ", web(&site));
    assert!(ledger.contains(&url), "{ledger}");

    for nonce in 1..4 {
        site.says(200, page(nonce, "no refunds"));
        let (_, report) = audit(&bench, &[]);
        let (status, reason, explanation) = told(&report, "terms");
        assert_eq!((status.as_str(), reason.as_str()), ("attested", ""));
        assert!(explanation.ends_with(&format!("the text: {}/terms", web(&site))));
        let word = &check(&report, "terms")["attestation"];
        assert_eq!(word["document"], format!("{}/terms", web(&site)));
        assert_eq!(check(&report, "terms")["credit"], 1.0);
    }

    site.says(200, page(1, "full refunds"));
    let (_, report) = audit(&bench, &[]);
    let (status, reason, explanation) = told(&report, "terms");
    assert_eq!(
        (status.as_str(), reason.as_str()),
        ("expired", "attest.outdated")
    );
    let expected = format!(
        "the word of Ana <ana@shop.example> of {} does not count: {}/terms has another text since\n\
         Read the terms\nthe text: {}/terms",
        day(0),
        web(&site),
        web(&site)
    );
    assert_eq!(explanation, expected);
    assert_eq!(check(&report, "terms")["credit"], 0.0);
    let reproduce = check(&report, "terms")["reproduce"].as_str().unwrap();
    assert!(
        reproduce.contains("curl") && reproduce.contains("/terms"),
        "{reproduce}"
    );

    // Read again and approved again; of several words the newest that holds counts.
    let ran = attest(&bench, &["terms", "--at", &day(-1)]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(verdict(&bench, "terms").0, "attested");
}

#[test]
fn an_older_word_without_a_page_does_not_speak_for_what_the_page_says_now() {
    let site = Site::start();
    let bench = bench(&site);
    let url = format!("{}/terms", web(&site));
    assert_eq!(attest(&bench, &["imprint", "--at", &day(-3)]).code, Some(0));
    assert_eq!(verdict(&bench, "imprint").0, "attested");
    let ran = attest(&bench, &["imprint", "--document", &url]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(verdict(&bench, "imprint").0, "attested");
    site.says(200, page(1, "full refunds"));
    let (status, reason, _) = verdict(&bench, "imprint");
    assert_eq!(
        (status.as_str(), reason.as_str()),
        ("expired", "attest.outdated")
    );
}

#[test]
fn a_page_that_cannot_be_read_leaves_it_unknown() {
    let site = Site::start();
    let bench = bench(&site);
    assert_eq!(attest(&bench, &["terms"]).code, Some(0));
    let long = "<p>Whoever comes here agrees.</p>".repeat(1 << 16);
    let shell = "<title>Shop</title><div id=root></div><script>everything()</script>".to_owned();
    for (status, body, why) in [
        (404, page(1, "no refunds"), "/terms answers 404"),
        (503, String::new(), "/terms answers 503"),
        (200, shell, "only 4 characters are in the answer"),
        (200, long, "is longer than what is read of it"),
    ] {
        site.says(status, body);
        let (_, report) = audit(&bench, &[]);
        let (status, reason, explanation) = told(&report, "terms");
        assert_eq!(
            (status.as_str(), reason.as_str()),
            ("error", "attest.unread"),
            "{why}"
        );
        assert!(explanation.contains(why), "{explanation}");
        assert_ne!(report["verdict"], "ready");
        assert!(check(&report, "terms").get("attestation").is_none());
        // What cannot be read cannot be approved either.
        let ran = attest(&bench, &["terms", "--at", &day(-3)]);
        assert_eq!(ran.code, Some(2), "{}", ran.out);
        assert!(
            ran.err.contains("cannot read the page: ") && ran.err.contains(why),
            "{}",
            ran.err
        );
    }

    // Nothing listens there.
    let ledger = bench.read("p.ledger.yaml");
    let gone = Bench::new()
        .file(
            "p.yaml",
            PROFILE.replace("{required: true}", "{default: 'http://127.0.0.1:9'}"),
        )
        .file(
            "p.ledger.yaml",
            ledger.replace(&web(&site), "http://127.0.0.1:9"),
        );
    let (status, reason, explanation) = verdict(&gone, "terms");
    assert_eq!(
        (status.as_str(), reason.as_str()),
        ("error", "attest.unread")
    );
    assert!(
        explanation.contains("127.0.0.1:9 refused the connection"),
        "{explanation}"
    );
}

#[test]
fn the_page_is_one_question_of_the_plan_and_shared() {
    let site = Site::start();
    let bench = bench(&site);
    assert_eq!(attest(&bench, &["terms"]).code, Some(0));
    let asked = site.times_asked();
    let (code, report) = audit(&bench, &[]);
    assert_eq!(code, Some(3), "the imprint is pending: {report:#}");
    assert_eq!(
        site.times_asked(),
        asked + 1,
        "one request for the word and the probe"
    );

    let other = format!("{}/agb", web(&site));
    let ran = attest(&bench, &["imprint", "--document", &other]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(
        ran.err,
        format!(
            "note: {other} leads to {}/terms; what that says is kept\n",
            web(&site)
        )
    );
    let asked = site.times_asked();
    let plan = bench.ready(&["plan", "--profile", "p.yaml"]);
    assert_eq!(site.times_asked(), asked, "a plan sends nothing");
    assert!(
        plan.out
            .contains("GET /agb, then up to 10 redirects ×1, read-only, for 1 check\n"),
        "{}",
        plan.out
    );
    assert!(
        plan.out
            .contains("GET /terms, then up to 10 redirects ×1, read-only, for 2 checks\n"),
        "{}",
        plan.out
    );
    assert!(plan.out.contains("\n2 questions, "), "{}", plan.out);
    let skipped = bench.ready(&["plan", "--profile", "p.yaml", "--skip", "imprint"]);
    assert!(!skipped.out.contains("/agb"), "{}", skipped.out);
    assert_eq!(verdict(&bench, "imprint").0, "attested");
    site.says(200, page(1, "full refunds"));
    assert_eq!(verdict(&bench, "imprint").1, "attest.outdated");
}

#[test]
fn a_word_for_a_check_about_a_page_must_be_about_that_page() {
    let site = Site::start();
    let (at, url) = (day(0), web(&site));
    for (document, why) in [
        (
            String::new(),
            format!("it does not say what {url}/terms said then"),
        ),
        (
            format!(
                ", document: {{url: '{url}/agb', sha256: {}}}",
                "ab".repeat(32)
            ),
            format!("it is about {url}/agb, not about {url}/terms"),
        ),
        (
            ", document: {file: terms.md, sha256: HASH}"
                .replace("HASH", &crate::support::sha256(b"Terms")),
            format!("it does not say what {url}/terms said then"),
        ),
    ] {
        let ledger =
            format!("ledger: 1\nattestations: [{{check: terms, by: Ana, at: {at}{document}}}]");
        let bench = bench(&site)
            .file("terms.md", "Terms")
            .file("p.ledger.yaml", ledger);
        let (status, reason, explanation) = verdict(&bench, "terms");
        assert_eq!(
            (status.as_str(), reason.as_str()),
            ("expired", "attest.unbound")
        );
        assert!(explanation.contains(&why), "{explanation}");
    }

    let bench = bench(&site);
    for named in [format!("{url}/agb"), "p.yaml".to_owned()] {
        let ran = attest(&bench, &["terms", "--document", &named]);
        assert_eq!(ran.code, Some(2));
        assert!(
            ran.err.contains("a word on") && ran.err.contains("would not count"),
            "{}",
            ran.err
        );
    }
    let ran = attest(
        &bench,
        &["imprint", "--document", "https://a.example/${secrets.T}"],
    );
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("needs no secret"), "{}", ran.err);
    let ran = attest(&bench, &["legal"]);
    assert_eq!(ran.code, Some(0));
    assert_eq!(
        ran.err,
        "note: terms in `legal` is about a page: give a word for it by itself\n"
    );
    assert_eq!(verdict(&bench, "terms").1, "attest.unbound");
    assert_eq!(verdict(&bench, "imprint").0, "attested");
}

#[test]
fn saved_evidence_holds_the_page_or_the_word_is_unknown() {
    let site = Site::start();
    let bench = bench(&site);
    let gather = |to: &str| {
        let ran = bench.ready(&["gather", "--profile", "p.yaml", "--only", "terms", "-o", to]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
    };
    let judge = |from: &str| {
        let args = [
            "judge",
            from,
            "--profile",
            "p.yaml",
            "--only",
            "terms",
            "--report",
            "json",
        ];
        let ran = bench.ready(&args);
        told(&serde_json::from_str(&ran.out).unwrap(), "terms")
    };
    gather("before.json");
    assert_eq!(attest(&bench, &["terms"]).code, Some(0));
    let (status, reason, explanation) = judge("before.json");
    assert_eq!(
        (status.as_str(), reason.as_str()),
        ("error", "attest.unread")
    );
    assert!(
        explanation.contains("the evidence has no answer to it"),
        "{explanation}"
    );

    gather("good.json");
    site.says(200, page(1, "full refunds"));
    gather("changed.json");
    assert_eq!(judge("good.json").0, "attested");
    assert_eq!(judge("changed.json").1, "attest.outdated");
}

#[test]
fn who_walks_through_what_waits_is_asked_again_about_a_page_that_changed() {
    let site = Site::start();
    let bench = bench(&site);
    assert_eq!(attest(&bench, &["terms"]).code, Some(0));
    let waiting = |bench: &Bench| attest(bench, &["--interactive"]).err;
    assert!(!waiting(&bench).contains("The terms are approved"));
    site.says(200, page(1, "full refunds"));
    let told = waiting(&bench);
    assert!(told.contains("· terms · expired ·"), "{told}");
    assert!(told.contains("/terms has another text since"), "{told}");
}

#[test]
fn the_page_is_reached_the_way_that_the_run_is_told() {
    let site = Site::start();
    let profile = PROFILE.replace("{required: true}", "{default: 'http://shop.example'}");
    let bench = Bench::new().file("p.yaml", profile);
    let resolve = format!("shop.example:80:{}", site.origin.address);
    let way = ["--resolve", &resolve, "--dns", "127.0.0.1:9"];
    let ran = attest(&bench, &[&["terms"], &way[..]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let (_, report) = audit(&bench, &way);
    assert_eq!(told(&report, "terms").0, "attested");

    // Without it the name is not known, and neither is what the page says.
    let (_, report) = audit(&bench, &["--dns", "127.0.0.1:9"]);
    assert_eq!(told(&report, "terms").1, "attest.unread");
}
