//! What a hostile server may put into titles, causes, values and commands.

use std::time::{Duration, Instant};

use pulldown_cmark::{Event, Options, Parser, Tag};
use ready::report::{Style, json};

use super::{render, samples, without_colour};

/// Texts that act if they are let through.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "\u{1b}[2J\u{1b}[31mred\u{1b}]0;title\u{7}",
        "\u{9b}31m c1 \u{85} next line",
        "a\n::error::forged\n::set-output name=x::y\n##[error]forged\n##vso[task.complete]",
        "::error file=a::forged",
        "]]> <![CDATA[ &amp; <!-- --> <?xml?>",
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "a | b | c\n|---|\n| d |",
        "`code` ``` fence\n```\n~~~\nout",
        "**bold** _em_ ~~del~~ [link](javascript:alert(1)) ![i](http://evil.example/i.png)",
        "# heading\n- item\n1. one\n> quote\n===\n---\n    code",
        "1. one",
        "- item",
        "@everyone @org/team #123 GH-1 https://evil.example/ www.evil.example a@b.example",
        "user\u{202e}gpj.exe\u{2066}x\u{2069}",
        "nul\0 nonchar\u{fffe}\u{ffff} bom\u{feff} tag\u{e0041} zero\u{200b}",
        "</details></summary></pre></code></sub>",
        "$(reboot) `reboot` $x$ \\( \\[ \\",
        "",
        " ",
        "\n\n\n",
    ]
    .map(str::to_owned)
    .into();
    texts.push("x ::error::y ".repeat(300));
    texts
}

fn assert_harmless_characters(text: &str, of: &str) {
    for character in text.chars() {
        let acts = character.is_control() && character != '\n'
            || "\u{202a}\u{202b}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{200b}\u{feff}\u{fffe}\u{ffff}\u{e0041}"
                .contains(character);
        assert!(!acts, "{character:?} came out of {of:?}");
    }
}

fn assert_no_command(text: &str, of: &str) {
    for line in text.lines().map(str::trim_start) {
        assert!(!line.starts_with("::"), "{line:?} came out of {of:?}");
        assert!(!line.starts_with("##["), "{line:?} came out of {of:?}");
        assert!(!line.starts_with("##vso"), "{line:?} came out of {of:?}");
    }
}

#[test]
fn nothing_acts_on_a_terminal() {
    for hostile in texts() {
        let report = samples::hostile(&hostile);
        for width in [0, 40, 80, 140] {
            for color in [false, true] {
                let style = Style {
                    color,
                    width,
                    verbose: true,
                };
                let text = render("terminal", &report, style);
                // Fails if there is any escape sequence but our colours.
                let text = without_colour(&text);
                assert_harmless_characters(&text, &hostile);
                assert_no_command(&text, &hostile);
            }
        }
    }
}

#[test]
fn junit_stays_xml() {
    for hostile in texts() {
        let report = samples::hostile(&hostile);
        let text = render("junit", &report, Style::default());
        assert_harmless_characters(&text, &hostile);
        assert_no_command(&text, &hostile);
        let suites = quick_junit::Report::deserialize_from_str(&text).unwrap();
        assert_eq!(suites.tests, report.checks.len());
    }
}

#[test]
fn json_stays_json_and_loses_nothing() {
    for hostile in texts() {
        let report = samples::hostile(&hostile);
        let text = render("json", &report, Style::default());
        assert!(!text.contains('\u{1b}'));
        assert_no_command(&text, &hostile);
        assert_eq!(json::read(text.as_bytes()).unwrap(), report);
    }
}

#[test]
fn markdown_has_no_markup_but_ours() {
    let shape = |text: &str| {
        let text = render("markdown", &samples::hostile(text), Style::default());
        let mut shape = Vec::new();
        for event in Parser::new_ext(&text, Options::all() - Options::ENABLE_SMART_PUNCTUATION) {
            match event {
                Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(_))
                | Event::Code(_)
                | Event::FootnoteReference(_)
                | Event::InlineMath(_)
                | Event::DisplayMath(_) => panic!("{event:?}"),
                Event::Start(tag) => shape.push(format!("{tag:?}")),
                Event::Html(html) | Event::InlineHtml(html) => shape.extend(tags(&html)),
                _ => {}
            }
        }
        (shape, text)
    };
    let (expected, _) = shape("harmless");
    for hostile in texts().iter().filter(|text| !text.trim().is_empty()) {
        let (found, text) = shape(hostile);
        assert_eq!(found, expected, "from {hostile:?}:\n{text}");
        assert_harmless_characters(&text, hostile);
        assert_no_command(
            &text.replace("\n## ", "\n").replace("\n### ", "\n"),
            hostile,
        );
        assert!(!text.contains('@'), "a mention came out of {hostile:?}");
        assert!(!text.contains("https:"), "a link came out of {hostile:?}");
    }
}

/// The names of HTML tags.
fn tags(html: &str) -> Vec<String> {
    let tags = html.split('<').skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '/');
        let name = &rest[..end.unwrap_or(rest.len())];
        let ours = ["details", "summary", "pre", "code", "b", "sub"];
        assert!(ours.contains(&name.trim_start_matches('/')), "<{rest}");
        name.to_owned()
    });
    tags.collect()
}

#[test]
fn a_megabyte_is_shortened_and_says_so() {
    let report = samples::hostile(&"x\u{1b}[31m y ".repeat(100_000));
    let started = Instant::now();
    for name in ["terminal", "junit", "markdown"] {
        let text = render(name, &report, Style::default());
        assert!(text.len() < 2_000_000, "{name} has {} bytes", text.len());
        assert!(text.contains("more characters)"), "{name} cut in silence");
        assert!(!text.contains('\u{1b}'));
    }
    assert!(started.elapsed() < Duration::from_secs(30));
}

/// Every number and text of a saved report replaced by an extreme one, in turn.
#[test]
fn a_forged_report_renders_or_is_refused() {
    let text = render("json", &samples::bad(), Style::default());
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut paths = Vec::new();
    leaves(&report, &mut String::new(), &mut paths);
    assert!(paths.len() > 100);
    let mut rendered = 0;
    for path in paths {
        for forged in [
            serde_json::json!(-1e300),
            serde_json::json!(u64::MAX),
            serde_json::json!("x".repeat(5000)),
            serde_json::Value::Null,
        ] {
            let mut report = report.clone();
            *report.pointer_mut(&path).unwrap() = forged;
            let Ok(report) = json::read(report.to_string().as_bytes()) else {
                continue;
            };
            rendered += 1;
            for format in ready::report::FORMATS {
                format.render(&report, &Style::default()).unwrap();
            }
        }
    }
    assert!(rendered > 100, "some are taken: {rendered}");
}

/// The JSON pointers of everything that is neither a list nor an object.
fn leaves(value: &serde_json::Value, path: &mut String, found: &mut Vec<String>) {
    let mut below = |key: &str, value| {
        let length = path.len();
        path.push('/');
        path.push_str(&key.replace('~', "~0").replace('/', "~1"));
        leaves(value, path, found);
        path.truncate(length);
    };
    match value {
        serde_json::Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| below(key, value));
        }
        serde_json::Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                below(&index.to_string(), value);
            }
        }
        _ => found.push(path.clone()),
    }
}
