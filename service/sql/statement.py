"""A statement: its text and the names of its parameters."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement for PostgreSQL.

    Attributes:
        text: Its SQL, with the placeholders `$1`, `$2` and so on.
        parameters: The name of each placeholder, in order.
    """

    text: str
    parameters: tuple[str, ...] = ()

    def arguments(self, values: Mapping[str, object]) -> list[object]:
        """Return the values of the placeholders, in order.

        Args:
            values: Values by parameter; additional ones are ignored.

        Raises:
            KeyError: A parameter has no value.
        """
        return [values[name] for name in self.parameters]
