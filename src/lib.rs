//! `ready` asks a running system whether it is ready for production.
//!
//! Data runs one way:
//!
//! ```text
//! profile ──▶ plan ──▶ gather ──▶ judge ──▶ score ──▶ report
//!  YAML       probes   the only    pure       pure     &Report → bytes
//!  → valid    deduped  async part  sync       sync
//!  checks     by value evidence    verdicts   numbers
//! ```
//!
//! Only [`probe`]s touch the outside world. Everything after [`gather`] is a plain
//! function of data, so it can be run again on saved evidence and cannot hang.

pub mod profile;

pub mod check;
pub mod plan;
pub mod probe;

pub mod evidence;
pub mod gather;

pub mod ledger;

pub mod judge;
pub mod score;

pub mod report;

pub mod import;

pub mod cli;
pub mod commands;
pub mod demo;
pub mod diagnostic;
pub mod exit;
pub mod host;
pub mod reason;
pub mod secret;
pub mod selection;
pub mod store;
pub mod text;
pub mod units;
