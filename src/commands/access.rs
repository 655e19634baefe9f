//! What asking a built-in check's questions may do.

use std::collections::BTreeMap;

use crate::probe::Access;
use crate::profile::catalogue::CatalogueCheck;

/// The most that a check of this kind does, judged by its questions with example parameters.
pub(super) fn of(check: &CatalogueCheck) -> Access {
    let Ok(example) = check.example(&BTreeMap::new()) else {
        return Access::default();
    };
    example
        .rule
        .asked()
        .iter()
        .flat_map(|asked| asked.probe.contacts())
        .map(|contact| contact.access)
        .max()
        .unwrap_or_default()
}
