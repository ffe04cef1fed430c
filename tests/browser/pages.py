"""Every page with the states that are worth a look. An address of the office without an example here fails the tests."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page as Tab

Act = Callable[[Tab], None]


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page in one state. `where` is filled from the stories' ids; `act` brings the page into its state once it is open; `before` the
    stories: a state that only a fresh installation has. `own`: drawn by us, not by Django's admin."""

    name: str
    view: str
    where: str
    act: Act | None = None
    status: int = 200
    own: bool = True
    public: bool = False
    before: bool = False
    words: tuple[str, ...] = field(default=())  # what must stand there, or it is not the state that was meant


def submit(tab: Tab, press: Callable[[], None]) -> None:
    """Press something and wait for the page that answers."""
    with tab.expect_navigation():
        press()


def _fill_reason(tab: Tab) -> None:
    """The stop page as it comes back when no reason was given; the browser itself would not send it."""
    tab.evaluate("document.querySelector('#confirm-reason').removeAttribute('required')")
    submit(tab, tab.get_by_role("button", name="Stop all sending", exact=True).last.click)


def _press(words: str) -> Act:
    def act(tab: Tab) -> None:
        submit(tab, tab.get_by_role("button", name=words, exact=True).click)

    return act


def _press_and_wait(words: str) -> Act:
    def act(tab: Tab) -> None:
        _press(words)(tab)
        tab.locator("#sim-run [data-answer]").wait_for()
        tab.locator("#sim-run").get_by_role("link", name="Open the run").wait_for()

    return act


def _sign_in_wrong(tab: Tab) -> None:
    tab.fill("#id_username", "owner")
    tab.fill("#id_password", "not the password")
    submit(tab, lambda: tab.press("#id_password", "Enter"))


def _show_address(tab: Tab) -> None:
    submit(tab, tab.get_by_role("button", name="Show address").first.click)


def _say_booked(tab: Tab) -> None:
    submit(tab, tab.get_by_role("button", name="Booked", exact=True).click)


def _mistake(tab: Tab) -> None:
    tab.evaluate("document.querySelector('button[name=outcome]').value = 'nonsense'")
    submit(tab, tab.locator("button[name=outcome]").first.click)


def _open_drawer(tab: Tab) -> None:
    tab.locator(".drawer > summary").click()


def _save_empty(tab: Tab) -> None:
    submit(tab, tab.locator("[name=_save]").click)


FRESH = tuple(
    Page(name=f"{view}, nothing yet", view=view, where=where, before=True)
    for view, where in (
        ("inbox", "/"),
        ("leads", "/leads/"),
        ("runs", "/runs/"),
        ("messages", "/messages/"),
        ("outbox", "/outbox/"),
        ("simulator", "/try/"),
    )
)
STORIES = ("missed-call", "night", "stop", "stop-es", "late", "duplicate", "withheld", "form", "draft0", "stopped", "failed", "unknown")

OFFICE = (
    *FRESH,
    Page(name="inbox", view="inbox", where="/"),
    Page(name="inbox, a task open", view="inbox", where="/?item=task:{task0}"),
    Page(name="inbox, a draft open", view="inbox", where="/?item=draft:{message_draft4}"),
    Page(name="inbox, something gone", view="inbox", where="/?item=task:00000000-0000-7000-8000-000000000000"),
    Page(name="task", view="task", where="/tasks/{task1}/"),
    Page(name="leads", view="leads", where="/leads/"),
    Page(name="leads, nobody found", view="leads", where="/leads/?q=zzz"),
    Page(name="lead, missed call", view="lead", where="/leads/{lead_missed-call}/"),
    Page(name="lead, opted out", view="lead", where="/leads/{lead_stop}/", words=("Asked us to stop",)),
    Page(name="lead, form", view="lead", where="/leads/{lead_form}/"),
    Page(name="clients", view="clients", where="/clients/"),
    Page(name="runs", view="runs", where="/runs/"),
    Page(name="runs, nothing found", view="runs", where="/runs/?q=%2B13035550199"),
    *(Page(name=f"run, {story}", view="run", where=f"/runs/{{run_{story}}}/") for story in STORIES),
    Page(name="receipts", view="receipts", where="/receipts/"),
    Page(name="deliveries", view="deliveries", where="/deliveries/"),
    Page(name="delivery, processed", view="delivery", where="/deliveries/{delivery_missed-call}/"),
    Page(name="delivery, copies", view="delivery", where="/deliveries/{delivery_duplicate}/"),
    Page(name="delivery, a reply", view="delivery", where="/deliveries/{reply}/"),
    Page(name="delivery, a form", view="delivery", where="/deliveries/{delivery_form}/"),
    Page(name="delivery, not understood", view="delivery", where="/deliveries/{delivery_poison}/"),
    Page(name="delivery, not for us", view="delivery", where="/deliveries/{delivery_pre-call}/"),
    Page(name="replay", view="replay", where="/deliveries/{delivery_missed-call}/replay/"),
    Page(name="replay, not understood", view="replay", where="/deliveries/{delivery_poison}/replay/"),
    Page(name="connections", view="connections", where="/connections/"),
    Page(name="connections, an address shown", view="connections", where="/connections/", act=_show_address, words=("/hooks/",)),
    Page(name="outbox", view="outbox", where="/outbox/"),
    Page(name="messages", view="messages", where="/messages/"),
    Page(name="messages, none fits", view="messages", where="/messages/?q=zzz"),
    Page(name="message, sent", view="message", where="/messages/{message_missed-call}/"),
    Page(name="message, skipped", view="message", where="/messages/{message_stop}/"),
    Page(name="message, held by night", view="message", where="/messages/{message_night}/"),
    Page(name="message, waits for approval", view="message", where="/messages/{message_draft4}/", words=("Approve and send",)),
    Page(name="message, failed", view="message", where="/messages/{message_failed}/"),
    Page(name="message, unknown", view="message", where="/messages/{message_unknown}/"),
    Page(name="stop", view="stop", where="/stop/", words=("Stop all sending",)),
    Page(name="stop, no reason given", view="stop", where="/stop/", act=_fill_reason, status=400, words=("Nothing was stopped",)),
    Page(name="stop, one client stopped", view="stop", where="/stop/?scope=granite-supply", words=("is stopped",)),
    Page(name="stop, lifting", view="stop", where="/stop/?lift={stop}", words=("judged anew",)),
    Page(name="simulator", view="simulator", where="/try/"),
    Page(name="simulator, pressed", view="simulator", where="/try/?caller=%2B13035550188", act=_press_and_wait("Missed call")),
    Page(name="simulator, bad signature", view="simulator", where="/try/", act=_press("Bad signature"), words=("Answered 401",)),
    Page(name="simulator, withheld number", view="simulator", where="/try/?caller=withheld"),
    Page(name="simulator, live client", view="simulator", where="/try/?client=bluebird-plumbing", words=("does not touch it",)),
    Page(name="outcome", view="outcome", where="{link0}", public=True, words=("What came of it?",)),
    Page(name="outcome, said", view="outcome", where="{link1}", public=True, act=_say_booked, words=("You said",)),
    Page(name="outcome, mistake", view="outcome", where="{link2}", public=True, act=_mistake, status=400, words=("Choose one",)),
    Page(name="outcome, closed", view="outcome", where="/o/nonsense/", public=True, status=404, words=("not valid",)),
)
OTHERS = (
    Page(name="API docs", view="api:docs", where="/api/docs/"),
    Page(name="menu open on a phone", view="runs", where="/runs/", act=_open_drawer),
    Page(name="no such page", view="", where="/no-such-page/", status=404, public=True),
    Page(name="sign-in", view="admin:login", where="/admin/login/?next=/", public=True, own=False),
    Page(name="sign-in, wrong", view="admin:login", where="/admin/login/?next=/", public=True, own=False, act=_sign_in_wrong),
    Page(name="admin", view="admin:index", where="/admin/", own=False),
    Page(name="admin, clients", view="admin:leads_client_changelist", where="/admin/leads/client/", own=False),
    Page(name="admin, a client", view="admin:leads_client_change", where="/admin/leads/client/{client}/change/", own=False),
    Page(name="admin, mistakes", view="admin:leads_client_add", where="/admin/leads/client/add/", own=False, act=_save_empty),
    Page(name="admin, change password", view="admin:password_change", where="/admin/password_change/", own=False),
)
PAGES = (*OFFICE, *OTHERS)
BY_NAME = {page.name: page for page in PAGES}

# Addresses that only change something; a GET is refused.
POSTS = {
    "inbox_act": "/inbox/act/",
    "inbox_undo": "/inbox/undo/",
    "lead_note": "/leads/{lead_missed-call}/note/",
    "lead_outcome": "/leads/{lead_missed-call}/outcome/",
    "run_again": "/runs/{run_missed-call}/again/",
    "connection_address": "/connections/{connection}/address/",
    "message_approve": "/messages/{message_draft4}/approve/",
    "message_reject": "/messages/{message_draft4}/reject/",
}


def places(told: dict[str, Any]) -> dict[str, str]:
    """What the addresses are filled with, from what the stories printed."""
    kinds = {"run": "runs", "lead": "leads", "message": "messages", "delivery": "deliveries"}
    found = {f"{kind}_{name}": str(value) for kind, key in kinds.items() for name, value in told[key].items()}
    found |= {f"{one}{n}": value for one, many in (("task", "tasks"), ("link", "links")) for n, value in enumerate(told[many])}
    return found | {name: str(told[name]) for name in ("reply", "connection", "client", "stop")}
