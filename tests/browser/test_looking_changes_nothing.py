"""GET changes no row, wherever a link leads; what changes something takes POST with the form's own token, from people who are signed in."""

import os
import signal
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from django.urls import resolve

from tests.browser.addresses import POSTS
from tests.browser.pages import OFFICE, OTHERS
from tests.stack.running import http, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chrome")]

MOST, MOST_OF_A_KIND = 200, 9
# What moves by itself: signs of life, and sign-ins of this very browser.
MOVING = {"django_session", "django_migrations"}
POSTABLE = ("/stop/", "/try/", "/deliveries/{delivery_form}/replay/", "{link0}", "/admin/leads/client/add/", "/admin/logout/")


class Links(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "a" and (href := dict(attrs).get("href")):
            self.found.append(href)


@pytest.fixture(scope="module")
def requests(world):
    """Requests as the signed-in browser sends them, without a page."""
    context = world.context()
    yield context.request
    context.close()


@pytest.fixture
def at_rest(world):
    """Nothing works in the background: what changes now was changed by who looks. Frozen, because ended ones need seconds to start again."""
    services = {service["name"]: service["pid"] for service in world.system.manage("services", "--json")["services"]}
    background = [services[name] for name in ("worker", "ticker", "beat")]
    for pid in background:
        os.kill(pid, signal.SIGSTOP)
    yield
    for pid in background:
        os.kill(pid, signal.SIGCONT)
    wait_until(lambda: http("GET", f"{world.url}/readyz")[0] == 200, what="worker, ticker and beat")


def everything(rows):
    """Every business table's number of rows and a digest of all that stands in them."""
    tables = [name for (name,) in rows("select tablename from pg_tables where schemaname = 'public' order by 1")]
    found = {}
    for name in tables:
        if name not in MOVING and not name.endswith("heartbeat"):
            found[name] = rows(f"select count(*), md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from \"{name}\" t")[0]
    return found


def test_no_link_changes_a_row_and_none_is_dead(world, rows, at_rest):
    context = world.context()
    start = [world.where(page.where) for page in (*OFFICE, *OTHERS) if page.status == 200 and not page.before and page.act is None]
    waiting, known, kinds, dead = list(dict.fromkeys(urljoin(world.url, where) for where in start)), set(), Counter(), []
    before = everything(rows)
    while waiting and len(known) < MOST:
        url = waiting.pop(0)
        parts = urlsplit(url)
        if url in known or f"{parts.scheme}://{parts.netloc}" != world.url or parts.path in ("/admin/logout/",):
            continue
        kind = resolve(parts.path).view_name
        kinds[kind] += 1
        if kinds[kind] > MOST_OF_A_KIND:
            continue
        known.add(url)
        answer = context.request.get(url)
        if answer.status >= 400:
            dead.append((url, answer.status))
        if "text/html" in answer.headers.get("content-type", ""):
            waiting += [urldefrag(urljoin(answer.url, href)).url for href in Links(answer.text()).found]
    assert dead == []
    assert len(known) > 100, kinds
    assert everything(rows) == before
    context.close()


@pytest.mark.parametrize("name", POSTS)
def test_what_only_changes_refuses_get_and_a_post_without_the_token(world, requests, name):
    where = world.where(POSTS[name])
    assert requests.get(where).status == 405
    refused = requests.post(where, form={"item": "x"})
    assert refused.status == 403 and "Please send it again" in refused.text()


@pytest.mark.parametrize("where", POSTABLE)
def test_a_form_is_refused_without_its_token(world, requests, where):
    assert requests.post(world.where(where), form={"reason": "x"}).status == 403


@pytest.mark.parametrize("verb", ["tasks/{task0}/close", "messages/{message_draft4}/approve", "deliveries/{delivery_form}/replay"])
def test_the_api_takes_no_change_from_a_browser_that_is_signed_in(world, requests, verb):
    where = world.where(f"/api/v1/{verb}/")
    assert requests.post(where, data={}).status in (401, 403)
    assert requests.get(where).status in (401, 405)


def test_who_is_not_signed_in_sees_the_sign_in_page_only(world):
    context = world.context(signed_in=False)
    for page in (*OFFICE, *OTHERS):
        if not page.public:
            answer = context.request.get(world.where(page.where), max_redirects=0)
            assert (answer.status, urlsplit(answer.headers["location"]).path) == (302, "/admin/login/"), page.name
    context.close()
