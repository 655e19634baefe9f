//! Says by which values an expression is false: only of the sub-expressions that are
//! responsible.

use cel::Context;
use cel::common::ast::{CallExpr, Expr, IdedExpr};
use cel::common::types::{CelList, CelMap, CelString};
use cel::common::value::Val;

use super::evaluate::resolve;
use super::print::{Shown, path_join, print, quote};
use super::tree::{Loop, LoopKind, binary, children, has_name, written_loop};
use super::value::{as_bool, show};

/// Elements of a loop that are explained one by one.
const MAX_ELEMENTS: usize = 3;
/// What is said of a group of facts that should not be there.
const PRESENT: &str = " is present";
/// Values that are listed.
const MAX_VALUES: usize = 12;

/// The values that make an expression false.
pub(super) fn explain(root: &IdedExpr, context: &Context<'_, '_>) -> Vec<String> {
    let mut said = Said::default();
    said.why_not(root, true, context, &Shown::new());
    said.drop_guards();
    said.0.truncate(MAX_VALUES);
    said.0
}

/// The values of an expression's operands.
pub(super) fn operands(
    expression: &IdedExpr,
    context: &Context<'_, '_>,
    shown: &Shown,
) -> Vec<String> {
    let mut said = Said::default();
    said.facts(expression, context, shown);
    said.0.truncate(MAX_VALUES);
    said.0
}

/// One element of a loop.
pub(super) struct Element {
    /// How it is called: `http.cookies[1]`.
    path: String,
    value: Box<dyn Val>,
    /// Names in its predicate.
    pub(super) shown: Shown,
}

impl Element {
    /// A scope in which the loop's variable is this element.
    pub(super) fn bind<'c, 'v>(
        &self,
        written: &Loop<'_>,
        context: &'c Context<'_, 'v>,
    ) -> Context<'c, 'v> {
        let mut inner = context.new_inner_scope();
        inner.add_variable_as_val(written.variable, self.value.clone_as_boxed());
        inner
    }
}

/// The elements that a loop goes through: a list's items or a map's keys, in order.
pub(super) fn elements(
    written: &Loop<'_>,
    context: &Context<'_, '_>,
    shown: &Shown,
) -> Option<Vec<Element>> {
    let range = resolve(written.range, context).ok()?;
    let place = print(written.range, shown);
    let named = |path: String, name: String, value: Box<dyn Val>| {
        let mut shown = shown.clone();
        shown.insert(written.variable.to_owned(), name);
        Element { path, value, shown }
    };
    if let Some(list) = range.downcast_ref::<CelList>() {
        let items = list.inner().iter().enumerate();
        return Some(
            items
                .filter_map(|(index, item)| {
                    let path = format!("{place}[{index}]");
                    Some(named(path.clone(), path, detached(item.as_ref())?))
                })
                .collect(),
        );
    }
    let map = range.downcast_ref::<CelMap>()?;
    let mut keys: Vec<_> = map.inner().keys().collect();
    keys.sort();
    Some(
        keys.into_iter()
            .filter_map(|key| {
                let key = key.inner();
                let text = key
                    .downcast_ref::<CelString>()
                    .map(|text| text.inner().to_owned());
                let path = path_join(&place, text.as_deref().unwrap_or(&show(key)));
                let name = text.map_or_else(|| show(key), |text| quote(&text));
                Some(named(path, name, detached(key)?))
            })
            .collect(),
    )
}

/// A copy that borrows nothing.
fn detached(value: &dyn Val) -> Option<Box<dyn Val>> {
    cel::Value::try_from(value).ok()?.try_into().ok()
}

/// What has been said, each thing once.
#[derive(Default)]
struct Said(Vec<String>);

impl Said {
    fn say(&mut self, text: String) {
        if !self.0.contains(&text) {
            self.0.push(text);
        }
    }

    /// That something is there needs no words when something in it is told.
    fn drop_guards(&mut self) {
        let guards: Vec<String> = self
            .0
            .iter()
            .filter_map(|text| Some(format!("{}.", text.strip_suffix(PRESENT)?)))
            .filter(|inside| self.0.iter().any(|text| text.starts_with(inside)))
            .collect();
        self.0.retain(|text| {
            let path = text.strip_suffix(PRESENT);
            path.is_none_or(|path| !guards.contains(&format!("{path}.")))
        });
    }

    /// Why an expression is not `wanted`.
    fn why_not(
        &mut self,
        expression: &IdedExpr,
        wanted: bool,
        context: &Context<'_, '_>,
        shown: &Shown,
    ) {
        match &expression.expr {
            Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
                ("_&&_" | "_||_", [left, right]) => {
                    for part in [left, right] {
                        if truth(part, context) != Some(wanted) {
                            self.why_not(part, wanted, context, shown);
                        }
                    }
                }
                ("!_", [part]) => self.why_not(part, !wanted, context, shown),
                ("_?_:_", [condition, yes, no]) => {
                    self.facts(condition, context, shown);
                    let chosen = if truth(condition, context) == Some(true) {
                        yes
                    } else {
                        no
                    };
                    self.why_not(chosen, wanted, context, shown);
                }
                _ => self.facts(expression, context, shown),
            },
            Expr::Comprehension(loops) => match written_loop(loops) {
                Some(written) if matches!(written.kind, LoopKind::All | LoopKind::Exists) => {
                    self.in_loop(&written, wanted, context, shown);
                }
                _ => self.facts(expression, context, shown),
            },
            Expr::Select(select) if select.test => self.presence(expression, context, shown),
            _ => self.facts(expression, context, shown),
        }
    }

    /// Which elements of `all` or `exists` are to blame.
    fn in_loop(
        &mut self,
        written: &Loop<'_>,
        wanted: bool,
        context: &Context<'_, '_>,
        shown: &Shown,
    ) {
        let (Some(elements), Some(predicate)) =
            (elements(written, context, shown), written.predicate)
        else {
            return;
        };
        if elements.is_empty() {
            self.say(format!("{} is empty", print(written.range, shown)));
            return;
        }
        let mut names = shown.clone();
        names.remove(written.variable);
        let blamed: Vec<&Element> = elements
            .iter()
            .filter(|element| truth(predicate, &element.bind(written, context)) != Some(wanted))
            .collect();
        let nearest = if wanted && written.kind == LoopKind::Exists {
            nearest(&blamed, predicate, written, context)
        } else {
            None
        };
        let is_near = nearest.is_some();
        let blamed = nearest.unwrap_or(blamed);
        let mut told: Vec<(&str, Vec<String>)> = Vec::new();
        for element in blamed.iter().take(MAX_ELEMENTS) {
            let mut inner = Self::default();
            let scope = element.bind(written, context);
            if is_near {
                // Also what does fit: it says which one is meant.
                for part in conjuncts(predicate) {
                    if truth(part, &scope) == Some(true) {
                        inner.facts(part, &scope, &names);
                    } else {
                        inner.why_not(part, true, &scope, &names);
                    }
                }
            } else {
                inner.why_not(predicate, wanted, &scope, &names);
            }
            told.push((&element.path, inner.0));
        }
        let shared = shared(&mut told, written.variable);
        for (path, facts) in told {
            self.say(format!("{path}: {}", facts.join("; ")));
        }
        for fact in shared {
            self.say(fact);
        }
        if let Some(more) = blamed
            .len()
            .checked_sub(MAX_ELEMENTS)
            .filter(|more| *more > 0)
        {
            self.say(format!("and {more} more"));
        }
    }

    /// Whether a field is there, and what it is.
    fn presence(&mut self, test: &IdedExpr, context: &Context<'_, '_>, shown: &Shown) {
        let mut plain = test.clone();
        if let Expr::Select(select) = &mut plain.expr {
            select.test = false;
        }
        let path = print(&plain, shown);
        match resolve(&plain, context) {
            Ok(value) if value.downcast_ref::<CelMap>().is_some() => {
                self.say(format!("{path}{PRESENT}"));
            }
            Ok(value) => self.say(format!("{path} = {}", show(&*value))),
            Err(_) => self.say(format!("{path} is missing")),
        }
    }

    /// The values of the operands that are not in the text already.
    fn facts(&mut self, expression: &IdedExpr, context: &Context<'_, '_>, shown: &Shown) {
        let mut parts = Vec::new();
        match &expression.expr {
            Expr::Call(call) if binary(&call.func_name).is_none() && !is_access(call) => {
                for part in children(expression) {
                    collect(part, &mut parts);
                }
            }
            _ => collect(expression, &mut parts),
        }
        if parts.is_empty() {
            parts.push(expression);
        }
        for part in parts {
            match resolve(part, context) {
                Ok(value) => self.say(format!("{} = {}", print(part, shown), show(&*value))),
                Err(_) => self.say(format!("{} is missing", print(part, shown))),
            }
        }
    }
}

/// Takes out what is said of several elements and is not about any of them.
fn shared(told: &mut [(&str, Vec<String>)], variable: &str) -> Vec<String> {
    let [(_, first), others @ ..] = &*told else {
        return Vec::new();
    };
    if others.is_empty() {
        return Vec::new();
    }
    let own = format!("{variable}.");
    let of_all = first.iter().filter(|fact| {
        let is_own = fact.starts_with(&own) || fact.contains(&format!("({own}"));
        !is_own && others.iter().all(|(_, facts)| facts.contains(fact))
    });
    let shared: Vec<String> = of_all.cloned().collect();
    for (_, facts) in told {
        // An element without anything of its own keeps what there is.
        if facts.iter().any(|fact| !shared.contains(fact)) {
            facts.retain(|fact| !shared.contains(fact));
        }
    }
    shared
}

/// Those elements that fit more of the first conditions than the others do, if some fit any: the
/// first says which element is meant, such as the one of a name.
fn nearest<'e>(
    elements: &[&'e Element],
    predicate: &IdedExpr,
    written: &Loop<'_>,
    context: &Context<'_, '_>,
) -> Option<Vec<&'e Element>> {
    let conditions = conjuncts(predicate);
    let fits = |element: &Element| {
        let scope = element.bind(written, context);
        let met = conditions.iter();
        met.take_while(|one| truth(one, &scope) == Some(true))
            .count()
    };
    let counted: Vec<usize> = elements.iter().map(|element| fits(element)).collect();
    let most = counted.iter().copied().max().filter(|most| *most > 0)?;
    let nearest = elements.iter().zip(counted);
    let nearest = nearest.filter(|(_, fits)| *fits == most);
    Some(nearest.map(|(element, _)| *element).collect())
}

/// What must hold all together: the parts of a chain of `&&`.
fn conjuncts(expression: &IdedExpr) -> Vec<&IdedExpr> {
    match &expression.expr {
        Expr::Call(call) if call.func_name == "_&&_" => {
            call.args.iter().flat_map(conjuncts).collect()
        }
        _ => vec![expression],
    }
}

fn truth(expression: &IdedExpr, context: &Context<'_, '_>) -> Option<bool> {
    resolve(expression, context)
        .ok()
        .and_then(|value| as_bool(&*value))
}

/// Indexing reads a fact; it is one operand and not a call on two.
fn is_access(call: &CallExpr) -> bool {
    matches!(call.func_name.as_str(), "_[_]" | "_[?_]" | "_?._")
}

/// The smallest parts whose values explain a comparison.
fn collect<'a>(expression: &'a IdedExpr, parts: &mut Vec<&'a IdedExpr>) {
    match &expression.expr {
        _ if !has_name(expression) => {}
        Expr::Call(call)
            if binary(&call.func_name).is_some()
                || matches!(call.func_name.as_str(), "!_" | "-_") =>
        {
            for part in children(expression) {
                collect(part, parts);
            }
        }
        Expr::List(list) => list.elements.iter().for_each(|part| collect(part, parts)),
        _ => parts.push(expression),
    }
}
