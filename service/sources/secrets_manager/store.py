"""The secret: its description stamped each cycle, its value once in a slot, and both read back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from schema.errors import ErrorWord
from schema.freshness import in_future
from schema.heartbeat import Heartbeat, WorkerReport
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
        self._arn: str | None = None
        self._note: str | None = None
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
        arn = await self._learn_arn()
        await self._check_clock()
        slot = self.value.slot(heartbeat.timestamp)
        description = self._describe(heartbeat)
        if slot != self._slot:
            try:
                landed = await self.value.write(heartbeat, description, arn, slot)
            except SupersededError:
                landed = False  # whoever leads writes it
            except SourceError as error:
                # A dead value path must not take the stamp with it, nor hide behind it.
                self._short, landed = Shortfall.of(error), False
                if error.word is ErrorWord.QUOTA:
                    self._slot = slot  # asking every minute would not give the quota back
            else:
                self._slot, self._short = slot, None
            if landed:
                return None
        await self._call("update_secret", Description=description)
        return self._short

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
            ),
        )

    async def close(self) -> None:
        """Nothing to give back: boto3's connections end with the process."""

    def tell(self, report: WorkerReport) -> WorkerReport:
        """The report with how often the value is written, and was."""
        writes = self.value.writes_since(utc_now() - WRITES_WINDOW)
        interval_s = self.settings.value_interval_s
        update = {"value_writes_24h": writes, "value_interval_seconds": interval_s}
        return report.model_copy(update=update)

    def _describe(self, heartbeat: Heartbeat) -> str:
        try:
            return Description.of(heartbeat, self._note).to_text()
        except ValueError as error:
            raise SourceError(ErrorWord.INVALID_DATA, str(error)) from None

    async def _learn_arn(self) -> str:
        """The ARN, which tokens derive from; and a person's own description, to be kept."""
        if self._arn is None:
            said = await self._call("describe_secret")
            text = said.get("Description", "")
            ours = Description.from_text(text)
            self._note = ours.note if ours else text or None
            self._arn = str(said["ARN"])
        return self._arn

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
