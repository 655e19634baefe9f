//! Nothing that can be written breaks the parser, the checks, the evaluation or the words
//! about it.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::print::{Shown, print};
use super::{Data, Expression, Names, Outcome, Root, Scope, Want, parse};

const ATOMS: &[&str] = &[
    "a.n",
    "a.s",
    "a.l",
    "a.m",
    "a.l[0]",
    "a.m['k']",
    "a.?x",
    "a.nope",
    "b",
    "x",
    "now",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615u",
    "1.7976931348623157e308",
    "0",
    "-1",
    "0.0",
    "''",
    "'é€𝄞'",
    "b'\\xff'",
    "[]",
    "{}",
    "[1, 'a', null]",
    "{'a': 1}",
    "null",
    "true",
    "false",
    "timestamp('9999-12-31T23:59:59.999999999Z')",
    "duration('-14d')",
    "days(1e300)",
    "double('NaN')",
    "version('1.2-rc1')",
    "url('http://[::1]/')",
    "optional.none()",
    "type(1)",
    "json('{\"a\": [1]}')",
    "base64_decode('!!')",
    "r'\\'",
];
const SIGNS: &[&str] = &[
    "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in",
];
const TAILS: &[&str] = &[
    ")", "(", "'", "\"", "?", ".", "\0", "é", "[", "}", "&", "$", "${x}", "=", "//", "\n", "{",
];

fn expression() -> impl Strategy<Value = String> {
    let names: Vec<&'static str> = super::functions()
        .iter()
        .map(|function| function.name)
        .collect();
    let atom = proptest::sample::select(ATOMS).prop_map(str::to_owned);
    atom.prop_recursive(5, 40, 4, move |inner| {
        let name = proptest::sample::select(names.clone());
        let arguments = proptest::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            4 => (inner.clone(), proptest::sample::select(SIGNS), inner.clone())
                .prop_map(|(left, sign, right)| format!("({left} {sign} {right})")),
            2 => (name.clone(), arguments.clone())
                .prop_map(|(name, arguments)| format!("{name}({})", arguments.join(", "))),
            2 => (inner.clone(), name, arguments.clone())
                .prop_map(|(on, name, arguments)| format!("{on}.{name}({})", arguments.join(", "))),
            1 => (inner.clone(), inner.clone()).prop_map(|(on, key)| format!("{on}[{key}]")),
            1 => (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(condition, yes, no)| format!("({condition} ? {yes} : {no})")),
            2 => (inner.clone(), proptest::sample::select(&["all", "exists", "map", "filter", "exists_one"][..]), inner.clone())
                .prop_map(|(on, kind, predicate)| format!("{on}.{kind}(x, {predicate})")),
            1 => inner.clone().prop_map(|part| format!("!{part}")),
            1 => inner.clone().prop_map(|part| format!("-{part}")),
            1 => inner.clone().prop_map(|part| format!("has({part}.n)")),
            1 => arguments.prop_map(|items| format!("[{}]", items.join(", "))),
        ]
    })
}

/// An expression, mostly whole and sometimes with something put into it.
fn text() -> impl Strategy<Value = String> {
    let broken = proptest::option::weighted(
        0.2,
        (
            any::<proptest::sample::Index>(),
            proptest::sample::select(TAILS),
        ),
    );
    (expression(), broken).prop_map(|(mut text, broken)| {
        if let Some((place, tail)) = broken {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            text.insert_str(places[place.index(places.len())], tail);
        }
        text
    })
}

fn names() -> Names {
    let open = json!({"type": "object", "additionalProperties": true});
    Names(
        [
            ("a", Root::Facts(open.into())),
            ("b", Root::Constant(json!({"n": 1}).into())),
        ]
        .map(|(name, root)| (name.to_owned(), root))
        .into(),
    )
}

fn scope() -> Scope {
    Scope::new("2026-11-21T12:00:00Z".parse().unwrap())
        .with("a", Data::from_json(&json!({"n": 9, "s": "é\u{1b}[31m", "l": [1, 2.5, "c", null], "m": {"k": {"n": 1}}})))
        .with("b", Data::from_json(&json!({"n": 1})))
}

/// Compiled without the checks, which refuse most of what is written at random.
fn unchecked(source: &str) -> Option<Expression> {
    let mut root = parse::parse(source).ok()?.root;
    super::lower::lower(&mut root);
    Some(Expression {
        source: source.into(),
        lowered: root.into(),
    })
}

/// Runs on a stack as small as that of a thread of the standard library.
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(test)
        .unwrap();
    thread.join().unwrap();
}

#[test]
fn nothing_that_can_be_written_breaks_anything() {
    on_a_small_stack(|| {
        let mut runner = TestRunner::new(Config {
            failure_persistence: None,
            ..Config::with_cases(600)
        });
        let scope = scope();
        runner
            .run(&text(), |source| {
                for want in [Want::Truth, Want::Condition, Want::Number, Want::Reading] {
                    for problem in Expression::compile(&source, &names(), want)
                        .err()
                        .into_iter()
                        .flatten()
                    {
                        prop_assert!(source.get(problem.range.clone()).is_some(), "{problem:?}");
                        prop_assert!(super::CODES.iter().any(|(code, _)| *code == problem.code));
                        prop_assert!(!problem.message.contains("expecting"), "{problem:?}");
                    }
                }
                let Some(expression) = unchecked(&source) else {
                    return Ok(());
                };
                if let Outcome::False(values) = expression.judge(&scope) {
                    prop_assert!(!values.is_empty());
                    prop_assert!(
                        values.iter().all(|value| !value.contains('\u{1b}')),
                        "{values:?}"
                    );
                }
                if let Err(outcome) = expression.reading(&scope) {
                    prop_assert!(!matches!(outcome, Outcome::True | Outcome::False(_)));
                }
                Ok(())
            })
            .unwrap();
    });
}

#[test]
fn any_text_is_taken_or_explained() {
    on_a_small_stack(|| {
        let mut runner = TestRunner::new(Config {
            failure_persistence: None,
            ..Config::with_cases(300)
        });
        let texts = prop_oneof![
            any::<String>(),
            "[a-c.()\\[\\]{}'\"!=<>&|?:+*/ -]{0,60}",
            "\\PC{0,80}"
        ];
        runner
            .run(&texts, |source| {
                if let Err(problems) = Expression::compile(&source, &names(), Want::Truth) {
                    prop_assert!(!problems.is_empty());
                    for problem in problems {
                        prop_assert!(source.get(problem.range.clone()).is_some(), "{problem:?}");
                    }
                }
                Ok(())
            })
            .unwrap();
    });
}

#[test]
fn what_is_printed_is_read_back_as_the_same() {
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::with_cases(300)
    });
    runner
        .run(&expression(), |source| {
            let Ok(first) = parse::parse(&source) else {
                return Ok(());
            };
            let printed = print(&first.root, &Shown::new());
            if printed.contains('…') {
                return Ok(());
            }
            let again = parse::parse(&printed)
                .map_err(|problems| TestCaseError::fail(format!("{printed}: {problems:?}")))?;
            prop_assert_eq!(print(&again.root, &Shown::new()), printed);
            Ok(())
        })
        .unwrap();
}
