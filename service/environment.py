"""Environment variables, and the problems found with them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from service import text
from service.group import Group

# A value with these is never shown: it may be a password, pasted by mistake.
PRIVATE = re.compile(r"://|@|-----|passw|pwd=|secret=", re.IGNORECASE)
SECRET_MIN = 4  # characters of a secret; a shorter one occurs in other values by chance
SHOWN_MAX = 80  # characters of an invalid value that are shown

G = TypeVar("G", bound=Group)


class Environment:
    """One environment, read once; every value is checked here before it is used.

    Args:
        environ: Variables by name; white space around a value is removed, and an empty value counts
            as not set, since platforms pass empty variables.

    Attributes:
        values: Those that are set.
        problems: One sentence for each problem, without any secret.
        faulty: Variables that already have a problem, so that no second one is added.
    """

    secret: ClassVar[frozenset[Any]] = frozenset({SecretStr, SecretStr | None})

    def __init__(self, environ: Mapping[str, str]) -> None:
        stripped = {name: text.stripped(value) for name, value in environ.items()}
        self.values = {name: value for name, value in stripped.items() if value}
        self.problems: list[str] = []
        self.faulty: set[str] = set()
        self._secrets: frozenset[str] = frozenset()

    def screen(
        self, names: Iterable[str], *, secret: frozenset[str], lines: frozenset[str]
    ) -> None:
        """Check values as texts, before they are interpreted.

        Args:
            names: The variables that Heartbeat reads.
            secret: Those whose values are never shown.
            lines: Those that may have several lines.
        """
        self._secrets = frozenset(self.values[name] for name in secret & self.values.keys())
        for name in sorted(set(names) & self.values.keys()):
            found = text.fault(name, self.values[name], secret=name in secret, lines=name in lines)
            if found:
                self.faulty.add(name)
                self.problems.append(f"{name}: {found}")

    def shown(self, name: str) -> str:
        """Format an invalid value for a problem: `='value'`, or nothing if it may hold a secret."""
        value = self.values.get(name, "")
        hidden = any(len(each) >= SECRET_MIN and each in value for each in self._secrets)
        if not value or hidden or PRIVATE.search(value):
            return ""
        return f"={value[:SHOWN_MAX]!r}"

    def group(self, kind: type[G]) -> G | None:
        """Return settings whose fields have variables as aliases; None if any is invalid."""
        names = {str(field.alias): str(field.alias) for field in kind.model_fields.values()}
        return self.validated(kind, self.values, names)

    def validated(
        self,
        kind: type[G],
        values: Mapping[str, object],
        names: Mapping[str, str],
        *,
        whole: bool = True,
    ) -> G | None:
        """Validate settings; None, with problems added, if any is invalid.

        Args:
            kind: The settings.
            values: By field.
            names: What people call each field: the variable that sets it.
            whole: False if others are invalid: then no value counts as missing.
        """
        together = kind.contradictions(values, names) if whole else []
        found: G | None = None
        try:
            found = kind.model_validate(values)
        except ValidationError as error:
            errors = [each for each in error.errors() if whole or each["type"] != "missing"]
            sentences = [self._sentence(kind, each, names) for each in errors]
            together = [each for each in sentences if each is not None] + together
        self.problems += together
        return None if together else found

    def _sentence(
        self, kind: type[Group], error: ErrorDetails, names: Mapping[str, str]
    ) -> str | None:
        """Describe a field's problem, None if its variable already has one."""
        loc = str(error["loc"][0]) if error["loc"] else ""
        fields = kind.model_fields
        field = fields.get(loc) or next((f for f in fields.values() if f.alias == loc), None)
        if field is None:
            return _message(error)
        name = names[loc]
        if name in self.faulty:
            return None
        if error["type"] == "missing" and name.endswith(")"):
            return f"{name} is missing in the URL"
        if error["type"] == "missing":
            hint = f" ({field.description})" if field.description else ""
            return f"{name} is not set{hint}, but others of its group are: set it, or none of them"
        # A part of a URL is never shown: without encoding, any part may be a password.
        shown = self.shown(name) if field.annotation not in self.secret else ""
        if error["type"] == "string_pattern_mismatch" and field.description:
            return f"{name}{shown}: must be {field.description}"
        return f"{name}{shown}: {_message(error)}"


def _message(error: ErrorDetails) -> str:
    """Return pydantic's message, in the words of a setting."""
    if error["type"] in {"int_parsing", "int_from_float", "int_parsing_size"}:
        return "must be a whole number"
    if error["type"] in {"float_parsing", "finite_number"}:
        return "must be a number, such as 60 or 0.5"
    message = error["msg"].removeprefix("Value error, ")
    return message.replace("Input should be ", "must be ").replace("String should ", "must ")
