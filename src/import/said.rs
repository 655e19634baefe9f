//! What documents say beside their items, in words: how often, how grave, how much work, when.

use std::sync::LazyLock;

use regex::Regex;

use crate::check::{Effort, Impact};
use crate::units::Duration;

/// A pattern that is known to be sound.
macro_rules! pattern {
    ($visible:vis $name:ident, $text:expr) => {
        $visible static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($text).expect("the pattern is sound"));
    };
}
pub(super) use pattern;

const DAY: u64 = 86_400;

pattern!(
    WITHIN,
    r"(?i)\b(?:within|in) (?:the )?(?:last|past) (\d{1,4}) ?(day|week|month|year)s?\b|\bevery (\d{1,4}) ?(day|week|month|year)s?\b|\b(?:newer|younger|less) than (\d{1,4}) ?(day|week|month|year)s? old\b"
);
pattern!(
    OFTEN,
    r"(?i)\b(daily|every day|nightly|weekly|every week|monthly|every month|quarterly|every quarter|annual(?:ly)?|yearly|every year)\b"
);
pattern!(
    BESIDE,
    r"(?i)\b(impact|effort|risk|priority|severity)\s*:\s*\**\s*([a-z0-9]+)"
);
pattern!(PRIORITY, r"(?i)\b(?:priority |p)(\d)\b");
pattern!(WHY, r"(?is)^\s*(?:why|rationale|reason)\s*:\s*(.+)$");
pattern!(
    COMPLETED,
    r"(?i)\b(?:completed|done|finished)\s*(?:on|at)?\s*:\s*\**\s*\d{4}-\d\d-\d\d"
);
pattern!(
    OPTIONAL,
    r"(?i)\boptional\b|\bnice[- ]to[- ]have\b|\bif (?:time|possible)\b"
);
pattern!(
    CONDITION,
    r"(?i)\((?:only )?(if|when|where|unless) ([^()]{2,80})\)"
);
pattern!(
    MINIMUM,
    r"(?i)^\W*(.{2,80}?)\s*[:–—-]\s*\**\s*(?:at least |min(?:imum)? |>=? ?|≥ ?)?(\d{1,3}(?:\.\d+)?) ?%(.{0,160})$"
);
pattern!(
    DUE,
    r"(?i)\b((?:before|by|prior to|within|after|on|at) [^.;|()]{3,80})"
);

/// How often something is done, or how old it may be.
pub(super) fn cadence(text: &str) -> Option<Duration> {
    if let Some(found) = WITHIN.captures(text) {
        let mut parts = found.iter().skip(1).flatten();
        let (count, unit) = (parts.next()?.as_str(), parts.next()?.as_str());
        let days = match unit.to_ascii_lowercase().as_str() {
            "day" => 1,
            "week" => 7,
            "month" => 31,
            _ => 366,
        };
        let days = count.parse::<u64>().ok()?.checked_mul(days)?;
        return (days > 0).then(|| Duration::from_secs(days * DAY));
    }
    let found = OFTEN.find(text)?.as_str().to_ascii_lowercase();
    let days = match found.as_str() {
        "daily" | "every day" | "nightly" => 1,
        "weekly" | "every week" => 7,
        "monthly" | "every month" => 31,
        "quarterly" | "every quarter" => 92,
        _ => 366,
    };
    Some(Duration::from_secs(days * DAY))
}

/// `Impact: HIGH | Effort: LOW`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Beside {
    pub(super) impact: Option<Impact>,
    pub(super) effort: Option<Effort>,
}

pub(super) fn beside(text: &str) -> Beside {
    let mut beside = Beside::default();
    for found in BESIDE.captures_iter(text) {
        match found[1].to_ascii_lowercase().as_str() {
            "effort" => beside.effort = effort(&found[2]).or(beside.effort),
            "impact" | "severity" => beside.impact = impact(&found[2]).or(beside.impact),
            "priority" => beside.impact = beside.impact.or(impact(&found[2])),
            _ => {}
        }
    }
    beside
}

/// An impact in words.
pub(super) fn impact(word: &str) -> Option<Impact> {
    match word.trim().to_ascii_lowercase().as_str() {
        "critical" | "blocker" | "highest" | "p0" | "sev0" => Some(Impact::Critical),
        "high" | "major" | "p1" | "sev1" => Some(Impact::High),
        "medium" | "moderate" | "normal" | "p2" | "sev2" => Some(Impact::Medium),
        "low" | "minor" | "lowest" | "p3" | "p4" | "sev3" => Some(Impact::Low),
        _ => None,
    }
}

/// The impact that a section's title gives its items: `Priority 1: CI`, `Critical Path`.
pub(super) fn section_impact(title: &str) -> Option<Impact> {
    if let Some(found) = PRIORITY.captures(title) {
        return impact(&format!("p{}", &found[1]));
    }
    let words = || title.split(|c: char| !c.is_alphanumeric());
    let about = words().any(|word| {
        ["priority", "severity", "impact"]
            .iter()
            .any(|name| word.eq_ignore_ascii_case(name))
    });
    let short = title
        .split('(')
        .next()
        .unwrap_or(title)
        .split_whitespace()
        .count()
        <= 3;
    words().find_map(impact).filter(|_| about || short)
}

/// An effort in words.
pub(super) fn effort(word: &str) -> Option<Effort> {
    match word.trim().to_ascii_lowercase().as_str() {
        "low" | "small" | "s" | "xs" | "easy" | "minutes" => Some(Effort::Low),
        "medium" | "moderate" | "m" | "hours" => Some(Effort::Medium),
        "high" | "large" | "l" | "xl" | "hard" | "days" => Some(Effort::High),
        _ => None,
    }
}

/// `Why: …`.
pub(super) fn why(text: &str) -> Option<&str> {
    Some(WHY.captures(text)?.get(1)?.as_str().trim())
}

/// Whether a text says when something was done.
pub(super) fn completed(text: &str) -> bool {
    COMPLETED.is_match(text)
}

/// Whether an item may be left out.
pub(super) fn optional(text: &str) -> bool {
    OPTIONAL.is_match(text)
}

/// `(if configured)`.
pub(super) fn condition(text: &str) -> Option<String> {
    let found = CONDITION.captures(text)?;
    Some(format!("{} {}", found[1].to_ascii_lowercase(), &found[2]))
}

/// `Deployment: 90% (57/63) before going live`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Threshold {
    pub(super) name: String,
    pub(super) percent: f64,
    pub(super) due: Option<String>,
}

pub(super) fn threshold(text: &str) -> Option<Threshold> {
    let found = MINIMUM.captures(text)?;
    let percent = found[2]
        .parse()
        .ok()
        .filter(|percent| (0.0..=100.0).contains(percent))?;
    let due = DUE.captures(&found[3]).map(|due| due[1].trim().to_owned());
    Some(Threshold {
        name: found[1].trim_matches(['*', ' ', '_']).to_owned(),
        percent,
        due,
    })
}

#[cfg(test)]
mod tests {
    use super::{beside, cadence, condition, threshold, why};
    use crate::check::{Effort, Impact};

    #[test]
    fn how_often_is_said_in_many_ways() {
        for (text, days) in [
            ("Restore verified within last 30 days", Some(30)),
            ("Rotate keys every 6 months", Some(186)),
            ("Weekly snapshots", Some(7)),
            ("Quarterly DR drills", Some(92)),
            ("Annually", Some(366)),
            ("99 days", None),
            ("every 0 days", None),
            ("every 9999 years", Some(9999 * 366)),
        ] {
            let told = days.map(|days: u64| crate::units::Duration::from_secs(days * 86_400));
            assert_eq!(cadence(text), told, "{text}");
        }
    }

    #[test]
    fn what_stands_beside_a_task_is_read() {
        let told = beside("Impact: HIGH | Effort: LOW | Risk: Medium");
        assert_eq!(
            (told.impact, told.effort),
            (Some(Impact::High), Some(Effort::Low))
        );
        assert_eq!(why("Why: It burns."), Some("It burns."));
        assert_eq!(
            condition("Page shown (if exposed)").as_deref(),
            Some("if exposed")
        );
    }

    #[test]
    fn a_threshold_has_a_name_and_a_moment() {
        let told = threshold("Pre-Deployment: 90% (57/63) before going live").unwrap();
        assert_eq!((told.name.as_str(), told.percent), ("Pre-Deployment", 90.0));
        assert_eq!(told.due.as_deref(), Some("before going live"));
        assert_eq!(threshold("Overall: many"), None);
        assert_eq!(threshold("Overall: 900%"), None);
    }
}
