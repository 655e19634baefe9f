//! What may stand in the fields of a scenario.

use std::collections::BTreeSet;

use http::HeaderName;

use super::capture::{Capture, pattern_of};
use super::template::{is_name, names};
use super::{Scenario, Step};
use crate::probe::http::Body;
use crate::probe::{Invalid, Probe as _};
use crate::secret::references;

/// The most steps.
const MOST_STEPS: usize = 20;
/// The most values that one step takes out of its answer.
const MOST_CAPTURES: usize = 10;

/// Says what is wrong with a scenario.
pub(super) fn validate(scenario: &Scenario) -> Result<(), Invalid> {
    if !(1..=MOST_STEPS).contains(&scenario.steps.len()) {
        return Err(Invalid::new("steps", "1 to 20 steps can be taken"));
    }
    let mut steps = BTreeSet::new();
    let mut known = BTreeSet::new();
    for (index, step) in scenario.steps.iter().enumerate() {
        let within = |error: Invalid| Invalid {
            field: format!("steps[{index}].{}", error.field),
            message: error.message,
        };
        if !steps.insert(&step.name) {
            return Err(within(Invalid::new(
                "name",
                "is the name of an earlier step",
            )));
        }
        one(step, &known).map_err(within)?;
        known.extend(step.capture.keys().map(String::as_str));
    }
    Ok(())
}

fn one(step: &Step, known: &BTreeSet<&str>) -> Result<(), Invalid> {
    if !is_name(&step.name) {
        let message = "a name is lower-case letters, digits and underscores";
        return Err(Invalid::new("name", message));
    }
    for (field, text) in step.texts() {
        let Some(used) = names(text) else {
            return Err(Invalid::new(
                field,
                "`{{` begins the name of what was captured",
            ));
        };
        if let Some(unknown) = used.iter().find(|name| !known.contains(*name)) {
            let message = format!("no earlier step captures `{unknown}`");
            return Err(Invalid::new(field, message));
        }
    }
    if !step.form.is_empty() {
        form(step)?;
    }
    if let Some(Body::Json(json)) = &step.body
        && serde_json::from_str(json).is_ok_and(|json| has_reference_as_key(&json))
    {
        return Err(Invalid::new("body", "a name in JSON cannot be filled in"));
    }
    if let Some(question) = step.question() {
        question.validate()?;
    }
    captures(step)
}

fn form(step: &Step) -> Result<(), Invalid> {
    if matches!(step.method.as_str(), "GET" | "HEAD") {
        return Err(Invalid::new("form", "needs a method that sends a body"));
    }
    if step.body.is_some() {
        return Err(Invalid::new("form", "there is a `body` already"));
    }
    let headers = step.headers.keys();
    if let Some(name) = headers
        .into_iter()
        .find(|one| one.eq_ignore_ascii_case("content-type"))
    {
        return Err(Invalid::new(format!("headers.{name}"), "is set by `form`"));
    }
    if step.form.keys().any(|name| !references(name).is_empty()) {
        return Err(Invalid::new("form", "a field's name cannot be filled in"));
    }
    Ok(())
}

fn captures(step: &Step) -> Result<(), Invalid> {
    if step.capture.len() > MOST_CAPTURES {
        return Err(Invalid::new("capture", "at most 10 values can be captured"));
    }
    for (name, capture) in &step.capture {
        let field = format!("capture.{name}");
        if !is_name(name) {
            let message = "a name is lower-case letters, digits and underscores";
            return Err(Invalid::new(field, message));
        }
        match capture {
            Capture::Json(path) if path.is_empty() => {
                return Err(Invalid::new(
                    field,
                    "a path is needed, such as `data.token`",
                ));
            }
            Capture::Header(header) if header.parse::<HeaderName>().is_err() => {
                return Err(Invalid::new(field, "no header can have this name"));
            }
            Capture::Cookie(cookie) if cookie.is_empty() => {
                return Err(Invalid::new(field, "the cookie's name is needed"));
            }
            Capture::Regex(pattern) => {
                let compiled = pattern_of(pattern);
                compiled.map_err(|error| Invalid::new(field, error.to_string()))?;
            }
            Capture::Json(_) | Capture::Header(_) | Capture::Cookie(_) => {}
        }
    }
    Ok(())
}

fn has_reference_as_key(json: &serde_json::Value) -> bool {
    use serde_json::Value;
    match json {
        Value::Array(items) => items.iter().any(has_reference_as_key),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, field)| name.contains("{{") || has_reference_as_key(field)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
