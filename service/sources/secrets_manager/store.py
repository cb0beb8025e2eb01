"""The secret: its description stamped each cycle, its value once in a slot, and both read back."""

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
from service.source import Observation, Source
from service.sources.secrets_manager.settings import SecretDetails, Settings
from service.sources.secrets_manager.value import CURRENT, Value, staged

WRITES_WINDOW = timedelta(hours=24)  # how long AWS keeps a version that is one too many


class SecretsManager(Source):
    """The source, on the process's AWS identity.

    Args:
        aws: The identity.
        settings: Which secret, and how often its value is written.
        now: The clock that value writes are counted by.

    Attributes:
        value: The value's side of it.
    """

    def __init__(self, aws: Aws, settings: Settings, now: Callable[[], datetime] = utc_now) -> None:
        self.aws = aws
        self.settings = settings
        self.value = Value(self._call, settings.value_interval_s, now)
        self._now = now
        self._slot: int | None = None  # the newest slot whose value needs no further try
        self._short: Shortfall | None = None

    async def write(self, heartbeat: Heartbeat) -> Shortfall | None:
        """Stamp the description, and once per slot the value.

        AWS has no compare-and-set here, so that a stamp that is late can replace one of another
        worker that is some seconds newer; the next one mends it.

        Returns:
            Why the value was not written, while its description was; None if all is well.

        Raises:
            SourceError: The description was not written; `clock` if our clock and AWS's differ by
                more than the tolerance.
            SupersededError: Another worker leads by now.
        """
        said = await self._call("describe_secret")
        await self._check_clock()
        if not await self._write_value(heartbeat, said):
            description = self._describe(heartbeat, said, self.value.replaced)
            await self._call("update_secret", Description=description)
        return self._short

    async def _write_value(self, heartbeat: Heartbeat, said: dict[str, Any]) -> bool:
        """Write the value when a slot begins, and when somebody has replaced it.

        Returns:
            Whether the description was written with it.
        """
        slot, current = self.value.slot(heartbeat.timestamp), staged(said, CURRENT)
        if current is not None and (slot, current) == (self._slot, self.value.version):
            self.value.see(current)
            return False
        try:
            if slot == self._slot:
                landed = await self._rewrite_value(heartbeat, said, slot)
            else:
                description = self._describe(heartbeat, said, self.value.replaced)
                landed = await self.value.write(heartbeat, description, str(said["ARN"]), slot)
        except SupersededError:
            return False  # whoever leads writes it
        except SourceError as error:
            # A dead value path must not take the stamp with it, nor hide behind it.
            self._short = Shortfall.of(error)
            if error.word is ErrorWord.QUOTA:  # asking every minute would not give it back
                self._slot, self.value.version = slot, current
            return False
        self._slot, self._short = slot, None
        return landed

    async def _rewrite_value(self, heartbeat: Heartbeat, said: dict[str, Any], slot: int) -> bool:
        """Stamp the value that somebody put in the place of the slot's, if the day allows it.

        Returns:
            Whether the description was written with it.
        """
        found = await self.value.notice(slot)
        if found is None or not self.value.may_rewrite:
            return False
        told = found.model_copy(update={"rewritten_at": self._now()})
        description = self._describe(heartbeat, said, told)
        landed = await self.value.write(heartbeat, description, str(said["ARN"]), slot)
        if landed:
            self.value.rewritten(told)
        return landed

    async def read(self) -> Observation:
        """The newest valid stamp of description and value.

        Raises:
            SourceError: The secret cannot be described.
        """
        said = await self._call("describe_secret")
        version_id = staged(said, CURRENT)
        error = ErrorWord.NOT_FOUND if "DeletedDate" in said else None
        cause = None
        try:
            value_stamp = await self.value.stamp(version_id) if version_id else None
        except SourceError as failed:
            value_stamp = None
            if error is None:
                error, cause = failed.word, failed.cause
        found = Description.from_text(said.get("Description", ""))
        report = found.report if found else None
        return Observation(
            stamp=_newest(found.updated_at if found else None, value_stamp),
            interval_s=found.interval_seconds if found else None,
            report=report,
            error=error,
            cause=cause,
            details=SecretDetails(
                name=said["Name"],
                arn=said["ARN"],
                version_id=version_id,
                value_stamp=value_stamp,
                value_interval_s=report.value_interval_seconds if report else None,
                value_made_at=self.value.made_at if version_id and not value_stamp else None,
                replaced=report.value_replaced if report else None,
            ),
        )

    async def close(self) -> None:
        """Nothing to give back: boto3's connections end with the process."""

    def tell(self, report: WorkerReport) -> WorkerReport:
        """The report with how often the value is written, and was."""
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
        self, heartbeat: Heartbeat, said: dict[str, Any], replaced: Replaced | None
    ) -> str:
        """Format the stamp as a description, with what a person wrote there as its note."""
        text = said.get("Description", "")
        ours = Description.from_text(text)
        note = ours.note if ours else text or None
        if heartbeat.report is not None:  # which was made before this cycle looked at the value
            report = heartbeat.report.model_copy(update={"value_replaced": replaced})
            heartbeat = heartbeat.model_copy(update={"report": report})
        try:
            return Description.of(heartbeat, note).to_text()
        except ValueError as error:
            raise SourceError(ErrorWord.INVALID_DATA, str(error)) from None

    async def _check_clock(self) -> None:
        """Refuse to stamp by a clock that is wrong; ask AWS again first, it may be right by now."""
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
    """The newest stamp that is not in the future; one that is, if there is no other."""
    now = utc_now()
    return max(
        (stamp for stamp in stamps if stamp is not None),
        key=lambda stamp: (not in_future(stamp, now), stamp),
        default=None,
    )
