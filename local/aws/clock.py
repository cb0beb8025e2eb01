"""The stand-in's time, which tests can move without waiting."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """The machine's clock, moved by the control.

    There are two kinds of moves. `advanced_s` is time that has passed only for AWS: versions age,
    credentials and certificates expire, while signatures, made with the machine's clock, stay
    valid. `skew_s` is the difference between AWS's clock and its clients': it affects signatures.
    """

    def __init__(self) -> None:
        self.advanced_s = 0.0
        self.skew_s = 0.0

    def now(self) -> datetime:
        """Return the time in this AWS: for ages, quotas, expiry and validity."""
        return self.wire() + timedelta(seconds=self.advanced_s)

    def wire(self) -> datetime:
        """Return the time of signatures, in which the expiry in answers is given too."""
        return datetime.fromtimestamp(time.time(), UTC) + timedelta(seconds=self.skew_s)

    def reset(self) -> None:
        """Return to the machine's clock."""
        self.advanced_s = self.skew_s = 0.0
