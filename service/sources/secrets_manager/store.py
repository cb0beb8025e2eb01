"""The secret: its description is written each cycle, its value once per slot."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from schema.errors import ErrorWord
from schema.freshness import in_future
from schema.heartbeat import Heartbeat, Replaced, WorkerReport
from schema.secret import Description
from schema.timestamps import utc_now
from service.aws.client import Aws
from service.errors import Shortfall, SourceError, SupersededError
from service.observation import Observation
from service.source import Source
from service.sources.secrets_manager.settings import SecretDetails, Settings
from service.sources.secrets_manager.value import Value
from service.sources.secrets_manager.versions import CURRENT, staged

WRITES_WINDOW = timedelta(hours=24)  # how long AWS keeps an unused version


class SecretsManager(Source):
    """A connected secret.

    Args:
        aws: The identity.
        settings: The secret, and the interval of its value.
        now: The clock of value writes.

    Attributes:
        value: The part that handles the value.
    """

    def __init__(self, aws: Aws, settings: Settings, now: Callable[[], datetime] = utc_now) -> None:
        self.aws = aws
        self.settings = settings
        self.value = Value(self._call, settings.value_interval_s, now)
        self._now = now
        self._slot: int | None = None  # the newest slot whose value needs no further attempt
        self._short: Shortfall | None = None
        self._known: tuple[str, str | None] = ("", None)  # the last description, and its note

    async def write(self, heartbeat: Heartbeat) -> Shortfall | None:
        """Write the description, and once per slot the value.

        AWS has no compare-and-set here, so a late stamp can replace another worker's stamp that is
        some seconds newer; the next write corrects it.

        Returns:
            Why the value was not written although the description was; None if both were.

        Raises:
            SourceError: The description was not written; `clock` if our clock and AWS's differ by
                more than the tolerance.
            SupersededError: Another worker leads now.
        """
        secret = await self._call("describe_secret")
        await self._check_clock()
        if not await self._write_value(heartbeat, secret):
            description = self._describe(heartbeat, secret, self.value.replaced)
            await self._call("update_secret", Description=description)
        return self._short

    async def _write_value(self, heartbeat: Heartbeat, secret: dict[str, Any]) -> bool:
        """Write the value when a slot begins, and after somebody has replaced it.

        Returns:
            Whether the description was written with it.
        """
        slot, current = self.value.slot(heartbeat.timestamp), staged(secret, CURRENT)
        if current is not None and (slot, current) == (self._slot, self.value.version):
            self.value.see(current)
            return False
        try:
            if slot == self._slot:
                landed = await self._rewrite_value(heartbeat, secret, slot)
            else:
                description = self._describe(heartbeat, secret, self.value.replaced)
                landed = await self.value.write(heartbeat, description, str(secret["ARN"]), slot)
        except SupersededError:
            return False  # the leader writes it
        except SourceError as error:
            # A failure of the value must neither fail the stamp nor stay hidden.
            self._short = Shortfall.of(error)
            if error.word is ErrorWord.QUOTA:  # trying every minute would not free the quota
                self._slot, self.value.version = slot, current
            return False
        self._slot, self._short = slot, None
        return landed

    async def _rewrite_value(self, heartbeat: Heartbeat, secret: dict[str, Any], slot: int) -> bool:
        """Stamp a value that somebody else has written, if the daily quota allows it.

        Returns:
            Whether the description was written with it.
        """
        found = await self.value.notice(slot)
        if found is None or not self.value.may_rewrite:
            return False
        restamped = found.model_copy(update={"rewritten_at": self._now()})
        description = self._describe(heartbeat, secret, restamped)
        landed = await self.value.write(heartbeat, description, str(secret["ARN"]), slot)
        if landed:
            self.value.rewritten(restamped)
        return landed

    async def read(self) -> Observation:
        """Read the newest valid stamp of description and value.

        Raises:
            SourceError: The secret cannot be described.
        """
        secret = await self._call("describe_secret")
        version_id = staged(secret, CURRENT)
        error = ErrorWord.NOT_FOUND if "DeletedDate" in secret else None
        cause = None
        try:
            value_stamp = await self.value.stamp(version_id) if version_id else None
        except SourceError as failed:
            value_stamp = None
            if error is None:
                error, cause = failed.word, failed.cause
        found = Description.from_text(secret.get("Description", ""))
        report = found.report if found else None
        return Observation(
            stamp=_newest(found.updated_at if found else None, value_stamp),
            interval_s=found.interval_seconds if found else None,
            report=report,
            error=error,
            cause=cause,
            details=SecretDetails(
                name=secret["Name"],
                arn=secret["ARN"],
                version_id=version_id,
                value_stamp=value_stamp,
                value_interval_s=report.value_interval_seconds if report else None,
                value_made_at=self.value.made_at if version_id and not value_stamp else None,
                replaced=report.value_replaced if report else None,
            ),
        )

    async def close(self) -> None:
        """Do nothing: boto3's connections end with the process."""

    def add_to(self, report: WorkerReport) -> WorkerReport:
        """Add the value's interval and count of writes to the report."""
        writes = self.value.writes_since(utc_now() - WRITES_WINDOW)
        interval_s = self.settings.value_interval_s
        return report.model_copy(
            update={
                "value_writes_24h": writes,
                "value_interval_seconds": interval_s,
                "value_replaced": self.value.replaced,
            }
        )

    def _describe(
        self, heartbeat: Heartbeat, secret: dict[str, Any], replaced: Replaced | None
    ) -> str:
        """Format the stamp as a description; keep a person's text as its note."""
        note = self._note(secret.get("Description", ""))
        if heartbeat.report is not None:  # made before this cycle read the value
            report = heartbeat.report.model_copy(update={"value_replaced": replaced})
            heartbeat = heartbeat.model_copy(update={"report": report})
        try:
            text = Description.of(heartbeat, note).to_text()
        except ValueError as error:
            raise SourceError(ErrorWord.INVALID_DATA, str(error)) from None
        self._known = (text, note)
        return text

    def _note(self, text: str) -> str | None:
        """Return a description's note; it is parsed only if somebody else has written it."""
        if text != self._known[0]:
            ours = Description.from_text(text)
            self._known = (text, ours.note if ours else text or None)
        return self._known[1]

    async def _check_clock(self) -> None:
        """Refuse to write by a wrong clock; compare it again first, it may be right by now."""
        if self.aws.clock_differs:
            await self._call("describe_secret")
        if self.aws.clock_differs:
            detail = f"AWS's clock is {self.aws.skew_s:+.1f} s from ours"
            raise SourceError(ErrorWord.CLOCK, detail)

    async def _call(self, operation: str, **parameters: str) -> dict[str, Any]:
        if self.fence is not None and operation == "update_secret":
            await self.fence.check(asking="SecretString" in parameters)
        return await self.aws.call(
            "secretsmanager", operation, SecretId=self.settings.secret, **parameters
        )


def _newest(*stamps: datetime | None) -> datetime | None:
    """Return the newest stamp that is not in the future, else one that is."""
    now = utc_now()
    return max(
        (stamp for stamp in stamps if stamp is not None),
        key=lambda stamp: (not in_future(stamp, now), stamp),
        default=None,
    )
