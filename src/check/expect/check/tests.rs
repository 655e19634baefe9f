//! What is said about expressions that are wrong, each with the text that is marked.

use serde_json::json;

use crate::check::expect::{Expression, Names, Root, Want};

fn names() -> Names {
    let tls = json!({
        "type": "object",
        "properties": {
            "days_left": {"type": "integer"},
            "verified": {"type": "boolean"},
            "version": {"$ref": "#/$defs/Version"},
            "offered": {"type": "array", "items": {"$ref": "#/$defs/Version"}},
            "stapled": {"type": ["boolean", "null"]},
            "not_after": {"type": "string", "format": "date-time"},
            "key": {"anyOf": [{"$ref": "#/$defs/Key"}, {"type": "null"}]},
        },
        "$defs": {
            "Version": {"type": "string", "enum": ["tls1.2", "tls1.3"]},
            "Key": {"type": "object", "properties": {"bits": {"type": "integer", "format": "uint32", "minimum": 0}}},
        },
    });
    let http = json!({
        "type": "object",
        "properties": {
            "status": {"type": "integer", "format": "uint16", "minimum": 0, "maximum": 65535},
            "total_ms": {"type": "number", "format": "double"},
            "body": {"type": "string"},
            "headers": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
            "cookies": {"type": "array", "items": {"$ref": "#/$defs/Cookie"}},
        },
        "$defs": {
            "Cookie": {"type": "object", "properties": {
                "name": {"type": "string"},
                "secure": {"type": "boolean"},
                "flags": {"type": "array", "items": {"type": "string"}},
            }},
        },
    });
    Names(
        [
            ("tls", Root::Facts(tls.into())),
            ("http", Root::Facts(http.into())),
            (
                "vars",
                Root::Constant(
                    json!({"min_days": 14, "tiers": ["a"], "nested": {"deep": true}}).into(),
                ),
            ),
        ]
        .map(|(name, root)| (name.to_owned(), root))
        .into(),
    )
}

/// Every problem as one line: code, marked text, message, help, replacement.
fn wrong(source: &str, want: Want) -> String {
    let Err(problems) = Expression::compile(source, &names(), want) else {
        return "nothing".to_owned();
    };
    let lines: Vec<String> = problems
        .into_iter()
        .map(|problem| {
            let marked = source.get(problem.range.clone()).unwrap_or("(no text)");
            let code = problem.code.trim_start_matches("expression.");
            let help = problem
                .help
                .map(|help| format!("; {help}"))
                .unwrap_or_default();
            let put = problem
                .replacement
                .map(|text| format!(" => {text}"))
                .unwrap_or_default();
            format!("{code} [{marked}] {}{help}{put}", problem.message)
        })
        .collect();
    lines.join("\n")
}

fn expectation(source: &str) -> String {
    wrong(source, Want::Truth)
}

#[test]
fn misspelt_facts_are_marked_and_corrected() {
    insta::assert_snapshot!(expectation("tls.days_lft > 14"), @"unknown-fact [days_lft] `tls` has no `days_lft`; did you mean `days_left`? => days_left");
    insta::assert_snapshot!(expectation("'é𝄞' == tls.version && tls.daysLeft > vars.min_day"), @r#"
type ['é𝄞'] it is never `é𝄞`; there is `tls1.2`, `tls1.3`
unknown-fact [daysLeft] `tls` has no `daysLeft`; did you mean `days_left`? => days_left
unknown-fact [min_day] `vars` has no `min_day`; did you mean `min_days`? => min_days
"#);
    insta::assert_snapshot!(expectation("http.cookies.all(c, c.secur && c.flags.exists(f, f.size() > tls.key.bit))"), @r#"
unknown-fact [secur] `c` has no `secur`; did you mean `secure`? => secure
unknown-fact [bit] `tls.key` has no `bit`; did you mean `bits`? => bits
"#);
    insta::assert_snapshot!(expectation("http.cookies[0].nme == 'x'"), @"unknown-fact [nme] `http.cookies[0]` has no `nme`; did you mean `name`? => name");
    insta::assert_snapshot!(expectation("has(tls.key.length)"), @"unknown-fact [length] `tls.key` has no `length`; there is `bits`");
    insta::assert_snapshot!(expectation("'bytes' in tls.key"), @"unknown-fact ['bytes'] `tls.key` has no `bytes`; did you mean `bits`? => 'bits'");
    insta::assert_snapshot!(expectation("tls['verifed']"), @"unknown-fact ['verifed'] `tls` has no `verifed`; did you mean `verified`? => 'verified'");
    insta::assert_snapshot!(expectation("tls.?key.?bit.orValue(0) > 1"), @"unknown-fact [bit] `tls.?key` has no `bit`; did you mean `bits`? => bits");
    insta::assert_snapshot!(expectation("http.cookies.filter(c, c.secure).map(c, c.flag).size() > 0"), @"unknown-fact [flag] `c` has no `flag`; did you mean `flags`? => flags");
    insta::assert_snapshot!(expectation("url(http.body).hst == 'x'"), @"unknown-fact [hst] `url(http.body)` has no `hst`; did you mean `host`? => host");
    insta::assert_snapshot!(expectation("vars.nested.dep && tls.verified"), @"unknown-fact [dep] `vars.nested` has no `dep`; did you mean `deep`? => deep");
    insta::assert_snapshot!(expectation("'X-Frame-Options' in http.headers"), @"unknown-fact ['X-Frame-Options'] names of headers are in lower case here, so there is never a `X-Frame-Options`; write `x-frame-options` => 'x-frame-options'");
    insta::assert_snapshot!(expectation("http.headers.anything[0] == 'x' && http.headers['x-y'].exists(v, v == '')"), @"nothing");
}

#[test]
fn unknown_names_and_functions_are_marked_and_corrected() {
    insta::assert_snapshot!(expectation("htp.status == 200 || True"), @r#"
unknown-name [htp] `htp` is not known here; did you mean `http`? => http
unknown-name [True] `True` is not known here; did you mean `true`? => true
"#);
    insta::assert_snapshot!(expectation("postgres.ready"), @"unknown-name [postgres] `postgres` is not known here; there is `http`, `tls`, `vars`, `now`");
    insta::assert_snapshot!(expectation("size == 3"), @"unknown-name [size] `size` is not known here; `size` is a function: write `size(…)`");
    insta::assert_snapshot!(expectation("sizze(http.cookies) > 1"), @"unknown-function [sizze] there is no function `sizze`; did you mean `size`? => size");
    insta::assert_snapshot!(expectation("http.body.startswith('x')"), @"unknown-function [startswith] there is no function `startswith`; did you mean `startsWith`? => startsWith");
    insta::assert_snapshot!(expectation("http.body.lower() == 'x'"), @"unknown-function [lower] `lower` is not called like this; it is called as `lower(string text) -> string`");
    insta::assert_snapshot!(expectation("http.cookies.all(c.secure)"), @"unknown-function [all] `all` is not called like this; it is called as `list.all(x, condition) -> bool`");
    insta::assert_snapshot!(expectation("http.body.contains('a', 'b')"), @"unknown-function [contains] `contains` is not called like this; it is called as `string.contains(string part) -> bool`");
    insta::assert_snapshot!(expectation("cidr_contains(http.body)"), @"unknown-function [cidr_contains] `cidr_contains` is not called like this; it is called as `cidr_contains(string network, string address) -> bool`");
    insta::assert_snapshot!(expectation("http.cookies.map(c, c.name).join(',') == tls.frobnicate()"), @"unknown-function [frobnicate] there is no function `frobnicate`");
}

#[test]
fn types_that_cannot_fit_are_refused() {
    insta::assert_snapshot!(expectation("tls.days_left > '14'"), @"type [tls.days_left > '14'] `tls.days_left` is a whole number and `'14'` is a string: they cannot be compared; write the number without quotes");
    insta::assert_snapshot!(expectation("http.status == '200'"), @"type [http.status == '200'] `http.status` is a whole number and `'200'` is a string: they are never equal; write the number without quotes");
    insta::assert_snapshot!(expectation("http.status != '200' && tls.verified"), @"type [http.status != '200'] `http.status` is a whole number and `'200'` is a string: they are never equal; write the number without quotes");
    insta::assert_snapshot!(expectation("tls.version == 'TLS1.3'"), @"type ['TLS1.3'] it is never `TLS1.3`; did you mean `tls1.3`? => 'tls1.3'");
    insta::assert_snapshot!(expectation("tls.version in ['tls1.2', 'ssl3']"), @"type ['ssl3'] it is never `ssl3`; there is `tls1.2`, `tls1.3`");
    insta::assert_snapshot!(expectation("!('tls1.0' in tls.offered)"), @"type ['tls1.0'] it is never `tls1.0`; did you mean `tls1.2`? => 'tls1.2'");
    insta::assert_snapshot!(expectation("http.status.startsWith('2')"), @"type [http.status.startsWith('2')] `startsWith` does not take a whole number and a string; it is called as `string.startsWith(string part) -> bool`");
    insta::assert_snapshot!(expectation("http.status && tls.verified"), @"type [http.status] `http.status` is a whole number: only true or false can stand here");
    insta::assert_snapshot!(expectation("!http.status"), @"type [http.status] `http.status` is a whole number: only true or false can stand here");
    insta::assert_snapshot!(expectation("http.cookies.name == 'x'"), @"type [name] `http.cookies` is a list, which has no field `name`; ask one item, `http.cookies[0]`, or all: `http.cookies.all(x, …)`");
    insta::assert_snapshot!(expectation("http.headers.server == 'nginx'"), @"type [http.headers.server == 'nginx'] `http.headers.server` is a list and `'nginx'` is a string: they are never equal; look into the list: `x in list`, `list.exists(x, …)`, `list[0]`");
    insta::assert_snapshot!(expectation("'x' in http.body"), @"type [http.body] `http.body` is a string: `in` looks into lists and maps; write `http.body.contains(…)`");
    insta::assert_snapshot!(expectation("now - tls.not_after > 3"), @"type [now - tls.not_after] `-` does not take a time and a string");
    insta::assert_snapshot!(expectation("now - timestamp(tls.not_after) > 3600"), @"type [now - timestamp(tls.not_after) > 3600] `now - timestamp(tls.not_after)` is a duration and `3600` is a whole number: they cannot be compared; write a length of time as `duration('24h')`");
    insta::assert_snapshot!(expectation("version(http.body) >= '1.2'"), @"type [version(http.body) >= '1.2'] `version(http.body)` is a version and `'1.2'` is a string: they cannot be compared; write `version('1.2')`");
    insta::assert_snapshot!(expectation("tls.?stapled == true"), @"type [tls.?stapled == true] `tls.?stapled` is an optional value and `true` is true or false: they are never equal; say what it is when it is absent: `.orValue(…)`");
    insta::assert_snapshot!(expectation("tls.stapled != null"), @"type [tls.stapled] `tls.stapled` is never null; what is not known is left out: write `has(tls.stapled)`");
    insta::assert_snapshot!(expectation("http.status.all(x, x > 0)"), @"type [http.status] `http.status` is a whole number: `all` goes through lists and maps");
    insta::assert_snapshot!(expectation("http.cookies['a'].secure"), @"type [http.cookies['a']] `http.cookies` is a list, which cannot be indexed with a string");
    insta::assert_snapshot!(expectation("http.body + 1 == 'x'"), @"type [http.body + 1] `+` does not take a string and a whole number");
    insta::assert_snapshot!(expectation("http.body.matches('(')"), @"type ['('] the pattern is not valid: unclosed group");
    insta::assert_snapshot!(expectation("Foo{a: 1} == http.body"), @"syntax [Foo{a: 1}] `Foo{…}` makes no value here; a map is written `{'name': value}`");
}

#[test]
fn an_expectation_is_true_or_false_of_facts() {
    insta::assert_snapshot!(expectation("http.status"), @"not-boolean [http.status] it gives a whole number and not true or false; compare it, such as `http.status > 0`");
    insta::assert_snapshot!(expectation("http.body"), @"not-boolean [http.body] it gives a string and not true or false; compare it, such as `http.body == '…'`, or ask `has(http.body)`");
    insta::assert_snapshot!(expectation("http.cookies"), @"not-boolean [http.cookies] it gives a list and not true or false; ask `size(http.cookies) > 0`");
    insta::assert_snapshot!(expectation("tls.?stapled"), @"not-boolean [tls.?stapled] it gives an optional value and not true or false; add `.orValue(false)`");
    insta::assert_snapshot!(expectation("vars.min_days > 3"), @"no-fact [vars.min_days > 3] it uses no fact, so it says nothing about the target; there is `http`, `tls`");
    insta::assert_snapshot!(wrong("http.status == 200", Want::Condition), @"unknown-name [http] `http` is not known before the run; only `vars`, `with` and `now` are known here");
    insta::assert_snapshot!(wrong("vars.nested.deep && 'a' in vars.tiers", Want::Condition), @"nothing");
    insta::assert_snapshot!(wrong("vars.min_days", Want::Condition), @"not-boolean [vars.min_days] it gives a whole number and not true or false; compare it, such as `vars.min_days > 0`");
    insta::assert_snapshot!(wrong("http.body", Want::Number), @"type [http.body] it gives a string and not a number");
    insta::assert_snapshot!(wrong("3 + 4", Want::Number), @"no-fact [3 + 4] it uses no fact, so it says nothing about the target; there is `http`, `tls`");
    insta::assert_snapshot!(wrong("http.total_ms * 2", Want::Number), @"nothing");
}

#[test]
fn expectations_that_cannot_be_false_are_refused() {
    for (source, part) in [
        ("tls.verified || true", "tls.verified || true"),
        ("true || tls.verified", "true || tls.verified"),
        ("!(false && tls.verified)", "!(false && tls.verified)"),
        ("size(http.cookies) >= 0", "size(http.cookies) >= 0"),
        ("http.cookies.size() > -1", "http.cookies.size() > -1"),
        ("0 <= http.status", "0 <= http.status"),
        ("http.status != -1", "http.status != -1"),
        (
            "tls.days_left == tls.days_left",
            "tls.days_left == tls.days_left",
        ),
        (
            "tls.days_left > 3 || tls.days_left <= 3",
            "tls.days_left > 3 || tls.days_left <= 3",
        ),
        (
            "tls.days_left > 3 || tls.days_left < 5",
            "tls.days_left > 3 || tls.days_left < 5",
        ),
        (
            "tls.days_left != 3 || tls.days_left != 4",
            "tls.days_left != 3 || tls.days_left != 4",
        ),
        (
            "tls.version in ['tls1.3', 'tls1.2']",
            "tls.version in ['tls1.3', 'tls1.2']",
        ),
        (
            "tls.version == 'tls1.3' || tls.version == 'tls1.2'",
            "tls.version == 'tls1.3' || tls.version == 'tls1.2'",
        ),
        (
            "tls.version != 'tls1.3' || tls.version != 'tls1.2'",
            "tls.version != 'tls1.3' || tls.version != 'tls1.2'",
        ),
        (
            "http.body != 'a' || http.body != 'b'",
            "http.body != 'a' || http.body != 'b'",
        ),
        (
            "tls.verified || !tls.verified",
            "tls.verified || !tls.verified",
        ),
        (
            "tls.verified == true || tls.verified == false",
            "tls.verified == true || tls.verified == false",
        ),
        ("tls.verified ? true : true", "tls.verified ? true : true"),
        ("[].all(x, x == http.body)", "[].all(x, x == http.body)"),
        (
            "http.cookies.all(c, c.secure || true)",
            "http.cookies.all(c, c.secure || true)",
        ),
        (
            "!http.cookies.exists(c, false && c.secure)",
            "!http.cookies.exists(c, false && c.secure)",
        ),
        (
            "tls.days_left > http.status || tls.days_left <= http.status",
            "tls.days_left > http.status || tls.days_left <= http.status",
        ),
        (
            "now - timestamp(tls.not_after) < days(3) || now - timestamp(tls.not_after) >= days(3)",
            "now - timestamp(tls.not_after) < days(3) || now - timestamp(tls.not_after) >= days(3)",
        ),
        ("tls.verified && http.status >= 0", "http.status >= 0"),
    ] {
        let said = expectation(source);
        assert!(
            said.starts_with(&format!("always-true [{part}]")),
            "{source}: {said}"
        );
    }
}

#[test]
fn expectations_that_can_be_false_are_taken() {
    for source in [
        "tls.verified",
        "!(http.body > 'a')",
        "!http.body.contains('x')",
        "http.body != 'a'",
        "http.body != 'a' && http.body != 'b'",
        "http.status > 0",
        "http.status >= 200 && http.status < 300",
        "http.status < 200 || http.status > 200",
        "http.total_ms <= 1 || http.total_ms >= 2",
        "http.total_ms < 1 || http.total_ms > 1",
        "tls.days_left >= 0",
        "tls.days_left > vars.min_days || tls.verified",
        "tls.version in ['tls1.3']",
        "tls.version != 'tls1.2'",
        "tls.offered.all(v, v in ['tls1.3'])",
        "size(http.cookies) > 0",
        "size(http.cookies) == 0 || http.cookies.exists(c, c.secure)",
        "!has(tls.stapled) || tls.stapled",
        "has(tls.stapled) ? tls.stapled : true",
        "http.cookies.all(c, c.secure == c.name.startsWith('x'))",
        "'x' in http.headers || !('y' in http.headers)",
        "!tls.verified || http.status == 200",
        "is_private_ip(http.body) || !matches(http.body, '^10')",
        "tls.verified == (http.status == 200)",
    ] {
        assert_eq!(expectation(source), "nothing", "{source}");
    }
}

#[test]
fn text_that_is_no_expression_is_explained() {
    for (source, said) in [
        (
            "tls.days_left = 3",
            "syntax [=] `=` does not compare; write `==` => ==",
        ),
        (
            "tls.verified and http.status === 200",
            "syntax [and] `and` is not an operator; write `&&` => &&\nsyntax [===] `===` is not an operator; write `==` => ==",
        ),
        (
            "not tls.verified",
            "syntax [not] `not` is not an operator; write `!` => !",
        ),
        (
            "tls.verified &",
            "syntax [&] `&` is not an operator; write `&&` => &&",
        ),
        (
            "tls.days_left => 3",
            "syntax [=>] `=>` is not an operator; write `>=` => >=",
        ),
        (
            "http.body == 'abc",
            "syntax ['abc] the string is never closed; close it with the quote it starts with",
        ),
        (
            "http.body == “abc”",
            "syntax [“] `“` has no meaning in an expression; use plain quotes: 'text'\nsyntax [”] `”` has no meaning in an expression; use plain quotes: 'text'",
        ),
        (
            "tls.days_left > ${min_days}",
            "syntax [${min_days}] `${…}` is not replaced in an expression; write `vars.min_days` (or `with.…` for a parameter of the check) => vars.min_days",
        ),
        (
            "tls.days_left > ${vars.min_days}",
            "syntax [${vars.min_days}] `${…}` is not replaced in an expression; write `vars.min_days` (or `with.…` for a parameter of the check) => vars.min_days",
        ),
        ("(tls.verified", "syntax [(] `(` is never closed; add `)`"),
        ("tls.verified)", "syntax [)] `)` closes nothing"),
        (
            "size(http.cookies] > 1",
            "syntax []] `]` does not close `(`; write `)`",
        ),
        ("tls.days_left >", "syntax [>] a value is missing after `>`"),
        (
            "tls.days_left > && tls.verified",
            "syntax [>] a value is missing after `>`",
        ),
        ("tls.", "syntax [.] a value is missing after `.`"),
        ("== 3", "syntax [==] a value is missing before `==`"),
        (
            "tls.verified http.status",
            "syntax [http] an operator is missing before `http`; such as `&&`, `==` or `>`",
        ),
        ("", "syntax [] the expression is empty"),
        ("   ", "syntax [   ] the expression is empty"),
        (
            "tls.verified # yes",
            "syntax [#] `#` has no meaning in an expression; a comment starts with `//`",
        ),
        (
            "http.status == 99999999999999999999",
            "syntax [99999999999999999999] the number is too large",
        ),
        (
            "tls.null == 3",
            "syntax [.null] `null` is a word of the language; write `['null']` => ['null']",
        ),
        (
            "has(tls)",
            "syntax [tls] `has` takes a fact with a field, such as `has(http.headers.location)`; for other names write `'content-type' in http.headers`",
        ),
        (
            "has(http.headers['x'])",
            "syntax [[] `has` takes a fact with a field, such as `has(http.headers.location)`; for other names write `'content-type' in http.headers`",
        ),
        (
            "http.cookies.all(1, true)",
            "syntax [1] a loop needs a name for the element first; write it as `list.all(x, x > 0)`",
        ),
    ] {
        assert_eq!(expectation(source), said, "{source}");
    }
}

#[test]
fn what_could_not_be_stood_is_refused_on_a_small_stack() {
    let hostile = [
        format!("{}1{}", "(".repeat(5000), ")".repeat(5000)),
        format!("{}1{}", "(".repeat(25), ")".repeat(25)),
        format!("{}1{}", "(".repeat(1000), ")".repeat(1000)),
        format!("{}true", "!".repeat(599)),
        format!("{}1", "- ".repeat(599)),
        vec!["1"; 590].join(" + "),
        format!("a{}", ".b".repeat(590)),
        format!("a{}", "[0]".repeat(290)),
        format!("{}1", "true?1:".repeat(290)),
        "[1].all(a, [1].all(b, [1].all(c, true)))".to_owned(),
        format!("{}1{}", "{1:".repeat(24), "}".repeat(24)),
        format!("{}1{}", "f(".repeat(24), ")".repeat(24)),
        "\u{fffd}$#@!~`".repeat(300),
    ];
    let small = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(move || {
            for source in hostile {
                let problems = Expression::compile(&source, &names(), Want::Truth).unwrap_err();
                assert!(!problems.is_empty());
                for problem in problems {
                    assert!(
                        source.get(problem.range.clone()).is_some(),
                        "{:?}",
                        problem.range
                    );
                }
            }
            // As deep as is allowed, evaluated and explained on the same stack.
            for source in [
                format!("{}http.status{} > 1", "(".repeat(24), ")".repeat(24)),
                format!("{}true == tls.verified", "!".repeat(44)),
                vec!["http.status"; 44].join(" + ") + " > 1",
                vec!["tls.verified"; 290].join(" && "),
            ] {
                let compiled = Expression::compile(&source, &names(), Want::Truth);
                let scope =
                    crate::check::expect::Scope::new("2026-11-21T12:00:00Z".parse().unwrap());
                if let Ok(expression) = compiled {
                    expression.judge(&scope);
                }
            }
        });
    small.unwrap().join().unwrap();
}

/// Every field that facts of a schema have, as an expression.
fn fields(
    schema: &super::schema::Schema<'_>,
    path: &str,
    depth: usize,
    found: &mut Vec<(String, String)>,
) {
    use super::schema::Field;
    match schema.kind() {
        crate::check::expect::functions::Kind::List if depth > 0 => {
            fields(&schema.items(), &format!("{path}[0]"), depth - 1, found);
        }
        crate::check::expect::functions::Kind::Map if depth > 0 => {
            let Field::Unknown(names) = schema.field("\u{0}") else {
                return;
            };
            for name in names {
                found.push((path.to_owned(), name.to_owned()));
                if let Field::Known(field) = schema.field(name) {
                    fields(&field, &format!("{path}.{name}"), depth - 1, found);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn every_fact_of_every_probe_is_known_and_its_misspelling_is_not() {
    for (kind, schema) in crate::probe::facts_schemas() {
        let schema = schema.to_value();
        let names = Names([(kind.to_owned(), Root::Facts(schema.clone().into()))].into());
        let mut found = Vec::new();
        fields(&super::schema::Schema::of(&schema), kind, 4, &mut found);
        assert!(!found.is_empty(), "{kind} has facts");
        for (path, name) in found {
            let codes = |source: &str| match Expression::compile(source, &names, Want::Truth) {
                Ok(_) => Vec::new(),
                Err(problems) => problems,
            };
            let right = crate::check::expect::print::path_join(&path, &name);
            assert!(
                codes(&right)
                    .iter()
                    .all(|problem| problem.code == "expression.not-boolean"),
                "{right}"
            );
            let wrong = format!("{path}.{name}zq");
            let problems = codes(&wrong);
            let [problem] = problems.as_slice() else {
                panic!("{wrong}: {problems:?}")
            };
            assert_eq!(problem.code, "expression.unknown-fact");
            assert_eq!(&wrong[problem.range.clone()], format!("{name}zq"));
            if name.len() > 4 {
                assert!(problem.replacement.is_some(), "{wrong}: {problem:?}");
            }
        }
    }
}
