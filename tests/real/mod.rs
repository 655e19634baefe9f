//! The same probes against real programs (nginx, OpenSSL, name servers, Redis …) on loopback.
//!
//! A program that is not installed is told and skipped on a laptop, and a failure where
//! `READY_REQUIRE_SERVERS` is set, as the test command does. `cargo test -- --skip real::`
//! runs everything else.

mod audit;
#[cfg(all(feature = "backups", feature = "postgres"))]
mod backups;
mod bundle;
// They ask every kind.
#[cfg(all(feature = "backups", feature = "postgres"))]
mod checklists;
mod clickhouse;
mod compose;
mod docker;
mod host;
mod http;
mod ledger;
mod limits;
// For the stands of checklists.
#[cfg(all(feature = "backups", feature = "postgres"))]
mod machine;
mod nameserver;
mod nats;
mod nginx;
mod openssl;
#[cfg(feature = "postgres")]
mod postgres;
mod prometheus;
mod redis;
#[cfg(feature = "postgres")]
mod row_security;
pub mod services;
mod ssh;
// It asks every kind.
#[cfg(all(feature = "backups", feature = "postgres"))]
mod stand;

use std::path::PathBuf;

/// Where servers are installed, which is not always searched.
const SERVERS: &str = "/usr/sbin";

/// The installed program of this name. One that is missing is told and the test skipped, or
/// the test fails where `READY_REQUIRE_SERVERS` is set.
#[expect(
    clippy::print_stderr,
    reason = "whoever runs the tests must see what was skipped"
)]
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain([PathBuf::from(SERVERS)])
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file());
    if found.is_none() {
        assert!(
            std::env::var_os("READY_REQUIRE_SERVERS").is_none(),
            "{name} is not installed, and READY_REQUIRE_SERVERS is set"
        );
        eprintln!("skipped: {name} is not installed");
    }
    found
}
