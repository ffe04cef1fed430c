"""Alerts: opened and closed with the troubles they stand for, folded by cause; taken by a person, and given back."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from zartsalgo.models import User
from zartsalgo.office.models import Alert
from zartsalgo.office.operations import mails
from zartsalgo.office.operations.causes import Trouble

# What comes back so soon is the same alert: a cause that flaps must not mail people every minute.
SAME_WITHIN = timedelta(minutes=30)
# An open alert that has not changed is written no more often than this.
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Folded:
    """What one look changed, and how many mails were written."""

    opened: int = 0
    resolved: int = 0
    mails: int = 0


def open_causes() -> set[str]:
    """The causes that people have been told of and that are not over."""
    return set(Alert.objects.filter(resolved_at__isnull=True).values_list("cause", flat=True))


def fold(*, troubles: Collection[Trouble], unread: Collection[str] = (), now: datetime) -> Folded:
    """Make the open alerts those of `troubles` and write the mails that follow, in one transaction. Kinds in `unread` could not be looked
    at and stay as they are. Alerts are opened by whoever keeps watch only; a second one would fail on the unique cause and change nothing."""
    with transaction.atomic():
        standing = {alert.cause: alert for alert in Alert.objects.select_for_update().filter(resolved_at__isnull=True)}
        opened = 0
        for trouble in troubles:
            known = standing.get(trouble.cause)
            if known is not None:
                _see_again(alert=known, trouble=trouble, now=now)
            else:
                _open(trouble=trouble, now=now)
                opened += 1
        shown = {trouble.cause for trouble in troubles}
        over = [alert.pk for cause, alert in standing.items() if cause not in shown and alert.kind not in unread]
        resolved = Alert.objects.filter(pk__in=over).update(resolved_at=now) if over else 0
        written = mails.write(people={trouble.cause: trouble.people for trouble in troubles if trouble.people}, now=now)
    return Folded(opened=opened, resolved=resolved, mails=written)


def _words(trouble: Trouble) -> dict[str, object]:
    return {
        "severity": trouble.severity, "title": trouble.title[:200], "says": trouble.says[:400], "to_do": trouble.to_do[:400],
        "url": trouble.url[:200], "count": max(1, trouble.count),
    }  # fmt: skip


def _see_again(*, alert: Alert, trouble: Trouble, now: datetime) -> None:
    changed = {name: value for name, value in _words(trouble).items() if getattr(alert, name) != value}
    if changed or abs(now - alert.last_at) >= SEEN_EVERY:
        Alert.objects.filter(pk=alert.pk).update(last_at=now, **changed)


def _open(*, trouble: Trouble, now: datetime) -> None:
    last = Alert.objects.filter(cause=trouble.cause[:200], resolved_at__gt=now - SAME_WITHIN).order_by("-resolved_at").first()
    if last is not None:
        Alert.objects.filter(pk=last.pk).update(
            resolved_at=None, taken_at=None, taken_by=None, last_at=now, times=last.times + 1, **_words(trouble)
        )
        return
    Alert.objects.create(cause=trouble.cause[:200], kind=trouble.kind, first_at=now, last_at=now, **_words(trouble))


def take(*, alert_id: uuid.UUID, by: User, now: datetime) -> bool:
    """A person says that they see to it: no more reminders. It closes with its cause all the same. False when it is over or taken."""
    return bool(Alert.objects.filter(pk=alert_id, resolved_at__isnull=True, taken_at__isnull=True).update(taken_at=now, taken_by=by))


def give_back(*, alert_id: uuid.UUID) -> bool:
    """Undo `take`: people are reminded again. False when it is over or nobody had it."""
    return bool(Alert.objects.filter(pk=alert_id, resolved_at__isnull=True, taken_at__isnull=False).update(taken_at=None, taken_by=None))
