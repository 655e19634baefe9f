//! Lists of `tag=value;`, as DMARC, DKIM, MTA-STS and TLS-RPT records have them.

/// The tags in their order, names in lower case, and what could not be read.
pub(super) struct Tags<'t> {
    list: Vec<(String, &'t str)>,
    pub(super) problems: Vec<String>,
}

impl<'t> Tags<'t> {
    pub(super) fn parse(text: &'t str) -> Self {
        let (mut list, mut problems) = (Vec::new(), Vec::new());
        for part in text.split(';').map(str::trim) {
            if part.is_empty() {
                continue;
            }
            let Some((name, value)) = part.split_once('=') else {
                problems.push(format!("`{part}` is not `tag=value`"));
                continue;
            };
            let name = name.trim().to_ascii_lowercase();
            if list.iter().any(|(seen, _)| *seen == name) {
                problems.push(format!("`{name}=` is given more than once"));
                continue;
            }
            list.push((name, value.trim()));
        }
        Self { list, problems }
    }

    pub(super) fn find(&self, name: &str) -> Option<&'t str> {
        self.list
            .iter()
            .find_map(|(tag, value)| (tag == name).then_some(*value))
    }

    /// Whether the record begins with `v=version`.
    pub(super) fn begin_with(&self, version: &str) -> bool {
        self.list
            .first()
            .is_some_and(|(tag, value)| tag == "v" && *value == version)
    }
}

/// A comma-separated list.
pub(super) fn list(value: &str) -> Vec<String> {
    value
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}
