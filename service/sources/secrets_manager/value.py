"""The secret's value: one version per slot; all other keys are kept."""

from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from schema.errors import ErrorWord
from schema.heartbeat import Heartbeat, Replaced
from schema.secret import stamp_in_value
from service.aws import errors as aws_errors
from service.errors import SourceError
from service.sources.secrets_manager import versions

log = structlog.get_logger()

VALUE_LIFETIME = timedelta(minutes=5)  # reading a value costs a decryption and money
MERGES_MAX = 3  # give up after three conflicting edits
NO_VALUE = {"VersionId": "", "SecretString": "{}"}  # of a secret without a value
DAY = timedelta(hours=24)  # AWS keeps every younger version
VERSIONS_MAX = 100  # per day, about
CLOCKS_DIFFER = timedelta(seconds=5)


class Call(Protocol):
    """Makes one AWS call about the secret."""

    def __call__(self, operation: str, **parameters: str) -> Awaitable[dict[str, Any]]:
        """Return AWS's answer."""
        ...


class Value:
    """Reads and writes the stamp in the value.

    Args:
        call: Makes one AWS call about the secret.
        interval_s: The length of a slot.
        now: The clock of the writes.

    Attributes:
        writes: When this process wrote a value in the last 24 hours.
        rewrites: When it did so because somebody had replaced the value.
        version: The last known current version, None before the first check.
        replaced: The last replacement that was noticed, None if none was.
        made_at: When the version that `stamp` last read was created.
    """

    def __init__(self, call: Call, interval_s: int, now: Callable[[], datetime]) -> None:
        self.writes: deque[datetime] = deque()
        self.rewrites: deque[datetime] = deque()
        self.version: str | None = None
        self.replaced: Replaced | None = None
        self.made_at: datetime | None = None
        self._seen_at: datetime | None = None
        self._noticed: str | None = None
        self._call = call
        self._interval_s = interval_s
        self._now = now
        self._read: tuple[str, datetime, datetime | None] | None = None

    def slot(self, moment: datetime) -> int:
        """Return the number of a moment's slot."""
        return int(moment.timestamp() // self._interval_s)

    def writes_since(self, moment: datetime) -> int:
        """Return how many values this process has written since then; forget older ones."""
        return _count(self.writes, moment)

    @property
    def may_rewrite(self) -> bool:
        """Tell whether the daily quota allows one version more than the slots need.

        Each replacement is a version too, so half of the rest is for rewrites.
        """
        slots = int(DAY.total_seconds()) // self._interval_s
        return _count(self.rewrites, self._now() - DAY) < (VERSIONS_MAX - slots) // 2

    async def stamp(self, version_id: str) -> datetime | None:
        """Return the value's stamp, read again when the version changes, or after five minutes."""
        now = self._now()
        if self._read is not None:
            version, read_at, stamp = self._read
            if version == version_id and now - read_at < VALUE_LIFETIME:
                return stamp
        response = await self._call("get_secret_value")
        stamp = stamp_in_value(response.get("SecretString", ""))
        self._read = (response["VersionId"], now, stamp)
        self.made_at = versions.made_at(response)
        return stamp

    def see(self, version: str) -> None:
        """Remember the current version, which needs no stamp."""
        self.version, self._seen_at = version, self._now()

    async def notice(self, slot: int) -> Replaced | None:
        """Check a version that differs from the last known one.

        Args:
            slot: The current slot, which has been written.

        Returns:
            The replacement, None if the version has the slot's stamp too.
        """
        current = await self._current()
        if self._is_stamped(current, slot):
            self.see(current["VersionId"])
            return None
        if current["VersionId"] != self._noticed:
            self._noticed = current["VersionId"]
            made_at, seen_at = versions.made_at(current), self._seen_at
            is_new = made_at and seen_at and made_at > seen_at - CLOCKS_DIFFER
            self.replaced = Replaced(at=made_at if is_new else None)
            log.warning("secret_value_replaced", replaced_at=self.replaced.at)
        return self.replaced

    def rewritten(self, replaced: Replaced) -> None:
        """Count a value that was written because somebody had replaced the one before."""
        self.rewrites.append(self._now())
        self.replaced = replaced
        log.info("secret_value_rewritten", replaced_at=replaced.at)

    async def write(self, heartbeat: Heartbeat, description: str, arn: str, slot: int) -> bool:
        """Write the slot's value, unless it is already written; keep all other keys.

        Returns:
            Whether this call also wrote the description.
        """
        current = await self._current()
        token = versions.token(arn, slot)
        landed, known = False, {current["VersionId"]}
        for _ in range(MERGES_MAX):
            self.see(current["VersionId"])
            if self.version == token:
                break
            value = versions.merged(current, heartbeat)
            if not await self._put(value, description, token):
                if known != {current["VersionId"]} or self._is_stamped(current, slot):
                    break
                # Somebody has replaced the slot's value: stamp theirs, once for all workers.
                token = versions.token(arn, slot, current["VersionId"])
                known.add(token)
                continue
            landed = True
            self.see(token)
            known.add(token)
            overwritten = await self._overwritten(token, known)
            if overwritten is None:
                break
            known.add(overwritten)
            current = await self._call("get_secret_value", VersionId=overwritten)
            token = versions.token(arn, slot, overwritten)
        return landed

    async def _current(self) -> dict[str, Any]:
        """Return the value, an empty object if there is none.

        AWS answers "not found" for a secret without a value and for a missing one.
        """
        try:
            return await self._call("get_secret_value")
        except SourceError as error:
            if error.word is not ErrorWord.NOT_FOUND:
                raise
            if versions.staged(await self._call("describe_secret"), versions.CURRENT):
                raise
            return NO_VALUE

    def _is_stamped(self, response: dict[str, Any], slot: int) -> bool:
        """Tell whether a value has a stamp of this slot or a later one."""
        stamp = stamp_in_value(versions.text(response))
        return stamp is not None and self.slot(stamp) >= slot

    async def _put(self, value: str, description: str, token: str) -> bool:
        """Write a value; False if another worker has already written this slot."""
        try:
            await self._call(
                "update_secret",
                Description=description,
                SecretString=value,
                ClientRequestToken=token,
            )
        except SourceError as error:
            if aws_errors.code(error.__cause__) == "ResourceExistsException":
                return False
            raise
        self.writes.append(self._now())
        return True

    async def _overwritten(self, written: str, known: set[str]) -> str | None:
        """Return the version that was written between our reading and our writing, None if none.

        A version after ours does not matter: its author could read ours.
        """
        response = await self._call("describe_secret")
        previous = versions.staged(response, versions.PREVIOUS)
        unseen = versions.staged(response, versions.CURRENT) == written and previous not in known
        return previous if unseen else None


def _count(moments: deque[datetime], since: datetime) -> int:
    """Count the moments since then, and forget older ones."""
    while moments and moments[0] < since:
        moments.popleft()
    return len(moments)
