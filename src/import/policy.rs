//! Which bullets without a box ask for something, and what sections are about.
//!
//! A box always asks. A bullet does under a heading or lead-in that speaks of what is required,
//! missing or to be done, and within a task; it never does among references, summaries, notes.

/// What a heading, or the line before a list, says about the bullets below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Below {
    /// Nothing.
    #[default]
    Unsaid,
    /// They ask for something.
    Asked,
    /// They say what is missing.
    Gaps,
    /// They are scores to reach.
    Minimums,
    /// They say what must hold whatever else.
    Musts,
    /// They are ways to do one thing.
    Choices,
    /// They are for reading.
    Reading,
}

const READING: &[&str] = &[
    "appendix",
    "background",
    "best practice",
    "calculate",
    "changelog",
    "contents",
    "cost",
    "example",
    "further reading",
    "glossary",
    "history",
    "introduction",
    "legend",
    "link",
    "note",
    "overview",
    "reference",
    "resource",
    "score",
    "see also",
    "summary",
    "template",
    "simplification",
    "how to use",
];
const GAPS: &[&str] = &[
    "gap",
    "missing",
    "not yet",
    "known issue",
    "known limitation",
    "outstanding",
];
const ASKED: &[&str] = &[
    "action",
    "alert",
    "checklist",
    "component",
    "criteria",
    "deliverable",
    "file to",
    "files to",
    "goal",
    "implementation",
    "implemented",
    "integration needed",
    "mandatory",
    "measure",
    "minimum",
    "must",
    "need",
    "objective",
    "prerequisite",
    "procedure",
    "required",
    "requirement",
    "scenario",
    "strategy",
    "task",
    "to create",
    "to do",
    "to modify",
    "todo",
    "verification",
    "verify",
    "create",
    "configure",
];
const MUSTS: &[&str] = &[
    "non-negotiable",
    "non negotiable",
    "nonnegotiable",
    "must-pass",
    "must pass",
    "deal-breaker",
    "dealbreaker",
    "launch blocker",
    "blocking item",
];
const CHOICES: &[&str] = &["option", "alternative", "choice", "one of", "tools"];

/// What `text` says about the bullets below it; within a task nearly all ask.
pub(super) fn below(text: &str, task: bool) -> Below {
    let text = text.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| contains_word(&text, word));
    if any(MUSTS) {
        Below::Musts
    } else if any(&["score"]) && any(&["minimum", "target", "required", "threshold"]) {
        Below::Minimums
    } else if any(CHOICES) {
        Below::Choices
    } else if any(GAPS) {
        Below::Gaps
    } else if task && !any(&["template", "example"]) {
        Below::Asked
    } else if any(READING) {
        Below::Reading
    } else if any(ASKED) {
        Below::Asked
    } else {
        Below::Unsaid
    }
}

/// Whether a section is about what to do when something has happened.
pub(super) fn incident(title: &str) -> bool {
    let title = title.to_lowercase();
    title.contains("incident response")
        || title.contains("during an incident")
        || title.contains("when something goes wrong")
        || title.contains("in an emergency")
}

/// Whether a section, or a table's first column, is about approvals.
pub(super) fn approvals(title: &str) -> bool {
    let title = title.to_lowercase();
    [
        "sign-off",
        "sign off",
        "signoff",
        "approval",
        "approver",
        "approved by",
    ]
    .iter()
    .any(|word| title.contains(word))
}

/// Whether a word of `text` starts with `word`.
fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::{Below, below};

    #[test]
    fn headings_say_what_is_below_them() {
        for (text, said) in [
            ("Secrets Required", Below::Asked),
            ("Known Gaps", Below::Gaps),
            ("Minimum Versions", Below::Asked),
            ("Recommended Minimum Scores:", Below::Minimums),
            ("Non-Negotiable:", Below::Musts),
            ("Resources", Below::Reading),
            ("Executive Summary", Below::Reading),
            ("Options:", Below::Choices),
            ("Frontend", Below::Unsaid),
        ] {
            assert_eq!(below(text, false), said, "{text}");
        }
    }
}
