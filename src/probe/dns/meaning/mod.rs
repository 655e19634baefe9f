//! What records mean: mail authentication and certificate authorities. Text in, facts out;
//! nothing here asks anybody.

pub mod caa;
pub mod dkim;
pub mod dmarc;
pub mod policy;
pub mod spf;
mod tags;
