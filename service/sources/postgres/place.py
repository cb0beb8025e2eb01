"""Identify the server: by its timeline, which each promotion increases, and its address."""

from service.sql.statement import Statement

# https://www.postgresql.org/docs/17/functions-admin.html#FUNCTIONS-ADMIN-BACKUP: a WAL file's name
# begins with the timeline, in eight hexadecimal digits. A standby refuses to name one.
PLACE = Statement(
    "SELECT CASE WHEN NOT pg_is_in_recovery() "
    "THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS timeline, "
    "host(inet_server_addr()) AS address"
)
