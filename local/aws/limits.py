"""AWS's rate limits, by operation.

Defaults of an account: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/quotas.html and
https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html. How AWS lets
bursts through is not documented; here a second's worth may come at once. Not limited here: the
set-up of Roles Anywhere (one call a second) and IAM.
"""

from datetime import datetime

from local.aws.wire.errors import throttled

_POOLS = {
    "CreateSession": ("sessions", 10.0),
    "UpdateSecret": ("secret writes", 50.0),
    "PutSecretValue": ("secret writes", 50.0),
    "CreateSecret": ("secret creations", 50.0),
    "DescribeSecret": ("secret reads", 10_000.0),
    "GetSecretValue": ("secret reads", 10_000.0),
}
_TOO_MANY_REQUESTS = 429


class Limits:
    """One token bucket per pool of operations, filled by the stand-in's own time."""

    def __init__(self) -> None:
        self.reset()

    def set(self, operation: str, per_second: float) -> None:
        """Change the rate of `operation`; 0 refuses every call."""
        self._rates[operation] = (operation, per_second)
        self._buckets.pop(operation, None)

    def reset(self) -> None:
        """Return to AWS's rates, with full buckets."""
        self._rates = dict(_POOLS)
        self._buckets: dict[str, tuple[float, datetime]] = {}

    def check(self, operation: str, now: datetime) -> None:
        """Count a call.

        Raises:
            AwsError: ThrottlingException: the pool is empty.
        """
        if operation not in self._rates:
            return
        pool, rate = self._rates[operation]
        tokens, since = self._buckets.get(pool, (rate, now))
        tokens = min(rate, tokens + max((now - since).total_seconds(), 0) * rate)
        self._buckets[pool] = (max(tokens - 1, 0), now) if tokens >= 1 else (tokens, now)
        if tokens < 1:
            raise throttled(_TOO_MANY_REQUESTS if operation == "CreateSession" else 400)
