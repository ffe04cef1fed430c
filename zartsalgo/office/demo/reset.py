"""Removing the demo agency: counted first, then whole clients with everything that is theirs, in one transaction.

The rows go through one function of the database's owner (zartsalgo/migrations/0004), which refuses every client that is no demo client.
"""

from django.apps import apps
from django.db import OperationalError, transaction
from django.db import connection as database

from leads.models import Client
from zartsalgo.office import checklist
from zartsalgo.office.models import FirstSteps

STATEMENT_SECONDS = 120
# A worker may hold a person of a demo client just now; whoever of the two the database ends, it is us who try again.
TRIES = 4


def rows_of_demo() -> dict[str, int]:
    """How many rows each kind of record has for all demo clients, most first; empty where there is no demo."""
    with transaction.atomic():
        return _each(only_count=True)


def remove() -> dict[str, int]:
    """Remove every demo client; returns the removed rows per kind of record, most first. Clients of the agency's own are not touched."""
    for tries in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                with database.cursor() as cursor:
                    cursor.execute(f"set local statement_timeout = '{STATEMENT_SECONDS}s'")
                    cursor.execute("set local lock_timeout = '10s'")
                removed = _each(only_count=False)
                FirstSteps.objects.all().delete()
            checklist.forget()
            return removed
        except OperationalError:
            if tries == TRIES or database.in_atomic_block:
                raise
    raise AssertionError("unreachable")


def _each(*, only_count: bool) -> dict[str, int]:
    named = {model._meta.db_table: str(model._meta.verbose_name_plural) for model in apps.get_models()}
    found: dict[str, int] = {}
    for client_id in Client.objects.filter(demo=True).order_by("pk").values_list("pk", flat=True):
        with database.cursor() as cursor:
            cursor.execute("select place, amount from zarts_remove_demo_client(%s, %s)", [client_id, only_count])
            for place, amount in cursor.fetchall():
                name = named.get(place, place)
                found[name] = found.get(name, 0) + amount
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
