"""The backstop for providers that never retry: ask their list, store what a webhook should have brought, as deliveries like any other."""

import logging
from datetime import datetime, timedelta

from django.db import connection as database
from django.db import transaction

from providers import adapters, deliveries
from providers.connections import credentials
from providers.contract import Incoming
from providers.models import Connection
from zartsalgo.lib import clock
from zartsalgo.lib.doorbell import ring

log = logging.getLogger(__name__)

# Look back further than one period: a call may appear late in the provider's list.
OVERLAP = timedelta(minutes=30)
FIRST_LOOK_BACK = timedelta(hours=1)


def poll_all(*, now: datetime) -> int:
    """Poll every enabled connection that can be polled; one at a time per connection. Returns how many rows were new."""
    able = [adapter.provider for adapter in adapters.all_adapters() if adapter.can_poll]
    stored = 0
    for connection in Connection.objects.select_related("client").filter(provider__in=able, disabled_at__isnull=True):
        stored += poll(connection=connection, now=now)
    return stored


def poll(*, connection: Connection, now: datetime) -> int:
    """Poll one connection. The key of a polled row is the provider's own id, so a webhook and a poll of one call make one event."""
    real_now = clock.real_now()
    since = (connection.polled_until - OVERLAP) if connection.polled_until else real_now - FIRST_LOOK_BACK
    adapter = adapters.load(connection.provider)
    try:
        found = adapter.poll(credentials=credentials(connection=connection), since=since, now=real_now)
    except Exception as error:  # a provider that is away is not our fault; the strip tells, the next period asks again
        log.warning("poll of connection %s failed: %s", connection.pk, type(error).__name__)
        Connection.objects.filter(pk=connection.pk).update(trouble="Its list of calls could not be read; a missed webhook may stay unseen.")
        return 0
    new = 0
    for key, body in found:
        with transaction.atomic(), database.cursor() as cursor:
            cursor.execute("select 1 from providers_delivery where connection_id = %s and key = %s", [connection.pk, key])
            if cursor.fetchone():
                continue
            request = Incoming(
                method="POLL",
                url="",
                headers={"content-type": "application/json"},
                body=body,
                received_at=real_now,
                account=connection.account,
            )
            row = deliveries.make_row(
                hook_id=connection.pk,
                client_id=connection.client_id,
                key=key,
                request=request,
                path_and_query=f"/hooks/{connection.provider}/",
            )
            deliveries.store(rows=[row])
            new += 1
    Connection.objects.filter(pk=connection.pk).update(polled_until=real_now, trouble="")
    if new:
        ring(task=deliveries.DRAIN_TASK)
    return new
