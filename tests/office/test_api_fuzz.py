"""The staff API against its own OpenAPI document: whatever is asked, no 5xx, and every answer is as the document says.

Over the real WSGI entry. The same cases in every run, so that a red run can be repeated.
"""

from urllib.parse import quote

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import content_type_conformance, positive_data_acceptance, response_schema_conformance
from werkzeug.test import Client as Wsgi

from tests.factories import StaffFactory
from tests.office.api_caller import BODIES, LISTS, VERBS, story
from zartsalgo.lib import clock
from zartsalgo.office.api import openapi
from zartsalgo.office.api.tokens import issue
from zartsalgo.wsgi import application

EXAMPLES = 6  # beside the cases that are made from the document itself, about sixty for a list
BOUNDED = settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
GENERATION = GenerationConfig(deterministic=True, max_examples=EXAMPLES, with_security_parameters=False)

schema = schemathesis.openapi.from_dict(
    openapi.build(), config=SchemathesisConfig(seed=1, projects=ProjectsConfig(default=ProjectConfig(generation=GENERATION)))
)
schema.app = application
pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db):
    """A token that may do everything, and one of everything; the entry leaves the test's own transaction open, as Django's client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield {"token": issue(user=StaffFactory(group="approver"), scope="write", now=clock.real_now()), **story()}
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def headers(world):
    return {"Authorization": f"Bearer {world['token']}", "Host": "127.0.0.1"}


@schema.parametrize()
@BOUNDED
def test_whatever_is_asked_the_answer_is_as_described(case, world):
    # Not every string is a telephone number or a mark of ours, and JSON Schema cannot say which: refusing one is no fault.
    case.call_and_validate(headers=headers(world), excluded_checks=[positive_data_acceptance])


@schema.include(path_regex=r"\{id\}").parametrize()
@BOUNDED
def test_so_it_is_for_rows_that_are_there(case, world):
    assume(case.method in ("GET", "POST"))
    case.path_parameters = {"id": world[case.path.split("/")[3]]}
    response = case.call(headers=headers(world))
    assert response.status_code != 404
    case.validate_response(response, checks=[not_a_server_error, response_schema_conformance, content_type_conformance])


ANY_TEXT = st.binary(max_size=40).map(lambda raw: raw.decode("latin-1"))
ODD = st.sampled_from([b"\0", b"a\0b", b"\xed\xa0\x80", b"\xff", b"", b"-0", b"1e9", "\u0661".encode(), b"0001-01-01T00:00:00+23:59"])
NAMED = st.tuples(st.sampled_from(["client", "lead", "phone", "since", "limit", "after", "x"]), st.one_of(ODD, st.binary(max_size=30)))
QUERIES = st.one_of(ANY_TEXT, st.lists(NAMED, max_size=3).map(lambda pairs: "&".join(f"{name}={quote(value)}" for name, value in pairs)))


def call(world, **environ):
    """One request with raw values in the WSGI environment; the status, after the form of an error was checked."""
    values = {"QUERY_STRING": "", "HTTP_HOST": "127.0.0.1", "HTTP_AUTHORIZATION": f"Bearer {world['token']}", **environ}
    response = Wsgi(application).open(
        "/", method=values.pop("REQUEST_METHOD", "GET"), data=values.pop("DATA", None), environ_overrides=values
    )
    if response.status_code >= 400:
        assert list(response.get_json()) == ["error"], response.get_data()
    return response.status_code


@settings(BOUNDED, max_examples=80)
@given(name=st.sampled_from(LISTS), query=QUERIES)
def test_any_query_is_read_or_refused(world, name, query):
    status = call(world, PATH_INFO=f"/api/v1/{name}/", QUERY_STRING=query)
    assert status in (200, 400)


@settings(BOUNDED, max_examples=60)
@given(path=ANY_TEXT, post=st.booleans())
def test_any_address_is_a_404_or_one_of_ours(world, path, post):
    status = call(world, PATH_INFO=f"/api/{path}", REQUEST_METHOD="POST" if post else "GET", CONTENT_TYPE="application/json")
    assert status == 404
    assert call(world, PATH_INFO=f"/api/v1/tasks/{path}/") == 404


@settings(BOUNDED, max_examples=40)
@given(header=ANY_TEXT)
def test_any_authorization_opens_nothing(world, header):
    assert call(world, PATH_INFO="/api/v1/leads/", HTTP_AUTHORIZATION=header) == 401
    assert call(world, PATH_INFO="/api/v1/leads/", HTTP_AUTHORIZATION=f"Bearer {header}") == 401


CONTENT_TYPES = st.one_of(
    ANY_TEXT.map(lambda text: text.replace("\n", "").replace("\r", "")),
    st.sampled_from(
        ["charset=hex", "charset=undefined", "charset=idna", "charset=utf-16", "charset*=nope'en'%41", "x*=\x00''y", ";=;"]
    ).map(lambda parameter: f"application/json; {parameter}"),
)


@settings(BOUNDED, max_examples=80)
@given(
    name=st.sampled_from(sorted(VERBS)),
    body=st.one_of(st.binary(max_size=60), st.sampled_from(sorted(BODIES.values()))),
    content_type=st.one_of(st.just("application/json"), CONTENT_TYPES),
)
def test_any_body_of_any_type_is_read_or_refused(world, name, body, content_type):
    status = call(
        world, PATH_INFO=f"/api/v1/{name}/{world[name]}/{VERBS[name][0]}/", REQUEST_METHOD="POST", DATA=body, CONTENT_TYPE=content_type
    )
    assert status in (200, 400, 409, 415)
