"""After a restore: nobody is texted twice for what went out between the backup and the restore, and nothing goes before it was compared.

The provider is a server of ours that keeps a list over several pages, as Twilio's does; the adapter and its SDK are the real ones.
"""

import json
from datetime import timedelta
from email.utils import format_datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.utils import ProgrammingError
from werkzeug import Response

from leads.models import Identity, Task
from messaging import gate, pauses, purposes, reconciling
from messaging.models import Attempt, ListedSend, Message, Pause, Suppression
from messaging.outbox import sending
from messaging.pauses import NotCompared, Scope
from providers.connections import connect, disable
from tests.factories import NOON, ClientFactory, ContactFactory
from tests.messaging.test_sending import CARLA, text
from tests.planning import make_try
from workflows import incidents, resuming
from workflows.models import Incident
from zartsalgo.lib import clock
from zartsalgo.office import comparing
from zartsalgo.office.invariants import check_invariants

pytestmark = pytest.mark.django_db

OURS = "+13035550100"
MADE = NOON - timedelta(minutes=20)
DEE = "+13035550124"
LEFT = NOON - timedelta(minutes=4, seconds=30)  # 11:55 in Denver
SECOND = timedelta(seconds=1)  # a list has whole seconds


class ProviderList:
    """What the provider really did: `sent` and `received` add to it; it is told in pages of two. `breaks_at` is a page that fails."""

    def __init__(self, httpserver, account):
        self.rows, self.posts, self.asked, self.breaks_at = [], [], [], None
        self.url, self.path = httpserver.url_for(""), f"/2010-04-01/Accounts/{account}/Messages.json"
        httpserver.expect_request(self.path, method="GET").respond_with_handler(self._list)
        httpserver.expect_request(self.path, method="POST").respond_with_handler(self._create)

    def _add(self, *, at, **row):
        sid = row.pop("sid", f"SM{len(self.rows):032x}")
        when = format_datetime(at - clock.offset())  # a provider knows nothing of a clock that a test has moved
        self.rows.append({"sid": sid, "status": "delivered", "date_created": when, "date_sent": when, "messaging_service_sid": None, **row})
        return sid

    def sent(self, *, to=CARLA, body, at=LEFT, sender=OURS, **row):
        return self._add(at=at, **{"to": to, "from": sender, "body": body, "direction": "outbound-api", **row})

    def received(self, *, sender=CARLA, body, at=LEFT, to=OURS, **row):
        return self._add(at=at, **{"to": to, "from": sender, "body": body, "direction": "inbound", "status": "received", **row})

    def _list(self, asked):
        page = int(asked.args.get("Page", 0))
        self.asked.append(page)
        if page == self.breaks_at:
            return Response("", status=503)
        found = [row for row in self.rows if asked.args.get("To") in (None, row["to"]) and asked.args.get("From") in (None, row["from"])]
        query = "&".join(f"{name}={asked.args[name].replace('+', '%2B')}" for name in ("To", "From") if name in asked.args)
        more = f"{self.path}?Page={page + 1}&{query}" if found[2 * page + 2 :] else None
        document = {"messages": found[2 * page : 2 * page + 2], "next_page_uri": more}
        return Response(json.dumps(document), content_type="application/json")

    def _create(self, asked):
        self.posts.append(asked.form["To"])
        sid = f"SMpost{len(self.posts)}"
        return Response(json.dumps({"sid": sid, "status": "queued"}), status=201, content_type="application/json")


@pytest.fixture
def summit(noon):
    return ClientFactory()


@pytest.fixture
def provider(httpserver):
    return ProviderList(httpserver, "AC1")


@pytest.fixture
def line(summit, provider):
    return connect(client=summit, provider="twilio", secret="s", account="AC1", base_url=provider.url, live=True, now=NOON)[0]


def real(when):
    """As the machine's own clock has it: backups and tries are dated by it."""
    return when - clock.offset()


def restored(*, made_at=MADE):
    return comparing.close_after_restore(made_at=real(made_at), now=clock.read())


def compared(incident):
    incident.pause.refresh_from_db()
    return reconciling.reconcile(pause=incident.pause, now=clock.read())


def counts(done):
    return {name: done.count(name) for name in reconciling.COUNTED}


def send(message):
    sending.send(message_id=message.pk, now=clock.read())
    message.refresh_from_db()
    return message


def judged(message):
    return gate.look(message=Message.objects.get(pk=message.pk), now=clock.read())


def lift():
    Pause.objects.update(compared_at=NOON)
    Pause.objects.update(lifted_at=NOON)
    Message.objects.filter(status="held").update(due_at=NOON)


def nothing_broken():
    return {one.key: one.broken for one in check_invariants(now=clock.read()) if one.broken} == {}


def test_nothing_goes_and_nobody_may_resume_before_it_was_compared(line, summit, provider):
    incident = restored()
    message = send(text(summit))
    assert (message.status, message.reason, provider.posts) == ("held", "sending-stopped", [])
    with pytest.raises(NotCompared, match="Compare with the providers' lists first"):
        resuming.release(pause=incident.pause, by=None, name="Olga", now=clock.read())
    with pytest.raises(IntegrityError, match="pause_lifted_once_compared"), transaction.atomic():
        Pause.objects.update(lifted_at=NOON)
    assert Pause.objects.get().lifted_at is None and provider.posts == []
    assert compared(incident).complete
    assert resuming.release(pause=incident.pause, by=None, name="Olga", now=clock.read()).right == 1
    assert send(message).status == "sent" and provider.posts == [CARLA]


def test_a_text_of_the_gap_is_not_sent_again_and_the_slip_names_the_evidence(line, summit, provider):
    sid = provider.sent(body="Sorry we missed you, says the old engine.")
    incident = restored()
    assert counts(compared(incident)) == {"listed": 1, "known": 0, "adopted": 0, "stored": 1, "replies": 0, "opted_out": 0}
    (row,) = ListedSend.objects.all()
    assert (row.client, row.provider_id, row.number, row.direction, row.adopted) == (summit, sid, CARLA, "outbound", None)
    message = text(summit)  # the call's webhook came again
    assert send(message).reason == "sending-stopped"
    (item,) = resuming.judge(pause=incident.pause, now=clock.read()).items
    assert (item.judgement, item.reason) == ("stale", "sent-before-restore"), "the counts before resuming say it already"
    lift()
    assert (send(message).status, message.reason, provider.posts) == ("skipped", "sent-before-restore", [])
    (check,) = [check for check in message.slip["checks"] if not check["passed"]]
    assert check["values"] == {"listed_at": row.sent_at.isoformat(), "provider_id": sid} and LEFT - SECOND < row.sent_at <= LEFT
    assert "on Fri 20 Nov 11:55 (America/Denver), sent before the restore" in message.says
    assert nothing_broken()


def test_it_binds_the_person_for_the_window_and_nobody_else(line, summit, provider, set_clock):
    provider.sent(body="Sorry.")
    compared(restored())
    lift()
    carla = text(summit)
    Identity.objects.create(client=summit, contact=carla.contact, kind="phone", value=DEE)
    assert judged(text(summit, to=DEE)).reason == "sent-before-restore", "their second number is the same person"
    assert judged(text(summit, to="+13035550125")).reason == ""
    other = ClientFactory(slug="other", phone="+13035550101")
    assert judged(text(other)).reason == "", "another client's texts are another matter"
    assert judged(text(summit, workflow="", approved_by="Sam", approved_at=NOON)).reason == "", "a person may write to them by hand"
    ends = LEFT + purposes.TEXT_BACK.window
    set_clock(ends - timedelta(minutes=1))
    assert judged(carla).reason == "sent-before-restore"
    set_clock(ends + timedelta(minutes=1))
    assert "sent-before-restore" not in str(judged(carla).as_json())


def test_it_costs_no_statement_of_its_own(line, summit, django_assert_max_num_queries):
    message = Message.objects.select_related("client", "contact", "template", "connection", "lead").get(pk=text(summit).pk)
    with django_assert_max_num_queries(14) as asked:
        gate.look(message=message, now=clock.read())
    (both,) = [query["sql"] for query in asked.captured_queries if "messaging_listedsend" in query["sql"]]
    assert "messaging_purposeclaim" in both, "it rides on the statement that the purpose needs anyway"


def test_a_waiting_text_with_the_same_words_is_the_one_that_went(line, summit, provider):
    planned = text(summit)
    provider.sent(body=planned.body, sid="SMlost")
    incident = restored()
    send(planned)
    assert counts(compared(incident))["adopted"] == 1
    planned.refresh_from_db()
    assert (planned.status, planned.provider_id) == ("sent", "SMlost") and LEFT - SECOND < planned.sent_at <= LEFT
    (attempt,) = Attempt.objects.all()
    assert (attempt.outcome, attempt.provider_id, attempt.owner) == ("accepted", "SMlost", "the provider's list")
    assert [check["name"] for check in attempt.slip["checks"]] == ["sent-before-restore"] and attempt.allowed_by.message == planned
    assert ListedSend.objects.get().adopted == planned
    lift()
    again = send(text(summit))
    assert (again.status, again.reason, provider.posts) == ("skipped", "already-texted", [])
    assert nothing_broken()


@pytest.mark.parametrize("outcome", ["reserved", "calling", "unknown"])
def test_a_try_that_was_open_in_the_backup_is_settled_not_repeated(line, summit, provider, outcome):
    message = text(summit)
    slip = {"verdict": "send", "checks": [], "made_at": MADE.isoformat()}
    tried = {"slip": slip, "started_at": real(MADE), "deadline_at": real(MADE) + timedelta(seconds=25)}
    make_try(message=message, outcome=outcome, **tried)
    if outcome == "unknown":
        Message.objects.filter(pk=message.pk).update(status="unknown", reason="no-answer")
    provider.sent(body=message.body, at=MADE + timedelta(seconds=2))
    assert counts(compared(restored()))["adopted"] == 1
    lift()
    assert send(message).status == "sent" and provider.posts == []
    assert [attempt.outcome for attempt in Attempt.objects.all()] == ["accepted"]


def test_another_call_is_not_taken_for_a_listed_text(line, summit, provider):
    """The words are the same; the times say that it cannot be this try."""
    message = text(summit, status="unknown", reason="no-answer")
    started = real(MADE) - timedelta(hours=3)
    make_try(message=message, outcome="unknown", started_at=started, deadline_at=started + timedelta(seconds=25))
    provider.sent(body=message.body)
    assert counts(compared(restored())) == {"listed": 1, "known": 0, "adopted": 0, "stored": 1, "replies": 0, "opted_out": 0}
    message.refresh_from_db()
    assert message.status == "unknown"


def test_what_is_known_is_left_alone_and_comparing_again_adds_nothing(line, summit, provider):
    known = send(text(summit))
    provider.sent(body=known.body, sid=known.provider_id)
    provider.sent(to=DEE, body="Sorry.")
    provider.sent(to="+13035550125", body="Sorry.", status="failed")
    provider.sent(to="+13035550126", body="Long before the backup.", at=MADE - timedelta(hours=5))
    provider.sent(to="+13035550127", body="Another house of the same account.", sender="+13035550109")
    incident = restored()
    first = compared(incident)
    assert counts(first) == {"listed": 2, "known": 1, "adopted": 0, "stored": 1, "replies": 0, "opted_out": 0}
    again = compared(incident)
    assert counts(again) == {"listed": 2, "known": 2, "adopted": 0, "stored": 0, "replies": 0, "opted_out": 0}
    known.refresh_from_db()
    assert known.status == "sent" and ListedSend.objects.get().number == DEE


def test_an_opt_out_whose_webhook_was_lost_is_in_the_list(line, summit, provider):
    carla = ContactFactory(client=summit, phone=CARLA)
    Identity.objects.create(client=summit, contact=carla, kind="phone", value=DEE)
    provider.received(body="STOP")
    provider.received(sender="+13035550125", body="stop texting me")
    provider.received(sender="+13035550126", body="Yes, tomorrow at nine is fine.")
    done = compared(restored())
    assert (done.count("replies"), done.count("opted_out"), done.count("stored")) == (3, 2, 0)
    rows = Suppression.objects.order_by("value").values_list("value", "contact")
    assert list(rows) == [(CARLA, carla.pk), (DEE, carla.pk), ("+13035550125", None)]
    lift()
    assert send(text(summit, to=DEE)).reason == "opted-out" and provider.posts == []
    assert send(text(summit, to="+13035550125")).reason == "opted-out" and provider.posts == []
    (task,) = Task.objects.filter(kind="look-into")
    assert task.title == "1 reply came between the backup and the restore"


def test_a_reply_that_may_mean_stop_waits_for_a_person(line, summit, provider):
    carla = ContactFactory(client=summit, phone=CARLA)
    provider.received(body="not interested")
    compared(restored())
    assert Task.objects.get(kind="unclear-reply").contact == carla and not Suppression.objects.exists()
    lift()
    assert send(text(summit)).reason == "unclear-reply" and provider.posts == []


def test_a_page_that_fails_claims_nothing_and_the_next_look_finds_all(line, summit, provider):
    for n in range(5):
        provider.sent(to=f"+1303555013{n}", body="Sorry.")
    incident = restored()
    provider.breaks_at = 2
    done = compared(incident)
    assert not done.complete and [one.trouble for one in done.lists] == ["Twilio answered the list of messages with HTTP 503."]
    assert not ListedSend.objects.exists(), "half a list is no list"
    with pytest.raises(NotCompared):
        resuming.release(pause=incident.pause, by=None, name="Olga", now=clock.read())
    provider.breaks_at = None
    provider.asked.clear()
    done = compared(incident)
    assert (done.complete, done.count("stored"), sorted(provider.asked)) == (True, 5, [0, 0, 1, 2])
    assert resuming.release(pause=incident.pause, by=None, name="Olga", now=clock.read()) is not None


def test_one_of_two_refuses_and_is_named_a_switched_off_one_needs_nothing(line, summit, provider, httpserver):
    away = ClientFactory(slug="away", name="Away Roofing", phone="+13035550101")
    second = connect(client=away, provider="twilio", secret="s", account="AC2", base_url=provider.url, live=True, now=NOON)[0]
    document = json.dumps({"code": 20003, "message": "Authenticate", "more_info": "", "status": 401})
    httpserver.expect_request("/2010-04-01/Accounts/AC2/Messages.json").respond_with_data(document, status=401)
    connect(client=ClientFactory(slug="sim", phone="+13035550102"), provider="twilio", secret="s", now=NOON)  # the simulator's
    provider.sent(body="Sorry.")
    incident = restored()
    done = compared(incident)
    assert [(one.client, one.stored, bool(one.trouble)) for one in done.lists] == [("Away Roofing", 0, True), ("Summit Roofing", 1, False)]
    assert "Twilio of Away Roofing: Twilio answered the list of messages with HTTP 401." in reconciling.in_words(done=done)
    with pytest.raises(NotCompared):
        pauses.lift(pause=incident.pause, by=None, now=NOON)
    disable(connection=second, now=NOON)
    assert compared(incident).complete and pauses.lift(pause=incident.pause, by=None, now=NOON)


def test_without_the_key_it_says_so_and_stays_closed(line, summit, provider, settings):
    incident = restored()
    settings.ENCRYPTION_KEYS = [__import__("cryptography.fernet").fernet.Fernet.generate_key().decode()]
    done = compared(incident)
    assert [one.trouble for one in done.lists] == ["Its credentials cannot be opened: the encryption key is not here."]
    assert provider.asked == [] and Pause.objects.get().compared_at is None


def test_a_stop_that_stood_in_the_backup_is_bound_too(summit):
    """Its own end would lift it with nothing compared; and a restore of an older backup widens what is unknown."""
    incidents.open_incident(
        scope=Scope(), cause="by hand:agency", title="Storm", reason="r", opened_by="Sam", until=NOON + timedelta(hours=1), now=MADE
    )
    incident = restored()
    pause = Pause.objects.get()
    assert (pause.until, pause.unknown_since) == (None, real(MADE) - reconciling.MARGIN) and incident.pause == pause
    assert resuming.lift_due(now=NOON + timedelta(hours=2)) == 0
    compared(incident)
    restored(made_at=MADE - timedelta(hours=1))
    pause.refresh_from_db()
    assert (pause.unknown_since, pause.compared_at) == (real(MADE) - timedelta(hours=1) - reconciling.MARGIN, None)


def test_the_command_prints_one_document_and_writes_the_history(line, summit, provider, capsys):
    call_command("reconcile", "--json")
    assert json.loads(capsys.readouterr().out)["needed"] is False
    provider.sent(body="Sorry.")
    call_command("close_after_restore", "--made-at", real(MADE).isoformat())
    provider.breaks_at = 0
    with pytest.raises(CommandError, match="stays stopped"):
        call_command("reconcile", "--json")
    assert json.loads(capsys.readouterr().out)["complete"] is False
    provider.breaks_at = None
    call_command("reconcile", "--json")
    said = json.loads(capsys.readouterr().out)
    assert (said["complete"], said["stored"], len(said["lists"])) == (True, 1, 1) and CARLA not in str(said)
    incident = Incident.objects.get()
    assert incident.notes.filter(says__contains="1 sent and unknown here (not repeated)").exists()
    assert "Compare with the providers' lists of texts" in incident.reason


def test_evidence_stays(line, summit, provider):
    provider.sent(body="Sorry.")
    compared(restored())
    for change in (lambda: ListedSend.objects.update(sent_at=NOON), lambda: ListedSend.objects.all().delete()):
        with pytest.raises(ProgrammingError, match="pgtrigger: Cannot"), transaction.atomic():
            change()
    assert ListedSend.objects.update(number=None) == 1
