//! Small readers that the header families share.

use http::HeaderMap;

/// How many entries a list of facts holds at most; what is beyond is dropped.
pub(in crate::probe) const MOST: usize = 200;

/// How many characters of a value from the network are kept at most.
const LONGEST: usize = 2048;

/// Every value of a header in the order received, bytes outside ASCII read as Latin-1.
pub(super) fn values(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers
        .get_all(name)
        .iter()
        .map(|value| value.as_bytes().iter().copied().map(char::from).collect())
        .collect()
}

/// The first value of a header, trimmed; `None` also when it is empty.
pub(super) fn first(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = values(headers, name).into_iter().next()?;
    let value = value.trim();
    (!value.is_empty()).then(|| short(value))
}

/// The members of a comma-separated header over all its lines, trimmed, empty ones left out.
pub(super) fn members(headers: &HeaderMap, name: &str) -> Vec<String> {
    values(headers, name)
        .iter()
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|member| !member.is_empty())
        .take(MOST)
        .map(short)
        .collect()
}

/// At most the first [`LONGEST`] characters.
pub(super) fn short(value: &str) -> String {
    shortened(value, LONGEST)
}

/// At most the first `limit` characters.
pub(super) fn shortened(value: &str, limit: usize) -> String {
    value.chars().take(limit).collect()
}

/// A number of things as a fact.
pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// The content of a quoted string, or the text itself when it is not quoted.
pub(super) fn unquoted(value: &str) -> &str {
    value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(value)
}
