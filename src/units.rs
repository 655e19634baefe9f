//! Durations as people write them: `10s`, `1h30m`, `14d`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::{Span, SpanRelativeTo, Unit};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time of at least a millisecond, a day being 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Duration(std::time::Duration);

impl Duration {
    /// A number of seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(std::time::Duration::from_secs(seconds))
    }

    /// As the standard library's type.
    pub const fn as_std(self) -> std::time::Duration {
        self.0
    }
}

impl FromStr for Duration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, InvalidDuration> {
        let invalid = || InvalidDuration(text.to_owned());
        let span: Span = text.parse().map_err(|_| invalid())?;
        let milliseconds = span
            .total((Unit::Millisecond, SpanRelativeTo::days_are_24_hours()))
            .map_err(|_| invalid())?;
        if !(1.0..=1e15).contains(&milliseconds) {
            return Err(invalid());
        }
        std::time::Duration::try_from_secs_f64(milliseconds / 1000.0)
            .map(Self)
            .map_err(|_| invalid())
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_millis();
        for (unit, size) in [
            ("d", 86_400_000),
            ("h", 3_600_000),
            ("m", 60_000),
            ("s", 1000),
            ("ms", 1),
        ] {
            let count = rest / size;
            rest %= size;
            if count > 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        Ok(())
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl schemars::JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A length of time, such as 500ms, 10s, 1h30m or 14d.",
            "examples": ["10s", "14d"],
        })
    }
}

/// How often something is due or how long a word is good for: `weekly`, `monthly`,
/// `quarterly`, `annual`, or a length of time such as `90d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Period(Duration);

/// The cadences that have a name, long enough that what is done on the same day of each month
/// or quarter never lapses in between.
const CADENCES: [(&str, u64); 4] = [
    ("weekly", 7),
    ("monthly", 31),
    ("quarterly", 92),
    ("annual", 366),
];

const DAY: u64 = 86_400;

impl Period {
    /// A number of days.
    pub const fn of_days(days: u64) -> Self {
        Self(Duration::from_secs(days * DAY))
    }

    /// Whole days, rounded down; ages are counted from dates.
    pub const fn days(self) -> u64 {
        self.0.as_std().as_secs() / DAY
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Period {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, InvalidPeriod> {
        if let Some((_, days)) = CADENCES.iter().find(|(name, _)| *name == text) {
            return Ok(Self::of_days(*days));
        }
        let length = text.parse().map_err(|_| InvalidPeriod(text.to_owned()))?;
        Ok(Self(length))
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl schemars::JsonSchema for Period {
    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A cadence (weekly, monthly, quarterly, annual), or a length of time such as 90d.",
            "examples": ["quarterly", "90d"],
        })
    }
}

/// Text that is no period.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a period; write weekly, monthly, quarterly, annual or 90d")]
pub struct InvalidPeriod(String);

/// Text that is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration; write 500ms, 10s, 1h30m or 14d")]
pub struct InvalidDuration(String);

#[cfg(test)]
mod tests {
    use super::{Duration, Period};

    #[test]
    fn cadences_have_names() {
        for (text, days) in [
            ("weekly", 7),
            ("monthly", 31),
            ("quarterly", 92),
            ("annual", 366),
            ("90d", 90),
            ("36h", 1),
            ("2h", 0),
        ] {
            assert_eq!(text.parse::<Period>().unwrap().days(), days, "{text}");
        }
        for text in ["", "yearly", "90", "-1d"] {
            assert!(text.parse::<Period>().is_err(), "{text} was taken");
        }
    }

    #[test]
    fn people_write_durations_in_units() {
        for (text, seconds) in [
            ("10s", 10),
            ("1h30m", 5400),
            ("14d", 1_209_600),
            ("2w", 1_209_600),
        ] {
            let parsed: Duration = text.parse().unwrap();
            assert_eq!(parsed, Duration::from_secs(seconds));
            assert_eq!(parsed.to_string().parse(), Ok(parsed));
        }
        for text in ["", "10", "abc", "-3d", "0s", "1mo", "99999999999999h"] {
            assert!(text.parse::<Duration>().is_err(), "{text} was taken");
        }
    }
}
