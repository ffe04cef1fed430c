"""What carriers said stops later texts at the gate: a landline, and a sender that is not registered."""

import pytest
from django.core.management import CommandError, call_command

from messaging import due
from messaging.models import Message
from tests.messaging.test_sending import CARLA, text
from tests.providers.test_twilio_errors import later, line, number, report, send, server, twilio  # noqa: F401  pytest finds its fixtures here
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db


def test_a_landline_is_not_texted_again_and_a_person_calls(line, twilio, client):  # noqa: F811
    first = send(line)
    report(client, twilio, status="undelivered", code="30006")
    Message.objects.filter(pk=first.pk).update(purpose="quote-request")
    second = send(line)
    assert (second.status, second.reason, twilio.posts()) == ("skipped", "number", 1)
    assert second.says == (
        "A carrier said on Fri 20 Nov 12:00 (America/Denver): The number is a landline or its carrier takes no texts. A person should call."
    )
    assert send(line, to=number(4)).status == "sent", "another number is not meant"


def test_a_refused_sender_holds_every_later_text_until_somebody_recorded_it(line, twilio, client, later):  # noqa: F811
    send(line)
    report(client, twilio, status="undelivered", code="30034")
    held = send(line, to=number(4))
    assert (held.status, held.reason, twilio.posts()) == ("held", "sender-unregistered", 1)
    assert "not registered for business texts" in held.says and "Put it right at Twilio" in held.says
    with pytest.raises(CommandError, match="Say who looked up"):
        call_command("connection", "registered", str(line.pk))
    call_command("connection", "registered", str(line.pk), "--by", "Olga")
    Message.objects.filter(pk=held.pk).update(due_at=clock.read())
    due.work_off(now=clock.read())
    held.refresh_from_db()
    assert (held.status, twilio.posts()) == ("sent", 2)


def test_the_gate_asks_one_statement_for_it(line, twilio, django_assert_max_num_queries):  # noqa: F811
    from messaging import gate

    message = Message.objects.select_related("client", "contact", "template", "connection", "lead").get(pk=text(line.client, to=CARLA).pk)
    with django_assert_max_num_queries(20) as asked:
        assert gate.look(message=message, now=clock.read()).verdict == "send"
    assert sum("m.error_code = any" in query["sql"] for query in asked.captured_queries) == 1
