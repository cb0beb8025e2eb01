"""The statements on what history keeps.

Written by `make sql` from `expressions/`: change those.
"""

# fmt: off
# ruff: noqa: E501 - as SQLAlchemy compiles it
from service.sql.statement import Statement

LOCK = Statement(
    """\
SELECT clock_timestamp() AS clock_timestamp_1, set_config('idle_in_transaction_session_timeout'::VARCHAR, '15s'::VARCHAR, true) AS set_config_1, pg_advisory_xact_lock(1650811252, hashtext($1::VARCHAR)) AS pg_advisory_xact_lock_1""",
    ('name',),
)

ADD = Statement(
    """\
WITH "new" AS
(INSERT INTO heartbeat_beats (name, source, slot, interval_seconds, stamp, error, attempts, latency_ms) SELECT $1::VARCHAR AS anon_1, given.source AS source, given.slot AS slot, given.interval_seconds AS interval_seconds, given.stamp AS stamp, given.error AS error, given.attempts AS attempts, given.latency_ms AS latency_ms
FROM unnest($2::VARCHAR(50)[], $3::TIMESTAMP WITH TIME ZONE[], $4::FLOAT[], $5::TIMESTAMP WITH TIME ZONE[], $6::VARCHAR(20)[], $7::INTEGER[], $8::FLOAT[]) AS given(source, slot, interval_seconds, stamp, error, attempts, latency_ms)
WHERE NOT coalesce((SELECT heartbeat_hours.pruned
FROM heartbeat_hours
WHERE heartbeat_hours.name = $1::VARCHAR AND heartbeat_hours.source = given.source AND heartbeat_hours.hour = date_trunc('hour'::VARCHAR, given.slot, 'UTC'::VARCHAR)), false) ON CONFLICT DO NOTHING RETURNING heartbeat_beats.source, heartbeat_beats.slot, heartbeat_beats.interval_seconds, heartbeat_beats.error),
opened AS
(INSERT INTO heartbeat_hours (name, source, hour, ok, failed, unknown, before, interval_seconds, latencies, dirty, pruned, seconds) SELECT $1::VARCHAR AS anon_1, "new".source AS source, date_trunc('hour'::VARCHAR, "new".slot, 'UTC'::VARCHAR) AS date_trunc_1, 0 AS anon_2, 0 AS anon_3, 0 AS anon_4, 0 AS anon_5, max("new".interval_seconds) AS max_1, CAST(ARRAY[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]::INTEGER[] AS INTEGER[]) AS anon_6, true AS anon_7, false AS anon_8, CAST(NULL AS FLOAT[]) AS anon_9
FROM "new" GROUP BY "new".source, date_trunc('hour'::VARCHAR, "new".slot, 'UTC'::VARCHAR) ON CONFLICT (name, source, hour) DO UPDATE SET dirty = true::BOOLEAN WHERE NOT heartbeat_hours.dirty AND NOT heartbeat_hours.pruned),
undone AS
(DELETE FROM heartbeat_days USING "new" WHERE heartbeat_days.name = $1::VARCHAR AND heartbeat_days.source = "new".source AND heartbeat_days.day = date_trunc('day'::VARCHAR, "new".slot, 'UTC'::VARCHAR))
 SELECT "new".source, min("new".slot) AS min_1, max("new".slot) AS max_2
FROM "new" GROUP BY "new".source
HAVING count("new".error) > 0 OR (EXISTS (SELECT *
FROM heartbeat_incidents
WHERE heartbeat_incidents.name = $1::VARCHAR AND heartbeat_incidents.source = "new".source AND heartbeat_incidents.began <= max("new".slot) AND coalesce(heartbeat_incidents.ended, max("new".slot)) >= min("new".slot)))""",
    ('name', 'source', 'slot', 'interval_seconds', 'stamp', 'error', 'attempts', 'latency_ms'),
)

DERIVE = Statement(
    """\
WITH bounds AS
(SELECT given.source AS source, coalesce((SELECT max(heartbeat_beats.slot) AS max_1
FROM heartbeat_beats
WHERE heartbeat_beats.name = $1::VARCHAR AND heartbeat_beats.source = given.source AND heartbeat_beats.error IS NULL AND heartbeat_beats.slot < given.first), '-infinity'::timestamptz) AS after, coalesce((SELECT min(heartbeat_beats.slot) AS min_1
FROM heartbeat_beats
WHERE heartbeat_beats.name = $1::VARCHAR AND heartbeat_beats.source = given.source AND heartbeat_beats.error IS NULL AND heartbeat_beats.slot > given.last), 'infinity'::timestamptz) AS until
FROM unnest($2::VARCHAR[], $3::TIMESTAMP WITH TIME ZONE[], $4::TIMESTAMP WITH TIME ZONE[]) AS given(source, first, last)),
around AS
(SELECT heartbeat_beats.source AS source, heartbeat_beats.slot AS slot, heartbeat_beats.error AS error, count(*) FILTER (WHERE heartbeat_beats.error IS NULL) OVER (PARTITION BY heartbeat_beats.source ORDER BY heartbeat_beats.slot) AS run
FROM heartbeat_beats, bounds
WHERE heartbeat_beats.name = $1::VARCHAR AND heartbeat_beats.source = bounds.source AND heartbeat_beats.slot > bounds.after AND heartbeat_beats.slot <= bounds.until),
spans AS
(SELECT around.source AS source, min(around.slot) AS first, max(around.slot) AS last
FROM around GROUP BY around.source),
found AS
(SELECT runs.source AS source, runs.began AS began, runs.ended AS ended, runs.error AS error, runs.missed AS missed
FROM (SELECT around.source AS source, min(around.slot) FILTER (WHERE around.error IS NOT NULL) AS began, lead(min(around.slot)) OVER (PARTITION BY around.source ORDER BY around.run) AS ended, (array_remove(array_agg(around.error ORDER BY around.slot), NULL))[1] AS error, count(*) FILTER (WHERE around.error IS NOT NULL) AS missed
FROM around GROUP BY around.source, around.run) AS runs
WHERE runs.missed > 0),
wrong AS
(DELETE FROM heartbeat_incidents USING spans WHERE heartbeat_incidents.name = $1::VARCHAR AND heartbeat_incidents.source = spans.source AND heartbeat_incidents.began BETWEEN spans.first AND spans.last AND NOT (EXISTS (SELECT *
FROM found
WHERE found.source = heartbeat_incidents.source AND heartbeat_incidents.began = found.began)))
 INSERT INTO heartbeat_incidents (name, source, began, ended, error, missed) SELECT $1::VARCHAR AS anon_1, found.source, found.began, found.ended, found.error, found.missed
FROM found ON CONFLICT (name, source, began) DO UPDATE SET ended = excluded.ended, error = excluded.error, missed = excluded.missed WHERE heartbeat_incidents.ended IS DISTINCT FROM excluded.ended OR heartbeat_incidents.error IS DISTINCT FROM excluded.error OR heartbeat_incidents.missed IS DISTINCT FROM excluded.missed""",
    ('name', 'sources', 'first', 'last'),
)

COUNT_HOURS = Statement(
    """\
WITH "some" AS
(SELECT heartbeat_hours.source AS source, heartbeat_hours.hour AS hour
FROM heartbeat_hours
WHERE heartbeat_hours.name = $1::VARCHAR AND heartbeat_hours.dirty AND heartbeat_hours.hour + make_interval(secs=>3600.0)::INTERVAL <= $2::TIMESTAMP WITH TIME ZONE - CAST(heartbeat_hours.interval_seconds + 30.0::FLOAT AS FLOAT) * make_interval(secs=>1.0)::INTERVAL ORDER BY heartbeat_hours.hour
 LIMIT $3::INTEGER)
 UPDATE heartbeat_hours SET ok=fresh.ok, failed=fresh.failed, unknown=fresh.unknown, before=fresh.before, interval_seconds=fresh.interval_seconds, latencies=fresh.latencies, dirty=false::BOOLEAN, seconds=fresh.seconds FROM (SELECT beats.source AS source, beats.span AS span, '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE + CAST((beats.span * 3600000000::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL AS hour, count(*) FILTER (WHERE beats.error IS NULL) AS ok, count(*) FILTER (WHERE beats.error IS NOT NULL) AS failed, CAST(sum(greatest(0, ceil((CAST(EXTRACT(epoch FROM CASE WHEN (beats.following IS NULL OR CAST(div(EXTRACT(epoch FROM beats.following - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 3600000000::NUMERIC) AS INTEGER) != beats.span) THEN '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE + CAST(((beats.span + 1) * 3600000000::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL ELSE beats.following END - beats.slot) AS FLOAT) - 2e-06::FLOAT) / CAST(beats.interval_seconds AS FLOAT)) - 1)) AS INTEGER) AS unknown, CAST(sum(CASE WHEN (beats.previous IS NULL OR CAST(div(EXTRACT(epoch FROM beats.previous - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 3600000000::NUMERIC) AS INTEGER) != beats.span) THEN floor((CAST(EXTRACT(epoch FROM beats.slot - ('1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE + CAST((beats.span * 3600000000::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL)) AS FLOAT) + 2e-06::FLOAT) / CAST(beats.interval_seconds AS FLOAT)) ELSE 0 END) AS INTEGER) AS before, max(beats.interval_seconds) FILTER (WHERE beats.following IS NULL OR CAST(div(EXTRACT(epoch FROM beats.following - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 3600000000::NUMERIC) AS INTEGER) != beats.span) AS interval_seconds, CAST(ARRAY[coalesce(CAST(sum(least(beats.interval_seconds, CAST(EXTRACT(epoch FROM beats.following - beats.slot) AS FLOAT))) FILTER (WHERE beats.error IS NULL) AS FLOAT), 0.0::FLOAT), coalesce(CAST(sum(least(beats.interval_seconds, CAST(EXTRACT(epoch FROM beats.following - beats.slot) AS FLOAT))) FILTER (WHERE beats.error IS NOT NULL) AS FLOAT), 0.0::FLOAT), coalesce(CAST(sum(greatest(0, ceil((CAST(EXTRACT(epoch FROM CASE WHEN (beats.following IS NULL OR CAST(div(EXTRACT(epoch FROM beats.following - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 3600000000::NUMERIC) AS INTEGER) != beats.span) THEN '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE + CAST(((beats.span + 1) * 3600000000::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL ELSE beats.following END - beats.slot) AS FLOAT) - 2e-06::FLOAT) / CAST(beats.interval_seconds AS FLOAT)) - 1) * beats.interval_seconds) AS FLOAT), 0.0::FLOAT), coalesce(CAST(sum(CASE WHEN (beats.previous IS NULL OR CAST(div(EXTRACT(epoch FROM beats.previous - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 3600000000::NUMERIC) AS INTEGER) != beats.span) THEN floor((CAST(EXTRACT(epoch FROM beats.slot - ('1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE + CAST((beats.span * 3600000000::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL)) AS FLOAT) + 2e-06::FLOAT) / CAST(beats.interval_seconds AS FLOAT)) * beats.interval_seconds ELSE 0 END) AS FLOAT), 0.0::FLOAT)] AS FLOAT[]) AS seconds, CAST(ARRAY[count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 0), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 1), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 2), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 3), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 4), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 5), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 6), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 7), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 8), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 9), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 10), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 11), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 12), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 13), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 14), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 15), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 16), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 17), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 18), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 19), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 20), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 21), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 22), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 23), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 24), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 25), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 26), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 27), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 28), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 29), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 30), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 31), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 32), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 33), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 34), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 35), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 36), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 37)] AS INTEGER[]) AS latencies
FROM (SELECT heartbeat_beats.source AS source, heartbeat_beats.slot AS slot, heartbeat_beats.interval_seconds AS interval_seconds, heartbeat_beats.error AS error, heartbeat_beats.latency_ms AS latency_ms, width_bucket(heartbeat_beats.latency_ms, CAST(ARRAY[0.1, 0.141, 0.2, 0.283, 0.4, 0.566, 0.8, 1.131, 1.6, 2.263, 3.2, 4.525, 6.4, 9.051, 12.8, 18.102, 25.6, 36.204, 51.2, 72.408, 102.4, 144.815, 204.8, 289.631, 409.6, 579.262, 819.2, 1158.524, 1638.4, 2317.048, 3276.8, 4634.095, 6553.6, 9268.19, 13107.2, 18536.38, 26214.4]::FLOAT[] AS FLOAT[])) AS bucket, CAST(div(EXTRACT(epoch FROM heartbeat_beats.slot - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 3600000000::NUMERIC) AS INTEGER) AS span, lag(heartbeat_beats.slot) OVER (PARTITION BY heartbeat_beats.source ORDER BY heartbeat_beats.slot) AS previous, lead(heartbeat_beats.slot) OVER (PARTITION BY heartbeat_beats.source ORDER BY heartbeat_beats.slot) AS following
FROM heartbeat_beats, "some"
WHERE heartbeat_beats.name = $1::VARCHAR AND heartbeat_beats.source = "some".source AND heartbeat_beats.slot >= "some".hour AND heartbeat_beats.slot < "some".hour + make_interval(secs=>3600.0)::INTERVAL) AS beats GROUP BY beats.source, beats.span) AS fresh WHERE heartbeat_hours.name = $1::VARCHAR AND heartbeat_hours.source = fresh.source AND heartbeat_hours.hour = fresh.hour""",
    ('name', 'now', 'most'),
)

REFUTE_DAYS = Statement(
    """\
DELETE FROM heartbeat_days USING (SELECT heartbeat_hours.source AS source, date_trunc('day'::VARCHAR, heartbeat_hours.hour, 'UTC'::VARCHAR) AS day, sum(heartbeat_hours.ok) AS ok, sum(heartbeat_hours.failed) AS failed, bool_or(heartbeat_hours.dirty) AS dirty
FROM heartbeat_hours
WHERE heartbeat_hours.name = $1::VARCHAR GROUP BY heartbeat_hours.source, date_trunc('day'::VARCHAR, heartbeat_hours.hour, 'UTC'::VARCHAR)) AS summed WHERE heartbeat_days.name = $1::VARCHAR AND heartbeat_days.source = summed.source AND heartbeat_days.day = summed.day AND (summed.dirty OR heartbeat_days.ok != summed.ok OR heartbeat_days.failed != summed.failed)""",
    ('name',),
)

SUM_DAYS = Statement(
    """\
WITH "some" AS
(SELECT dates.source AS source, dates.day AS day
FROM (SELECT anon_3.source AS source, anon_4.day AS day
FROM unnest($2::VARCHAR[]) AS anon_3(source) JOIN generate_series($3::TIMESTAMP WITH TIME ZONE, $4::TIMESTAMP WITH TIME ZONE - make_interval(secs=>86400.0)::INTERVAL, make_interval(secs=>86400.0)::INTERVAL) AS anon_4(day) ON true) AS dates, LATERAL (SELECT bool_and(NOT heartbeat_hours.dirty) AS "all"
FROM heartbeat_hours
WHERE heartbeat_hours.name = $1::VARCHAR AND heartbeat_hours.source = dates.source AND heartbeat_hours.hour >= dates.day AND heartbeat_hours.hour < dates.day + make_interval(secs=>86400.0)::INTERVAL) AS counted
WHERE (SELECT 1 AS anon_5
FROM heartbeat_days
WHERE heartbeat_days.name = $1::VARCHAR AND heartbeat_days.source = dates.source AND heartbeat_days.day = dates.day) IS NULL AND counted."all"
 LIMIT $5::INTEGER)
 INSERT INTO heartbeat_days (name, source, day, ok, failed, unknown, before, interval_seconds, latencies, seconds) SELECT $1::VARCHAR AS anon_1, merged.source, '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE + CAST((merged.span * 86400000000::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL AS anon_2, merged.ok, merged.failed, merged.unknown, merged.before, merged.interval_seconds, merged.latencies, merged.seconds
FROM (SELECT row.source AS source, row.span AS span, CAST(sum(row.ok) AS INTEGER) AS ok, CAST(sum(row.failed) AS INTEGER) AS failed, CAST(sum(row.unknown + greatest(0, ceil((CAST(EXTRACT(epoch FROM CASE WHEN (row.following IS NULL OR CAST(div(EXTRACT(epoch FROM row.following - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 86400000000::NUMERIC) AS INTEGER) != row.span) THEN '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE + CAST(((row.span + 1) * 86400000000::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL ELSE row.following END) AS FLOAT) - 2e-06::FLOAT) / CAST(row.interval_seconds AS FLOAT)) - ceil((CAST(EXTRACT(epoch FROM row."end") AS FLOAT) - 2e-06::FLOAT) / CAST(row.interval_seconds AS FLOAT))) + CASE WHEN (row.previous IS NULL OR CAST(div(EXTRACT(epoch FROM row.previous - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 86400000000::NUMERIC) AS INTEGER) != row.span) THEN 0 ELSE row.before END) AS INTEGER) AS unknown, CAST(sum(CASE WHEN (row.previous IS NULL OR CAST(div(EXTRACT(epoch FROM row.previous - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 86400000000::NUMERIC) AS INTEGER) != row.span) THEN greatest(0, ceil((CAST(EXTRACT(epoch FROM row.begin) AS FLOAT) - 2e-06::FLOAT) / CAST(row.interval_seconds AS FLOAT)) - ceil((CAST(EXTRACT(epoch FROM '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE + CAST((row.span * 86400000000::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL) AS FLOAT) - 2e-06::FLOAT) / CAST(row.interval_seconds AS FLOAT))) + row.before ELSE 0 END) AS INTEGER) AS before, max(row.interval_seconds) FILTER (WHERE row.following IS NULL OR CAST(div(EXTRACT(epoch FROM row.following - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 86400000000::NUMERIC) AS INTEGER) != row.span) AS interval_seconds, CAST(ARRAY[coalesce(CAST(sum(row.seconds[1]) AS FLOAT), 0.0::FLOAT), coalesce(CAST(sum(row.seconds[2]) AS FLOAT), 0.0::FLOAT), coalesce(CAST(sum(row.seconds[3] + greatest(0, ceil((CAST(EXTRACT(epoch FROM CASE WHEN (row.following IS NULL OR CAST(div(EXTRACT(epoch FROM row.following - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 86400000000::NUMERIC) AS INTEGER) != row.span) THEN '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE + CAST(((row.span + 1) * 86400000000::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL ELSE row.following END) AS FLOAT) - 2e-06::FLOAT) / CAST(row.interval_seconds AS FLOAT)) - ceil((CAST(EXTRACT(epoch FROM row."end") AS FLOAT) - 2e-06::FLOAT) / CAST(row.interval_seconds AS FLOAT))) * row.interval_seconds + CASE WHEN (row.previous IS NULL OR CAST(div(EXTRACT(epoch FROM row.previous - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 86400000000::NUMERIC) AS INTEGER) != row.span) THEN 0.0::FLOAT ELSE row.seconds[4] END) AS FLOAT), 0.0::FLOAT), coalesce(CAST(sum(CASE WHEN (row.previous IS NULL OR CAST(div(EXTRACT(epoch FROM row.previous - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 86400000000::NUMERIC) AS INTEGER) != row.span) THEN row.seconds[4] + greatest(0, ceil((CAST(EXTRACT(epoch FROM row.begin) AS FLOAT) - 2e-06::FLOAT) / CAST(row.interval_seconds AS FLOAT)) - ceil((CAST(EXTRACT(epoch FROM '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE + CAST((row.span * 86400000000::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL) AS FLOAT) - 2e-06::FLOAT) / CAST(row.interval_seconds AS FLOAT))) * row.interval_seconds ELSE 0.0::FLOAT END) AS FLOAT), 0.0::FLOAT)] AS FLOAT[]) AS seconds, ARRAY[sum(row.latencies[1]), sum(row.latencies[2]), sum(row.latencies[3]), sum(row.latencies[4]), sum(row.latencies[5]), sum(row.latencies[6]), sum(row.latencies[7]), sum(row.latencies[8]), sum(row.latencies[9]), sum(row.latencies[10]), sum(row.latencies[11]), sum(row.latencies[12]), sum(row.latencies[13]), sum(row.latencies[14]), sum(row.latencies[15]), sum(row.latencies[16]), sum(row.latencies[17]), sum(row.latencies[18]), sum(row.latencies[19]), sum(row.latencies[20]), sum(row.latencies[21]), sum(row.latencies[22]), sum(row.latencies[23]), sum(row.latencies[24]), sum(row.latencies[25]), sum(row.latencies[26]), sum(row.latencies[27]), sum(row.latencies[28]), sum(row.latencies[29]), sum(row.latencies[30]), sum(row.latencies[31]), sum(row.latencies[32]), sum(row.latencies[33]), sum(row.latencies[34]), sum(row.latencies[35]), sum(row.latencies[36]), sum(row.latencies[37]), sum(row.latencies[38])] AS latencies
FROM (SELECT given.source AS source, given.begin AS begin, given."end" AS "end", given.ok AS ok, given.failed AS failed, given.unknown AS unknown, given.before AS before, given.interval_seconds AS interval_seconds, given.latencies AS latencies, given.seconds AS seconds, CAST(div(EXTRACT(epoch FROM given.begin - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 86400000000::NUMERIC) AS INTEGER) AS span, lag(given.begin) OVER (PARTITION BY given.source ORDER BY given.begin) AS previous, lead(given.begin) OVER (PARTITION BY given.source ORDER BY given.begin) AS following
FROM (SELECT hours_of_days.source AS source, hours_of_days.hour AS begin, hours_of_days.hour + make_interval(secs=>3600.0)::INTERVAL AS "end", hours_of_days.ok AS ok, hours_of_days.failed AS failed, hours_of_days.unknown AS unknown, hours_of_days.before AS before, hours_of_days.interval_seconds AS interval_seconds, hours_of_days.latencies AS latencies, coalesce(hours_of_days.seconds, CAST(ARRAY[coalesce(CAST(hours_of_days.ok * hours_of_days.interval_seconds AS FLOAT), 0.0::FLOAT), coalesce(CAST(hours_of_days.failed * hours_of_days.interval_seconds AS FLOAT), 0.0::FLOAT), coalesce(CAST(hours_of_days.unknown * hours_of_days.interval_seconds AS FLOAT), 0.0::FLOAT), coalesce(CAST(hours_of_days.before * hours_of_days.interval_seconds AS FLOAT), 0.0::FLOAT)] AS FLOAT[])) AS seconds
FROM (SELECT hours.name AS name, hours.source AS source, hours.hour AS hour, hours.ok AS ok, hours.failed AS failed, hours.unknown AS unknown, hours.before AS before, hours.interval_seconds AS interval_seconds, hours.latencies AS latencies, hours.dirty AS dirty, hours.pruned AS pruned, hours.seconds AS seconds
FROM "some" JOIN LATERAL (SELECT heartbeat_hours.name AS name, heartbeat_hours.source AS source, heartbeat_hours.hour AS hour, heartbeat_hours.ok AS ok, heartbeat_hours.failed AS failed, heartbeat_hours.unknown AS unknown, heartbeat_hours.before AS before, heartbeat_hours.interval_seconds AS interval_seconds, heartbeat_hours.latencies AS latencies, heartbeat_hours.dirty AS dirty, heartbeat_hours.pruned AS pruned, heartbeat_hours.seconds AS seconds
FROM heartbeat_hours
WHERE heartbeat_hours.name = $1::VARCHAR AND heartbeat_hours.source = "some".source AND heartbeat_hours.hour >= "some".day AND heartbeat_hours.hour < "some".day + make_interval(secs=>86400.0)::INTERVAL
 LIMIT ALL OFFSET 0) AS hours ON true) AS hours_of_days
WHERE NOT hours_of_days.dirty) AS given) AS row GROUP BY row.source, row.span) AS merged ON CONFLICT DO NOTHING""",
    ('name', 'sources', 'after', 'before', 'most'),
)

SEAL = Statement(
    """\
UPDATE heartbeat_hours SET pruned=true::BOOLEAN WHERE (heartbeat_hours.name, heartbeat_hours.source, heartbeat_hours.hour) IN (SELECT heartbeat_hours.name, heartbeat_hours.source, heartbeat_hours.hour
FROM heartbeat_hours
WHERE heartbeat_hours.name = $1::VARCHAR AND NOT heartbeat_hours.dirty AND NOT heartbeat_hours.pruned AND heartbeat_hours.hour + make_interval(secs=>3600.0)::INTERVAL <= $2::TIMESTAMP WITH TIME ZONE AND NOT (EXISTS (SELECT heartbeat_incidents.began
FROM heartbeat_incidents
WHERE heartbeat_incidents.name = $1::VARCHAR AND heartbeat_incidents.source = heartbeat_hours.source AND heartbeat_incidents.began < heartbeat_hours.hour + make_interval(secs=>3600.0)::INTERVAL AND (heartbeat_incidents.ended IS NULL OR heartbeat_incidents.ended >= $2::TIMESTAMP WITH TIME ZONE)))
 LIMIT $3::INTEGER)""",
    ('name', 'before', 'most'),
)

SOURCES = Statement(
    """\
SELECT DISTINCT heartbeat_hours.source
FROM heartbeat_hours
WHERE heartbeat_hours.name = $1::VARCHAR""",
    ('name',),
)

PRUNE_BEATS = Statement(
    """\
DELETE FROM heartbeat_beats WHERE (heartbeat_beats.name, heartbeat_beats.source, heartbeat_beats.slot) IN (SELECT heartbeat_beats.name, heartbeat_beats.source, heartbeat_beats.slot
FROM heartbeat_beats
WHERE heartbeat_beats.name = $1::VARCHAR AND heartbeat_beats.source = $2::VARCHAR AND heartbeat_beats.slot < $3::TIMESTAMP WITH TIME ZONE AND coalesce((SELECT heartbeat_hours.pruned
FROM heartbeat_hours
WHERE heartbeat_hours.name = $1::VARCHAR AND heartbeat_hours.source = $2::VARCHAR AND heartbeat_hours.hour = date_trunc('hour'::VARCHAR, heartbeat_beats.slot, 'UTC'::VARCHAR)), false) ORDER BY heartbeat_beats.slot
 LIMIT $4::INTEGER)""",
    ('name', 'source', 'before', 'most'),
)

PRUNE_HOURS = Statement(
    """\
DELETE FROM heartbeat_hours WHERE (heartbeat_hours.name, heartbeat_hours.source, heartbeat_hours.hour) IN (SELECT heartbeat_hours.name, heartbeat_hours.source, heartbeat_hours.hour
FROM heartbeat_hours
WHERE heartbeat_hours.name = $1::VARCHAR AND heartbeat_hours.pruned AND heartbeat_hours.hour < $2::TIMESTAMP WITH TIME ZONE
 LIMIT $3::INTEGER)""",
    ('name', 'before', 'most'),
)

PRUNE_DAYS = Statement(
    """\
DELETE FROM heartbeat_days WHERE (heartbeat_days.name, heartbeat_days.source, heartbeat_days.day) IN (SELECT heartbeat_days.name, heartbeat_days.source, heartbeat_days.day
FROM heartbeat_days
WHERE heartbeat_days.name = $1::VARCHAR AND heartbeat_days.day < $2::TIMESTAMP WITH TIME ZONE
 LIMIT $3::INTEGER)""",
    ('name', 'before', 'most'),
)

PRUNE_INCIDENTS = Statement(
    """\
DELETE FROM heartbeat_incidents WHERE (heartbeat_incidents.name, heartbeat_incidents.source, heartbeat_incidents.began) IN (SELECT heartbeat_incidents.name, heartbeat_incidents.source, heartbeat_incidents.began
FROM heartbeat_incidents
WHERE heartbeat_incidents.name = $1::VARCHAR AND heartbeat_incidents.ended < $2::TIMESTAMP WITH TIME ZONE
 LIMIT $3::INTEGER)""",
    ('name', 'before', 'most'),
)

BY_HOURS = Statement(
    """\
WITH dates AS
(SELECT each.source AS source, each.day AS day, heartbeat_days.ok AS ok, heartbeat_days.failed AS failed, heartbeat_days.unknown AS unknown, heartbeat_days.before AS before, heartbeat_days.interval_seconds AS interval_seconds, heartbeat_days.latencies AS latencies, heartbeat_days.seconds AS seconds
FROM (SELECT anon_1.source AS source, anon_2.day AS day
FROM unnest($4::VARCHAR[]) AS anon_1(source) JOIN generate_series(date_trunc('day'::VARCHAR, $1::TIMESTAMP WITH TIME ZONE, 'UTC'::VARCHAR), $5::TIMESTAMP WITH TIME ZONE, make_interval(secs=>86400.0)::INTERVAL) AS anon_2(day) ON true) AS each LEFT OUTER JOIN heartbeat_days ON heartbeat_days.name = $6::VARCHAR AND heartbeat_days.source = each.source AND heartbeat_days.day = each.day AND each.day >= $1::TIMESTAMP WITH TIME ZONE AND each.day + make_interval(secs=>86400.0)::INTERVAL <= $5::TIMESTAMP WITH TIME ZONE AND CAST(div(EXTRACT(epoch FROM each.day - $1::TIMESTAMP WITH TIME ZONE) * 1000000, $2::NUMERIC) AS INTEGER) = CAST(div(EXTRACT(epoch FROM ((each.day + make_interval(secs=>86400.0)::INTERVAL) - make_interval(secs=>1e-06)::INTERVAL) - $1::TIMESTAMP WITH TIME ZONE) * 1000000, $2::NUMERIC) AS INTEGER)),
hours_of_days AS
(SELECT hours.name AS name, hours.source AS source, hours.hour AS hour, hours.ok AS ok, hours.failed AS failed, hours.unknown AS unknown, hours.before AS before, hours.interval_seconds AS interval_seconds, hours.latencies AS latencies, hours.dirty AS dirty, hours.pruned AS pruned, hours.seconds AS seconds
FROM dates JOIN LATERAL (SELECT heartbeat_hours.name AS name, heartbeat_hours.source AS source, heartbeat_hours.hour AS hour, heartbeat_hours.ok AS ok, heartbeat_hours.failed AS failed, heartbeat_hours.unknown AS unknown, heartbeat_hours.before AS before, heartbeat_hours.interval_seconds AS interval_seconds, heartbeat_hours.latencies AS latencies, heartbeat_hours.dirty AS dirty, heartbeat_hours.pruned AS pruned, heartbeat_hours.seconds AS seconds
FROM heartbeat_hours
WHERE heartbeat_hours.name = $6::VARCHAR AND heartbeat_hours.source = dates.source AND heartbeat_hours.hour >= greatest(dates.day, $1::TIMESTAMP WITH TIME ZONE) AND heartbeat_hours.hour < least(dates.day + make_interval(secs=>86400.0)::INTERVAL, $5::TIMESTAMP WITH TIME ZONE)
 LIMIT ALL OFFSET 0) AS hours ON true
WHERE dates.ok IS NULL)
 SELECT row.source, row.span, CAST(sum(row.ok) AS INTEGER) AS ok, CAST(sum(row.failed) AS INTEGER) AS failed, CAST(sum(row.unknown + greatest(0, ceil((CAST(EXTRACT(epoch FROM CASE WHEN (row.following IS NULL OR CAST(div(EXTRACT(epoch FROM row.following - $1::TIMESTAMP WITH TIME ZONE) * 1000000, $2::NUMERIC) AS INTEGER) != row.span) THEN least($1::TIMESTAMP WITH TIME ZONE + CAST(((row.span + 1) * $2::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL, $3::TIMESTAMP WITH TIME ZONE - CAST(row.interval_seconds + 30.0::FLOAT AS FLOAT) * make_interval(secs=>1.0)::INTERVAL) ELSE row.following END) AS FLOAT) - 2e-06::FLOAT) / CAST(row.interval_seconds AS FLOAT)) - ceil((CAST(EXTRACT(epoch FROM row."end") AS FLOAT) - 2e-06::FLOAT) / CAST(row.interval_seconds AS FLOAT))) + CASE WHEN (row.previous IS NULL OR CAST(div(EXTRACT(epoch FROM row.previous - $1::TIMESTAMP WITH TIME ZONE) * 1000000, $2::NUMERIC) AS INTEGER) != row.span) THEN 0 ELSE row.before END) AS INTEGER) AS unknown, CAST(sum(CASE WHEN (row.previous IS NULL OR CAST(div(EXTRACT(epoch FROM row.previous - $1::TIMESTAMP WITH TIME ZONE) * 1000000, $2::NUMERIC) AS INTEGER) != row.span) THEN greatest(0, ceil((CAST(EXTRACT(epoch FROM row.begin) AS FLOAT) - 2e-06::FLOAT) / CAST(row.interval_seconds AS FLOAT)) - ceil((CAST(EXTRACT(epoch FROM $1::TIMESTAMP WITH TIME ZONE + CAST((row.span * $2::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL) AS FLOAT) - 2e-06::FLOAT) / CAST(row.interval_seconds AS FLOAT))) + row.before ELSE 0 END) AS INTEGER) AS before, max(row.interval_seconds) FILTER (WHERE row.following IS NULL OR CAST(div(EXTRACT(epoch FROM row.following - $1::TIMESTAMP WITH TIME ZONE) * 1000000, $2::NUMERIC) AS INTEGER) != row.span) AS interval_seconds, CAST(ARRAY[coalesce(CAST(sum(row.seconds[1]) AS FLOAT), 0.0::FLOAT), coalesce(CAST(sum(row.seconds[2]) AS FLOAT), 0.0::FLOAT), coalesce(CAST(sum(row.seconds[3] + greatest(0, ceil((CAST(EXTRACT(epoch FROM CASE WHEN (row.following IS NULL OR CAST(div(EXTRACT(epoch FROM row.following - $1::TIMESTAMP WITH TIME ZONE) * 1000000, $2::NUMERIC) AS INTEGER) != row.span) THEN least($1::TIMESTAMP WITH TIME ZONE + CAST(((row.span + 1) * $2::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL, $3::TIMESTAMP WITH TIME ZONE - CAST(row.interval_seconds + 30.0::FLOAT AS FLOAT) * make_interval(secs=>1.0)::INTERVAL) ELSE row.following END) AS FLOAT) - 2e-06::FLOAT) / CAST(row.interval_seconds AS FLOAT)) - ceil((CAST(EXTRACT(epoch FROM row."end") AS FLOAT) - 2e-06::FLOAT) / CAST(row.interval_seconds AS FLOAT))) * row.interval_seconds + CASE WHEN (row.previous IS NULL OR CAST(div(EXTRACT(epoch FROM row.previous - $1::TIMESTAMP WITH TIME ZONE) * 1000000, $2::NUMERIC) AS INTEGER) != row.span) THEN 0.0::FLOAT ELSE row.seconds[4] END) AS FLOAT), 0.0::FLOAT), coalesce(CAST(sum(CASE WHEN (row.previous IS NULL OR CAST(div(EXTRACT(epoch FROM row.previous - $1::TIMESTAMP WITH TIME ZONE) * 1000000, $2::NUMERIC) AS INTEGER) != row.span) THEN row.seconds[4] + greatest(0, ceil((CAST(EXTRACT(epoch FROM row.begin) AS FLOAT) - 2e-06::FLOAT) / CAST(row.interval_seconds AS FLOAT)) - ceil((CAST(EXTRACT(epoch FROM $1::TIMESTAMP WITH TIME ZONE + CAST((row.span * $2::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL) AS FLOAT) - 2e-06::FLOAT) / CAST(row.interval_seconds AS FLOAT))) * row.interval_seconds ELSE 0.0::FLOAT END) AS FLOAT), 0.0::FLOAT)] AS FLOAT[]) AS seconds, ARRAY[sum(row.latencies[1]), sum(row.latencies[2]), sum(row.latencies[3]), sum(row.latencies[4]), sum(row.latencies[5]), sum(row.latencies[6]), sum(row.latencies[7]), sum(row.latencies[8]), sum(row.latencies[9]), sum(row.latencies[10]), sum(row.latencies[11]), sum(row.latencies[12]), sum(row.latencies[13]), sum(row.latencies[14]), sum(row.latencies[15]), sum(row.latencies[16]), sum(row.latencies[17]), sum(row.latencies[18]), sum(row.latencies[19]), sum(row.latencies[20]), sum(row.latencies[21]), sum(row.latencies[22]), sum(row.latencies[23]), sum(row.latencies[24]), sum(row.latencies[25]), sum(row.latencies[26]), sum(row.latencies[27]), sum(row.latencies[28]), sum(row.latencies[29]), sum(row.latencies[30]), sum(row.latencies[31]), sum(row.latencies[32]), sum(row.latencies[33]), sum(row.latencies[34]), sum(row.latencies[35]), sum(row.latencies[36]), sum(row.latencies[37]), sum(row.latencies[38])] AS latencies
FROM (SELECT given.source AS source, given.begin AS begin, given."end" AS "end", given.ok AS ok, given.failed AS failed, given.unknown AS unknown, given.before AS before, given.interval_seconds AS interval_seconds, given.latencies AS latencies, given.seconds AS seconds, CAST(div(EXTRACT(epoch FROM given.begin - $1::TIMESTAMP WITH TIME ZONE) * 1000000, $2::NUMERIC) AS INTEGER) AS span, lag(given.begin) OVER (PARTITION BY given.source ORDER BY given.begin) AS previous, lead(given.begin) OVER (PARTITION BY given.source ORDER BY given.begin) AS following
FROM (SELECT dates.source AS source, dates.day AS begin, dates.day + make_interval(secs=>86400.0)::INTERVAL AS "end", dates.ok AS ok, dates.failed AS failed, dates.unknown AS unknown, dates.before AS before, dates.interval_seconds AS interval_seconds, dates.latencies AS latencies, dates.seconds AS seconds
FROM dates
WHERE dates.ok IS NOT NULL UNION ALL SELECT hours_of_days.source AS source, hours_of_days.hour AS begin, hours_of_days.hour + make_interval(secs=>3600.0)::INTERVAL AS "end", hours_of_days.ok AS ok, hours_of_days.failed AS failed, hours_of_days.unknown AS unknown, hours_of_days.before AS before, hours_of_days.interval_seconds AS interval_seconds, hours_of_days.latencies AS latencies, coalesce(hours_of_days.seconds, CAST(ARRAY[coalesce(CAST(hours_of_days.ok * hours_of_days.interval_seconds AS FLOAT), 0.0::FLOAT), coalesce(CAST(hours_of_days.failed * hours_of_days.interval_seconds AS FLOAT), 0.0::FLOAT), coalesce(CAST(hours_of_days.unknown * hours_of_days.interval_seconds AS FLOAT), 0.0::FLOAT), coalesce(CAST(hours_of_days.before * hours_of_days.interval_seconds AS FLOAT), 0.0::FLOAT)] AS FLOAT[])) AS seconds
FROM hours_of_days
WHERE NOT hours_of_days.dirty UNION ALL SELECT dirty.source AS source, dirty.hour AS begin, dirty.hour + make_interval(secs=>3600.0)::INTERVAL AS "end", dirty.ok AS ok, dirty.failed AS failed, dirty.unknown AS unknown, dirty.before AS before, dirty.interval_seconds AS interval_seconds, dirty.latencies AS latencies, dirty.seconds AS seconds
FROM (SELECT beats.source AS source, beats.span AS span, '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE + CAST((beats.span * 3600000000::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL AS hour, count(*) FILTER (WHERE beats.error IS NULL) AS ok, count(*) FILTER (WHERE beats.error IS NOT NULL) AS failed, CAST(sum(greatest(0, ceil((CAST(EXTRACT(epoch FROM CASE WHEN (beats.following IS NULL OR CAST(div(EXTRACT(epoch FROM beats.following - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 3600000000::NUMERIC) AS INTEGER) != beats.span) THEN least('1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE + CAST(((beats.span + 1) * 3600000000::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL, $3::TIMESTAMP WITH TIME ZONE - CAST(beats.interval_seconds + 30.0::FLOAT AS FLOAT) * make_interval(secs=>1.0)::INTERVAL) ELSE beats.following END - beats.slot) AS FLOAT) - 2e-06::FLOAT) / CAST(beats.interval_seconds AS FLOAT)) - 1)) AS INTEGER) AS unknown, CAST(sum(CASE WHEN (beats.previous IS NULL OR CAST(div(EXTRACT(epoch FROM beats.previous - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 3600000000::NUMERIC) AS INTEGER) != beats.span) THEN floor((CAST(EXTRACT(epoch FROM beats.slot - ('1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE + CAST((beats.span * 3600000000::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL)) AS FLOAT) + 2e-06::FLOAT) / CAST(beats.interval_seconds AS FLOAT)) ELSE 0 END) AS INTEGER) AS before, max(beats.interval_seconds) FILTER (WHERE beats.following IS NULL OR CAST(div(EXTRACT(epoch FROM beats.following - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 3600000000::NUMERIC) AS INTEGER) != beats.span) AS interval_seconds, CAST(ARRAY[coalesce(CAST(sum(least(beats.interval_seconds, CAST(EXTRACT(epoch FROM beats.following - beats.slot) AS FLOAT))) FILTER (WHERE beats.error IS NULL) AS FLOAT), 0.0::FLOAT), coalesce(CAST(sum(least(beats.interval_seconds, CAST(EXTRACT(epoch FROM beats.following - beats.slot) AS FLOAT))) FILTER (WHERE beats.error IS NOT NULL) AS FLOAT), 0.0::FLOAT), coalesce(CAST(sum(greatest(0, ceil((CAST(EXTRACT(epoch FROM CASE WHEN (beats.following IS NULL OR CAST(div(EXTRACT(epoch FROM beats.following - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 3600000000::NUMERIC) AS INTEGER) != beats.span) THEN least('1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE + CAST(((beats.span + 1) * 3600000000::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL, $3::TIMESTAMP WITH TIME ZONE - CAST(beats.interval_seconds + 30.0::FLOAT AS FLOAT) * make_interval(secs=>1.0)::INTERVAL) ELSE beats.following END - beats.slot) AS FLOAT) - 2e-06::FLOAT) / CAST(beats.interval_seconds AS FLOAT)) - 1) * beats.interval_seconds) AS FLOAT), 0.0::FLOAT), coalesce(CAST(sum(CASE WHEN (beats.previous IS NULL OR CAST(div(EXTRACT(epoch FROM beats.previous - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 3600000000::NUMERIC) AS INTEGER) != beats.span) THEN floor((CAST(EXTRACT(epoch FROM beats.slot - ('1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE + CAST((beats.span * 3600000000::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL)) AS FLOAT) + 2e-06::FLOAT) / CAST(beats.interval_seconds AS FLOAT)) * beats.interval_seconds ELSE 0 END) AS FLOAT), 0.0::FLOAT)] AS FLOAT[]) AS seconds, CAST(ARRAY[count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 0), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 1), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 2), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 3), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 4), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 5), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 6), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 7), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 8), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 9), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 10), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 11), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 12), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 13), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 14), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 15), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 16), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 17), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 18), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 19), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 20), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 21), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 22), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 23), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 24), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 25), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 26), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 27), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 28), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 29), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 30), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 31), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 32), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 33), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 34), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 35), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 36), count(*) FILTER (WHERE beats.error IS NULL AND beats.bucket = 37)] AS INTEGER[]) AS latencies
FROM (SELECT heartbeat_beats.source AS source, heartbeat_beats.slot AS slot, heartbeat_beats.interval_seconds AS interval_seconds, heartbeat_beats.error AS error, heartbeat_beats.latency_ms AS latency_ms, width_bucket(heartbeat_beats.latency_ms, CAST(ARRAY[0.1, 0.141, 0.2, 0.283, 0.4, 0.566, 0.8, 1.131, 1.6, 2.263, 3.2, 4.525, 6.4, 9.051, 12.8, 18.102, 25.6, 36.204, 51.2, 72.408, 102.4, 144.815, 204.8, 289.631, 409.6, 579.262, 819.2, 1158.524, 1638.4, 2317.048, 3276.8, 4634.095, 6553.6, 9268.19, 13107.2, 18536.38, 26214.4]::FLOAT[] AS FLOAT[])) AS bucket, CAST(div(EXTRACT(epoch FROM heartbeat_beats.slot - '1970-01-01 00:00:00+00:00'::TIMESTAMP WITH TIME ZONE) * 1000000, 3600000000::NUMERIC) AS INTEGER) AS span, lag(heartbeat_beats.slot) OVER (PARTITION BY heartbeat_beats.source ORDER BY heartbeat_beats.slot) AS previous, lead(heartbeat_beats.slot) OVER (PARTITION BY heartbeat_beats.source ORDER BY heartbeat_beats.slot) AS following
FROM heartbeat_beats, hours_of_days
WHERE hours_of_days.dirty AND heartbeat_beats.name = hours_of_days.name AND heartbeat_beats.source = hours_of_days.source AND heartbeat_beats.slot >= hours_of_days.hour AND heartbeat_beats.slot < hours_of_days.hour + make_interval(secs=>3600.0)::INTERVAL) AS beats GROUP BY beats.source, beats.span) AS dirty) AS given) AS row GROUP BY row.source, row.span""",
    ('start', 'width_us', 'now', 'sources', 'end', 'name'),
)

BY_BEATS = Statement(
    """\
SELECT beats.source, beats.span, $1::TIMESTAMP WITH TIME ZONE + CAST((beats.span * $2::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL AS hour, count(*) FILTER (WHERE beats.error IS NULL) AS ok, count(*) FILTER (WHERE beats.error IS NOT NULL) AS failed, CAST(sum(greatest(0, ceil((CAST(EXTRACT(epoch FROM CASE WHEN (beats.following IS NULL OR CAST(div(EXTRACT(epoch FROM beats.following - $1::TIMESTAMP WITH TIME ZONE) * 1000000, $2::NUMERIC) AS INTEGER) != beats.span) THEN least($1::TIMESTAMP WITH TIME ZONE + CAST(((beats.span + 1) * $2::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL, $3::TIMESTAMP WITH TIME ZONE - CAST(beats.interval_seconds + 30.0::FLOAT AS FLOAT) * make_interval(secs=>1.0)::INTERVAL) ELSE beats.following END - beats.slot) AS FLOAT) - 2e-06::FLOAT) / CAST(beats.interval_seconds AS FLOAT)) - 1)) AS INTEGER) AS unknown, CAST(sum(CASE WHEN (beats.previous IS NULL OR CAST(div(EXTRACT(epoch FROM beats.previous - $1::TIMESTAMP WITH TIME ZONE) * 1000000, $2::NUMERIC) AS INTEGER) != beats.span) THEN floor((CAST(EXTRACT(epoch FROM beats.slot - ($1::TIMESTAMP WITH TIME ZONE + CAST((beats.span * $2::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL)) AS FLOAT) + 2e-06::FLOAT) / CAST(beats.interval_seconds AS FLOAT)) ELSE 0 END) AS INTEGER) AS before, max(beats.interval_seconds) FILTER (WHERE beats.following IS NULL OR CAST(div(EXTRACT(epoch FROM beats.following - $1::TIMESTAMP WITH TIME ZONE) * 1000000, $2::NUMERIC) AS INTEGER) != beats.span) AS interval_seconds, CAST(ARRAY[coalesce(CAST(sum(least(beats.interval_seconds, CAST(EXTRACT(epoch FROM beats.following - beats.slot) AS FLOAT))) FILTER (WHERE beats.error IS NULL) AS FLOAT), 0.0::FLOAT), coalesce(CAST(sum(least(beats.interval_seconds, CAST(EXTRACT(epoch FROM beats.following - beats.slot) AS FLOAT))) FILTER (WHERE beats.error IS NOT NULL) AS FLOAT), 0.0::FLOAT), coalesce(CAST(sum(greatest(0, ceil((CAST(EXTRACT(epoch FROM CASE WHEN (beats.following IS NULL OR CAST(div(EXTRACT(epoch FROM beats.following - $1::TIMESTAMP WITH TIME ZONE) * 1000000, $2::NUMERIC) AS INTEGER) != beats.span) THEN least($1::TIMESTAMP WITH TIME ZONE + CAST(((beats.span + 1) * $2::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL, $3::TIMESTAMP WITH TIME ZONE - CAST(beats.interval_seconds + 30.0::FLOAT AS FLOAT) * make_interval(secs=>1.0)::INTERVAL) ELSE beats.following END - beats.slot) AS FLOAT) - 2e-06::FLOAT) / CAST(beats.interval_seconds AS FLOAT)) - 1) * beats.interval_seconds) AS FLOAT), 0.0::FLOAT), coalesce(CAST(sum(CASE WHEN (beats.previous IS NULL OR CAST(div(EXTRACT(epoch FROM beats.previous - $1::TIMESTAMP WITH TIME ZONE) * 1000000, $2::NUMERIC) AS INTEGER) != beats.span) THEN floor((CAST(EXTRACT(epoch FROM beats.slot - ($1::TIMESTAMP WITH TIME ZONE + CAST((beats.span * $2::NUMERIC) / CAST(1000000 AS NUMERIC) AS FLOAT) * make_interval(secs=>1.0)::INTERVAL)) AS FLOAT) + 2e-06::FLOAT) / CAST(beats.interval_seconds AS FLOAT)) * beats.interval_seconds ELSE 0 END) AS FLOAT), 0.0::FLOAT)] AS FLOAT[]) AS seconds, percentile_disc(0.5::FLOAT) WITHIN GROUP (ORDER BY beats.latency_ms) FILTER (WHERE beats.error IS NULL) AS p50, percentile_disc(0.95::FLOAT) WITHIN GROUP (ORDER BY beats.latency_ms) FILTER (WHERE beats.error IS NULL) AS p95
FROM (SELECT heartbeat_beats.source AS source, heartbeat_beats.slot AS slot, heartbeat_beats.interval_seconds AS interval_seconds, heartbeat_beats.error AS error, heartbeat_beats.latency_ms AS latency_ms, width_bucket(heartbeat_beats.latency_ms, CAST(ARRAY[0.1, 0.141, 0.2, 0.283, 0.4, 0.566, 0.8, 1.131, 1.6, 2.263, 3.2, 4.525, 6.4, 9.051, 12.8, 18.102, 25.6, 36.204, 51.2, 72.408, 102.4, 144.815, 204.8, 289.631, 409.6, 579.262, 819.2, 1158.524, 1638.4, 2317.048, 3276.8, 4634.095, 6553.6, 9268.19, 13107.2, 18536.38, 26214.4]::FLOAT[] AS FLOAT[])) AS bucket, CAST(div(EXTRACT(epoch FROM heartbeat_beats.slot - $1::TIMESTAMP WITH TIME ZONE) * 1000000, $2::NUMERIC) AS INTEGER) AS span, lag(heartbeat_beats.slot) OVER (PARTITION BY heartbeat_beats.source ORDER BY heartbeat_beats.slot) AS previous, lead(heartbeat_beats.slot) OVER (PARTITION BY heartbeat_beats.source ORDER BY heartbeat_beats.slot) AS following
FROM heartbeat_beats
WHERE heartbeat_beats.name = $4::VARCHAR AND heartbeat_beats.source = any($5::VARCHAR[]) AND heartbeat_beats.slot >= $1::TIMESTAMP WITH TIME ZONE AND heartbeat_beats.slot < $6::TIMESTAMP WITH TIME ZONE) AS beats GROUP BY beats.source, beats.span""",
    ('start', 'width_us', 'now', 'name', 'sources', 'end'),
)

BEFORE = Statement(
    """\
SELECT anon_1.source, coalesce((SELECT heartbeat_beats.interval_seconds
FROM heartbeat_beats
WHERE heartbeat_beats.name = $1::VARCHAR AND heartbeat_beats.source = anon_1.source AND heartbeat_beats.slot < $2::TIMESTAMP WITH TIME ZONE ORDER BY heartbeat_beats.slot DESC
 LIMIT 1), (SELECT heartbeat_hours.interval_seconds
FROM heartbeat_hours
WHERE heartbeat_hours.name = $1::VARCHAR AND heartbeat_hours.source = anon_1.source AND heartbeat_hours.hour <= $2::TIMESTAMP WITH TIME ZONE - make_interval(secs=>3600.0)::INTERVAL ORDER BY heartbeat_hours.hour DESC
 LIMIT 1)) AS interval_s, least((SELECT heartbeat_beats.slot
FROM heartbeat_beats
WHERE heartbeat_beats.name = $1::VARCHAR AND heartbeat_beats.source = anon_1.source ORDER BY heartbeat_beats.slot
 LIMIT 1), (SELECT heartbeat_hours.hour + CAST(heartbeat_hours.before * heartbeat_hours.interval_seconds AS FLOAT) * make_interval(secs=>1.0)::INTERVAL AS anon_2
FROM heartbeat_hours
WHERE heartbeat_hours.name = $1::VARCHAR AND heartbeat_hours.source = anon_1.source AND heartbeat_hours.pruned ORDER BY heartbeat_hours.hour
 LIMIT 1)) AS first
FROM unnest($3::VARCHAR[]) AS anon_1(source)""",
    ('name', 'start', 'sources'),
)

PAGE = Statement(
    """\
SELECT heartbeat_beats.source, heartbeat_beats.slot, heartbeat_beats.stamp, heartbeat_beats.interval_seconds, heartbeat_beats.error, heartbeat_beats.attempts, heartbeat_beats.latency_ms
FROM heartbeat_beats
WHERE heartbeat_beats.name = $1::VARCHAR AND heartbeat_beats.source = $2::VARCHAR AND heartbeat_beats.slot >= $3::TIMESTAMP WITH TIME ZONE AND heartbeat_beats.slot < $4::TIMESTAMP WITH TIME ZONE ORDER BY heartbeat_beats.slot
 LIMIT $5::INTEGER""",
    ('name', 'source', 'start', 'end', 'most'),
)

FAILURES = Statement(
    """\
SELECT anon_1.source, anon_1.began, anon_1.ended, anon_1.error, anon_1.missed, anon_1.place, anon_1.total
FROM (SELECT failures.source AS source, failures.began AS began, failures.ended AS ended, failures.error AS error, failures.missed AS missed, row_number() OVER (ORDER BY coalesce(failures.ended, $1::TIMESTAMP WITH TIME ZONE) - failures.began DESC, failures.began DESC) AS place, count(*) OVER () AS total
FROM (SELECT heartbeat_incidents.source AS source, heartbeat_incidents.began AS began, heartbeat_incidents.ended AS ended, heartbeat_incidents.error AS error, heartbeat_incidents.missed AS missed
FROM heartbeat_incidents
WHERE heartbeat_incidents.name = $2::VARCHAR AND heartbeat_incidents.source = any($3::VARCHAR[]) AND heartbeat_incidents.began < $4::TIMESTAMP WITH TIME ZONE AND (heartbeat_incidents.ended IS NULL OR heartbeat_incidents.ended > $5::TIMESTAMP WITH TIME ZONE)) AS failures) AS anon_1 ORDER BY CASE WHEN (anon_1.place = 1) THEN 0 ELSE 1 END, anon_1.began DESC
 LIMIT $6::INTEGER""",
    ('now', 'name', 'sources', 'end', 'start', 'most'),
)

SILENCES = Statement(
    """\
WITH seen AS
(SELECT heartbeat_hours.hour AS hour, max(heartbeat_hours.interval_seconds) AS interval_s, min(heartbeat_hours.before) AS before, min(heartbeat_hours.unknown) AS unknown, CAST((bool_or(heartbeat_hours.dirty) OR bool_and(heartbeat_hours.unknown > 0 OR heartbeat_hours.before > 0)) AND NOT bool_or(heartbeat_hours.pruned) AS BOOLEAN) AS by_beats
FROM heartbeat_hours
WHERE heartbeat_hours.name = $2::VARCHAR AND heartbeat_hours.hour >= coalesce((SELECT max(heartbeat_hours.hour) AS max_1
FROM heartbeat_hours
WHERE heartbeat_hours.name = $2::VARCHAR AND heartbeat_hours.hour + make_interval(secs=>3600.0)::INTERVAL <= $3::TIMESTAMP WITH TIME ZONE), $3::TIMESTAMP WITH TIME ZONE) AND heartbeat_hours.hour <= coalesce((SELECT min(heartbeat_hours.hour) AS min_1
FROM heartbeat_hours
WHERE heartbeat_hours.name = $2::VARCHAR AND heartbeat_hours.hour >= $4::TIMESTAMP WITH TIME ZONE), $4::TIMESTAMP WITH TIME ZONE) GROUP BY heartbeat_hours.hour)
 SELECT anon_1.source, anon_1.began, anon_1.ended, anon_1.error, anon_1.missed, anon_1.place, anon_1.total
FROM (SELECT silences.source AS source, silences.began AS began, silences.ended AS ended, silences.error AS error, silences.missed AS missed, row_number() OVER (ORDER BY coalesce(silences.ended, $1::TIMESTAMP WITH TIME ZONE) - silences.began DESC, silences.began DESC) AS place, count(*) OVER () AS total
FROM (SELECT 'worker'::VARCHAR AS source, gaps.began AS began, gaps.ended AS ended, CAST(NULL AS VARCHAR) AS error, CAST(ceil((CAST(EXTRACT(epoch FROM coalesce(gaps.ended, $1::TIMESTAMP WITH TIME ZONE - CAST(gaps.interval_s + 30.0::FLOAT AS FLOAT) * make_interval(secs=>1.0)::INTERVAL) - gaps.began) AS FLOAT) * 0.999::FLOAT) / CAST(gaps.interval_s AS NUMERIC)) AS INTEGER) AS missed
FROM (SELECT beside.began AS began, beside.ended AS ended, beside.interval_s AS interval_s
FROM (SELECT max(alive.until) OVER (ORDER BY alive.begin ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS began, alive.begin AS ended, lag(alive.interval_s) OVER (ORDER BY alive.begin) AS interval_s
FROM (SELECT DISTINCT heartbeat_beats.slot AS begin, heartbeat_beats.slot + CAST(heartbeat_beats.interval_seconds AS FLOAT) * make_interval(secs=>1.0)::INTERVAL AS until, heartbeat_beats.interval_seconds AS interval_s
FROM heartbeat_beats, seen
WHERE seen.by_beats AND heartbeat_beats.name = $2::VARCHAR AND heartbeat_beats.source = any($5::VARCHAR[]) AND heartbeat_beats.slot >= seen.hour AND heartbeat_beats.slot < seen.hour + make_interval(secs=>3600.0)::INTERVAL UNION ALL SELECT seen.hour + CAST(seen.before * seen.interval_s AS FLOAT) * make_interval(secs=>1.0)::INTERVAL AS begin, (seen.hour + make_interval(secs=>3600.0)::INTERVAL) - CAST(seen.unknown * seen.interval_s AS FLOAT) * make_interval(secs=>1.0)::INTERVAL AS until, seen.interval_s AS interval_s
FROM seen
WHERE NOT seen.by_beats) AS alive) AS beside
WHERE CAST(EXTRACT(epoch FROM beside.ended - beside.began) AS FLOAT) >= 0.999::FLOAT * beside.interval_s UNION ALL SELECT last.began AS began, CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS anon_2, last.interval_s AS interval_s
FROM (SELECT alive.until AS began, alive.interval_s AS interval_s
FROM (SELECT DISTINCT heartbeat_beats.slot AS begin, heartbeat_beats.slot + CAST(heartbeat_beats.interval_seconds AS FLOAT) * make_interval(secs=>1.0)::INTERVAL AS until, heartbeat_beats.interval_seconds AS interval_s
FROM heartbeat_beats, seen
WHERE seen.by_beats AND heartbeat_beats.name = $2::VARCHAR AND heartbeat_beats.source = any($5::VARCHAR[]) AND heartbeat_beats.slot >= seen.hour AND heartbeat_beats.slot < seen.hour + make_interval(secs=>3600.0)::INTERVAL UNION ALL SELECT seen.hour + CAST(seen.before * seen.interval_s AS FLOAT) * make_interval(secs=>1.0)::INTERVAL AS begin, (seen.hour + make_interval(secs=>3600.0)::INTERVAL) - CAST(seen.unknown * seen.interval_s AS FLOAT) * make_interval(secs=>1.0)::INTERVAL AS until, seen.interval_s AS interval_s
FROM seen
WHERE NOT seen.by_beats) AS alive ORDER BY alive.until DESC
 LIMIT 1) AS last
WHERE last.began < $1::TIMESTAMP WITH TIME ZONE - CAST(last.interval_s + 30.0::FLOAT AS FLOAT) * make_interval(secs=>1.0)::INTERVAL) AS gaps
WHERE gaps.began < $4::TIMESTAMP WITH TIME ZONE AND (gaps.ended IS NULL OR gaps.ended > $3::TIMESTAMP WITH TIME ZONE)) AS silences) AS anon_1 ORDER BY CASE WHEN (anon_1.place = 1) THEN 0 ELSE 1 END, anon_1.began DESC
 LIMIT $6::INTEGER""",
    ('now', 'name', 'start', 'end', 'every', 'most'),
)
