//! The report and the formats it can be rendered in.
//!
//! A format is a function from the report to bytes. Where they go, and the exit code, is the
//! caller's business. Everything in a report may come from a hostile server: each format makes
//! it harmless in its own way.

mod build;
mod findings;
mod junit;
mod markdown;
mod terminal;
mod words;

pub mod json;

pub use json::v1::{Check, Claims, Report, Run, Tool};

/// How to render.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to use colour.
    pub color: bool,
    /// Columns to fill.
    pub width: usize,
    /// Whether to show every check, also those that pass.
    pub verbose: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            color: false,
            width: 80,
            verbose: false,
        }
    }
}

/// A way to render a report.
pub trait Format: Sync {
    /// The name that `--report` takes.
    fn name(&self) -> &'static str;

    /// What it is for, in a line.
    fn about(&self) -> &'static str;

    /// The report in this format.
    fn render(&self, report: &Report, style: &Style) -> Result<Vec<u8>, RenderError>;
}

/// Every format; help, lists and tests follow from this.
pub const FORMATS: &[&dyn Format] = &[
    &terminal::Terminal,
    &json::Json,
    &junit::Junit,
    &markdown::Markdown,
];

/// The format with this name.
pub fn format(name: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.name() == name)
}

/// Why a report could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// Values that JSON cannot hold.
    #[error("the report cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// Values that XML cannot hold.
    #[error("the report cannot be written as XML")]
    Xml(#[from] quick_junit::SerializeError),
}
