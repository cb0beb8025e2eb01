"""Values that people set, and the error message for each mistake: one row per value.

`LISTED` comes from the issue, `BEYOND` and `PASTED` are further values that people paste. A row
has a variable, its value, and a part of the error message; None if the value is accepted.
"""

import base64

import pytest

from service.settings import ConfigurationError, Settings, load
from tests.service.aws.pki import Holder, issue, key_pem

PASSWORD = "h\u00fcnter2!"
POSTGRES = {"PGHOST": "db", "PGDATABASE": "app", "PGUSER": "me", "PGPASSWORD": PASSWORD}
VALKEY = {"VALKEY_HOST": "cache", "VALKEY_PASSWORD": "hunter3"}
ANCHOR = "arn:aws:rolesanywhere:us-west-2:123456789012:trust-anchor/1b2c"
PROFILE = "arn:aws:rolesanywhere:us-west-2:123456789012:profile/3d4e"
ROLE = "arn:aws:iam::123456789012:role/heartbeat"
SECRET = "arn:aws:secretsmanager:us-west-2:123456789012:secret:app-AbCdEf"
CA = issue("a CA", ca=True)
CA_TEXT = CA.pem.decode()
OURS = issue("heartbeat", CA)
OTHER = issue("another", CA)
IDENTITY = {
    **OURS.variables(),
    "IAM_TRUST_ANCHOR_ARN": ANCHOR,
    "IAM_PROFILE_ARN": PROFILE,
    "IAM_ROLE_ARN": ROLE,
    "AWS_REGION": "us-west-2",
    "SECRETS_MANAGER_SECRET_NAME": "app",
}
WHOLE = POSTGRES | VALKEY | IDENTITY

Row = tuple[str, str, str | None]


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def cert(holder: Holder) -> str:
    return b64(holder.pem)


LISTED: list[Row] = [
    ("PGHOST", "  db\t", None),
    ("PGPASSWORD", f"{PASSWORD}\n", None),
    ("PGHOST", "${db.HOSTNAME}", "it contains ${db.HOSTNAME} that was not filled in"),
    ("PGPASSWORD", "${db.PASSWORD}", "it contains a reference that was not filled in"),
    ("VALKEY_PORT", "${cache.PORT}", "it contains ${cache.PORT} that was not filled in"),
    ("DATABASE_URL", "postgresql://me:${db.PASSWORD}@db/app", "was not filled in"),
    ("PG_CA_CERT", "${db.CA_CERT}", "it contains ${db.CA_CERT} that was not filled in"),
    ("PGHOST", '"db"', "the quotes around it"),
    ("PGPASSWORD", "'hunter2'", "the quotes around it"),
    ("HEARTBEAT_NAME", "'worker'", "the quotes around it"),
    ("PGHOST", f"postgresql://u:{PASSWORD}@h/db", "it is a URL, or contains a login"),
    ("VALKEY_HOST", "rediss://cache:25061", "it is a URL, or contains a login"),
    ("PGHOST", "db:5432", "it contains a port, which has a variable of its own"),
    ("PGHOST", "[fd00::1]", "it has brackets"),
    ("PGHOST", "[fd00::1]:5432", "it has brackets"),
    ("PGHOST", "fd00::1", None),
    ("PGHOST", "my db", "it contains a space"),
    ("PGPASSWORD", "hun\nter2", "it contains a line break"),
    ("DASHBOARD_PASSWORD", "hun\nter2", "it contains a line break"),
    ("AWS_ENDPOINT_URL", "127.0.0.1:4566", "it is not a URL: begin it with https://"),
    ("AWS_ENDPOINT_URL", "localhost", "it is not a URL: begin it with https://"),
    ("IAM_CLIENT_CERT", b64(CA.pem + OURS.pem), None),
    ("IAM_CLIENT_CERT", b64(OURS.pem + CA.pem), None),
    ("IAM_CLIENT_CERT", cert(OTHER), "IAM_CLIENT_CERT is not the certificate of IAM_CLIENT_KEY"),
    ("IAM_CLIENT_KEY", b64(OTHER.key_pem), "is not the certificate of IAM_CLIENT_KEY"),
    ("IAM_CLIENT_KEY", b64(key_pem(OURS.key, b"x")), "it is an encrypted key"),
    ("PG_CA_CERT", "\ufeff" + CA_TEXT, None),
    ("PG_CA_CERT", "\u0391\u03c1\u03c7\u03ae\n" + CA_TEXT, None),
    ("PG_CA_CERT", CA_TEXT.replace("\n", "\\r\\n"), None),
    ("VALKEY_CA_CERT", b64(CA.pem), None),
    ("VALKEY_CA_CERT", "/etc/ssl/ca.pem", "it is a path, not a PEM"),
    ("AWS_REGION", "eu-west-1", "IAM_TRUST_ANCHOR_ARN is of region us-west-2, but AWS_REGION is"),
    ("IAM_ROLE_ARN", ROLE.replace("123456789012", "123456780000"), "but IAM_ROLE_ARN is of ****"),
    ("IAM_PROFILE_ARN", PROFILE.replace("aws:", "aws-cn:", 1), "of partition aws, but IAM_PROF"),
    ("SECRETS_MANAGER_SECRET_NAME", SECRET.replace("west", "east"), "SECRETS_MANAGER_SECRET_NAME"),
    ("SECRETS_MANAGER_SECRET_NAME", SECRET, None),
    ("VALKEY_USER", "heartbeat", None),
    ("HEARTBEAT_NAME", "k\u00fcche", "must be 1 to 50 of the letters A to Z"),
    ("HISTORY_RETENTION_DAYS", "3650", "must be less than or equal to 400"),
    ("HISTORY_RETENTION_DAYS", "400", None),
]

BEYOND: list[Row] = [
    ("PGHOST", "\u200bdb\u00a0", None),
    ("PGHOST", "d\u200bb", "a character that cannot be seen (U+200B)"),
    ("PGPASSWORD", "hun\u202eter2", "a character that cannot be seen (U+202E)"),
    ("PGPASSWORD", "hun\u0007ter2", "a control character (U+0007)"),
    ("PGHOST", "\u201cdb\u201d", "the quotes around it"),
    ("PGHOST", "{{ .Values.db }}", "it is {{ .Values.db }}, which is a placeholder"),
    ("PGPASSWORD", "$(DB_PASSWORD)", "it is a reference or a placeholder"),
    ("PGHOST", "$(DB_HOST)", "it is $(DB_HOST), which is a placeholder"),
    ("PGHOST", "$DB_HOST", "it is $DB_HOST, which is a placeholder"),
    ("PGHOST", "<your host>", "which is a placeholder"),
    ("PGHOST", "db # the primary", "it contains a space"),
    ("PGHOST", "db1,db2", "it names several hosts"),
    ("PGHOST", "db/app", "it is a path or a part of a URL"),
    ("PGHOST", "/var/run/postgresql", "it is a path or a part of a URL"),
    ("PGHOST", "=db", "neither a host's name nor an address"),
    ("PGHOST", "db..example.com", "neither a host's name nor an address"),
    ("PGHOST", "db\u2011primary", "neither a host's name nor an address"),
    ("PGHOST", f"host=db password={PASSWORD}", "it contains a space"),
    ("PGHOST", f"me:{PASSWORD}@db", "it is a URL, or contains a login"),
    ("PGHOST", "db.example.com.", None),
    ("PGHOST", "my_db-1", None),
    ("PGPORT", "tcp://10.0.0.7:5432", "what Kubernetes sets for a service of that name"),
    ("VALKEY_PORT", "6379/tcp", "must be a whole number"),
    ("PGPORT", "5432.5", "must be a whole number"),
    ("PGPORT", "99999", "must be less than or equal to 65535"),
    ("PGDATABASE", "postgresql://db/app", "it is a URL: give only the name"),
    ("PGUSER", "postgresql://me@db", "it is a URL: give only the name"),
    ("PGSSLMODE", "prefer", "must be 'disable', 'require', 'verify-ca' or 'verify-full'"),
    ("PGSSLMODE", "VERIFY-FULL", "must be 'disable', 'require', 'verify-ca' or 'verify-full'"),
    ("VALKEY_SSLMODE", "true", "must be 'disable'"),
    ("PG_CA_CERT", b64(CA_TEXT.encode("utf-16")), None),
    ("PG_CA_CERT", CA_TEXT.replace("\n", " "), None),
    ("PG_CA_CERT", f'"{CA_TEXT}"', None),
    ("PG_CA_CERT", CA_TEXT + OURS.key_pem.decode(), "it contains a private key"),
    ("PG_CA_CERT", CA_TEXT[:300], "the PEM text is cut off"),
    ("PG_CA_CERT", CA_TEXT.replace("CERTIFICATE", "CERTIFICATE REQUEST"), "a certificate request"),
    ("VALKEY_CA_CERT", "true", "it is not PEM"),
    ("IAM_CLIENT_CERT", OURS.pem.decode(), None),
    ("IAM_CLIENT_CERT", OURS.pem.decode().replace("\n", "\\n"), None),
    ("IAM_CLIENT_CERT", "/etc/client.pem", "it is a path"),
    ("IAM_CLIENT_CERT", b64(OURS.key_pem), "it contains a private key"),
    ("IAM_CLIENT_KEY", cert(OURS), "it contains no private key but a CERTIFICATE"),
    ("IAM_CLIENT_KEY", b64(key_pem(OURS.key, form="OpenSSH")), "a key in OpenSSH's form"),
    ("IAM_CLIENT_KEY_FILE", "/nosuch/key", "the file cannot be read: No such file"),
    ("IAM_ROLE_ARN", "heartbeat", "it is not of the form arn:aws:iam::123456789012:role/NAME"),
    ("IAM_ROLE_ARN", PROFILE, "it is not of the form arn:aws:iam::123456789012:role/NAME"),
    ("IAM_PROFILE_ARN", ANCHOR, "it is not of the form arn:aws:rolesanywhere"),
    ("AWS_REGION", "us-west-2a", "it is an availability zone: the region is us-west-2"),
    ("AWS_REGION", "Oregon", "it is not the name of a region, such as us-west-2"),
    ("AWS_CA_BUNDLE", "/nosuch/bundle.pem", "the file cannot be read: No such file"),
    ("AWS_CA_BUNDLE", CA_TEXT.replace("\n", " "), "give the path of a file that holds it"),
    ("AWS_ENDPOINT_URL", "http://localhost:4566", None),
    ("AWS_ENDPOINT_URL_ROLESANYWHERE", "http://localhost", "only over https"),
    ("AWS_ENDPOINT_URL_STS", f"https://me:{PASSWORD}@proxy", "it contains a user or a password"),
    ("SECRETS_MANAGER_SECRET_NAME", "arn:aws:ssm:us-west-2:123456789012:parameter/a", "a secret"),
    ("SECRETS_MANAGER_SECRET_NAME", "my secret", "must be a secret's name"),
    ("SECRET_VALUE_INTERVAL_SECONDS", "30m", "must be a whole number"),
    ("HEARTBEAT_INTERVAL_SECONDS", "60s", "must be a number, such as 60 or 0.5"),
    ("HEARTBEAT_INTERVAL_SECONDS", "60,5", "must be a number, such as 60 or 0.5"),
    ("HEARTBEAT_INTERVAL_SECONDS", "nan", "must be"),
    ("HEARTBEAT_INTERVAL_SECONDS", "inf", "must be"),
    ("HEARTBEAT_TITLE", "x" * 61, "must have at most 60 characters"),
    ("HOST", "0.0.0.0:8080", "it contains a port, which has a variable of its own"),
    ("HOST", "http://0.0.0.0", "it is a URL, or contains a login"),
    ("HOST", "::", None),
    ("LOG_LEVEL", "WARN", "must be one of DEBUG, INFO, WARNING, ERROR"),
    ("LOG_FORMAT", "pretty", "must be 'json' or 'text'"),
    ("API_CORS_ORIGINS", "https://a.example.com/path", "must be origins such as https://"),
    ("API_CORS_ORIGINS", "https://a.example.com/, https://b.example.com", None),
    ("API_CORS_ORIGINS", f"https://me:{PASSWORD}@a.example.com", "must be origins such as"),
    ("TRUSTED_PROXY_HEADER", "DO-Connecting-IP: 1", "must be only the header's name"),
    ("MAX_VIEWERS", "unlimited", "must be a whole number"),
    ("HEARTBEAT_SOURCE_ORDERS", '"redis://cache2"', "the quotes around it"),
    ("HEARTBEAT_SOURCE_ORDERS", "redis://me:${cache.PASSWORD}@cache2", "was not filled in"),
]

BLOB = '{"connection": {"host": "db.example.com", "port": 25060, "password": "h\u00fcnter2!"}}'

PASTED: list[Row] = [
    ("DATABASE_URL", "postgresql://me:p@ss@db/app", "percent-encode every special character"),
    ("DATABASE_URL", "postgresql://me:50%off@db/app", "percent-encode every special character"),
    ("DATABASE_URL", "postgresql://me:pw@db/app/", "contains a slash or a question mark of a URL"),
    ("DATABASE_URL", "postgres://me:pw@db:5432/app", None),
    ("DATABASE_URL", "postgresql+asyncpg://me:pw@db/app", "begin it with postgresql://"),
    ("DATABASE_URL", "jdbc:postgresql://db/app?user=me", "it is a JDBC URL"),
    ("DATABASE_URL", f"export DATABASE_URL=postgresql://me:{PASSWORD}@db/app", "its own name"),
    ("DATABASE_URL", f"DATABASE_URL=postgresql://me:{PASSWORD}@db/app", "its own name"),
    ("DATABASE_URL", f"psql 'postgresql://me:{PASSWORD}@db/app'", "this is not a URL"),
    ("DATABASE_URL", f"host=db user=me password={PASSWORD}", "this is not a URL"),
    ("DATABASE_URL", "postgresql://me:pw@db:port/app", "host or port is not valid"),
    ("DATABASE_URL", "postgresql://me:[YOUR-PASSWORD]@db/app", "a placeholder instead of the"),
    ("DATABASE_URL", "postgresql://me:****@db/app", "a placeholder instead of the password"),
    ("DATABASE_URL", "postgresql:///app", "the URL names no host"),
    ("DATABASE_URL", BLOB, "it is JSON: give the one value in it"),
    ("PGHOST", BLOB, "it is JSON: give the one value in it"),
    ("PGHOST", "PGHOST=db", "it begins with its own name"),
    ("PGHOST", "$env:PGHOST = db", "it begins with its own name"),
    ("PGHOST", "10.0.0.256", "it is not a valid IPv4 address"),
    ("PGHOST", "010.0.0.1", "it is not a valid IPv4 address"),
    ("PGHOST", "10.0.0.1", None),
    ("PGHOST", "undefined", "it is what a script writes where it has no value"),
    ("PGHOST", "[object Object]", "it is what a script writes where it has no value"),
    ("PGPORT", "54 32", "must be a whole number"),
    ("PGPORT", ":5432", "must be a whole number"),
    ("PGPASSWORD", f"PGPASSWORD={PASSWORD}", "it begins with its own name"),
    ("PGPASSWORD", f"export PGPASSWORD={PASSWORD}", "it begins with its own name"),
    ("PGPASSWORD", '{"username": "me", "password": "h\u00fcnter2!"}', "it is JSON"),
    ("PGPASSWORD", "None", "it is what a script writes where it has no value"),
    ("PGPASSWORD", "********", "a program has hidden it behind asterisks or dots"),
    ("PGPASSWORD", "{not JSON", None),
    ("PGPASSWORD", "[" * 5000, None),
    ("PGDATABASE", "app?sslmode=require", "a slash or a question mark of a URL"),
    ("PGDATABASE", "/app", "a slash or a question mark of a URL"),
    ("PGDATABASE", "my database", None),
    ("PG_CA_CERT", CA_TEXT.partition("\n")[2], "the PEM text is cut off"),
    ("PG_CA_CERT", '{"ca": {"certificate": "LS0t"}}', "it is JSON: give the one value in it"),
    ("PG_CA_CERT", "file:///etc/ca.pem", "it is a path, not a PEM"),
    ("PG_CA_CERT", CA_TEXT.replace("-----", "----"), "it is not PEM"),
    ("IAM_CLIENT_CERT", OURS.pem.decode().partition("\n")[2], "the PEM text is cut off"),
    ("IAM_CLIENT_KEY", OURS.key_pem.decode() * 2, "it contains 2 private keys"),
    ("VALKEY_URL", "rediss://cache:6379/0/", "must be a whole number"),
    ("VALKEY_URL", "redis-cli -u rediss://cache:25061", "this is not a URL"),
    ("REDIS_URL", "unix:///run/redis.sock", "unix:// is not a URL of Valkey"),
    ("DATABASE_URL", "mysql://me:pw@db/app", "set HEARTBEAT_SOURCE_<NAME> to it"),
    ("DATABASE_URL", "postgresql://db/app?user=me&password=hun&ter2", "before it, as postgresql"),
    ("REDIS_URL", "rediss://cache?password=hun&ter2", "rediss://USER:PASSWORD@HOST"),
    ("HEARTBEAT_SOURCE_WORKER", "redis://cache2", "is none of CYCLE"),
    ("HEARTBEAT_INTERVAL_SECONDS", "PT60S", "must be a number, such as 60 or 0.5"),
    ("HEARTBEAT_INTERVAL_SECONDS", "* * * * *", "must be a number, such as 60 or 0.5"),
    ("HEARTBEAT_SOURCE_ORDERS-DB", "redis://cache2", "call it HEARTBEAT_SOURCE_ORDERS_DB"),
    ("HEARTBEAT_SOURCE_orders", "redis://cache2", "call it HEARTBEAT_SOURCE_ORDERS"),
    ("HEARTBEAT_SOURCE_1", "redis://cache2", "begins with a letter"),
    ("HEARTBEAT_SOURCE_ORDERS", "s3://bucket.s3.us-west-2.amazonaws.com", "it is a server's name"),
    ("HEARTBEAT_SOURCE_ORDERS", "s3://bucket?region=us-west-2a", "the region is us-west-2"),
    ("HEARTBEAT_SOURCE_ORDERS", "s3://key:sec/ret@bucket", "percent-encode every special"),
    ("HEARTBEAT_SOURCE_ORDERS", "s3://key:****@bucket?region=us-west-2", "a placeholder instead"),
    ("HEARTBEAT_SOURCE_ORDERS", "s3://key:secret@bucket", "add ?region= for AWS"),
    ("HEARTBEAT_SOURCE_ORDERS", "s3://bucket/heartbeat/", None),
    ("HEARTBEAT_SOURCE_ORDERS", "https://bucket.s3.amazonaws.com/", "https:// is unknown"),
    ("HEARTBEAT_SOURCE_ORDERS", "mongodb://me:pw@db/app", "mongodb:// is unknown"),
    ("HEARTBEAT_SOURCE_ORDERS", "postgresql://me:pw@db2,db3/app", "the URL names several hosts"),
    ("HEARTBEAT_SOURCE_ORDERS", "mysql://me:pw@db2/app/", "a slash or a question mark of a URL"),
    ("ALERT_TARGETS", "hooks.slack.com/services/T/B/x", "is not a URL such as slack://"),
    ("ALERT_TARGETS", "https://hooks.slack.com/services/T/B/x", "write webhook+https://"),
    ("ALERT_TARGETS", "slack://T/B/x, pagerduty://key", "part them by spaces"),
    ("ALERT_TARGETS", "slack://T/B/x,pagerduty://key", "part them by spaces"),
    ("ALERT_TARGETS", '["slack://T/B/x"]', "it is JSON: give the one value in it"),
    ("ALERT_PING_URL", "hc-ping.com/uuid", "it is not a URL that begins with https://"),
    ("ALERT_PING_URL", "https://hc-ping.com/uuid curl", "contains no space"),
    ("ALERT_PING_URL", "https:///uuid", "names a host"),
    ("ALERT_REMINDER_HOURS", "4h", "must be a number, such as 60 or 0.5"),
    ("PUBLIC_URL", "heartbeat.example.com", "must be the page's address, such as https://"),
    ("PUBLIC_URL", f"https://me:{PASSWORD}@heartbeat.example.com", "without a login"),
    ("PUBLIC_URL", "https://example.com/heartbeat/", None),
    ("API_CORS_ORIGINS", "https://*.example.com", "must be origins such as https://"),
    ("API_CORS_ORIGINS", '["https://a.example.com"]', "it is JSON: give the one value in it"),
    ("API_CORS_ORIGINS", "*", None),
    ("TRUSTED_PROXY_HEADER", "true", "must be only the header's name"),
    ("MAX_VIEWERS", "1,000", "must be a whole number"),
    ("LOG_LEVEL", "20", "must be one of DEBUG, INFO, WARNING, ERROR"),
    ("AWS_REGION", "us_west_2", "it is not the name of a region, such as us-west-2"),
    ("AWS_ENDPOINT_URL", "https://localhost:port", "its port must be a number from 0 to 65535"),
    ("AWS_ENDPOINT_URL", "https://", "it is not a URL: begin it with https://"),
    ("IAM_ROLE_ARN", "arn:aws:iam::1234-5678-9012:role/a", "it is not of the form arn:aws:iam"),
    ("IAM_TRUST_ANCHOR_ARN", "1b2c", "it is not of the form arn:aws:rolesanywhere"),
    ("SECRETS_MANAGER_SECRET_NAME", f"{SECRET}:password::", "must be a secret's name"),
]
EVERY = [*LISTED, *BEYOND, *PASTED]


def given(name: str, value: str) -> Settings:
    environ = {**WHOLE, name: value}
    if name.endswith("_URL") and name.startswith(("DATABASE", "VALKEY", "REDIS")):
        replaced = "PG" if name == "DATABASE_URL" else "VALKEY_H"
        environ = {each: it for each, it in environ.items() if not each.startswith(replaced)}
    if name.endswith("_FILE"):
        del environ[name.removesuffix("_FILE")]
    return load(environ)


def refusal(name: str, value: str) -> list[str]:
    with pytest.raises(ConfigurationError) as error:
        given(name, value)
    return error.value.problems


@pytest.mark.parametrize(("name", "value", "sentence"), EVERY)
def test_each_given_value_is_accepted_or_refused_by_name(
    name: str, value: str, sentence: str | None
) -> None:
    if sentence is None:
        assert given(name, value).warnings() == []
        return
    [problem] = refusal(name, value)

    assert sentence in problem
    assert name in problem


@pytest.mark.parametrize(("name", "value", "sentence"), EVERY)
def test_no_refusal_repeats_a_secret(name: str, value: str, sentence: str | None) -> None:
    if sentence is None:
        return
    text = "\n".join(refusal(name, value))

    for secret in (PASSWORD, "hunter3", OURS.key_pem.decode()[60:100], "hun"):
        assert secret not in text


NO_LONGER = issue("an old CA", ca=True, days=(-400, -30))
NOT_YET = issue("a coming CA", ca=True, days=(2, 30))
ENDED = f"the CA's certificate ended on {NO_LONGER.certificate.not_valid_after_utc:%Y-%m-%d}"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PG_CA_CERT", NO_LONGER.pem, f"PG_CA_CERT: {ENDED}"),
        ("VALKEY_CA_CERT", NO_LONGER.pem, f"VALKEY_CA_CERT: {ENDED}"),
        ("PG_CA_CERT", NOT_YET.pem, "PG_CA_CERT: the CA's certificate is not valid before"),
        ("PG_CA_CERT", NO_LONGER.pem + NOT_YET.pem, "is not valid before"),
        ("PG_CA_CERT", NO_LONGER.pem + CA.pem, None),
    ],
)
def test_an_expired_ca_is_a_warning_and_not_an_error(
    name: str, value: bytes, sentence: str | None
) -> None:
    warnings = given(name, value.decode()).warnings()

    assert len(warnings) == (sentence is not None)
    assert (sentence or "") in "".join(warnings)


def test_an_unused_ca_is_not_a_warning() -> None:
    old = {"PG_CA_CERT": NO_LONGER.pem.decode(), "VALKEY_CA_CERT": NO_LONGER.pem.decode()}
    off = {"PGSSLMODE": "disable", "VALKEY_SSLMODE": "disable"}

    assert load(WHOLE | old | off).warnings() == []


def test_an_error_in_the_ca_of_another_store_names_its_variable() -> None:
    for scheme in ("postgresql://me:pw@db2/app", "rediss://cache2", "mysql://me:pw@db3/app"):
        more = {
            "HEARTBEAT_SOURCE_MORE": scheme,
            "HEARTBEAT_SOURCE_MORE_CA_CERT": NO_LONGER.pem.decode(),
        }

        [warning] = load(WHOLE | more).warnings()

        assert warning.startswith(f"HEARTBEAT_SOURCE_MORE_CA_CERT: {ENDED}")


def test_the_table_has_the_requested_length() -> None:
    rows = {(name, value) for name, value, _ in EVERY}

    assert len(rows) == len(EVERY) >= 80
    assert len(BEYOND) >= 30


def test_all_errors_are_reported_at_once() -> None:
    wrong = {name: value for name, value, sentence in LISTED if sentence}

    with pytest.raises(ConfigurationError) as error:
        load(WHOLE | {name: value for name, value in wrong.items() if name != "DATABASE_URL"})

    # Of a contradiction the first two are named, and the one after it once they are mended.
    for name in wrong.keys() - {"DATABASE_URL", "IAM_CLIENT_CERT", "SECRETS_MANAGER_SECRET_NAME"}:
        assert name in str(error.value)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("VALKEY_USERNAME", "VALKEY_USER"),
        ("PG_HOST", "PGHOST"),
        ("HEARTBEAT_INTERVAL", "HEARTBEAT_INTERVAL_SECONDS"),
        ("VALKEY_SSL_MODE", "VALKEY_SSLMODE"),
        ("VALKEY_TLS", "VALKEY_SSLMODE"),
        ("VALKEY_CACERT", "VALKEY_CA_CERT"),
        ("PGUSERNAME", "PGUSER"),
        ("PGPASS", "PGPASSWORD"),
        ("PGPORTS", "PGPORT"),
        ("PGSSLROOTCERT", "PG_CA_CERT"),
        ("POSTGRES_SSLMODE", "PGSSLMODE"),
        ("IAM_CLIENT_CERTIFICATE", "IAM_CLIENT_CERT"),
        ("IAM_CLIENT_KEYS", "IAM_CLIENT_KEY"),
        ("SECRETS_MANAGER_SECRET", "SECRETS_MANAGER_SECRET_NAME"),
        ("DASHBOARD_PASSWD", "DASHBOARD_PASSWORD"),
        ("HISTORY_RETENTION", "HISTORY_RETENTION_DAYS"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("HEARTBEAT_TITEL", "HEARTBEAT_TITLE"),
        ("heartbeat_title", "HEARTBEAT_TITLE"),
        ("API_CORS_ORIGIN", "API_CORS_ORIGINS"),
        ("MAX_VIEWER", "MAX_VIEWERS"),
    ],
)
def test_a_misspelled_variable_is_a_warning_with_the_nearest_name(name: str, nearest: str) -> None:
    environ = {each: value for each, value in WHOLE.items() if each != nearest}
    needed = {"PGHOST", "PGUSER", "PGPASSWORD"} | IDENTITY.keys()
    if nearest in needed:  # without it nothing starts: the sentence stands beside the problem
        with pytest.raises(ConfigurationError, match=f"{name} is not read; did you mean {nearest}"):
            load(environ | {name: "x"})
        return

    warnings = load(environ | {name: "x"}).warnings()

    assert warnings == [f"{name} is not read; did you mean {nearest}?"]


@pytest.mark.parametrize(
    "environ",
    [
        {"PGDATA": "/var/lib", "PGAPPNAME": "x", "PGOPTIONS": "-c a=b", "PGPASSFILE": "/x"},
        {"VALKEY_SERVICE_HOST": "10.0.0.1", "VALKEY_PORT_6379_TCP": "tcp://10.0.0.1:6379"},
        {"AWS_PROFILE": "x", "AWS_EXECUTION_ENV": "x", "HOSTNAME": "x", "HOME": "/", "PATH": "/"},
        {"TITLE": "x", "USER": "x", "LANG": "C", "SUPPORT": "x", "REPORT": "x", "LOGNAME": "x"},
        {"PG_HOST": "db"},
        {"HEARTBEAT_SOURCE_A": "redis://a"},
    ],
)
def test_unrelated_variables_are_not_a_warning(environ: dict[str, str]) -> None:
    assert load(WHOLE | environ).warnings() == []


@pytest.mark.parametrize("name", ["HEARTBEAT_SOURCE", "HEARTBEAT_SOURCES"])
def test_two_deployments_in_one_store_need_different_names(name: str) -> None:
    [warning] = load(WHOLE | {name: "redis://cache2"}).warnings()

    assert warning == f"{name} is not read: one more store is HEARTBEAT_SOURCE_<NAME>=<URL>"


def test_an_unknown_name_with_our_prefix_is_a_warning() -> None:
    [warning] = load(WHOLE | {"HEARTBEAT_FLUX_CAPACITOR": "1"}).warnings()

    assert "HEARTBEAT_FLUX_CAPACITOR is not read" in warning
