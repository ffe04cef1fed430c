"""Whom the tests of the inbox are about: Carla of Summit Roofing, her lead, and Sam, who reads the queue."""

from datetime import timedelta

import pytest

from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory
from tests.office.rows import sign_in
from zartsalgo.office import strip


@pytest.fixture
def summit(noon):
    return ClientFactory()


@pytest.fixture
def carla(summit):
    return ContactFactory(client=summit, phone="+13035550123")


@pytest.fixture
def lead(carla):
    return LeadFactory(client=carla.client, contact=carla, response_due_at=NOON + timedelta(minutes=15))


@pytest.fixture
def sam():
    return sign_in("sam")


@pytest.fixture(autouse=True)
def well(monkeypatch):
    """The strip looks at processes that do not run in a test; here only what it reads for every page counts."""
    monkeypatch.setattr(strip, "_look", lambda: [])
    strip.forget()
    yield
    strip.forget()
