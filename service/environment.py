"""Variables by name, and whatever is found to be wrong with them."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import SecretStr, ValidationError

from service.group import Group

SHOWN_MAX = 80  # characters of a bad value

G = TypeVar("G", bound=Group)


class Environment:
    """One environment, read once; this is where every value passes before anything looks at it.

    Args:
        environ: Variables by name; an empty one counts as not set, since a platform that passes
            every variable passes empty ones too.

    Attributes:
        values: Those that are set.
        problems: One sentence for each thing that is wrong, without any secret.
    """

    secret: ClassVar[frozenset[Any]] = frozenset({SecretStr, SecretStr | None})

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.values = {name: value for name, value in environ.items() if value.strip()}
        self.problems: list[str] = []

    def group(self, kind: type[G]) -> G | None:
        """The settings whose fields have a variable's name as alias; None if any is wrong."""
        names = {str(field.alias): str(field.alias) for field in kind.model_fields.values()}
        return self.validated(kind, self.values, names)

    def validated(
        self, kind: type[G], values: Mapping[str, object], names: Mapping[str, str]
    ) -> G | None:
        """Settings of any values, None if any is wrong: then the problems say why.

        Args:
            kind: The settings.
            values: By field.
            names: What people call each field: the variable that sets it.
        """
        together = kind.contradictions(values, names)
        try:
            found = kind.model_validate(values)
        except ValidationError as error:
            together = [
                self._sentence(kind, dict(each), names) for each in error.errors()
            ] + together
        self.problems += together
        return None if together else found

    def _sentence(self, kind: type[Group], error: dict[str, Any], names: Mapping[str, str]) -> str:
        loc = str(error["loc"][0]) if error["loc"] else ""
        message = str(error["msg"]).removeprefix("Value error, ")
        fields = kind.model_fields
        field = fields.get(loc) or next((f for f in fields.values() if f.alias == loc), None)
        if field is None:
            return message
        name = names[loc]
        if error["type"] == "missing" and name.endswith(")"):
            return f"{name} is missing in the URL"
        if error["type"] == "missing":
            hint = f" ({field.description})" if field.description else ""
            return f"{name} is not set{hint}, but others of its group are: set it, or none of them"
        # What was taken out of a URL is never shown: if it is not encoded, any part is a password.
        is_shown = field.annotation not in self.secret and name in self.values
        shown = f"={self.values[name][:SHOWN_MAX]!r}" if is_shown else ""
        return f"{name}{shown}: {message}"
