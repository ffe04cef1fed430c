"""Who may look at a business's results: invited, removed, signed in, and staff who look over a client's shoulder."""

import secrets
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from portal.models import Member, Session
from portal.sign_in import digest
from zartsalgo.lib.names import clean_email, clean_name

SESSION = timedelta(days=30)
PREVIEW = timedelta(hours=1)


class NotAnAddress(Exception):
    """What was given is no e-mail address."""


def invite(*, client_id: int, email: str, name: str = "", now: datetime) -> tuple[Member, bool]:
    """Let a person see this business's results; True when they could not before. A name given later replaces the old one.

    Raises NotAnAddress. Nothing is sent: they sign in with their address.
    """
    address = clean_email(email)
    if not address:
        raise NotAnAddress(f"{email!r} is no e-mail address.")
    called = clean_name(name)
    with transaction.atomic():
        fresh = Member(email=address, client_id=client_id, name=called, invited_at=now)
        Member.objects.bulk_create([fresh], ignore_conflicts=True)
        member = Member.objects.select_for_update().get(email=address, client_id=client_id, removed_at=None)
        if called and member.name != called:
            member.name = called
            member.save(update_fields=["name"])
    return member, member.pk == fresh.pk


def remove(*, client_id: int, email: str, now: datetime) -> bool:
    """End somebody's access, open sessions included; False when they had none."""
    with transaction.atomic():
        members = Member.objects.filter(client_id=client_id, email=clean_email(email), removed_at=None)
        ids = list(members.select_for_update().values_list("pk", flat=True))
        Member.objects.filter(pk__in=ids).update(removed_at=now)
        Session.objects.filter(member_id__in=ids, ended_at=None).update(ended_at=now)
    return bool(ids)


def memberships(*, email: str) -> list[Member]:
    """The businesses this address may see now, in the order of invitation."""
    return list(Member.objects.filter(email=email, removed_at=None).order_by("invited_at", "pk"))


def people_of(*, client_id: int) -> list[Member]:
    """Everybody who may see this business's results."""
    return list(Member.objects.filter(client_id=client_id, removed_at=None).order_by("invited_at", "pk"))


def open_session(*, email: str, now: datetime, instead_of: str = "") -> str:
    """Sign somebody in: the token of a new session, or "" when the address may see nothing (any more). `instead_of` is the token their
    browser had; it ends, so a token known before the sign-in is worth nothing after it."""
    end_session(token=instead_of, now=now)
    mine = memberships(email=email)
    if not mine:
        return ""
    token = secrets.token_urlsafe(32)
    Session.objects.create(
        token_sha256=digest(token), email=email, member=mine[0] if len(mine) == 1 else None, created_at=now, expires_at=now + SESSION
    )
    return token


def open_preview(*, client_id: int, viewer: str, now: datetime) -> str:
    """Let staff look at what a business sees for an hour, read-only; the row stays as the record of it. Gives the session's token."""
    token = secrets.token_urlsafe(32)
    Session.objects.create(token_sha256=digest(token), client_id=client_id, viewer=viewer[:150], created_at=now, expires_at=now + PREVIEW)
    return token


def find_session(*, token: str, now: datetime) -> Session | None:
    """The session a browser holds, if it still holds: not ended, not too old, and its member not removed."""
    if not token:
        return None
    rows = Session.objects.select_related("member").filter(token_sha256=digest(token), ended_at=None, expires_at__gt=now)
    return rows.filter(Q(member=None) | Q(member__removed_at=None)).first()


def choose(*, session: Session, member_id: uuid.UUID) -> bool:
    """Go on with one of one's businesses; False when it is not one of them."""
    member = Member.objects.filter(pk=member_id, email=session.email, removed_at=None).first() if session.email else None
    if member is None:
        return False
    Session.objects.filter(pk=session.pk).update(member=member)
    return True


def end_session(*, token: str, now: datetime) -> None:
    """Sign out. The row stays; its token is worth nothing."""
    if token:
        Session.objects.filter(token_sha256=digest(token), ended_at=None).update(ended_at=now)
