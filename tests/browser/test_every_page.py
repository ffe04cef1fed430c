"""What is asked of every page of ours: no addresses forgotten, nothing axe finds, no sideways scrolling, no raw words, a strict policy."""

import pytest

from tests.browser.looking import raw_words
from tests.browser.pages import BY_NAME, OFFICE, PAGES, POSTS

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chrome")]
every_page = pytest.mark.parametrize("name", [page.name for page in PAGES])
every_own_page = pytest.mark.parametrize("name", [page.name for page in PAGES if page.own])


def test_every_address_of_the_office_has_an_example():
    from zartsalgo.office.urls import urlpatterns

    names = {pattern.name for pattern in urlpatterns}
    examples = {page.view for page in OFFICE}
    assert names - examples - set(POSTS) == set(), "give it an example in tests/browser/pages.py"
    assert (examples | set(POSTS)) - names == set(), "an example of an address that is gone"


@every_page
def test_it_is_the_page_that_was_meant(world, name):
    seen, page = world.look(name), BY_NAME[name]
    assert seen.status == page.status
    assert [words for words in page.words if words not in seen.whole] == []


@every_page
def test_axe_finds_nothing(world, name):
    found = {key: [(rule["id"], rule["nodes"]) for rule in result["violations"]] for key, result in world.look(name).axe.items()}
    assert {key: rules for key, rules in found.items() if rules} == {}


@every_page
def test_nothing_scrolls_sideways(world, name):
    assert {at: found for at, found in world.look(name).widths.items() if found["wide"] > found["room"]} == {}


@every_own_page
def test_no_words_are_cut_off(world, name):
    assert {at: words for at, words in world.look(name).cut.items() if words} == {}


@every_own_page
def test_nobody_reads_raw_words(world, name):
    found = raw_words(world.look(name).text)
    if BY_NAME[name].view == "api:docs":  # for programmers: fields and commands go by their names
        found = [words for words in found if "_" not in words.split(" in ")[0]]
    assert found == []


@every_page
def test_the_policy_is_strict_and_kept(world, name):
    seen = world.look(name)
    assert seen.complaints == []
    assert seen.elsewhere == []
    policy = {part.split()[0]: part.split()[1:] for part in seen.headers["content-security-policy"].split(";") if part.strip()}
    assert policy["default-src"] == ["'self'"] and policy["frame-ancestors"] == ["'none'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'"} & {source for sources in policy.values() for source in sources}
    assert seen.headers["x-content-type-options"] == "nosniff"
    assert seen.headers["x-frame-options"] == "DENY"


@every_page
def test_nothing_of_it_is_kept_by_caches(world, name):
    assert world.look(name).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", [page.name for page in PAGES if page.view == "run" and page.act is None])
def test_a_run_opens_with_the_sentence_that_says_why(world, name):
    """One answer, of whole sentences, made of words."""
    (answer,) = world.look(name).answers
    assert answer[0].isupper() and answer[-1] in ".?!" and len(answer) > 12, answer
    assert raw_words([answer]) == []
