//! The questions that are put to every server: each gives one JSON object, whose keys are facts.
//!
//! Every name is written with its schema, so that nobody's function of the same name is called.

/// The facts that a question gives, and its text.
pub(super) type Question = (&'static [&'static str], &'static str);

/// Whether the login sees what other sessions do. Without that the server does not refuse: it
/// shows nothing, which would look like nobody being there.
pub(super) const SEES_OTHERS: &str =
    "SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')::text";

/// Facts that only a login has who sees what other sessions do.
pub(super) const OF_OTHERS: &[&str] = &["connections", "standbys"];

/// Lists and the most of each that are told of. One more is asked for, to know whether there are
/// more.
pub(super) const MOST: &[(&str, usize)] = &[
    ("invalid_indexes", 1000),
    ("slots", 1000),
    ("standbys", 1000),
    ("tables", 5000),
];

/// The questions, in order.
pub(super) const QUESTIONS: &[Question] = &[
    (
        &["version", "standby"],
        "SELECT pg_catalog.json_build_object(
            'version', pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1),
            'standby', pg_catalog.pg_is_in_recovery())",
    ),
    (
        &["settings"],
        "SELECT pg_catalog.json_build_object('settings',
            (SELECT pg_catalog.json_object_agg(name, pg_catalog.current_setting(name, true))
             FROM pg_catalog.pg_settings
             WHERE pg_catalog.current_setting(name, true) IS NOT NULL
                 AND name NOT LIKE 'transaction\\_%'))",
    ),
    (
        &["login"],
        "SELECT pg_catalog.json_build_object('login', pg_catalog.json_build_object(
            'name', rolname, 'superuser', rolsuper, 'bypass_rls', rolbypassrls,
            'create_role', rolcreaterole, 'create_db', rolcreatedb, 'replication', rolreplication))
         FROM pg_catalog.pg_roles WHERE rolname = current_user",
    ),
    (
        &["superusers", "bypass_rls"],
        "SELECT pg_catalog.json_build_object(
            'superusers', coalesce(pg_catalog.json_agg(rolname ORDER BY rolname)
                FILTER (WHERE rolsuper), '[]'),
            'bypass_rls', coalesce(pg_catalog.json_agg(rolname ORDER BY rolname)
                FILTER (WHERE rolbypassrls AND NOT rolsuper), '[]'))
         FROM pg_catalog.pg_roles WHERE rolcanlogin",
    ),
    (
        &["connections"],
        "SELECT pg_catalog.json_build_object('connections', pg_catalog.json_build_object(
            'used', pg_catalog.count(*),
            'limit', pg_catalog.current_setting('max_connections')::bigint,
            'idle_in_transaction', pg_catalog.count(*)
                FILTER (WHERE state LIKE 'idle in transaction%')))
         FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'",
    ),
    (
        &["database"],
        "SELECT pg_catalog.json_build_object('database', pg_catalog.json_build_object(
            'name', datname, 'bytes', pg_catalog.pg_database_size(oid),
            'transactions_left', 2147483648 - pg_catalog.age(datfrozenxid)))
         FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()",
    ),
    (
        &["invalid_indexes"],
        "SELECT pg_catalog.json_build_object('invalid_indexes',
            coalesce(pg_catalog.json_agg(name ORDER BY name), '[]'))
         FROM (SELECT n.nspname || '.' || c.relname AS name
               FROM pg_catalog.pg_index i
               JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               WHERE NOT i.indisvalid ORDER BY 1 LIMIT 1001) found",
    ),
    (
        &["tables"],
        "SELECT pg_catalog.json_build_object('tables', coalesce(pg_catalog.json_agg(t), '[]'))
         FROM (SELECT n.nspname || '.' || c.relname AS name, c.relrowsecurity AS rls,
                   c.relforcerowsecurity AS forced_rls,
                   coalesce(s.n_dead_tup, 0) AS dead_rows, coalesce(s.n_live_tup, 0) AS live_rows
               FROM pg_catalog.pg_class c
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               LEFT JOIN pg_catalog.pg_stat_all_tables s ON s.relid = c.oid
               WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema'
                   AND n.nspname NOT LIKE 'pg\\_%'
               ORDER BY 1 LIMIT 5001) t",
    ),
    (
        &["standbys"],
        "SELECT pg_catalog.json_build_object('standbys', coalesce(pg_catalog.json_agg(t), '[]'))
         FROM (SELECT application_name AS name, state,
                   pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery()
                       THEN pg_catalog.pg_last_wal_replay_lsn()
                       ELSE pg_catalog.pg_current_wal_lsn() END, replay_lsn)::bigint AS lag_bytes,
                   extract(epoch FROM replay_lag) AS lag_seconds
               FROM pg_catalog.pg_stat_replication ORDER BY 1 LIMIT 1001) t",
    ),
    (
        &["slots"],
        "SELECT pg_catalog.json_build_object('slots', coalesce(pg_catalog.json_agg(t), '[]'))
         FROM (SELECT slot_name AS name, active,
                   pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery()
                       THEN pg_catalog.pg_last_wal_replay_lsn()
                       ELSE pg_catalog.pg_current_wal_lsn() END, restart_lsn)::bigint AS kept_bytes
               FROM pg_catalog.pg_replication_slots ORDER BY 1 LIMIT 1001) t",
    ),
    (
        &["archiver"],
        "SELECT pg_catalog.json_build_object('archiver', pg_catalog.json_build_object(
            'on', pg_catalog.current_setting('archive_mode') <> 'off',
            'archived', archived_count, 'failed', failed_count,
            'failing', coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false),
            'last_archived_age_seconds',
                extract(epoch FROM pg_catalog.now() - last_archived_time)::bigint))
         FROM pg_catalog.pg_stat_archiver",
    ),
    (
        &["extensions"],
        "SELECT pg_catalog.json_build_object('extensions',
            coalesce(pg_catalog.json_object_agg(extname, extversion), '{}'))
         FROM pg_catalog.pg_extension",
    ),
];
