"""The base of every response of the API, and its units."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer

Milliseconds = Annotated[float, PlainSerializer(lambda value: round(value, 3))]
Seconds = Annotated[float, PlainSerializer(lambda value: round(value, 6))]


class Response(BaseModel):
    """A response. Only our own code creates one, so an unknown field is a mistake."""

    # Built on first use: a start needs few of them.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
