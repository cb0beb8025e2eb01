"""The object in a bucket."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from pydantic import ValidationError

from schema.errors import ErrorWord
from schema.freshness import in_future
from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service.aws.calls import Calls
from service.errors import Shortfall, SourceError
from service.observation import Observation
from service.source import Source
from service.sources.s3.errors import CHANGED, MISSING, UNKNOWN_CONDITION, code
from service.sources.s3.notices import notices
from service.sources.s3.settings import Settings

TRIES_MAX = 4  # one to learn whether conditions work, two lost to another worker

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Found:
    """An object that was read.

    Attributes:
        etag: Its tag, for conditions.
        stamp: Its stamp.
        is_locked: Whether object lock keeps it.
    """

    etag: str
    heartbeat: Heartbeat
    is_locked: bool = False


class S3(Source):
    """A connected bucket.

    Args:
        calls: Makes the calls.
        settings: The bucket.
        name: `HEARTBEAT_NAME`, in the object's key.
        now: The clock to compare with stamps.

    Attributes:
        key: The object's key.
    """

    def __init__(
        self,
        calls: Calls,
        settings: Settings,
        name: str,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.calls = calls
        self.key = f"{settings.prefix}/{name}.json"
        self._bucket = settings.bucket
        self._now = now
        self._is_known = False  # whether `_found` still equals the stored object, as far as we know
        self._found: Found | None = None
        self._is_conditional: bool | None = None  # whether the server respects conditions
        self._noticed: set[str] = set()

    async def write(self, heartbeat: Heartbeat) -> Shortfall | None:
        """Replace the object, unless its stamp is newer and not in the future.

        Raises:
            SourceError: `clock` if our clock and the server's differ by more than the tolerance;
                `invalid_data` if the object is not Heartbeat's; it is not replaced.
        """
        denied: SourceError | None = None
        for _ in range(TRIES_MAX):
            try:
                await self._learn(heartbeat.timestamp)
            except SourceError as error:
                if error.word is not ErrorWord.PERMISSION:
                    raise
                # Without ListBucket, S3 answers so if the object does not exist yet.
                denied, self._found, self._is_known = error, None, True
                if self._is_conditional is False:
                    raise  # a blind write could move the stamp back in time
            self._check_clock()
            if self._is_newer(heartbeat.timestamp):
                return None
            if await self._put(heartbeat):
                return None
            if denied:
                raise denied
        raise SourceError(ErrorWord.THROTTLED, "another worker changed the object at each attempt")

    async def read(self) -> Observation:
        """Read the object; a missing one means never written.

        Raises:
            SourceError: It cannot be read.
        """
        found = await self._look()
        if found is None:
            return Observation()
        stamp = found.heartbeat
        return Observation(
            stamp=stamp.timestamp,
            interval_s=stamp.interval_seconds,
            report=stamp.report,
        )

    async def close(self) -> None:
        """Do nothing: botocore's connections end with the process."""

    async def _learn(self, stamp: datetime) -> None:
        """Read the stored object, unless this process wrote it."""
        forward = self._found is None or self._found.heartbeat.timestamp < stamp
        guarded = self._is_conditional and not self.calls.clock_differs
        if self._is_known and forward and guarded:
            return
        self._found, self._is_known = await self._look(), True

    async def _look(self) -> Found | None:
        try:
            response = await self.calls.call("s3", "get_object", Bucket=self._bucket, Key=self.key)
        except SourceError as error:
            if code(error.__cause__) == MISSING:
                return None
            raise
        try:
            heartbeat = Heartbeat.model_validate_json(response["Body"])
        except ValidationError:  # one that is too long is cut, and so invalid JSON
            detail = f"the object {self.key} is not a stamp, so it is not overwritten"
            raise SourceError(ErrorWord.INVALID_DATA, detail) from None
        return Found(response["ETag"], heartbeat, "ObjectLockMode" in response)

    def _check_clock(self) -> None:
        if self.calls.clock_differs:
            detail = f"the bucket's clock is {self.calls.skew_s:+.1f} s from ours"
            raise SourceError(ErrorWord.CLOCK, detail)

    def _is_newer(self, stamp: datetime) -> bool:
        """Tell whether the stored object must stay."""
        if self._found is None:
            return False
        stored = self._found.heartbeat.timestamp
        return stored >= stamp and not in_future(stored, self._now())

    async def _put(self, heartbeat: Heartbeat) -> bool:
        """Write the object; False if it must be read again first."""
        body, before, condition = (
            heartbeat.model_dump_json().encode(),
            self._found,
            self._condition(),
        )
        self._is_known = False
        try:
            response = await self.calls.call(
                "s3",
                "put_object",
                Bucket=self._bucket,
                Key=self.key,
                Body=body,
                ContentType="application/json",
                ContentMD5=base64.b64encode(
                    hashlib.md5(body, usedforsecurity=False).digest()
                ).decode(),
                **condition,
            )
        except SourceError as error:
            return self._is_worth_another_look(error, before, condition)
        if before is not None and "IfNoneMatch" in condition:
            self._is_conditional = False  # it accepted what it should have refused
        self._found, self._is_known = Found(response["ETag"], heartbeat), True
        self._notice(
            response, heartbeat.interval_seconds, is_locked=before is not None and before.is_locked
        )
        return True

    def _condition(self) -> dict[str, str]:
        """Choose the condition of a write.

        A server may silently ignore conditions. So the first write over an existing object requires
        that there is none: a server that respects conditions refuses it.
        """
        if self._is_conditional is False:
            return {}
        if self._found is None or self._is_conditional is None:
            return {"IfNoneMatch": "*"}
        return {"IfMatch": self._found.etag}

    def _is_worth_another_look(
        self, error: SourceError, before: Found | None, condition: dict[str, str]
    ) -> bool:
        """Return False if the object has changed, or if the server does not know conditions.

        Raises:
            SourceError: Any other error.
        """
        name = code(error.__cause__)
        if condition and name in UNKNOWN_CONDITION:
            self._is_conditional = False
            return False
        if name not in CHANGED and name != MISSING:
            raise error
        if before is not None and "IfNoneMatch" in condition:
            self._is_conditional = True
        return False

    def _notice(self, response: dict[str, Any], interval_s: float, *, is_locked: bool) -> None:
        """Log once how the bucket's rules affect one stamp per cycle."""
        for text in notices(response, interval_s, is_locked=is_locked):
            if text not in self._noticed:
                self._noticed.add(text)
                log.warning("bucket_notice", bucket=self._bucket, key=self.key, reason=text)
