//! Which names are wanted, and the dates in them.

use std::sync::LazyLock;

use globset::{GlobBuilder, GlobMatcher};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use regex::{Captures, Regex};

use super::Each;

/// Which names are backups.
pub(super) struct Wanted {
    matcher: GlobMatcher,
    each: Each,
}

impl Wanted {
    /// Reads a pattern; the error says what is wrong with it.
    pub(super) fn new(pattern: &str, each: Each) -> Result<Self, String> {
        let matcher = GlobBuilder::new(pattern)
            .literal_separator(false)
            .backslash_escape(true)
            .empty_alternates(true)
            .build()
            .map_err(|error| error.kind().to_string())?
            .compile_matcher();
        Ok(Self { matcher, each })
    }

    /// The backup that a file or object belongs to; `None` for one that is passed over.
    pub(super) fn backup<'n>(&self, name: &'n str) -> Option<&'n str> {
        let backup = match self.each {
            // A name that ends in `/` stands for a folder.
            Each::File => Some(name).filter(|name| !name.ends_with('/')),
            Each::Folder => name.split_once('/').map(|(folder, _)| folder),
        };
        backup.filter(|name| !name.is_empty() && self.matcher.is_match(name))
    }
}

/// Year, month and day, and perhaps hour, minute and second, each with or without something
/// between.
#[expect(clippy::expect_used, reason = "a literal")]
static DATE: LazyLock<Regex> = LazyLock::new(|| {
    let time = "(?:[T_ .-]?([0-2][0-9])[-_:.h]?([0-5][0-9])(?:[-_:.m]?([0-5][0-9]))?Z?)?";
    let pattern = format!(
        "(?:^|[^0-9])(20[0-9]{{2}})[-_./]?([01][0-9])[-_./]?([0-3][0-9]){time}(?:[^0-9]|$)"
    );
    Regex::new(&pattern).expect("a literal")
});

/// The last date in a name, in UTC. Without a time it is the start of the day, so that nothing
/// seems younger than it is.
pub(super) fn dated(name: &str) -> Option<Timestamp> {
    DATE.captures_iter(name)
        .filter_map(|found| moment(&found))
        .last()
}

fn moment(found: &Captures<'_>) -> Option<Timestamp> {
    let number = |group| found.get(group)?.as_str().parse::<i16>().ok();
    let small = |group| number(group).and_then(|number| i8::try_from(number).ok());
    let date = Date::new(number(1)?, small(2)?, small(3)?).ok()?;
    let [hour, minute, second] = [4, 5, 6].map(|group| small(group).unwrap_or(0));
    let time = jiff::civil::Time::new(hour, minute, second, 0);
    let moment = date.to_datetime(time.unwrap_or_default());
    Some(moment.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_found_in_names_as_people_write_them() {
        for (name, found) in [
            ("db-2026-11-20.dump", Some("2026-11-20T00:00:00Z")),
            ("db_20261120.sql.gz", Some("2026-11-20T00:00:00Z")),
            ("db-20261120-031500.dump", Some("2026-11-20T03:15:00Z")),
            ("db-20261120T0315Z.dump", Some("2026-11-20T03:15:00Z")),
            ("db-20261120031500", Some("2026-11-20T03:15:00Z")),
            ("2026-11-20_03-15-07/base.tar", Some("2026-11-20T03:15:07Z")),
            ("2026/11/20/db.dump", Some("2026-11-20T00:00:00Z")),
            (
                "2026-11-19/db-2026-11-20T03:15:00Z",
                Some("2026-11-20T03:15:00Z"),
            ),
            ("db-2026-11-20-9999.dump", Some("2026-11-20T00:00:00Z")),
            ("db-2026-11-20_7.dump", Some("2026-11-20T00:00:00Z")),
            ("db-2026-11-20T29:15.dump", Some("2026-11-20T00:00:00Z")),
            ("db-2026-02-31.dump", None),
            ("db-120261120.dump", None),
            ("latest.dump", None),
            ("", None),
        ] {
            let found = found.map(|text| text.parse::<Timestamp>().unwrap());
            assert_eq!(dated(name), found, "{name}");
        }
    }

    #[test]
    fn files_and_folders_are_told_apart() {
        let files = Wanted::new("*.{dump,gz}", Each::File).unwrap();
        assert_eq!(files.backup("a/b.dump"), Some("a/b.dump"));
        assert_eq!(files.backup("a/b.md5"), None);
        assert_eq!(files.backup("a.dump/"), None);
        let folders = Wanted::new("2*", Each::Folder).unwrap();
        assert_eq!(folders.backup("2026-11-20/toc.dat"), Some("2026-11-20"));
        assert_eq!(folders.backup("2026-11-20/a/b"), Some("2026-11-20"));
        assert_eq!(folders.backup("2026.dump"), None);
        assert_eq!(folders.backup("/x"), None);
        assert!(Wanted::new("[", Each::File).is_err());
    }
}
