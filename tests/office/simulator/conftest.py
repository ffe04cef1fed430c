"""A client that may be tried out at noon in Denver, a signed-in browser, and worker and ticker for the stories."""

import pytest
from django.test import Client as Browser

from tests.factories import StaffFactory
from tests.office.simulator.trying import work_off
from workflows import watching
from zartsalgo.lib import clock
from zartsalgo.office import simulator
from zartsalgo.office.stories import playing


@pytest.fixture
def summit(noon):
    return simulator.make_try_out_client()


@pytest.fixture
def worker(monkeypatch):
    """Worker and ticker, at work between two looks."""

    def nap():
        work_off()
        watching.watch(now=clock.read())

    monkeypatch.setattr(playing, "nap", nap)


@pytest.fixture
def browser(db):
    browser = Browser()
    browser.force_login(StaffFactory())
    return browser
