//! What does an HTTP server answer?

mod exchange;

pub use exchange::Exchange;
