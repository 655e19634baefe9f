//! Rewrites a parsed expression into the one that is evaluated.
//!
//! - Arithmetic takes whole numbers and fractions together.
//! - A loop's list is checked for its length first, and a map's keys come in order.
//! - `duration` knows days and weeks, and `matches` keeps its compiled patterns.
//! - Functions that could make much of little, or look long for it, count what they do first.
//!
//! The rewritten names start with `@`, which nobody can write; `print` hides them again.

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue};

use super::tree::{GAP, ITEMS, written_loop};

/// Items that a loop goes through at most.
const MAX_ITEMS: i64 = 10_000;
/// Items that each of two nested loops goes through at most.
const MAX_NESTED_ITEMS: i64 = 1_000;

/// Rewrites a whole expression.
pub(super) fn lower(root: &mut IdedExpr) {
    let limit = if nests(root) {
        MAX_NESTED_ITEMS
    } else {
        MAX_ITEMS
    };
    rewrite(root, limit);
}

fn rewrite(expression: &mut IdedExpr, limit: i64) {
    match &mut expression.expr {
        Expr::Call(call) => {
            call.target
                .iter_mut()
                .for_each(|target| rewrite(target, limit));
            call.args
                .iter_mut()
                .for_each(|argument| rewrite(argument, limit));
            rename(call);
        }
        Expr::Select(select) => rewrite(&mut select.operand, limit),
        Expr::List(list) => list
            .elements
            .iter_mut()
            .for_each(|element| rewrite(element, limit)),
        Expr::Map(map) => {
            for entry in &mut map.entries {
                if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                    rewrite(&mut entry.key, limit);
                    rewrite(&mut entry.value, limit);
                }
            }
        }
        Expr::Comprehension(loops) => {
            rewrite(&mut loops.iter_range, limit);
            let range = std::mem::take(&mut loops.iter_range);
            loops.iter_range = IdedExpr {
                id: range.id,
                expr: internal(ITEMS, vec![range, literal(LiteralValue::Int(limit.into()))]),
            };
            rewrite_step(&mut loops.loop_step, limit);
        }
        Expr::Struct(_) | Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
}

/// Rewrites what people wrote in a loop, and leaves what the macro put around it.
fn rewrite_step(step: &mut IdedExpr, limit: i64) {
    let Expr::Call(call) = &mut step.expr else {
        return;
    };
    match (call.func_name.as_str(), call.args.as_mut_slice()) {
        ("_&&_" | "_||_", [_, predicate]) => rewrite(predicate, limit),
        ("_+_", [_, appended]) => rewrite(appended, limit),
        ("_?_:_", [predicate, taken, _]) => {
            rewrite(predicate, limit);
            if let Expr::Call(add) = &mut taken.expr
                && let Some(appended) = add.args.get_mut(1)
            {
                rewrite(appended, limit);
            }
        }
        _ => {}
    }
}

fn rename(call: &mut CallExpr) {
    let own = match (
        call.func_name.as_str(),
        call.args.len(),
        call.target.is_some(),
    ) {
        ("_+_", 2, false) => "@add",
        ("_-_", 2, false) => "@subtract",
        ("_*_", 2, false) => "@multiply",
        ("_/_", 2, false) => "@divide",
        ("duration", 1, false) => "@duration",
        ("matches", 1, true) | ("matches", 2, false) => "@matches",
        ("replace", _, true) => "@replace",
        ("split", _, true) => "@split",
        ("join", _, true) => "@join",
        ("indexOf", _, true) => "@indexOf",
        ("lastIndexOf", _, true) => "@lastIndexOf",
        _ => return,
    };
    own.clone_into(&mut call.func_name);
}

fn internal(name: &str, args: Vec<IdedExpr>) -> Expr {
    Expr::Call(CallExpr {
        func_name: name.to_owned(),
        target: None,
        args,
    })
}

fn literal(value: LiteralValue) -> IdedExpr {
    IdedExpr {
        id: 0,
        expr: Expr::Literal(value),
    }
}

/// The call that stands for a fact that could not be found out.
pub(super) fn gap(path: &str) -> Expr {
    let text = |text: &str| literal(LiteralValue::String(text.to_owned().into()));
    internal(GAP, vec![text("gap"), text(path)])
}

/// Whether a loop's predicate goes through a list itself, by a loop or by `in`.
fn nests(expression: &IdedExpr) -> bool {
    if let Expr::Comprehension(loops) = &expression.expr
        && let Some(written) = written_loop(loops)
        && [written.predicate, written.mapped]
            .into_iter()
            .flatten()
            .any(has_loop)
    {
        return true;
    }
    super::tree::children(expression).into_iter().any(nests)
}

fn has_loop(expression: &IdedExpr) -> bool {
    let searches = match &expression.expr {
        Expr::Comprehension(_) => true,
        Expr::Call(call) if call.func_name == "@in" => call
            .args
            .get(1)
            .is_some_and(|list| !matches!(list.expr, Expr::List(_))),
        _ => false,
    };
    searches || super::tree::children(expression).into_iter().any(has_loop)
}
