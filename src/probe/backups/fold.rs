//! Many names folded into few facts while they arrive, so that a long listing needs no memory.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::facts::{Facts, Newest};
use super::names::{Wanted, dated};
use super::windows::{Filling, Unit};
use super::{Backups, Each, TimeFrom};
use crate::probe::{Answer, ProbeError, local};
use crate::reason::Reason;

/// How many sizes before the newest the median is made of.
const TRAILING: usize = 7;
/// Names are kept no longer than services allow them to be.
const LONGEST_NAME: usize = 4096;
/// The facts that need every name.
const OF_ALL: [&str; 14] = [
    "count",
    "passed_over",
    "undated",
    "in_future",
    "empty",
    "total_bytes",
    "smallest_bytes",
    "newest",
    "oldest_age_seconds",
    "earlier",
    "median_bytes",
    "daily",
    "weekly",
    "monthly",
];

/// A file or object.
#[derive(Debug)]
pub(super) struct Found<'n> {
    /// Its name below the prefix or folder.
    pub(super) name: &'n str,
    pub(super) bytes: u64,
    pub(super) modified: Timestamp,
}

/// A backup; they are in order of time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Backup {
    time: Timestamp,
    pub(super) name: String,
    pub(super) bytes: u64,
    /// The name of the file in it that tells what it is.
    pub(super) telling: String,
}

/// A folder whose files are still arriving.
#[derive(Debug)]
struct Open {
    name: String,
    bytes: u64,
    modified: Timestamp,
    /// The largest file, or the table of contents of `pg_dump`.
    telling: (u64, String),
}

/// What is folded so far.
pub(super) struct Fold {
    wanted: Wanted,
    each: Each,
    time_from: TimeFrom,
    now: Timestamp,
    since: Option<Date>,
    open: Option<Open>,
    latest: BinaryHeap<Reverse<Backup>>,
    windows: [Filling; 3],
    oldest: Option<Timestamp>,
    count: u64,
    passed_over: u64,
    undated: u64,
    in_future: u64,
    empty: u64,
    total: u64,
    smallest: Option<u64>,
    /// Why this is not all.
    trouble: Option<ProbeError>,
}

impl Fold {
    pub(super) fn new(
        question: &Backups,
        wanted: Wanted,
        since: Option<Date>,
        now: Timestamp,
    ) -> Self {
        let today = super::today(now);
        let windows = [
            (Unit::Day, question.days),
            (Unit::Week, question.weeks),
            (Unit::Month, question.months),
        ];
        Self {
            wanted,
            each: question.each,
            time_from: question.time_from,
            now,
            since,
            open: None,
            latest: BinaryHeap::new(),
            windows: windows.map(|(unit, length)| Filling::new(unit, length, today)),
            oldest: None,
            count: 0,
            passed_over: 0,
            undated: 0,
            in_future: 0,
            empty: 0,
            total: 0,
            smallest: None,
            trouble: None,
        }
    }

    /// How many names have been seen.
    pub(super) fn seen(&self) -> u64 {
        self.count.saturating_add(self.passed_over)
    }

    /// Not everything was or will be seen.
    pub(super) fn stopped(&mut self, error: ProbeError) {
        self.trouble.get_or_insert(error);
    }

    /// The names do not come in order, so that a folder's may not come one after the other.
    pub(super) fn disordered(&mut self) {
        if self.each == Each::Folder {
            let words = "the names come in no order, so that folders cannot be told";
            self.stopped(ProbeError::new(Reason::ApiUnavailable, words));
        }
    }

    /// The next name. Those of a folder come one after the other.
    pub(super) fn add(&mut self, found: &Found<'_>) {
        let Some(backup) = self.wanted.backup(found.name) else {
            self.passed_over += 1;
            return;
        };
        if backup.len() > LONGEST_NAME || found.name.len() > LONGEST_NAME {
            let words = "there is a name that is longer than names can be";
            return self.stopped(ProbeError::new(Reason::ApiUnavailable, words));
        }
        if self.each == Each::File {
            return self.close(Open {
                name: backup.to_owned(),
                bytes: found.bytes,
                modified: found.modified,
                telling: (0, found.name.to_owned()),
            });
        }
        let is_contents = found.name.ends_with("/toc.dat");
        let telling = if is_contents { u64::MAX } else { found.bytes };
        match &mut self.open {
            Some(open) if open.name == backup => {
                open.bytes = open.bytes.saturating_add(found.bytes);
                open.modified = open.modified.max(found.modified);
                if telling > open.telling.0 {
                    open.telling = (telling, found.name.to_owned());
                }
            }
            last => {
                let next = Open {
                    name: backup.to_owned(),
                    bytes: found.bytes,
                    modified: found.modified,
                    telling: (telling, found.name.to_owned()),
                };
                if let Some(whole) = last.replace(next) {
                    self.close(whole);
                }
            }
        }
    }

    /// A backup is whole.
    fn close(&mut self, whole: Open) {
        self.count += 1;
        self.total = self.total.saturating_add(whole.bytes);
        self.empty += u64::from(whole.bytes == 0);
        let smallest = self.smallest.get_or_insert(whole.bytes);
        *smallest = whole.bytes.min(*smallest);
        let (time, ahead) = match self.time_from {
            TimeFrom::Modified => (Some(whole.modified), SignedDuration::from_hours(1)),
            // The date of another time zone may be that of tomorrow.
            TimeFrom::Name => (dated(&whole.name), SignedDuration::from_hours(24)),
        };
        let Some(time) = time else {
            self.undated += 1;
            return;
        };
        if time.duration_since(self.now) > ahead {
            self.in_future += 1;
            return;
        }
        let date = super::today(time.min(self.now));
        for window in &mut self.windows {
            window.add(date);
        }
        let oldest = self.oldest.get_or_insert(time);
        *oldest = time.min(*oldest);
        self.latest.push(Reverse(Backup {
            time,
            name: whole.name,
            bytes: whole.bytes,
            telling: whole.telling.1,
        }));
        if self.latest.len() > TRAILING + 1 {
            self.latest.pop();
        }
    }

    /// What came of it, and the newest backup.
    pub(super) fn finish(mut self) -> (Answer<Facts>, Option<Backup>) {
        if let Some(whole) = self.open.take() {
            self.close(whole);
        }
        let mut answer = Answer::from(Facts {
            exists: true,
            ..Facts::default()
        });
        if let Some(trouble) = self.trouble {
            let gaps = OF_ALL.map(|fact| (fact.to_owned(), trouble.clone()));
            answer.gaps = BTreeMap::from(gaps);
            return (answer, None);
        }
        let facts = &mut answer.facts;
        facts.count = Some(self.count);
        facts.passed_over = Some(self.passed_over);
        facts.undated = Some(self.undated);
        facts.in_future = Some(self.in_future);
        facts.empty = Some(self.empty);
        facts.total_bytes = Some(self.total);
        facts.smallest_bytes = self.smallest;
        let age = |time: Timestamp| self.now.duration_since(time).as_secs().max(0);
        facts.oldest_age_seconds = self.oldest.map(age);
        let [daily, weekly, monthly] = self.windows.map(|window| window.window(self.since));
        facts.daily = Some(daily);
        facts.weekly = Some(weekly);
        facts.monthly = Some(monthly);
        let mut latest: Vec<Backup> = self.latest.into_iter().map(|Reverse(one)| one).collect();
        latest.sort();
        let newest = latest.pop();
        let mut sizes: Vec<u64> = latest.iter().map(|backup| backup.bytes).collect();
        facts.earlier = Some(sizes.len() as u64);
        facts.median_bytes = median(&mut sizes);
        facts.newest = newest.as_ref().map(|newest| Newest {
            name: newest.name.clone(),
            time: newest.time.to_string(),
            age_seconds: age(newest.time),
            size_bytes: newest.bytes,
            of_median: facts
                .median_bytes
                .and_then(|median| ratio(newest.bytes, median)),
            ..Newest::default()
        });
        (answer, newest)
    }
}

/// There are no backups to be told of, as there is no place for them.
pub(super) fn nowhere(fold: Fold) -> Answer<Facts> {
    let (mut answer, _) = fold.finish();
    answer.facts.exists = false;
    answer
}

/// Listing has to end somewhere.
pub(super) fn too_many(seen: u64, what: &str) -> ProbeError {
    local::beyond(format!(
        "{what} after {seen} names; ask with a longer prefix"
    ))
}

/// The middle of the sizes, or between the two in the middle.
fn median(sizes: &mut [u64]) -> Option<u64> {
    sizes.sort_unstable();
    let upper = *sizes.get(sizes.len() / 2)?;
    let lower = *sizes.get(sizes.len().saturating_sub(1) / 2)?;
    Some(lower.midpoint(upper))
}

/// To three digits behind the point.
#[expect(clippy::cast_precision_loss, reason = "sizes of files")]
fn ratio(size: u64, median: u64) -> Option<f64> {
    (median > 0).then(|| (size as f64 / median as f64 * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        for (mut sizes, middle) in [
            (vec![], None),
            (vec![5], Some(5)),
            (vec![9, 1], Some(5)),
            (vec![9, 1, 2], Some(2)),
            (vec![u64::MAX, u64::MAX], Some(u64::MAX)),
        ] {
            assert_eq!(median(&mut sizes), middle);
        }
        assert_eq!(ratio(1, 3), Some(0.333));
        assert_eq!(ratio(1, 0), None);
    }
}
