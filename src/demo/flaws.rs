//! What is wrong with the shop, by the check that finds it.

/// One deliberate flaw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The built-in check that finds it.
    pub check: &'static str,
    /// Where it comes from.
    pub source: &'static str,
}

/// Every deliberate flaw.
pub const FLAWS: &[Flaw] = &[];
