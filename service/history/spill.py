"""Records that wait for the next start, in a limited list in Valkey."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from schema.history import RECORD_JSON, Record
from service.source import Keys

ENTRY_MAX = 1_000  # bytes; a record has under 300
DROP_OVERSIZED = """
local dropped = 0
for index = redis.call('LLEN', KEYS[1]) - 1, 0, -1 do
  if #redis.call('LINDEX', KEYS[1], index) > tonumber(ARGV[1]) then
    redis.call('LSET', KEYS[1], index, '')
    dropped = dropped + 1
  end
end
if dropped > 0 then redis.call('LREM', KEYS[1], 0, '') end
return dropped
"""
SPILL_LIMIT = 10_000  # records, as many as may wait in memory; about 2 MB


@dataclass(frozen=True, slots=True)
class Spilled:
    """One entry of the list.

    Attributes:
        text: Its text.
        record: The parsed record, None if it is not ours.
    """

    text: str
    record: Record | None


class Spill:
    """The list of one name.

    Args:
        keys: The Valkey.
        name: `HEARTBEAT_NAME`.
    """

    def __init__(self, keys: Keys, name: str) -> None:
        self.key = f"{name}:history"
        self._keys = keys

    async def add(self, records: Sequence[Record]) -> None:
        """Append records; beyond the limit the oldest are dropped.

        Raises:
            SourceError: Valkey cannot be written.
        """
        async with self._keys.commands() as client:
            pipeline = client.pipeline(transaction=True)
            pipeline.rpush(
                self.key, *(RECORD_JSON.dump_json(record).decode() for record in records)
            )
            pipeline.ltrim(self.key, -SPILL_LIMIT, -1)
            await pipeline.execute()

    async def first(self, count: int) -> list[Spilled]:
        """Return the oldest entries, which stay in the list.

        Raises:
            SourceError: Valkey cannot be read.
        """
        async with self._keys.commands() as client:
            texts = await client.lrange(self.key, 0, count - 1)
        return [Spilled(str(text), _parsed(str(text))) for text in texts]

    async def drop_oversized(self) -> int:
        """Remove entries that are too long for a record, without reading them.

        Returns:
            How many there were.

        Raises:
            SourceError: Valkey cannot be written.
        """
        async with self._keys.commands() as client:
            return int(await client.eval(DROP_OVERSIZED, 1, self.key, str(ENTRY_MAX)))

    async def remove(self, entries: Sequence[Spilled]) -> None:
        """Remove exactly these entries; another worker may already have done so.

        Raises:
            SourceError: Valkey cannot be written.
        """
        async with self._keys.commands() as client:
            pipeline = client.pipeline(transaction=True)
            for entry in entries:
                pipeline.lrem(self.key, 1, entry.text)
            await pipeline.execute()


def _parsed(text: str) -> Record | None:
    try:
        return RECORD_JSON.validate_json(text)
    except ValidationError:
        return None
