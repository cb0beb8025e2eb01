"""The keys in Valkey: written by one script, read back in one round trip."""

import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import anyio
import redis.asyncio
from anyio import BrokenResourceError, EndOfStream
from redis import exceptions
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from schema.errors import Cause, ErrorWord
from schema.freshness import CLOCK_TOLERANCE_S
from schema.heartbeat import REPORT_MAX, Heartbeat, read_report
from schema.timestamps import from_text, to_text, utc_now
from service.errors import Shortfall, SourceError
from service.observation import Observation
from service.source import Source
from service.sources.valkey.errors import translate
from service.sources.valkey.settings import Settings, ValkeyDetails
from service.timeouts import ANSWER_TIMEOUT_S
from service.tls import TlsMode

STAMP_MAX = 64  # characters; ours have 32
IDLE_S = 0.5  # connections used more recently are not tested before their use
PING_S = 0.7  # below a reading's deadline, so that another connection can still be opened
PROBE_EXPIRY_S = 60  # the probe's key expires when nobody watches any more
CLOSE_TIMEOUT_S = 0.5  # TLS would wait for a silent server's close_notify
CONNECT_TIMEOUT_S = 1.5  # below a reading's deadline, so that the reason is found in time
PLAIN_TEXT_WAIT_S = 0.3

# Refuses if the clocks differ. Otherwise replaces an older stamp, a stamp in the future, and a text
# that is not a stamp. Stamps of this form sort as text. Returns the skew in seconds, or nothing.
WRITE = """
local time = redis.call('TIME')
local skew = time[1] + time[2] / 1000000 - tonumber(ARGV[3])
if math.abs(skew) > tonumber(ARGV[4]) then return tostring(skew) end
local form = '^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%d%d%d%d%+00:00$'
local stored = redis.call('GET', KEYS[1])
if not stored or not stored:match(form) or stored < ARGV[1] or stored > ARGV[5] then
  redis.call('MSET', KEYS[1], ARGV[1], KEYS[2], ARGV[2])
end
return false
"""


def client(settings: Settings) -> redis.asyncio.Redis:
    """Create a client without its own retries: the worker has the only retry policy."""
    return redis.asyncio.Redis(
        host=settings.host,
        port=settings.port,
        db=settings.database,
        username=settings.user,
        password=settings.password.get_secret_value() if settings.password else None,
        ssl=settings.tls is not TlsMode.DISABLE,
        ssl_ca_data=settings.ca,
        ssl_cert_reqs="required" if settings.verified else "none",
        ssl_check_hostname=settings.verified and settings.tls is TlsMode.VERIFY_FULL,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=ANSWER_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        driver_info=None,
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
        decode_responses=True,
        encoding_errors="replace",
    )


class Valkey(Source):
    """A connected Valkey.

    Args:
        client: Its connection pool, closed with the source.
        name: `HEARTBEAT_NAME`.
        now: The clock to compare with the server's.
    """

    def __init__(
        self, client: redis.asyncio.Redis, name: str, now: Callable[[], datetime] = utc_now
    ) -> None:
        self.client = client
        self._now = now
        self.keys = self
        self.names = (f"{name}:last_update", f"{name}:report")
        self._probe_key = f"{name}:probe:{uuid.uuid4()}"
        self._write = client.register_script(WRITE)
        self._used_at: float | None = None  # None if no connection is known to be open

    async def write(self, heartbeat: Heartbeat) -> Shortfall | None:
        """Write stamp and report, unless the stored stamp is newer and not in the future.

        Raises:
            SourceError: `clock` if our clock and the server's differ by more than the tolerance;
                else the error of the server or the network.
        """
        our_now = self._now()
        arguments: list[str | float] = [
            to_text(heartbeat.timestamp),
            heartbeat.report.model_dump_json() if heartbeat.report else "{}",
            our_now.timestamp(),
            CLOCK_TOLERANCE_S,
            to_text(our_now + timedelta(seconds=CLOCK_TOLERANCE_S)),
        ]
        await self._drop_dead()
        try:
            skew = await self._write(keys=list(self.names), args=arguments)
        except (exceptions.RedisError, OSError) as error:
            raise await self._translate(error) from error
        self._used_at = time.monotonic()
        if skew is not None:
            detail = f"Valkey's clock is {float(skew):+.1f} s from ours"
            raise SourceError(ErrorWord.CLOCK, detail)
        return None

    async def read(self) -> Observation:
        """Read stamp and report, send PING and the write probe, in one round trip.

        Raises:
            SourceError: The server cannot be read.
        """
        token = str(uuid.uuid4())
        pipeline = self.client.pipeline(transaction=False)
        stamp, report = self.names
        # The stored data may be anything: read no more than the longest stamp and report.
        pipeline.exists(stamp)
        pipeline.getrange(stamp, 0, STAMP_MAX)
        pipeline.getrange(report, 0, REPORT_MAX)
        pipeline.ping()
        pipeline.set(self._probe_key, token, ex=PROBE_EXPIRY_S)
        pipeline.get(self._probe_key)
        await self._drop_dead()
        try:
            replies = await pipeline.execute(raise_on_error=False)
        except (exceptions.RedisError, OSError) as error:
            raise await self._translate(error) from error
        self._used_at = time.monotonic()
        there, stamp, report, pong, written, read_back = replies
        for failed in (each for each in (there, stamp, report) if isinstance(each, Exception)):
            raise translate(failed) from failed
        return _observation(
            stamp if there else None,
            report,
            ping_ok=pong is True,
            set_get_ok=written is True and read_back == token,
            error=translate(written).word if isinstance(written, Exception) else None,
        )

    @asynccontextmanager
    async def commands(self) -> AsyncIterator[redis.asyncio.Redis]:
        """Provide the client, with its errors translated.

        Raises:
            SourceError: Any error, as a word.
        """
        await self._drop_dead()
        try:
            yield self.client
        except (exceptions.RedisError, OSError) as error:
            raise translate(error) from error

    async def close(self) -> None:
        """Close the pool's connections; abort those to a silent server."""
        with anyio.move_on_after(CLOSE_TIMEOUT_S):
            await self.client.aclose()

    async def _drop_dead(self) -> None:
        """Test idle connections, and close those that do not answer.

        A restarted server has closed them; a network that lost their state sends nothing at all.
        """
        if self._used_at is None or time.monotonic() - self._used_at < IDLE_S:
            return
        self._used_at = None
        with anyio.move_on_after(PING_S), suppress(exceptions.ConnectionError, OSError):
            with suppress(exceptions.ResponseError):  # an error reply is an answer
                await self.client.ping()
            return
        with anyio.move_on_after(CLOSE_TIMEOUT_S):
            await self.client.connection_pool.disconnect(inuse_connections=False)

    async def _translate(self, error: Exception) -> SourceError:
        """Translate an error; silence may mean that the server does not speak TLS.

        A TLS ClientHello has no line end before its first NUL, so a plain-text server waits for the
        rest of the line and never answers.
        """
        translated = translate(error)
        secure = self.client.connection_pool.connection_class is redis.asyncio.SSLConnection
        if translated.word is ErrorWord.TIMEOUT and secure and await self._speaks_plain_text():
            return SourceError(ErrorWord.TLS, "the server speaks plain text", Cause.NO_TLS)
        return translated

    async def _speaks_plain_text(self) -> bool:
        where = self.client.connection_pool.connection_kwargs
        with anyio.move_on_after(PLAIN_TEXT_WAIT_S):
            try:
                async with await anyio.connect_tcp(where["host"], where["port"]) as stream:
                    await stream.send(b"PING\r\n")  # nothing secret
                    return await stream.receive(1) in {b"+", b"-"}
            except (OSError, EndOfStream, BrokenResourceError):
                return False
        return False


def _observation(
    text: str | None,
    document: str,
    *,
    ping_ok: bool,
    set_get_ok: bool,
    error: ErrorWord | None,
) -> Observation:
    stamp = from_text(text) if text is not None else None
    report, readable = read_report(document)
    if not readable or (text is not None and stamp is None):
        error = error or ErrorWord.INVALID_DATA
    return Observation(
        stamp=stamp,
        interval_s=report.interval_seconds if report else None,
        report=report,
        error=error,
        details=ValkeyDetails(ping_ok=ping_ok, set_get_ok=set_get_ok),
    )
