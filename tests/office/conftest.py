"""Who calls the staff API in tests, and an office in which nothing is wrong."""

import pytest

from tests.factories import StaffFactory
from tests.office.api_caller import Api
from zartsalgo.lib import clock
from zartsalgo.office import strip
from zartsalgo.office.api.tokens import issue


@pytest.fixture
def well(monkeypatch):
    """No part of the machine is looked at: the strip says nothing of its own."""
    monkeypatch.setattr(strip, "_look", lambda: [])
    strip.forget()
    yield
    strip.forget()


@pytest.fixture
def sam(db):
    return StaffFactory(group="approver")


@pytest.fixture
def reader(client, sam):
    return Api(client, issue(user=sam, scope="read", now=clock.real_now()))


@pytest.fixture
def writer(client, sam):
    return Api(client, issue(user=sam, scope="write", now=clock.real_now()))
