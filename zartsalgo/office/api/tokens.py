"""Bearer tokens of the staff API: shown once, kept as a digest, gone after a time."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db.models import Q

from leads.models import Client
from zartsalgo.models import ApiToken, User

PREFIX = "zarts_"
DAYS, MOST_DAYS = 90, 365
# A use is written down at most once in this time.
USED_WITHIN = timedelta(minutes=1)


def digest(*, token: str) -> str:
    """What is stored and looked up."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def issue(*, user: User, scope: str, now: datetime, client: Client | None = None, days: int = DAYS) -> str:
    """Make a token for a member of staff and return it; it cannot be shown again. `now` is real time, `days` 1 to MOST_DAYS; with a client it
    reaches nothing of the others. Raises ValueError for other days.
    """
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(f"A token is valid for 1 to {MOST_DAYS} days.")
    token = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        user=user, digest=digest(token=token), prefix=token[len(PREFIX) : len(PREFIX) + 8], scope=scope, client=client,
        expires_at=now + timedelta(days=days),
    )  # fmt: skip
    return token


def revoke(*, ids: list[int], now: datetime) -> int:
    """From now on these open nothing; returns how many that changes. They stay in the list."""
    return ApiToken.objects.filter(pk__in=ids, revoked_at__isnull=True).update(revoked_at=now)


def note_use(*, token: ApiToken, now: datetime) -> None:
    """Keep that the token was used, to the minute."""
    if token.last_used_at is None or now - token.last_used_at >= USED_WITHIN:
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - USED_WITHIN)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
