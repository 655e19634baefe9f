//! Settings that a server shows to superusers and to `pg_read_all_settings` alone: it leaves them
//! out of the list for everybody else, as if it did not have them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Postgres;
use super::session::{Limits, Session};
use crate::probe::{Context, ProbeError};
use crate::reason::Reason;

/// Their names (`GUC_SUPERUSER_ONLY` in the server's source), up to version 18.
const NAMES: &[&str] = &[
    "config_file",
    "data_directory",
    "dynamic_library_path",
    "extension_control_path",
    "extension_destdir",
    "external_pid_file",
    "hba_file",
    "ident_file",
    "jit_provider",
    "krb_server_keyfile",
    "log_directory",
    "log_filename",
    "oauth_validator_libraries",
    "primary_conninfo",
    "session_preload_libraries",
    "shared_preload_libraries",
    "ssl_ciphers",
    "ssl_dh_params_file",
    "ssl_ecdh_curve",
    "ssl_groups",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "ssl_passphrase_command",
    "ssl_tls13_ciphers",
    "stats_temp_directory",
    "unix_socket_directories",
];

const SEES_ALL: &str = "SELECT pg_catalog.pg_has_role('pg_read_all_settings', 'USAGE')::text";

impl Postgres {
    /// Adds a gap for each setting that the server may have and not show.
    pub(super) async fn tell_hidden(
        &self,
        session: &Session,
        found: &Map<String, Value>,
        gaps: &mut BTreeMap<String, ProbeError>,
        context: &Context,
    ) -> Result<(), ProbeError> {
        let Some(Value::Object(settings)) = found.get("settings") else {
            return Ok(());
        };
        context.traffic.request();
        let error = match session.one(SEES_ALL, Limits::TimeAndNames).await {
            Ok(Some(sees)) if sees == "true" => return Ok(()),
            Ok(_) => {
                let place = format!("{}:{}", self.host, self.port);
                let cause = format!("{place} does not show {} all settings", self.user);
                ProbeError::new(Reason::PermissionDenied, cause)
                    .with_detail("grant the role pg_read_all_settings, or pg_monitor")
            }
            Err(error) if error.reason == Reason::QueryRefused => error,
            Err(error) => return Err(error),
        };
        let hidden = NAMES.iter().filter(|name| !settings.contains_key(**name));
        gaps.extend(hidden.map(|name| (format!("settings.{name}"), error.clone())));
        Ok(())
    }
}
