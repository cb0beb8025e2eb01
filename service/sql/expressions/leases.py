"""The statements on the table of leases."""

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Float,
    bindparam,
    case,
    delete,
    func,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert

from schema.tables import Lease, table

FORGOTTEN = timedelta(hours=1)  # lifetime of a killed standby's row

# Any, in all of this file: SQLAlchemy's builder types end where a statement reads and writes.
_rows = table(Lease)
_NAME: Any = bindparam("of", type_=_rows.c.name.type)
_POST: Any = bindparam("what", type_=_rows.c.post.type)
_HOLDER: Any = bindparam("who", type_=_rows.c.holder.type)
_LEAD: Any = (_rows.c.name == _NAME) & (_rows.c.post == _POST)
_STANDBY: Any = (_rows.c.name == _NAME) & func.starts_with(_rows.c.post, _POST + ":")


def _ends() -> Any:
    lasts = bindparam("lease_s", type_=Float)
    return func.now() + func.make_interval(0, 0, 0, 0, 0, 0, lasts)


def _take(post: Any, token: Any) -> Any:
    """Take or renew a lease, unless another process holds it."""
    given = {"name": _NAME, "post": post, "holder": _HOLDER, "until": _ends(), "token": token}
    new = insert(_rows).values(given)
    known = func.greatest(_rows.c.token, new.excluded.token - 1)
    same = _rows.c.holder == new.excluded.holder
    return new.on_conflict_do_update(
        index_elements=[_rows.c.name, _rows.c.post],
        set_={
            "holder": new.excluded.holder,
            "until": new.excluded.until,
            "token": case((same, known), else_=known + 1),
        },
        where=or_(same, _rows.c.until <= func.now()),
    )


def _result(taken: CTE | None) -> Any:
    """Select one row: the token if the lease was taken now, the previous holder, the standbys."""
    holds = _LEAD & (_rows.c.until > func.now())
    left_s = func.extract("epoch", _rows.c.until - func.now())
    standbys = func.array_agg(aggregate_order_by(_rows.c.holder, _rows.c.holder))
    return select(
        (null() if taken is None else select(taken.c.token).scalar_subquery()).label("taken"),
        select(_rows.c.holder).where(holds).scalar_subquery().label("holder"),
        select(_rows.c.token).where(holds).scalar_subquery().label("token"),
        select(left_s).where(holds).scalar_subquery().label("left_s"),
        select(standbys)
        .where(_STANDBY, _rows.c.until > func.now())
        .scalar_subquery()
        .label("standbys"),
    )


def _claim() -> Any:
    known = bindparam("known", type_=BigInteger)
    return _result(_take(_POST, known + 1).returning(_rows.c.token).cte("taken"))


STATEMENTS = {
    "CLAIM": _claim(),
    "LOOK": _result(None),
    "STAND_BY": _take(_POST + ":" + _HOLDER, 0),
    "LEAVE": delete(_rows).where(_STANDBY, _rows.c.holder == _HOLDER),
    "RELEASE": update(_rows).where(_LEAD, _rows.c.holder == _HOLDER).values(until=func.now()),
    "FORGET": delete(_rows).where(_STANDBY, _rows.c.until < func.now() - FORGOTTEN),
}
