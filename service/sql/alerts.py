"""The statements on the tables of alerts.

Written by `make sql` from `expressions/alerts.py`: change those.
"""

# fmt: off
# ruff: noqa: E501 - as SQLAlchemy compiles it
from service.sql.statement import Statement

STAND = Statement(
    """\
INSERT INTO heartbeat_alerting (name, holder, until, seq, state) VALUES ($1::VARCHAR, $2::VARCHAR, (now() + make_interval(0, 0, 0, 0, 0, 0, $3::FLOAT)), 0, '{}'::jsonb) ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until WHERE heartbeat_alerting.holder = excluded.holder OR heartbeat_alerting.until < now() RETURNING heartbeat_alerting.seq, heartbeat_alerting.state""",
    ('of', 'who', 'lease_s'),
)

LEASE = Statement(
    """\
SELECT heartbeat_alerting.seq, heartbeat_alerting.state
FROM heartbeat_alerting
WHERE heartbeat_alerting.name = $1::VARCHAR""",
    ('of',),
)

RELEASE = Statement(
    """\
UPDATE heartbeat_alerting SET until=now() WHERE heartbeat_alerting.name = $1::VARCHAR AND heartbeat_alerting.holder = $2::VARCHAR""",
    ('of', 'who'),
)

SAVE = Statement(
    """\
UPDATE heartbeat_alerting SET seq=$1::BIGINT, state=$2::JSONB WHERE heartbeat_alerting.name = $3::VARCHAR AND heartbeat_alerting.holder = $4::VARCHAR AND heartbeat_alerting.seq = $5::BIGINT""",
    ('new', 'doc', 'of', 'who', 'known'),
)

CLAIM = Statement(
    """\
UPDATE heartbeat_alert_outbox SET held_until=(now() + make_interval(0, 0, 0, 0, 0, 0, $1::FLOAT)), attempts=(heartbeat_alert_outbox.attempts + 1) WHERE (heartbeat_alert_outbox.event, heartbeat_alert_outbox.target) IN (SELECT heartbeat_alert_outbox.event, heartbeat_alert_outbox.target
FROM heartbeat_alert_outbox
WHERE heartbeat_alert_outbox.name = $2::VARCHAR AND heartbeat_alert_outbox.target = $3::VARCHAR AND heartbeat_alert_outbox.delivered IS NULL AND heartbeat_alert_outbox.dead IS NULL AND heartbeat_alert_outbox.due <= now() AND (heartbeat_alert_outbox.held_until IS NULL OR heartbeat_alert_outbox.held_until <= now()) AND NOT (EXISTS (SELECT *
FROM heartbeat_alert_outbox AS earlier
WHERE earlier.name = heartbeat_alert_outbox.name AND earlier.target = heartbeat_alert_outbox.target AND earlier.alert = heartbeat_alert_outbox.alert AND earlier.position < heartbeat_alert_outbox.position AND earlier.delivered IS NULL AND earlier.dead IS NULL)) ORDER BY heartbeat_alert_outbox.position
 LIMIT 1 FOR UPDATE OF heartbeat_alert_outbox SKIP LOCKED) RETURNING heartbeat_alert_outbox.event, heartbeat_alert_outbox.target, heartbeat_alert_outbox.name, heartbeat_alert_outbox.position, heartbeat_alert_outbox.alert, heartbeat_alert_outbox.said, heartbeat_alert_outbox.created, heartbeat_alert_outbox.due, heartbeat_alert_outbox.held_until, heartbeat_alert_outbox.attempts, heartbeat_alert_outbox.delivered, heartbeat_alert_outbox.dead, heartbeat_alert_outbox.error""",
    ('lease_s', 'of', 'whom'),
)

MERGE = Statement(
    """\
INSERT INTO heartbeat_alert_outbox (event, target, name, alert, said, created, due, attempts, delivered, dead, error) VALUES ($1::UUID, $2::VARCHAR, $3::VARCHAR, $4::UUID, $5::JSONB, now(), now(), $6::INTEGER, $7::TIMESTAMP WITH TIME ZONE, $8::TIMESTAMP WITH TIME ZONE, $9::VARCHAR) ON CONFLICT (event, target) DO UPDATE SET attempts = greatest(heartbeat_alert_outbox.attempts, excluded.attempts), delivered = coalesce(heartbeat_alert_outbox.delivered, excluded.delivered), dead = coalesce(heartbeat_alert_outbox.dead, excluded.dead), error = coalesce(excluded.error, heartbeat_alert_outbox.error)""",
    ('event', 'target', 'name', 'alert', 'said', 'attempts', 'delivered', 'dead', 'error'),
)

TARGETS = Statement(
    """\
SELECT heartbeat_alert_outbox.target, count(*) FILTER (WHERE heartbeat_alert_outbox.delivered IS NULL AND heartbeat_alert_outbox.dead IS NULL) AS waiting, min(heartbeat_alert_outbox.created) FILTER (WHERE heartbeat_alert_outbox.delivered IS NULL AND heartbeat_alert_outbox.dead IS NULL) AS oldest, count(*) FILTER (WHERE heartbeat_alert_outbox.dead > now() - make_interval(secs=>86400.0)::INTERVAL) AS dead, max(heartbeat_alert_outbox.delivered) AS delivered, array_agg(heartbeat_alert_outbox.error) FILTER (WHERE heartbeat_alert_outbox.error IS NOT NULL AND (heartbeat_alert_outbox.delivered IS NULL AND heartbeat_alert_outbox.dead IS NULL OR heartbeat_alert_outbox.dead > now() - make_interval(secs=>86400.0)::INTERVAL)) AS errors
FROM heartbeat_alert_outbox
WHERE heartbeat_alert_outbox.name = $1::VARCHAR GROUP BY heartbeat_alert_outbox.target""",
    ('of',),
)

SETTLE = Statement(
    """\
UPDATE heartbeat_alert_outbox SET due=(now() + make_interval(0, 0, 0, 0, 0, 0, $1::FLOAT)), held_until=NULL::TIMESTAMP WITH TIME ZONE, delivered=$2::TIMESTAMP WITH TIME ZONE, dead=$3::TIMESTAMP WITH TIME ZONE, error=$4::VARCHAR WHERE heartbeat_alert_outbox.event = $5::UUID AND heartbeat_alert_outbox.target = $6::VARCHAR AND heartbeat_alert_outbox.delivered IS NULL""",
    ('wait_s', 'taken', 'given_up', 'why', 'which', 'whom'),
)

WAITING = Statement(
    """\
SELECT heartbeat_alert_outbox.event, heartbeat_alert_outbox.target, heartbeat_alert_outbox.name, heartbeat_alert_outbox.position, heartbeat_alert_outbox.alert, heartbeat_alert_outbox.said, heartbeat_alert_outbox.created, heartbeat_alert_outbox.due, heartbeat_alert_outbox.held_until, heartbeat_alert_outbox.attempts, heartbeat_alert_outbox.delivered, heartbeat_alert_outbox.dead, heartbeat_alert_outbox.error
FROM heartbeat_alert_outbox
WHERE heartbeat_alert_outbox.name = $1::VARCHAR AND heartbeat_alert_outbox.delivered IS NULL AND heartbeat_alert_outbox.dead IS NULL ORDER BY heartbeat_alert_outbox.position
 LIMIT 1000""",
    ('of',),
)

EXPIRE = Statement(
    """\
UPDATE heartbeat_alert_outbox SET dead=now(), error='expired' WHERE heartbeat_alert_outbox.name = $1::VARCHAR AND heartbeat_alert_outbox.delivered IS NULL AND heartbeat_alert_outbox.dead IS NULL AND heartbeat_alert_outbox.created < now() - make_interval(secs=>86400.0)::INTERVAL AND (heartbeat_alert_outbox.held_until IS NULL OR heartbeat_alert_outbox.held_until <= now())""",
    ('of',),
)

RESEND = Statement(
    """\
UPDATE heartbeat_alert_outbox SET created=now(), due=now(), held_until=NULL::TIMESTAMP WITH TIME ZONE, attempts=0, dead=NULL::TIMESTAMP WITH TIME ZONE WHERE heartbeat_alert_outbox.name = $1::VARCHAR AND heartbeat_alert_outbox.dead IS NOT NULL AND heartbeat_alert_outbox.delivered IS NULL""",
    ('of',),
)

PRUNE = Statement(
    """\
DELETE FROM heartbeat_alert_outbox WHERE heartbeat_alert_outbox.name = $1::VARCHAR AND NOT (heartbeat_alert_outbox.delivered IS NULL AND heartbeat_alert_outbox.dead IS NULL) AND heartbeat_alert_outbox.created < now() - make_interval(secs=>7776000.0)::INTERVAL""",
    ('of',),
)

MUTES = Statement(
    """\
SELECT heartbeat_alert_mutes.id, heartbeat_alert_mutes.name, heartbeat_alert_mutes.sources, heartbeat_alert_mutes.reason, heartbeat_alert_mutes.began, heartbeat_alert_mutes.until
FROM heartbeat_alert_mutes
WHERE heartbeat_alert_mutes.name = $1::VARCHAR AND heartbeat_alert_mutes.until > now()""",
    ('of',),
)

MUTE = Statement(
    """\
INSERT INTO heartbeat_alert_mutes (id, name, sources, reason, began, until) VALUES ($1::UUID, $2::VARCHAR, $3::VARCHAR(50)[], $4::VARCHAR, $5::TIMESTAMP WITH TIME ZONE, $6::TIMESTAMP WITH TIME ZONE) ON CONFLICT (id) DO UPDATE SET until = least(heartbeat_alert_mutes.until, excluded.until)""",
    ('id', 'name', 'sources', 'reason', 'began', 'until'),
)

RECENT = Statement(
    """\
SELECT heartbeat_alert_outbox.said, max(heartbeat_alert_outbox.delivered) AS delivered
FROM heartbeat_alert_outbox
WHERE heartbeat_alert_outbox.name = $1::VARCHAR AND heartbeat_alert_outbox.created >= $2::TIMESTAMP WITH TIME ZONE GROUP BY heartbeat_alert_outbox.event, heartbeat_alert_outbox.said ORDER BY max(heartbeat_alert_outbox.created) DESC, max(heartbeat_alert_outbox.position) DESC
 LIMIT $3""",
    ('of', 'since', 'most'),
)
