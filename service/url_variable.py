"""A variable that holds the URL of a store."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from service.environment import Environment
from service.kind import AnyKind
from service.url import Url, parse, scheme_of

TITLE = "title"  # the parameter that every kind of store has
LOGIN = frozenset({"user", "username", "password", "passwd", "pass", "pwd"})
MISPLACED = (
    "user and password stand behind the host: write them before it, as {}://USER:PASSWORD@HOST"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class UrlVariable:
    """A variable that holds the URL of a store.

    Attributes:
        variable: Its name.
        kind: The kind of its scheme.
        url: Its parts.
        fields: The settings that it gives.
        names: The name of each field for people.
        notes: Oddities of the URL.
    """

    variable: str
    kind: AnyKind
    url: Url
    fields: Mapping[str, object]
    names: Mapping[str, str]
    notes: tuple[str, ...]


def read(environment: Environment, variable: str, kinds: Sequence[AnyKind]) -> UrlVariable | None:
    """Parse a variable's URL; None if it is invalid, with a problem added."""
    if variable in environment.faulty:
        return None
    text = environment.values[variable]
    scheme = scheme_of(text)
    kind = next((each for each in kinds if scheme in each.schemes), None)
    try:
        if kind is None or kind.parse is None:
            raise ValueError(_unknown(text, kinds))  # noqa: TRY301 - a problem like the parser's
        url = parse(text)
        if LOGIN & {name.lower() for name in url.parameters}:
            raise ValueError(MISPLACED.format(url.scheme))  # noqa: TRY301 - as above
        parsed = kind.parse(url)
    except ValueError as error:
        environment.problems.append(f"{variable}: {error}")
        return None
    return UrlVariable(
        variable=variable,
        kind=kind,
        url=url,
        fields={field: value for field, value in parsed.items() if value is not None},
        names={f: f"{variable} ({kind.parts.get(f, f)})" for f in kind.settings.model_fields},
        notes=_notes(variable, {TITLE, *kind.parameters}, url),
    )


def _notes(variable: str, known: Collection[str], url: Url) -> tuple[str, ...]:
    """Return a note on parameters that are not used.

    One without a value is not named: it may be the rest of a value that is not percent-encoded.
    """
    unknown = [name for name in url.parameters if name not in known]
    if not unknown:
        return ()
    named = sorted(name for name in unknown if url.parameters[name])
    nameless = ["a parameter without a value"] if len(named) < len(unknown) else []
    return (f"{variable}: Heartbeat does not use {', '.join([*named, *nameless])} in the URL",)


def _unknown(text: str, kinds: Sequence[AnyKind]) -> str:
    """Describe a text that is not a URL of these kinds; repeat only its scheme."""
    known = [each for kind in kinds for each in kind.schemes]
    scheme = scheme_of(text)
    plain = (scheme or "").partition("+")[0]
    if plain != scheme and plain in known:
        return f"{scheme}:// names a driver too: begin it with {plain}://"
    if text.startswith("jdbc:"):
        return (
            "it is a JDBC URL: write user, password, host and database as "
            f"{known[0]}://USER:PASSWORD@HOST/DATABASE"
        )
    begin = f"begin it with one of {', '.join(f'{each}://' for each in known)}"
    if scheme is None:
        return f"this is not a URL: {begin}"
    if len(kinds) > 1:
        return f"{scheme}:// is unknown: {begin}"
    return (
        f"{scheme}:// is not a URL of {kinds[0].title}: {begin}, or set HEARTBEAT_SOURCE_<NAME> to "
        "it if it is another kind of store"
    )
