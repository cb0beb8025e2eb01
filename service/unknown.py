"""Variables that look like ours and are not, and which one was meant."""

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches

OURS = ("HEARTBEAT_", "VALKEY_", "IAM_", "SECRETS_MANAGER_", "SECRET_VALUE_", "DASHBOARD_")
ANYBODYS = frozenset({"HOST", "PORT"})  # words that others have in their names too
CUTOFF = 0.8  # of difflib: one letter of five, or a word's form
# What other programs call the same things, and libpq's where Heartbeat has a name of its own.
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
# Of libpq, Kubernetes and Docker, which set them for purposes of their own.
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
    """One sentence for each variable that Heartbeat does not read, though it looks so.

    Args:
        given: The names of those that are set.
        known: The names of those that are read.
        prefix: How those begin that add a store; what follows is anybody's choice.
    """
    found = []
    for name in sorted(given):
        if name in known or name.startswith(prefix) or FOREIGN.fullmatch(name):
            continue
        nearest = _nearest(name, known)
        if nearest is not None and nearest not in given:
            found.append(f"{name} is not read: {nearest} is the variable that exists")
        elif nearest is None and name.upper().startswith(OURS):
            found.append(
                f"{name} is not read, and no variable is named like it: see docs/settings.md"
            )
    return found


def _nearest(name: str, known: Collection[str]) -> str | None:
    """The variable that was meant, None if none is like it."""
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
    """Whether a name is near enough to ours to guess: others share words such as PORT with us."""
    return spelled.startswith((*OURS, "PG", "HISTORY_", "AWS_ENDPOINT", "API_", "LOG_", "MAX_VIEW"))
