//! What is wrong with an expression that parses, before anything is contacted: names, facts
//! that no schema has, functions, types that are certainly wrong, and expectations that are
//! always true.

mod always;
mod calls;
mod fields;
mod formula;
mod near;
mod operators;
mod schema;
mod types;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue};
use serde_json::Value;

use super::functions::{Kind, functions};
use super::parse::{Parsed, Places};
use super::print::{Shown, print};
use super::tree::{children, written_loop};
use super::{Names, Problem, Root, Want};
use near::{listed, near};
use schema::Schema;
use types::{Type, words};

/// Names of types, which `type(x)` is compared with.
const TYPE_NAMES: [&str; 11] = [
    "bool",
    "bytes",
    "double",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "type",
    "uint",
    "dyn",
];

/// Every problem, in the order of the text.
pub(super) fn problems(source: &str, parsed: &Parsed, names: &Names, want: Want) -> Vec<Problem> {
    let schemas: BTreeMap<&str, (bool, Cow<'_, Value>)> = names
        .0
        .iter()
        .map(|(name, root)| match root {
            Root::Facts(schema) => (name.as_str(), (true, Cow::Borrowed(&**schema))),
            Root::Constant(value) => {
                // Constants may be long, and most expressions look at none of them.
                let schema = if source.contains(name) {
                    schema::of_constant(value)
                } else {
                    Value::Bool(true)
                };
                (name.as_str(), (false, Cow::Owned(schema)))
            }
        })
        .collect();
    let mut checker = Checker {
        source,
        parsed,
        roots: schemas
            .iter()
            .map(|(name, (is_fact, schema))| (*name, (*is_fact, Schema::of(schema))))
            .collect(),
        want,
        bound: Vec::new(),
        problems: Vec::new(),
        facts: 0,
    };
    checker.whole();
    let mut problems = checker.problems;
    problems.sort_by_key(|problem| problem.range.start);
    problems.dedup();
    problems
}

/// Walks an expression with what its names stand for.
struct Checker<'e, 's> {
    source: &'e str,
    parsed: &'e Parsed,
    roots: BTreeMap<&'e str, (bool, Schema<'s>)>,
    want: Want,
    bound: Vec<(String, Type<'s>)>,
    problems: Vec<Problem>,
    /// How often a fact is used.
    facts: usize,
}

impl<'e, 's> Checker<'e, 's> {
    fn places(&self) -> &'e Places {
        &self.parsed.places
    }

    fn source(&self) -> &'e str {
        self.source
    }

    fn is_bound(&self, name: &str) -> bool {
        self.bound.iter().any(|(bound, _)| bound == name)
    }

    fn problem(
        &mut self,
        code: &'static str,
        range: Range<usize>,
        message: String,
    ) -> &mut Problem {
        let at = self.problems.len();
        self.problems.push(Problem {
            code,
            range,
            message,
            help: None,
            replacement: None,
        });
        &mut self.problems[at]
    }

    /// A part of a kind that its place does not take.
    fn unfit(&mut self, part: &IdedExpr, kind: Kind, why: &str) -> &mut Problem {
        let message = format!("`{}` is {}: {why}", print(part, &Shown::new()), words(kind));
        let range = self.places().of(part);
        self.problem("expression.type", range, message)
    }

    fn whole(&mut self) {
        let root = &self.parsed.root;
        let kind = self.infer(root).kind();
        let range = 0..self.source.len();
        if matches!(self.want, Want::Number | Want::Reading) {
            let may_be_text = self.want == Want::Reading;
            let fits = matches!(kind, Kind::Any | Kind::Int | Kind::Number)
                || may_be_text && kind == Kind::String;
            if !fits {
                let wanted = if may_be_text {
                    "a number or a text"
                } else {
                    "a number"
                };
                self.problem(
                    "expression.type",
                    range.clone(),
                    format!("it gives {} and not {wanted}", words(kind)),
                );
            }
        } else if !matches!(kind, Kind::Any | Kind::Bool) {
            let text = print(root, &Shown::new());
            let problem = self.problem(
                "expression.not-boolean",
                range.clone(),
                format!("it gives {} and not true or false", words(kind)),
            );
            problem.help = Some(match kind {
                Kind::Int | Kind::Number => format!("compare it, such as `{text} > 0`"),
                Kind::String => {
                    format!("compare it, such as `{text} == '…'`, or ask `has({text})`")
                }
                Kind::List | Kind::Map => format!("ask `size({text}) > 0`"),
                Kind::Optional => "add `.orValue(false)`".to_owned(),
                _ => "compare it with something".to_owned(),
            });
        }
        let depends_on_facts = self.want != Want::Condition;
        if depends_on_facts && self.facts == 0 && self.problems.is_empty() {
            let names: Vec<&str> = self
                .roots
                .iter()
                .filter(|(_, (is_fact, _))| *is_fact)
                .map(|(name, _)| *name)
                .collect();
            let problem = self.problem(
                "expression.no-fact",
                range,
                "it uses no fact, so it says nothing about the target".to_owned(),
            );
            problem.help = listed(&names);
        }
        if self.want == Want::Truth && self.problems.is_empty() {
            self.never_false(root);
        }
    }

    /// An expectation that no facts contradict asks nothing.
    fn never_false(&mut self, root: &'e IdedExpr) {
        let mut fact_of = |part: &IdedExpr| formula::Fact::of(&self.infer(part));
        let Some(part) = always::never_false(root, &mut fact_of) else {
            return;
        };
        let (range, message) = if std::ptr::eq(part, root) {
            (0..self.source.len(), "it can never be false".to_owned())
        } else {
            let text = print(part, &Shown::new());
            (
                self.places().of(part),
                format!("`{text}` can never be false"),
            )
        };
        self.problem("expression.always-true", range, message).help =
            Some("ask for something that the facts can contradict".to_owned());
    }

    /// An operand that must be true or false.
    fn truth(&mut self, part: &IdedExpr) {
        let kind = self.infer(part).kind();
        if !matches!(kind, Kind::Any | Kind::Bool) {
            self.unfit(part, kind, "only true or false can stand here");
        }
    }

    /// The type of an expression, with every problem in it noted.
    fn infer(&mut self, expression: &IdedExpr) -> Type<'s> {
        match &expression.expr {
            Expr::Literal(literal) => Type::Plain(literal_kind(literal)),
            Expr::Ident(name) => self.name(expression, name),
            Expr::Select(select) => self.select(expression, select),
            Expr::Call(call) => self.call(expression, call),
            Expr::Comprehension(loops) => self.in_loop(expression, loops),
            Expr::List(list) => {
                let items = list.elements.iter().map(|element| self.infer(element));
                let item = items
                    .reduce(|left, right| left.or(&right))
                    .unwrap_or(Type::ANY);
                Type::List(Box::new(item))
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.infer(&entry.key);
                        self.infer(&entry.value);
                    }
                }
                Type::Plain(Kind::Map)
            }
            Expr::Struct(message) => {
                let range = self.places().of(expression);
                let text = format!("`{}{{…}}` makes no value here", message.type_name);
                self.problem("expression.syntax", range, text).help =
                    Some("a map is written `{'name': value}`".to_owned());
                Type::ANY
            }
            Expr::Unspecified => Type::ANY,
        }
    }

    fn name(&mut self, expression: &IdedExpr, name: &str) -> Type<'s> {
        if let Some((_, bound)) = self.bound.iter().rev().find(|(bound, _)| bound == name) {
            return bound.clone();
        }
        if let Some((is_fact, schema)) = self.roots.get(name) {
            let found = Type::Of(schema.clone());
            if *is_fact {
                self.facts += 1;
                if self.want == Want::Condition {
                    let range = self.places().of(expression);
                    let message = format!("`{name}` is not known before the run");
                    self.problem("expression.unknown-name", range, message).help =
                        Some("only `vars`, `with` and `now` are known here".to_owned());
                }
            }
            return found;
        }
        match name {
            "now" => return Type::Plain(Kind::Time),
            _ if TYPE_NAMES.contains(&name) => return Type::Plain(Kind::Type),
            _ => {}
        }
        self.unknown_name(expression, name);
        Type::ANY
    }

    fn unknown_name(&mut self, expression: &IdedExpr, name: &str) {
        let literal = match name {
            "True" | "TRUE" | "yes" => Some("true"),
            "False" | "FALSE" | "no" => Some("false"),
            "None" | "nil" | "NULL" | "Null" | "undefined" => Some("null"),
            _ => None,
        };
        let known: Vec<&str> = self
            .bound
            .iter()
            .map(|(name, _)| name.as_str())
            .chain(self.roots.keys().copied())
            .chain(["now"])
            .collect();
        let meant = literal
            .or_else(|| near(name, known.iter().copied()))
            .map(str::to_owned);
        let help = match &meant {
            Some(meant) => Some(format!("did you mean `{meant}`?")),
            None if functions().iter().any(|function| function.name == name) => {
                Some(format!("`{name}` is a function: write `{name}(…)`"))
            }
            None => listed(&known),
        };
        let range = self.places().of(expression);
        let problem = self.problem(
            "expression.unknown-name",
            range,
            format!("`{name}` is not known here"),
        );
        problem.help = help;
        problem.replacement = meant;
    }

    fn in_loop(&mut self, expression: &IdedExpr, loops: &ComprehensionExpr) -> Type<'s> {
        let Some(written) = written_loop(loops) else {
            for child in children(expression) {
                self.infer(child);
            }
            return Type::ANY;
        };
        let range = self.infer(written.range);
        let name = written.kind.name();
        if !matches!(range.kind(), Kind::Any | Kind::List | Kind::Map) {
            self.unfit(
                written.range,
                range.kind(),
                &format!("`{name}` goes through lists and maps"),
            );
        }
        self.bound
            .push((written.variable.to_owned(), range.items()));
        if let Some(predicate) = written.predicate {
            self.truth(predicate);
        }
        let mapped = written.mapped.map(|mapped| self.infer(mapped));
        self.bound.pop();
        match (name, mapped) {
            ("map", Some(item)) => Type::List(Box::new(item)),
            ("filter", _) => Type::List(Box::new(range.items())),
            _ => Type::BOOL,
        }
    }
}

fn literal_kind(literal: &LiteralValue) -> Kind {
    match literal {
        LiteralValue::Boolean(_) => Kind::Bool,
        LiteralValue::Bytes(_) => Kind::Bytes,
        LiteralValue::Double(_) => Kind::Number,
        LiteralValue::Int(_) | LiteralValue::UInt(_) => Kind::Int,
        LiteralValue::Null => Kind::Null,
        LiteralValue::String(_) => Kind::String,
    }
}
