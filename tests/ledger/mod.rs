//! The ledger: what people vouch for and accept, and what becomes of it in the verdict.

mod broken;
mod commands;
mod pages;
mod sign_offs;
mod verdicts;

use jiff::{Timestamp, ToSpan as _};
use serde_json::Value;

use crate::support::binary::Bench;

/// A day so many days from today, in UTC, as a ledger wants it.
pub fn day(offset: i64) -> String {
    ready::ledger::today(Timestamp::now())
        .saturating_add(offset.days())
        .to_string()
}

/// Audits `p.yaml`, whose ledger is found beside it, and reads the report.
fn audit(bench: &Bench, args: &[&str]) -> (Option<i32>, Value) {
    let args = [&["audit", "--profile", "p.yaml", "--report", "json"], args].concat();
    let ran = bench.ready(&args);
    let report = serde_json::from_str(&ran.out)
        .unwrap_or_else(|error| panic!("{error} in {}\n{}", ran.out, ran.err));
    (ran.code, report)
}

/// The check with this id in a report.
fn check<'a>(report: &'a Value, id: &str) -> &'a Value {
    let mut checks = report["checks"].as_array().unwrap().iter();
    checks.find(|check| check["id"] == id).unwrap()
}

/// The notices of a report: code and what it is about.
fn notices(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let notices = report["notices"].as_array().into_iter().flatten();
    notices
        .map(|notice| {
            let target = notice.get("check").or(notice.get("section")).unwrap();
            (text(&notice["reason"]), text(target))
        })
        .collect()
}
