//! Checks calls: functions by the table, and hands operators on.

use cel::common::ast::{CallExpr, Expr, IdedExpr};

use super::super::functions::{Kind, Signature, functions, signatures};
use super::super::print::{Shown, print};
use super::super::tree::{binary, string_literal};
use super::Checker;
use super::near::near;
use super::types::{Type, fit, words};

/// Calls that the parser turns into loops when they are written as they must be.
const LOOPS: [&str; 6] = ["all", "exists", "exists_one", "filter", "map", "has"];

impl<'s> Checker<'_, 's> {
    /// The type of a call.
    pub(super) fn call(&mut self, expression: &IdedExpr, call: &CallExpr) -> Type<'s> {
        match (call.func_name.as_str(), call.args.as_slice()) {
            ("_&&_" | "_||_", [left, right]) => {
                self.truth(left);
                self.truth(right);
                Type::BOOL
            }
            ("!_", [operand]) => {
                self.truth(operand);
                Type::BOOL
            }
            ("-_", [operand]) => {
                let kind = self.infer(operand).kind();
                if !matches!(kind, Kind::Any | Kind::Int | Kind::Number | Kind::Duration) {
                    self.unfit(operand, kind, "`-` takes a number");
                }
                Type::Plain(kind)
            }
            ("_?_:_", [condition, yes, no]) => {
                self.truth(condition);
                let yes = self.infer(yes);
                yes.or(&self.infer(no))
            }
            ("_[_]", [operand, key]) => self.index(expression, operand, key),
            (name @ ("_[?_]" | "_?._"), [operand, key]) => {
                let found = self.optional_index(operand, key, name == "_?._");
                Type::Optional(Box::new(found))
            }
            ("@in", [item, container]) => self.contained(item, container),
            (name, [left, right]) if call.target.is_none() && binary(name).is_some() => {
                self.operator(expression, binary(name).unwrap_or_default(), left, right)
            }
            _ => self.function(expression, call),
        }
    }
    fn index(&mut self, whole: &IdedExpr, operand: &IdedExpr, key: &IdedExpr) -> Type<'s> {
        let of = self.infer(operand);
        let by = self.infer(key).kind();
        match (of.kind(), by) {
            (Kind::Any, _) => Type::ANY,
            (Kind::Optional, _) => Type::Optional(Box::new(Type::ANY)),
            (Kind::List, Kind::Int | Kind::Number | Kind::Any) => of.items(),
            (Kind::Map, Kind::String | Kind::Any) => match string_literal(key) {
                Some(name) => {
                    let range = self.places().of(key);
                    self.entry(operand, &of, name, range)
                }
                None => of.entries(),
            },
            // A literal map may have other keys than strings.
            (Kind::Map, _) if matches!(of, Type::Plain(_)) => Type::ANY,
            (kind, by) => {
                let range = self.places().of(whole);
                let message = format!(
                    "`{}` is {}, which cannot be indexed with {}",
                    print(operand, &Shown::new()),
                    words(kind),
                    words(by)
                );
                self.problem("expression.type", range, message);
                Type::ANY
            }
        }
    }

    fn optional_index(&mut self, operand: &IdedExpr, key: &IdedExpr, dotted: bool) -> Type<'s> {
        let of = match self.infer(operand) {
            Type::Optional(inner) => *inner,
            of => of,
        };
        let Some(name) = string_literal(key) else {
            self.infer(key);
            return of.items();
        };
        match of.kind() {
            Kind::Map => {
                let range = self.places().of(key);
                let range = if dotted {
                    self.places().word_from(range.start)
                } else {
                    range
                };
                self.entry(operand, &of, name, range)
            }
            _ => Type::ANY,
        }
    }

    fn function(&mut self, expression: &IdedExpr, call: &CallExpr) -> Type<'s> {
        let (name, target) = match call.target.as_deref() {
            Some(target) => match &target.expr {
                Expr::Ident(namespace) if namespace == "optional" && !self.is_bound(namespace) => {
                    (format!("{namespace}.{}", call.func_name), None)
                }
                _ => (call.func_name.clone(), Some(target)),
            },
            None => (call.func_name.clone(), None),
        };
        let range = self
            .places()
            .name(expression, &call.func_name, self.source());
        let on = target.map(|target| self.infer(target));
        if LOOPS.contains(&name.as_str()) {
            // With the right arguments it would be a loop by now.
            self.miscalled(&name, range);
            return Type::ANY;
        }
        let takes: Vec<Kind> = call
            .args
            .iter()
            .map(|argument| self.infer(argument).kind())
            .collect();
        let known = signatures(&name);
        if known.is_empty() {
            self.unknown_function(&name, range);
            return Type::ANY;
        }
        let has_shape = |one: &&Signature| {
            one.target.is_some() == on.is_some() && one.takes.len() == takes.len()
        };
        if !known.iter().any(|one| has_shape(&one)) {
            self.miscalled(&name, range);
            return Type::ANY;
        }
        let on_kind = on.as_ref().map(Type::kind);
        let fits = |one: &&Signature| {
            let parts = one.target.iter().chain(&one.takes);
            parts
                .zip(on_kind.iter().chain(&takes))
                .all(|(wanted, given)| fit(*wanted, *given))
        };
        let Some(fitting) = known.iter().filter(has_shape).find(fits) else {
            let given: Vec<&str> = on_kind.into_iter().chain(takes).map(words).collect();
            let message = format!("`{name}` does not take {}", given.join(" and "));
            let place = self.places().of(expression);
            self.problem("expression.type", place, message).help = usage(&name);
            return Type::ANY;
        };
        self.pattern(&name, call);
        match (name.as_str(), on) {
            ("orValue" | "value", Some(Type::Optional(inner))) => *inner,
            ("split", _) => Type::List(Box::new(Type::Plain(Kind::String))),
            _ => Type::from(fitting.gives),
        }
    }

    fn unknown_function(&mut self, name: &str, range: std::ops::Range<usize>) {
        let names = functions().iter().map(|function| function.name);
        let near = near(name, names);
        let problem = self.problem(
            "expression.unknown-function",
            range,
            format!("there is no function `{name}`"),
        );
        if let Some(near) = near {
            problem.help = Some(format!("did you mean `{near}`?"));
            problem.replacement = Some(near.to_owned());
        }
    }

    /// A function that is known and called in a way it cannot be.
    fn miscalled(&mut self, name: &str, range: std::ops::Range<usize>) {
        let message = format!("`{name}` is not called like this");
        self.problem("expression.unknown-function", range, message)
            .help = usage(name);
    }

    /// A pattern that is written out must be valid.
    fn pattern(&mut self, name: &str, call: &CallExpr) {
        let Some(pattern) = call.args.last().filter(|_| name == "matches") else {
            return;
        };
        if let Some(text) = string_literal(pattern)
            && let Err(reason) = super::super::functions::compiled(text)
        {
            let range = self.places().of(pattern);
            self.problem("expression.type", range, reason);
        }
    }
}

/// How a function is called, as advice.
fn usage(name: &str) -> Option<String> {
    let function = functions().iter().find(|function| function.name == name)?;
    let ways: Vec<String> = function
        .signatures
        .iter()
        .map(|way| format!("`{way}`"))
        .collect();
    Some(format!("it is called as {}", ways.join(" or ")))
}
