"""The staff API: who may, what is found, how it goes on, what it costs, and what changes something."""

import logging
import uuid
from datetime import timedelta
from urllib.parse import quote

import pytest

from leads.models import Event, Task
from messaging.models import Message
from providers.connections import connect
from providers.models import Delivery
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory, StaffFactory
from tests.office.api_caller import CARLA, DANA, LISTS, Api, ids, story
from tests.providers import payloads
from workflows import intake
from zartsalgo.lib import clock
from zartsalgo.models import ApiToken
from zartsalgo.office.api import auth, errors, openapi
from zartsalgo.office.api.tokens import issue

pytestmark = pytest.mark.django_db


# Who may


@pytest.mark.parametrize(
    "path", ["/v1/", *(f"/v1/{name}/" for name in LISTS), "/v1/leads/5991ba46-059c-46f8-8b1b-9639f1a46c74/", "/schema/"]
)
def test_without_a_token_there_is_a_challenge_and_nothing_else(client, path):
    response = Api(client, None).get(path)
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
    assert response.json() == {"error": errors.NO_TOKEN}


def bad_headers(sam):
    """Every header that must not open anything, by what is wrong with it."""
    good, revoked = issue(user=sam, scope="write", now=clock.real_now()), issue(user=sam, scope="write", now=clock.real_now())
    ApiToken.objects.filter(prefix=revoked.removeprefix("zarts_")[:8]).update(revoked_at=NOON)
    expired = issue(user=sam, scope="write", now=clock.real_now() - timedelta(days=8), days=7)
    idle, guest = StaffFactory(username="idle", is_active=False), StaffFactory(username="guest", is_staff=False)
    return {
        "empty": "",
        "blank": "   ",
        "no scheme": good,
        "other scheme": f"Basic {good}",
        "no token": "Bearer",
        "blank token": "Bearer  ",
        "unknown": "Bearer zarts_" + "x" * 43,
        "cut short": f"Bearer {good[:-1]}",
        "with more": f"Bearer {good} {good}",
        "upper case": f"Bearer {good.upper()}",
        "odd bytes": "Bearer \xff\x00\xfe",
        "very long": "Bearer " + "a" * 8000,
        "revoked": f"Bearer {revoked}",
        "expired": f"Bearer {expired}",
        "inactive": f"Bearer {issue(user=idle, scope='write', now=clock.real_now())}",
        "not staff": f"Bearer {issue(user=guest, scope='write', now=clock.real_now())}",
    }


def test_every_bad_token_gets_the_same_answer_for_the_same_work(client, sam, django_assert_num_queries, caplog):
    caplog.set_level(logging.DEBUG)
    answers = {}
    for fault, header in bad_headers(sam).items():
        with django_assert_num_queries(1):
            response = client.get("/api/v1/leads/", headers={"Authorization": header})
        answers[fault] = (response.status_code, response["WWW-Authenticate"], response.json()["error"])
        assert len(header) < 20 or header.removeprefix("Bearer ") not in caplog.text
    # Whoever holds one of ours is told what became of it; what is none of ours is told nothing.
    ours = {fault: answers.pop(fault)[2] for fault in ("revoked", "expired")}
    assert ours == {"revoked": auth.REVOKED, "expired": auth.EXPIRED}
    assert set(answers.values()) == {(401, "Bearer", auth.REFUSED)}


def test_a_token_loses_its_power_with_its_person(client, sam):
    api = Api(client, issue(user=sam, scope="read", now=clock.real_now()))
    assert api.get("/v1/leads/").status_code == 200
    sam.is_active = False
    sam.save()
    assert api.get("/v1/leads/").status_code == 401


def test_a_signed_in_browser_is_no_token(client, sam):
    client.force_login(sam)
    assert client.get("/api/v1/leads/").status_code == 401
    assert client.post(f"/api/v1/messages/{uuid.uuid4()}/approve/").status_code == 401


def test_a_read_token_changes_nothing(reader):
    made = story()
    for path, body in {
        f"/v1/tasks/{made['tasks']}/close/": {"outcome": "done"},
        f"/v1/messages/{made['messages']}/approve/": {},
        f"/v1/deliveries/{made['deliveries']}/replay/": {"confirm": True},
    }.items():
        response = reader.post(path, body)
        assert response.status_code == 403
        assert "may only read" in response.json()["error"]
    assert Task.objects.get().status == "open"
    assert Message.objects.get().approved_at is None
    assert Delivery.objects.get().replays == 0


def test_answers_are_not_cached(reader):
    assert reader.get("/v1/leads/")["Cache-Control"] == "no-store"


# What is shown

FIELDS = {
    "deliveries": "id client provider key received_at state note copies replays",
    "events": "id client type source key occurred_at recorded_at lead contact delivery facts personal",
    "leads": "id client name phone source kind stage next_action created_at response_due_at first_response_at replied_at",
    "runs": "id client workflow version status says lead event cursor created_at finished_at wake_at steps",
    "receipts": "id client event workflow verdict reason says expected actual run at",
    "messages": "id client lead run workflow purpose channel to from body status reason says slip created_at sent_at hold_until provider_id",
    "summaries": "id client lead run event kind status says writer model internal_text client_text claims risk_flags next_action sources_until "
    "created_at written_at decided_at decided_by",
    "tasks": "id client lead desk kind title reason status due_at closed_at outcome",
    "incidents": "id client title reason scope status desk person opened_by rollback verification signs opened_at released_at closed_at outcome",
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_and_its_detail_show_these_fields_and_no_others(reader, name):
    made = story()
    listed = reader.get(f"/v1/{name}/").json()
    assert listed["next"] is None
    (row,) = listed["results"]
    assert set(row) == set(FIELDS[name].split())
    assert row["id"] == made[name]
    assert row["client"] == "summit-roofing"
    assert reader.get(f"/v1/{name}/{made[name]}/").json() == row
    assert reader.get(f"/v1/{name}/{made[name].upper()}/").json() == row


def test_a_row_in_full(reader):
    made = story()
    assert reader.get(f"/v1/messages/{made['messages']}/").json() == {
        "id": made["messages"],
        "client": "summit-roofing",
        "lead": made["leads"],
        "run": made["runs"],
        "workflow": "missed-call-text-back",
        "purpose": "missed-call-text-back",
        "channel": "sms",
        "to": DANA,
        "from": "+13035550100",
        "body": "Sorry we missed you.",
        "status": "held",
        "reason": "approval",
        "says": "Waits for approval.",
        "slip": None,
        "created_at": "2026-11-20T19:00:00Z",
        "sent_at": None,
        "hold_until": None,
        "provider_id": "",
    }
    run = reader.get(f"/v1/runs/{made['runs']}/").json()
    assert run["version"] == 1
    assert [(step["key"], step["says"]) for step in run["steps"]] == [("text", "text done."), ("alert", "alert done.")]
    lead = reader.get(f"/v1/leads/{made['leads']}/").json()
    assert (lead["name"], lead["phone"]) == ("Dana Whitfield", DANA)


def test_the_index_names_the_lists(reader):
    assert reader.get("/v1/").json() == {name: f"http://testserver/api/v1/{name}/" for name in LISTS}


@pytest.mark.parametrize("name", ["syncs"])
def test_lists_of_rooms_that_are_not_built_do_not_exist(reader, name):
    assert reader.get(f"/v1/{name}/").status_code == 404
    assert f"/api/v1/{name}/" not in openapi.build()["paths"]


# Filters


@pytest.mark.parametrize("name", LISTS)
def test_every_filter_narrows_every_list(reader, name):
    mine = story(at=NOON)
    theirs = story(business=ClientFactory(slug="harbor-movers", name="Harbor Movers"), phone=CARLA, at=NOON - timedelta(hours=2))

    def found(**query):
        return ids(reader.get(f"/v1/{name}/", **query))

    both = [mine[name], theirs[name]]
    assert found() == both
    assert found(client="summit-roofing") == [mine[name]]
    assert found(client="harbor-movers") == [theirs[name]]
    assert found(client="nobody-here") == []
    assert found(lead=mine["leads"]) == [mine[name]]
    assert found(lead=theirs["leads"]) == [theirs[name]]
    assert found(lead=str(uuid.uuid4())) == []
    for spelling in (DANA, "13035550123", "(303) 555-0123", "303.555.0123", "tel:+1-303-555-0123"):
        assert found(phone=spelling) == [mine[name]], spelling
    assert found(phone="+13035550199") == []
    assert found(since="2026-11-20T19:00:00Z") == [mine[name]]
    assert found(since="2026-11-20T19:00:00.000001Z") == []
    assert found(since="2026-11-20T12:00:00-07:00") == [mine[name]]
    assert found(since="2026-11-20T17:00:00") == both
    assert found(since="2026-11-20") == both
    assert found(client="summit-roofing", phone=CARLA) == []
    assert found(client="summit-roofing", lead=mine["leads"], phone=DANA, since="2026-11-20") == [mine[name]]


def test_one_number_known_to_two_businesses_is_told_apart_by_client(reader):
    mine, theirs = story(), story(business=ClientFactory(slug="harbor-movers", name="Harbor Movers"), at=NOON - timedelta(hours=1))
    assert ids(reader.get("/v1/leads/", phone=DANA)) == [mine["leads"], theirs["leads"]]
    assert ids(reader.get("/v1/leads/", phone=DANA, client="harbor-movers")) == [theirs["leads"]]


def test_a_plus_that_was_not_escaped_is_understood(reader):
    made = story()
    assert ids(reader.browser.get("/api/v1/leads/?phone=+13035550123", headers=reader.headers)) == [made["leads"]]
    assert ids(reader.browser.get("/api/v1/leads/?since=2026-11-20T19:00:00+00:00", headers=reader.headers)) == [made["leads"]]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("foo=1", "no such filter"),
        ("format=xml", "no such filter"),
        ("Client=summit-roofing", "no such filter"),
        ("client=a&client=b", "more than once"),
        ("client=", "short name"),
        ("client=a%00b", "short name"),
        ("client=%ED%A0%80", "short name"),
        ("client=a%0A", "short name"),
        ("client=" + "a" * 51, "short name"),
        ("lead=", "UUID"),
        ("lead=12", "UUID"),
        ("lead=%7B019a9d2c-5b1e-7c40-8a11-3f0b6c2d4e51%7D", "UUID"),
        ("phone=", "telephone number"),
        ("phone=anonymous", "telephone number"),
        ("phone=%00", "telephone number"),
        ("phone=911", "telephone number"),
        ("since=", "ISO time"),
        ("since=yesterday", "ISO time"),
        ("since=2026-13-01", "ISO time"),
        ("since=0001-01-01T00:00:00%2B23:59", "ISO time"),
        ("since=9999-12-31T23:59:59-23:59", "ISO time"),
        ("since=2026-11-20T19:00:00Z%00", "ISO time"),
        ("since=1e400", "ISO time"),
        ("limit=0", "1 to 200"),
        ("limit=201", "1 to 200"),
        ("limit=-1", "1 to 200"),
        ("limit=ten", "1 to 200"),
        ("limit=" + quote("٢"), "1 to 200"),
        ("limit=" + "9" * 5000, "1 to 200"),
        ("after=1", "address in next"),
        ("after=2026-11-20T19:00:00Z_1", "address in next"),
    ],
)
def test_a_filter_that_cannot_be_read_is_a_sentence_never_everything(reader, query, says):
    story()
    for name in LISTS:
        response = reader._checked(reader.browser.get(f"/api/v1/{name}/?{query}", headers=reader.headers))
        assert response.status_code == 400
        assert says in response.json()["error"]


# Pages


@pytest.mark.parametrize("name", LISTS)
def test_pages_go_on_without_a_gap_or_a_repeat_also_at_equal_times(reader, name):
    business = ClientFactory()
    made = [story(business=business, phone=f"+1303555{n:04}", at=NOON - timedelta(minutes=n // 3))[name] for n in range(100, 108)]
    # Newest first; among equal times the higher id, which is the later made.
    expected = [made[n] for n in (1, 0, 4, 3, 2, 7, 6, 5)]
    story(business=ClientFactory(slug="harbor-movers", name="Harbor Movers"), phone="+13035550188")

    seen, address, pages = [], f"http://testserver/api/v1/{name}/?limit=3&client=summit-roofing", 0
    while address:
        answer = reader.browser.get(address.removeprefix("http://testserver"), headers=reader.headers).json()
        assert address.startswith("http://testserver/api/v1/")
        seen += [row["id"] for row in answer["results"]]
        address, pages = answer["next"], pages + 1
    assert pages == 3
    assert seen == expected
    assert ids(reader.get(f"/v1/{name}/", client="summit-roofing", limit=8)) == expected


def test_what_is_added_meanwhile_does_not_shift_the_pages(reader):
    business = ClientFactory()
    made = [str(LeadFactory(client=business, created_at=NOON - timedelta(minutes=n)).pk) for n in range(4)]
    first = reader.get("/v1/leads/", limit=2).json()
    LeadFactory(client=business, created_at=NOON + timedelta(minutes=1))
    second = reader.browser.get(first["next"], headers=reader.headers).json()
    assert [row["id"] for row in first["results"] + second["results"]] == made
    assert second["next"] is None


def test_fifty_unless_asked(reader):
    business = ClientFactory()
    contact = ContactFactory(client=business)
    for n in range(51):
        LeadFactory(client=business, contact=contact, created_at=NOON + timedelta(seconds=n))
    answer = reader.get("/v1/leads/").json()
    assert len(answer["results"]) == 50
    assert len(reader.browser.get(answer["next"], headers=reader.headers).json()["results"]) == 1


@pytest.mark.parametrize("name", LISTS)
def test_a_longer_list_costs_no_more_statements(reader, name, django_assert_max_num_queries):
    business = ClientFactory()
    for n in range(5):
        story(business=business, phone=f"+1303555{100 + n:04}", at=NOON - timedelta(minutes=n))
    reader.get("/v1/")  # its use is written down once a minute
    allowed = 3 if name == "runs" else 2  # the token, the rows, and the steps of all runs
    with django_assert_max_num_queries(allowed):
        assert len(ids(reader.get(f"/v1/{name}/"))) == 5
    for n in range(5, 50):
        story(business=business, phone=f"+1303555{100 + n:04}", at=NOON - timedelta(minutes=n))
    with django_assert_max_num_queries(allowed):
        assert len(ids(reader.get(f"/v1/{name}/", client="summit-roofing"))) == 50


# Changing


def test_close_a_task(writer, noon):
    made = story()
    path = f"/v1/tasks/{made['tasks']}/close/"
    response = writer.post(path, {"outcome": " Called back, booked. "})
    assert response.status_code == 200
    assert (response.json()["status"], response.json()["outcome"]) == ("done", "Called back, booked.")
    task = Task.objects.get()
    assert (task.status, task.closed_by, task.outcome) == ("done", "sam", "Called back, booked.")
    assert abs(task.closed_at - noon) < timedelta(minutes=1)
    again = writer.post(path, {"outcome": "Somebody else"})
    assert again.status_code == 409
    assert Task.objects.get().outcome == "Called back, booked."


def test_approve_a_text(writer, noon, rings, django_capture_on_commit_callbacks):
    made = story()
    path = f"/v1/messages/{made['messages']}/approve/"
    with django_capture_on_commit_callbacks(execute=True):
        response = writer.post(path)
    assert (response.status_code, response.json()["id"]) == (200, made["messages"])
    message = Message.objects.get()
    assert message.approved_by == "sam"
    assert abs(message.approved_at - noon) < timedelta(minutes=1)
    assert rings == [("messaging.send_sms", made["messages"])]
    assert writer.post(path).status_code == 409


def test_replay_shows_first_and_does_it_only_when_told(writer, noon, client):
    business = ClientFactory()
    _, hook = connect(client=business, provider="generic", secret=payloads.SECRET, now=NOON)
    asked = payloads.generic_request(payloads.generic_body(), at=clock.real_now())
    path = hook.removeprefix("http://127.0.0.1:8000")
    assert client.post(path, asked.body, content_type="application/json", headers=dict(asked.headers)).status_code == 200
    delivery = Delivery.objects.get()
    replay = f"/v1/deliveries/{delivery.pk}/replay/"

    plan = writer.post(replay, {"confirm": False}).json()
    assert plan["confirmed"] is False
    assert (plan["plan"]["state"], plan["plan"]["events"], plan["plan"]["people"]) == ("done", 1, 1)
    assert plan["delivery"]["state"] == "received"
    assert Event.objects.count() == 0

    intake.drain(now=clock.read())
    assert (Delivery.objects.get().state, Event.objects.count()) == ("done", 1)
    plan = writer.post(replay, {"confirm": False}).json()
    assert plan["plan"]["events"] == 0
    assert "change nothing" in plan["plan"]["says"]
    assert (Delivery.objects.get().state, Delivery.objects.get().replays) == ("done", 0)

    done = writer.post(replay, {"confirm": True}).json()
    assert (done["confirmed"], done["delivery"]["state"], done["delivery"]["replays"]) == (True, "received", 1)
    intake.drain(now=clock.read())
    assert (Delivery.objects.get().state, Event.objects.count()) == ("done", 1)


def test_replay_of_what_has_expired_says_so(writer, noon):
    made = story()
    Delivery.objects.update(body=None)
    response = writer.post(f"/v1/deliveries/{made['deliveries']}/replay/", {"confirm": True})
    assert response.status_code == 409
    assert "expired" in response.json()["error"]


def test_replay_of_what_still_breaks_says_so(writer, noon, monkeypatch):
    made = story()

    def breaks(**kwargs):
        raise RuntimeError("secret 3035550123")

    monkeypatch.setattr(intake, "take_in", breaks)
    response = writer.post(f"/v1/deliveries/{made['deliveries']}/replay/", {"confirm": False})
    assert response.status_code == 409
    assert "RuntimeError" in response.json()["error"]
    assert "3035550123" not in response.json()["error"]
