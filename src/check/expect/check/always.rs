//! Whether an expectation can be false at all.
//!
//! The expression is read as a formula over what it asks about: facts compared with constants,
//! and whatever else is true or false. The formula is tried on values between and on all the
//! constants, of each fact as its schema allows it; a fact that is missing makes no
//! expectation false, so it is not tried. An expression with too many parts is given the
//! benefit of the doubt.

use std::collections::BTreeMap;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};

use super::super::evaluate::resolve;
use super::super::functions::environment;
use super::super::print::{Shown, print};
use super::super::tree::{LoopKind, binary, has_name, is_ordering, written_loop};
use super::super::value::as_bool;
use super::formula::{Asked, Fact, Formula, Sample, Test, holds_always};

/// The first part of a conjunction that can never be false.
pub(super) fn never_false<'a>(
    root: &'a IdedExpr,
    type_of: &mut dyn FnMut(&IdedExpr) -> Fact,
) -> Option<&'a IdedExpr> {
    if let Expr::Call(CallExpr {
        func_name, args, ..
    }) = &root.expr
        && func_name == "_&&_"
    {
        return args.iter().find_map(|part| never_false(part, type_of));
    }
    let mut reader = Reader {
        asked: BTreeMap::new(),
        type_of,
    };
    let formula = reader.read(root);
    holds_always(&formula, reader.asked).then_some(root)
}

struct Reader<'t> {
    asked: BTreeMap<String, Asked>,
    type_of: &'t mut dyn FnMut(&IdedExpr) -> Fact,
}

impl Reader<'_> {
    fn read(&mut self, expression: &IdedExpr) -> Formula {
        if !has_name(expression)
            && let Some(truth) = constant_truth(expression)
        {
            return Formula::Known(truth);
        }
        match &expression.expr {
            Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
                ("_&&_", [left, right]) => Formula::All(vec![self.read(left), self.read(right)]),
                ("_||_", [left, right]) => Formula::Any(vec![self.read(left), self.read(right)]),
                ("!_", [part]) => Formula::Not(Box::new(self.read(part))),
                ("_?_:_", [condition, yes, no]) => Formula::Any(vec![
                    Formula::All(vec![self.read(condition), self.read(yes)]),
                    Formula::All(vec![
                        Formula::Not(Box::new(self.read(condition))),
                        self.read(no),
                    ]),
                ]),
                ("@in", [item, container]) => self.contained(expression, item, container),
                (name, [left, right]) => match binary(name) {
                    Some("!=") => Formula::Not(Box::new(self.compare("==", left, right))),
                    Some(sign) if sign == "==" || is_ordering(sign) => {
                        self.compare(sign, left, right)
                    }
                    _ => self.free(expression),
                },
                _ => self.free(expression),
            },
            Expr::Comprehension(loops) => match written_loop(loops) {
                Some(written) => {
                    let predicate = written.predicate.map(alone);
                    let empty =
                        matches!(&written.range.expr, Expr::List(list) if list.elements.is_empty());
                    let (always, never) = predicate.unwrap_or_default();
                    match written.kind {
                        LoopKind::All if always || empty => Formula::Known(true),
                        LoopKind::Exists | LoopKind::ExistsOne if never || empty => {
                            Formula::Known(false)
                        }
                        _ => self.free(expression),
                    }
                }
                None => self.free(expression),
            },
            _ => self.free(expression),
        }
    }

    /// Something that is true or false as a whole.
    fn free(&mut self, expression: &IdedExpr) -> Formula {
        let name = print(expression, &Shown::new());
        let asked = self.ask(
            &name,
            Fact {
                truth: true,
                ..Fact::default()
            },
        );
        asked.fact.truth = true;
        Formula::Test(name, Test::Truth)
    }

    fn ask(&mut self, name: &str, fact: Fact) -> &mut Asked {
        self.asked.entry(name.to_owned()).or_insert(Asked {
            fact,
            compared: Vec::new(),
            order: false,
        })
    }

    fn compare(&mut self, sign: &'static str, left: &IdedExpr, right: &IdedExpr) -> Formula {
        let (left_text, right_text) = (print(left, &Shown::new()), print(right, &Shown::new()));
        if left_text == right_text {
            return Formula::Known(matches!(sign, "==" | "<=" | ">="));
        }
        match (sample(left), sample(right)) {
            (None, Some(constant)) if constant.is_exact(sign) => {
                self.with_constant(sign, left, constant)
            }
            (Some(constant), None) if constant.is_exact(sign) => {
                self.with_constant(turned(sign), right, constant)
            }
            _ if left_text < right_text => self.order(sign, &left_text, &right_text),
            _ => self.order(turned(sign), &right_text, &left_text),
        }
    }

    fn order(&mut self, sign: &'static str, left: &str, right: &str) -> Formula {
        let name = format!("{left} <=> {right}");
        self.ask(&name, Fact::default()).order = true;
        Formula::Test(name, Test::Order(sign))
    }

    fn with_constant(&mut self, sign: &'static str, part: &IdedExpr, constant: Sample) -> Formula {
        let name = self.fact(part);
        if let Some(asked) = self.asked.get_mut(&name) {
            asked.compared.push(constant.clone());
        }
        Formula::Test(name, Test::Compare(sign, constant))
    }

    /// Notes that a value is asked about.
    fn fact(&mut self, part: &IdedExpr) -> String {
        let name = print(part, &Shown::new());
        let fact = if is_size(part) {
            Fact::count()
        } else {
            (self.type_of)(part)
        };
        self.ask(&name, fact);
        name
    }

    fn contained(&mut self, whole: &IdedExpr, item: &IdedExpr, container: &IdedExpr) -> Formula {
        let Expr::List(list) = &container.expr else {
            return self.free(whole);
        };
        let Some(choices) = list.elements.iter().map(sample).collect::<Option<Vec<_>>>() else {
            return self.free(whole);
        };
        let name = self.fact(item);
        if let Some(asked) = self.asked.get_mut(&name) {
            asked.compared.extend(choices.iter().cloned());
        }
        Formula::Test(name, Test::In(choices))
    }
}

/// Whether a loop's predicate is true for every element, and whether it is for none.
fn alone(predicate: &IdedExpr) -> (bool, bool) {
    let mut always = Reader {
        asked: BTreeMap::new(),
        type_of: &mut |_| Fact::default(),
    };
    let formula = always.read(predicate);
    let asked = always.asked;
    let mut never = Reader {
        asked: BTreeMap::new(),
        type_of: &mut |_| Fact::default(),
    };
    let negated = Formula::Not(Box::new(never.read(predicate)));
    (
        holds_always(&formula, asked),
        holds_always(&negated, never.asked),
    )
}

/// The value of a part that names nothing.
fn constant_truth(expression: &IdedExpr) -> Option<bool> {
    let context = cel::Context::with_env(environment());
    let value = resolve(expression, &context).ok()?;
    as_bool(&*value)
}

/// A constant that facts are compared with.
fn sample(expression: &IdedExpr) -> Option<Sample> {
    match &expression.expr {
        Expr::Literal(literal) => Some(match literal {
            LiteralValue::Boolean(truth) => Sample::Truth(*truth.inner()),
            #[expect(clippy::cast_precision_loss, reason = "limits people write are small")]
            LiteralValue::Int(whole) => Sample::Number(*whole.inner() as f64),
            #[expect(clippy::cast_precision_loss, reason = "limits people write are small")]
            LiteralValue::UInt(whole) => Sample::Number(*whole.inner() as f64),
            LiteralValue::Double(number) => Sample::Number(*number.inner()),
            LiteralValue::String(text) => Sample::Word(text.inner().to_owned()),
            LiteralValue::Null => Sample::Null,
            LiteralValue::Bytes(_) => return None,
        }),
        Expr::Call(call) if call.func_name == "-_" => match sample(call.args.first()?)? {
            Sample::Number(number) => Some(Sample::Number(-number)),
            _ => None,
        },
        _ => None,
    }
}

fn is_size(part: &IdedExpr) -> bool {
    matches!(&part.expr, Expr::Call(call) if call.func_name == "size")
}

/// The sign with its sides exchanged.
fn turned(sign: &'static str) -> &'static str {
    match sign {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        other => other,
    }
}
