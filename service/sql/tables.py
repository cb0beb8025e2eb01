"""The tables, and the columns of each.

Written by `make sql` from `schema/tables.py`: change those.
"""

# fmt: off
# ruff: noqa: E501 - as SQLAlchemy compiles it

COLUMNS = {
    'last_update': ('source', 'timestamp', 'metadata'),
    'heartbeat_beats': ('name', 'source', 'slot', 'interval_seconds', 'stamp', 'error', 'attempts', 'latency_ms'),
    'heartbeat_hours': ('name', 'source', 'hour', 'ok', 'failed', 'unknown', 'before', 'interval_seconds', 'latencies', 'dirty', 'pruned', 'seconds'),
    'heartbeat_days': ('name', 'source', 'day', 'ok', 'failed', 'unknown', 'before', 'interval_seconds', 'latencies', 'seconds'),
    'heartbeat_incidents': ('name', 'source', 'began', 'ended', 'error', 'missed'),
    'heartbeat_leases': ('name', 'post', 'holder', 'until', 'token'),
    'heartbeat_alerting': ('name', 'holder', 'until', 'seq', 'state'),
    'heartbeat_alert_outbox': ('event', 'target', 'name', 'position', 'alert', 'said', 'created', 'due', 'held_until', 'attempts', 'delivered', 'dead', 'error'),
    'heartbeat_alert_mutes': ('id', 'name', 'sources', 'reason', 'began', 'until'),
}
