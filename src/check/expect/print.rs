//! Writes a parsed expression back as people write it, with loop variables replaced by the
//! element they stand for.

use std::collections::BTreeMap;

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue};

use super::tree::{GAP, ITEMS, binary, precedence, written, written_loop};

/// What loop variables are shown as: `c` as `http.cookies[1]`.
pub(super) type Shown = BTreeMap<String, String>;

/// The text of an expression.
pub(super) fn print(expression: &IdedExpr, shown: &Shown) -> String {
    match &expression.expr {
        Expr::Ident(name) => shown.get(name).unwrap_or(name).clone(),
        Expr::Literal(literal) => print_literal(literal),
        Expr::Select(select) => {
            let path = member(&select.operand, &select.field, shown);
            if select.test {
                format!("has({path})")
            } else {
                path
            }
        }
        Expr::List(list) => format!("[{}]", join(&list.elements, shown)),
        Expr::Map(map) => {
            let entries: Vec<String> = map
                .entries
                .iter()
                .map(|entry| print_entry(&entry.expr, shown))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        Expr::Struct(message) => {
            let fields: Vec<String> = message
                .entries
                .iter()
                .map(|entry| print_entry(&entry.expr, shown))
                .collect();
            format!("{}{{{}}}", message.type_name, fields.join(", "))
        }
        Expr::Call(call) => print_call(call, shown),
        Expr::Comprehension(comprehension) => match written_loop(comprehension) {
            Some(written) => {
                let mut inner = shown.clone();
                inner.remove(written.variable);
                let parts: Vec<String> = std::iter::once(written.variable.to_owned())
                    .chain(written.predicate.map(|part| print(part, &inner)))
                    .chain(written.mapped.map(|part| print(part, &inner)))
                    .collect();
                format!(
                    "{}.{}({})",
                    operand(written.range, 8, shown),
                    written.kind.name(),
                    parts.join(", ")
                )
            }
            None => "(a loop)".to_owned(),
        },
        Expr::Unspecified => String::new(),
    }
}

/// `operand.field`, or `operand['field']` when the field is no plain name.
fn member(of: &IdedExpr, field: &str, shown: &Shown) -> String {
    path_join(&operand(of, 8, shown), field)
}

/// A path with one more field.
pub(super) fn path_join(path: &str, field: &str) -> String {
    if is_plain(field) {
        format!("{path}.{field}")
    } else {
        format!("{path}[{}]", quote(field))
    }
}

/// Whether a field can be written after a dot.
fn is_plain(field: &str) -> bool {
    !LITERALS.contains(&field)
        && field.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && field.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Words that mean something of their own, also after a dot.
pub(super) const LITERALS: [&str; 4] = ["true", "false", "null", "in"];

fn print_entry(entry: &EntryExpr, shown: &Shown) -> String {
    match entry {
        EntryExpr::MapEntry(entry) => {
            format!(
                "{}: {}",
                print(&entry.key, shown),
                print(&entry.value, shown)
            )
        }
        EntryExpr::StructField(field) => format!("{}: {}", field.field, print(&field.value, shown)),
    }
}

fn print_call(call: &CallExpr, shown: &Shown) -> String {
    let name = call.func_name.as_str();
    let level = precedence(name, call.args.len());
    match (name, call.args.as_slice()) {
        ("!_", [one]) => format!("!{}", operand(one, 7, shown)),
        ("-_", [one]) => format!("-{}", operand(one, 7, shown)),
        ("_[_]", [list, index]) => {
            format!("{}[{}]", operand(list, 8, shown), print(index, shown))
        }
        ("_[?_]", [list, index]) => {
            format!("{}[?{}]", operand(list, 8, shown), print(index, shown))
        }
        ("_?._", [object, field]) => {
            let field = super::tree::string_literal(field).unwrap_or_default();
            format!("{}.?{field}", operand(object, 8, shown))
        }
        ("_?_:_", [condition, yes, no]) => format!(
            "{} ? {} : {}",
            operand(condition, 2, shown),
            operand(yes, 2, shown),
            operand(no, 1, shown)
        ),
        (ITEMS, [range, ..]) => print(range, shown),
        (GAP, [_, path]) => super::tree::string_literal(path)
            .unwrap_or_default()
            .to_owned(),
        (_, [left, right]) if binary(name).is_some() && call.target.is_none() => format!(
            "{} {} {}",
            operand(left, level, shown),
            binary(name).unwrap_or_default(),
            operand(right, level + 1, shown)
        ),
        (_, arguments) => {
            let name = written(name);
            let arguments = join(arguments, shown);
            match &call.target {
                Some(target) => format!("{}.{name}({arguments})", operand(target, 8, shown)),
                None => format!("{name}({arguments})"),
            }
        }
    }
}

/// A part of a larger expression, in parentheses if it binds less tightly than `level`.
fn operand(expression: &IdedExpr, level: u8, shown: &Shown) -> String {
    let text = print(expression, shown);
    match &expression.expr {
        Expr::Call(call) if precedence(&call.func_name, call.args.len()) < level => {
            format!("({text})")
        }
        _ => text,
    }
}

fn join(expressions: &[IdedExpr], shown: &Shown) -> String {
    let texts: Vec<String> = expressions.iter().map(|part| print(part, shown)).collect();
    texts.join(", ")
}

fn print_literal(literal: &LiteralValue) -> String {
    match literal {
        LiteralValue::Boolean(value) => value.inner().to_string(),
        LiteralValue::Int(value) => value.inner().to_string(),
        LiteralValue::UInt(value) => format!("{}u", value.inner()),
        LiteralValue::Double(value) => format!("{:?}", value.inner()),
        LiteralValue::String(text) => quote(text.inner()),
        LiteralValue::Null => "null".to_owned(),
        LiteralValue::Bytes(_) => "b'…'".to_owned(),
    }
}

/// A string in the quotes of expressions, escaped.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for character in text.chars() {
        match character {
            '\'' => quoted.push_str("\\'"),
            '"' => quoted.push('"'),
            other => quoted.extend(other.escape_debug()),
        }
    }
    quoted.push('\'');
    quoted
}
