"""Find variables that look like Heartbeat's but are not, and the names that were probably meant."""

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches

OURS = ("HEARTBEAT_", "VALKEY_", "IAM_", "SECRETS_MANAGER_", "SECRET_VALUE_", "DASHBOARD_")
ANYBODYS = frozenset({"HOST", "PORT"})  # words that other programs' variables contain too
CUTOFF = 0.8  # difflib's ratio: one letter of five, or another form of a word
# Names of other programs for the same settings, and libpq's where Heartbeat's differs.
MEANT = {
    "PGSSLROOTCERT": "PG_CA_CERT",
    "PGHOSTADDR": "PGHOST",
    "POSTGRES_DB": "PGDATABASE",
    "DB_HOST": "PGHOST",
    "DB_PORT": "PGPORT",
    "DB_NAME": "PGDATABASE",
    "DB_USER": "PGUSER",
    "DB_PASSWORD": "PGPASSWORD",
    "POSTGRES_URL": "DATABASE_URL",
    "POSTGRESQL_URL": "DATABASE_URL",
    "PG_URL": "DATABASE_URL",
    "AWS_DEFAULT_REGION": "AWS_REGION",
    "SECRET_NAME": "SECRETS_MANAGER_SECRET_NAME",
    "CORS_ORIGINS": "API_CORS_ORIGINS",
}
# Variables of libpq, Kubernetes and Docker, set for their own purposes.
FOREIGN = re.compile(
    r"PG(DATA|APPNAME|PASSFILE|SERVICE|SERVICEFILE|OPTIONS|CONNECT_TIMEOUT|CLIENTENCODING|TZ"
    r"|DATESTYLE|GSS\w+|KRB\w+|REQUIRE\w+|SSL(CERT|KEY|CRL|CRLDIR|SNI|COMPRESSION)|LOCALEDIR"
    r"|SYSCONFDIR|CHANNELBINDING|TARGETSESSIONATTRS|MIN\w+|MAX\w+|LOADBALANCEHOSTS)"
    r"|\w+_SERVICE_(HOST|PORT\w*)|\w+_PORT_\d+_\w+|VALKEY_(VERSION|DOWNLOAD\w*)"
)
SPELLINGS = (
    (re.compile(r"^POSTGRES(QL)?_?|^PSQL_|^PG_(?!CA)"), "PG"),
    (re.compile(r"^REDIS_"), "VALKEY_"),
    (re.compile(r"USERNAME$"), "USER"),
    (re.compile(r"(?<=_)PASS$|PASSWD$|(?<=_)PWD$|(?<=^PG)PASS$"), "PASSWORD"),
    (re.compile(r"CERTIFICATE$"), "CERT"),
    (re.compile(r"HOSTNAME$|(?<=_)ADDR(ESS)?$"), "HOST"),
    (re.compile(r"DBNAME$|^PGDB$"), "DATABASE"),
    (re.compile(r"_SSL_?MODE$|_TLS_?MODE$|_TLS$|_SSL$"), "_SSLMODE"),
)


def warnings(given: Iterable[str], known: Collection[str], prefix: str) -> list[str]:
    """Return a warning for each variable that looks like Heartbeat's but is not read.

    Args:
        given: The names of the set variables.
        known: The names of the variables that Heartbeat reads.
        prefix: The prefix of variables that add a store; the rest of these names is free.
    """
    found = []
    for name in sorted(given):
        if name in known or name.startswith(prefix) or FOREIGN.fullmatch(name):
            continue
        if name.upper().rstrip("S") == prefix.rstrip("_"):
            found.append(f"{name} is not read: one more store is {prefix}<NAME>=<URL>")
            continue
        nearest = _nearest(name, known)
        if nearest is not None and nearest not in given:
            found.append(f"{name} is not read; did you mean {nearest}?")
        elif nearest is None and name.upper().startswith(OURS):
            found.append(
                f"{name} is not read, and no variable has a similar name: see docs/settings.md"
            )
    return found


def _nearest(name: str, known: Collection[str]) -> str | None:
    """Return the variable that was probably meant, None if none is similar."""
    spelled = re.sub(r"[^A-Z0-9]+", "_", name.removeprefix("export ").upper()).strip("_")
    if spelled in MEANT:
        return MEANT[spelled]
    for pattern, ours in SPELLINGS:
        spelled = pattern.sub(ours, spelled)
    plain = {each.replace("_", ""): each for each in known}
    exact = plain.get(spelled.replace("_", ""))
    if exact in ANYBODYS:
        return None
    if exact or not _is_like(spelled):
        return exact
    close = get_close_matches(spelled, list(known), n=1, cutoff=CUTOFF)
    longer = [each for each in sorted(known) if each.startswith(f"{spelled}_")]
    return next(iter([*close, *longer]), None)


def _is_like(spelled: str) -> bool:
    """Tell whether a name is similar enough to guess: many programs use words such as PORT."""
    return spelled.startswith((*OURS, "PG", "HISTORY_", "AWS_ENDPOINT", "API_", "LOG_", "MAX_VIEW"))
