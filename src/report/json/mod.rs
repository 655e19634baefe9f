//! The report as JSON: written, read back, and its schema.

pub mod v1;

use super::{Format, RenderError, Report, Style};

/// `--report json`
pub(super) struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn about(&self) -> &'static str {
        "the whole report for other programs; `ready report` reads it"
    }

    fn render(&self, report: &Report, _: &Style) -> Result<Vec<u8>, RenderError> {
        let mut bytes = serde_json::to_vec_pretty(report)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// Reads a report that was written as JSON.
pub fn read(bytes: &[u8]) -> Result<Report, ReadError> {
    let report: Report =
        serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(bytes))
            .map_err(|error| ReadError::Malformed(error.to_string()))?;
    if report.schema == v1::SCHEMA {
        Ok(report)
    } else {
        Err(ReadError::Version(report.schema))
    }
}

/// The JSON Schema of the report.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Report)
}

/// Why bytes are no report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Not JSON, or not the shape of a report.
    #[error("this is no report: {0}")]
    Malformed(String),
    /// A report of another version.
    #[error("this is a `{0}`, not a `{expected}`", expected = v1::SCHEMA)]
    Version(String),
}

#[cfg(test)]
mod tests {
    use super::{ReadError, read};

    #[test]
    fn what_is_no_report_is_told() {
        for bytes in [&b""[..], b"null", b"[]", b"{\"schema\": 1}", b"\xff"] {
            assert!(matches!(read(bytes), Err(ReadError::Malformed(_))));
        }
    }
}
