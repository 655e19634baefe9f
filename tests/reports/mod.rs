//! Reports in every format: how they look, that they are read back, and that nothing that a
//! server sent acts in them.

mod hostile;
mod samples;

use ready::exit::Exit;
use ready::judge::Status;
use ready::report::{FORMATS, Report, Style, format, json};
use ready::score::Overall;

use crate::support::generated::assert_checked_in;

fn render(name: &str, report: &Report, style: Style) -> String {
    let bytes = format(name).unwrap().render(report, &style).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn terminal(report: &Report, width: usize) -> String {
    let style = Style {
        width,
        ..Style::default()
    };
    render("terminal", report, style)
}

#[test]
fn a_good_day_is_short() {
    insta::assert_snapshot!("good-80", terminal(&samples::good(), 80));
    insta::assert_snapshot!("good-140", terminal(&samples::good(), 140));
}

#[test]
fn a_bad_day_is_precise() {
    insta::assert_snapshot!("bad-80", terminal(&samples::bad(), 80));
    insta::assert_snapshot!("bad-140", terminal(&samples::bad(), 140));
}

#[test]
fn a_dead_host_is_told_once() {
    let text = terminal(&samples::dead_host(), 80);
    assert_eq!(
        text.matches("nothing answered at").count(),
        2,
        "as a failure and as a remedy"
    );
    insta::assert_snapshot!("dead-host-80", text);
}

#[test]
fn what_is_unknown_says_what_would_unlock_it() {
    insta::assert_snapshot!("unknown-80", terminal(&samples::unknown(), 80));
}

#[test]
fn a_profile_without_checks_is_inconclusive() {
    insta::assert_snapshot!("empty-80", terminal(&samples::empty(), 80));
}

#[test]
fn verbose_shows_what_passes_too() {
    let style = Style {
        verbose: true,
        ..Style::default()
    };
    let report = samples::bad();
    let text = render("terminal", &report, style);
    for check in &report.checks {
        assert!(text.contains(&check.id.0), "{} is not told", check.id);
    }
    assert!(!terminal(&report, 80).contains("zebu.pre.backups.fresh"));
}

#[test]
fn machine_formats_of_a_good_and_a_bad_run() {
    for (name, report) in [("good", samples::good()), ("bad", samples::bad())] {
        for format in ["json", "junit", "markdown"] {
            let text = render(format, &report, Style::default());
            insta::assert_snapshot!(format!("{name}-{format}"), text);
        }
    }
}

#[test]
fn colour_only_helps() {
    for report in [samples::good(), samples::bad(), samples::unknown()] {
        for width in [40, 80, 140] {
            let plain = terminal(&report, width);
            let style = Style {
                color: true,
                width,
                verbose: false,
            };
            let coloured = render("terminal", &report, style);
            assert_ne!(coloured, plain);
            assert_eq!(without_colour(&coloured), plain);
        }
    }
}

/// The text without SGR sequences.
fn without_colour(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap().to_owned();
    for part in parts {
        let (codes, rest) = part.split_once('m').expect("only colours are set");
        assert!(codes.chars().all(|c| c.is_ascii_digit() || c == ';'));
        plain.push_str(rest);
    }
    plain
}

#[test]
fn lines_keep_within_the_width() {
    for report in [
        samples::good(),
        samples::bad(),
        samples::dead_host(),
        samples::unknown(),
    ] {
        for width in [60, 80, 100, 140] {
            for line in terminal(&report, width).lines() {
                // A command is broken only where the shell does not mind.
                let columns = unicode_width::UnicodeWidthStr::width(line);
                let is_one_word = !line.trim().trim_end_matches(" \\").contains(' ');
                assert!(
                    columns <= width || is_one_word,
                    "{columns} of {width}: {line}"
                );
            }
        }
    }
}

#[test]
fn json_is_read_back_and_renders_the_same() {
    for report in [
        samples::good(),
        samples::bad(),
        samples::dead_host(),
        samples::unknown(),
        samples::empty(),
    ] {
        let text = render("json", &report, Style::default());
        let again = json::read(text.as_bytes()).unwrap();
        assert_eq!(again, report);
        for format in FORMATS {
            let style = Style::default();
            let before = format.render(&report, &style).unwrap();
            assert_eq!(format.render(&again, &style).unwrap(), before);
        }
    }
}

#[test]
fn a_report_of_another_version_is_refused() {
    let text = render("json", &samples::good(), Style::default());
    let other = text.replace("ready.report/v1", "ready.report/v2");
    let error = json::read(other.as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "this is a `ready.report/v2`, not a `ready.report/v1`"
    );
}

#[test]
fn a_field_of_tomorrow_does_not_disturb() {
    let report = samples::bad();
    let text = render("json", &report, Style::default());
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    value["tomorrow"] = serde_json::json!({"a": 1});
    value["checks"][0]["tomorrow"] = true.into();
    value["checks"][0]["reason"] = "quantum.undecided".into();
    let again = json::read(value.to_string().as_bytes()).unwrap();
    assert_eq!(again.checks[0].reason.as_deref(), Some("quantum.undecided"));
    for format in FORMATS {
        format.render(&again, &Style::default()).unwrap();
    }
}

#[test]
fn the_schema_is_published() {
    let schema = serde_json::to_string_pretty(&json::schema()).unwrap();
    assert_checked_in("docs/schema/report.json", &(schema + "\n"));
}

#[test]
fn the_exit_code_says_the_same_as_the_verdict() {
    let mut report = samples::good();
    for (verdict, exit) in [
        (Overall::Ready, Exit::Ready),
        (Overall::ReadyWithWaivers, Exit::Ready),
        (Overall::Inconclusive, Exit::Inconclusive),
        (Overall::NotReady, Exit::NotReady),
    ] {
        report.verdict = verdict;
        assert_eq!(report.exit(), exit);
    }
    report.run.interrupted = true;
    assert_eq!(report.exit(), Exit::Interrupted);
    assert!(terminal(&report, 80).contains("The run was interrupted"));
}

#[test]
fn junit_counts_unknown_as_error_and_never_as_success() {
    let report = samples::bad();
    let text = render("junit", &report, Style::default());
    let suites = quick_junit::Report::deserialize_from_str(&text).unwrap();
    let count = |test: fn(Status) -> bool| {
        report
            .checks
            .iter()
            .filter(|check| test(check.status))
            .count()
    };
    assert_eq!(suites.tests, report.checks.len());
    assert_eq!(suites.failures, count(|status| status == Status::Fail));
    let is_error = |status| matches!(status, Status::Error | Status::Pending | Status::Expired);
    assert_eq!(suites.errors, count(is_error));
    let is_skipped = |status| matches!(status, Status::Skipped | Status::Waived | Status::Na);
    assert_eq!(suites.test_suites[0].skipped, count(is_skipped));
}

#[test]
fn formats_have_distinct_names_and_say_what_they_are_for() {
    let mut names: Vec<_> = FORMATS.iter().map(|format| format.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), FORMATS.len());
    for listed in FORMATS {
        assert!(!listed.about().is_empty());
        assert_eq!(
            format(listed.name()).map(ready::report::Format::name),
            Some(listed.name())
        );
    }
    assert!(format("pdf").is_none());
}
