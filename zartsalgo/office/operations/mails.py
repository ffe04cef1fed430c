"""Mails about alerts: one when something opens, one an hour while it goes on and nobody has taken it, one when it is over.

They go to whom the alert concerns: for an incident the person who has it, else who holds or stands in at its desk for that client; for
everything else who holds the Operations desk of any client, and where nobody does (or has an address) the owners. What is due for one
person at one time is one mail. Row first, sent outside the transaction, outcome after; a mail may go twice if this process dies behind
the mail server's yes, which does no harm. Without a mail server it stays on the alert's page. Titles and numbers only: no person, no
phone number, nothing anybody wrote.
"""

import logging
import smtplib
import uuid
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection
from django.db.models import Q

from zartsalgo.lib.mail_server import has_mail_server
from zartsalgo.lib.masking import mask_text
from zartsalgo.models import User
from zartsalgo.office.models import Alert, AlertMail
from zartsalgo.office.operations.causes import people_of_the_house

log = logging.getLogger(__name__)
DIGEST_EVERY = timedelta(hours=1)
LEASE_SECONDS = 60
BACK_OFF = (30, 120, 600, 1800)  # seconds; after the last it is too old to help
MOST_AT_ONCE = 20
KEPT_DAYS = 90
NO_SERVER_SAYS = "There is no mail server (EMAIL_URL), so nothing was mailed."
NO_ADDRESS_SAYS = "They have no mail address in their account."
_CLAIM = """
update office_alertmail set lease_until = clock_timestamp() + %s * interval '1 second', claims = claims + 1
 where id = (select id from office_alertmail where state = 'waiting' and next_at <= clock_timestamp()
                and (lease_until is null or lease_until < clock_timestamp()) order by next_at limit 1 for update skip locked)
returning id"""
_AGAIN = """
update office_alertmail set next_at = clock_timestamp() + %s * interval '1 second', lease_until = null, says = %s
 where id = %s and state = 'waiting'"""


def write(*, people: Mapping[str, frozenset[int]], now: datetime) -> int:
    """Write the mails that are due now and mark what they tell; inside the caller's transaction. `people` names, by cause, whom an alert
    concerns where that is not the house. Returns how many mails."""
    opened, going_on, over = _due(now=now)
    if not (opened or going_on or over):
        return 0
    house = people_of_the_house()
    for_person: dict[int, dict[str, list[Alert]]] = defaultdict(lambda: {"opened": [], "going on": [], "over": []})
    for heading, alerts in (("opened", opened), ("going on", going_on), ("over", over)):
        for alert in alerts:
            told = frozenset(alert.mails.values_list("person", flat=True)) if heading == "over" else frozenset()
            for person in told or people.get(alert.cause) or house:
                for_person[person][heading].append(alert)
    for user in User.objects.filter(pk__in=for_person, is_active=True):
        parts = for_person[user.pk]
        mail = AlertMail.objects.create(
            person=user, subject=_subject(parts), body=_body(parts, now=now), created_at=now, next_at=_real_now()
        )
        mail.alerts.set([alert for alerts in parts.values() for alert in alerts])
    Alert.objects.filter(pk__in=[alert.pk for alert in (*opened, *going_on)]).update(told=Alert.Told.OPEN, told_at=now)
    Alert.objects.filter(pk__in=[alert.pk for alert in over]).update(told=Alert.Told.OVER, told_at=now)
    return len(for_person)


def _due(*, now: datetime) -> tuple[list[Alert], list[Alert], list[Alert]]:
    """What opened, what goes on, what is over. What came back soon waits for the hour like what goes on: flapping mails once an hour."""
    still = Q(resolved_at__isnull=True)
    due = list(
        Alert.objects.filter(
            (still & Q(told=""))
            | (still & Q(taken_at__isnull=True, told_at__lte=now - DIGEST_EVERY))
            | Q(resolved_at__isnull=False, told=Alert.Told.OPEN)
        ).order_by("first_at", "pk")
    )
    return (
        [alert for alert in due if alert.resolved_at is None and not alert.told],
        [alert for alert in due if alert.resolved_at is None and alert.told],
        [alert for alert in due if alert.resolved_at is not None],
    )


def _real_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found


def _subject(parts: dict[str, list[Alert]]) -> str:
    said = []
    for heading, words in (("opened", "New"), ("going on", "Still"), ("over", "Over")):
        alerts = parts[heading]
        if alerts:
            said.append(f"{words}: {alerts[0].title}" + (f" and {len(alerts) - 1} more" if len(alerts) > 1 else ""))
    return mask_text(". ".join(said))[:200]


def _body(parts: dict[str, list[Alert]], *, now: datetime) -> str:
    lines = []
    for heading, words in (("opened", "This is new:"), ("going on", "This goes on, and nobody has taken it:"), ("over", "This is over:")):
        if parts[heading]:
            lines += [words, ""]
        for alert in parts[heading]:
            lines.append(f"* {alert.title}")
            if heading != "over":
                lines += [f"  {alert.says}", f"  What to do: {alert.to_do}"]
            lines += [f"  Since {alert.first_at:%Y-%m-%d %H:%M} UTC. {settings.PUBLIC_URL}/alerts/{alert.pk}/", ""]
    lines.append("“I see to it” on an alert's page ends these reminders. It closes by itself when its cause is gone.")
    return mask_text("\n".join(lines))


def send_due() -> int:
    """Send what waits; outside every transaction. Returns how many were looked at."""
    for tried in range(MOST_AT_ONCE):
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [LEASE_SECONDS])
            row = cursor.fetchone()
        if row is None:
            return tried
        _send(mail=AlertMail.objects.select_related("person").get(pk=row[0]))
    return MOST_AT_ONCE


def _send(*, mail: AlertMail) -> None:
    if not has_mail_server():
        _settle(mail.pk, state=AlertMail.State.KEPT, says=NO_SERVER_SAYS)
        return
    if not mail.person.email:
        _settle(mail.pk, state=AlertMail.State.KEPT, says=NO_ADDRESS_SAYS)
        return
    try:
        EmailMessage(subject=mail.subject, body=mail.body, to=[mail.person.email]).send()
    except (smtplib.SMTPException, OSError) as error:
        log.warning("a mail about alerts did not go (%s)", type(error).__name__)
        if mail.claims > len(BACK_OFF):
            _settle(mail.pk, state=AlertMail.State.FAILED, says="The mail server did not take it.")
            return
        with connection.cursor() as cursor:
            cursor.execute(_AGAIN, [BACK_OFF[mail.claims - 1], "The mail server did not take it; it is tried again.", mail.pk])
    else:
        _settle(mail.pk, state=AlertMail.State.SENT, says="")


def _settle(mail_id: uuid.UUID, *, state: str, says: str) -> None:
    AlertMail.objects.filter(pk=mail_id, state=AlertMail.State.WAITING).update(state=state, says=says)


def forget(*, now: datetime) -> int:
    """Alerts that are over for 90 days, with their mails; returns how many."""
    gone = Alert.objects.filter(resolved_at__lt=now - timedelta(days=KEPT_DAYS))
    AlertMail.objects.filter(created_at__lt=now - timedelta(days=KEPT_DAYS)).exclude(alerts__resolved_at__isnull=True).delete()
    return gone.delete()[0]
