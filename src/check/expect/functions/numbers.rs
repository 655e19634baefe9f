//! Arithmetic over mixed numbers, and the length of loops.

use cel::ExecutionError;
use cel::common::types::{CelDouble, CelInt, CelList, CelMap};
use cel::common::value::{CowVal, Val};

use super::super::value::as_number;
use super::{Given, failed};

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
