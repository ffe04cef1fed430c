"""A double click and a reload: equal forms of one visitor inside a few minutes are one request.

A form's fingerprint is kept with its facts. Two posts at once meet on the contact's lock, or where there is nobody to lock (a form without
number and address) on the fingerprint's own.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection as database

from leads.events import FORMS
from workflows.intake.items import Item

SAME_FORM_WITHIN = timedelta(minutes=10)
# In one order for everybody, after all people of the batch.
_LOCK = """
select pg_advisory_xact_lock(hashtextextended(name, 0))
  from (select name from json_array_elements_text(%s::json) as given (name) order by name offset 0) as sorted"""
_EARLIER = """
select distinct on (r.client_id, r.source, r.fingerprint) r.client_id, r.source, r.fingerprint, e.recorded_at
  from json_to_recordset(%s::json) as r (client_id bigint, source varchar, fingerprint varchar)
  join leads_event e on e.client_id = r.client_id and e.source = r.source and e.recorded_at > %s and e.type = any(%s)
                    and e.facts ->> 'fingerprint' = r.fingerprint
 order by r.client_id, r.source, r.fingerprint, e.id"""


def join_equal(*, items: Sequence[Item], now: datetime) -> None:
    """Give every form that came before its note; it is recorded no more. The people of the batch are locked."""
    forms = [item for item in items if item.fingerprint]
    if not forms:
        return
    with database.cursor() as cursor:
        cursor.execute(_LOCK, [json.dumps(sorted({f"form:{item.event.client_id}:{item.fingerprint}" for item in forms}))])
        asked = sorted({(item.event.client_id, item.event.source, item.fingerprint) for item in forms})
        given = [{"client_id": client_id, "source": source, "fingerprint": print} for client_id, source, print in asked]
        cursor.execute(_EARLIER, [json.dumps(given), now - SAME_FORM_WITHIN, list(FORMS)])
        came = {(client_id, source, print): at for client_id, source, print, at in cursor.fetchall()}
    for item in forms:
        at = came.setdefault((item.event.client_id, item.event.source, item.fingerprint), None)
        if at is not None:
            item.note = f"{item.type}: the same form came at {at:%H:%M:%S} UTC; joined to it."
        else:
            came[item.event.client_id, item.event.source, item.fingerprint] = now
