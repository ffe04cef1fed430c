"""Whose a text in a provider's list is.

Clients of an agency may share one account and even one sender, so a list holds the texts of others, word for word the same at times. An
id that a row of any client of that account carries is spoken for, and nobody else's question is answered by it.
"""

from collections.abc import Iterable

from django.db.models import Q

from leads.models import Event
from messaging.models import Attempt, Message, Notice
from providers.models import Connection


def of_account(*, connection: Connection, at: str = "") -> Q:
    """The condition "of the same account at the provider" for a row whose connection is at the path `at`."""
    path = f"{at}__" if at else ""
    same = Q(**{f"{path}provider": connection.provider, f"{path}account": connection.account, f"{path}base_url": connection.base_url})
    return Q(**{f"{path}pk": connection.pk}) | same if connection.account else Q(**{f"{path}pk": connection.pk})


def spoken_for(*, connection: Connection | None, ids: Iterable[str], but: Message | Notice | None = None) -> set[str]:
    """Those of the ids that a text, a try or an alert of the account carries, `but` this text's own. What a comparison after a restore took over for another client is not
    counted: it may as well have been this one's, and then it has to be known here, too (messaging.reconciling)."""
    own = [but.pk] if but else []
    texts = Message.objects.filter(provider_id__in=list(ids)).exclude(provider_id="").exclude(pk__in=own)
    if connection is None:
        return set(texts.filter(connection__isnull=True).values_list("provider_id", flat=True))
    texts = texts.filter(of_account(connection=connection, at="connection")).filter(Q(connection=connection) | Q(listed_sends__isnull=True))
    tries = Attempt.objects.filter(provider_id__in=list(ids)).exclude(provider_id="").exclude(message__in=own)
    tries = tries.filter(of_account(connection=connection, at="message__connection"))
    tries = tries.filter(Q(message__connection=connection) | Q(message__listed_sends__isnull=True))
    alerts = Notice.objects.filter(provider_id__in=list(ids)).exclude(provider_id="").exclude(pk__in=own)
    alerts = alerts.filter(of_account(connection=connection, at="connection"))
    return {
        *alerts.values_list("provider_id", flat=True),
        *texts.values_list("provider_id", flat=True),
        *tries.values_list("provider_id", flat=True),
    }


def received(*, connection: Connection, ids: Iterable[str]) -> set[str]:
    """Those of the ids under which a client of the account has the event of an inbound text."""
    clients = Connection.objects.filter(of_account(connection=connection)).values("client_id")
    events = Event.objects.filter(client_id__in=clients, source=connection.provider, type="message.received", key__in=list(ids))
    return set(events.values_list("key", flat=True))
