//! What is wrong with an expression that parses, before anything is contacted.

use cel::common::ast::{Expr, IdedExpr};

use super::parse::Parsed;
use super::tree::{children, written_loop};
use super::{Names, Problem, Want};

/// Every problem, in the order of the text.
pub(super) fn problems(source: &str, parsed: &Parsed, names: &Names, want: Want) -> Vec<Problem> {
    let _ = (source, want);
    let mut problems = Vec::new();
    roots(&parsed.root, parsed, names, &mut Vec::new(), &mut problems);
    problems.sort_by_key(|problem| problem.range.start);
    problems
}

fn roots<'a>(
    expression: &'a IdedExpr,
    parsed: &Parsed,
    names: &Names,
    bound: &mut Vec<&'a str>,
    problems: &mut Vec<Problem>,
) {
    match &expression.expr {
        Expr::Ident(name)
            if name != "now" && !bound.contains(&name.as_str()) && !names.0.contains_key(name) =>
        {
            problems.push(Problem {
                code: "expression.unknown-name",
                range: parsed.places.of(expression),
                message: format!("`{name}` is not known here"),
                help: None,
                replacement: None,
            });
        }
        Expr::Comprehension(loops) => {
            let Some(written) = written_loop(loops) else {
                return;
            };
            roots(written.range, parsed, names, bound, problems);
            bound.push(written.variable);
            for part in [written.predicate, written.mapped].into_iter().flatten() {
                roots(part, parsed, names, bound, problems);
            }
            bound.pop();
        }
        _ => {
            for child in children(expression) {
                roots(child, parsed, names, bound, problems);
            }
        }
    }
}
