"""Clients: how each one is doing in words, and one business on a page from which everything is reached."""

from datetime import timedelta

import pytest

from leads.models import Client, OpeningHours
from messaging import pauses
from messaging.models import AnswerPromise
from messaging.pauses import Scope
from portal.members import invite
from providers.connections import connect
from providers.models import Connection
from summaries.models import Summary
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory, ResponderFactory
from tests.office.reading import text_of
from tests.office.rows import make_poison, make_summary, make_task, make_text, sign_in
from zartsalgo.office.client_health import read_health

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("well")]


@pytest.fixture
def summit(noon):
    return ClientFactory()


@pytest.fixture
def sam():
    return sign_in("sam")


def health_of(*clients):
    return read_health(clients=clients, now=NOON, real_now=NOON)


def test_health_counts_today_by_each_clients_own_midnight(summit):
    harbor = ClientFactory(slug="harbor-movers", name="Harbor Movers", timezone="America/New_York", phone="+12125550150")
    # 23:30 of yesterday in Denver is 1:30 of today in New York.
    at = NOON - timedelta(hours=12, minutes=30)
    for client, phone in ((summit, "+13035550123"), (harbor, "+12125550124")):
        contact = ContactFactory(client=client, phone=phone)
        make_text(contact=contact, status="delivered", reason="", now=at, sent_at=at)
    assert [(health.client.slug, health.texts_today) for health in health_of(summit, harbor)] == [
        ("summit-roofing", 0),
        ("harbor-movers", 1),
    ]


def test_health_counts_what_waits_and_says_what_is_stopped(summit):
    lead = LeadFactory(client=summit, contact=ContactFactory(client=summit, phone="+13035550123"))
    make_task(client=summit, lead=lead)
    make_text(contact=lead.contact, lead=lead)
    make_summary(lead=lead)
    (health,) = health_of(summit)
    assert (health.tasks, health.approvals, health.waiting, health.word) == (1, 2, 3, "Running")
    other = ClientFactory(slug="harbor-movers", name="Harbor Movers")
    pauses.pause(scope=Scope(client=summit, workflow="missed-call-text-back"), reason="Wrong price", by=None, now=NOON)
    assert [one.word for one in health_of(summit, other)] == ["Partly stopped", "Running"]
    pauses.pause(scope=Scope(), reason="Everything", by=None, now=NOON)
    assert [one.word for one in health_of(summit, other)] == ["Sending stopped", "Sending stopped"]


def test_a_connection_in_trouble_shows(summit, sam):
    make_poison(client=summit)
    Connection.objects.update(trouble="The provider refuses our credentials.")
    words = text_of(sam.get("/clients/"))
    assert "Web form: heard" in words and ", trouble" in words and "Trouble" in words


def test_the_page_says_all_about_one_business(summit, sam):
    ResponderFactory(client=summit)
    OpeningHours.objects.create(client=summit, weekday=0, opens="08:00", closes="17:00")
    invite(client_id=summit.pk, email="rita@example.com", name="Rita Moss", now=NOON)
    connect(client=summit, provider="form", secret="", now=NOON)
    page = sam.get("/clients/summit-roofing/")
    words = text_of(page)
    for told in (
        "Rita Moss, rita@example.com",
        "08:00 to 17:00",
        "(303) 555-0190",
        "Not heard yet",
        "Texts go on their own",
        "America/Denver",
    ):
        assert told in words
    html = page.content.decode()
    for way in (
        'action="/clients/summit-roofing/portal/"',
        "/?client=summit-roofing",
        "/stop/?scope=summit-roofing",
        "/leads/?client=summit-roofing",
    ):
        assert way in html
    assert "Only an owner may change a client" in words
    assert "/admin/leads/client/" in sign_in("olive", group="owner").get("/clients/summit-roofing/").content.decode()
    assert sam.get("/clients/nobody/").status_code == 404


def test_a_stopped_client_says_why_on_its_page(summit, sam):
    pauses.pause(scope=Scope(client=summit), reason="Moving offices", by=sam.staff, now=NOON)
    words = text_of(sam.get("/clients/summit-roofing/"))
    assert "Sending stopped" in words and "by sam: Moving offices" in words


def test_pages_go_on_by_name_and_a_place_that_is_none_is_empty(noon, sam):
    for n in range(52):
        ClientFactory(slug=f"client-{n:02}", name=f"Client {n:02}", phone=f"+1303555{100 + n:04}")
    first = sam.get("/clients/")
    assert [item.client.slug for item in first.context["items"]] == [f"client-{n:02}" for n in range(50)]
    assert first.context["older_url"] == "?after=client-49"
    assert [item.client.slug for item in sam.get("/clients/?after=client-49").context["items"]] == ["client-50", "client-51"]
    assert sam.get("/clients/?after=nobody").context["items"] == []
    assert [item.client.slug for item in sam.get("/clients/?q=client 07").context["items"]] == ["client-07"]


@pytest.mark.parametrize("count", [5, 50])
def test_the_list_costs_the_same_for_five_and_fifty(noon, sam, count, django_assert_num_queries):
    for n in range(count):
        client = ClientFactory(slug=f"client-{n:02}", name=f"Client {n:02}", phone=f"+1303555{100 + n:04}")
        contact = ContactFactory(client=client, phone=f"+1720555{100 + n:04}")
        make_task(client=client, contact=contact)
        make_text(contact=contact)
    assert Client.objects.count() == count and not Summary.objects.exists()
    with django_assert_num_queries(11):
        sam.get("/clients/")


def test_strangers_stay_outside(summit):
    assert sign_in("guest", is_staff=False).get("/clients/summit-roofing/").status_code == 302


def test_what_is_promised_to_customers_who_write_is_set_on_the_clients_record_and_shown(summit, sam):
    assert "A person answers within 10 minutes of open hours; after that who is on call is told." in text_of(
        sam.get("/clients/summit-roofing/")
    )
    owner = sign_in("olga", group="owner")
    page = f"/admin/leads/client/{summit.pk}/change/"
    shown = owner.get(page).content.decode().lower()
    assert "how soon a reply of a customer is answered" in shown and "no row: 10 minutes." in shown
    form = {"name": summit.name, "timezone": summit.timezone, "phone": str(summit.phone), "pass_on_minutes": "10", "postal_address": ""}
    for prefix in ("opening_hours", "closures", "responders", "desk_holders", "automations", "answer_promise"):
        form |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    form |= {"automations-TOTAL_FORMS": "2", "automations-INITIAL_FORMS": "2"}
    form |= {f"automations-{n}-id": str(row.pk) for n, row in enumerate(summit.automations.order_by("pk"))}
    form |= {f"automations-{n}-client": str(summit.pk) for n in range(2)}
    promise = {"answer_promise-TOTAL_FORMS": "1", "answer_promise-0-client": str(summit.pk), "answer_promise-0-escalate_to": "owner"}
    for wrong in ("0", "20161"):
        refused = owner.post(page, {**form, **promise, "answer_promise-0-minutes": wrong})
        assert refused.status_code == 200 and not AnswerPromise.objects.exists(), wrong
    assert "Between 1 minute and 14 days" in text_of(refused)
    assert owner.post(page, {**form, **promise, "answer_promise-0-minutes": "120"}).status_code == 302
    assert AnswerPromise.objects.values_list("client", "minutes", "escalate_to").get() == (summit.pk, 120, "owner")
    assert "A person answers within 2 hours of open hours; after that the business’s owner is told." in text_of(
        sam.get("/clients/summit-roofing/")
    )
