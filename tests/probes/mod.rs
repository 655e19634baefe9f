//! One module per probe kind: good, refused, slow, garbage.

mod api;
#[cfg(feature = "backups")]
mod backups;
mod bundle;
mod burst;
mod clickhouse;
mod command;
mod compose;
mod dns;
mod docker;
mod env_file;
mod file;
mod git;
mod github;
mod host;
mod http;
mod jwt;
mod kubernetes;
mod limits;
mod manifests;
mod meaning;
mod nats;
#[cfg(feature = "postgres")]
mod postgres;
mod prometheus;
mod rdap;
mod redis;
mod scenario;
mod sites;
mod ssh;
mod tcp;
mod tls;
mod websocket;
