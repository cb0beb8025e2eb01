"""A variable that holds the URL of a store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.environment import Environment
from service.kind import AnyKind
from service.url import Url, parse, scheme_of

TITLE = "title"  # the parameter that every kind of store has


@dataclass(frozen=True, kw_only=True, slots=True)
class UrlVariable:
    """A variable that holds the URL of a store.

    Attributes:
        kind: The kind of its scheme.
        url: Its parts.
        fields: The settings that it gives.
        names: The name of each field for people.
        notes: Oddities of the URL.
    """

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
        parsed = kind.parse(url)
    except ValueError as error:
        environment.problems.append(f"{variable}: {error}")
        return None
    known = {TITLE, *kind.parameters}
    unknown = [name for name in url.parameters if name not in known]
    note = f"{variable}: Heartbeat does not use {', '.join(sorted(unknown))} in the URL"
    return UrlVariable(
        kind=kind,
        url=url,
        fields={field: value for field, value in parsed.items() if value is not None},
        names={f: f"{variable} ({kind.parts.get(f, f)})" for f in kind.settings.model_fields},
        notes=(note,) if unknown else (),
    )


def _unknown(text: str, kinds: Sequence[AnyKind]) -> str:
    """Describe a text that is no URL of these kinds; repeat only its scheme."""
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
    problem = "this is no URL" if scheme is None else f"{scheme}:// is unknown"
    return f"{problem}: begin it with one of {', '.join(f'{each}://' for each in known)}"
