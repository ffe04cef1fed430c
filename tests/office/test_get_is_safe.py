"""Following every link as a superuser changes nothing in the database: all that acts is a POST with a token."""

import re
from collections import Counter

import pytest
from django.apps import apps
from django.db import connection as database
from django.test import Client as Browser
from django.urls import Resolver404, resolve, reverse

from messaging.models import Template
from providers.models import Delivery
from tests.factories import NOON, StaffFactory
from tests.office.test_deliveries import arrive
from tests.office.test_runs import bare_run, missed_call
from workflows import due as workflows_due
from zartsalgo.lib import clock
from zartsalgo.office import strip

pytestmark = pytest.mark.django_db(transaction=True)
MOST_OF_A_KIND = 3
# What looking around may write: who is signed in.
NOT_BUSINESS = {"django_session"}


@pytest.fixture
def office(noon):
    from providers.connections import connect
    from tests.factories import ClientFactory, ResponderFactory

    strip.forget()
    client = ClientFactory()
    ResponderFactory(client=client)
    missed_call(client)
    bare_run(client, 1, status="parked")
    way, _ = connect(client=client, provider="form", secret="", now=NOON)
    arrive(way)
    workflows_due.work_off(now=clock.read())
    Delivery.objects.filter(pk=arrive(way, {"x": 1}).pk).update(state="poison", note="Not understood.")
    Template.objects.create(key="x", version=1, purpose="x", body="Hi from {{ business }}")
    return client


def hashes():
    """A checksum of every table of ours."""
    found = {}
    with database.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if table not in NOT_BUSINESS:
                cursor.execute(f"select md5(coalesce(string_agg(t::text, chr(10) order by t::text), '')) from \"{table}\" t")
                found[table] = cursor.fetchone()[0]
    return found


def kind_of(page):
    try:
        return resolve(page.split("?")[0]).view_name
    except Resolver404:
        return ""


def test_following_every_link_changes_nothing(office):
    browser = Browser(raise_request_exception=True)
    browser.force_login(StaffFactory(is_superuser=True))
    before = hashes()
    todo, seen = [reverse("office:runs"), reverse("office:deliveries"), reverse("office:connections"), reverse("admin:index")], set()
    kinds = Counter()
    while todo:
        page = todo.pop(0)
        if page in seen:
            continue
        kinds[kind_of(page)] += 1
        if kinds[kind_of(page)] > MOST_OF_A_KIND:
            continue
        seen.add(page)
        answer = browser.get(page)
        assert answer.status_code in (200, 302, 403, 404, 405), (page, answer.status_code)
        if "html" not in answer.get("Content-Type", "") or answer.status_code != 200:
            continue
        for link in re.findall(r'href="([^"#]+)', answer.content.decode()):
            link = link.replace("&amp;", "&")
            link = page.split("?")[0] + link if link.startswith("?") else link
            if link.startswith("/") and not link.startswith("/static") and link not in seen:
                todo.append(link)
    assert len(seen) > 60
    assert hashes() == before


def test_what_acts_refuses_a_get_and_a_post_without_the_token(office):
    from workflows.models import Run

    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(StaffFactory(is_superuser=True))
    run, delivery = Run.objects.get(status="parked"), Delivery.objects.get(state="poison")
    way = reverse("office:connection_address", args=[delivery.connection_id])
    again, replay = reverse("office:run_again", args=[run.pk]), reverse("office:replay", args=[delivery.pk])
    before = hashes()
    assert [browser.get(url).status_code for url in (again, way)] == [405, 405]
    assert [browser.post(url).status_code for url in (again, way, replay)] == [403, 403, 403]
    assert hashes() == before
