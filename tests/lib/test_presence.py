"""Processes of several machines are told apart: by name, by what they leave behind, and by what they miss."""

import os

import pytest
from django.db import connection

from zartsalgo.lib import heartbeat, presence
from zartsalgo.lib.presence import Me


@pytest.fixture
def become(monkeypatch):
    """This process, as if it were another one."""

    def _become(host, *, token):
        monkeypatch.setattr(presence, "_me", Me(host=host, pid=os.getpid(), token=token))

    return _become


@pytest.fixture
def work(become):
    def _work(name, host, *, token, ago=0.0):
        become(host, token=token)
        presence.sign(name=name, house={"code": "one"})
        with connection.cursor() as cursor:
            cursor.execute("update zartsalgo_processheartbeat set at = at - %s * interval '1 second' where id = %s", [ago, token])

    return _work


def seen():
    return [(one.host, one.name, one.is_silent) for one in presence.read()]


def test_a_process_has_one_name_and_its_child_another():
    mine = presence.owner_name()
    assert presence.owner_name() == mine and mine.split(":")[1] == str(os.getpid()) and len(mine) <= 80
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, presence.owner_name().encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 200).decode()
    assert theirs.split(":")[1] == str(child) and theirs.split(":")[2] != mine.split(":")[2]


def test_the_longest_host_name_leaves_room(become):
    become("h" * 80, token="f" * 16)
    assert len(presence.owner_name()) <= 80


@pytest.mark.django_db
def test_a_duty_is_one_process_s_where_containers_share_host_name_and_pid(become):
    become("worker", token="a")
    assert heartbeat.take(name="vigil", for_seconds=15)
    become("worker", token="b")
    assert not heartbeat.take(name="vigil", for_seconds=15)
    become("worker", token="a")
    assert heartbeat.take(name="vigil", for_seconds=15)


@pytest.mark.django_db
def test_a_machine_that_died_is_silent_and_one_that_was_started_again_is_not(work):
    work("worker", "north", token="n1", ago=50)
    work("worker", "south", token="s1", ago=50)
    assert presence.silent_machines(processes=presence.read()) == {}, "with no worker anywhere the worker is down, no machine"
    work("worker", "south", token="s2")
    assert seen() == [("north", "worker", True), ("south", "worker", False)], "s2 has taken the place of s1"
    assert list(presence.silent_machines(processes=presence.read())) == ["north"]
    work("worker", "north", token="n2")
    assert presence.silent_machines(processes=presence.read()) == {}


@pytest.mark.django_db
def test_several_workers_of_one_host_are_several(work):
    work("worker", "north", token="n1", ago=20)
    work("worker", "north", token="n2")
    work("ticker", "north", token="n3")
    assert seen() == [("north", "ticker", False), ("north", "worker", False), ("north", "worker", False)]


@pytest.mark.django_db
def test_who_leaves_is_missed_by_nobody_and_who_died_is_forgotten_after_a_day(work, become):
    work("worker", "north", token="n1")
    presence.leave()
    assert seen() == []
    work("worker", "north", token="n2", ago=presence.FORGET_SECONDS - 60)
    work("worker", "south", token="s1")
    assert ("north", "worker", True) in seen()
    work("worker", "north", token="n2", ago=presence.FORGET_SECONDS + 60)
    work("worker", "south", token="s1")
    assert seen() == [("south", "worker", False)]


@pytest.mark.django_db
def test_the_house_is_as_the_newest_web_process_has_it(become):
    assert presence.house_of_the_web() is None
    become("north", token="w1")
    presence.sign(name="web", house={"SECRET_KEY": "old"})
    with connection.cursor() as cursor:
        cursor.execute("update zartsalgo_processheartbeat set at = at - interval '1 hour'")
    become("elsewhere", token="w2")
    presence.sign(name="web", house={"SECRET_KEY": "new"})
    presence.sign(name="worker", house={"SECRET_KEY": "none of the web's"})
    assert presence.house_of_the_web() == {"SECRET_KEY": "new"}
