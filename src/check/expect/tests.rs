//! What expressions mean and how they are explained, through the public face alone.

use serde_json::{Value, json};

use super::{Data, Expression, Names, Outcome, Problem, Reading, Root, Scope, Want};
use crate::probe::ProbeError;
use crate::reason::Reason;

fn facts() -> Value {
    json!({
        "tls": {"days_left": 9, "verified": true, "version": "TLSv1.3", "offered": ["TLSv1.2", "TLSv1.3"], "alpn": null, "many": [1, 2, 3, 4, 5], "pattern": "("},
        "http": {
            "status": 200,
            "total_ms": 240.5,
            "headers": {"server": ["nginx/1.22.1"], "content-type": ["text/html"]},
            "cookies": [
                {"name": "sid", "secure": true, "http_only": false},
                {"name": "pref", "secure": false, "http_only": false},
            ],
        },
    })
}

fn names() -> Names {
    let any = || Root::Facts(json!(true).into());
    Names(
        [
            ("tls", any()),
            ("http", any()),
            ("vars", Root::Constant(json!({"min": 14}).into())),
        ]
        .map(|(name, root)| (name.to_owned(), root))
        .into(),
    )
}

fn scope() -> Scope {
    let mut scope = Scope::new("2026-11-21T12:00:00Z".parse().unwrap())
        .with("vars", Data::from_json(&json!({"min": 14})));
    for (name, value) in facts().as_object().unwrap() {
        scope = scope.with(name.clone(), Data::from_json(value));
    }
    scope
}

fn compile(source: &str) -> Result<Expression, Vec<Problem>> {
    Expression::compile(source, &names(), Want::Truth)
}

fn judge(source: &str) -> Outcome {
    compile(source)
        .unwrap_or_else(|problems| panic!("{source}: {problems:?}"))
        .judge(&scope())
}

fn missing(path: &str) -> impl Fn(&Outcome) -> bool {
    move |outcome| matches!(outcome, Outcome::Missing { path: found, .. } if found == path)
}

#[test]
fn what_is_missing_is_neither_true_nor_false() {
    for source in [
        "tls.nope == 1",
        "tls.nope != 1",
        "!tls.nope",
        "!(tls.nope == 1)",
        "tls.nope > 1",
        "tls.nope in [1, 2]",
        "1 in tls.nope",
        "tls.nope.all(x, x > 0)",
        "!tls.nope.exists(x, x > 0)",
        "tls.nope ? tls.verified : true",
        "tls.verified && tls.nope",
        "tls.nope && tls.verified",
        "tls.days_left > 14 || tls.nope",
        "has(tls.nope.more) || tls.days_left > 14",
        "size(tls.nope) == 0",
    ] {
        let outcome = judge(source);
        assert!(missing("tls.nope")(&outcome), "{source}: {outcome:?}");
    }
    assert_eq!(judge("tls.nope || tls.verified"), Outcome::True);
    assert!(matches!(
        judge("tls.nope && tls.days_left > 14"),
        Outcome::False(_)
    ));
    assert_eq!(judge("!has(tls.nope)"), Outcome::True);
    assert_eq!(judge("!('location' in http.headers)"), Outcome::True);
}

#[test]
fn missing_paths_name_the_element_and_its_neighbours() {
    let Outcome::Missing { path, values } = judge("http.cookies.all(c, c.same_site == 'Lax')")
    else {
        panic!("not missing");
    };
    assert_eq!(path, "http.cookies[0].same_site");
    assert_eq!(values, ["http.cookies[0] has http_only, name, secure"]);
    assert!(missing("http.headers['x-frame-options']")(&judge(
        "http.headers['x-frame-options'][0] == 'DENY'"
    )));
    assert!(missing("http.cookies[5]")(&judge("http.cookies[5].secure")));
    assert!(missing("gone")(
        &Expression::compile(
            "gone.x",
            &Names([("gone".to_owned(), Root::Facts(json!(true).into()))].into()),
            Want::Truth
        )
        .unwrap()
        .judge(&scope())
    ));
}

#[test]
fn types_that_do_not_fit_are_said() {
    let message = |source: &str| match judge(source) {
        Outcome::Type { message, .. } => message,
        other => panic!("{source}: {other:?}"),
    };
    insta::assert_snapshot!(message("tls.version > 3"), @"`tls.version` is a string and `3` is a whole number, which `>` cannot compare");
    insta::assert_snapshot!(message("tls.alpn < 3"), @"`tls.alpn` is null and `3` is a whole number, which `<` cannot compare");
    insta::assert_snapshot!(message("tls.version.major == 3"), @"`tls.version` is a string and has no field `major`");
    insta::assert_snapshot!(message("tls.days_left / 0 == 3"), @"`tls.days_left / 0` divides by zero");
    insta::assert_snapshot!(message("int(tls.version) == 3"), @"`int(tls.version)`: string parse error: invalid digit found in string");
    insta::assert_snapshot!(message("tls.version + 1 == 'x'"), @"`tls.version` is a string and `1` is a whole number, which `+` does not take");
    insta::assert_snapshot!(message("tls.version"), @"it is a string and not true or false");
    insta::assert_snapshot!(message("tls.days_left.all(x, x)"), @"`tls.days_left` is a whole number, which `all` cannot go through");
    insta::assert_snapshot!(message("tls.days_left && tls.verified"), @"`tls.days_left` is a whole number and `tls.verified` is true or false, which `&&` does not take");
    insta::assert_snapshot!(message("!tls.version"), @"`tls.version` is a string, which `!` does not take");
    insta::assert_snapshot!(message("tls.version.matches(tls.pattern)"), @"`tls.version.matches(tls.pattern)`: the pattern is not valid: unclosed group");
}

#[test]
fn false_is_explained_by_the_values_responsible() {
    let why = |source: &str| match judge(source) {
        Outcome::False(values) => values.join(" | "),
        other => panic!("{source}: {other:?}"),
    };
    insta::assert_snapshot!(why("tls.days_left > vars.min && tls.verified"), @"tls.days_left = 9 | vars.min = 14");
    insta::assert_snapshot!(why("http.cookies.all(c, c.secure && c.http_only)"), @"http.cookies[0]: c.http_only = false | http.cookies[1]: c.secure = false; c.http_only = false");
    insta::assert_snapshot!(why("http.cookies.exists(c, c.name == 'csrf')"), @r#"http.cookies[0]: c.name = "sid" | http.cookies[1]: c.name = "pref""#);
    // Those that come nearest, with what does fit.
    insta::assert_snapshot!(why("http.cookies.exists(c, c.name == 'pref' && c.secure)"), @r#"http.cookies[1]: c.name = "pref"; c.secure = false"#);
    insta::assert_snapshot!(why("!http.cookies.exists(c, !c.secure)"), @"http.cookies[1]: c.secure = false");
    insta::assert_snapshot!(why("!('TLSv1.2' in tls.offered)"), @r#"tls.offered = ["TLSv1.2", "TLSv1.3"]"#);
    insta::assert_snapshot!(why("tls.verified ? tls.days_left > 20 : tls.days_left > 10"), @"tls.verified = true | tls.days_left = 9");
    insta::assert_snapshot!(why("!has(http.headers.server)"), @r#"http.headers.server = ["nginx/1.22.1"]"#);
    insta::assert_snapshot!(why("!has(http.headers) || http.headers.server == ['x']"), @r#"http.headers.server = ["nginx/1.22.1"]"#);
    insta::assert_snapshot!(why("has(http.headers.location) || tls.days_left > 30"), @"http.headers.location is missing | tls.days_left = 9");
    insta::assert_snapshot!(why("http.headers.server[0].matches('apache')"), @r#"http.headers.server[0] = "nginx/1.22.1""#);
    insta::assert_snapshot!(why("size(http.cookies) > 5"), @"size(http.cookies) = 2");
    insta::assert_snapshot!(why("http.total_ms * 2 / 3 < 100 + 1.5"), @"http.total_ms = 240.5");
    insta::assert_snapshot!(why("http.headers.all(k, k.startsWith('x-'))"), @r#"http.headers['content-type']: k = "content-type" | http.headers.server: k = "server""#);
    insta::assert_snapshot!(why("tls.alpn == 'h2'"), @"tls.alpn = null");
    insta::assert_snapshot!(why("tls.many.all(x, x > 7)"), @"tls.many[0]: x = 1 | tls.many[1]: x = 2 | tls.many[2]: x = 3 | and 2 more");
}

#[test]
fn a_gap_is_the_probes_error_and_never_missing() {
    let error = ProbeError::new(Reason::ToolMissing, "openssl is not installed");
    let scope = scope()
        .with_gap("tls.protocols.tls1_0", error.clone())
        .with(
            "tls",
            Data::from_json(&json!({"protocols": {"tls1_3": true}, "days_left": 9})),
        );
    let judge = |source: &str| compile(source).unwrap().judge(&scope);
    let gap = Outcome::Gap(error);
    for source in [
        "!tls.protocols.tls1_0",
        "tls.protocols.tls1_0 == false",
        "!has(tls.protocols.tls1_0)",
        "!('tls1_0' in tls.protocols)",
        "size(tls.protocols) == 1",
        "tls.protocols.all(p, p == 'tls1_3')",
        "tls.protocols.?tls1_0.orValue(false) == false",
        "!has(tls.protocols.tls1_0.deeper)",
        "tls.days_left > 5 && !tls.protocols.tls1_0",
        "tls.days_left > 50 || !tls.protocols.tls1_0",
        "tls.nope || tls.protocols.tls1_0",
    ] {
        assert_eq!(judge(source), gap, "{source}");
    }
    assert_eq!(judge("tls.protocols.tls1_3"), Outcome::True);
    assert_eq!(judge("has(tls.protocols)"), Outcome::True);
    assert_eq!(
        judge("tls.days_left > 5 || tls.protocols.tls1_0"),
        Outcome::True
    );
    assert!(missing("tls.nope")(&judge(
        "tls.protocols.tls1_0 && tls.nope"
    )));
}

#[test]
fn a_measure_is_a_finite_number_or_a_word() {
    let reading = |source: &str| {
        Expression::compile(source, &names(), Want::Reading)
            .unwrap()
            .reading(&scope())
    };
    assert_eq!(reading("tls.days_left"), Ok(Reading::Number(9.0)));
    assert_eq!(reading("http.total_ms / 2"), Ok(Reading::Number(120.25)));
    let word = Reading::Word("TLSv1.3".to_owned());
    assert_eq!(reading("tls.version"), Ok(word));
    assert!(matches!(reading("tls.nope"), Err(Outcome::Missing { .. })));
    for other in ["http.total_ms / 0.0", "tls.verified"] {
        assert!(
            matches!(reading(other), Err(Outcome::Type { .. })),
            "{other}"
        );
    }
}

#[test]
fn loops_over_too_many_items_give_up_and_are_never_true() {
    let many: Vec<u32> = (0..2_000).collect();
    let scope = scope().with("http", Data::from_json(&json!({"l": many})));
    let judge = |source: &str| compile(source).unwrap().judge(&scope);
    assert_eq!(judge("http.l.all(x, x >= 0)"), Outcome::True);
    let outcome = judge("http.l.all(x, http.l.exists(y, x == y))");
    assert!(
        matches!(&outcome, Outcome::Type { message, .. } if message.contains("too many items")),
        "{outcome:?}"
    );
}

#[test]
fn text_made_in_loops_is_bounded() {
    let words: Vec<String> = (0..1000).map(|_| "x".repeat(2000)).collect();
    let names = Names(
        [(
            "vars".to_owned(),
            Root::Constant(json!({"words": words}).into()),
        )]
        .into(),
    );
    let scope = Scope::new("2026-11-21T12:00:00Z".parse().unwrap())
        .with("vars", Data::from_json(&json!({"words": words})));
    for source in [
        // Too much is put together …
        "vars.words.map(a, vars.words.map(b, a + b)).size() == 1000",
        "vars.words.map(a, vars.words.map(b, b)).size() == 1000",
        "vars.words.map(a, vars.words.map(b, a.replace('x', 'yy'))).size() == 1000",
        "vars.words.exists(a, vars.words.exists(b, a.replace('x', 'yy').contains('z')))",
        "vars.words.exists(a, vars.words.exists(b, a.upperAscii().contains('z')))",
        "vars.words.exists(a, vars.words.exists(b, a.trim().contains('z')))",
        "vars.words.exists(a, a.split('').size() == 1)",
        "vars.words.join(vars.words.join('')) == 'z'",
        "vars.words.join('').replace('x', vars.words[0]) == 'z'",
        "vars.words.join(',').split('').size() == 1",
        "json('[' + vars.words.join('') + ']').size() == 1",
        // … or gone through, whatever `&&` and `||` would make of it.
        "vars.words.exists(a, vars.words.exists(b, a.contains('z')))",
        "vars.words.exists(a, vars.words.exists(b, a.matches('z+$')))",
        "vars.words.exists(a, vars.words.exists(b, a == b + 'z')) && false",
        "vars.words.exists(a, vars.words.exists(b, a.indexOf('xz') == 1)) || true",
        "glob(vars.words.join(''), vars.words[0] + vars.words[1])",
    ] {
        let expression = Expression::compile(source, &names, Want::Condition)
            .unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
        let outcome = expression.judge(&scope);
        assert!(
            matches!(&outcome, Outcome::Type { message, .. } if message.contains("bytes of text")),
            "{source}: {outcome:?}"
        );
    }
}

#[test]
fn text_functions_do_as_the_language_says() {
    for source in [
        "'a-b-c'.replace('-', '+', 1) == 'a+b-c' && 'abc'.replace('', '.') == '.a.b.c.'",
        "'abc'.split('') == ['a', 'b', 'c'] && 'añc'.split('', 2) == ['a', 'ñc']",
        "'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'a'.split(',', 0) == [] && 'a,b'.split(',', -1).size() == 2",
        "['a', 'b'].join() == 'ab' && [].join(',') == ''",
        "'ñ=b=c'.indexOf('=', 2) == 3 && 'ab'.indexOf('z') == -1 && 'ab'.indexOf('') == 0",
        "'ñ=b=c'.lastIndexOf('=', 2) == 1 && 'ñ=b'.lastIndexOf('=') == 1 && 'a'.lastIndexOf('bb') == -1",
        "optional.of('a').orValue('b') == 'a' && {'a': 'x'}.?b.orValue('y').upperAscii() == 'Y'",
    ] {
        let expression = Expression::compile(source, &Names::default(), Want::Condition)
            .unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
        let outcome = expression.judge(&scope());
        assert_eq!(outcome, Outcome::True, "{source}");
    }
    let source = "'ab'.indexOf('a', 9) == 0";
    let expression = Expression::compile(source, &Names::default(), Want::Condition).unwrap();
    let outcome = expression.judge(&scope());
    assert!(matches!(outcome, Outcome::Type { .. }), "{outcome:?}");
}
