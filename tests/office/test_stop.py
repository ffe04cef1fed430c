"""Stop all sending: counted first, with a reason, once per scope; lifted by few, and every held text is judged anew."""

from datetime import timedelta

import pytest

from messaging import pauses
from messaging.models import Attempt, Message, Pause
from messaging.outbox import dispatch, sending
from messaging.pauses import Scope
from tests.factories import NOON, ClientFactory, ContactFactory
from tests.office.reading import text_of
from tests.office.rows import make_text, sign_in
from workflows import resuming

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("well")]


@pytest.fixture
def summit(noon):
    return ClientFactory()


@pytest.fixture
def blue(summit):
    return ClientFactory(slug="bluebird-plumbing", name="Bluebird Plumbing", phone="+13035550101")


@pytest.fixture
def owner():
    return sign_in("olga", group="owner")


def text_to(client, n, **more):
    return make_text(
        contact=ContactFactory(client=client, name=f"Person {n}", phone=f"+1303555012{n}"),
        to=f"+1303555012{n}",
        sender=client.phone,
        **more,
    )


def stop(browser, scope="all", reason="Wrong template"):
    return browser.post("/stop/", {"act": "stop", "scope": scope, "reason": reason}, follow=True)


def test_what_it_will_hold_is_counted_before_anything_happens(summit, blue):
    sam = sign_in("sam")
    text_to(summit, 1, status="queued", reason="")
    text_to(summit, 2)
    text_to(blue, 3)
    text_to(blue, 4, status="delivered", reason="")
    assert 'data-count="3"' in sam.get("/stop/").content.decode()
    page = sam.get("/stop/?scope=summit-roofing")
    assert 'data-count="2"' in page.content.decode()
    assert "1 waits and 1 is held now. All are kept." in text_of(page)
    assert not Pause.objects.exists()


def test_any_staff_may_stop_and_the_gate_holds_from_then_on(summit, noon):
    sam = sign_in("sam")
    message = text_to(summit, 1, status="queued", reason="", due_at=NOON - timedelta(seconds=1))
    said = text_of(stop(sam))
    row = Pause.objects.get()
    assert (row.client, row.reason, row.by) == (None, "Wrong template", sam.staff)
    assert "All sending is stopped. 1 text waited or was held; nothing is lost." in said
    assert sending.send(message_id=message.pk, now=noon) == "held"
    message.refresh_from_db()
    assert message.reason == pauses.STOPPED
    assert not Attempt.objects.exists()


def test_a_stop_needs_a_reason(summit):
    response = sign_in("sam").post("/stop/", {"act": "stop", "scope": "all", "reason": "  "})
    assert response.status_code == 400
    assert "Nothing was stopped." in text_of(response)
    assert not Pause.objects.exists()


@pytest.mark.parametrize("scope", ["", "nobody", "\x00"])
def test_an_unknown_scope_stops_nothing(summit, scope):
    assert "Nothing was stopped." in text_of(stop(sign_in("sam"), scope=scope))
    assert not Pause.objects.exists()


def test_the_second_stop_says_who_already_did(summit):
    stop(sign_in("sam"), scope="summit-roofing")
    said = text_of(stop(sign_in("dana"), scope="summit-roofing", reason="Me too"))
    assert "sam was first: sending for Summit Roofing is stopped since 12:00 MST on Fri 20 Nov." in said
    assert Pause.objects.get().reason == "Wrong template"


def test_a_stop_of_one_client_leaves_the_others_alone(summit, blue, noon):
    stop(sign_in("sam"), scope="summit-roofing")
    held = text_to(summit, 1, status="queued", reason="", due_at=NOON)
    sent = text_to(blue, 2, status="queued", reason="", due_at=NOON)
    assert sending.send(message_id=held.pk, now=noon) == "held"
    assert sending.send(message_id=sent.pk, now=noon) == "delivered"


def test_lifting_counts_first_and_judges_every_held_text_anew(summit, owner, noon, rings, django_capture_on_commit_callbacks):
    stop(owner)
    right = text_to(summit, 1, status="queued", reason="", due_at=NOON)
    stale = text_to(summit, 2, status="queued", reason="", due_at=NOON, useful_until=NOON + timedelta(minutes=5))
    for message in (right, stale):
        assert sending.send(message_id=message.pk, now=noon) == "held"
    row = Pause.objects.get()
    page = owner.get(f"/stop/?lift={row.pk}")
    assert 'data-count="2"' in page.content.decode()
    assert Pause.objects.get().lifted_at is None
    later = NOON + timedelta(minutes=10)
    with django_capture_on_commit_callbacks(execute=True):
        done = resuming.release(pause=row, by=owner.staff, name="olga", now=later)
        assert (done.right, done.stale, done.calls) == (1, 1, 1)
    assert ("messaging.work_off", "") in rings
    assert sending.send(message_id=right.pk, now=later) == "delivered"
    assert sending.send(message_id=stale.pk, now=later) == "skipped"
    stale.refresh_from_db()
    assert stale.reason == "too-late"


def test_who_lifts_is_kept_and_the_second_one_is_told(summit, owner):
    stop(owner)
    row = Pause.objects.get()
    form = {"act": "lift", "stop": row.pk}
    assert "The stop of all sending is lifted. Resumed: 0 released." in text_of(owner.post("/stop/", form, follow=True))
    said = text_of(owner.post("/stop/", form, follow=True))
    assert "olga lifted it at 19:00 UTC on Fri 20 Nov. Nothing was done twice." in said
    row.refresh_from_db()
    assert row.lifted_by == owner.staff


@pytest.mark.parametrize(("make", "allowed"), [("staff", False), ("approver", True), ("owner", True), ("superuser", True)])
def test_only_owners_approvers_and_superusers_lift(summit, make, allowed):
    browser = sign_in("lee", is_superuser=make == "superuser", group="" if make == "superuser" else make)
    row, _ = pauses.pause(scope=Scope(), reason="A test", by=None, now=NOON)
    assert ("Only an owner or an approver" in text_of(browser.post("/stop/", {"act": "lift", "stop": row.pk}, follow=True))) is not allowed
    row.refresh_from_db()
    assert (row.lifted_at is not None) is allowed
    if not allowed:
        assert "Only an owner or an approver may lift a stop. Ask" in text_of(browser.get(f"/stop/?lift={row.pk}"))


def test_a_lifted_stop_can_be_set_again(summit, owner):
    first, _ = pauses.pause(scope=Scope(client=summit), reason="One", by=owner.staff, now=NOON)
    assert resuming.release(pause=first, by=owner.staff, name="olga", now=NOON)
    second, made = pauses.pause(scope=Scope(client=summit), reason="Two", by=owner.staff, now=NOON)
    assert made
    assert second.pk != first.pk


def test_lifting_one_of_two_stops_says_that_the_other_stays(summit, owner, noon):
    pauses.pause(scope=Scope(client=summit), reason="Their wish", by=owner.staff, now=NOON)
    everywhere, _ = pauses.pause(scope=Scope(), reason="Outage", by=owner.staff, now=NOON)
    message = text_to(summit, 1, status="queued", reason="", due_at=NOON)
    sending.send(message_id=message.pk, now=noon)
    assert "The stop of sending for Summit Roofing (Their wish) stays and goes on holding." in text_of(
        owner.get(f"/stop/?lift={everywhere.pk}")
    )
    done = resuming.release(pause=everywhere, by=owner.staff, name="olga", now=noon)
    assert (done.right, done.held) == (0, 1)
    assert sending.send(message_id=message.pk, now=noon) == "held"


def test_a_text_that_left_in_spite_of_the_stop_is_shown(summit):
    sam = sign_in("sam")
    text_to(summit, 1, status="sent", reason="", now=NOON - timedelta(seconds=1), sent_at=NOON + timedelta(minutes=1))
    pauses.pause(scope=Scope(), reason="Outage", by=sam.staff, now=NOON)
    assert "1 text was on its way already and went out after the stop." in text_of(sam.get("/stop/"))


def test_a_stop_between_the_judgement_and_the_call_still_holds(summit, noon, monkeypatch):
    message = text_to(summit, 1, status="queued", reason="", due_at=NOON)
    start, called = sending.start_calling, []

    def stop_then_start(*, tries):
        pauses.pause(scope=Scope(), reason="Just now", by=None, now=noon)
        return start(tries=tries)

    monkeypatch.setattr(sending, "start_calling", stop_then_start)
    monkeypatch.setattr(dispatch, "call", lambda **_: called.append(1))
    sending.send(message_id=message.pk, now=noon)
    assert called == []
    # The worker gives its try back at once, proven unsent; judged anew, the gate holds the text.
    assert (Message.objects.get().status, Attempt.objects.get().outcome) == ("queued", "not_sent")
    monkeypatch.undo()
    assert sending.send(message_id=message.pk, now=noon) == "held"
    assert Attempt.objects.count() == 1
