"""The page of a conversation: who has it, whose turn it is in open hours, writing back through the gate, and pictures only for staff."""

import re
from datetime import timedelta

import pytest
from django.test import Client as Browser

from leads.models import OpeningHours, Task
from messaging import talks
from messaging.models import Conversation, Message, Photo, Suppression
from messaging.outbox import sending
from providers.connections import connect
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory
from tests.office.reading import text_of
from tests.office.rows import make_event, make_task, make_text, sign_in
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id
from zartsalgo.office import queue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("well")]


@pytest.fixture
def carla(noon):
    client = ClientFactory()
    for weekday in range(5):
        OpeningHours.objects.create(client=client, weekday=weekday, opens="08:00", closes="17:00")
    contact = ContactFactory(client=client, phone="+13035550123")
    LeadFactory(client=client, contact=contact)
    return contact


@pytest.fixture
def sam():
    return sign_in("sam", first_name="Sam")


def wrote(contact, *, now=NOON, text="Can you come tomorrow?"):
    event = make_event(contact=contact, at=now, personal={"text": text})
    talks.note_inbound(event=event, client=contact.client, contact=contact, reading="other", now=now)
    return event


def page(browser, contact, more=""):
    return text_of(browser.get(f"/talks/{contact.pk}/{more}"))


def post(browser, contact, verb, **data):
    return browser.post(f"/talks/{contact.pk}/{verb}/", data, follow=True)


def make_photo(contact, event, *, state="kept", **more):
    line, _ = connect(client=contact.client, provider="twilio", secret="s", account="AC1", now=NOON)
    kept = {"content": b"\xff\xd8jpeg", "expires_at": NOON + timedelta(days=90), "width": 40, "height": 20} if state == "kept" else {}
    return Photo.objects.create(
        id=new_id(), client=contact.client, contact=contact, event=event, connection=line, state=state, due_at=NOON, sent_at=NOON,
        **{"n": 1, **kept, **more},
    )  # fmt: skip


def test_the_promise_is_told_against_open_hours(carla, sam, set_clock):
    assert "Nobody waits for an answer" in page(sam, carla)
    set_clock(NOON + timedelta(hours=4, minutes=53))
    wrote(carla, now=clock.read())
    seen = page(sam, carla)
    assert "Answer by 08:03 MST on Mon 23 Nov, 10 minutes of open hours left." in seen and "closed now" not in seen
    set_clock(NOON + timedelta(hours=12))
    assert "Answer by 08:03 MST on Mon 23 Nov, 3 minutes of open hours left. The business is closed now." in page(sam, carla)
    set_clock(NOON + timedelta(days=3))
    assert "Late since 08:03 MST on Mon 23 Nov. They wrote at 16:53 MST on Fri 20 Nov." in page(sam, carla)


def test_who_asked_us_to_stop_is_not_said_to_be_texted(carla, sam):
    assert "Workflows may text them" in page(sam, carla)
    Suppression.objects.create(client=carla.client, contact=carla, kind="phone", value="+13035550123", rule="stop", at=NOON)
    seen = page(sam, carla)
    assert "Asked us to stop" in seen and "No automatic text goes to any of their numbers" in seen and "may text them" not in seen


def test_two_people_one_conversation(carla, sam):
    wrote(carla)
    ann = sign_in("ann", first_name="Ann")
    assert "You have it for 15 minutes" in text_of(post(sam, carla, "take"))
    refused = post(ann, carla, "take")
    assert "Take this over from Sam?" in text_of(refused) and Conversation.objects.get().assigned_to == sam.staff
    assert "Sam has it for 15 more minutes" in page(ann, carla)
    assert "Sam has this conversation" in text_of(post(ann, carla, "write", words="Hi", act="send")) and not Message.objects.exists()
    assert "Sam has it; take it over first" in text_of(post(ann, carla, "let-go"))
    assert "You have it for 15" in text_of(post(ann, carla, "take", over=sam.staff.pk))
    assert "You do not have it any more" in text_of(post(sam, carla, "give-back"))
    assert "Given back" in text_of(post(ann, carla, "give-back"))
    seen = page(sam, carla)
    assert "Nobody has it" in seen and "because Sam talks with them" in seen
    assert all(told in seen for told in ("Taken over · Ann", "Taken · Sam", "Given back · Ann"))


def test_letting_automation_go_on_counts_what_waits_first(carla, sam):
    post(sam, carla, "take")
    text = make_text(contact=carla, status="queued", reason="", due_at=NOON)
    assert sending.send(message_id=text.pk, now=clock.read()) == "held"
    assert "1 text waits" in page(sam, carla)
    asked = page(sam, carla, "let-go/")
    assert "Let automation go on?" in asked and "1 text waited while a person talked" in asked
    assert Message.objects.get().status == "held", "looking changes nothing"
    assert "Automation goes on" in text_of(post(sam, carla, "let-go"))
    assert sending.send(message_id=text.pk, now=clock.read()) == "delivered"
    assert "Automation was not waiting" in text_of(post(sam, carla, "let-go"))


def test_writing_back_shows_the_verdict_first_then_goes_once_and_ends_the_promise(carla, sam):
    wrote(carla)
    task = make_task(client=carla.client, contact=carla, kind="answer-reply")
    looked = post(sam, carla, "write", words="Yes, at nine.", act="look")
    assert "Every check passed; it goes as soon as you send it" in text_of(looked) and not Message.objects.exists()
    text_id = re.search(r'name="text" value="([0-9a-f-]{36})"', looked.content.decode())[1]
    assert "On its way" in text_of(post(sam, carla, "write", words="Yes, at nine.", act="send", text=text_id))
    assert "sent off already" in text_of(post(sam, carla, "write", words="Yes, at nine.", act="send", text=text_id))
    message = Message.objects.get()
    assert (message.body, message.workflow, message.purpose, message.approved_by) == ("Yes, at nine.", "", "reply", "Sam")
    assert sending.send(message_id=message.pk, now=clock.read()) == "delivered"
    task.refresh_from_db()
    talk = Conversation.objects.get()
    assert (talk.ball, talk.answer_by, talk.assigned_to, task.status, task.closed_by) == ("theirs", None, sam.staff, "done", "Sam")
    # What a person writes is theirs to repeat: no window stands against the next one.
    post(sam, carla, "write", words="And bring the key.", act="send")
    assert sending.send(message_id=Message.objects.latest("created_at").pk, now=clock.read()) == "delivered"


def test_writing_back_cannot_pass_the_gate(carla, sam):
    from messaging.inbound import suppress

    suppress(contact=carla, client=carla.client, value="+13035550123", rule="keyword", event=None, now=NOON)
    seen = text_of(post(sam, carla, "write", words="One more thing", act="look"))
    assert "Would not go" in seen and "opted out" in seen
    post(sam, carla, "write", words="One more thing", act="send")
    assert sending.send(message_id=Message.objects.get().pk, now=clock.read()) == "skipped"
    assert "The text is empty" in text_of(post(sam, carla, "write", words="  ", act="send"))


def test_what_somebody_writes_who_may_not_approve_waits_for_one_who_may(carla):
    sid = sign_in("sid", group="staff")
    wrote(carla)
    assert "waits for approval" in text_of(post(sid, carla, "write", words="Yes", act="send"))
    message = Message.objects.get()
    assert sending.send(message_id=message.pk, now=clock.read()) == "held"
    message.refresh_from_db()
    assert message.reason == "needs-approval"


def test_a_picture_is_for_staff_and_for_its_own_person(carla, sam):
    kept = make_photo(carla, wrote(carla, text=""))
    other = ContactFactory(client=carla.client, name="Nora", phone="+13035550124")
    address = f"/talks/{carla.pk}/pictures/{kept.pk}/"
    answer = sam.get(address)
    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, "image/jpeg", b"\xff\xd8jpeg")
    assert answer["X-Content-Type-Options"] == "nosniff" and answer["Cache-Control"] == "no-store"
    assert answer["Content-Disposition"].startswith("inline; filename=")
    assert sam.get(f"/talks/{other.pk}/pictures/{kept.pk}/").status_code == 404
    assert Browser().get(address).status_code == 302
    customer = Browser()
    customer.force_login(sign_in("rita", is_staff=False).staff)
    assert customer.get(address).status_code == 302
    assert (
        f'<img src="{address}" alt="Picture 1 that Carla Gomez sent" width="40" height="20"'
        in sam.get(f"/talks/{carla.pk}/").content.decode()
    )
    Photo.objects.filter(pk=kept.pk).update(state="expired", content=None)
    assert sam.get(address).status_code == 404
    assert "Picture 1 that Carla Gomez sent: Expired: pictures are kept for 90 days." in page(sam, carla)


def test_what_is_not_shown_says_why(carla, sam):
    event = wrote(carla)
    make_photo(carla, event, state="refused", reason="It is larger than 10 MB.")
    make_photo(carla, event, state="failed", n=2, reason="Tried 5 times.")
    make_photo(carla, event, state="planned", n=3)
    seen = page(sam, carla)
    assert "Not shown. It is larger than 10 MB." in seen and "It could not be fetched. Tried 5 times." in seen and "being fetched" in seen


@pytest.mark.parametrize("count", [5, 50])
def test_the_page_costs_the_same_however_much_was_said(carla, sam, django_assert_max_num_queries, count):
    for n in range(count):
        event = make_event(contact=carla, at=NOON + timedelta(minutes=n))
        make_photo(carla, event) if n % 5 == 0 else make_text(contact=carla, now=NOON + timedelta(minutes=n))
    wrote(carla)
    post(sam, carla, "take")
    sam.get(f"/talks/{carla.pk}/")
    with django_assert_max_num_queries(14):
        sam.get(f"/talks/{carla.pk}/")


def test_the_inbox_says_who_has_the_conversation_and_a_late_answer_is_closed_there(carla, sam):
    wrote(carla)
    post(sam, carla, "take")
    assert talks.escalate_overdue(now=NOON + timedelta(minutes=10)) == 1
    (item,) = queue.read_queue(now=NOON + timedelta(hours=1), user=sam.staff).items
    assert (item.word, item.has_it) == ("Late reply", "Sam") and "Sam has the conversation" in text_of(sam.get("/"))
    sam.post("/inbox/act/", {"item": item.key, "outcome": "answered"})
    assert Task.objects.get().closed_by == "Sam" and Conversation.objects.get().ball == "theirs"
    sam.post("/inbox/undo/", {"undo": item.key})
    talk = Conversation.objects.get()
    assert (talk.ball, talk.answer_by is None) == ("ours", False)
