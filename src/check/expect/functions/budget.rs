//! How much text one evaluation may go through and put together.
//!
//! Loops within loops over long constants or answers could otherwise run for minutes or fill
//! the memory. What is spent is counted per thread, since an evaluation never leaves its own.

use std::cell::Cell;

use cel::ExecutionError;
use cel::common::types::{CelList, CelMap, CelString};
use cel::common::value::{CowVal, Val};

use super::{Given, failed};

/// Bytes of text that one evaluation may put together.
const MOST_MADE: usize = 4 << 20;
/// Bytes of text that one evaluation may go through.
const MOST_READ: usize = 128 << 20;
/// What any value costs beside its text.
const EACH: usize = 16;

thread_local! {
    static MADE: Cell<usize> = const { Cell::new(0) };
    static READ: Cell<usize> = const { Cell::new(0) };
}

/// An evaluation begins: nothing was spent yet.
pub(in super::super) fn begin() {
    MADE.set(0);
    READ.set(0);
}

/// Why the evaluation that is under way may not go on, if it has spent too much.
pub(in super::super) fn spent() -> Option<String> {
    if MADE.get() > MOST_MADE {
        return Some(format!(
            "it puts together more than {MOST_MADE} bytes of text"
        ));
    }
    (READ.get() > MOST_READ).then(|| format!("it goes through more than {MOST_READ} bytes of text"))
}

/// Counts text that is about to be put together, or was.
pub(super) fn make(name: &str, bytes: usize) -> Result<(), ExecutionError> {
    spend(&MADE, name, bytes)
}

/// Counts text that is about to be gone through.
pub(super) fn look_through(name: &str, bytes: usize) -> Result<(), ExecutionError> {
    spend(&READ, name, bytes)
}

fn spend(
    of: &'static std::thread::LocalKey<Cell<usize>>,
    name: &str,
    bytes: usize,
) -> Result<(), ExecutionError> {
    of.set(of.get().saturating_add(bytes));
    spent().map_or(Ok(()), |message| Err(failed(name, message)))
}

/// Hands on an operand, and counts its text as gone through.
pub(in super::super) fn read<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let value = only(arguments)?;
    if let Some(text) = value.downcast_ref::<CelString>() {
        look_through("@read", text.inner().len())?;
    }
    Ok(value)
}

/// Hands on a result, and counts what it holds as put together.
pub(in super::super) fn made<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let value = only(arguments)?;
    make("@made", weight(&*value))?;
    Ok(value)
}

/// The bytes of text in a value, and a little for each part.
fn weight(value: &dyn Val) -> usize {
    let parts = if let Some(text) = value.downcast_ref::<CelString>() {
        text.inner().len()
    } else if let Some(list) = value.downcast_ref::<CelList>() {
        list.inner().iter().map(|item| weight(item.as_ref())).sum()
    } else if let Some(map) = value.downcast_ref::<CelMap>() {
        map.inner().values().map(|item| weight(item.as_ref())).sum()
    } else {
        0
    };
    parts.saturating_add(EACH)
}

fn only<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    arguments
        .into_iter()
        .next()
        .ok_or_else(ExecutionError::missing_argument_or_target)
}
