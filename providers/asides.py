"""What was put aside: kept and counted, read by nothing until a person releases it or says that it is no lead.

A flood of forms is put aside as it comes (providers.limits), a form whose hidden field was filled in when it is read (workflows.intake).
"""

import uuid
from datetime import datetime

from django.db import connection as database
from django.db import transaction
from django.db.models import QuerySet

from providers.limits import APART_SECONDS
from providers.models import Aside, Delivery

# The most that is decided at once; the oldest first.
MOST = 2_000
SAYS = {
    Aside.Reason.FLOOD: "It came with many others at once. It is kept and nothing was done with it; take it in, or say that it is no lead.",
    Aside.Reason.TRAP: (
        "The field that people do not see was filled in, as robots do. It is kept and nothing was done with it; take it in, or say that it is no lead."
    ),
}

_DECIDE = """
with locked as (select id, received_at from providers_delivery where id = any(%(ids)s) and state = 'aside' for update),
     turn as (select id, row_number() over (order by received_at, id) as n from locked),
     decided as (update providers_delivery d
                    set state = %(state)s, note = %(note)s, claims = 0, finished_at = %(finished)s,
                        next_at = clock_timestamp() + turn.n * %(apart)s * interval '1 second'
                   from turn where d.id = turn.id returning d.id)
update providers_aside set decision = %(decision)s, decided_by = %(by)s, decided_at = %(now)s
 where delivery_id in (select id from decided)"""


def put_aside(*, delivery: Delivery, reason: str, now: datetime) -> None:
    """Put aside what was being read. In the caller's transaction."""
    Aside.objects.update_or_create(
        delivery=delivery, defaults={"reason": reason, "decision": Aside.Decision.NONE, "decided_by": "", "decided_at": None}
    )
    Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.ASIDE, note=SAYS[Aside.Reason(reason)], finished_at=now)


def is_released(*, delivery: Delivery, reason: str) -> bool:
    """Whether a person has looked at just this reason and let it go on."""
    return Aside.objects.filter(delivery=delivery, reason=reason, decision=Aside.Decision.RELEASED).exists()


def waiting(*, connection_id: uuid.UUID, reason: str, until: uuid.UUID | None = None) -> QuerySet[Delivery]:
    """What waits of one hook for one reason, the oldest first; `until`: no younger than this delivery (ids grow with time)."""
    rows = Delivery.objects.filter(connection=connection_id, state=Delivery.State.ASIDE, aside__reason=reason)
    return (rows.filter(pk__lte=until) if until else rows).order_by("pk")


def release(*, ids: list[uuid.UUID], by: str, now: datetime) -> int:
    """They are read like any other from now on, one after the other, so that they do not stand in the way of what comes in.

    Returns how many; what was decided before stays.
    """
    return _decide(ids=ids, decision=Aside.Decision.RELEASED, state=Delivery.State.RECEIVED, note="", finished=None, by=by, now=now)


def discard(*, ids: list[uuid.UUID], by: str, now: datetime) -> int:
    """They are no leads: nothing reads them, and nobody is asked about them again. Returns how many."""
    note = f"Not a lead, said {by}. Nothing was done with it."
    return _decide(ids=ids, decision=Aside.Decision.NOT_A_LEAD, state=Delivery.State.IGNORED, note=note, finished=now, by=by, now=now)


def _decide(*, ids: list[uuid.UUID], decision: str, state: str, note: str, finished: datetime | None, by: str, now: datetime) -> int:
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(
            _DECIDE,
            {
                "ids": ids[:MOST],
                "state": state,
                "note": note[:400],
                "finished": finished,
                "apart": APART_SECONDS,
                "decision": decision,
                "by": by[:150],
                "now": now,
            },
        )
        return int(cursor.rowcount)
