"""The staff API: what every failure looks like, and that its OpenAPI document and its page are true."""

import json
import uuid

import jsonschema
import pytest
from django.db import OperationalError

from leads.models import Lead, Task
from messaging.models import Message
from providers.models import Delivery
from tests.factories import StaffFactory
from tests.office.api_caller import BODIES, DANA, LISTS, VERBS, Api, story
from zartsalgo.office.api import errors, openapi

pytestmark = pytest.mark.django_db


# Nonsense

# An approval needs no body.
NONSENSE = [(name, fault) for name in VERBS for fault in BODIES if (name, fault) != ("messages", "nothing")]


@pytest.mark.parametrize(("name", "fault"), NONSENSE)
def test_a_body_that_is_nonsense_is_a_400_and_changes_nothing(writer, name, fault):
    made = story()
    response = writer.post(f"/v1/{name}/{made[name]}/{VERBS[name][0]}/", raw=BODIES[fault])
    assert response.status_code == 400, response.content
    assert (Task.objects.get().status, Message.objects.get().approved_at, Delivery.objects.get().replays) == ("open", None, 0)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"outcome": "\\ud800 done\\u0000"}',
        b'{"out\\u0000come": "done"}',
        '\ufeff{"outcome": "done"}'.encode(),
        '{"outcome": "done 👍"}'.encode(),
    ],
)
def test_odd_characters_inside_text_are_repaired(writer, raw):
    made = story()
    assert writer.post(f"/v1/tasks/{made['tasks']}/close/", raw=raw).status_code == 200
    assert "done" in Task.objects.get().outcome


@pytest.mark.parametrize("outcome", ["", "   ", "\u0007\t", "x" * 201])
def test_an_outcome_that_says_nothing_or_too_much(writer, outcome):
    made = story()
    assert writer.post(f"/v1/tasks/{made['tasks']}/close/", {"outcome": outcome}).status_code == 400
    assert Task.objects.get().status == "open"


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json; charset=utf-8", 200),
        ("APPLICATION/JSON", 200),
        ("application/json;;=", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/jsonx", 415),
        ("é", 415),
    ],
)
def test_only_json_is_read(writer, content_type, status):
    made = story()
    response = writer.post(f"/v1/tasks/{made['tasks']}/close/", raw=b'{"outcome": "done"}', content_type=content_type)
    assert response.status_code == status
    if status == 415:
        assert response.json() == {"error": errors.NOT_JSON}


def test_a_body_that_is_too_large(writer):
    made = story()
    raw = json.dumps({"outcome": "x" * 70_000}).encode()
    assert writer.post(f"/v1/tasks/{made['tasks']}/close/", raw=raw).status_code == 413


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "id",
    ["1", "None", "019a9d2c", "%00", "%ED%A0%80", "%0A", "{019a9d2c-5b1e-7c40-8a11-3f0b6c2d4e51}", "5991ba46-059c-46f8-8b1b-9639f1a46c74"],
)
def test_what_is_not_there_is_a_404(reader, writer, name, id):
    assert reader.get(f"/v1/{name}/{id}/").status_code == 404
    if name in VERBS:
        verb, body = VERBS[name]
        assert writer.post(f"/v1/{name}/{id}/{verb}/", body).status_code == 404


@pytest.mark.parametrize(
    "path", ["/", "/v1/nothing/", "/v2/leads/", "/v1/leads/1/2/3/", "/%00", "/v1/%0a/", "//v1/leads/", "/v1/leads//", "/x"]
)
def test_every_unknown_address_is_a_404_in_json(client, path):
    api = Api(client, None)
    assert api.get(path).status_code == 404
    assert api.post(path, {}).status_code == 404


def test_a_forgotten_slash_is_put_right_for_readers(client):
    response = client.get("/api/v1/leads?limit=2")
    assert (response.status_code, response["Location"]) == (301, "/api/v1/leads/?limit=2")
    assert client.post(f"/api/v1/tasks/{uuid.uuid4()}/close").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_a_405_that_names_the_right_one(writer, method):
    response = writer._checked(
        writer.browser.generic(method, "/api/v1/leads/", b"{", content_type="application/json", headers=writer.headers)
    )
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    response = writer._checked(writer.browser.get(f"/api/v1/tasks/{uuid.uuid4()}/close/", headers=writer.headers))
    assert (response.status_code, response["Allow"]) == (405, "POST")


def test_a_database_that_is_away_is_a_503(reader, monkeypatch):
    def away(**kwargs):
        raise OperationalError("gone")

    monkeypatch.setattr("zartsalgo.office.api.views.read_filters", away)
    response = reader.get("/v1/leads/")
    assert (response.status_code, response["Retry-After"]) == (503, "5")


def test_a_fault_of_ours_is_a_sentence_and_its_log_names_no_values(reader, monkeypatch, caplog):
    def broken(**kwargs):
        raise RuntimeError(f"value of {DANA}")

    monkeypatch.setattr("zartsalgo.office.api.views.read_filters", broken)
    response = reader.get("/v1/leads/")
    assert (response.status_code, response.json()) == (500, {"error": errors.BROKEN})
    assert "RuntimeError" in caplog.text
    assert DANA not in caplog.text


# The schema and its page


def test_the_schema_is_for_staff(client, sam, reader):
    document = reader.get("/schema/").json()
    assert document["openapi"].startswith("3.")
    client.force_login(sam)
    assert client.get("/api/schema/").json() == document
    client.force_login(StaffFactory(username="guest", is_staff=False))
    assert client.get("/api/schema/").status_code == 403


def test_the_schema_names_every_address_and_every_answer():
    document = openapi.build()
    verbs = {f"/api/v1/{name}/{{id}}/{verb}/" for name, (verb, _) in VERBS.items()}
    lists = {f"/api/v1/{name}/" for name in LISTS}
    assert set(document["paths"]) == {"/api/v1/", *verbs, *lists, *(f"{path}{{id}}/" for path in lists)}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            expected = {"200", "401"}
            expected |= {"400"} if path in lists else set()
            expected |= {"404"} if "{id}" in path else set()
            expected |= {"400", "403", "404", "409", "413", "415"} if method == "post" else set()
            assert set(operation["responses"]) == expected, path
            assert operation["security"] == [{"bearer": []}]
            names = [parameter["name"] for parameter in operation.get("parameters", [])]
            assert sorted(names) == sorted(
                ["client", "lead", "phone", "since", "limit", "after"] if path in lists else ["id"] * ("{id}" in path)
            )
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_every_example_of_the_schema_is_true_to_it():
    document = openapi.build()
    for operations in document["paths"].values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                content = answer["content"]["application/json"]
                for example in content["examples"].values():
                    _validate(example["value"], content["schema"], document)


@pytest.mark.parametrize("name", LISTS)
def test_what_is_answered_is_true_to_the_schema(reader, name):
    made = story()
    document = openapi.build()
    for path, real in ((f"/api/v1/{name}/", f"/v1/{name}/"), (f"/api/v1/{name}/{{id}}/", f"/v1/{name}/{made[name]}/")):
        schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        _validate(reader.get(real).json(), schema, document)


def _validate(value, schema, document):
    """Against OpenAPI 3.0, whose `nullable` JSON Schema does not know."""

    def plain(part):
        if isinstance(part, list):
            return [plain(item) for item in part]
        if not isinstance(part, dict):
            return part
        made = {key: plain(item) for key, item in part.items() if key != "nullable"}
        return {"anyOf": [made, {"type": "null"}]} if part.get("nullable") else made

    known = plain(document["components"])
    for component in known["schemas"].values():
        component["additionalProperties"] = False
    jsonschema.validate(value, {**plain(schema), "components": known}, format_checker=jsonschema.FormatChecker())


def test_the_page_is_for_signed_in_staff(client, sam):
    assert client.get("/api/docs/").status_code == 302
    client.force_login(StaffFactory(username="guest", is_staff=False))
    assert client.get("/api/docs/").status_code == 302


def test_the_page_shows_every_operation_with_its_curl(client, sam):
    client.force_login(sam)
    response = client.get("/api/docs/")
    assert response.status_code == 200
    page = response.content.decode()
    document = openapi.build()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert f'id="{operation["operationId"]}"' in page
            assert f"<strong>{method.upper()}</strong> {path}" in page
            for parameter in operation.get("parameters", []):
                assert parameter["name"] in page
    assert page.count("curl \\") == sum(len(operations) for operations in document["paths"].values())
    assert "<script>" not in page
    assert "style=" not in page
    assert Lead.objects.count() == 0
