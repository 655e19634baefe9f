//! Documents that are made from the tables in the code.

use std::fmt::Write as _;

use ready::check::expect::{CODES, Expression, Function, Group, Names, Root, Want, functions};
use ready::probe::facts_schemas;

use crate::support::binary::Bench;
use crate::support::generated::assert_checked_in;

#[test]
fn the_readme_shows_what_the_demo_prints() {
    let ran = Bench::new().ready(&["demo"]);
    let lines: Vec<&str> = ran.out.lines().collect();
    let at = |word: &str| {
        lines
            .iter()
            .position(|line| line.starts_with(word))
            .unwrap()
    };
    let failures = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.starts_with("✗ fail "));
    let third = failures.map(|(number, _)| number).nth(2).unwrap();
    // How long it took and how many connections that was is different each time.
    let numbers = lines
        .iter()
        .position(|line| line.contains(" questions, "))
        .unwrap();
    let mut capture = "$ ready demo\n".to_owned();
    for line in &lines[1..third] {
        _ = writeln!(capture, "{line}");
    }
    capture.push_str("  ⋮\n\n");
    for line in lines[at("Fix first")..numbers]
        .iter()
        .chain(&lines[numbers + 2..at("Where it")])
    {
        _ = writeln!(capture, "{line}");
    }
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (before, rest) = readme.split_once("<!-- capture: ").unwrap();
    let (comment, rest) = rest.split_once(" -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- /capture -->").unwrap();
    let capture = capture.trim_end();
    assert_checked_in(
        "README.md",
        &format!(
            "{before}<!-- capture: {comment} -->\n```text\n{capture}\n```\n<!-- /capture -->{after}"
        ),
    );
}

#[test]
fn expressions_are_documented() {
    assert_checked_in("docs/expressions.md", &expressions());
}

/// What no table says.
const EXPRESSIONS: &str = "\
# Expressions

An expectation is an expression in [CEL](https://cel.dev), the Common Expression Language,
that must be true of the facts:

```yaml
probe: {tls: {host: a.example}}
expect:
EXAMPLES```

Everything is checked before anything is contacted: names, facts, functions, types, and
whether the expectation can be false at all.

## Names

| Name | Stands for |
|---|---|
| `http`, `tls` … | the facts of the check's probe, under its kind or the name given in `probes:` |
| `vars.name` | a variable of the profile |
| `with.name` | a parameter of a built-in check |
| `now` | the moment when the run started |

`when:` knows `vars`, `with` and `now` alone. `${…}` is not replaced in an expression.

## What becomes of it

| Outcome | When |
|---|---|
| true | the check passes |
| false | `expect.false`, with the values that make it so |
| missing | `expect.missing`: it asks for a fact that the answer does not have, also under `!=` and `!` |
| wrong type | `expect.type`: it compares or computes what does not fit, or a function cannot do with a value |
| unknown | the fact could not be found out; the check is unknown, or failed if that is the target's doing |

- A fact that is not known is left out; it is never `null`, empty or 0. Ask with
  `has(http.headers.location)`, `'x-name' in http.headers` or
  `http.headers.?location.orValue([])`.
- `a || b` is true if one of them is, and `a && b` false if one of them is, even when the
  other is missing.
- `all` is true of an empty list. Say `size(list) > 0 && list.all(…)` if it must not be empty.
- Whole numbers and fractions compare and compute with each other. Two whole numbers divide
  to a whole number: `7 / 2 == 3`; `percent` keeps the fraction.
- A loop goes through at most 10,000 items; loops within loops, or with `in` a fact within, 1,000.
  Beyond that the outcome is *wrong type*, never true. So it is where an expectation goes
  through more than 128 MiB of text or puts together more than 4 MiB.
- Names of headers are in lower case.

## Figures

`measure` takes an expression that gives a number, and earns a part of the weight on the way:

```yaml
measure: {value: prometheus.value, target: 100, warn_at: 80, unit: '%', was: 30 %}
```

Full credit from `target` on; half a credit at `warn_at`, rising to it, and none before. With
`warn_at` above the target less is better. `was` is what it was when the checklist was written; the
report shows it beside now and target: `now 62 %, was 30 %, target 100 % (amber from 80 %)`.

What is no number has `words`, with the credit of each; any other text earns nothing. `absent` is what
it is called where the answer does not have it, as for what has never happened, and that earns nothing:

```yaml
measure: {value: file.data.security_audit, words: {Passed: 1, Scheduled: 0.5, Never: 0}, was: Never, absent: Never}
measure: {value: file.data.days_since_drill, target: 92, warn_at: 120, unit: days, words: {Never: 0}, absent: Never}
```

## Operators

`&&` `||` `!` `==` `!=` `<` `<=` `>` `>=` `in` `+` `-` `*` `/` `%` `a ? b : c` `list[0]`
`map['name']` `map.name` `map.?name` `map[?'name']`

## Functions

Each way to call a function is written `kind.name(kind argument, …) -> kind`. Each example is
true.
";

/// The expectations of the first example; all can be used as they are.
const EXAMPLES: [&str; 4] = [
    "tls.verified",
    "tls.days_left >= vars.min_days",
    "tls.names.exists(name, name == 'a.example')",
    "!tls.chain.exists(c, c.signature_algorithm.contains('sha1'))",
];

#[test]
fn the_documents_examples_can_be_used() {
    let schema = facts_schemas()["tls"].clone().to_value();
    let constants = serde_json::json!({"min_days": 14});
    let names = Names(
        [
            ("tls".to_owned(), Root::Facts(schema.into())),
            ("vars".to_owned(), Root::Constant(constants.into())),
        ]
        .into(),
    );
    for example in EXAMPLES {
        let compiled = Expression::compile(example, &names, Want::Truth);
        assert!(compiled.is_ok(), "{example}: {compiled:?}");
    }
}

fn expressions() -> String {
    let mut examples = String::new();
    for example in EXAMPLES {
        writeln!(examples, "  - \"{example}\"").unwrap();
    }
    let mut text = EXPRESSIONS.replace("EXAMPLES", &examples);
    for (group, title) in [
        (Group::Loops, "Loops and presence"),
        (Group::Text, "Text"),
        (Group::Numbers, "Numbers"),
        (Group::Time, "Time"),
        (Group::Versions, "Versions"),
        (Group::Network, "Addresses, URLs and headers"),
        (Group::Values, "Values"),
    ] {
        write!(text, "\n### {title}\n").unwrap();
        for function in functions()
            .iter()
            .filter(|function| function.group == group)
        {
            text.push_str(&entry(function));
        }
    }
    text.push_str("\n## Problems\n\n| Code | Meaning |\n|---|---|\n");
    for (code, about) in CODES {
        writeln!(text, "| `{code}` | {about} |").unwrap();
    }
    text
}

fn entry(function: &Function) -> String {
    let mut text = format!(
        "\n#### `{}`\n\n{}\n\n```text\n",
        function.name, function.about
    );
    for signature in function.signatures {
        writeln!(text, "{signature}").unwrap();
    }
    write!(text, "```\n\n```cel\n{}\n```\n", function.example).unwrap();
    text
}
