//! Checks calls: operators by their operands, functions by the table.

use cel::common::ast::{CallExpr, Expr, IdedExpr};

use super::super::functions::{Kind, Signature, functions, signatures};
use super::super::print::{Shown, print, quote};
use super::super::tree::{binary, is_ordering, string_literal};
use super::Checker;
use super::near::{listed, near};
use super::types::{Type, arithmetic, fit, has_order, words};

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

    fn operator(
        &mut self,
        whole: &IdedExpr,
        sign: &str,
        left: &IdedExpr,
        right: &IdedExpr,
    ) -> Type<'s> {
        let (left_type, right_type) = (self.infer(left), self.infer(right));
        let (left_kind, right_kind) = (left_type.kind(), right_type.kind());
        if is_ordering(sign) {
            for (part, kind) in [(left, left_kind), (right, right_kind)] {
                if !has_order(kind) {
                    self.unfit(part, kind, &format!("`{sign}` cannot compare it"));
                    return Type::BOOL;
                }
            }
        }
        if is_ordering(sign) || matches!(sign, "==" | "!=") {
            if left_kind == Kind::Null || right_kind == Kind::Null {
                self.never_null(left, &left_type, right, &right_type);
            } else if !fit(left_kind, right_kind) {
                self.incomparable(whole, sign, (left, left_kind), (right, right_kind));
            } else if matches!(sign, "==" | "!=") {
                self.word(left, &right_type);
                self.word(right, &left_type);
            }
            return Type::BOOL;
        }
        match arithmetic(sign, left_kind, right_kind) {
            Some(Kind::List) => left_type.or(&right_type),
            Some(kind) => Type::Plain(kind),
            None => {
                let message = format!(
                    "`{sign}` does not take {} and {}",
                    words(left_kind),
                    words(right_kind)
                );
                let range = self.places().of(whole);
                self.problem("expression.type", range, message);
                Type::ANY
            }
        }
    }

    /// `x == null`: a fact that is not known is left out.
    fn never_null(
        &mut self,
        left: &IdedExpr,
        left_type: &Type<'s>,
        right: &IdedExpr,
        right_type: &Type<'s>,
    ) {
        let (fact, of) = if left_type.kind() == Kind::Null {
            (right, right_type)
        } else {
            (left, left_type)
        };
        if matches!(of.kind(), Kind::Any | Kind::Null) {
            return;
        }
        let text = print(fact, &Shown::new());
        let range = self.places().of(fact);
        let problem = self.problem("expression.type", range, format!("`{text}` is never null"));
        problem.help = Some(format!(
            "what is not known is left out: write `has({text})`"
        ));
    }

    fn incomparable(
        &mut self,
        whole: &IdedExpr,
        sign: &str,
        left: (&IdedExpr, Kind),
        right: (&IdedExpr, Kind),
    ) {
        let message = format!(
            "`{}` is {} and `{}` is {}: they {}",
            print(left.0, &Shown::new()),
            words(left.1),
            print(right.0, &Shown::new()),
            words(right.1),
            if is_ordering(sign) {
                "cannot be compared"
            } else {
                "are never equal"
            },
        );
        let number = |kind| matches!(kind, Kind::Int | Kind::Number);
        let help = match (left.1, right.1) {
            (Kind::Optional, _) | (_, Kind::Optional) => {
                Some("say what it is when it is absent: `.orValue(…)`".to_owned())
            }
            (Kind::Version, Kind::String) => Some(format!(
                "write `version({})`",
                print(right.0, &Shown::new())
            )),
            (Kind::String, Kind::Version) => {
                Some(format!("write `version({})`", print(left.0, &Shown::new())))
            }
            (Kind::Time, Kind::String) | (Kind::String, Kind::Time) => {
                Some("write `timestamp(…)` around the text".to_owned())
            }
            (Kind::Duration, _) | (_, Kind::Duration) => {
                Some("write a length of time as `duration('24h')`".to_owned())
            }
            (Kind::List, _) => {
                Some("look into the list: `x in list`, `list.exists(x, …)`, `list[0]`".to_owned())
            }
            (kind, Kind::String) if number(kind) && string_literal(right.0).is_some() => {
                Some("write the number without quotes".to_owned())
            }
            (Kind::String, kind) if number(kind) => {
                Some("write `int(…)` around the text".to_owned())
            }
            _ => None,
        };
        let range = self.places().of(whole);
        self.problem("expression.type", range, message).help = help;
    }

    /// A literal that is none of the words its counterpart can be.
    fn word(&mut self, literal: &IdedExpr, of: &Type<'s>) {
        let (Some(text), Type::Of(schema)) = (string_literal(literal), of) else {
            return;
        };
        let Some(words) = schema.words() else { return };
        if words.contains(&text) {
            return;
        }
        let near = near(text, words.iter().copied());
        let range = self.places().of(literal);
        let problem = self.problem("expression.type", range, format!("it is never `{text}`"));
        problem.help = match near {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None => listed(&words),
        };
        problem.replacement = near.map(quote);
    }

    fn contained(&mut self, item: &IdedExpr, container: &IdedExpr) -> Type<'s> {
        let item_type = self.infer(item);
        let container_type = self.infer(container);
        match container_type.kind() {
            Kind::Any => {}
            Kind::List => {
                let items = container_type.items();
                let item_kind = item_type.kind();
                if fit(item_kind, items.kind()) {
                    self.word(item, &items);
                } else {
                    let message = format!(
                        "`{}` is {} and `{}` holds {}: it is never in it",
                        print(item, &Shown::new()),
                        words(item_kind),
                        print(container, &Shown::new()),
                        words(items.kind()),
                    );
                    let range = self.places().of(item);
                    self.problem("expression.type", range, message);
                }
                if let Expr::List(list) = &container.expr {
                    for choice in &list.elements {
                        self.word(choice, &item_type);
                    }
                }
            }
            Kind::Map => {
                if let Some(name) = string_literal(item) {
                    let range = self.places().of(item);
                    self.entry(container, &container_type, name, range);
                }
            }
            Kind::String => {
                let help = format!("write `{}.contains(…)`", print(container, &Shown::new()));
                self.unfit(container, Kind::String, "`in` looks into lists and maps")
                    .help = Some(help);
            }
            kind => {
                self.unfit(container, kind, "`in` looks into lists and maps");
            }
        }
        Type::BOOL
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
        let (name, target) = match &call.target {
            Some(target) => match &target.expr {
                Expr::Ident(namespace) if namespace == "optional" && !self.is_bound(namespace) => {
                    (format!("{namespace}.{}", call.func_name), None)
                }
                _ => (call.func_name.clone(), Some(&**target)),
            },
            None => (call.func_name.clone(), None),
        };
        let on = target.map(|target| self.infer(target));
        if LOOPS.contains(&name.as_str()) {
            // With the right arguments it would be a loop by now.
            let range = self
                .places()
                .name(expression, &call.func_name, self.source());
            self.miscalled(&name, range);
            return Type::ANY;
        }
        let takes: Vec<Type<'s>> = call
            .args
            .iter()
            .map(|argument| self.infer(argument))
            .collect();
        let range = self
            .places()
            .name(expression, &call.func_name, self.source());
        let known = signatures(&name);
        if known.is_empty() {
            self.unknown_function(&name, range);
            return Type::ANY;
        }
        let styled: Vec<&Signature> = known
            .iter()
            .filter(|one| one.target.is_some() == on.is_some())
            .collect();
        let counted: Vec<&&Signature> = styled
            .iter()
            .filter(|one| one.takes.len() == takes.len())
            .collect();
        if counted.is_empty() {
            self.miscalled(&name, range);
            return Type::ANY;
        }
        let fits = |one: &&&&Signature| {
            let target_fits = one
                .target
                .zip(on.as_ref())
                .is_none_or(|(wanted, on)| fit(wanted, on.kind()));
            target_fits
                && one
                    .takes
                    .iter()
                    .zip(&takes)
                    .all(|(wanted, given)| fit(*wanted, given.kind()))
        };
        let Some(fitting) = counted.iter().find(fits) else {
            let given: Vec<&str> = on
                .iter()
                .chain(&takes)
                .map(|given| words(given.kind()))
                .collect();
            let message = format!("`{name}` does not take {}", given.join(" and "));
            let places = self.places().of(expression);
            self.problem("expression.type", places, message).help = usage(&name);
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
