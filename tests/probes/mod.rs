//! One module per probe kind: good, refused, slow, garbage.

pub(crate) mod api;
#[cfg(feature = "backups")]
pub(crate) mod backups;
mod bundle;
mod burst;
pub(crate) mod clickhouse;
mod command;
mod compose;
mod dns;
pub(crate) mod docker;
mod env_file;
mod file;
mod git;
pub(crate) mod github;
mod host;
mod http;
pub(crate) mod jwt;
pub(crate) mod kubernetes;
mod limits;
mod manifests;
mod meaning;
mod nats;
#[cfg(feature = "postgres")]
mod postgres;
mod prometheus;
pub(crate) mod rdap;
mod redis;
mod saved_run;
mod scenario;
mod sites;
mod ssh;
mod tcp;
mod tls;
pub(crate) mod websocket;
