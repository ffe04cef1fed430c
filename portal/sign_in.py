"""Signing in without a password: a mail with a link and a six-digit code, each good for 15 minutes and once.

Whoever asks gets the same answer by the same work, whether the address is known or not: the row is written either way, and only the task
that would send it looks who it is. Looking at a link uses nothing up; only the button behind it does, so a scanner cannot.
"""

import hashlib
import json
import secrets
import uuid
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from portal.models import SignInMail
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.ids import new_id
from zartsalgo.lib.sealed import CannotOpen, seal, unseal

GOOD_FOR = timedelta(minutes=15)
CODE_TRIES = 5
WAIT = timedelta(minutes=10)
PER_ADDRESS, PER_VISITOR = 5, 20  # mails within WAIT
# Five guesses a mail: beyond this many mails a day they carry the link only, so nobody guesses a code (50 in a million) or is locked out.
CODES_A_DAY = 10
KEPT_DAYS = 2  # rows; longer than a day, for CODES_A_DAY counts them
SEND = "portal.send_sign_in_mail"


class TooMany(Exception):
    """Too many mails were asked for this address, or from this place. Says nothing about whether the address is known."""


def ask(*, email: str, visitor: str, now: datetime) -> SignInMail:
    """Write down that somebody wants to sign in, and ring for the mail. `email` as clean_email gives it; `visitor` is where it comes from.

    Raises TooMany.
    """
    place = salted_hmac("portal.visitor", visitor, algorithm="sha256").hexdigest()
    with transaction.atomic():
        with connection.cursor() as cursor:
            # One at a time per place and per address, always in this order: a burst gets no more than its share.
            for key in (f"visitor:{place}", f"address:{email}"):
                cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 7))", [f"portal.sign_in:{key}"])
        lately = SignInMail.objects.filter(asked_at__gt=now - WAIT)
        if lately.filter(visitor=place).count() >= PER_VISITOR or lately.filter(email=email).count() >= PER_ADDRESS:
            raise TooMany
        today = SignInMail.objects.filter(email=email, asked_at__gt=now - timedelta(days=1)).exclude(code_digest="").count()
        id, token = new_id(), secrets.token_urlsafe(32)
        code = f"{secrets.randbelow(1_000_000):06d}" if today < CODES_A_DAY else ""
        mail = SignInMail.objects.create(
            id=id,
            email=email,
            visitor=place,
            link_sha256=digest(token),
            code_digest=_code_digest(id, code) if code else "",
            sealed=seal(plaintext=json.dumps([token, code]).encode(), owner=f"sign-in:{id}"),
            asked_at=now,
            expires_at=now + GOOD_FOR,
            next_at=now,
        )
        ring_after_commit(task=SEND, id=str(id))
    return mail


def opened(*, mail: SignInMail) -> tuple[str, str]:
    """The link's token and the code ("" where it has none) of a mail that did not go out yet. Raises CannotOpen once they are gone."""
    if mail.sealed is None:
        raise CannotOpen("link and code of this mail are no longer kept")
    token, code = json.loads(unseal(ciphertext=mail.sealed, owner=f"sign-in:{mail.pk}"))
    return str(token), str(code)


def find_link(*, token: str) -> SignInMail | None:
    """The mail a link was in, used or not; None for a link we never made or no longer know."""
    return SignInMail.objects.filter(link_sha256=digest(token)).first()


def is_good(*, mail: SignInMail, now: datetime) -> bool:
    return mail.used_at is None and mail.expires_at > now


def use_link(*, token: str, now: datetime) -> SignInMail | None:
    """Use the link up; None when it was used, is too old, or was never ours. Of two presses one wins."""
    mail = find_link(token=token)
    return mail if mail is not None and _use(mail, now) else None


def use_code(*, mail_id: uuid.UUID, code: str, now: datetime) -> SignInMail | None:
    """Use the code up; None when it is wrong, used, too old, or was tried too often. A try counts before it is compared."""
    counted = SignInMail.objects.filter(pk=mail_id, used_at__isnull=True, expires_at__gt=now, tries__lt=CODE_TRIES)
    if counted.update(tries=F("tries") + 1) != 1:
        return None
    mail = SignInMail.objects.get(pk=mail_id)
    right = constant_time_compare(_code_digest(mail.pk, code), mail.code_digest)
    return mail if right and _use(mail, now) else None


def _use(mail: SignInMail, now: datetime) -> bool:
    open_rows = SignInMail.objects.filter(pk=mail.pk, used_at__isnull=True, expires_at__gt=now)
    return open_rows.update(used_at=now, sealed=None) == 1


def digest(token: str) -> str:
    """How a token of 256 random bits is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def _code_digest(id: uuid.UUID, code: str) -> str:
    # Keyed: a million codes are soon tried against a plain digest.
    return salted_hmac("portal.code", f"{id}:{code}", algorithm="sha256").hexdigest()
