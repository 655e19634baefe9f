//! The same probes against real programs (nginx, OpenSSL, name servers) on loopback.
//!
//! A program that is not installed is told and skipped on a laptop, and a failure where
//! `READY_REQUIRE_SERVERS` is set, as the test command does. `cargo test -- --skip real::`
//! runs everything else.
