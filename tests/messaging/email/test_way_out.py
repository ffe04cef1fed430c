"""The way out of emails: looking changes nothing, one press binds, and nothing forged is believed."""

import pytest
from django.db import ProgrammingError, transaction
from django.test import Client as Browser

from leads.models import Event, Identity
from messaging.email import unsubscribing
from messaging.models import Message, Suppression
from tests.factories import NOON, ClientFactory
from tests.messaging.email.conftest import CARLA, STREET, approved, known, plan

pytestmark = pytest.mark.django_db


def page(message, altered=""):
    return f"/u/{unsubscribing.token(message=message)}{altered}/"


def test_looking_at_the_way_out_changes_nothing(words, summit):
    message = plan(summit)
    for method in ("get", "head"):
        answer = getattr(Browser(), method)(page(message))
        assert answer.status_code == 200 and not answer.cookies
    assert not Suppression.objects.exists() and not Event.objects.exists()


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
def test_one_press_binds_every_address_and_number_once(words, summit, kind):
    message = plan(summit)
    Identity.objects.create(client=summit, contact=message.contact, kind="phone", value="+13035550123")
    body = "List-Unsubscribe=One-Click"
    if "multipart" in kind:
        body = '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    browser = Browser(enforce_csrf_checks=True)
    for _ in range(2):
        answer = browser.post(page(message), body, content_type=kind)
        assert answer.status_code == 200 and not answer.cookies
        assert "You get no more emails and no more texts from Summit Roofing" in answer.content.decode()
    rows = Suppression.objects.order_by("kind").values_list("client", "contact", "kind", "value", "origin")
    assert list(rows) == [
        (summit.pk, message.contact_id, "email", CARLA, "click"),
        (summit.pk, message.contact_id, "phone", "+13035550123", "click"),
    ]
    assert Event.objects.get().type == "email.unsubscribed"
    assert (approved(plan(summit, message.contact)).status) == "skipped"


def test_it_binds_one_client_only(words, summit):
    other = ClientFactory(slug="harbor-movers", name="Harbor Movers", phone="+13035550110")
    other.postal_address = STREET
    other.save()
    mine, theirs = plan(summit), plan(other)
    Browser().post(page(mine))
    assert approved(theirs).status == "delivered"
    assert approved(mine).status == "skipped"


def test_a_forged_or_altered_link_is_a_clear_page_and_stores_nothing(words, summit):
    message, other = plan(summit), plan(summit, known(summit, address="dana@example.com"))
    signature = unsubscribing.token(message=message).partition(":")[2]
    text = Message.objects.create(
        client=summit, contact=message.contact, purpose="x", to="+13035550123", sender="", body="x", created_at=NOON, due_at=NOON
    )
    for address in (page(message, "x"), f"/u/{other.pk.hex}:{signature}/", f"/u/{message.pk.hex}/", "/u/%00/", page(text)):
        for method in ("get", "post"):
            answer = getattr(Browser(), method)(address)
            assert answer.status_code == 404, address
            assert ("This link is not valid" in answer.content.decode()) is ("%00" not in address), "NUL reaches no page of ours"
    assert not Suppression.objects.exists() and not Event.objects.exists()


def test_nothing_lifts_an_unsubscribe(words, summit):
    message = plan(summit)
    Browser().post(page(message))
    row = Suppression.objects.get()
    with pytest.raises(ProgrammingError), transaction.atomic():
        Suppression.objects.filter(pk=row.pk).update(lifted_by=Event.objects.get(), lifted_at=NOON)
