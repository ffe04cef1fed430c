"""Which group may do what. One table: views, record pages, the staff API and templates ask it, and nobody compares group names."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

OWNER, APPROVER, STAFF = "owner", "approver", "staff"
_DECIDERS = (OWNER, APPROVER)
_ALL = (OWNER, APPROVER, STAFF)
_WITH_ARTICLE = {OWNER: "an owner", APPROVER: "an approver", STAFF: "a member of staff"}
_MOST_NAMED = 3


@dataclass(frozen=True)
class Right:
    """Who holds it, and what it lets them do, as the words after "may"."""

    groups: tuple[str, ...]
    does: str

    @property
    def who(self) -> str:
        """The groups with their articles: "an owner or an approver"."""
        return " or ".join(_WITH_ARTICLE[group] for group in self.groups)


RIGHTS: dict[str, Right] = {
    "approve": Right(_DECIDERS, "approve what goes out (texts, templates, summaries)"),
    "publish": Right(_DECIDERS, "publish a report or withdraw one"),
    "declare": Right(_DECIDERS, "declare whether a text went out"),
    "lift": Right(_DECIDERS, "lift a stop"),
    "stop": Right(_ALL, "stop sending"),
    "see_to": Right(_ALL, "say that they see to an alert"),
    "replay": Right(_ALL, "read a delivery again"),
    "connect": Right((OWNER,), "connect a provider, change a connection or see its address"),
    "configure": Right((OWNER,), "change a client's settings"),
    "people": Right((OWNER,), "add people or change what they may do"),
    "demo_reset": Right((OWNER,), "reset the demo"),
}


def groups_of(user: Any) -> frozenset[str]:
    """The groups somebody acts as. Every active member of staff is at least `staff`, a superuser is an owner; others are nothing.

    Read once per user object, so once per request.
    """
    if isinstance(user, AnonymousUser) or user is None or not (user.is_active and user.is_staff):
        return frozenset()
    if user.is_superuser:
        return frozenset(_ALL)
    found = getattr(user, "_groups_read", None)
    if found is None:
        found = user._groups_read = frozenset(user.groups.values_list("name", flat=True)) | {STAFF}
    return found


def may(user: Any, right: str) -> bool:
    """Whether this person holds a right of RIGHTS; a KeyError for one that does not exist."""
    return not groups_of(user).isdisjoint(RIGHTS[right].groups)


def who_may(right: str) -> str:
    """One sentence for somebody who may not: who may, and by name where these are few."""
    from zartsalgo.models import User  # not at the top: settings of the admin load this module before the models are ready

    kind = RIGHTS[right]
    holders = User.objects.filter(is_active=True, is_staff=True)
    if STAFF not in kind.groups:
        holders = holders.filter(is_superuser=True) | holders.filter(groups__name__in=kind.groups)
    names = [user.get_full_name() or user.get_username() for user in holders.distinct().order_by("username")[: _MOST_NAMED + 1]]
    ask = f" Ask {' or '.join(names)}." if 0 < len(names) <= _MOST_NAMED else " Ask one of them."
    return f"Only {kind.who} may {kind.does}.{ask}"


def require(user: Any, right: str) -> None:
    """Raise PermissionDenied (the 403 page shows its sentence) unless the person may."""
    if not may(user, right):
        raise PermissionDenied(who_may(right))
