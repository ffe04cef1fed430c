"""What the portal has to do by now, whatever rang or did not ring: sign-in mails that wait."""

import uuid
from datetime import datetime, timedelta

from django.db import connection

from portal import mail

_DUE = """
select id from portal_signinmail where state = 'waiting' and next_at <= %(now)s and expires_at > %(now)s
   and (lease_until is null or lease_until < clock_timestamp()) order by next_at limit %(limit)s"""


def due_mails(*, now: datetime, grace: timedelta = timedelta(0), limit: int = 50) -> list[uuid.UUID]:
    """Mails that have waited longer than `grace` and may be sent now, oldest first. `now` is real time, not the business's."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"now": now - grace, "limit": limit})
        return [row[0] for row in cursor.fetchall()]


def work_off(*, now: datetime, limit: int = 50) -> int:
    """Send everything that is due in this process; returns how many were looked at."""
    ids = due_mails(now=now, limit=limit)
    for mail_id in ids:
        mail.send(mail_id=mail_id, now=now)
    return len(ids)
