"""What the frame around every staff page needs: the menu, the strip of troubles, and the way to stop all sending.

A menu entry whose page does not exist yet is left out, never a dead link. Signed-out visitors get an empty frame.
"""

from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from zartsalgo.office.page_time import moment_of
from zartsalgo.office.strip import Line, build_strip


@dataclass(frozen=True)
class Entry:
    """A menu entry: the first of `views` that exists is its page; `views` and `inner` say on which pages it is the current one."""

    word: str
    icon: str
    views: tuple[str, ...]
    inner: tuple[str, ...] = ()
    go: str = ""  # the letter after g that leads there


@dataclass
class Item:
    """A menu entry as it is drawn."""

    word: str
    icon: str
    url: str
    go: str = ""
    current: bool = False


@dataclass
class Group:
    """A headed part of the menu."""

    word: str
    items: list[Item] = field(default_factory=list)


# What is done every day stands first; everything that answers "why?" stands under Operations and is linked from where the question is.
MENU: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "Work",
        (
            Entry("Inbox", "inbox", ("office:inbox",), ("office:task",), go="i"),
            Entry("Leads", "leads", ("office:leads",), ("office:lead",), go="l"),
            Entry("Approvals", "done", ("office:approvals",), ("office:approval",), go="p"),
            Entry("Templates", "note", ("office:templates",), ("office:template", "admin:messaging_template")),
            Entry("Clients", "clients", ("office:clients",), ("office:client", "admin:leads_client"), go="c"),
        ),
    ),
    (
        "Operations",
        (
            Entry("Runs", "runs", ("office:runs",), ("office:run",), go="r"),
            Entry("Deliveries", "deliveries", ("office:deliveries",), ("office:delivery", "office:replay"), go="d"),
            Entry("Messages", "message", ("office:messages",), ("office:message",), go="m"),
            Entry("Outbox", "outbox", ("office:outbox",), go="o"),
            Entry("Receipts", "receipts", ("office:receipts",), ("admin:workflows_receipt",)),
            Entry("Connections", "connections", ("office:connections",), ("office:connection", "admin:providers_connection")),
            Entry("Alerts", "info", ("office:alerts",), ("office:alert",)),
            Entry("Incidents", "warn", ("office:incidents",), ("office:incident",)),
            Entry("Reports", "form", ("office:reports",), ("office:report",)),
            Entry("Review requests", "note", ("office:reviews",), ("office:review_rows",)),
            Entry("System", "stage", ("office:operations",)),
        ),
    ),
    (
        "Try it",
        (
            Entry("Simulator", "simulator", ("office:simulator",), go="s"),
            Entry("Demo agency", "clients", ("office:demo",)),
            Entry("API docs", "docs", ("api:docs",)),
            Entry("Admin (all records)", "admin", ("admin:index",), go="a"),
        ),
    ),
)


def _first_url(names: tuple[str, ...]) -> str:
    for name in names:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return ""


def _is_current(entry: Entry, view_name: str) -> bool:
    names = (*entry.views, *entry.inner)
    return any(view_name == name or view_name.startswith(f"{name}_") for name in names)


def menu(*, view_name: str) -> list[Group]:
    """The menu with the current entry marked; the admin entry takes every admin page no other entry claims."""
    groups = []
    claimed = False
    for word, entries in MENU:
        group = Group(word)
        for entry in entries:
            url = _first_url(entry.views)
            if url:
                current = not claimed and _is_current(entry, view_name)
                claimed = claimed or current
                group.items.append(Item(entry.word, entry.icon, url, entry.go, current))
        if group.items:
            groups.append(group)
    if not claimed and view_name.startswith("admin:") and groups:
        for item in groups[-1].items:
            item.current = item.icon == "admin"
    return groups


def _strip(request: HttpRequest) -> list[Line]:
    try:
        return build_strip(read_moment=lambda: moment_of(request))
    except DatabaseError:
        # The page itself was readable; that its health is not must be said, not hidden.
        return [{"level": "bad", "text": "The state of the services could not be read. What you see here may be old."}]


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context for the frame. The strip is read only where a template shows it, once per page."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not user.is_staff:
        return {"menu": [], "strip": [], "stop_url": ""}
    match = request.resolver_match
    view_name = match.view_name if match else ""
    return {
        "menu": menu(view_name=view_name),
        "strip": SimpleLazyObject(lambda: _strip(request)),
        "stop_url": _first_url(("office:stop",)),
        "stop_current": view_name == "office:stop",
    }
