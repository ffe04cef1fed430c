"""After a restore: emails and alerts of the gap are in the providers' lists, too, and nobody gets one a second time."""
# ruff: noqa: F811  fixtures

from datetime import timedelta

import pytest

from messaging import pauses
from messaging.models import Attempt, ListedSend, Message, Notice, Pause
from messaging.notices import words as told_words
from messaging.pauses import NotCompared
from tests.factories import NOON, ResponderFactory
from tests.messaging.email.conftest import CARLA, approved, known, plan, server, summit, way, words  # noqa: F401
from tests.messaging.notices.conftest import RITA, go, hand_over
from tests.messaging.test_reconciling import LEFT, MADE, SECOND, ProviderList, compared, counts, lift, line, provider, real, restored  # noqa: F401
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id

pytestmark = pytest.mark.django_db


def test_an_email_of_the_gap_is_not_sent_again(way, words, summit, server):
    sid = server.sent_before(at=real(LEFT), reference=str(new_id()))
    incident = restored()
    assert counts(compared(incident)) == {"listed": 1, "known": 0, "adopted": 0, "stored": 1, "replies": 0, "opted_out": 0}
    (row,) = ListedSend.objects.all()
    assert (row.client, row.provider_id, row.number, row.direction, row.adopted) == (summit, sid, CARLA, "outbound", None)
    message = plan(summit)
    lift()
    Message.objects.filter(pk=message.pk).update(workflow="missed-call-text-back")
    approved(message)
    assert (message.status, message.reason, server.tokens) == ("skipped", "sent-before-restore", [])


def test_a_waiting_email_is_known_by_our_id_and_settled(way, words, summit, server):
    message = plan(summit)
    sid = server.sent_before(at=real(LEFT), reference=str(message.pk))
    incident = restored()
    assert counts(compared(incident))["adopted"] == 1
    message.refresh_from_db()
    assert (message.status, message.provider_id) == ("sent", sid) and LEFT - SECOND < message.sent_at <= LEFT
    assert [attempt.outcome for attempt in Attempt.objects.all()] == ["accepted"]
    assert ListedSend.objects.get().adopted == message
    again = counts(compared(incident))
    assert (again["known"], again["adopted"], again["stored"], server.tokens) == (1, 0, 0, [])


def test_what_is_not_ours_is_nobodys_email(way, words, summit, server):
    server.sent_before(at=real(LEFT), reference="")
    server.sent_before(at=real(LEFT), reference=str(new_id()), sender="office@other.example.com")
    server.sent_before(at=real(MADE) - timedelta(hours=3), reference=str(new_id()))
    assert counts(compared(restored()))["listed"] == 0 and not ListedSend.objects.exists()


@pytest.mark.parametrize("fault", ["page", "count", "unreadable"])
def test_a_list_of_emails_that_is_not_whole_keeps_the_pause(way, words, summit, server, fault):
    for n in range(5):
        server.sent_before(at=real(LEFT), to=f"dee{n}@example.com", reference=str(new_id()))
    server.most = 2
    incident = restored()
    if fault == "page":
        server.breaks_at = 4
    elif fault == "count":
        server.most = 0
    else:
        server.emails[0]["at"] = "yesterday"
    done = compared(incident)
    assert not done.complete and not ListedSend.objects.exists(), "half a list is no list"
    assert "Postmark" in done.lists[0].trouble
    with pytest.raises(NotCompared):
        pauses.lift(pause=Pause.objects.get(), by=None, now=clock.read())
    server.most, server.breaks_at = 2, None
    server.emails[0]["at"] = server.emails[1]["at"]
    server.asked.clear()
    done = compared(incident)
    assert (done.complete, done.count("stored"), server.asked) == (True, 5, [0, 2, 4])
    assert counts(compared(incident))["stored"] == 0


# -- alerts ---------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def rita(summit):
    return ResponderFactory(client=summit)


@pytest.mark.parametrize("row", ["of the backup", "written anew"])
def test_a_waiting_alert_that_is_in_the_list_is_settled(line, summit, provider, rita, row):
    made = hand_over(rita)
    body = made.body if row == "of the backup" else told_words.for_another(body=made.body, handover_id=new_id())
    sid = provider.sent(to=RITA, body=body)
    incident = restored()
    assert counts(compared(incident))["adopted"] == 1
    notice = Notice.objects.get()
    assert (notice.status, notice.provider_id) == ("sent", sid) and LEFT - SECOND < notice.sent_at <= LEFT
    assert counts(compared(incident))["known"] == 1
    lift()
    go()
    assert provider.posts == []


def test_an_alert_written_anew_after_comparing_is_not_sent_again(line, summit, provider, rita):
    then = hand_over(rita, cause="event:0")
    Notice.objects.update(status="skipped")
    provider.sent(to=RITA, body=told_words.for_another(body=then.body, handover_id=new_id()))
    compared(restored())
    lift()
    hand_over(rita, cause="event:1", lead=then.lead)
    go()
    assert (provider.posts, list(Notice.objects.values_list("status", "reason").order_by("pk"))[-1]) == ([], ("skipped", "already-told"))


def test_another_alert_to_them_goes(line, summit, provider, rita):
    made = hand_over(rita)
    provider.sent(to=RITA, body=made.body.replace("Carla Gomez", "Dee Ortiz"))
    assert counts(compared(restored())) == {"listed": 1, "known": 0, "adopted": 0, "stored": 1, "replies": 0, "opted_out": 0}
    lift()
    Notice.objects.update(due_at=NOON)
    go()
    assert provider.posts == [RITA]
