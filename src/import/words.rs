//! Words of a text, in a form in which they can be compared.

use std::collections::BTreeSet;

/// The words of a text in lower case: those joined by `-`, `/`, `_` or `.` whole and in parts.
pub(super) fn words(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let apart = |c: char| !(c.is_alphanumeric() || "-_./+".contains(c));
    for whole in text.split(apart) {
        let whole = whole.trim_matches(['-', '.', '/', '_']);
        if whole.trim_matches('+').is_empty() {
            continue;
        }
        words.insert(singular(&whole.to_lowercase()).to_owned());
        let whole = whole.trim_end_matches('+');
        words.insert(singular(&whole.to_lowercase()).to_owned());
        let parts = whole.split(['-', '_', '.', '/']);
        for part in parts.flat_map(humps).filter(|part| !part.is_empty()) {
            words.insert(singular(&part.to_lowercase()).to_owned());
        }
    }
    words
}

/// `PermitRootLogin` in its parts.
fn humps(word: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut before = ' ';
    for (at, c) in word.char_indices() {
        if c.is_uppercase() && before.is_lowercase() && at - start > 1 {
            parts.push(&word[start..at]);
            start = at;
        }
        before = c;
    }
    parts.push(&word[start..]);
    parts
}

/// A word without the ending of its plural.
pub(super) fn singular(word: &str) -> &str {
    const NAMES: &[&str] = &[
        "cors",
        "gitops",
        "devops",
        "hsts",
        "https",
        "kubernetes",
        "nats",
        "postgres",
    ];
    let keep = NAMES.contains(&word)
        || ["ss", "us", "is", "ies", "ws"]
            .iter()
            .any(|end| word.ends_with(end));
    match word.strip_suffix('s') {
        Some(short) if !keep && short.len() >= 3 && word.is_ascii() => short,
        _ => word,
    }
}

/// The stems of the words that name a thing: no verbs that every task starts with.
pub(super) fn stems(text: &str) -> BTreeSet<String> {
    const EMPTY: &[&str] = &[
        "a",
        "add",
        "an",
        "and",
        "are",
        "be",
        "create",
        "do",
        "enable",
        "enabled",
        "for",
        "from",
        "has",
        "have",
        "implement",
        "implementation",
        "in",
        "is",
        "must",
        "of",
        "on",
        "or",
        "set",
        "setup",
        "should",
        "the",
        "to",
        "up",
        "with",
    ];
    let bare = text.split('(').next().unwrap_or(text);
    let found = bare
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let lower = found.map(str::to_lowercase);
    lower
        .filter(|word| !EMPTY.contains(&word.as_str()) && word.parse::<u32>().is_err())
        .map(|word| stem(&word).to_owned())
        .collect()
}

fn stem(word: &str) -> &str {
    let word = singular(word);
    for end in ["ation", "ing", "ed"] {
        if let Some(short) = word.strip_suffix(end)
            && short.len() >= 4
        {
            return short;
        }
    }
    word
}

/// How much of the smaller set the two have in common, 0 to 1, if that is at least two words
/// or the whole of one.
#[expect(clippy::cast_precision_loss, reason = "a share of a few words")]
pub(super) fn overlap(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let common = a.intersection(b).count();
    let smaller = a.len().min(b.len());
    if smaller == 0 || (common < 2 && a != b && smaller > 1) {
        return 0.0;
    }
    common as f64 / smaller as f64
}

/// How much of both sets together the two have in common, 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "a share of a few words")]
pub(super) fn likeness(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let all = a.union(b).count();
    if all == 0 {
        return 0.0;
    }
    a.intersection(b).count() as f64 / all as f64
}

#[cfg(test)]
mod tests {
    use super::{overlap, stems, words};

    #[test]
    fn joined_words_are_found_whole_and_in_parts() {
        let found =
            words("HTTP/2, `PermitRootLogin no`, X-Request-ID, POSTGRES_PASSWORD; backups.");
        for word in [
            "http/2",
            "http",
            "2",
            "permitrootlogin",
            "root",
            "login",
            "x-request-id",
            "request",
            "postgres_password",
            "postgres",
            "backup",
        ] {
            assert!(found.contains(word), "{word} in {found:?}");
        }
        assert!(words("DNS status access redis").contains("redis"));
    }

    #[test]
    fn a_task_is_known_by_another_name() {
        for (a, b) in [
            (
                "Webhook Signature Strict Validation",
                "Webhook Strict Validation",
            ),
            (
                "Document Runbook for Common Issues",
                "Runbook Documentation",
            ),
            ("Set Up Sealed Secrets", "Sealed Secrets Implementation"),
            ("Document RTO/RPO & DR Plan", "DR Plan Documentation"),
        ] {
            assert!(overlap(&stems(a), &stems(b)) >= 0.75, "{a}: {b}");
        }
        assert!(overlap(&stems("Audit Logging"), &stems("Structured logging")) < 0.75);
    }
}
