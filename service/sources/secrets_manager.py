"""AWS Secrets Manager: the stamp in the secret's description, and now and then in its value.

Every write of a value makes a version; AWS keeps all that are younger than 24 h and allows about
100 (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html). One a
minute would end in `LimitExceededException` after 100 minutes, for ever. A description makes no
version, so it carries the stamp of each cycle; the value is written once in a slot of half an
hour, under a token derived from the slot, so that restarts and second workers add no version.
"""

import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field

from schema.errors import ErrorWord
from schema.freshness import Freshness, in_future, judge
from schema.heartbeat import Heartbeat
from schema.secret import Description, merged_value, stamp_in_value
from schema.timestamps import utc_now
from service.aws import errors as aws_errors
from service.aws.client import Aws
from service.source import Observation, Shared, SourceError, SourceSettings

VALUE_INTERVAL_ADVISED_S = 900  # 24 h / 100 versions is 14.4 minutes; leave room for people
VALUE_LIFETIME = timedelta(minutes=5)  # reading a value costs a decryption and money
MERGES_MAX = 3  # a person who edits in the same second, three times over, is no person
CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"
NO_VALUE = {"VersionId": "", "SecretString": "{}"}  # of a secret that nobody ever gave one


class Settings(SourceSettings):
    """The variables of Secrets Manager."""

    name: ClassVar[str] = "secrets_manager"
    title: ClassVar[str] = "AWS Secrets Manager"
    ambient: ClassVar[frozenset[str]] = frozenset({"SECRET_VALUE_INTERVAL_SECONDS"})
    needs_aws: ClassVar[bool] = True
    lifetime_s: ClassVar[float] = 20.0
    read_deadline_s: ClassVar[float] = 8.0  # a first call makes a session and loads boto3

    secret: str = Field(alias="SECRETS_MANAGER_SECRET_NAME", min_length=1, max_length=512)
    value_interval_s: int = Field(
        default=1800, alias="SECRET_VALUE_INTERVAL_SECONDS", ge=1, le=86_400
    )

    @property
    def endpoint(self) -> str:
        """The secret's name."""
        return self.secret.rsplit(":", 1)[-1]

    def warnings(self) -> list[str]:
        """What will go wrong with these settings, though they are valid."""
        if self.value_interval_s >= VALUE_INTERVAL_ADVISED_S:
            return []
        text = (
            f"SECRET_VALUE_INTERVAL_SECONDS={self.value_interval_s}: AWS keeps every version of a "
            f"secret for 24 h and allows about 100; under {VALUE_INTERVAL_ADVISED_S} s that quota "
            "will be hit"
        )
        return [text]

    def connect(self, shared: Shared) -> "SecretsManager":
        """The secret, through the process's one AWS identity."""
        if shared.aws is None:
            msg = "SECRETS_MANAGER_SECRET_NAME needs the AWS identity (IAM_* and AWS_REGION)"
            raise ValueError(msg)
        return SecretsManager(shared.aws, self)


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretObservation(Observation):
    """What the secret's own endpoint says beside the stamp; never its value."""

    name: str | None = None
    arn: str | None = None
    version_id: str | None = None
    value_stamp: datetime | None = None
    value_interval_s: float | None = None

    def part_is_stale(self, now: datetime) -> bool:
        """Whether the value is overdue, once Heartbeat writes this secret at all."""
        if self.report is None or self.value_interval_s is None:
            return False
        if self.value_stamp is None:
            return True
        return judge(self.value_stamp, now, self.value_interval_s) is Freshness.STALE


@dataclass(frozen=True, kw_only=True, slots=True)
class _Value:
    """A value as last read: its stamp, and when and which."""

    stamp: datetime | None
    version_id: str
    read_at: datetime


class SecretsManager:
    """The source, on the process's AWS identity.

    Args:
        aws: The identity.
        settings: Which secret, and how often its value is written.
        now: The clock that value writes are counted by.

    Attributes:
        value_writes: When this process wrote a value in the last 24 hours.
    """

    def __init__(self, aws: Aws, settings: Settings, now: Callable[[], datetime] = utc_now) -> None:
        self.aws = aws
        self.settings = settings
        self.value_writes: deque[datetime] = deque()
        self._arn: str | None = None
        self._note: str | None = None
        self._slot: int | None = None  # the newest slot whose value needs no further try
        self._warning: ErrorWord | None = None
        self._value: _Value | None = None
        self._now = now

    async def write(self, heartbeat: Heartbeat) -> ErrorWord | None:
        """Stamp the description, and once per slot the value.

        AWS has no compare-and-set here, so that a stamp that is late can replace one of another
        worker that is some seconds newer; the next one mends it.

        Returns:
            Why the value was not written, while its description was; None if all is well.

        Raises:
            SourceError: The description was not written; `clock` if our clock and AWS's differ by
                more than the tolerance.
        """
        arn = await self._learn_arn()
        await self._check_clock()
        slot = int(heartbeat.timestamp.timestamp() // self.settings.value_interval_s)
        description = self._describe(heartbeat)
        if slot != self._slot:
            try:
                landed = await self._write_value(heartbeat, description, arn, slot)
            except SourceError as error:
                # A dead value path must not take the stamp with it, nor hide behind it.
                self._warning, landed = error.word, False
                if error.word is ErrorWord.QUOTA:
                    self._slot = slot  # asking every minute would not give the quota back
            else:
                self._slot, self._warning = slot, None
            if landed:
                return None
        await self._update(Description=description)
        return self._warning

    async def read(self) -> Observation:
        """The newest valid stamp of description and value.

        Raises:
            SourceError: The secret cannot be described.
        """
        said = await self._call("describe_secret")
        version_id = _staged(said, CURRENT)
        error = ErrorWord.NOT_FOUND if "DeletedDate" in said else None
        try:
            value = await self._read_value(version_id) if version_id else None
        except SourceError as failed:
            value, error = None, error or failed.word
        found = Description.from_text(said.get("Description", ""))
        report = found.report if found else None
        stamps = (found.updated_at if found else None, value.stamp if value else None)
        return SecretObservation(
            stamp=_newest(stamps),
            interval_s=found.interval_seconds if found else None,
            report=report,
            error=error,
            name=said["Name"],
            arn=said["ARN"],
            version_id=version_id,
            value_stamp=stamps[1],
            value_interval_s=report.value_interval_seconds if report else None,
        )

    def value_writes_since(self, moment: datetime) -> int:
        """How many values this process has written since then; older ones are forgotten."""
        while self.value_writes and self.value_writes[0] < moment:
            self.value_writes.popleft()
        return len(self.value_writes)

    async def close(self) -> None:
        """Nothing to give back: boto3's connections end with the process."""

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

    async def _write_value(
        self, heartbeat: Heartbeat, description: str, arn: str, slot: int
    ) -> bool:
        """Write the slot's value, unless it is there already; lose no key of anyone.

        Returns:
            Whether this call also wrote the description.
        """
        current = await self._current()
        token = _token(arn, slot)
        landed, known = False, {current["VersionId"]}
        for _ in range(MERGES_MAX):
            if current["VersionId"] == token:
                break
            value = merged_value(_text(current), heartbeat)
            if not await self._put(value, description, token):
                if known != {current["VersionId"]} or self._is_stamped(current, slot):
                    break
                # Someone has replaced the slot's value: stamp theirs, once for all workers.
                token = _token(arn, slot, current["VersionId"])
                known.add(token)
                continue
            landed = True
            known.add(token)
            overwritten = await self._overwritten(token, known)
            if overwritten is None:
                break
            known.add(overwritten)
            current = await self._call("get_secret_value", VersionId=overwritten)
            token = _token(arn, slot, overwritten)
        return landed

    async def _current(self) -> dict[str, Any]:
        """The value, an empty object where there is none.

        AWS says "not found" of a secret without a value as of one that is not there.
        """
        try:
            return await self._call("get_secret_value")
        except SourceError as error:
            if error.word is not ErrorWord.NOT_FOUND:
                raise
            if _staged(await self._call("describe_secret"), CURRENT):
                raise
            return NO_VALUE

    def _is_stamped(self, said: dict[str, Any], slot: int) -> bool:
        """Whether a value holds a stamp of this slot, or of a later one."""
        stamp = stamp_in_value(_text(said))
        return stamp is not None and stamp.timestamp() // self.settings.value_interval_s >= slot

    async def _put(self, value: str, description: str, token: str) -> bool:
        """Write a value; False if another worker has written this slot's already."""
        try:
            await self._update(
                Description=description, SecretString=value, ClientRequestToken=token
            )
        except SourceError as error:
            if aws_errors.code(error.__cause__) == "ResourceExistsException":
                return False
            raise
        self.value_writes.append(self._now())
        return True

    async def _overwritten(self, written: str, known: set[str]) -> str | None:
        """The version that someone wrote between our reading and our writing, None if nobody.

        A version that came after ours is no concern: whoever wrote it could see ours.
        """
        said = await self._call("describe_secret")
        previous = _staged(said, PREVIOUS)
        unseen = _staged(said, CURRENT) == written and previous not in known
        return previous if unseen else None

    async def _read_value(self, version_id: str) -> _Value:
        """The value's stamp, read again when the version changes, or after five minutes."""
        now = self._now()
        known = self._value
        if known and known.version_id == version_id and now - known.read_at < VALUE_LIFETIME:
            return known
        said = await self._call("get_secret_value")
        self._value = _Value(
            stamp=stamp_in_value(said.get("SecretString", "")),
            version_id=said["VersionId"],
            read_at=now,
        )
        return self._value

    async def _update(self, **changes: str) -> None:
        await self._call("update_secret", **changes)

    async def _call(self, operation: str, **parameters: str) -> dict[str, Any]:
        return await self.aws.call(
            "secretsmanager", operation, SecretId=self.settings.secret, **parameters
        )


def _token(arn: str, slot: int, *after: str) -> str:
    """The token of a slot's write, or of the one that merges a version that came in between."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join([arn, str(slot), *after])))


def _staged(said: dict[str, Any], stage: str) -> str | None:
    """The version that carries a stage, in what DescribeSecret said."""
    versions: dict[str, list[str]] = said.get("VersionIdsToStages", {})
    return next((version for version, stages in versions.items() if stage in stages), None)


def _text(said: dict[str, Any]) -> str:
    """The value as text.

    Raises:
        SourceError: It is binary, which no stamp can be put into without losing it.
    """
    if "SecretString" not in said:
        raise SourceError(ErrorWord.INVALID_DATA, "the secret's value is binary: it is left alone")
    return str(said["SecretString"])


def _newest(stamps: tuple[datetime | None, ...]) -> datetime | None:
    """The newest stamp that is not in the future; one that is, if there is no other."""
    now = utc_now()
    return max(
        (stamp for stamp in stamps if stamp is not None),
        key=lambda stamp: (not in_future(stamp, now), stamp),
        default=None,
    )
