"""Who calls the staff API in tests."""

import pytest

from tests.factories import StaffFactory
from tests.office.api_caller import Api
from zartsalgo.office.api.tokens import issue


@pytest.fixture
def sam(db):
    return StaffFactory(group="approver")


@pytest.fixture
def reader(client, sam):
    return Api(client, issue(user=sam, scope="read"))


@pytest.fixture
def writer(client, sam):
    return Api(client, issue(user=sam, scope="write"))
