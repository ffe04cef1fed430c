"""What strangers may ask about the house costs little, and its numbers are for whoever holds the token."""

import pytest

from zartsalgo import health

pytestmark = pytest.mark.django_db
TOKEN = "a-token-for-the-numbers"


@pytest.fixture(autouse=True)
def look_anew(monkeypatch):
    monkeypatch.setattr(health, "_broker_answers", lambda: True)
    health.forget()
    yield
    health.forget()


def test_the_numbers_are_closed_without_a_token_in_the_settings(client):
    answer = client.get("/metrics", headers={"Authorization": "Bearer "})
    assert answer.status_code == 404 and b"ZARTS_METRICS_TOKEN" in answer.content


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN, "Bearer \xff"])
def test_another_token_is_a_401_whatever_the_address(client, settings, header):
    settings.METRICS_TOKEN = TOKEN
    headers = {"Authorization": header} if header else {}
    answer = client.get("/metrics", headers=headers, REMOTE_ADDR="127.0.0.1")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


def test_with_the_token_there_are_numbers(client, settings):
    settings.METRICS_TOKEN = TOKEN
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, REMOTE_ADDR="198.51.100.7")
    assert answer.status_code == 200
    assert b'zarts_up{part="database"} 1.0' in answer.content and b'zarts_waiting{queue="aside"} 0.0' in answer.content


def test_asking_often_costs_one_look(client, django_assert_num_queries, monkeypatch):
    now = [1_000.0]
    monkeypatch.setattr(health.time, "monotonic", lambda: now[0])
    first = client.get("/readyz")
    assert first.status_code == 503 and first.json()["database"] == "ok" and first.json()["worker"] == "down"
    with django_assert_num_queries(0):
        assert [client.get("/readyz").json() for _ in range(20)] == [first.json()] * 20
    monkeypatch.setattr(health, "look", lambda: {"database": "down"})
    now[0] += 1.1
    assert client.get("/readyz").json() == {"database": "down"}


def test_while_one_looks_the_others_answer_what_was_found_before(client, monkeypatch):
    before = client.get("/readyz").json()
    monkeypatch.setattr(health, "look", lambda: pytest.fail("a second look"))
    monkeypatch.setattr(health, "KEEP_SECONDS", -1.0)
    with health._looking:
        assert client.get("/readyz").json() == before
