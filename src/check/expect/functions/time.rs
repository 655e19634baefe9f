//! Times and lengths of time.

use std::fmt::Write as _;

use cel::ExecutionError;
use cel::common::types::{CelDuration, CelString, CelTimestamp};
use cel::common::value::{CowVal, Val};
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use super::super::value::as_number;
use super::{Given, environment, failed, string};

/// A moment as expressions see it.
pub(in super::super) fn timestamp(at: Timestamp) -> Box<dyn Val> {
    let text = CowVal::owned(CelString::from(at.to_string()));
    match convert("timestamp", text) {
        Ok(value) => value.into_owned(),
        Err(_) => Box::new(cel::common::types::CelNull),
    }
}

/// Calls a standard conversion from a string.
fn convert<'b, 'v>(name: &str, text: CowVal<'b, 'v>) -> Given<'b, 'v> {
    let arguments = vec![text];
    let Some(run) = environment().find_overload(name, &arguments) else {
        return Err(ExecutionError::undeclared_reference(name));
    };
    run(arguments)
}

/// `duration('14d')`: a length of time with any of the units w, d, h, m, s, ms, us and ns.
pub(super) fn duration<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let text = string(&arguments, 0)?;
    let length = text
        .parse::<Span>()
        .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
        .map_err(|_| {
            failed(
                "duration",
                format!(
                    "`{}` is not a duration; write 90s, 24h or 14d",
                    super::super::value::escape(text)
                ),
            )
        })?;
    of(length)
}

/// `days(14)`.
pub(super) fn days<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    of_seconds("days", &arguments, 86_400.0)
}

/// `hours(24)`.
pub(super) fn hours<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    of_seconds("hours", &arguments, 3600.0)
}

fn of_seconds<'b, 'v>(name: &str, arguments: &[CowVal<'b, 'v>], seconds: f64) -> Given<'b, 'v> {
    let number = arguments
        .first()
        .and_then(|value| as_number(&**value))
        .ok_or_else(|| failed(name, "takes a number"))?;
    let length = SignedDuration::try_from_secs_f64(number * seconds)
        .map_err(|_| failed(name, "the number is too large"))?;
    of(length)
}

fn of<'b, 'v>(length: SignedDuration) -> Given<'b, 'v> {
    let text = format!("{:.9}s", length.as_secs_f64());
    convert("duration", CowVal::owned(CelString::from(text)))
}

/// A time or a length of time in words; `None` for other values.
pub(super) fn show(value: &dyn Val) -> Option<String> {
    if value.downcast_ref::<CelTimestamp>().is_some() {
        let text = as_text(value)?;
        return Some(
            text.strip_suffix("+00:00")
                .map_or(text.clone(), |time| format!("{time}Z")),
        );
    }
    value.downcast_ref::<CelDuration>()?;
    let text = as_text(value)?;
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    let length = SignedDuration::try_from_secs_f64(seconds).ok()?;
    Some(in_units(length))
}

fn as_text(value: &dyn Val) -> Option<String> {
    let text = convert("string", CowVal::Owned(value.clone_as_boxed())).ok()?;
    Some(text.downcast_ref::<CelString>()?.inner().to_owned())
}

/// `14d`, `-1h30m`, `1.5s`.
fn in_units(length: SignedDuration) -> String {
    let mut rest = length.as_secs().unsigned_abs();
    let mut text = if length.is_negative() {
        "-".to_owned()
    } else {
        String::new()
    };
    let start = text.len();
    for (unit, size) in [("d", 86_400), ("h", 3600), ("m", 60)] {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            let _ = write!(text, "{count}{unit}");
        }
    }
    let milliseconds = length.subsec_millis().unsigned_abs();
    if milliseconds > 0 {
        let _ = write!(text, "{rest}.{milliseconds:03}s");
    } else if rest > 0 || text.len() == start {
        let _ = write!(text, "{rest}s");
    }
    text
}
