//! The `tls` probe and the judgement of certificate chains.

mod chains;
mod faults;
mod legacy;
mod server;
mod shown;
mod starttls;
