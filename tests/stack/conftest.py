"""One running system for all stack tests; each test has callers of its own."""

import pytest

from tests.stack.fake_twilio import FakeTwilio
from tests.stack.running import Business, System, http

MOST_BUSINESSES = 16


@pytest.fixture(scope="session")
def system():
    with System() as running:
        # Noon in Denver, so that quiet hours do not decide these tests; over loopback a moved clock is no bar.
        running.manage("clock", "set", "12:00", "--zone", "America/Denver", "--json")
        yield running


@pytest.fixture(scope="session")
def businesses(system):
    """Businesses ready to be used, each with a fake Twilio of its own; made in one go, because a command costs more than a second."""
    made = [(f"acme-{number}", FakeTwilio()) for number in range(1, MOST_BUSINESSES + 1)]
    ready = Business.make(system, {slug: fake.url for slug, fake in made})
    yield iter([(business, fake) for business, (_, fake) in zip(ready, made, strict=True)])
    for _, fake in made:
        fake.close()


@pytest.fixture
def acme(businesses):
    """A business of this test alone."""
    business, business.fake = next(businesses)
    return business


@pytest.fixture
def twilio(acme):
    """The fake Twilio behind it."""
    return acme.fake


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
