//! The functions that expressions may call: one table, from which the evaluator, the checks
//! before a run and the documentation are made.
#![expect(
    clippy::needless_pass_by_value,
    reason = "the evaluator hands arguments over by value"
)]

mod numbers;
mod text;
mod time;
mod version;

use std::sync::{Arc, LazyLock};

use cel::common::functions::Function as Run;
use cel::common::types::{DYN_TYPE, INT_TYPE, STRING_TYPE, Type};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError, extensions};

pub(super) use time::timestamp;

/// What a function gives or fails with.
type Given<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

/// What expressions are parsed and evaluated with.
pub(super) fn environment() -> Arc<Env> {
    static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
        #[expect(
            clippy::expect_used,
            reason = "a fixed table, and every test builds it"
        )]
        let environment = build().expect("no function is declared twice");
        Arc::new(environment)
    });
    Arc::clone(&ENVIRONMENT)
}

fn build() -> Result<Env, DeclarationError> {
    let mut environment = Env::stdlib();
    environment.add_extension(extensions::strings)?;
    for (name, takes, run) in internal() {
        environment.add_overload(name, name, takes, run)?;
    }
    environment.add_member_overload(
        "@matches",
        "@matches()",
        STRING_TYPE,
        vec![STRING_TYPE],
        text::matches,
    )?;
    for (name, takes, run) in own() {
        let id = format!("{name}/{}", takes.len());
        environment.add_overload(name, &id, takes, run)?;
    }
    Ok(environment)
}

/// What lowering writes.
fn internal() -> Vec<(&'static str, Vec<Type>, Run)> {
    vec![
        (super::tree::GAP, vec![DYN_TYPE, DYN_TYPE], gap),
        (super::tree::ITEMS, vec![DYN_TYPE, INT_TYPE], numbers::items),
        ("@add", vec![DYN_TYPE, DYN_TYPE], numbers::add),
        ("@subtract", vec![DYN_TYPE, DYN_TYPE], numbers::subtract),
        ("@multiply", vec![DYN_TYPE, DYN_TYPE], numbers::multiply),
        ("@divide", vec![DYN_TYPE, DYN_TYPE], numbers::divide),
        ("@duration", vec![STRING_TYPE], time::duration),
        ("@matches", vec![STRING_TYPE, STRING_TYPE], text::matches),
    ]
}

fn own() -> Vec<(&'static str, Vec<Type>, Run)> {
    vec![
        ("days", vec![DYN_TYPE], time::days),
        ("hours", vec![DYN_TYPE], time::hours),
        ("version", vec![STRING_TYPE], version::version),
    ]
}

/// A value of a type of our own, or a time, in words.
pub(super) fn show(value: &dyn Val) -> String {
    version::show(value)
        .or_else(|| time::show(value))
        .unwrap_or_else(|| value.get_type().name().to_owned())
}

fn gap<'b, 'v>(_: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    Err(failed(super::tree::GAP, "this could not be found out"))
}

/// A failure in a function, in words that people read.
fn failed(name: &str, message: impl ToString) -> ExecutionError {
    ExecutionError::function_error(super::tree::written(name), message)
}

/// The text of an argument that was declared as a string.
fn string<'a>(arguments: &'a [CowVal<'_, '_>], index: usize) -> Result<&'a str, ExecutionError> {
    arguments
        .get(index)
        .and_then(|value| value.downcast_ref::<cel::common::types::CelString>())
        .map(cel::common::types::CelString::inner)
        .ok_or_else(ExecutionError::missing_argument_or_target)
}
