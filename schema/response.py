"""What every response of the API has in common."""

from pydantic import BaseModel, ConfigDict


class Response(BaseModel):
    """A response. Only our own code builds one, so an unknown field is a mistake."""

    # Built on first use: a start has no use for most of them.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
