//! Titles as people write them, and names made of them.

use std::sync::LazyLock;

use regex::Regex;
use sha2::{Digest as _, Sha256};

use super::marks::{Mark, without_signs};
use super::said::pattern;

pattern!(
    NUMBERING,
    r"^(?:\d{1,3}(?:\.\d{1,3})*[.)]|\d{1,2}\.\d{1,2}|[IVX]{1,4}[.)]|(?i:step|phase|part) \d{1,3}\s*[:.–—-])\s+"
);
pattern!(
    ESTIMATE,
    r"(?i)\s*\((?:~|about |approx\. )?\d+(?:\s*[-–]\s*\d+)?\+?\s*(?:m|min(?:ute)?s?|h|hours?|d|days?|w|weeks?|months?)\)"
);
pattern!(SEPARATOR, r"^\s*(?:[:—–]|-{1,2}\s|\|)\s*");

/// A title without numbering, signs, estimates and what else stands around it.
pub(super) fn clean(text: &str) -> String {
    let text = without_signs(text);
    let text = Mark::leading(text).map_or(text, |(_, rest)| rest);
    let text = NUMBERING.replace(text, "");
    let text = ESTIMATE.replace_all(&text, "");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    without_signs(&text).trim_end_matches(':').trim().to_owned()
}

/// What follows a bold title, without the dash or colon between them.
pub(super) fn description(text: &str) -> &str {
    let text = text.trim();
    SEPARATOR
        .find(text)
        .map_or(text, |found| &text[found.end()..])
        .trim()
}

/// Words that say nothing in a name.
const EMPTY: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "been", "by", "for", "from", "has", "have", "in",
    "is", "it", "of", "on", "or", "that", "the", "their", "to", "via", "was", "were", "with",
];

/// A readable name: `root-login-restricted`. Never empty, and the same for the same text.
pub(super) fn slug(text: &str, most_words: usize) -> String {
    let short = text.split(['(', '[', '—', '–', ';']).next().unwrap_or(text);
    let words = |text: &str| -> Vec<String> {
        let apart = |c: char| !c.is_ascii_alphanumeric() && c != '\'' && c != '’';
        text.split(apart)
            .map(|word| word.replace(['\'', '’'], "").to_ascii_lowercase())
            .filter(|word| !word.is_empty())
            .collect()
    };
    let telling = |mut words: Vec<String>| {
        words.retain(|word| !EMPTY.contains(&word.as_str()));
        words
    };
    let ways = [telling(words(short)), telling(words(text)), words(text)];
    let found = ways
        .into_iter()
        .find(|words| !words.is_empty())
        .unwrap_or_default();
    let mut slug = String::new();
    for word in found.iter().take(most_words) {
        if slug.len() + word.len() > 60 {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    if slug.is_empty() {
        // Titles in other scripts.
        let digest = Sha256::digest(text.as_bytes());
        slug = digest
            .iter()
            .take(4)
            .fold("x".to_owned(), |slug, byte| format!("{slug}{byte:02x}"));
    }
    slug
}

/// The name of a section: without words that every section of a checklist has.
pub(super) fn section_slug(title: &str) -> String {
    let bare = title
        .split_whitespace()
        .filter(|word| !word.eq_ignore_ascii_case("checklist"))
        .collect::<Vec<_>>()
        .join(" ");
    slug(if bare.is_empty() { title } else { &bare }, 4)
}

#[cfg(test)]
mod tests {
    use super::{clean, description, section_slug, slug};

    #[test]
    fn titles_are_cleaned() {
        for (written, title) in [
            ("1. Infrastructure", "Infrastructure"),
            (
                "🚨 Critical Path (Required Before Launch)",
                "Critical Path (Required Before Launch)",
            ),
            (
                "6. Webhook Strict Validation (1 hour) 🔐",
                "Webhook Strict Validation",
            ),
            ("2.1 Backups (2-3 hours):", "Backups"),
            ("24 routers registered", "24 routers registered"),
            ("✅ Completed", "Completed"),
        ] {
            assert_eq!(clean(written), title);
        }
        assert_eq!(description(" — DNS pointed"), "DNS pointed");
        assert_eq!(description(": 20+"), "20+");
        assert_eq!(description("-based"), "-based");
    }

    #[test]
    fn names_are_readable_and_never_empty() {
        assert_eq!(
            slug("Root login restricted (`no`)", 6),
            "root-login-restricted"
        );
        assert_eq!(slug("(all) of the things", 6), "all-things");
        assert_eq!(section_slug("Pre-Deployment Checklist"), "pre-deployment");
        assert_eq!(section_slug("Checklist"), "checklist");
        assert_eq!(slug("证书", 6), slug("证书", 6));
        assert!(slug("", 6).len() > 4);
    }
}
