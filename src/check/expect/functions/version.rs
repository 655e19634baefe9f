//! Version numbers that compare as people mean them: `16.7`, `1.22.1`, `v2`, `9.2p1`,
//! `7.0.15-debian`, `2.0.0-rc.1`.
//!
//! The numbers count, a missing one is 0, and `p1` after them counts as one more. A
//! pre-release (`alpha`, `beta`, `rc` …) is below its release. Words of a distribution
//! (`-debian`, `+deb12u1`) do not count.

use std::cmp::Ordering;
use std::fmt;

use cel::ExecutionError;
use cel::common::traits::Comparer;
use cel::common::types::Type;
use cel::common::value::{CowVal, StaticVal, Val};

use super::super::value::escape;
use super::{Given, failed, string};

static VERSION_TYPE: Type = Type::new_unspecified_type("version");

/// Words that come before a release, in their order.
const PRE_RELEASES: [&[&str]; 4] = [
    &["dev", "snapshot", "nightly", "canary"],
    &["alpha", "a", "m", "milestone"],
    &["beta", "b", "preview", "pre"],
    &["rc", "cr"],
];

/// A version number.
#[derive(Clone, PartialEq, Eq)]
struct Version {
    text: String,
    numbers: Vec<u64>,
    /// Rank of its pre-release word, or above all of them for a release.
    stage: usize,
    stage_numbers: Vec<u64>,
}

impl Version {
    /// Reads a version; `None` when no number starts it.
    fn parse(text: &str) -> Option<Self> {
        let trimmed = text.trim();
        let rest = trimmed.strip_prefix(['v', 'V']).unwrap_or(trimmed);
        let (mut numbers, mut rest) = numbers(rest);
        if numbers.is_empty() {
            return None;
        }
        if let Some(patch) = rest
            .strip_prefix("p")
            .filter(|patch| patch.starts_with(|c: char| c.is_ascii_digit()))
        {
            let (more, after) = self::numbers(patch);
            numbers.extend(more);
            rest = after;
        }
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        let (stage, stage_numbers) = stage(rest);
        Some(Self {
            text: trimmed.to_owned(),
            numbers,
            stage,
            stage_numbers,
        })
    }

    fn key(&self) -> (&[u64], usize, &[u64]) {
        (&self.numbers, self.stage, &self.stage_numbers)
    }
}

/// The dotted numbers at the start, and what follows them.
fn numbers(mut rest: &str) -> (Vec<u64>, &str) {
    let mut numbers = Vec::new();
    loop {
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (digits, after) = rest.split_at(end);
        if digits.is_empty() {
            return (numbers, rest);
        }
        numbers.push(digits.parse().unwrap_or(u64::MAX));
        match after.strip_prefix('.') {
            Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) => rest = next,
            _ => return (numbers, after),
        }
    }
}

/// The rank of a pre-release word right after the numbers.
fn stage(rest: &str) -> (usize, Vec<u64>) {
    let word = rest.trim_start_matches(['-', '.', '_', '~', ' ']);
    let end = word
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(word.len());
    let (name, after) = word.split_at(end);
    let name = name.to_ascii_lowercase();
    let rank = PRE_RELEASES
        .iter()
        .position(|names| names.contains(&name.as_str()));
    match rank {
        Some(rank) => (rank, numbers(after.trim_start_matches(['-', '.'])).0),
        None => (PRE_RELEASES.len(), Vec::new()),
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Val for Version {
    fn get_type(&self) -> &Type {
        &VERSION_TYPE
    }

    fn cel_type() -> &'static Type {
        &VERSION_TYPE
    }

    fn as_comparer(&self) -> Option<&dyn Comparer> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        other
            .downcast_ref::<Self>()
            .is_some_and(|other| self.key() == other.key())
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }
}

impl StaticVal for Version {}

impl Comparer for Version {
    fn compare(&self, other: &dyn Val) -> Result<Ordering, ExecutionError> {
        match other.downcast_ref::<Self>() {
            Some(other) => Ok(self.key().cmp(&other.key())),
            None => Err(ExecutionError::no_such_overload(
                "compare",
                vec!["version".to_owned(), other.get_type().name().to_owned()],
            )),
        }
    }
}

/// `version('16.7')`.
pub(super) fn version<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let text = string(&arguments, 0)?;
    match Version::parse(text) {
        Some(version) => Ok(CowVal::owned(version)),
        None => Err(failed(
            "version",
            format!("`{}` is not a version number", escape(text)),
        )),
    }
}

/// A version as it was written; `None` for other values.
pub(super) fn show(value: &dyn Val) -> Option<String> {
    value
        .downcast_ref::<Version>()
        .map(|version| escape(&version.text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions_are_in_the_order_people_mean() {
        let ordered = [
            "1.0.0-dev",
            "1.0.0-alpha",
            "1.0.0-alpha.2",
            "1.0.0-beta.1",
            "v1.0rc1",
            "1.0.0-rc.2",
            "1",
            "1.0.1",
            "1.2",
            "1.10.0-debian",
            "7.0.15-debian",
            "9.2",
            "9.2p1",
            "9.2p2",
            "9.10",
            "16.7",
            "16.10 (Debian 16.10-1)",
            "99999999999999999999999.1",
        ];
        for (index, lower) in ordered.iter().enumerate() {
            for higher in &ordered[index + 1..] {
                let (low, high) = (
                    Version::parse(lower).unwrap(),
                    Version::parse(higher).unwrap(),
                );
                assert!(low.key() < high.key(), "{lower} < {higher}");
            }
        }
        for (one, other) in [
            ("1", "1.0.0"),
            ("v2", "2.0"),
            ("7.0.15-debian", "7.0.15"),
            ("12.4+deb12u1", "12.4"),
        ] {
            assert_eq!(
                Version::parse(one).unwrap().key(),
                Version::parse(other).unwrap().key()
            );
        }
        for none in ["", "nginx", "-1", "v"] {
            assert_eq!(Version::parse(none), None, "{none}");
        }
    }
}
