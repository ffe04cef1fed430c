"""One running system for all stack tests; each test has callers of its own."""

import itertools

import pytest

from tests.stack.fake_twilio import FakeTwilio
from tests.stack.running import Business, System, http


@pytest.fixture(scope="session")
def system():
    with System() as running:
        # Noon in Denver, so that quiet hours do not decide these tests; over loopback a moved clock is no bar.
        running.manage("clock", "set", "12:00", "--zone", "America/Denver", "--json")
        yield running


@pytest.fixture
def twilio():
    fake = FakeTwilio()
    yield fake
    fake.close()


_numbers = itertools.count(1)


@pytest.fixture
def acme(system, twilio):
    """A business of this test alone, with the test's own fake Twilio behind it."""
    return Business(system, slug=f"acme-{next(_numbers)}", twilio_url=twilio.url)


@pytest.fixture(scope="session")
def token(system):
    return system.api_token()


@pytest.fixture
def listed(system, token):
    """The staff API's list of something, filtered."""
    import json

    def _listed(name: str, **filters: str) -> list[dict]:
        from urllib.parse import urlencode

        status, body = http("GET", f"{system.url}/api/v1/{name}/?{urlencode(filters)}", headers={"Authorization": f"Bearer {token}"})
        assert status == 200, body
        return json.loads(body)["results"]

    return _listed
