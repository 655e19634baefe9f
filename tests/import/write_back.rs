//! Answers into documents: nothing but what they are about changes.

use ready::import::{Answer, Document, Known, Shown};

use super::{documents, loaded};

/// Answers about every check of a document's profile.
fn answers(document: &Document, shown: impl Fn(usize, &str) -> Shown) -> Vec<Answer> {
    let checks = loaded(&document.import("a.md", None, &[]).yaml).checks;
    let answers = checks.into_iter().enumerate().map(|(at, check)| Answer {
        shown: shown(at, &check.title),
        check: Known {
            id: check.id.0,
            title: check.title,
        },
    });
    answers.collect()
}

fn written(markdown: &str, shown: impl Fn(usize, &str) -> Shown) -> String {
    let document = Document::read(markdown);
    let answers = answers(&document, shown);
    document.write_back(markdown, &answers, "2026-11-21").text
}

/// By its title: `yes`, `no`, anything else nobody saw.
fn by_title(_: usize, title: &str) -> Shown {
    if title.starts_with("yes") {
        Shown::Confirmed
    } else if title.starts_with("no") {
        Shown::Refuted
    } else {
        Shown::Unseen
    }
}

#[test]
fn boxes_cells_counts_and_dates_change_and_nothing_else() {
    for (before, after) in [
        (
            "- [ ] yes  \r\n* [X] no\n1. [x] who knows\n",
            "- [x] yes  \r\n* [ ] no\n1. [x] who knows\n",
        ),
        (
            "- [ ] **Both:**\n  - [ ] yes a\n  - [ ] yes b\n",
            "- [x] **Both:**\n  - [x] yes a\n  - [x] yes b\n",
        ),
        (
            "- [x] **Both:**\n  - [x] yes a\n  - [x] no b\n",
            "- [ ] **Both:**\n  - [x] yes a\n  - [ ] no b\n",
        ),
        (
            "- [x] **Both:**\n  - [x] yes a\n  - [x] hm b\n",
            "- [x] **Both:**\n  - [x] yes a\n  - [x] hm b\n",
        ),
        (
            "| I | Status | E |\n|--|:--:|--|\n| yes a | 🔲 TODO | x |\n| no b | ✅ Done | y |\n| yes c |  ✅ Done  | |\n",
            "| I | Status | E |\n|--|:--:|--|\n| yes a | ✅ Done | x |\n| no b | 🔲 TODO | y |\n| yes c |  ✅ Done  | |\n",
        ),
        (
            "| I | Status |\n|--|--|\n| no b | ✅ |\n| hm | ✅ |\n",
            "| I | Status |\n|--|--|\n| no b | ❌ Not done |\n| hm | ✅ |\n",
        ),
        (
            "| I | Done |\n|--|--|\n| yes | [ ] |\n| no | [x] |\n",
            "| I | Done |\n|--|--|\n| yes | [x] |\n| no | [ ] |\n",
        ),
        (
            "| I | Status | T |\n|--|--|--|\n| a | ✅ | 1h |\n| yes | 2d |\n",
            "| I | Status | T |\n|--|--|--|\n| a | ✅ | 1h |\n| yes | 2d |\n",
        ),
        (
            "## A\n- [ ] yes a\n- [ ] hm\n\n## Score\n- A: _____ / 63 items\n- Overall: 7/9\n",
            "## A\n- [x] yes a\n- [ ] hm\n\n## Score\n- A: 1 / 63 items\n- Overall: 1/9\n",
        ),
        (
            "**Last verified:** never  \n- [ ] hm\n",
            "**Last verified:** by `ready` on 2026-11-21  \n- [ ] hm\n",
        ),
        (
            "- [ ] yes â†’ x\n| I | Status |\n",
            "- [x] yes â†’ x\n| I | Status |\n",
        ),
        ("- ✅ no\n", "- ✅ no\n"),
        (
            "```\n- [ ] yes\n```\n- [ ] yes",
            "```\n- [ ] yes\n```\n- [x] yes",
        ),
        ("\u{feff}- [ ] yes\n", "\u{feff}- [x] yes\n"),
    ] {
        assert_eq!(written(before, by_title), after);
        assert_eq!(written(after, by_title), after, "written again");
    }
}

#[test]
fn new_text_is_damaged_like_the_rest() {
    // “✅” and “❌” as Mac Roman.
    let before = "| I | Status |\n|--|--|\n| yes | ‚ùå |\n| no | ‚úÖ |\n";
    let after = "| I | Status |\n|--|--|\n| yes | ‚úÖ |\n| no | ‚ùå |\n";
    assert_eq!(written(before, by_title), after);
}

#[test]
fn documents_of_teams_change_only_where_they_say_how_things_stand() {
    for name in documents::NAMES {
        let before = documents::text(name);
        let mixed = |at: usize, _: &str| [Shown::Confirmed, Shown::Refuted, Shown::Unseen][at % 3];
        let after = written(&before, mixed);
        assert_eq!(before.lines().count(), after.lines().count(), "{name}");
        let plain = |line: &str| {
            line.replace("[x]", "[ ]")
                .replace(|c: char| !c.is_ascii_alphanumeric(), "")
        };
        let mut changed = 0;
        for (old, new) in before
            .lines()
            .zip(after.lines())
            .filter(|(old, new)| old != new)
        {
            changed += 1;
            let counted = old.contains("_____ /") && new.contains(" / ");
            let cell = old.starts_with('|');
            assert!(
                counted || cell || plain(old) == plain(new),
                "{name}: {old:?} became {new:?}"
            );
        }
        assert!(changed > 5, "{name}: {changed} lines changed");
        assert_eq!(written(&after, mixed), after, "{name}: written again");
        // The checks are the same as before, and so are their ids.
        let ids = |text: &str| Document::read(text).import("a.md", None, &[]).ids;
        assert_eq!(ids(&before), ids(&after), "{name}");
        let silent = written(&before, |_, _| Shown::Unseen);
        assert!(
            name == "zebu" || silent == before,
            "{name}: nothing was seen"
        );
    }
}

#[test]
fn claims_are_compared_with_what_was_shown() {
    let markdown =
        "- [x] yes\n- [x] no\n- [x] hm\n- [ ] no b\n- [x] **All:**\n  - [x] yes c\n  - [ ] no d\n";
    let document = Document::read(markdown);
    let claims = document.claims(&answers(&document, by_title));
    let told: Vec<_> = claims
        .iter()
        .map(|claim| (claim.line, claim.shown))
        .collect();
    assert_eq!(
        told,
        [
            (1, Shown::Confirmed),
            (2, Shown::Refuted),
            (3, Shown::Unseen),
            (5, Shown::Refuted),
            (6, Shown::Confirmed),
        ]
    );
    // What the run knows nothing of was not seen.
    assert!(
        document
            .claims(&[])
            .iter()
            .all(|claim| claim.shown == Shown::Unseen)
    );
}
