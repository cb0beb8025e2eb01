"""Groups of settings that are validated together."""

from abc import abstractmethod
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from schema.errors import Cause, ErrorWord


class Group(BaseModel):
    """Settings that belong together; an error never repeats their values."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    @classmethod
    def contradictions(
        cls,
        values: Mapping[str, object],  # noqa: ARG003 - for those that look at several together
        names: Mapping[str, str],  # noqa: ARG003 - as above
    ) -> list[str]:
        """List contradictions between values; one sentence each, no secret.

        Args:
            values: The given values, by field.
            names: What people call each field: the variable that sets it.
        """
        return []


class SourceSettings(Group):
    """The settings of one store, however they were set."""

    @property
    @abstractmethod
    def endpoint(self) -> str:
        """The store's host or name; never a secret."""

    @property
    def is_dependent(self) -> bool:
        """Whether it needs the instance that its kind depends on, if that depends on one."""
        return True

    @property
    def replica(self) -> str | None:
        """The address of a replica that is read too; None without one."""
        return None

    def remedies(self, names: Mapping[str, str]) -> Mapping[ErrorWord | Cause, str]:  # noqa: ARG002 - as below
        """Return this source's own remedies, which replace those of `REMEDIES`.

        Args:
            names: As for `warnings`.
        """
        return {}

    def warnings(self, names: Mapping[str, str]) -> list[str]:  # noqa: ARG002 - for those that warn
        """List problems to expect with these settings, although they are valid; one sentence each.

        Args:
            names: What people call each field: the variable that sets it.
        """
        return []
