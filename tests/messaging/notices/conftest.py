"""A business with two responders and its ways to reach them."""

from datetime import timedelta

import pytest

from leads.people import phone_of
from messaging import due
from messaging.models import Handover, Notice
from messaging.notices import choosing, words
from providers import adapters
from providers.connections import connect
from providers.contract import SendResult
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory, ResponderFactory
from tests.messaging.test_sending import CountingAdapter
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id

RITA, BEN, CARLA = "+13035550190", "+13035550191", "+13035550123"
HOOK = "https://hooks.slack.com/services/T0TEST/B0TEST/not-a-real-hook"
LOST = SendResult(outcome="unknown", note="no answer")
NO = SendResult(outcome="rejected", http_status=400, error_code="30006", note="no texts there")


@pytest.fixture
def told(monkeypatch, mailoutbox):
    """Who was told, as (channel, address): what left over the fakes and the mail server."""
    real, texts = adapters.load, CountingAdapter()
    monkeypatch.setattr(texts, "verify", real("twilio").verify, raising=False)
    monkeypatch.setattr(texts, "parse", real("twilio").parse, raising=False)
    slack = real("slack")
    posts: list[str] = []
    slack_answers: list[SendResult] = []

    def _post(*, credentials, text, timeout_seconds):
        posts.append(text)
        return slack_answers.pop(0) if slack_answers else SendResult(outcome="accepted", http_status=200)

    monkeypatch.setattr(slack, "post_alert", _post, raising=False)
    monkeypatch.setattr(adapters, "load", lambda name: texts if name == "twilio" else real(name))

    class Told:
        answers, slack_says, adapter = texts.answers, slack_answers, texts

        def __call__(self):
            mails = [("email", mail.to[0]) for mail in mailoutbox]
            return [*[("sms", to) for to, _ in texts.calls], *[("slack", "") for _ in posts], *mails]

        @property
        def posts(self):
            return posts

    return Told()


@pytest.fixture
def summit(noon):
    return ClientFactory()


@pytest.fixture
def rita(summit):
    return ResponderFactory(client=summit, email="rita@example.com")


@pytest.fixture
def ben(summit, rita):
    return ResponderFactory(client=summit, name="Ben", phone=BEN, order=2)


@pytest.fixture
def line(summit):
    return connect(client=summit, provider="twilio", secret="s", account="AC1", base_url="http://127.0.0.1:9", live=True, now=NOON)[0]


@pytest.fixture
def slack(summit):
    return connect(client=summit, provider="slack", secret=HOOK, base_url="http://127.0.0.1:9", live=True, now=NOON)[0]


def hand_over(responder, *, cause="event:1", asked="Missed call", **changes):
    client = responder.client
    lead = changes.pop("lead", None) or LeadFactory(client=client, contact=ContactFactory(client=client, phone=CARLA))
    now = clock.read()
    made = Handover(
        id=new_id(), client=client, lead=lead, run_id=new_id(), step_key="hand-over", responder=responder, to_name=responder.name,
        to_address=responder.phone, created_at=now, link_expires_at=now + timedelta(hours=72),
    )  # fmt: skip
    made.body = words.handover_words(lead=lead, number=phone_of(contact=lead.contact), asked=asked, at=now, handover_id=made.pk)
    for name, value in changes.items():
        setattr(made, name, value)
    made.save(force_insert=True)
    choosing.plan_notice(handover=made, cause=cause, now=now)
    return made


def go():
    """What is due, and what follows from it."""
    for _ in range(3):
        due.work_off(now=clock.read())


def later(set_clock, **amount):
    set_clock(clock.read() + timedelta(**amount))
    go()


def states():
    return [(n.channel, n.status, n.reason) for n in Notice.objects.order_by("created_at", "pk")]
