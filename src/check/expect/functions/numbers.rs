//! Arithmetic over mixed numbers, and the length of loops.

use cel::ExecutionError;
use cel::common::types::{CelDouble, CelInt, CelList, CelMap, CelString};
use cel::common::value::{CowVal, Val};

use super::super::value::as_number;
use super::{Given, budget, failed};

/// A fraction in the place of a whole number when the other operand is a fraction.
fn together<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<[CowVal<'b, 'v>; 2], ExecutionError> {
    let [left, right]: [CowVal<'b, 'v>; 2] = arguments
        .try_into()
        .map_err(|_| ExecutionError::missing_argument_or_target())?;
    let is_fraction = |value: &dyn Val| value.downcast_ref::<CelDouble>().is_some();
    let widened = |value: CowVal<'b, 'v>| match as_number(&*value) {
        Some(number) => CowVal::owned(CelDouble::from(number)),
        None => value,
    };
    Ok(if is_fraction(&*left) == is_fraction(&*right) {
        [left, right]
    } else {
        [widened(left), widened(right)]
    })
}

fn unfit(sign: &str, operands: &[CowVal<'_, '_>; 2]) -> ExecutionError {
    let types = operands
        .iter()
        .map(|operand| operand.get_type().name().to_owned());
    ExecutionError::no_such_overload(sign, types.collect())
}

/// Counts text that was put together.
fn charge(result: &dyn Val) -> Result<(), ExecutionError> {
    match result.downcast_ref::<CelString>() {
        Some(text) => budget::make("_+_", text.inner().len()),
        None => Ok(()),
    }
}

macro_rules! arithmetic {
    ($($name:ident $operator:literal $as_operator:ident $apply:ident)+) => {
        $(pub(super) fn $name<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
            let operands = together(arguments)?;
            let [left, right] = &operands;
            let operator = left.$as_operator().ok_or_else(|| unfit($operator, &operands))?;
            let result = operator.$apply(&**right).map_err(|error| match error {
                ExecutionError::Overflow(..)
                | ExecutionError::DivisionByZero(_) => error,
                _ => unfit($operator, &operands),
            })?;
            charge(&*result)?;
            Ok(CowVal::Owned(result.into_owned()))
        })+
    };
}

arithmetic! {
    add "_+_" as_adder add
    subtract "_-_" as_subtractor sub
    multiply "_*_" as_multiplier mul
    divide "_/_" as_divider div
}

/// Hands on a list that is short enough to go through, and the keys of a map in order.
pub(in super::super) fn items<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    // An evaluation that has spent too much ends here, even where `||` goes on to the next item.
    budget::make(super::super::tree::ITEMS, 0)?;
    let [range, limit]: [CowVal<'b, 'v>; 2] = arguments
        .try_into()
        .map_err(|_| ExecutionError::missing_argument_or_target())?;
    let limit = limit
        .downcast_ref::<CelInt>()
        .and_then(|limit| usize::try_from(*limit.inner()).ok())
        .unwrap_or_default();
    let size = if let Some(list) = range.downcast_ref::<CelList>() {
        list.inner().len()
    } else if let Some(map) = range.downcast_ref::<CelMap>() {
        map.inner().len()
    } else {
        0
    };
    if size > limit {
        return Err(failed(
            super::super::tree::ITEMS,
            format!("too many items to look through: {size}, and at most {limit} are"),
        ));
    }
    let Some(map) = range.downcast_ref::<CelMap>() else {
        return Ok(range);
    };
    let mut keys: Vec<_> = map.inner().keys().cloned().collect();
    keys.sort();
    let keys: Vec<Box<dyn Val + 'v>> = keys
        .iter()
        .map(|key| key.inner().clone_as_boxed())
        .collect();
    Ok(CowVal::owned(CelList::from(keys)))
}

/// `percent(part, whole)`.
pub(super) fn percent<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let number = |index: usize| {
        arguments
            .get(index)
            .and_then(|value| as_number(&**value))
            .ok_or_else(|| failed("percent", "takes two numbers"))
    };
    let (part, whole) = (number(0)?, number(1)?);
    if whole == 0.0 {
        return Err(failed("percent", "the whole is 0"));
    }
    Ok(CowVal::owned(CelDouble::from(part * 100.0 / whole)))
}

/// `min([3, 1])`.
pub(super) fn min<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    extreme("min", &arguments, |new, best| new < best)
}

/// `max([3, 1])`.
pub(super) fn max<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    extreme("max", &arguments, |new, best| new > best)
}

fn extreme<'b, 'v>(
    name: &str,
    arguments: &[CowVal<'b, 'v>],
    better: fn(f64, f64) -> bool,
) -> Given<'b, 'v> {
    let mut best: Option<(f64, &(dyn Val + 'v))> = None;
    for item in list(name, arguments)? {
        let number = as_number(item.as_ref())
            .ok_or_else(|| failed(name, "the list has something else than numbers"))?;
        if best.is_none_or(|(best, _)| better(number, best)) {
            best = Some((number, item.as_ref()));
        }
    }
    match best {
        Some((_, item)) => Ok(CowVal::Owned(item.clone_as_boxed())),
        None => Err(failed(name, "the list is empty")),
    }
}

/// `sum([1, 2])`: whole as long as every number is.
pub(super) fn sum<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let mut total = 0.0;
    let mut whole = Some(0_i64);
    for item in list("sum", &arguments)? {
        let number = as_number(item.as_ref())
            .ok_or_else(|| failed("sum", "the list has something else than numbers"))?;
        total += number;
        let item = item.downcast_ref::<CelInt>().map(|item| *item.inner());
        whole = whole
            .zip(item)
            .and_then(|(sum, item)| sum.checked_add(item));
    }
    Ok(match whole {
        Some(sum) => CowVal::owned(CelInt::from(sum)),
        None => CowVal::owned(CelDouble::from(total)),
    })
}

fn list<'a, 'v>(
    name: &str,
    arguments: &'a [CowVal<'_, 'v>],
) -> Result<&'a [Box<dyn Val + 'v>], ExecutionError> {
    arguments
        .first()
        .and_then(|list| list.downcast_ref::<CelList>())
        .map(CelList::inner)
        .ok_or_else(|| failed(name, "takes a list"))
}
