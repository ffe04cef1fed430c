"""Every page with the states that are worth a look. An address of the office without an example here fails the tests."""

from collections.abc import Callable
from dataclasses import dataclass, field

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


def _write_back(tab: Tab) -> None:
    tab.fill("#write-words", "Yes, we can be there at nine.")
    submit(tab, tab.get_by_role("button", name="Check it first").click)


def _fill_reason(tab: Tab) -> None:
    """The stop page as it comes back when no reason was given; the browser itself would not send it."""
    tab.evaluate("document.querySelector('#confirm-reason').removeAttribute('required')")
    submit(tab, tab.get_by_role("button", name="Stop all sending", exact=True).last.click)


def _pause_without_words(tab: Tab) -> None:
    """The pause page as it comes back when neither reason nor confirmation was written; the browser itself would not send it."""
    tab.evaluate("document.querySelectorAll('#pause-reason, #pause-typed').forEach((field) => field.removeAttribute('required'))")
    submit(tab, tab.get_by_role("button", name="Pause it", exact=True).click)


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


def _sign_in_too_often(tab: Tab) -> None:
    for _ in range(6):
        tab.fill("#id_username", "somebody")
        tab.fill("#id_password", "a guess")
        submit(tab, lambda: tab.press("#id_password", "Enter"))


def _show_address(tab: Tab) -> None:
    submit(tab, tab.get_by_role("button", name="Show address").first.click)


def _spoil_words(tab: Tab) -> None:
    """The words are changed so that they name the customer: the page comes back and says what stands against them."""
    tab.fill("#words", "Nora Vance asked for help.")
    submit(tab, tab.get_by_role("button", name="Approve for the portal").click)


def _say_booked(tab: Tab) -> None:
    submit(tab, tab.get_by_role("button", name="Booked", exact=True).click)


def _tell(tab: Tab) -> None:
    """Somebody said yes by phone, up to the page that asks first."""
    tab.select_option("[name=purpose]", "marketing")
    tab.select_option("[name=how]", "phone")
    tab.fill("[name=words]", "Sure, send me your offers.")
    submit(tab, tab.get_by_role("button", name="Check it first").click)


def _tell_and_withdraw(tab: Tab) -> None:
    _tell(tab)
    _press("Write it down")(tab)
    submit(tab, tab.locator("main").get_by_role("link", name="Withdraw…").first.click)


def _ask_for_other_words(tab: Tab) -> None:
    tab.locator("details > summary").first.click()
    tab.locator("details textarea").first.fill("Please do not say sorry. Say that we call back.")
    submit(tab, tab.locator("details").get_by_role("button", name="Send").first.click)


def _ask_nobody(tab: Tab) -> None:
    tab.fill("#email", "rita at example")
    submit(tab, tab.get_by_role("button", name="Email me a link").click)


def _ask_for_a_mail(tab: Tab) -> None:
    tab.fill("#email", "nobody@example.com")
    submit(tab, tab.get_by_role("button", name="Email me a link").click)


def _mistake(tab: Tab) -> None:
    tab.evaluate("document.querySelector('button[name=outcome]').value = 'nonsense'")
    submit(tab, tab.locator("button[name=outcome]").first.click)


def _open_drawer(tab: Tab) -> None:
    tab.locator(".drawer > summary").click()


def _save_empty(tab: Tab) -> None:
    submit(tab, tab.locator("[name=_save]").click)


def _make_no_report(tab: Tab) -> None:
    tab.fill("#make-last", "2020-01-01")
    tab.select_option("#make-client", "summit-roofing")
    submit(tab, tab.get_by_role("button", name="Count into a draft").click)


def _spoil_headline(tab: Tab) -> None:
    tab.locator("#headline").fill("4711 booked jobs came in.")
    submit(tab, tab.get_by_role("button", name="Keep these words").click)


FRESH = tuple(
    Page(name=f"{view}, nothing yet", view=view, where=where, before=True)
    for view, where in (
        ("inbox", "/"),
        ("leads", "/leads/"),
        ("runs", "/runs/"),
        ("messages", "/messages/"),
        ("outbox", "/outbox/"),
        ("simulator", "/try/"),
        ("demo", "/demo/"),
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
    Page(name="lead, told", view="lead_told", where="/leads/{lead_form}/told/", words=("They agreed to something",)),
    Page(name="lead, told, asked first", view="lead_told", where="/leads/{lead_form}/told/", act=_tell, words=("no written consent",)),
    Page(
        name="lead, told, withdraw",
        view="lead_told_withdraw",
        where="/leads/{lead_form}/told/",
        act=_tell_and_withdraw,
        words=("Withdraw this entry?",),
    ),
    Page(name="lead, opted out", view="lead", where="/leads/{lead_stop}/", words=("Asked us to stop",)),
    Page(name="lead, form", view="lead", where="/leads/{lead_form}/"),
    Page(name="talk", view="talk", where="/talks/{contact_night}/", words=("Nobody has it", "Nobody waits for an answer")),
    Page(name="talk, taken", view="talk", where="/talks/{contact_missed-call}/", act=_press("Take it"), words=("You have it", "Give back")),
    Page(name="talk, letting go", view="talk_let_go", where="/talks/{contact_missed-call}/let-go/", words=("Let automation go on",)),
    Page(name="talk, looked at", view="talk_write", where="/talks/{contact_night}/", act=_write_back, words=("Every check", "Send it")),
    Page(name="talk, nobody to take it from", view="talk_take_over", where="/talks/{contact_night}/take-over/", words=("Nobody has it",)),
    Page(name="picture, none", view="talk_photo", where="/talks/{contact_night}/pictures/{contact_night}/", status=404),
    Page(name="inbox, a summary open", view="inbox", where="/?item=summary:{summary_draft}", words=("Read and decide",)),
    Page(name="inbox, a part of it", view="inbox", where="/?view=trouble&client=summit-roofing", words=("Only Trouble, Summit Roofing",)),
    Page(name="inbox, nothing put off", view="inbox", where="/?view=put-off", words=("Nothing of this kind waits",)),
    Page(name="approvals", view="approvals", where="/approvals/"),
    Page(name="approvals, decided", view="approvals", where="/approvals/?show=decided", words=("Nora Vance D",)),
    Page(name="approval", view="approval", where="/approvals/{summary_draft}/", words=("Approve for the portal", "No source")),
    Page(name="approval, unsafe", view="approval", where="/approvals/{summary_unsafe}/", words=("As it stands it cannot be approved",)),
    Page(name="approval, changed", view="approval_decide", where="/approvals/{summary_draft}/", act=_spoil_words, status=400),
    Page(name="approval, by hand", view="approval", where="/approvals/{summary_by-hand}/", words=("Write by hand",)),
    Page(name="approval, decided", view="approval", where="/approvals/{summary_decided}/", words=("Dana Reyes approved it", "Withdraw it")),
    Page(name="withdraw", view="approval_withdraw", where="/approvals/{summary_decided}/withdraw/", words=("disappears from the portal",)),
    Page(name="templates", view="templates", where="/templates/"),
    Page(name="templates, drafts", view="templates", where="/templates/?state=draft"),
    Page(name="template, new", view="template_new", where="/templates/new/"),
    Page(
        name="template, looked at",
        view="template_edit",
        where="/templates/{words}/edit/",
        act=_press("Look at it first"),
        words=("Not kept",),
    ),
    Page(name="template, a draft", view="template", where="/templates/{words}/", words=("Think twice", "UCS-2")),
    Page(name="template, refused", view="template", where="/templates/{words_broken}/", words=("It cannot be approved",)),
    Page(name="template, approving", view="template_approve", where="/templates/{words}/approve/", words=("No text is sent by this.",)),
    Page(name="template, throwing away", view="template_discard", where="/templates/{words}/discard/", words=("no way back",)),
    Page(name="reports", view="reports", where="/reports/"),
    Page(name="reports, none fits", view="reports", where="/reports/?client=zzz", words=("No report was found",)),
    Page(
        name="reports, days that are none", view="report_make", where="/reports/", act=_make_no_report, status=400, words=("lies before",)
    ),
    Page(name="report, a draft", view="report", where="/reports/{report_draft}/", words=("Its words", "Where these numbers are from")),
    Page(name="report, published", view="report", where="/reports/{report}/", words=("Withdraw…",)),
    Page(name="report, words that do not fit", view="report_words", where="/reports/{report_draft}/", act=_spoil_headline, status=400),
    Page(
        name="report, where a number is from",
        view="report_counted",
        where="/reports/{report_draft}/counted/?of=asked",
        words=("counted from",),
    ),
    Page(name="report, publishing", view="report_publish", where="/reports/{report_draft}/publish/", words=("is not over yet",)),
    Page(name="report, withdrawing", view="report_withdraw", where="/reports/{report}/withdraw/", words=("disappears from the portal",)),
    Page(name="reviews, nothing yet", view="reviews", where="/reviews/?month=2020-01", words=("No job was done in this month",)),
    Page(name="reviews", view="reviews", where="/reviews/", words=("everyone eligible alike",)),
    Page(
        name="reviews, where a number is from",
        view="review_rows",
        where="/reviews/rows/?client=summit-roofing&what=jobs",
        words=("counted from",),
    ),
    Page(name="demo, to remove", view="demo", where="/demo/", words=("Remove the demo agency",)),
    Page(name="clients", view="clients", where="/clients/"),
    Page(name="clients, nobody found", view="clients", where="/clients/?q=zzz"),
    Page(name="client", view="client", where="/clients/summit-roofing/", words=("See what the client sees",)),
    Page(
        name="test alert, no way yet",
        view="test_alert",
        where="/clients/summit-roofing/responders/{responder}/test/",
        words=("Nothing reaches them yet",),
    ),
    Page(name="client, stopped", view="client", where="/clients/granite-supply/", words=("Sending stopped",)),
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
    Page(name="delivery, put aside", view="delivery", where="/deliveries/{delivery_aside}/", words=("Take in", "Not a lead")),
    Page(name="put aside", view="deliveries", where="/deliveries/?view=aside", words=("What waits for a person",)),
    Page(
        name="put aside, take in", view="aside", where="/deliveries/aside/release/?delivery={delivery_aside}", words=("will be taken in",)
    ),
    Page(name="put aside, no lead", view="aside", where="/deliveries/aside/discard/?delivery={delivery_aside}", words=("as no lead",)),
    Page(name="a new address", view="connection_rotate", where="/connections/{connection}/new-address/", words=("24 hours",)),
    Page(name="replay", view="replay", where="/deliveries/{delivery_missed-call}/replay/"),
    Page(name="replay, not understood", view="replay", where="/deliveries/{delivery_poison}/replay/"),
    Page(name="connections", view="connections", where="/connections/"),
    Page(name="connections, an address shown", view="connections", where="/connections/", act=_show_address, words=("/hooks/",)),
    Page(name="going live", view="going_live", where="/connections/{shadow}/live/", words=("0 of 5 steps are done", "In shadow")),
    Page(name="going live, the question", view="going_live", where="/connections/{shadow}/live/?sign=1", words=("Still missing",)),
    Page(name="shadow report", view="shadow", where="/connections/{shadow}/shadow/", words=("Have you read it?",)),
    Page(
        name="shadow report, none of the kind",
        view="shadow",
        where="/connections/{shadow}/shadow/?would=held",
        words=("None of this kind",),
    ),
    Page(name="outbox", view="outbox", where="/outbox/"),
    Page(name="messages", view="messages", where="/messages/"),
    Page(name="messages, none fits", view="messages", where="/messages/?q=zzz"),
    Page(name="message, sent", view="message", where="/messages/{message_missed-call}/"),
    Page(name="message, skipped", view="message", where="/messages/{message_stop}/"),
    Page(name="message, held by night", view="message", where="/messages/{message_night}/"),
    Page(name="message, waits for approval", view="message", where="/messages/{message_draft4}/", words=("Approve and send",)),
    Page(name="message, failed", view="message", where="/messages/{message_failed}/"),
    Page(name="message, unknown", view="message", where="/messages/{message_unknown}/"),
    Page(name="operations", view="operations", where="/operations/"),
    Page(name="alerts", view="alerts", where="/alerts/"),
    Page(name="alerts, all", view="alerts", where="/alerts/?view=all"),
    Page(name="alert", view="alert", where="/alerts/{alert}/"),
    Page(name="stop", view="stop", where="/stop/", words=("Stop all sending",)),
    Page(name="stop, no reason given", view="stop", where="/stop/", act=_fill_reason, status=400, words=("Nothing was stopped",)),
    Page(name="stop, one client stopped", view="stop", where="/stop/?scope=granite-supply", words=("is stopped",)),
    Page(name="stop, lifting", view="stop", where="/stop/?lift={stop}", words=("judged anew",)),
    Page(name="incidents", view="incidents", where="/incidents/", words=("Granite Supply",)),
    Page(name="incidents, none closed", view="incidents", where="/incidents/?view=closed", words=("No incident has been closed yet",)),
    Page(name="incident", view="incident", where="/incidents/{incident}/", words=("What it holds", "What has to be done")),
    Page(name="incident, resuming", view="incident_resume", where="/incidents/{incident}/resume/", words=("judged anew", "Count again")),
    Page(name="pause, everything", view="pause", where="/pause/", words=("to confirm",)),
    Page(name="pause, one workflow", view="pause", where="/pause/?client=summit-roofing&part=workflow:missed-call-text-back"),
    Page(name="pause, paused already", view="pause", where="/pause/?client=granite-supply", words=("It is paused already",)),
    Page(name="pause, no reason given", view="pause", where="/pause/", act=_pause_without_words, status=400, words=("Nothing was paused",)),
    Page(name="simulator", view="simulator", where="/try/"),
    Page(name="simulator, pressed", view="simulator", where="/try/?caller=%2B13035550196", act=_press_and_wait("Missed call")),
    Page(name="simulator, bad signature", view="simulator", where="/try/", act=_press("Bad signature"), words=("Answered 401",)),
    Page(name="simulator, withheld number", view="simulator", where="/try/?caller=withheld"),
    Page(name="simulator, live client", view="simulator", where="/try/?client=bluebird-plumbing", words=("does not touch it",)),
    Page(
        name="simulator, the provider is down",
        view="simulator",
        where="/try/",
        act=_press("Down"),
        words=("refuses the connection", "Set it to “Works”"),
    ),
    Page(name="simulator, the provider works", view="simulator", where="/try/", act=_press("Works"), words=("takes every text",)),
    Page(name="story, told", view="story", where="/try/stories/{story_told}/", words=("All 5 promises are kept", "2 copies")),
    Page(name="story, broken off", view="story", where="/try/stories/{story_broken}/", words=("Broken off", "Not reached", "Not met")),
    Page(name="email", view="message", where="/messages/{email0}/", words=("Subject:", "The email, word for word")),
    Page(name="unsubscribe", view="unsubscribe", where="{way_out0}", public=True, words=("Get nothing more",)),
    Page(name="unsubscribe, done", view="unsubscribe", where="{way_out1}", public=True, act=_press("Unsubscribe"), words=("Done",)),
    Page(name="unsubscribe, forged", view="unsubscribe", where="/u/nonsense/", public=True, status=404, words=("not valid",)),
    Page(name="outcome", view="outcome", where="{link0}", public=True, words=("What came of it?",)),
    Page(name="outcome, said", view="outcome", where="{link1}", public=True, act=_say_booked, words=("You said",)),
    Page(name="outcome, mistake", view="outcome", where="{link2}", public=True, act=_mistake, status=400, words=("Choose one",)),
    Page(name="outcome, closed", view="outcome", where="/o/nonsense/", public=True, status=404, words=("not valid",)),
    Page(name="review link, closed", view="review_link", where="/go/nonsense/", public=True, status=404, words=("not valid",)),
)
OTHERS = (
    Page(name="API docs", view="api:docs", where="/api/docs/"),
    Page(name="menu open on a phone", view="runs", where="/runs/", act=_open_drawer),
    Page(name="no such page", view="", where="/no-such-page/", status=404, public=True),
    Page(name="sign-in", view="admin:login", where="/admin/login/?next=/", public=True, own=False),
    Page(name="sign-in, wrong", view="admin:login", where="/admin/login/?next=/", public=True, own=False, act=_sign_in_wrong),
    Page(
        name="sign-in, paused",
        view="admin:login",
        where="/admin/login/?next=/",
        public=True,
        own=False,
        act=_sign_in_too_often,
        status=429,
        words=("paused here for 15 minutes",),
    ),
    Page(name="admin", view="admin:index", where="/admin/", own=False),
    Page(name="admin, clients", view="admin:leads_client_changelist", where="/admin/leads/client/", own=False),
    Page(name="admin, a client", view="admin:leads_client_change", where="/admin/leads/client/{client}/change/", own=False),
    Page(name="admin, mistakes", view="admin:leads_client_add", where="/admin/leads/client/add/", own=False, act=_save_empty),
    Page(name="admin, change password", view="admin:password_change", where="/admin/password_change/", own=False),
)
# The client portal; `public` pages are looked at as a member of Summit Roofing, the others as somebody who is not signed in there.
PORTAL = (
    Page(name="portal, sign-in", view="portal:sign_in", where="/portal/sign-in/", words=("Email me a link",)),
    Page(name="portal, no address", view="portal:sign_in", where="/portal/sign-in/", act=_ask_nobody, status=400),
    Page(name="portal, sent", view="portal:sent", where="/portal/sign-in/", act=_ask_for_a_mail, words=("Check your mail",)),
    Page(name="portal, link too old", view="portal:link", where="/portal/in/nonsense/", status=410, words=("Send a new one",)),
    Page(name="portal, results", view="portal:results", where="/portal/", public=True, words=("31 booked jobs came from",)),
    Page(name="portal, stories", view="portal:stories", where="/portal/stories/", public=True),
    Page(name="portal, story", view="portal:story", where="/portal/stories/{story}/", public=True, words=("What came of it?",)),
    Page(
        name="portal, said",
        view="portal:story",
        where="/portal/stories/{story1}/",
        act=_press("Job done"),
        public=True,
        words=("Thank you",),
    ),
    Page(name="portal, no words", view="portal:story", where="/portal/stories/{story}/", act=_press("Send"), public=True, status=400),
    Page(name="portal, reports", view="portal:reports", where="/portal/reports/", public=True),
    Page(name="portal, report", view="portal:report", where="/portal/reports/{report}/", public=True, words=("How it was counted",)),
    Page(name="portal, texts", view="portal:texts", where="/portal/texts/", public=True, words=("What we say in your name",)),
    Page(
        name="portal, texts, asked",
        view="portal:texts",
        where="/portal/texts/",
        act=_ask_for_other_words,
        public=True,
        words=("You asked for a change",),
    ),
    Page(name="portal, help", view="portal:help", where="/portal/help/", public=True, words=("rita@example.com",)),
    Page(name="portal, no such page", view="", where="/portal/reports/{story}/", public=True, status=404),
)
PAGES = (*OFFICE, *PORTAL, *OTHERS)
BY_NAME = {page.name: page for page in PAGES}
