"""When one of two machines dies: an alert, a line on the System page, a number in /readyz; and nothing of it while there is one machine."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.factories import StaffFactory
from zartsalgo import health
from zartsalgo.lib import heartbeat, presence
from zartsalgo.lib.presence import Me
from zartsalgo.office import strip
from zartsalgo.office.operations import alerts, causes, verdict
from zartsalgo.office.operations.causes import Look

pytestmark = pytest.mark.django_db
HOLDS = verdict.Known(holds=True, findings=[], says="", age_seconds=1.0)


@pytest.fixture
def work(monkeypatch):
    def _work(host, *names, ago=0.0, code="one"):
        for name in names:
            monkeypatch.setattr(presence, "_me", Me(host=host, pid=presence.os.getpid(), token=f"{host}-{name}"[:16]))
            presence.sign(name=name, house={"code": code})
        with connection.cursor() as cursor:
            cursor.execute("update zartsalgo_processheartbeat set at = at - %s * interval '1 second' where host = %s", [ago, host])

    yield _work
    health.forget()
    strip.forget()


@pytest.fixture
def well(monkeypatch):
    monkeypatch.setattr(health, "_broker_answers", lambda: True)
    for name in ("worker", "beat", "ticker"):
        heartbeat.beat(name=name)


def machines():
    found = health.look()
    return [one for one in causes.find_troubles(look=Look(found=found, known=HOLDS))[0] if one.kind == "machine"]


def test_the_death_of_one_of_two_is_an_alert_until_it_is_back(well, work, noon):
    work("north", "web", "worker", "ticker")
    work("south", "worker", "ticker", ago=presence.SILENT_SECONDS - 5)
    assert machines() == []
    work("south", "worker", "ticker", ago=125)
    (trouble,) = machines()
    assert (trouble.cause, trouble.severity, trouble.title) == ("machine:south", "warn", "The machine south gives no sign of life")
    assert (
        trouble.says == "The worker and the ticker there have been silent for 45 s and longer. Other machines do the work; nothing is lost."
    )
    alerts.fold(troubles=[trouble], unread=set(), now=noon)
    strip.forget()
    assert "The machine south gives no sign of life." in [line["text"] for line in strip._broken_promises()]
    work("south", "worker", "ticker")
    assert machines() == []


def test_with_one_machine_its_parts_are_down_and_no_machine_is(well, work):
    work("north", "web", "worker", "ticker", ago=3600)
    assert machines() == []


def test_readyz_counts_workers_and_one_that_is_gone_is_no_503(well, work, client):
    work("north", "worker", "ticker")
    work("south", "worker", "ticker")
    health.forget()
    answer = client.get("/readyz")
    found = json.loads(answer.content)
    assert (answer.status_code, found["workers"], found["silent_machines"]) == (200, 2, 0)
    work("south", "worker", "ticker", ago=100)
    health.forget()
    answer = client.get("/readyz")
    found = json.loads(answer.content)
    assert (answer.status_code, found["workers"], found["silent_machines"]) == (200, 1, 1)
    assert "south" not in answer.content.decode(), "anybody may ask"


def test_the_system_page_lists_machines_once_there_are_two(well, work):
    page = Client()
    page.force_login(StaffFactory(username="olga", group="owner"))
    work("north", "web", "worker", "ticker")
    assert "<h2>Machines</h2>" not in page.get(reverse("office:operations")).content.decode()
    work("south", "worker", "ticker", ago=100)
    work("west", "worker", code="another")
    work("replaced", "web", ago=100)
    shown = page.get(reverse("office:operations")).context["machines"]
    assert [(one["host"], one["says"], one["state"]) for one in shown] == [
        ("north", "Web, Worker, Ticker", "Works"),
        ("south", "Worker, Ticker", "Silent"),
        ("west", "Worker", "Another version"),
    ]
