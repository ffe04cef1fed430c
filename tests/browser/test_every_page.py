"""What is asked of every page of ours: no addresses forgotten, nothing axe finds, no sideways scrolling, no raw words, a strict policy."""

import pytest

from tests.browser.addresses import POSTS
from tests.browser.judging import faults
from tests.browser.pages import OFFICE, PAGES

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chrome")]


def test_every_address_of_the_office_has_an_example():
    from zartsalgo.office.urls import urlpatterns

    names = {pattern.name for pattern in urlpatterns}
    examples = {page.view for page in OFFICE}
    assert names - examples - set(POSTS) == set(), "give it an example in tests/browser/pages.py"
    assert (examples | set(POSTS)) - names == set(), "an example of an address that is gone"


@pytest.mark.parametrize("name", [page.name for page in PAGES])
def test_nothing_is_wrong_with_the_page(world, name):
    """At 320, 360 and 1280 px, light and dark; each fault names where it was met (tests/browser/judging.py says what is asked)."""
    assert faults(world.look(name)) == []
