//! The JSON Schemas that editors check files against while they are written.

use schemars::Schema;

use super::raw::{RawCatalogueCheck, RawProfile};

/// The schema of a profile.
pub fn profile() -> Schema {
    schemars::schema_for!(RawProfile)
}

/// The schema of a check in the catalogue.
pub fn check() -> Schema {
    schemars::schema_for!(RawCatalogueCheck)
}
