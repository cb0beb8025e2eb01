"""The base of every response of the API."""

from pydantic import BaseModel, ConfigDict


class Response(BaseModel):
    """A response. Only our own code creates one, so an unknown field is a mistake."""

    # Built on first use: a start needs few of them.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
