"""What is set up for a client: its workflows, who calls back for it, its calendar. Kept until its revision rises (leads.revision)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Final

from django.db import connection

from leads import calendar
from leads.calendar import Calendar
from leads.models import Automation as AutomationRow
from leads.models import Client
from leads.revision import Kept
from messaging.gate.facts import Automation

_SQL: Final = """
select c.id,
  (select json_agg(json_build_array(workflow, enabled, send)) from leads_automation where client_id = c.id),
  (select json_agg(json_build_array(phone, upper(email))) from leads_responder where client_id = c.id),
  (select json_agg(json_build_array(weekday, opens, closes) order by weekday, opens) from leads_openinghours where client_id = c.id),
  (select json_agg(json_build_array(date, name)) from leads_closure where client_id = c.id)
from leads_client c where c.id = any(%s)"""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """One client's: automations by workflow, numbers and (in capitals) addresses of its responders, hours and closures."""

    automations: dict[str, Automation]
    responders: frozenset[str]
    calendar: Calendar


def read(*, clients: Iterable[Client]) -> dict[int, Setup]:
    return _SETUPS.of(clients=clients)


def _read(clients: Mapping[int, Client]) -> dict[int, Setup]:
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [list(clients)])
        return {
            id: Setup(
                automations={key: Automation(enabled=on, sends=send == AutomationRow.Send.AUTO) for key, on, send in automations or ()},
                responders=frozenset(value for row in responders or () for value in row if value),
                calendar=calendar.of_rows(
                    zone=clients[id].timezone,
                    hours=[(day, time.fromisoformat(opens), time.fromisoformat(closes)) for day, opens, closes in hours or ()],
                    closed={date.fromisoformat(day): name for day, name in closed or ()},
                ),
            )
            for id, automations, responders, hours, closed in cursor.fetchall()
        }


_SETUPS = Kept(read=_read)
