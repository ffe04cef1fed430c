"""Tokens of the staff API end, are listed and revoked, and one that is for a client reaches nothing of another."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.urls import reverse

from leads.models import Task
from tests.factories import ClientFactory, StaffFactory
from tests.office.api_caller import CARLA, DANA, LISTS, VERBS, Api, ids, story
from zartsalgo.lib import clock
from zartsalgo.models import ApiToken
from zartsalgo.office.api import auth
from zartsalgo.office.api.tokens import issue

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam():
    return StaffFactory(username="sam", group="owner")


def say(*arguments):
    out, err = StringIO(), StringIO()
    call_command("api_token", *arguments, stdout=out, stderr=err)
    return out.getvalue()


def test_the_token_stands_alone_on_the_last_line_and_ends_in_90_days(client, sam):
    token = say("sam").splitlines()[-1]
    assert Api(client, token).get("/v1/leads/").status_code == 200
    row = ApiToken.objects.get()
    assert abs(row.expires_at - row.created_at - timedelta(days=90)) < timedelta(minutes=1)
    assert (row.scope, row.client) == ("read", None)
    ApiToken.objects.update(expires_at=clock.real_now() - timedelta(seconds=1))
    answer = Api(client, token).get("/v1/leads/")
    assert (answer.status_code, answer.json()["error"]) == (401, auth.EXPIRED)


def test_with_json_the_token_stands_in_one_document(client, sam):
    made = json.loads(say("sam", "--days", "7", "--json"))
    assert Api(client, made.pop("token")).get("/v1/leads/").status_code == 200
    assert made == {"user": "sam", "scope": "read", "client": None, "days": 7}


@pytest.mark.parametrize("days", ["0", "-1", "366", "100000000000"])
def test_no_token_is_for_ever(sam, days):
    with pytest.raises(CommandError, match="1 to 365 days"):
        say("sam", f"--days={days}")
    assert not ApiToken.objects.exists()


def test_they_are_listed_without_themselves_and_revoked_by_their_number(client, sam):
    ClientFactory()
    token = say("sam", "--scope", "write", "--client", "summit-roofing", "--days", "7").splitlines()[-1]
    (row,) = json.loads(say("list", "--json"))
    assert (row["user"], row["scope"], row["client"], row["last_used"], row["revoked"]) == ("sam", "write", "summit-roofing", None, None)
    assert set(row) == {"id", "user", "scope", "client", "created", "last_used", "expires", "revoked"}
    Api(client, token).get("/v1/leads/")
    assert json.loads(say("list", "--json"))[0]["last_used"]
    shown = say("list")
    assert token not in shown and token[6:14] not in shown
    assert say("revoke", str(row["id"])).startswith("Revoked: token")
    assert say("revoke", str(row["id"])).strip() == "It was revoked before."
    answer = Api(client, token).get("/v1/leads/")
    assert (answer.status_code, answer.json()["error"]) == (401, auth.REVOKED)


@pytest.mark.parametrize(
    "arguments", [("revoke", ""), ("revoke", "x"), ("revoke", "99"), ("revoke", "9" * 40), ("nobody",), ("sam", "--client", "none")]
)
def test_what_is_not_there_is_said(sam, arguments):
    with pytest.raises(CommandError, match="There is no"):
        say(*arguments)


def test_a_use_is_written_down_once_a_minute(client, sam, django_assert_num_queries):
    api = Api(client, issue(user=sam, scope="read", now=clock.real_now()))
    for statements in (3, 2, 2):  # the token, its use, the rows
        with django_assert_num_queries(statements):
            api.get("/v1/leads/")
    ApiToken.objects.update(last_used_at=clock.real_now() - timedelta(seconds=61))
    with django_assert_num_queries(3):
        api.get("/v1/leads/")


def test_a_token_for_one_client_reaches_nothing_of_another(client, sam):
    ours, theirs = ClientFactory(), ClientFactory(slug="harbor-movers", phone="+13035550110")
    own, foreign = story(business=ours, phone=DANA), story(business=theirs, phone=CARLA)
    api = Api(client, issue(user=sam, scope="write", client=ours, now=clock.real_now()))
    for name in LISTS:
        assert ids(api.get(f"/v1/{name}/")) == [own[name]]
        assert ids(api.get(f"/v1/{name}/", client="harbor-movers")) == ids(api.get(f"/v1/{name}/", phone=CARLA)) == []
        assert ids(api.get(f"/v1/{name}/", lead=foreign["leads"])) == []
        assert api.get(f"/v1/{name}/{own[name]}/").status_code == 200
        assert api.get(f"/v1/{name}/{foreign[name]}/").status_code == 404
    for name, (verb, body) in VERBS.items():
        assert api.post(f"/v1/{name}/{foreign[name]}/{verb}/", body).status_code == 404
    assert Task.objects.get(pk=foreign["tasks"]).status == "open"
    assert api.post(f"/v1/tasks/{own['tasks']}/close/", {"outcome": "Called back."}).status_code == 200
    # One that is for all reaches both.
    assert len(ids(Api(client, issue(user=sam, scope="read", now=clock.real_now())).get("/v1/leads/"))) == 2


def test_an_owner_revokes_tokens_on_their_page_after_a_count(client, sam):
    for _ in range(2):
        issue(user=sam, scope="read", now=clock.real_now())
    rows = {"_selected_action": list(ApiToken.objects.values_list("pk", flat=True)), "action": "revoke"}
    page = reverse("admin:zartsalgo_apitoken_changelist")
    client.force_login(StaffFactory(username="pat", group="approver"))
    client.post(page, {**rows, "confirmed": "yes"})
    assert not ApiToken.objects.filter(revoked_at__isnull=False).exists()
    client.force_login(sam)
    asked = client.post(page, rows).content.decode()
    assert "tokens open nothing any more" in asked and not ApiToken.objects.filter(revoked_at__isnull=False).exists()
    client.post(page, {**rows, "confirmed": "yes"})
    assert ApiToken.objects.filter(revoked_at__isnull=False).count() == LogEntry.objects.count() == 2
