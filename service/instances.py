"""The stores that an environment defines, by a kind's own variables or by one URL each."""

import re
from collections.abc import Sequence

from schema.history import WORKER
from service.environment import Environment
from service.kind import AnyInstance, AnyKind, D, Instance, Kind, S
from service.url_variable import TITLE, UrlVariable, read

PREFIX = "HEARTBEAT_SOURCE_"
CA_SUFFIX = "_CA_CERT"
NAME = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
NAME_MAX = 50  # characters, as many as history keeps
TITLE_MAX = 60
# Fields of each cycle's log line, which has one more for each source.
FIELDS = frozenset({"event", "level", "timestamp", "logger", "cycle", "stamp", "lateness_ms"})
TAKEN = FIELDS | {WORKER}  # which is the source of incidents in which nothing was recorded


def by_variables(environment: Environment, kind: Kind[S, D]) -> Instance[S, D] | None:
    """Return the instance that a kind's own variables define, None if it is off or invalid.

    A URL and the other variables may each give a part; where both give a value, it must agree.
    """
    urls = [name for name in kind.urls if name in environment.values]
    by_url = [each for each in (read(environment, name, [kind]) for name in urls) if each]
    if not kind.set_in(environment.values):
        return None
    values, names = _together(environment, kind, by_url)
    titles = [_title(environment, each) for each in by_url]
    whole = len(by_url) == len(urls)  # what an invalid URL would give is not missing
    settings = environment.validated(kind.settings, values, names, whole=whole)
    if settings is None or not whole:
        return None
    return Instance(
        name=kind.name,
        title=next((title for title in titles if title), kind.title),
        kind=kind,
        settings=settings,
        variables=names,
        notes=tuple(note for each in by_url for note in each.notes),
    )


def _together(
    environment: Environment, kind: AnyKind, given: Sequence[UrlVariable]
) -> tuple[dict[str, object], dict[str, str]]:
    """Return the fields that URLs and variables give, and what people call each."""
    values: dict[str, object] = {
        field: environment.values[name]
        for field, name in kind.variables.items()
        if name in environment.values
    }
    names = dict(kind.variables)
    for each in given:
        differ = [f for f in each.fields if f in values and _differ(f, each.fields[f], values[f])]
        if differ:
            one, other = (", ".join(who[field] for field in differ) for who in (each.names, names))
            environment.problems.append(
                f"{one} and {other} contradict each other: set only one of them"
            )
        names |= {field: each.names[field] for field in each.fields if field not in values}
        values = {**each.fields, **values}
    return values, names


def by_urls(environment: Environment, kinds: Sequence[AnyKind]) -> list[AnyInstance]:
    """Return the instances of `HEARTBEAT_SOURCE_<NAME>=<URL>`, sorted by name."""
    variables = sorted(name for name in environment.values if name.startswith(PREFIX))
    urls = [name for name in variables if not name.endswith(CA_SUFFIX)]
    environment.problems += [
        f"{name} is set without {name.removesuffix(CA_SUFFIX)}: set both, or none"
        for name in variables
        if name not in urls and name.removesuffix(CA_SUFFIX) not in urls
    ]
    found = [_by_url(environment, variable, kinds) for variable in urls]
    return [instance for instance in found if instance is not None]


def _by_url(
    environment: Environment, variable: str, kinds: Sequence[AnyKind]
) -> AnyInstance | None:
    name = _slug(environment, variable)
    given = read(environment, variable, kinds)
    if name is None or given is None:
        return None
    kind = given.kind
    if any(each.name == name and each is not kind for each in kinds):
        environment.problems.append(f"{variable}: {name!r} is the name of another kind of store")
        return None
    ca = variable + CA_SUFFIX
    certificates = {"ca": environment.values[ca]} if ca in environment.values else {}
    names = {**given.names, "ca": ca}
    settings = environment.validated(kind.settings, {**given.fields, **certificates}, names)
    title = _title(environment, given)
    if settings is None:
        return None
    return Instance(
        name=name,
        title=_words(name) if title is None else title,
        kind=kind,
        settings=settings,
        variables=names,
        notes=given.notes,
    )


def _slug(environment: Environment, variable: str) -> str | None:
    name = variable.removeprefix(PREFIX)
    if NAME.fullmatch(name) and len(name) <= NAME_MAX and name.lower() not in TAKEN:
        return name.lower()
    taken = ", ".join(sorted(each.upper() for each in TAKEN))
    better = "_".join(re.findall(r"[A-Z0-9]+", name.upper()))
    hint = f": call it {PREFIX}{better}" if NAME.fullmatch(better) and better != name else ""
    environment.problems.append(
        f"{variable}: a name is capital letters and digits with single underscores between them, "
        f"begins with a letter, has {NAME_MAX} characters at most, and is none of {taken}{hint}"
    )
    return None


def _words(name: str) -> str:
    """Return a name in words: "Orders db" for `orders_db`."""
    return name.replace("_", " ").capitalize()


def _title(environment: Environment, given: UrlVariable) -> str | None:
    """Return the title that a URL gives, None if it gives none."""
    if TITLE not in given.url.parameters:
        return None
    title = given.url.parameters[TITLE].strip()
    if not title or len(title) > TITLE_MAX or not title.isprintable():
        environment.problems.append(
            f"{given.variable} ({TITLE}): a title has 1 to {TITLE_MAX} printable characters"
        )
    return title


def _differ(field: str, one: object, other: object) -> bool:
    """Tell whether two variables contradict each other; host names ignore case."""
    texts = [str(each).lower() if field == "host" else str(each) for each in (one, other)]
    return texts[0] != texts[1]
