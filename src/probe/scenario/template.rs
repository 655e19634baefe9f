//! `{{name}}` in the fields of a step: what an earlier step captured.

/// `text` with each `{{name}}` replaced; `None` where one does not end or is no name.
pub(super) fn replaced(text: &str, put: impl Fn(&str) -> String) -> Option<String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once("{{") {
        let (name, after) = named(tail)?;
        filled.push_str(before);
        filled.push_str(&put(name));
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

/// The names in `text`; `None` as above.
pub(super) fn names(text: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some((_, tail)) = rest.split_once("{{") {
        let (name, after) = named(tail)?;
        names.push(name);
        rest = after;
    }
    Some(names)
}

/// The name that `tail` begins with, and what comes after its end.
fn named(tail: &str) -> Option<(&str, &str)> {
    tail.split_once("}}").filter(|(name, _)| is_name(name))
}

/// Whether expressions can write it after a dot.
pub(super) fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters
        .next()
        .is_some_and(|first| first.is_ascii_lowercase())
        && characters.all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_')
        && text.len() <= 60
}

#[cfg(test)]
mod tests {
    use super::{names, replaced};

    #[test]
    fn names_are_replaced_and_what_is_none_is_told() {
        let shown = |text| replaced(text, |name| format!("<{name}>"));
        assert_eq!(
            shown("a {{x}}{{y_2}} }} b").as_deref(),
            Some("a <x><y_2> }} b")
        );
        assert_eq!(names("a {{x}}{{y_2}}"), Some(vec!["x", "y_2"]));
        assert_eq!(shown("${secrets.T}").as_deref(), Some("${secrets.T}"));
        for wrong in [
            "{{",
            "{{x",
            "{{x y}}",
            "{{}}",
            "{{X}}",
            "{{ x }}",
            "{{{{x}}}}",
        ] {
            assert_eq!((shown(wrong), names(wrong)), (None, None), "{wrong}");
        }
    }
}
