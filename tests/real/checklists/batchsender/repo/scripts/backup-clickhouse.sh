#!/bin/sh
# The keys of the bucket are a named collection of ClickHouse.
set -eu
clickhouse-client --query "BACKUP DATABASE default TO S3(backups, '$(date +%F)')"
