//! Rewrites a lowered expression so that it counts the text that it goes through and puts
//! together, before it is evaluated the first time.
//!
//! Only this copy counts: what explains a failure works on the expression as it was, and only
//! after the copy has shown that it is not too much.

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr};

use super::functions::functions;
use super::tree::{GAP, ITEMS};

/// A call of this name counts its operand's text as gone through.
pub(super) const READ: &str = "@read";
/// A call of this name counts its operand as put together.
pub(super) const MADE: &str = "@made";

/// The copy that counts.
pub(super) fn measured(root: &IdedExpr) -> IdedExpr {
    let mut copy = root.clone();
    measure(&mut copy);
    copy
}

fn measure(expression: &mut IdedExpr) {
    match &mut expression.expr {
        Expr::Call(call) => {
            call.target.iter_mut().for_each(|target| measure(target));
            call.args.iter_mut().for_each(measure);
            if goes_through(&call.func_name) {
                let count = if puts_together(&call.func_name) {
                    MADE
                } else {
                    READ
                };
                let target = call.target.as_deref_mut();
                let target = target.filter(|target| !is_namespace(target));
                target
                    .into_iter()
                    .chain(&mut call.args)
                    .for_each(|operand| wrap_value(operand, count));
            }
        }
        Expr::Select(select) => measure(&mut select.operand),
        Expr::List(list) => list.elements.iter_mut().for_each(measure),
        Expr::Map(map) => {
            for entry in &mut map.entries {
                if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                    measure(&mut entry.key);
                    measure(&mut entry.value);
                }
            }
        }
        Expr::Comprehension(loops) => {
            measure(&mut loops.iter_range);
            measure_step(&mut loops.loop_step);
        }
        Expr::Struct(_) | Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
}

/// Measures what people wrote in a loop and what the loop collects, and leaves the macro.
fn measure_step(step: &mut IdedExpr) {
    let Expr::Call(call) = &mut step.expr else {
        return;
    };
    match (call.func_name.as_str(), call.args.as_mut_slice()) {
        ("_&&_" | "_||_", [_, predicate]) => measure(predicate),
        ("_+_", [_, collected]) => collect(collected),
        ("_?_:_", [predicate, taken, _]) => {
            measure(predicate);
            if let Expr::Call(add) = &mut taken.expr
                && let Some(collected) = add.args.get_mut(1)
            {
                collect(collected);
            }
        }
        _ => {}
    }
}

/// The one-item list that a loop adds to what it has collected.
fn collect(collected: &mut IdedExpr) {
    measure(collected);
    if let Expr::List(list) = &mut collected.expr {
        list.elements.iter_mut().for_each(|item| wrap(item, MADE));
    }
}

/// Functions and comparisons look at their operands' text; logic and selection do not.
fn goes_through(name: &str) -> bool {
    matches!(name, "_==_" | "_!=_" | "_<_" | "_<=_" | "_>_" | "_>=_")
        || !(name.starts_with('_') || name.ends_with('_') || name == GAP || name == ITEMS)
}

/// Wraps an operand that is there already: a variable, a fact, an item. What a call gives was
/// counted when it was put together, and wrapping it too would only deepen the tree.
fn wrap_value(operand: &mut IdedExpr, name: &str) {
    match &mut operand.expr {
        Expr::Ident(_) | Expr::Select(_) => wrap(operand, name),
        Expr::Call(call) => match call.func_name.as_str() {
            "_[_]" | "_[?_]" | "_?._" | "value" | "orValue" => wrap(operand, name),
            "_?_:_" => call
                .args
                .iter_mut()
                .skip(1)
                .for_each(|branch| wrap_value(branch, name)),
            _ => {}
        },
        _ => {}
    }
}

/// Functions whose result is new text, of about the size of what they are given.
fn puts_together(name: &str) -> bool {
    matches!(
        name,
        "lower" | "lowerAscii" | "upperAscii" | "trim" | "substring" | "reverse" | "string"
    )
}

/// Whether a call's target is no value but the first part of a function's name.
fn is_namespace(target: &IdedExpr) -> bool {
    let Expr::Ident(name) = &target.expr else {
        return false;
    };
    functions()
        .iter()
        .filter_map(|function| function.name.split_once('.'))
        .any(|(space, _)| space == name.as_str())
}

fn wrap(expression: &mut IdedExpr, name: &str) {
    let inner = std::mem::take(expression);
    expression.id = inner.id;
    expression.expr = Expr::Call(CallExpr {
        func_name: name.to_owned(),
        target: None,
        args: vec![inner],
    });
}
