//! What people put beside an item to say how it stands: `✅`, `TODO`, `in progress`.

/// How a document says that an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Not done.
    Open,
    /// On its way, or nobody knows.
    Partial,
    /// Done.
    Done,
}

const DONE: &str = "✅✔✓☑🟢👍🎉💚";
const PARTIAL: &str = "⚠🟡🟠🚧⏳🔄🔶🔜💛";
const OPEN: &str = "❌✗✘☐⬜🔲◻□🔴⛔🚫✖❎🟥";

/// First words of a cell that say it is done.
const DONE_WORDS: &[&str] = &[
    "active",
    "approved",
    "available",
    "closed",
    "complete",
    "completed",
    "compliant",
    "configured",
    "deployed",
    "done",
    "eliminated",
    "enabled",
    "enforced",
    "finished",
    "fixed",
    "green",
    "hardened",
    "healthy",
    "implemented",
    "in place",
    "live",
    "managed",
    "met",
    "ok",
    "pass",
    "passed",
    "passes",
    "passing",
    "protected",
    "ready",
    "resolved",
    "shipped",
    "signed",
    "signed off",
    "strong",
    "success",
    "supported",
    "verified",
    "x",
    "yes",
    "y",
];
const PARTIAL_WORDS: &[&str] = &[
    "amber",
    "at risk",
    "in progress",
    "in review",
    "ongoing",
    "partial",
    "partially",
    "review",
    "started",
    "under review",
    "unknown",
    "wip",
    "yellow",
];
const OPEN_WORDS: &[&str] = &[
    "backlog",
    "blocked",
    "fail",
    "failed",
    "failing",
    "gap",
    "incomplete",
    "missing",
    "n",
    "needed",
    "never",
    "no",
    "none",
    "not",
    "open",
    "pending",
    "planned",
    "red",
    "tbd",
    "to do",
    "to-do",
    "todo",
    "unchecked",
    "unresolved",
];

impl Mark {
    /// What the text of a status cell says, if it is one.
    pub(super) fn of_cell(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some((mark, _)) = Self::leading(text) {
            return Some(mark);
        }
        let lower = text.to_lowercase();
        let first = |words: &[&str]| {
            words.iter().any(|word| {
                lower
                    .strip_prefix(word)
                    .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
            })
        };
        // "not done" is open, "in progress" no "in place".
        if first(OPEN_WORDS) {
            Some(Self::Open)
        } else if first(PARTIAL_WORDS) {
            Some(Self::Partial)
        } else if first(DONE_WORDS) {
            Some(Self::Done)
        } else {
            None
        }
    }

    /// The sign at the start of a text, and the text after it.
    pub(super) fn leading(text: &str) -> Option<(Self, &str)> {
        let text = text.trim_start();
        for (sign, mark) in [
            ("[x]", Self::Done),
            ("[X]", Self::Done),
            ("[ ]", Self::Open),
        ] {
            if let Some(rest) = text.strip_prefix(sign) {
                return Some((mark, rest.trim_start()));
            }
        }
        let sign = text.chars().next()?;
        let mark = Self::of_sign(sign)?;
        let rest = text[sign.len_utf8()..].trim_start_matches(['\u{fe0f}', '\u{fe0e}']);
        Some((mark, rest.trim_start()))
    }

    fn of_sign(sign: char) -> Option<Self> {
        [
            (DONE, Self::Done),
            (PARTIAL, Self::Partial),
            (OPEN, Self::Open),
        ]
        .into_iter()
        .find_map(|(signs, mark)| signs.contains(sign).then_some(mark))
    }
}

/// `text` without signs and other pictures at its ends.
pub(super) fn without_signs(text: &str) -> &str {
    let picture = |c: char| {
        c.is_whitespace()
            || matches!(c, '\u{fe0f}' | '\u{fe0e}' | '\u{200d}')
            || (!c.is_ascii() && !c.is_alphanumeric() && !"“”‘’«»„…—–<>≤≥§€£".contains(c))
    };
    text.trim_matches(picture)
}

#[cfg(test)]
mod tests {
    use super::{Mark, without_signs};

    #[test]
    fn people_mark_in_many_ways() {
        for (text, mark) in [
            ("✅ Done", Some(Mark::Done)),
            ("✅", Some(Mark::Done)),
            ("⚠️ Unknown", Some(Mark::Partial)),
            ("🔴", Some(Mark::Open)),
            ("🔲 TODO", Some(Mark::Open)),
            ("[x]", Some(Mark::Done)),
            ("[ ] ", Some(Mark::Open)),
            ("Done (2026-01-02)", Some(Mark::Done)),
            ("not done", Some(Mark::Open)),
            ("In progress", Some(Mark::Partial)),
            ("No", Some(Mark::Open)),
            ("Nobody", None),
            ("99.9 %", None),
            ("", None),
        ] {
            assert_eq!(Mark::of_cell(text), mark, "{text}");
        }
        assert_eq!(Mark::leading("⬜ a"), Some((Mark::Open, "a")));
    }

    #[test]
    fn pictures_are_no_part_of_a_title() {
        assert_eq!(without_signs("🚨 Critical Path ⚠️ "), "Critical Path");
        assert_eq!(without_signs("Größe ≤ 5 €"), "Größe ≤ 5 €");
        assert_eq!(without_signs("证书 ✅"), "证书");
    }
}
