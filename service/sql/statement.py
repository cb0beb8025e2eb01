"""A statement as it is sent: its text, and what belongs at its placeholders."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement for PostgreSQL.

    Attributes:
        text: Its SQL, with the placeholders `$1`, `$2` and so on.
        parameters: What each placeholder is called, in their order.
    """

    text: str
    parameters: tuple[str, ...] = ()

    def arguments(self, values: Mapping[str, object]) -> list[object]:
        """What belongs at the placeholders.

        Args:
            values: By parameter; more than this statement takes does no harm.

        Raises:
            KeyError: A parameter has no value.
        """
        return [values[name] for name in self.parameters]
