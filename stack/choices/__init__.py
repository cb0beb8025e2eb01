"""The settings of a stack, by subject; Pulumi.yaml describes them.

Each has a pattern, and a description that tells how to correct a mistake.
"""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr, StringConstraints
from pydantic.alias_generators import to_camel

HIDDEN = "hidden-by-encryption"  # stands for a secret whose value is unknown

Unset = BeforeValidator(lambda text: text or None)  # Pulumi.yaml's "" means: not set
Secret = Annotated[SecretStr | None, Unset]
ClusterName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,62}$")]


class Choices(BaseModel):
    """Some of the settings, by their names in Pulumi.yaml."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, hide_input_in_errors=True)
