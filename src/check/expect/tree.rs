//! Reading the parsed tree: children, operators, and which macro a loop was written as.

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue};

/// Start of the names that only [`super::lower`] writes.
pub(super) const INTERNAL: char = '@';

/// A call of this name stands for a fact that could not be found out.
pub(super) const GAP: &str = "@gap";

/// A call of this name checks that a loop's list is not too long and puts a map's keys in order.
pub(super) const ITEMS: &str = "@items";

/// How a function's name was written, without the mark of its lowered form.
pub(super) fn written(name: &str) -> &str {
    match name.strip_prefix(INTERNAL).or(name.strip_suffix('_')) {
        Some("in") | None => name,
        Some(rest) => rest,
    }
}

/// The sign of a binary operator, from its parsed or its lowered name.
pub(super) fn binary(name: &str) -> Option<&'static str> {
    Some(match name {
        "_&&_" => "&&",
        "_||_" => "||",
        "_==_" => "==",
        "_!=_" => "!=",
        "_<_" => "<",
        "_<=_" => "<=",
        "_>_" => ">",
        "_>=_" => ">=",
        "_+_" | "@add" => "+",
        "_-_" | "@subtract" => "-",
        "_*_" | "@multiply" => "*",
        "_/_" | "@divide" => "/",
        "_%_" => "%",
        "@in" => "in",
        _ => return None,
    })
}

/// Whether a sign compares by order.
pub(super) fn is_ordering(sign: &str) -> bool {
    matches!(sign, "<" | "<=" | ">" | ">=")
}

/// How tightly an operator binds; more is tighter.
pub(super) fn precedence(name: &str, arguments: usize) -> u8 {
    match (name, arguments) {
        ("_?_:_", 3) => 1,
        ("!_" | "-_", 1) => 7,
        (_, 2) => match binary(name) {
            Some("||") => 2,
            Some("&&") => 3,
            Some("+" | "-") => 5,
            Some("*" | "/" | "%") => 6,
            Some(_) => 4,
            None => 8,
        },
        _ => 8,
    }
}

/// Every direct part of an expression.
pub(super) fn children(expression: &IdedExpr) -> Vec<&IdedExpr> {
    match &expression.expr {
        Expr::Call(call) => call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map
            .entries
            .iter()
            .flat_map(|entry| entry_parts(&entry.expr))
            .collect(),
        Expr::Struct(message) => message
            .entries
            .iter()
            .flat_map(|entry| entry_parts(&entry.expr))
            .collect(),
        Expr::Comprehension(loops) => vec![
            &loops.iter_range,
            &loops.accu_init,
            &loops.loop_cond,
            &loops.loop_step,
            &loops.result,
        ],
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
    }
}

fn entry_parts(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
        EntryExpr::StructField(field) => vec![&field.value],
    }
}

/// How deep an expression is. Never recursive, so that it can be asked of any tree.
pub(super) fn depth(expression: &IdedExpr) -> usize {
    let mut deepest = 0;
    let mut waiting = vec![(expression, 1)];
    while let Some((expression, depth)) = waiting.pop() {
        deepest = deepest.max(depth);
        waiting.extend(
            children(expression)
                .into_iter()
                .map(|child| (child, depth + 1)),
        );
    }
    deepest
}

/// The text of a string literal.
pub(super) fn string_literal(expression: &IdedExpr) -> Option<&str> {
    match &expression.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// A loop as it was written.
#[derive(Clone, Copy)]
pub(super) struct Loop<'a> {
    /// Which macro.
    pub(super) kind: LoopKind,
    /// What it goes through, without what lowering put around it.
    pub(super) range: &'a IdedExpr,
    /// The name of the element.
    pub(super) variable: &'a str,
    /// What must be true of the element; for `map` with two arguments there is none.
    pub(super) predicate: Option<&'a IdedExpr>,
    /// What `map` makes of the element.
    pub(super) mapped: Option<&'a IdedExpr>,
}

/// The macros that make loops.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LoopKind {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

impl LoopKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Exists => "exists",
            Self::ExistsOne => "exists_one",
            Self::Filter => "filter",
            Self::Map => "map",
        }
    }
}

/// Which macro a comprehension was written as; `None` for a shape that no macro makes.
pub(super) fn written_loop(loops: &ComprehensionExpr) -> Option<Loop<'_>> {
    let Expr::Call(step) = &loops.loop_step.expr else {
        return None;
    };
    let (kind, predicate, mapped) = match (step.func_name.as_str(), step.args.as_slice()) {
        ("_&&_", [_, predicate]) => (LoopKind::All, Some(predicate), None),
        ("_||_", [_, predicate]) => (LoopKind::Exists, Some(predicate), None),
        ("_+_", [_, appended]) => (LoopKind::Map, None, Some(only_element(appended)?)),
        ("_?_:_", [predicate, taken, _]) => match (&loops.accu_init.expr, &taken.expr) {
            (Expr::List(_), Expr::Call(add)) => {
                let element = only_element(add.args.get(1)?)?;
                if matches!(&element.expr, Expr::Ident(name) if *name == loops.iter_var) {
                    (LoopKind::Filter, Some(predicate), None)
                } else {
                    (LoopKind::Map, Some(predicate), Some(element))
                }
            }
            _ => (LoopKind::ExistsOne, Some(predicate), None),
        },
        _ => return None,
    };
    Some(Loop {
        kind,
        range: without_items(&loops.iter_range),
        variable: &loops.iter_var,
        predicate,
        mapped,
    })
}

fn only_element(list: &IdedExpr) -> Option<&IdedExpr> {
    match &list.expr {
        Expr::List(list) => list.elements.first(),
        _ => None,
    }
}

fn without_items(range: &IdedExpr) -> &IdedExpr {
    match &range.expr {
        Expr::Call(CallExpr {
            func_name, args, ..
        }) if func_name == ITEMS => args.first().unwrap_or(range),
        _ => range,
    }
}

/// Whether anything in it is a name, so that its value is not in the text already. The
/// variables of its own loops are none.
pub(super) fn has_name(expression: &IdedExpr) -> bool {
    names_other_than(expression, &mut Vec::new())
}

fn names_other_than<'a>(expression: &'a IdedExpr, bound: &mut Vec<&'a str>) -> bool {
    match &expression.expr {
        Expr::Ident(name) => !name.starts_with(INTERNAL) && !bound.contains(&name.as_str()),
        Expr::Comprehension(loops) => {
            if names_other_than(&loops.iter_range, bound) {
                return true;
            }
            bound.push(&loops.iter_var);
            let found = names_other_than(&loops.loop_step, bound);
            bound.pop();
            found
        }
        _ => children(expression)
            .into_iter()
            .any(|child| names_other_than(child, bound)),
    }
}
