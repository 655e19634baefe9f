//! What does an HTTP server answer?

mod exchange;
pub mod meaning;

pub use exchange::Exchange;
