"""Handovers and texts as lists, and a text's own page: the answer, its words, every check, every try, and what can be decided."""

from datetime import timedelta

import pytest

from messaging import gate
from messaging.models import Handover
from messaging.outbox import sending
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory
from tests.office.reading import text_of
from tests.office.rows import make_text, sign_in
from tests.planning import make_try
from zartsalgo.lib.ids import new_id
from zartsalgo.office.decisions import text_digest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("well")]


@pytest.fixture
def lead(noon):
    client = ClientFactory(send="draft")
    return LeadFactory(client=client, contact=ContactFactory(client=client, phone="+13035550123"))


@pytest.fixture
def sam():
    return sign_in("sam")


def hand_over(lead, n=0, **more):
    values = {
        "to_name": "Rita",
        "to_address": "+13035550190",
        "body": "Carla Gomez, (303) 555-0123. Missed call at 12:00. What came of it? http://127.0.0.1:8000/o/token/",
        "created_at": NOON + timedelta(seconds=n),
        "link_expires_at": NOON + timedelta(hours=72),
    }
    return Handover.objects.create(id=new_id(), client=lead.client, lead=lead, step_key="hand-over", **{**values, **more})


def test_the_outbox_shows_word_for_word_what_a_responder_was_told(lead, sam):
    hand_over(lead)
    page = sam.get("/outbox/")
    said = text_of(page)
    assert "To Rita, (303) 555-0190" in said
    assert "Carla Gomez, (303) 555-0123. Missed call at 12:00. What came of it?" in said
    assert "No word yet" in said
    assert 'href="http://127.0.0.1:8000/o/token/"' in page.content.decode()


def test_a_closed_link_and_expired_words_are_said(lead, sam):
    hand_over(lead, link_expires_at=NOON - timedelta(hours=1))
    hand_over(lead, n=1, body=None)
    page = sam.get("/outbox/")
    assert "link closed" in text_of(page)
    assert "no longer kept" in text_of(page)
    assert "/o/token/" not in page.content.decode()


@pytest.mark.parametrize("count", [5, 50])
@pytest.mark.parametrize("path", ["/outbox/", "/messages/"])
def test_lists_cost_the_same_for_five_and_fifty(lead, sam, path, count, django_assert_max_num_queries):
    for n in range(count):
        hand_over(lead, n)
        make_text(contact=lead.contact, lead=lead, now=NOON + timedelta(seconds=n))
    sam.get(path)
    with django_assert_max_num_queries(8):
        page = sam.get(path)
    assert len(page.context["items"]) == count


def test_messages_are_found_by_state_client_and_person(lead, sam):
    make_text(contact=lead.contact, status="skipped", reason="opted-out", says="This person opted out.")
    make_text(contact=lead.contact, status="delivered", reason="", says="Delivered to the phone.", now=NOON + timedelta(seconds=1))

    def found(**query):
        return [item["row"].status for item in sam.get("/messages/", query).context["items"]]

    assert found() == ["delivered", "skipped"]
    assert found(status="skipped") == ["skipped"]
    assert found(q="3035550123") == ["delivered", "skipped"]
    assert found(q="nobody") == found(status="nonsense") == found(client="nobody") == []
    assert "This person opted out." in text_of(sam.get("/messages/"))


def test_the_page_of_a_text_tells_every_check_and_lets_a_person_decide(lead, sam, noon):
    message = make_text(contact=lead.contact, lead=lead, status="queued", reason="", due_at=NOON)
    assert sending.send(message_id=message.pk, now=noon) == "held"
    page = sam.get(f"/messages/{message.pk}/")
    said = text_of(page)
    assert "This client&#x27;s texts are drafts until go-live is signed: a person approves each one." in page.content.decode()
    assert f"1 of {len(gate.CHECKS)} checks not met" in said
    assert page.content.decode().count('data-check-ok="yes"') == len(gate.CHECKS) - 1
    assert page.content.decode().count('data-check-ok="no"') == 1
    assert message.body in page.content.decode()
    assert "The provider was never called for it." in said
    assert "Approve and send" in said


def test_an_approval_from_the_page_happens_once(lead, sam, rings, django_capture_on_commit_callbacks):
    message = make_text(contact=lead.contact)
    form = {"seen": text_digest(message.body)}
    with django_capture_on_commit_callbacks(execute=True):
        assert "Approved; the gate checks it now" in text_of(sam.post(f"/messages/{message.pk}/approve/", form, follow=True))
        said = text_of(sign_in("dana").post(f"/messages/{message.pk}/approve/", form, follow=True))
    assert "sam approved it at 12:00 MST on Fri 20 Nov. Nothing was done twice." in said
    assert rings == [("messaging.send_sms", str(message.pk))]


def test_a_text_that_does_not_go_keeps_the_reason_and_asks_no_more(lead, sam):
    message = make_text(contact=lead.contact)
    sam.post(f"/messages/{message.pk}/reject/", {"reason": "Wrong words", "note": "too pushy"})
    message.refresh_from_db()
    assert (message.status, message.says) == ("skipped", "sam decided not to send it: Wrong words: too pushy")
    said = text_of(sam.get(f"/messages/{message.pk}/"))
    assert "Approve and send" not in said
    assert "Do not send" not in said


def test_tries_are_told_with_the_providers_answer(lead, sam):
    message = make_text(contact=lead.contact, status="failed", reason="refused-by-provider", says="The number cannot take texts.")
    make_try(
        message=message,
        slip={"checks": []},
        outcome="rejected",
        started_at=NOON,
        deadline_at=NOON,
        finished_at=NOON + timedelta(seconds=2),
        http_status=400,
        error_code="21614",
        note="not a mobile number",
    )
    said = text_of(sam.get(f"/messages/{message.pk}/"))
    assert "Try 1: refused by the provider, which created nothing" in said
    assert "2 s" in said
    assert "Answer 400. Code 21614." in said


def test_deciding_needs_a_post(lead, sam):
    message = make_text(contact=lead.contact)
    assert sam.get(f"/messages/{message.pk}/approve/").status_code == 405
    assert sam.get(f"/messages/{message.pk}/reject/").status_code == 405
    assert sam.get(f"/messages/{new_id()}/").status_code == 404
