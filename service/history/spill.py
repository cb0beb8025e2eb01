"""Where records wait for the next start: a capped list in Valkey."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from redis import exceptions

from schema.history import RECORD, Record
from service.sources.valkey.errors import translate
from service.sources.valkey.store import Valkey

SPILL_LIMIT = 10_000  # rows, as many as wait in memory; about 2 MB


@dataclass(frozen=True, slots=True)
class Spilled:
    """One entry of the list.

    Attributes:
        text: As it is stored.
        record: What it says, None if it is no record of ours.
    """

    text: str
    record: Record | None


class Spill:
    """The list of one author.

    Args:
        valkey: Where it is.
        name: `HEARTBEAT_NAME`.
    """

    def __init__(self, valkey: Valkey, name: str) -> None:
        self.key = f"{name}:history"
        self._client = valkey.client

    async def add(self, records: Sequence[Record]) -> None:
        """Append records; beyond the limit the oldest go.

        Raises:
            SourceError: Valkey cannot be written.
        """
        pipeline = self._client.pipeline(transaction=True)
        pipeline.rpush(self.key, *(RECORD.dump_json(record).decode() for record in records))
        pipeline.ltrim(self.key, -SPILL_LIMIT, -1)
        try:
            await pipeline.execute()
        except (exceptions.RedisError, OSError) as error:
            raise translate(error) from error

    async def first(self, count: int) -> list[Spilled]:
        """The oldest entries, which stay in the list.

        Raises:
            SourceError: Valkey cannot be read.
        """
        try:
            texts = await self._client.lrange(self.key, 0, count - 1)
        except (exceptions.RedisError, OSError) as error:
            raise translate(error) from error
        return [Spilled(str(text), _parsed(str(text))) for text in texts]

    async def remove(self, entries: Sequence[Spilled]) -> None:
        """Take exactly these entries out; another worker may have done so already.

        Raises:
            SourceError: Valkey cannot be written.
        """
        pipeline = self._client.pipeline(transaction=True)
        for entry in entries:
            pipeline.lrem(self.key, 1, entry.text)
        try:
            await pipeline.execute()
        except (exceptions.RedisError, OSError) as error:
            raise translate(error) from error


def _parsed(text: str) -> Record | None:
    try:
        return RECORD.validate_json(text)
    except ValidationError:
        return None
