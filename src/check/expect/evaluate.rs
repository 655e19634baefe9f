//! Evaluates, and when that fails finds the part that failed and says what it lacks.

use cel::common::ast::{CallExpr, Expr, IdedExpr};
use cel::common::types::{CelInt, CelList, CelMap, CelString};
use cel::common::value::{CowVal, Val};
use cel::{Context, ExecutionError, Value as Evaluator};

use super::explain::{self, elements};
use super::measured::measured;
use super::print::{Shown, path_join, print};
use super::tree::{GAP, Loop, binary, children, is_ordering, string_literal, written_loop};
use super::value::{Scope, as_bool, as_number, as_text, show};
use super::{Outcome, Reading, functions, gaps};

/// Names that are listed when one is missing.
const MAX_NAMES: usize = 8;

/// Judges a lowered expression that must be true.
pub(super) fn judge(root: &IdedExpr, scope: &Scope) -> Outcome {
    evaluate(root, scope, |root, value, context| match as_bool(value) {
        Some(true) => Outcome::True,
        Some(false) => Outcome::False(explain::explain(root, context)),
        None => Outcome::Type {
            message: format!("it is {} and not true or false", kind(value)),
            values: explain::operands(root, context, &Shown::new()),
        },
    })
}

/// The number or text that a lowered expression gives.
pub(super) fn reading(root: &IdedExpr, scope: &Scope) -> Result<Reading, Outcome> {
    let mut found = None;
    let outcome = evaluate(root, scope, |root, value, context| {
        let number = as_number(value).filter(|number| number.is_finite());
        let word = || Some(Reading::Word(as_text(value)?.to_owned()));
        found = number.map(Reading::Number).or_else(word);
        Outcome::Type {
            message: format!("it is {} and not a number", kind(value)),
            values: explain::operands(root, context, &Shown::new()),
        }
    });
    found.ok_or(outcome)
}

fn evaluate(
    root: &IdedExpr,
    scope: &Scope,
    judge: impl FnOnce(&IdedExpr, &dyn Val, &Context<'_, '_>) -> Outcome,
) -> Outcome {
    let marked = gaps::marked(root, scope);
    let root = marked.as_ref().unwrap_or(root);
    let mut context = Context::with_env(functions::environment());
    context.set_variable_resolver(scope);
    functions::begin();
    let counting = measured(root);
    let outcome = resolve(&counting, &context);
    if let Some(message) = functions::spent() {
        // Whatever was made of the failure by `||` or `&&`: nothing was found out.
        return Outcome::Type {
            message,
            values: Vec::new(),
        };
    }
    match outcome {
        Ok(value) => judge(root, &*value, &context),
        Err(_) => match locate(root, &context, &Shown::new()) {
            Some(Fault::Gap(path)) => match scope.gaps().get(&path) {
                Some(error) => Outcome::Gap(error.clone()),
                None => Outcome::Missing {
                    path,
                    values: Vec::new(),
                },
            },
            Some(Fault::Missing { path, values }) => Outcome::Missing { path, values },
            Some(Fault::Type { message, values }) => Outcome::Type { message, values },
            None => Outcome::Type {
                message: "it cannot be evaluated".to_owned(),
                values: Vec::new(),
            },
        },
    }
}

/// Evaluates one part.
pub(super) fn resolve<'e, 'v>(
    expression: &'e IdedExpr,
    context: &'e Context<'_, 'v>,
) -> Result<CowVal<'e, 'v>, ExecutionError> {
    Evaluator::resolve_val(expression, context)
}

/// What went wrong in one part.
pub(super) enum Fault {
    /// It needs the gap of this path.
    Gap(String),
    Missing {
        path: String,
        values: Vec<String>,
    },
    Type {
        message: String,
        values: Vec<String>,
    },
}

/// The innermost part that fails although its own parts do not; `None` if nothing fails.
pub(super) fn locate(
    expression: &IdedExpr,
    context: &Context<'_, '_>,
    shown: &Shown,
) -> Option<Fault> {
    let error = resolve(expression, context).err()?;
    if let Expr::Comprehension(loops) = &expression.expr
        && let Some(written) = written_loop(loops)
    {
        return locate(&loops.iter_range, context, shown)
            .or_else(|| locate_in_loop(&written, context, shown))
            .or_else(|| Some(classify(expression, &error, context, shown)));
    }
    if let Expr::Call(call) = &expression.expr {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (GAP, [_, path]) => return Some(Fault::Gap(string_literal(path)?.to_owned())),
            (name @ ("_&&_" | "_||_"), [left, right]) => {
                let left = locate(left, context, shown);
                let right = locate(right, context, shown);
                return prefer(left, right, name == "_||_")
                    .or_else(|| Some(classify(expression, &error, context, shown)));
            }
            ("_?_:_", [condition, yes, no]) => {
                let branch = match resolve(condition, context) {
                    Ok(value) if as_bool(&*value) == Some(true) => yes,
                    Ok(value) if as_bool(&*value) == Some(false) => no,
                    _ => condition,
                };
                return locate(branch, context, shown)
                    .or_else(|| Some(classify(expression, &error, context, shown)));
            }
            _ => {}
        }
    }
    children(expression)
        .into_iter()
        .find_map(|child| locate(child, context, shown))
        .or_else(|| Some(classify(expression, &error, context, shown)))
}

/// The same in the first element whose predicate fails.
fn locate_in_loop(written: &Loop<'_>, context: &Context<'_, '_>, shown: &Shown) -> Option<Fault> {
    let elements = elements(written, context, shown)?;
    elements.into_iter().find_map(|element| {
        let inner = element.bind(written, context);
        let mut parts = [written.predicate, written.mapped].into_iter().flatten();
        parts.find_map(|part| locate(part, &inner, &element.shown))
    })
}

/// Of two faults, the one that decides. What is known to be missing makes `&&` fail whatever a
/// gap hides; `||` could still be true by what a gap hides.
fn prefer(left: Option<Fault>, right: Option<Fault>, gaps_decide: bool) -> Option<Fault> {
    match (left, right) {
        (Some(left), Some(right)) => {
            let left_is_gap = matches!(left, Fault::Gap(_));
            let right_is_gap = matches!(right, Fault::Gap(_));
            Some(
                if left_is_gap == right_is_gap || left_is_gap == gaps_decide {
                    left
                } else {
                    right
                },
            )
        }
        (left, right) => left.or(right),
    }
}

/// Puts an error into words.
fn classify(
    expression: &IdedExpr,
    error: &ExecutionError,
    context: &Context<'_, '_>,
    shown: &Shown,
) -> Fault {
    let text = || print(expression, shown);
    let unfit = |message: String| Fault::Type {
        message,
        values: explain::operands(expression, context, shown),
    };
    match error {
        ExecutionError::NoSuchKey(_) | ExecutionError::IndexOutOfBounds(_) => {
            missing(expression, context, shown)
        }
        ExecutionError::UndeclaredReference(name) if matches!(expression.expr, Expr::Ident(_)) => {
            Fault::Missing {
                path: name.to_string(),
                values: Vec::new(),
            }
        }
        ExecutionError::FunctionError { message, .. } => unfit(format!("`{}`: {message}", text())),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            unfit(format!("`{}` divides by zero", text()))
        }
        ExecutionError::Overflow(..) => unfit(format!("`{}` is too large a number", text())),
        _ => unfit(mismatch(expression, context, shown)),
    }
}

/// Which path is missing, and what is there instead.
fn missing(expression: &IdedExpr, context: &Context<'_, '_>, shown: &Shown) -> Fault {
    let (around, key) = match &expression.expr {
        Expr::Select(select) => (Some(&*select.operand), select.field.clone()),
        Expr::Call(CallExpr { args, .. }) => match args.as_slice() {
            [around, key] => {
                let key = resolve(key, context).ok();
                let key = key.as_deref().map(|key| {
                    key.downcast_ref::<CelString>()
                        .map_or_else(|| show(key), |key| key.inner().to_owned())
                });
                (Some(around), key.unwrap_or_default())
            }
            _ => (None, String::new()),
        },
        _ => (None, String::new()),
    };
    let Some(around) = around else {
        return Fault::Missing {
            path: print(expression, shown),
            values: Vec::new(),
        };
    };
    let place = print(around, shown);
    let mut values = Vec::new();
    let value = resolve(around, context).ok();
    let mut path = path_join(&place, &key);
    if let Some(map) = value.as_deref().and_then(<dyn Val>::downcast_ref::<CelMap>) {
        values.push(format!("{place} has {}", names(map)));
    } else if let Some(list) = value
        .as_deref()
        .and_then(<dyn Val>::downcast_ref::<CelList>)
    {
        values.push(format!("size({place}) = {}", list.inner().len()));
        path = format!("{place}[{key}]");
    }
    Fault::Missing { path, values }
}

fn names(map: &CelMap<'_>) -> String {
    let mut keys: Vec<_> = map.inner().keys().collect();
    keys.sort();
    let names: Vec<String> = keys
        .iter()
        .take(MAX_NAMES)
        .map(|key| show(key.inner()).trim_matches('"').to_owned())
        .collect();
    match keys.len() {
        0 => "nothing".to_owned(),
        all if all > MAX_NAMES => format!("{} and {} more", names.join(", "), all - MAX_NAMES),
        _ => names.join(", "),
    }
}

/// Which types do not go together.
fn mismatch(expression: &IdedExpr, context: &Context<'_, '_>, shown: &Shown) -> String {
    let described = |part: &IdedExpr| {
        let value = resolve(part, context).ok();
        let kind = value.as_deref().map_or("unknown", kind);
        format!("`{}` is {kind}", print(part, shown))
    };
    match &expression.expr {
        Expr::Select(select) => {
            format!(
                "{} and has no field `{}`",
                described(&select.operand),
                select.field
            )
        }
        Expr::Call(call) => {
            let parts: Vec<String> = children(expression).into_iter().map(described).collect();
            let parts = parts.join(" and ");
            match binary(&call.func_name) {
                Some(sign) if is_ordering(sign) => {
                    format!("{parts}, which `{sign}` cannot compare")
                }
                Some(sign) => format!("{parts}, which `{sign}` does not take"),
                None => format!(
                    "{parts}, which `{}` does not take",
                    super::tree::written(&call.func_name)
                ),
            }
        }
        Expr::Comprehension(loops) => match written_loop(loops) {
            Some(written) => {
                format!(
                    "{}, which `{}` cannot go through",
                    described(written.range),
                    written.kind.name()
                )
            }
            None => "a loop cannot be evaluated".to_owned(),
        },
        _ => format!("`{}` cannot be evaluated", print(expression, shown)),
    }
}

/// The type of a value in words.
pub(super) fn kind(value: &dyn Val) -> &'static str {
    match value.get_type().name() {
        "bool" => "true or false",
        "int" | "uint" if value.downcast_ref::<CelInt>().is_some() => "a whole number",
        "uint" => "a large whole number",
        "double" => "a number",
        "string" => "a string",
        "bytes" => "bytes",
        "list" => "a list",
        "map" => "a map",
        "null_type" => "null",
        "google.protobuf.Timestamp" => "a time",
        "google.protobuf.Duration" => "a duration",
        "version" => "a version",
        "optional_type" => "an optional value",
        _ => "something else",
    }
}
