"""Two businesses and the people who look."""

import pytest

from tests.factories import ClientFactory
from tests.portal.rows import signed_in


@pytest.fixture
def ours(db):
    return ClientFactory()


@pytest.fixture
def theirs(db):
    return ClientFactory(slug="bluebird-plumbing", name="Bluebird Plumbing", timezone="America/New_York", phone="+13035550170")


@pytest.fixture
def rita(ours):
    """A signed-in browser of Rita of Summit Roofing."""
    return signed_in(client=ours)
