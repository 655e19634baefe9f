//! Checks operators by their operands.

use cel::common::ast::{Expr, IdedExpr};

use super::super::functions::Kind;
use super::super::print::{Shown, print, quote};
use super::super::tree::{is_ordering, string_literal};
use super::Checker;
use super::near::{listed, near};
use super::types::{Type, arithmetic, fit, has_order, words};

impl<'s> Checker<'_, 's> {
    /// The type of `left sign right`.
    pub(super) fn operator(
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

    /// The type of `item in container`.
    pub(super) fn contained(&mut self, item: &IdedExpr, container: &IdedExpr) -> Type<'s> {
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
}
