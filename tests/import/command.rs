//! `ready import` as people run it: from a checklist to answers in it, and round again.

use crate::support::binary::Bench;
use crate::support::origin::Origin;

/// A checklist about a server that is there, and one that is not.
fn checklist(there: &str) -> String {
    format!(
        "# Shop\r\n\r\n## Service\r\n\r\n- [ ] Health endpoint `{there}` returns 200\r\n\
         - [x] Health endpoint of the shop `http://127.0.0.1:1/health` returns 200\r\n\
         - [x] **Terms** — approved by counsel  \r\n\r\n**Last verified:** never\r\n"
    )
}

#[test]
fn the_answers_flow_back_and_then_nothing_changes() {
    let origin = Origin::always("fine");
    let before = checklist(&origin.url("/health"));
    let bench = Bench::new().file("shop.md", &before);
    let ran = bench.ready(&["import", "shop.md", "-o", "shop.yaml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.err.contains("3 checks: 2 asked of the system"),
        "{}",
        ran.err
    );
    assert_eq!(bench.ready(&["validate", "shop.yaml"]).code, Some(0));
    assert_eq!(origin.requests().len(), 0, "importing asks nothing");

    let ran = bench.ready(&[
        "audit",
        "--profile",
        "shop.yaml",
        "--report",
        "json=run.json",
    ]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    let report: serde_json::Value = serde_json::from_str(&bench.read("run.json")).unwrap();
    let claims = serde_json::json!({"made": 2, "confirmed": 0, "refuted": 1, "unseen": 1});
    assert_eq!(report["claims"], claims);

    let ran = bench.ready(&["import", "shop.md", "--check", "run.json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(
        ran.out
            .contains("shop.md:6: refuted: Health endpoint of the shop"),
        "{}",
        ran.out
    );
    assert!(
        ran.out
            .contains("2 claims: 0 confirmed, 1 refuted, 1 that nobody has seen")
    );
    assert_eq!(bench.read("shop.md"), before, "a look changes nothing");

    let ran = bench.ready(&["import", "shop.md", "--write-back", "run.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let date = &report["run"]["started"].as_str().unwrap()[..10];
    let after = before
        .replacen("[ ] Health", "[x] Health", 1)
        .replacen("[x] Health endpoint of", "[ ] Health endpoint of", 1)
        .replace("never", &format!("by `ready` on {date}"));
    assert_eq!(bench.read("shop.md"), after);

    bench.ready(&["import", "shop.md", "--write-back", "run.json"]);
    assert_eq!(bench.read("shop.md"), after, "written again");
    // Nothing is refuted any more; that the terms are approved nobody has shown.
    assert_eq!(
        bench
            .ready(&["import", "shop.md", "--check", "run.json"])
            .code,
        Some(3)
    );

    let ran = bench.ready(&[
        "import",
        "shop.md",
        "--profile",
        "shop.yaml",
        "-o",
        "shop.yaml",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for word in ["added", "removed", "renamed"] {
        assert!(!ran.err.contains(word), "{}", ran.err);
    }
    let once = bench.read("shop.yaml");
    bench.ready(&[
        "import",
        "shop.md",
        "--profile",
        "shop.yaml",
        "-o",
        "shop.yaml",
    ]);
    assert_eq!(bench.read("shop.yaml"), once, "imported again");
}

#[test]
fn what_cannot_be_used_is_refused() {
    let bench = Bench::new()
        .file("a.md", "- [ ] a\n")
        .file("latin.md", b"- [ ] caf\xe9\n")
        .file("run.json", "{}")
        .file("there.yaml", "ready: 1\nid: x\nchecks: []\n");
    for (args, told) in [
        (vec!["import", "none.md"], "cannot read"),
        (vec!["import", "latin.md"], "is not UTF-8"),
        (vec!["import", "."], "is not a plain file"),
        (
            vec!["import", "a.md", "-o", "there.yaml"],
            "is there already",
        ),
        (vec!["import", "a.md", "--check", "run.json"], "cannot use"),
        (
            vec!["import", "a.md", "--write-back", "none.json"],
            "cannot read",
        ),
        (
            vec!["import", "a.md", "--check", "x", "--write-back", "y"],
            "cannot be used with",
        ),
    ] {
        let ran = bench.ready(&args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.err);
        assert!(ran.err.contains(told), "{args:?}: {}", ran.err);
    }
    assert_eq!(bench.read("there.yaml"), "ready: 1\nid: x\nchecks: []\n");
}
