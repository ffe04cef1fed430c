"""Addresses that no browser sends: NUL and broken UTF-8 in every public place are a page that is not there, never a failure of ours."""

import pytest
from django.test import Client as Browser

pytestmark = pytest.mark.django_db

PUBLIC = [
    "/go/{}/", "/u/{}/", "/o/{}/", "/portal/{}/", "/portal/in/{}/", "/hooks/form/{}/", "/hooks/callrail/{}/", "/{}/", "/leads/{}/", "/admin/{}/", "/api/v1/{}/",
]  # fmt: skip


@pytest.mark.parametrize("odd", ["%00", "a%00b", "%00%00", "abc%00"])
@pytest.mark.parametrize("address", PUBLIC)
@pytest.mark.parametrize("method", ["get", "post", "head"])
def test_nul_in_an_address_is_not_found(address, odd, method):
    assert getattr(Browser(), method)(address.format(odd)).status_code == 404


@pytest.mark.parametrize("odd", ["%FF", "%C3%28", "%ED%A0%80", "%80", "%F0%9F"])
@pytest.mark.parametrize("address", PUBLIC)
def test_a_broken_letter_in_an_address_is_no_failure_of_ours(address, odd):
    assert Browser().get(address.format(odd)).status_code in (302, 401, 403, 404, 410)


@pytest.mark.parametrize("address", ["/go/x/?a=%00", "/portal/?next=%00", "/o/x/?q=a%00b"])
def test_nul_in_a_query_is_not_found(address):
    assert Browser().get(address).status_code == 404


def test_a_hooks_own_query_is_the_providers_business():
    assert Browser().post("/hooks/form/nobody/?a=%00").status_code == 404, "no such hook"
