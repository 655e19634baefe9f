//! Which days, weeks and months have a backup.

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan as _};

use super::facts::Window;

/// Lengths of time that a window is made of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unit {
    Day,
    Week,
    Month,
}

impl Unit {
    /// The first day of the unit that a day is in.
    fn start(self, date: Date) -> Option<Date> {
        match self {
            Self::Day => Some(date),
            Self::Week => {
                let days = date.weekday().since(Weekday::Monday);
                date.checked_sub(i64::from(days).days()).ok()
            }
            Self::Month => Some(date.first_of_month()),
        }
    }

    fn span(self, count: u16) -> Span {
        let count = i64::from(count);
        match self {
            Self::Day => count.days(),
            Self::Week => count.weeks(),
            Self::Month => count.months(),
        }
    }

    fn name(self, start: Date) -> String {
        match self {
            Self::Day => start.to_string(),
            Self::Week => {
                let week = start.iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            Self::Month => format!("{:04}-{:02}", start.year(), start.month()),
        }
    }
}

/// A window that is being filled.
#[derive(Debug)]
pub(super) struct Filling {
    unit: Unit,
    length: u16,
    today: Date,
    /// Starts of the units that have one; no more than the window can need.
    seen: BTreeSet<Date>,
}

impl Filling {
    pub(super) fn new(unit: Unit, length: u16, today: Date) -> Self {
        Self {
            unit,
            length,
            today,
            seen: BTreeSet::new(),
        }
    }

    /// The start of the unit so many before that of today.
    fn back(&self, count: u16) -> Option<Date> {
        let current = self.unit.start(self.today)?;
        current.checked_sub(self.unit.span(count)).ok()
    }

    /// A backup was made on this day.
    pub(super) fn add(&mut self, date: Date) {
        if let Some(start) = self.unit.start(date)
            && self.back(self.length).is_some_and(|first| start >= first)
            && start <= self.today
        {
            self.seen.insert(start);
        }
    }

    /// The window. It ends today, or with the unit before while today's may still come.
    pub(super) fn window(&self, since: Option<Date>) -> Window {
        let has_current = self.back(0).is_some_and(|start| self.seen.contains(&start));
        let skipped = u16::from(!has_current);
        let since = since.and_then(|since| self.unit.start(since));
        let mut window = Window {
            length: self.length,
            ..Window::default()
        };
        for count in (skipped..self.length + skipped).rev() {
            let Some(start) = self.back(count) else {
                continue;
            };
            let is_present = self.seen.contains(&start);
            window.present += u16::from(is_present);
            if since.is_none_or(|since| start >= since) {
                window.expected += 1;
                if !is_present {
                    window.missing.push(self.unit.name(start));
                }
            }
        }
        window
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(unit: Unit, length: u16, days: &[&str], since: Option<&str>) -> Window {
        // A Saturday.
        let mut filling = Filling::new(unit, length, "2026-11-21".parse().unwrap());
        for day in days {
            filling.add(day.parse().unwrap());
        }
        filling.window(since.map(|day| day.parse().unwrap()))
    }

    fn told(window: &Window) -> (u16, u16, String) {
        (window.present, window.expected, window.missing.join(" "))
    }

    #[test]
    fn days_end_today_or_yesterday() {
        let today = window(
            Unit::Day,
            3,
            &["2026-11-21", "2026-11-21", "2026-11-19"],
            None,
        );
        assert_eq!(told(&today), (2, 3, "2026-11-20".to_owned()));
        let yesterday = window(
            Unit::Day,
            3,
            &["2026-11-20", "2026-11-19", "2026-11-18"],
            None,
        );
        assert_eq!(told(&yesterday), (3, 3, String::new()));
        let before = window(
            Unit::Day,
            2,
            &["2026-11-19", "2026-11-18", "2026-12-24"],
            None,
        );
        assert_eq!(told(&before), (1, 2, "2026-11-20".to_owned()));
        assert_eq!(
            told(&window(Unit::Day, 0, &["2026-11-21"], None)),
            (0, 0, String::new())
        );
    }

    #[test]
    fn weeks_start_on_monday_and_months_on_the_first() {
        let weeks = window(Unit::Week, 3, &["2026-11-16", "2026-11-08"], None);
        assert_eq!(told(&weeks), (2, 3, "2026-W46".to_owned()));
        let months = window(
            Unit::Month,
            12,
            &["2026-10-31", "2025-12-01"],
            Some("2026-09-15"),
        );
        assert_eq!(told(&months), (2, 2, "2026-09".to_owned()));
        let long = window(Unit::Month, 120, &[], Some("2030-01-01"));
        assert_eq!(told(&long), (0, 0, String::new()));
    }
}
