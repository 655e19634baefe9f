//! Which known name was probably meant.

/// Names that are listed when none is near.
const MAX_LISTED: usize = 12;

/// The name that differs least, if it differs little.
pub(super) fn near<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let plain = |name: &str| name.replace(['_', '-'], "").to_lowercase();
    let wrong = plain(wrong);
    let allowed = match wrong.chars().count() {
        0..=2 => 0,
        3..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&wrong, &plain(name)), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// What there is, as advice.
pub(super) fn listed(names: &[&str]) -> Option<String> {
    let shown: Vec<String> = names
        .iter()
        .take(MAX_LISTED)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = names.len().saturating_sub(MAX_LISTED);
    match (shown.len(), more) {
        (0, _) => None,
        (_, 0) => Some(format!("there is {}", shown.join(", "))),
        (_, more) => Some(format!("there is {} and {more} more", shown.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn slips_are_near_and_other_words_are_not() {
        let names = ["days_left", "verified", "not_after"];
        assert_eq!(near("days_lft", names), Some("days_left"));
        assert_eq!(near("daysLeft", names), Some("days_left"));
        assert_eq!(near("notafter", names), Some("not_after"));
        assert_eq!(near("issuer", names), None);
        assert_eq!(near("x", ["y"]), None);
    }
}
