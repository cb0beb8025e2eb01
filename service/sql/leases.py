"""The statements on the table of leases.

Written by `make sql` from `expressions/leases.py`: change those.
"""

# fmt: off
# ruff: noqa: E501 - as SQLAlchemy compiles it
from service.sql.statement import Statement

CLAIM = Statement(
    """\
WITH taken AS
(INSERT INTO heartbeat_leases (name, post, holder, until, token) VALUES ($1::VARCHAR, $2::VARCHAR, $3::VARCHAR, (now() + make_interval(0, 0, 0, 0, 0, 0, $4::FLOAT)), ($5::BIGINT + 1)) ON CONFLICT (name, post) DO UPDATE SET holder = excluded.holder, until = excluded.until, token = CASE WHEN (heartbeat_leases.holder = excluded.holder) THEN greatest(heartbeat_leases.token, excluded.token - 1) ELSE greatest(heartbeat_leases.token, excluded.token - 1) + 1 END WHERE heartbeat_leases.holder = excluded.holder OR heartbeat_leases.until <= now() RETURNING heartbeat_leases.token)
 SELECT (SELECT taken.token
FROM taken) AS taken, (SELECT heartbeat_leases.holder
FROM heartbeat_leases
WHERE heartbeat_leases.name = $1::VARCHAR AND heartbeat_leases.post = $2::VARCHAR AND heartbeat_leases.until > now()) AS holder, (SELECT heartbeat_leases.token
FROM heartbeat_leases
WHERE heartbeat_leases.name = $1::VARCHAR AND heartbeat_leases.post = $2::VARCHAR AND heartbeat_leases.until > now()) AS token, (SELECT EXTRACT(epoch FROM heartbeat_leases.until - now()) AS anon_1
FROM heartbeat_leases
WHERE heartbeat_leases.name = $1::VARCHAR AND heartbeat_leases.post = $2::VARCHAR AND heartbeat_leases.until > now()) AS left_s, (SELECT array_agg(heartbeat_leases.holder ORDER BY heartbeat_leases.holder) AS array_agg_1
FROM heartbeat_leases
WHERE heartbeat_leases.name = $1::VARCHAR AND starts_with(heartbeat_leases.post, $2::VARCHAR || ':') AND heartbeat_leases.until > now()) AS standbys""",
    ('of', 'what', 'who', 'lease_s', 'known'),
)

LOOK = Statement(
    """\
SELECT NULL AS taken, (SELECT heartbeat_leases.holder
FROM heartbeat_leases
WHERE heartbeat_leases.name = $1::VARCHAR AND heartbeat_leases.post = $2::VARCHAR AND heartbeat_leases.until > now()) AS holder, (SELECT heartbeat_leases.token
FROM heartbeat_leases
WHERE heartbeat_leases.name = $1::VARCHAR AND heartbeat_leases.post = $2::VARCHAR AND heartbeat_leases.until > now()) AS token, (SELECT EXTRACT(epoch FROM heartbeat_leases.until - now()) AS anon_1
FROM heartbeat_leases
WHERE heartbeat_leases.name = $1::VARCHAR AND heartbeat_leases.post = $2::VARCHAR AND heartbeat_leases.until > now()) AS left_s, (SELECT array_agg(heartbeat_leases.holder ORDER BY heartbeat_leases.holder) AS array_agg_1
FROM heartbeat_leases
WHERE heartbeat_leases.name = $1::VARCHAR AND starts_with(heartbeat_leases.post, $2::VARCHAR || ':') AND heartbeat_leases.until > now()) AS standbys""",
    ('of', 'what'),
)

STAND_BY = Statement(
    """\
INSERT INTO heartbeat_leases (name, post, holder, until, token) VALUES ($1::VARCHAR, ($2::VARCHAR || ':' || $3::VARCHAR), $3::VARCHAR, (now() + make_interval(0, 0, 0, 0, 0, 0, $4::FLOAT)), 0) ON CONFLICT (name, post) DO UPDATE SET holder = excluded.holder, until = excluded.until, token = CASE WHEN (heartbeat_leases.holder = excluded.holder) THEN greatest(heartbeat_leases.token, excluded.token - 1) ELSE greatest(heartbeat_leases.token, excluded.token - 1) + 1 END WHERE heartbeat_leases.holder = excluded.holder OR heartbeat_leases.until <= now() RETURNING heartbeat_leases.post""",
    ('of', 'what', 'who', 'lease_s'),
)

LEAVE = Statement(
    """\
DELETE FROM heartbeat_leases WHERE heartbeat_leases.name = $1::VARCHAR AND starts_with(heartbeat_leases.post, $2::VARCHAR || ':') AND heartbeat_leases.holder = $3::VARCHAR""",
    ('of', 'what', 'who'),
)

RELEASE = Statement(
    """\
UPDATE heartbeat_leases SET until=now() WHERE heartbeat_leases.name = $1::VARCHAR AND heartbeat_leases.post = $2::VARCHAR AND heartbeat_leases.holder = $3::VARCHAR""",
    ('of', 'what', 'who'),
)

FORGET = Statement(
    """\
DELETE FROM heartbeat_leases WHERE heartbeat_leases.name = $1::VARCHAR AND starts_with(heartbeat_leases.post, $2::VARCHAR || ':') AND heartbeat_leases.until < now() - make_interval(secs=>3600.0)::INTERVAL""",
    ('of', 'what'),
)
