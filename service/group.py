"""Settings that belong together, validated as one."""

from abc import abstractmethod
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from schema.errors import ErrorWord


class Group(BaseModel):
    """Settings that belong together; an error about them never repeats what was given."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class SourceSettings(Group):
    """How to reach one store, whatever variables said so."""

    @property
    @abstractmethod
    def endpoint(self) -> str:
        """Where it is, for people: a host or a name, never a secret."""

    def remedies(self, names: Mapping[str, str]) -> Mapping[ErrorWord, str]:  # noqa: ARG002 - as below
        """What to do about the words for which this source knows more than `REMEDIES`.

        Args:
            names: As for `warnings`.
        """
        return {}

    def warnings(self, names: Mapping[str, str]) -> list[str]:  # noqa: ARG002 - for those that warn
        """What will go wrong with these settings, though they are valid; one sentence each.

        Args:
            names: What people call each field: the variable that sets it.
        """
        return []
