//! `JUnit` XML, one case per check, so that every CI system can show the result.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Suites, TestCase, TestCaseStatus, TestSuite};

use super::words;
use super::{Check, Format, RenderError, Report, Style};
use crate::judge::Status;
use crate::text::{short_block, short_line};

/// Characters of one text that are written.
const MOST_CHARACTERS: usize = 10_000;
/// Characters of a one-line text that are written.
const MOST_IN_LINE: usize = 1_000;

/// `--report junit`
pub(super) struct Junit;

impl Format for Junit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn about(&self) -> &'static str {
        "JUnit XML for CI: one case per check; unknown is an error, never a success"
    }

    fn render(&self, report: &Report, _: &Style) -> Result<Vec<u8>, RenderError> {
        let mut suite = TestSuite::new(one_line(&report.title));
        for (name, value) in properties(report) {
            suite.add_property((name, one_line(&value).as_str()));
        }
        for (section, sign_off) in words::signed(&report.sections) {
            let who = sign_off.by.as_deref().unwrap_or("nobody");
            let text = format!(
                "{} by {}: {} ({who})",
                section.title,
                sign_off.role,
                sign_off.status.word()
            );
            suite.add_property(("sign_off", one_line(&text).as_str()));
        }
        for notice in &report.notices {
            let text = format!("{}: {}: {}", notice.reason, notice.target.id(), notice.text);
            suite.add_property(("notice", one_line(&text).as_str()));
        }
        for check in &report.checks {
            suite.add_test_case(case(report, check));
        }
        let mut suites = Suites::new("ready");
        let wall = Duration::try_from_secs_f64(report.run.wall_ms / 1000.0).unwrap_or_default();
        suite.set_time(wall);
        suites.set_time(wall);
        suites.add_test_suite(suite);
        let mut bytes = Vec::new();
        suites.serialize(&mut bytes)?;
        Ok(bytes)
    }
}

/// The verdict and the numbers, which the format has no place of its own for.
fn properties(report: &Report) -> Vec<(&'static str, String)> {
    let mut properties = vec![
        ("verdict", report.verdict.words().to_owned()),
        ("cause", report.cause.clone()),
        ("profile", report.run.profile.id.clone()),
        ("algorithm", report.run.algorithm.clone()),
    ];
    let numbers = [
        ("score", report.numbers.score),
        ("score_max", report.numbers.score_max),
        ("coverage", report.numbers.coverage),
    ];
    for (name, number) in numbers {
        properties.extend(number.map(|number| (name, format!("{number:.1}"))));
    }
    properties
}

fn case(report: &Report, check: &Check) -> TestCase {
    let status = match check.status {
        Status::Pass | Status::Attested | Status::Warn | Status::Info => TestCaseStatus::success(),
        Status::Fail => told(check, TestCaseStatus::non_success(NonSuccessKind::Failure)),
        Status::Error | Status::Pending | Status::Expired => {
            told(check, TestCaseStatus::non_success(NonSuccessKind::Error))
        }
        Status::Skipped | Status::Waived | Status::Na => told(check, TestCaseStatus::skipped()),
    };
    let name = format!("{} [{}]", check.title, check.id);
    let mut case = TestCase::new(one_line(&name), status);
    // At the top of the profile there is no section.
    let class = match check.section.as_str() {
        "" => &report.run.profile.id,
        section => section,
    };
    case.set_classname(one_line(class));
    // What else is to be told of a case that succeeds.
    if matches!(check.status, Status::Warn | Status::Info | Status::Attested) || check.attempts > 1
    {
        case.set_system_out(description(check));
    }
    case
}

fn told(check: &Check, mut status: TestCaseStatus) -> TestCaseStatus {
    let explanation = check.explanation.lines().next().unwrap_or_default();
    let message = match &check.cause {
        Some(cause) => cause,
        None if explanation.is_empty() => check.status.word(),
        None => explanation,
    };
    status
        .set_message(one_line(message))
        .set_type(one_line(
            check.reason.as_deref().unwrap_or(check.status.word()),
        ))
        .set_description(description(check));
    status
}

fn description(check: &Check) -> String {
    let mut lines = vec![format!("status: {}", check.status.word())];
    if let Some(real) = check.real {
        lines.push(format!("really: {}", real.word()));
    }
    if check.attempts > 1 {
        lines.push(format!("attempts: {}", check.attempts));
    }
    if !check.explanation.is_empty() {
        lines.push(check.explanation.clone());
    }
    if check.status.is_unknown() {
        lines.push(format!("unlock: {}", words::unlock(check)));
    } else if let Some(fix) = words::fix(check) {
        lines.push(format!("fix: {fix}"));
    }
    if let Some(command) = &check.reproduce {
        lines.push(format!("try: {command}"));
    }
    short_block(&lines.join("\n"), MOST_CHARACTERS)
}

fn one_line(text: &str) -> String {
    short_line(text, MOST_IN_LINE)
}
