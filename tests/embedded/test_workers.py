"""`script/up --workers` refuses what does not fit in one sentence, before anything is made or started."""

import argparse
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from tests.embedded.test_up import ENV
from zartsalgo import house
from zartsalgo.embedded import control, fleet, up, workers
from zartsalgo.embedded.state import ROOT, DataFolder, State
from zartsalgo.embedded.supervisor import Supervisor
from zartsalgo.embedded.trouble import Trouble
from zartsalgo.lib import presence

ALL = dict.fromkeys(workers.NEEDED, "something")


def options(**changed):
    return argparse.Namespace(**{"port": None, "host": up.HOST, "no_demo": False, "tables_only": False} | changed)


def test_each_variable_that_is_missing_is_named():
    workers.refuse_what_does_not_fit(options(), ALL)
    for name in workers.NEEDED:
        with pytest.raises(Trouble) as refused:
            workers.refuse_what_does_not_fit(options(), ALL | {name: ""})
        assert str(refused.value) == (
            f"--workers joins a house that runs on another machine, and {name} is not set here: take it from environment.json in the "
            "first machine's data folder (script/manage services names the folder), or from its .env."
        )
    with pytest.raises(Trouble, match="DATABASE_URL, REDIS_URL, SECRET_KEY, ZARTS_ENCRYPTION_KEYS and ZARTS_PUBLIC_URL are not set here"):
        workers.refuse_what_does_not_fit(options(), {})


def test_what_belongs_to_pages_and_tables_is_refused():
    with pytest.raises(Trouble) as refused:
        workers.refuse_what_does_not_fit(options(port=8001, no_demo=True), ALL)
    assert str(refused.value) == "--workers starts a worker and a ticker, no pages and no tables: leave out --port and --no-demo."
    for changed in ({"host": "0.0.0.0"}, {"tables_only": True}):
        with pytest.raises(Trouble):
            workers.refuse_what_does_not_fit(options(**changed), ALL)


def test_a_folder_with_a_database_is_another_house(tmp_path):
    folder = DataFolder(tmp_path)
    workers.refuse_another_house(folder)
    folder.postgres.mkdir()
    with pytest.raises(Trouble, match=f"{tmp_path} has a database of its own: name a folder for these workers with --data."):
        workers.refuse_another_house(folder)


@pytest.mark.stack
def test_a_refusal_is_one_sentence_and_leaves_nothing_running(tmp_path):
    data = tmp_path / "data"
    command = [sys.executable, "-m", "zartsalgo.embedded", "up", "--workers", "--data", str(data)]
    done = subprocess.run(command, cwd=ROOT, env=ENV, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, data.exists()) == (1, "", False)
    assert done.stderr.startswith("--workers joins a house that runs on another machine, and DATABASE_URL,")
    given = ENV | {
        "DATABASE_URL": "postgres://zarts_app:x@127.0.0.1:9/zarts",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "SECRET_KEY": "s" * 40,
        "ZARTS_ENCRYPTION_KEYS": "k" * 43 + "=",
        "ZARTS_PUBLIC_URL": "https://leads.example",
    }
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "No database answers at DATABASE_URL (127.0.0.1, port 9): see that it runs and can be reached from here. The one that script/up "
        "brings listens on its own machine only; two machines need one that both reach (README).\n"
    )
    assert not (data / "control.sock").exists() and not (data / "secrets.json").exists() and not (data / "postgres").exists()


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_another_key_than_the_first_machine_s_is_refused_before_anything_starts(tmp_path):
    presence.sign(
        name="web", house=house.describe() | {"SECRET_KEY": "another", "EMAIL_URL": "given", "ZARTS_PUBLIC_URL": "https://leads.example"}
    )
    place = connection.settings_dict
    given = ENV | {
        "DATABASE_URL": f"postgres://{place['USER']}:{place['PASSWORD']}@{place['HOST']}:{place['PORT']}/{place['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "ZARTS_ENCRYPTION_KEYS": ",".join(settings.ENCRYPTION_KEYS),
        "ZARTS_PUBLIC_URL": "https://leads.example",
        "ZARTS_ALLOW_LOOPBACK": "1" if settings.ALLOW_LOOPBACK else "0",
        "ZARTS_TEXTS_PER_HOUR": str(settings.TEXTS_PER_HOUR),
        "ZARTS_MAIL_FROM": settings.DEFAULT_FROM_EMAIL,
    }
    command = [sys.executable, "-m", "zartsalgo.embedded", "up", "--workers", "--data", str(tmp_path / "data")]
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "SECRET_KEY and EMAIL_URL are not as on the first machine: set them as they stand there (environment.json in the first machine’s data "
        "folder, its own environment, or its .env).\n",
    )
    assert not any((tmp_path / "data" / "logs").glob("worker*")), "no worker was started"


@pytest.fixture
def supervisor(tmp_path):
    folder = DataFolder(tmp_path)
    folder.logs.mkdir()
    one = Supervisor(folder, State())
    yield one
    for part in (one._wake, one._waker, one._selector):
        part.close()


def test_a_second_machine_runs_a_worker_and_a_ticker_and_says_where_the_rest_is(supervisor, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/zarts")
    monkeypatch.delenv("REDIS_URL", raising=False)
    supervisor.elsewhere = workers.ELSEWHERE
    fleet.add_apps(supervisor, {"EMAIL_URL": "smtp://u:p@mail", "DATABASE_OWNER_URL": "x", "PORTAL_DATABASE_URL": "x"}, names=workers.NAMES)
    assert list(supervisor.services) == ["worker", "ticker"]
    for service in supervisor.services.values():
        assert service.env["EMAIL_URL"] == "smtp://u:p@mail"
        assert not {"DATABASE_OWNER_URL", "PORTAL_DATABASE_URL"} & set(service.env)
    states = {entry["name"]: entry["state"] for entry in supervisor._answer({"do": "list"})["services"]}
    assert states == {
        "postgres": "external",
        "broker": "stopped",
        "web": "elsewhere",
        "worker": "stopped",
        "beat": "elsewhere",
        "ticker": "stopped",
    }
    assert set(states.values()) <= set(control.STATES)
    assert supervisor._answer({"do": "start", "name": "beat"}) == {
        "error": "beat is not run from here: this machine has a worker and a ticker, the rest is on the first one."
    }
