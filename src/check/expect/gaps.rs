//! Facts that could not be found out: whatever needs one fails with that, and not with
//! "missing".
//!
//! Every chain of fields (`tls.protocols.tls1_0`, also in `has` and `in`) that leads to a gap,
//! into one or around one is replaced by a call that fails. So `&&` and `||` still decide what
//! does not depend on it.

use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue};

use super::lower::gap;
use super::tree::string_literal;
use super::value::Scope;

/// The expression with its gaps marked; `None` when it needs none of them.
pub(super) fn marked(root: &IdedExpr, scope: &Scope) -> Option<IdedExpr> {
    if scope.gaps().is_empty() {
        return None;
    }
    let mut marker = Marker {
        scope,
        gaps: scope
            .gaps()
            .keys()
            .map(|path| (path.as_str(), segments(path)))
            .collect(),
        bound: Vec::new(),
        changed: false,
    };
    let mut copy = root.clone();
    marker.mark(&mut copy);
    marker.changed.then_some(copy)
}

/// The parts of a path such as `a.b[0]['c']`.
fn segments(path: &str) -> Vec<&str> {
    path.split(['.', '[', ']'])
        .map(|segment| segment.trim_matches(['\'', '"']))
        .filter(|segment| !segment.is_empty())
        .collect()
}

struct Marker<'s> {
    scope: &'s Scope,
    gaps: Vec<(&'s str, Vec<&'s str>)>,
    bound: Vec<String>,
    changed: bool,
}

impl Marker<'_> {
    fn mark(&mut self, expression: &mut IdedExpr) {
        if let Some((path, only_presence)) = self.chain(expression) {
            if let Some(gap_path) = self.touched(&path, only_presence) {
                expression.expr = gap(&gap_path);
                self.changed = true;
            }
            return;
        }
        match &mut expression.expr {
            Expr::Call(call) => {
                call.target.iter_mut().for_each(|target| self.mark(target));
                call.args
                    .iter_mut()
                    .for_each(|argument| self.mark(argument));
            }
            Expr::Select(select) => self.mark(&mut select.operand),
            Expr::List(list) => list
                .elements
                .iter_mut()
                .for_each(|element| self.mark(element)),
            Expr::Map(map) => {
                for entry in &mut map.entries {
                    if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                        self.mark(&mut entry.key);
                        self.mark(&mut entry.value);
                    }
                }
            }
            Expr::Comprehension(loops) => {
                self.mark(&mut loops.iter_range);
                self.bound.push(loops.iter_var.clone());
                self.mark(&mut loops.loop_step);
                self.bound.pop();
            }
            Expr::Struct(_) | Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
        }
    }

    /// The path that an expression asks for, and whether it only asks if it is there.
    fn chain(&self, expression: &IdedExpr) -> Option<(Vec<String>, bool)> {
        match &expression.expr {
            Expr::Ident(name) if !self.bound.contains(name) => Some((vec![name.clone()], false)),
            Expr::Select(select) => {
                let (mut path, _) = self.chain(&select.operand)?;
                path.push(select.field.clone());
                Some((path, select.test))
            }
            Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
                ("_[_]" | "_[?_]" | "_?._", [operand, key]) => {
                    let (mut path, _) = self.chain(operand)?;
                    path.push(key_of(key)?);
                    Some((path, false))
                }
                ("@in", [key, operand]) => {
                    let (mut path, _) = self.chain(operand)?;
                    path.push(string_literal(key)?.to_owned());
                    Some((path, true))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The gap that a path leads to, into or around.
    fn touched(&self, path: &[String], only_presence: bool) -> Option<String> {
        let (gap, _) = self.gaps.iter().find(|(_, gap)| {
            let meets = gap.iter().zip(path).all(|(gap, part)| gap == part);
            meets && !(only_presence && gap.len() > path.len() && self.is_present(path))
        })?;
        Some((*gap).to_owned())
    }

    fn is_present(&self, path: &[String]) -> bool {
        let Some((root, fields)) = path.split_first() else {
            return false;
        };
        let Some(mut value) = self.scope.root(root) else {
            return false;
        };
        for field in fields {
            let Some(next) = super::value::entry(value, field) else {
                return false;
            };
            value = next;
        }
        true
    }
}

fn key_of(key: &IdedExpr) -> Option<String> {
    match &key.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner().to_owned()),
        Expr::Literal(LiteralValue::Int(index)) => Some(index.inner().to_string()),
        _ => None,
    }
}
