"""The statements on the tables of alerts."""

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    Float,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from schema.alerts import LIVES, DeliveryError
from schema.tables import AlertDelivery, Alerting, AlertMute, table

KEPT = timedelta(days=90)  # retention of ended deliveries
WAITING_MOST = 1000  # more than all alerts can produce within a day

MERGED = (
    *("event", "target", "name", "alert", "said"),
    *("attempts", "delivered", "dead", "error"),
)

# Any, in all of this file: SQLAlchemy's builder types end where a statement reads and writes.
_lease, _rows, _mutes = table(Alerting), table(AlertDelivery), table(AlertMute)
_NAME: Any = bindparam("of")
_WAITS: Any = _rows.c.delivered.is_(None) & _rows.c.dead.is_(None)


def _in_seconds(parameter: str) -> Any:
    """Return a time so many seconds ahead, by the server's clock."""
    return func.now() + func.make_interval(0, 0, 0, 0, 0, 0, bindparam(parameter, type_=Float))


def _stand() -> Any:
    """Take or renew the lease, unless another process holds it."""
    new = insert(_lease).values(
        name=_NAME,
        holder=bindparam("who"),
        until=_in_seconds("lease_s"),
        seq=0,
        state=literal_column("'{}'::jsonb"),
    )
    return new.on_conflict_do_update(
        index_elements=[_lease.c.name],
        set_={"holder": new.excluded.holder, "until": new.excluded.until},
        where=or_(_lease.c.holder == new.excluded.holder, _lease.c.until < func.now()),
    ).returning(_lease.c.seq, _lease.c.state)


def _claim() -> Any:
    """Claim the first delivery that is due for a target, and count the attempt.

    Only the first pending delivery of each alert may be claimed, which keeps their order.
    """
    earlier = _rows.alias("earlier")
    first = (
        select(_rows.c.event, _rows.c.target)
        .where(_rows.c.name == _NAME, _rows.c.target == bindparam("whom"), _WAITS)
        .where(_rows.c.due <= func.now())
        .where(or_(_rows.c.held_until.is_(None), _rows.c.held_until <= func.now()))
        .where(
            ~exists().where(
                earlier.c.name == _rows.c.name,
                earlier.c.target == _rows.c.target,
                earlier.c.alert == _rows.c.alert,
                earlier.c.position < _rows.c.position,
                earlier.c.delivered.is_(None),
                earlier.c.dead.is_(None),
            )
        )
        .order_by(_rows.c.position)
        .limit(1)
        .with_for_update(skip_locked=True, of=_rows)
    )
    return (
        update(_rows)
        .where(tuple_(_rows.c.event, _rows.c.target).in_(first))
        .values(attempts=_rows.c.attempts + 1, held_until=_in_seconds("lease_s"))
        .returning(*_rows.c)
    )


def _merge() -> Any:
    """Add deliveries with their results; of duplicates, the more advanced one stays."""
    given = {name: bindparam(name, type_=_rows.c[name].type) for name in MERGED}
    # Our clock, which may be wrong, must neither delay a delivery nor end it.
    new = insert(_rows).values({**given, "created": func.now(), "due": func.now()})
    old = _rows.c
    return new.on_conflict_do_update(
        index_elements=[old.event, old.target],
        set_={
            "delivered": func.coalesce(old.delivered, new.excluded.delivered),
            "dead": func.coalesce(old.dead, new.excluded.dead),
            "attempts": func.greatest(old.attempts, new.excluded.attempts),
            "error": func.coalesce(new.excluded.error, old.error),
        },
    )


def _targets() -> Any:
    """Count by target: pending deliveries and the oldest, those given up, and the last success."""
    day = _rows.c.dead > func.now() - LIVES
    last: Any = func.array_agg(_rows.c.error).filter(_rows.c.error.is_not(None) & (_WAITS | day))
    return (
        select(
            _rows.c.target,
            func.count().filter(_WAITS).label("waiting"),
            func.min(_rows.c.created).filter(_WAITS).label("oldest"),
            func.count().filter(day).label("dead"),
            func.max(_rows.c.delivered).label("delivered"),
            last.label("errors"),
        )
        .where(_rows.c.name == _NAME)
        .group_by(_rows.c.target)
    )


def _mute() -> Any:
    """Add a mute, or move its end forward."""
    new = insert(_mutes).values(
        {column.name: bindparam(column.name, type_=column.type) for column in _mutes.c}
    )
    return new.on_conflict_do_update(
        index_elements=[_mutes.c.id],
        set_={"until": func.least(_mutes.c.until, new.excluded.until)},
    )


_LEASE: Any = select(_lease.c.seq, _lease.c.state).where(_lease.c.name == _NAME)
_RELEASE: Any = (
    update(_lease)
    .where(_lease.c.name == _NAME, _lease.c.holder == bindparam("who"))
    .values(until=func.now())
)
_SAVE: Any = (
    update(_lease)
    .where(_lease.c.name == _NAME, _lease.c.holder == bindparam("who"))
    .where(_lease.c.seq == bindparam("known"))
    .values(seq=bindparam("new"), state=bindparam("doc", type_=_lease.c.state.type))
)
_SETTLE: Any = (
    update(_rows)
    .where(_rows.c.event == bindparam("which"), _rows.c.target == bindparam("whom"))
    .where(_rows.c.delivered.is_(None))
    .values(
        held_until=None,
        due=_in_seconds("wait_s"),
        delivered=bindparam("taken", type_=_rows.c.delivered.type),
        dead=bindparam("given_up", type_=_rows.c.dead.type),
        error=bindparam("why", type_=_rows.c.error.type),
    )
)
_WAITING: Any = (
    select(_rows)
    .where(_rows.c.name == _NAME, _WAITS)
    .order_by(_rows.c.position)
    .limit(WAITING_MOST)
)
_EXPIRE: Any = (
    update(_rows)
    .where(_rows.c.name == _NAME, _WAITS, _rows.c.created < func.now() - LIVES)
    .where(or_(_rows.c.held_until.is_(None), _rows.c.held_until <= func.now()))
    .values(dead=func.now(), error=DeliveryError.EXPIRED.value)
)
_RESEND: Any = (
    update(_rows)
    .where(_rows.c.name == _NAME, _rows.c.dead.is_not(None), _rows.c.delivered.is_(None))
    .values(dead=None, due=func.now(), created=func.now(), attempts=0, held_until=None)
)
_PRUNE: Any = delete(_rows).where(
    _rows.c.name == _NAME, ~_WAITS, _rows.c.created < func.now() - KEPT
)
_MUTES: Any = select(_mutes).where(_mutes.c.name == _NAME, _mutes.c.until > func.now())
_RECENT: Any = (
    select(_rows.c.said, func.max(_rows.c.delivered).label("delivered"))
    .where(_rows.c.name == _NAME, _rows.c.created >= bindparam("since"))
    .group_by(_rows.c.event, _rows.c.said)
    .order_by(func.max(_rows.c.created).desc(), func.max(_rows.c.position).desc())
    .limit(bindparam("most"))
)

STATEMENTS = {
    "STAND": _stand(),
    "LEASE": _LEASE,
    "RELEASE": _RELEASE,
    "SAVE": _SAVE,
    "CLAIM": _claim(),
    "MERGE": _merge(),
    "TARGETS": _targets(),
    "SETTLE": _SETTLE,
    "WAITING": _WAITING,
    "EXPIRE": _EXPIRE,
    "RESEND": _RESEND,
    "PRUNE": _PRUNE,
    "MUTES": _MUTES,
    "MUTE": _mute(),
    "RECENT": _RECENT,
}
