"""A lease in Valkey, used while PostgreSQL is down: a key that expires."""

from typing import Any

from service.lease.standing import Answer
from service.lease.task import LeaseTask
from service.source import Keys

KEPT_S = 7 * 86_400  # lifetime of a token that is no longer needed

# Keys: holder, token, standbys, last holder. Arguments: this process, the lease's duration in ms,
# the newest known token, whether we hold PostgreSQL's lease, whether we claim, whether we stand by.
# Returns the holder, its remaining time in ms, the token, the standbys.
STAND = """
local who, lasts, known = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local holder = redis.call('GET', KEYS[1])
local token = math.max(tonumber(redis.call('GET', KEYS[2]) or '0') or 0, known)
if ARGV[5] == '1' and (ARGV[4] == '1' or not holder or holder == who) then
  local same = holder == who or redis.call('GET', KEYS[4]) == who
  if ARGV[4] == '0' and not same then token = token + 1 end
  redis.call('SET', KEYS[1], who, 'PX', lasts)
  redis.call('SET', KEYS[4], who, 'EX', ARGV[7])
  redis.call('SET', KEYS[2], string.format('%.0f', token), 'EX', ARGV[7])
  holder = who
end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
if ARGV[6] == '1' then
  redis.call('ZADD', KEYS[3], now + lasts, who)
  redis.call('PEXPIRE', KEYS[3], 2 * lasts)
elseif holder == who then
  redis.call('ZREM', KEYS[3], who)
end
local left = holder and redis.call('PTTL', KEYS[1]) or 0
return {holder, left, string.format('%.0f', token), redis.call('ZRANGE', KEYS[3], 0, 99)}
"""

RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
redis.call('ZREM', KEYS[2], ARGV[1])
"""


class ValkeyLease:
    """The keys of one task.

    Args:
        keys: The Valkey.
        task: The task, and this process.

    Every method raises SourceError if Valkey cannot be read or written.
    """

    def __init__(self, keys: Keys, task: LeaseTask) -> None:
        self._keys = keys
        self._task = task
        self._lease = f"{task.name}:lease:{task.what}"
        self._token = f"{self._lease}:token"
        self._standbys = f"{self._lease}:standbys"
        self._last = f"{self._lease}:last"

    async def claim(self, known: int, *, overrides: bool) -> Answer:
        """Take or renew the lease, unless another holds it.

        Args:
            known: The newest known token; a new one is greater.
            overrides: Whether to replace another's lease, because we hold PostgreSQL's.
        """
        return await self._stand(known, overrides=overrides, claims=True)

    async def stand_by(self) -> None:
        """Register as a standby."""
        await self._stand(0, stands_by=True)

    async def release(self) -> None:
        """Release the lease, and stop standing by."""
        async with self._keys.commands() as client:
            await client.eval(RELEASE, 2, self._lease, self._standbys, self._task.holder)

    async def _stand(
        self, known: int, *, overrides: bool = False, claims: bool = False, stands_by: bool = False
    ) -> Answer:
        who = self._task.holder
        keys = [self._lease, self._token, self._standbys, self._last]
        lasts_ms = max(1, int(self._task.terms.lease_s * 1000))
        flags = [int(overrides), int(claims), int(stands_by)]
        arguments: list[Any] = [who, lasts_ms, known, *flags, KEPT_S]  # Any: redis-py's own types
        async with self._keys.commands() as client:
            answer = await client.eval(STAND, len(keys), *keys, *arguments)
        holder, left_ms, token, standbys = answer
        return Answer(
            leads=holder == who,
            token=int(token),
            holder=holder,
            left_s=max(0, left_ms) / 1000,
            standbys=tuple(sorted(each for each in standbys if each != who)),
        )
