//! What a hostile profile may not do: panic, hang, or take much memory.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use ready::profile::load;

/// Loads a text as a profile in a folder of its own; gives back what was told.
fn told(bytes: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.yaml"), bytes).unwrap();
    let mut host = super::host("good");
    host.cwd = folder.path().to_path_buf();
    let started = Instant::now();
    let result = load("p.yaml", &BTreeMap::new(), &host);
    let told = result.err().map(|problems| problems.render(true));
    assert!(
        started.elapsed() < Duration::from_mins(1),
        "it takes too long"
    );
    told
}

fn header() -> String {
    "ready: 1\nid: hostile\n".to_owned()
}

fn many(count: usize, line: impl Fn(usize) -> String) -> String {
    let mut text = header() + "checks:\n";
    for number in 0..count {
        _ = writeln!(text, "{}", line(number));
    }
    text
}

#[test]
fn large_things_are_refused_in_words() {
    let ports = "x,".repeat(1001);
    let tower = "{x: ".repeat(10_000);
    let alternatives = "{any: [".repeat(60) + "{attest: {ask: q}}" + &"]}".repeat(60);
    for (text, words) in [
        (
            many(100_000, |n| format!("- {{id: c{n}, attest: {{ask: q}}}}")),
            "more than 150,000 values",
        ),
        (
            many(12_000, |n| format!("- {{id: c{n}, attest: {{ask: q}}}}")),
            "more than 5,000 checks",
        ),
        (
            header() + &format!("checks: [{{id: a, for_each: [{ports}], attest: {{ask: q}}}}]"),
            "at most 1000",
        ),
        (
            header() + "about: " + &"x".repeat(5 * 1024 * 1024),
            "larger than 4 MiB",
        ),
        (header() + "vars: " + &tower, "nested too deeply"),
        (
            header() + &format!("checks: [{{id: a, all: [{alternatives}]}}]"),
            "nested too deeply",
        ),
        (
            many(1, |_| {
                format!(
                    "- {{id: a, probe: {{tcp: {{host: a, port: 1}}}}, expect: '{}tcp.open'}}",
                    "!".repeat(1_000_000)
                )
            }),
            "expression",
        ),
    ] {
        let told = told(text.as_bytes()).unwrap_or_default();
        assert!(
            told.contains(words),
            "{words}: {}",
            &told[..told.len().min(2000)]
        );
    }
}

#[test]
fn variables_cannot_multiply() {
    let mut text = header() + "vars:\n  v0: {default: xxxxxxxxxx}\n";
    for level in 1..30 {
        let before = format!("${{v{}}}", level - 1).repeat(10);
        _ = writeln!(text, "  v{level}: {{default: \"{before}\"}}");
    }
    let told = told(text.as_bytes()).unwrap();
    assert!(told.contains("grow"), "{}", &told[..told.len().min(2000)]);
}

#[test]
fn lists_cannot_multiply_either() {
    let mut text = header() + "vars:\n  v0: {default: [a, b, c]}\n";
    for level in 1..30 {
        let before = format!("'${{v{}}}',", level - 1).repeat(10);
        _ = writeln!(text, "  v{level}: {{default: [{before}]}}");
    }
    let words = told(text.as_bytes()).unwrap();
    assert!(
        words.contains("too large"),
        "{}",
        &words[..words.len().min(2000)]
    );
    let list = "x,".repeat(9000);
    let text = many(200, |n| {
        format!("- {{id: c{n}, use: tcp/open, with: {{host: a, port: 1, hosts: '${{l}}'}}}}")
    }) + &format!("vars: {{l: [{list}]}}\n");
    let told = told(text.as_bytes()).unwrap();
    assert!(
        told.contains("too large"),
        "{}",
        &told[..told.len().min(2000)]
    );
}

#[test]
fn conditions_cannot_work_on_text_without_end() {
    let words = format!("'{}',", "x".repeat(3000)).repeat(1000);
    for condition in [
        "vars.w.map(a, vars.w.map(b, a.replace('x', 'yy'))).size() > 0",
        "vars.w.exists(a, vars.w.exists(b, a.matches('z+$')))",
        "vars.w.join(vars.w.join('')).size() > 1",
    ] {
        let text = many(1, |_| {
            format!("- {{id: a, use: tcp/open, with: {{host: a, port: 1}}, when: \"{condition}\"}}")
        }) + &format!("vars: {{w: {{default: [{words}]}}}}\n");
        let told = told(text.as_bytes()).unwrap();
        assert!(told.contains("bytes of text"), "{condition}: {told}");
    }
}

#[test]
fn ten_thousand_problems_are_counted_and_not_all_shown() {
    let told = told(many(8_000, |n| format!("- {{idd: c{n}}}")).as_bytes()).unwrap();
    assert!(told.contains("more\n"), "{}", &told[told.len() - 200..]);
    assert!(told.len() < 200_000);
}

const GOOD: &str = include_str!("good/zebu.yaml");

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any change to a good profile is either understood or told; nothing panics.
    #[test]
    fn a_changed_profile_is_read_or_told(
        edits in prop::collection::vec(
            (any::<prop::sample::Index>(), 0_usize..40, "[-:{}\\[\\]&*!|>'\"%@` \n\t#,$.a-z0-9é\u{202e}\u{0}\u{1b}]{0,12}"),
            1..4,
        )
    ) {
        let mut text = GOOD.to_owned();
        for (at, length, new) in edits {
            let start = text.floor_char_boundary(at.index(text.len()));
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            text.replace_range(start..end, &new);
        }
        if let Some(told) = told(text.as_bytes()) {
            let plain = |c: char| !c.is_control() || c == '\n' || c == '\u{1b}';
            prop_assert!(told.chars().all(plain), "{:?}", told);
            prop_assert!(told.contains("error"));
        }
    }

    /// Nor does any sequence of bytes.
    #[test]
    fn bytes_are_read_or_told(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        told(&bytes);
    }
}
