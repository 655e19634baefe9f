//! Checks fields: every step of a path must be one that the schema knows.

use std::ops::Range;

use cel::common::ast::{Expr, IdedExpr, SelectExpr};

use super::super::functions::Kind;
use super::super::print::{Shown, print, quote};
use super::Checker;
use super::near::{listed, near};
use super::schema::Field;
use super::types::{Type, words};

impl<'s> Checker<'_, 's> {
    /// The type of `operand.field`, or of `has(operand.field)`.
    pub(super) fn select(&mut self, expression: &IdedExpr, select: &SelectExpr) -> Type<'s> {
        let of = self.infer(&select.operand);
        let found = match &of {
            Type::Optional(inner) => {
                let range = self.places().field(expression);
                let found = self.entry(&select.operand, inner, &select.field, range);
                Type::Optional(Box::new(found))
            }
            of => {
                let range = self.places().field(expression);
                self.entry(&select.operand, of, &select.field, range)
            }
        };
        if select.test { Type::BOOL } else { found }
    }

    /// What a value has under a name that is written out.
    pub(super) fn entry(
        &mut self,
        operand: &IdedExpr,
        of: &Type<'s>,
        name: &str,
        range: Range<usize>,
    ) -> Type<'s> {
        let place = print(operand, &Shown::new());
        let schema = match of {
            Type::Of(schema) if matches!(schema.kind(), Kind::Map | Kind::Any) => schema,
            _ if matches!(of.kind(), Kind::Any | Kind::Map) => return Type::ANY,
            _ => {
                let kind = of.kind();
                let message = format!("`{place}` is {}, which has no field `{name}`", words(kind));
                let problem = self.problem("expression.type", range, message);
                if kind == Kind::List {
                    problem.help = Some(format!(
                        "ask one item, `{place}[0]`, or all: `{place}.all(x, …)`"
                    ));
                }
                return Type::ANY;
            }
        };
        match schema.field(name) {
            Field::Known(found) => Type::Of(found),
            Field::Entry(found) => {
                self.lower_case(operand, name, range);
                Type::Of(found)
            }
            Field::Unknown(names) => {
                let near = near(name, names.iter().copied());
                let quoted = self.is_quoted(&range);
                let message = format!("`{place}` has no `{name}`");
                let problem = self.problem("expression.unknown-fact", range, message);
                problem.help = match near {
                    Some(near) => Some(format!("did you mean `{near}`?")),
                    None => listed(&names),
                };
                problem.replacement = near.map(|near| as_written(near, quoted));
                Type::ANY
            }
        }
    }

    /// Whether the text there is a string.
    fn is_quoted(&self, range: &Range<usize>) -> bool {
        self.source
            .get(range.clone())
            .is_some_and(|text| text.ends_with(['\'', '"']))
    }

    /// Headers are kept in lower case: another spelling would never be there.
    fn lower_case(&mut self, operand: &IdedExpr, name: &str, range: Range<usize>) {
        let in_headers = matches!(&operand.expr, Expr::Select(select) if select.field == "headers");
        if in_headers && name.contains(|c: char| c.is_ascii_uppercase()) {
            let lower = name.to_ascii_lowercase();
            let quoted = self.is_quoted(&range);
            let problem = self.problem(
                "expression.unknown-fact",
                range,
                format!("names of headers are in lower case here, so there is never a `{name}`"),
            );
            problem.help = Some(format!("write `{lower}`"));
            problem.replacement = quoted.then(|| as_written(&lower, quoted));
        }
    }
}

fn as_written(name: &str, quoted: bool) -> String {
    if quoted { quote(name) } else { name.to_owned() }
}
