"""Sends sign-in mails through Django's mail, and forgets what has served. Row first, sent outside a transaction, outcome after.

A mail may go twice (a worker that died behind the mail server's yes): it carries the same link and code, so nothing is lost by it.
"""

import logging
import smtplib
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection
from django.template.loader import render_to_string
from django.urls import reverse

from portal import sign_in
from portal.models import Member, Session, SignInMail
from zartsalgo.lib.mail_server import has_mail_server
from zartsalgo.lib.sealed import CannotOpen

log = logging.getLogger(__name__)
LEASE_SECONDS = 60
BACK_OFF = (5, 15, 30, 60, 120)  # seconds; there is no point beyond the 15 minutes a link lives
NO_SERVER_SAYS = "There is no mail server (EMAIL_URL): pass the link or the code on yourself."
_CLAIM = """
update portal_signinmail set lease_until = clock_timestamp() + %s * interval '1 second', claims = claims + 1
 where id = %s and state = 'waiting' and (lease_until is null or lease_until < clock_timestamp()) returning id"""


def send(*, mail_id: uuid.UUID, now: datetime) -> None:
    """Send one sign-in mail, if it waits and nobody else is at it. To an address nobody has, nothing goes; the row says so to us alone."""
    forget(now=now)
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [LEASE_SECONDS, mail_id])
        if cursor.fetchone() is None:
            return
    mail = SignInMail.objects.get(pk=mail_id)
    if not Member.objects.filter(email=mail.email, removed_at=None).exists():
        _settle(mail, state=SignInMail.State.NOBODY, sealed=None)
        return
    if not has_mail_server():
        _settle(mail, state=SignInMail.State.KEPT, says=NO_SERVER_SAYS)
        return
    try:
        token, code = sign_in.opened(mail=mail)
    except CannotOpen:
        return  # used or too old meanwhile
    try:
        letter(email=mail.email, token=token, code=code).send()
    except (smtplib.SMTPException, OSError) as error:
        wait = BACK_OFF[min(mail.claims, len(BACK_OFF)) - 1]
        log.warning("a sign-in mail did not go (%s); next try in %s s", type(error).__name__, wait)
        _settle(mail, next_at=now + timedelta(seconds=wait), says="The mail server did not take it; it is tried again.", lease_until=None)
    else:
        _settle(mail, state=SignInMail.State.SENT, says="", sealed=None)


def letter(*, email: str, token: str, code: str) -> EmailMessage:
    """The mail as it goes: plain text, the code not in the subject, which shows on locked phones."""
    context = {
        "link": link(token=token),
        "code": code,
        "minutes": int(sign_in.GOOD_FOR.total_seconds() // 60),
        "agency": settings.AGENCY_NAME,
    }
    return EmailMessage(subject="Sign in to your results", body=render_to_string("portal/mail/sign_in.txt", context), to=[email])


def link(*, token: str) -> str:
    """The whole address behind the mail's link."""
    return f"{settings.PUBLIC_URL}{reverse('portal:link', args=[token])}"


def forget(*, now: datetime) -> None:
    """Link and code of mails that grew too old; whole rows after KEPT_DAYS; members' sessions 90 days after their end. Looks by staff stay."""
    SignInMail.objects.filter(asked_at__lt=now - timedelta(days=sign_in.KEPT_DAYS)).delete()
    SignInMail.objects.filter(expires_at__lte=now, sealed__isnull=False).update(sealed=None)
    Session.objects.filter(viewer="", expires_at__lt=now - timedelta(days=90)).delete()


def _settle(mail: SignInMail, **changes: object) -> None:
    """Write the outcome; link and code stay gone if they were used up meanwhile."""
    SignInMail.objects.filter(pk=mail.pk, state=SignInMail.State.WAITING).update(**changes)
