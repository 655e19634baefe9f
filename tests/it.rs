//! All integration tests in one crate. Everything outside `real` talks only to servers in
//! this process, on loopback.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test that cannot go on panics, and is told of its surroundings by its runner"
)]

mod support;

mod architecture;
mod catalogue;
mod cli;
mod generated;
mod hostile;
mod import;
mod ledger;
mod licences;
mod pipeline;
mod probes;
mod profiles;
mod real;
mod reports;
mod runs;
