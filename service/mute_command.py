"""The commands that mute alerts, and end mutes."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from schema.timestamps import utc_now
from service.alerts.lease import Stores
from service.alerts.ledger import Ledger
from service.alerts.mutes import REASON_MAX, Mute, active
from service.alerts.outbox import try_store
from service.alerts.spill import Spill
from service.alerts.targets import SPAN, UNIT_S
from service.alerts.words import span
from service.command_line import USAGE_ERROR
from service.output import refuse, show
from service.settings import Settings

FAILED = 1
STORE_S = 10.0  # for one answer of a store: a person waits for it
MUTE_MOST = timedelta(days=7)


async def mute(settings: Settings, stores: Stores, parsed: argparse.Namespace) -> int:
    """Mute all alerts or those of some sources, for a time."""
    found = SPAN.fullmatch(parsed.span)
    lasts = timedelta(seconds=float(found[1]) * UNIT_S[found[2]] if found and found[1] else 0)
    if not timedelta(0) < lasts <= MUTE_MOST:
        reason = f"--for {parsed.span}: give a time such as 30m, 2h or 1d, at most 7d"
        return refuse(reason, USAGE_ERROR)
    there = [source.name for source in settings.sources]
    for name in parsed.source:
        if name not in there:
            return refuse(f"--source {name}: there is only {', '.join(there)}", USAGE_ERROR)
    now = utc_now()
    wanted = Mute(
        id=uuid4(),
        sources=tuple(parsed.source),
        reason=parsed.reason[:REASON_MAX],
        began=now,
        until=now + lasts,
    )
    if not await _write(stores, [wanted]):
        return FAILED
    show(f"muted for {span(lasts)}, until {wanted.until:%Y-%m-%d %H:%M:%S} UTC")
    return 0


async def unmute(stores: Stores, parsed: argparse.Namespace) -> int:
    """End all mutes, or those of some sources."""
    now = utc_now()
    held = await active_mutes(stores)
    wanted = [m for m in held if not parsed.source or set(m.sources) & set(parsed.source)]
    if wanted and not await _write(stores, [replace(each, until=now) for each in wanted]):
        return FAILED
    show(f"{len(wanted)} ended" if wanted else "nothing was muted")
    return 0


async def active_mutes(stores: Stores) -> list[Mute]:
    """Return the active mutes of the stores that answer."""
    found: list[Mute] = []
    for store in _each(stores):
        found += await try_store(store.mutes, [], STORE_S)
    return active(found, utc_now())


def _each(stores: Stores) -> list[Ledger | Spill]:
    return [stores.spill] if stores.ledger is None else [stores.ledger, stores.spill]


async def _write(stores: Stores, mutes: Sequence[Mute]) -> bool:
    """Write mutes to each store that accepts them: the other may be down when they are read."""
    accepted = [await _succeeds(store, each) for each in mutes for store in _each(stores)]
    if not any(accepted):
        refuse("neither PostgreSQL nor Valkey can be written now: nothing has changed", FAILED)
    return any(accepted)


async def _succeeds(store: Ledger | Spill, mute: Mute) -> bool:
    async def write() -> bool:
        await store.mute(mute)
        return True

    return await try_store(write, otherwise=False, within_s=STORE_S)
