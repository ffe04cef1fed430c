"""What was put aside stands where staff see it, and is taken in or thrown away only after a count."""

import re
from urllib.parse import urlencode, urlsplit

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from leads.models import Lead
from providers import deliveries
from providers.connections import connect
from providers.contract import Incoming
from providers.models import Aside, Connection, Delivery
from tests.factories import NOON, ClientFactory, StaffFactory
from workflows import intake
from workflows.replay import CannotReplay, replay
from zartsalgo.lib import clock
from zartsalgo.office import strip

pytestmark = pytest.mark.django_db


@pytest.fixture
def form(noon):
    strip.forget()
    yield connect(client=ClientFactory(), provider="form", secret="", now=NOON)[0]
    strip.forget()


@pytest.fixture
def sid(client, staff_user):
    client.force_login(staff_user)
    return client


def arrive(way, number, aside="flood"):
    body = urlencode({"name": f"Visitor {number}", "phone": f"(303) 555-01{number:02}", "message": "The roof leaks."}).encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    request = Incoming(method="POST", url="", headers=kind, body=body, received_at=clock.read())
    stored = {"hook_id": way.pk, "client_id": way.client_id, "request": request, "path_and_query": "/hooks/form/"}
    [(id, _)] = deliveries.store(rows=[deliveries.make_row(key=f"k{number}", aside=aside, **stored)])
    return id


def listed(browser):
    return browser.get(reverse("office:deliveries"), {"view": "aside"}).content.decode()


def way_to(html, verb):
    found = re.search(rf'href="(/deliveries/aside/{verb}/[^"]+)"', html)
    return found[1].replace("&amp;", "&")


def confirm(browser, url):
    """Press the button of the page that counts first."""
    html = browser.get(url).content.decode()
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', html))
    hidden.pop("csrfmiddlewaretoken", None)
    answer = browser.post(urlsplit(url).path, hidden, follow=True)
    return re.search(r'data-count="(\d+)"', html)[1], [str(message) for message in answer.context["messages"]]


def test_a_flood_is_counted_then_taken_in_and_what_came_later_stays(sid, form, rings, django_capture_on_commit_callbacks):
    for number in range(5):
        arrive(form, number)
    html = listed(sid)
    assert "5 forms of Summit Roofing" in html and "Too many came at once: Web form." in html
    way = way_to(html, "release")
    late = arrive(form, 9)
    assert sid.get(way).status_code == 200 and not Aside.objects.exclude(decision="").exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert confirm(sid, way) == ("5", ["5 forms are taken in now."])
    assert list(Delivery.objects.filter(state="aside").values_list("pk", flat=True)) == [late]
    assert set(Aside.objects.exclude(pk=late).values_list("decision", "decided_by")) == {("released", "sid")}
    assert LogEntry.objects.get().change_message == "Take in: 5 forms that were put aside."
    assert ("workflows.drain", "") in rings
    Delivery.objects.filter(state="received").update(next_at=NOON.replace(year=2020))
    intake.drain(now=clock.read())
    assert Delivery.objects.filter(state="done").count() == Lead.objects.count() == 5
    assert "somebody has decided it already" in sid.get(way).content.decode()


def test_one_is_thrown_away_from_its_own_page_and_stays_kept(sid, form, rings):
    one, other = arrive(form, 1), arrive(form, 2)
    html = sid.get(reverse("office:delivery", args=[one])).content.decode()
    assert "Read it again" not in html
    assert confirm(sid, way_to(html, "discard")) == ("1", ["1 form is no lead; nothing was done with it."])
    row = Delivery.objects.get(pk=one)
    assert (row.state, row.note, row.body is None) == ("ignored", "Not a lead, said sid. Nothing was done with it.", False)
    assert Delivery.objects.get(pk=other).state == "aside" and not Lead.objects.exists()


def test_what_was_put_aside_is_not_read_again_before_it_is_released(sid, form):
    row = Delivery.objects.select_related("connection__client").get(pk=arrive(form, 1))
    with pytest.raises(CannotReplay, match="put aside"):
        replay(delivery=row, now=clock.read())
    sid.post(reverse("office:replay", args=[row.pk]))
    row.refresh_from_db()
    assert row.state == "aside"


@pytest.mark.parametrize("query", ["", "?hook=x&reason=flood&until=x", "?delivery=x", "?delivery=5991ba46-059c-46f8-8b1b-9639f1a46c74"])
def test_a_question_about_nothing_is_a_404(sid, form, query):
    assert sid.get(reverse("office:aside", args=["release"]) + query).status_code == 404
    assert sid.get(reverse("office:aside", args=["eat"]) + query).status_code == 404


def test_the_strip_says_so(sid, form):
    assert strip._asides() == []
    arrive(form, 1)
    (line,) = strip._asides()
    assert line["text"] == ("1 form of Summit Roofing was put aside: too many came at once. Nothing was done with it.") and line[
        "url"
    ].endswith("/deliveries/?view=aside")
    assert line["level"] == "warn"
    Aside.objects.update(reason="trap")
    arrive(form, 2, aside="trap")
    (line,) = strip._asides()
    assert line["level"] == "info" and line["text"].startswith("2 forms of Summit Roofing were put aside: the field that people do not see")


def test_a_longer_list_costs_no_more_statements(sid, form, django_assert_max_num_queries):
    for number in range(3):
        arrive(form, number)
    listed(sid)
    with django_assert_max_num_queries(9):
        listed(sid)
    for number in range(3, 40):
        arrive(form, number)
    with django_assert_max_num_queries(9):
        listed(sid)


# A new address for a hook


def test_an_owner_gives_a_hook_a_new_address_after_a_question(client, form, owner_user, staff_user):
    way = reverse("office:connection_rotate", args=[form.pk])
    client.force_login(staff_user)
    assert client.post(way).status_code == 403
    client.force_login(owner_user)
    before = Connection.objects.get().token_digest
    assert "24 hours more, then it is unknown" in client.get(way).content.decode()
    assert Connection.objects.get().token_digest == before
    html = client.post(way).content.decode()
    made = Connection.objects.get()
    assert made.old_token_digest == before != made.token_digest
    assert len(set(re.findall(r"/hooks/form/([\w-]{43})/", html))) == 1 and "the old address is valid until" in html
    assert LogEntry.objects.get().change_message == "Gave the hook a new address, and saw it."
    Connection.objects.update(disabled_at=NOON)
    assert client.post(way).status_code == 404


def test_who_is_no_staff_decides_nothing(client, form):
    arrive(form, 1)
    client.force_login(StaffFactory(username="guest", is_staff=False))
    assert client.post(reverse("office:aside", args=["release"]), {"delivery": str(Delivery.objects.get().pk)}).status_code == 302
    assert Delivery.objects.get().state == "aside"
