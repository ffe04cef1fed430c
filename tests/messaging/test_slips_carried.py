"""Slips that stood in messages and tries before they had a table of their own (migration 0017): none is lost, on the way there or back."""

import json
from importlib import import_module

import pytest
from django.db import connection

from messaging.models import Message, Slip
from tests.factories import NOON
from tests.messaging.test_sending import summit, text  # noqa: F401  fixtures

pytestmark = pytest.mark.django_db
carrying = import_module("messaging.migrations.0017_slip_stands_once")
BEFORE = """
set constraints all immediate;
alter table messaging_message add slip jsonb;
alter table messaging_attempt add slip jsonb, alter allowed_by_id drop not null, disable trigger user"""


def run(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetchall() if cursor.description else None


def said(verdict, at):
    return {"verdict": verdict, "made_at": at, "checks": [{"name": "content", "passed": verdict == "send"}]}


def standing():
    return (
        run("select id, slip from messaging_message order by id"),
        run("select message_id, n, slip from messaging_attempt order by message_id, n"),
    )


def test_each_is_kept_once_and_goes_back_to_its_place(summit):  # noqa: F811
    twice, tried, refused, unjudged = [text(summit, to=f"+1303555012{n}").pk for n in range(4)]
    early, late = said("send", "2026-11-20T11:00:00-07:00"), said("send", "2026-11-20T12:00:00-07:00")
    held, dropped = said("hold", "2026-11-20T12:00:00-07:00"), said("drop", "2026-11-20T12:30:00-07:00")
    run(BEFORE)
    for message, slip in ((twice, late), (tried, held), (refused, dropped)):
        run("update messaging_message set slip = %s where id = %s", json.dumps(slip), message)
    for message, n, slip in ((twice, 1, early), (twice, 2, late), (tried, 1, {})):
        run(
            "insert into messaging_attempt (message_id, n, outcome, slip, owner, started_at, deadline_at, provider_id, error_code, note,"
            " declared_by, declared_reason) values (%s, %s, 'not_sent', %s, 'w', %s, %s, '', '', '', '', '')",
            message, n, json.dumps(slip), NOON, NOON,
        )  # fmt: skip
    before = standing()
    run(carrying.CARRY)
    kept = Slip.objects.order_by("made_at", "verdict").values_list("message", "verdict", "found")
    assert list(kept) == [(twice, "send", early), (tried, "", {}), (tried, "hold", held), (twice, "send", late), (refused, "drop", dropped)]
    assert [Message.objects.get(pk=pk).slip for pk in (twice, tried, refused, unjudged)] == [late, held, dropped, None]
    tries = run("select s.message_id, a.n, s.found from messaging_attempt a join messaging_slip s on s.id = a.allowed_by_id order by 1, 2")
    assert tries == before[1]
    assert Message.objects.get(pk=twice).newest_slip.attempt.n == 2, "the newest try's own slip, not a copy"
    run("update messaging_message set slip = null; update messaging_attempt set slip = null")
    run(carrying.CARRY_BACK)
    assert standing() == before
