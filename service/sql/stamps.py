"""The statements on `last_update`.

Written by `make sql` from `expressions/stamps.py`: change those.
"""

# fmt: off
# ruff: noqa: E501 - as SQLAlchemy compiles it
from service.sql.statement import Statement

WRITE = Statement(
    """\
WITH written AS
(INSERT INTO last_update (source, timestamp, metadata) SELECT $1::VARCHAR AS anon_2, $2::TIMESTAMP WITH TIME ZONE AS anon_3, $3::JSONB AS anon_4
WHERE clock_timestamp() BETWEEN $4::TIMESTAMP WITH TIME ZONE - make_interval(secs=>5.0)::INTERVAL AND $4::TIMESTAMP WITH TIME ZONE + make_interval(secs=>5.0)::INTERVAL ON CONFLICT (source) DO UPDATE SET timestamp = excluded.timestamp, metadata = excluded.metadata WHERE last_update.timestamp < excluded.timestamp OR last_update.timestamp > clock_timestamp() + make_interval(secs=>5.0)::INTERVAL RETURNING last_update.source)
 SELECT EXISTS (SELECT written.source
FROM written) AS anon_1, EXTRACT(epoch FROM clock_timestamp() - $4::TIMESTAMP WITH TIME ZONE) AS anon_5""",
    ('source', 'timestamp', 'metadata', 'our_now'),
)

READ = Statement(
    """\
SELECT CASE WHEN (last_update.timestamp BETWEEN '1971-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE AND '2900-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) THEN last_update.timestamp END AS timestamp, CASE WHEN (length(CAST(last_update.metadata AS TEXT)) > 131072) THEN 'null'::VARCHAR ELSE CAST(last_update.metadata AS TEXT) END AS report
FROM last_update
WHERE last_update.source = $1::VARCHAR""",
    ('name',),
)

PROBE = Statement(
    """\
UPDATE last_update SET timestamp=last_update.timestamp WHERE false""",
    (),
)
