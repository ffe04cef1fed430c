"""The pages of incidents: the list, one with what it holds by judgement, resuming with counts first, and "Pause…" for any scope."""

from datetime import timedelta

import pytest

from leads.models import Lead, Task
from messaging import due
from messaging.models import Message, Pause
from messaging.outbox import sending
from messaging.pauses import Scope
from providers.connections import CannotConnect, connect, mood_of, set_mood
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory
from tests.office.reading import text_of
from tests.office.rows import sign_in
from tests.workflows.test_breakers import fail, text
from workflows import incidents, resuming, watching
from workflows.models import Incident
from zartsalgo.lib import clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("well")]


@pytest.fixture
def summit(noon):
    client = ClientFactory()
    connect(client=client, provider="twilio", secret="s", now=NOON)
    return client


@pytest.fixture
def sam(summit):
    return sign_in("sam", group="staff")


@pytest.fixture
def olga(summit):
    return sign_in("olga", group="owner")


@pytest.fixture
def down(summit):
    """The simulated provider is down: three texts failed, the breaker holds them; one of them got a reply since."""
    set_mood(client=summit, mood="down")
    lead = LeadFactory(client=summit, contact=ContactFactory(client=summit, name="Ben Carter", phone="+13035550120"))
    replied = text(summit, 120, lead=lead)
    Message.objects.filter(pk=replied.pk).update(created_at=NOON - timedelta(minutes=9))
    sending.send(message_id=replied.pk, now=clock.read())
    fail(summit, 121, 122)
    Lead.objects.filter(pk=lead.pk).update(replied_at=NOON)
    due.work_off(now=clock.read())
    return Incident.objects.select_related("pause").get()


def test_nothing_paused_says_when_the_last_one_was(sam, summit):
    assert "Nothing is paused." in text_of(sam.get("/incidents/"))
    incident, _ = incidents.open_incident(
        scope=Scope(client=summit), cause="x", title="Carrier away", reason="r", opened_by="Sam", now=NOON - timedelta(days=11)
    )
    resuming.release(pause=incident.pause, by=None, name="Sam", now=NOON - timedelta(days=11) + timedelta(minutes=22))
    incidents.close(incident=incident, by="Sam", outcome="Back.", now=NOON - timedelta(days=11) + timedelta(minutes=22))
    assert "Nothing is paused. Last incident 11 days ago; it took 22 min." in text_of(sam.get("/incidents/"))
    assert "Carrier away" in text_of(sam.get("/incidents/?view=closed"))


def test_the_list_and_the_page_cost_the_same_for_five_and_fifty(sam, summit, django_assert_max_num_queries):
    def more(first, last):
        for n in range(first, last):
            incidents.open_incident(
                scope=Scope(client=summit, workflow=f"w{n}"),
                cause=f"c{n}",
                title=f"T{n}",
                reason="r",
                opened_by="Sam",
                now=NOON + timedelta(minutes=n),
            )

    more(0, 5)
    sam.get("/incidents/")
    with django_assert_max_num_queries(8):
        sam.get("/incidents/")
    more(5, 50)
    with django_assert_max_num_queries(8):
        assert text_of(sam.get("/incidents/")).count("nobody has taken it") == 50


def test_a_page_with_many_held_texts_costs_no_more(sam, summit, django_assert_max_num_queries):
    incident, _ = incidents.open_incident(scope=Scope(client=summit), cause="x", title="T", reason="r", opened_by="Sam", now=NOON)
    for n in range(100, 150):
        message = text(summit, n)
        Message.objects.filter(pk=message.pk).update(status="held", reason="sending-stopped")
    with django_assert_max_num_queries(14):
        assert 'data-count="50"' in sam.get(f"/incidents/{incident.pk}/").content.decode()


def test_the_page_says_what_it_holds_by_judgement_and_who_may_resume(down, sam, olga):
    page = sam.get(f"/incidents/{down.pk}/")
    said = text_of(page)
    assert "The simulated provider does not take texts of Summit Roofing" in said
    assert "Still right 2" in said and "No longer right 1" in said
    assert "Ben Carter They wrote on Fri 20 Nov 12:00; a person answers." in said
    assert "nobody has taken it" in said and "Only an owner or an approver may lift a stop." in said
    assert f"/incidents/{down.pk}/resume/" not in page.content.decode()
    assert sam.get(f"/incidents/{down.pk}/resume/").status_code == 403
    assert sam.post(f"/incidents/{down.pk}/resume/").status_code == 403
    assert f"/incidents/{down.pk}/resume/" in olga.get(f"/incidents/{down.pk}/").content.decode()
    assert not Message.objects.filter(reason="released").exists()


def test_resuming_counts_first_then_does_it_once(down, olga):
    page = olga.get(f"/incidents/{down.pk}/resume/")
    said = text_of(page)
    assert 'data-count="3"' in page.content.decode()
    assert "2 are still right and go at their turn" in said
    assert "1 is dropped: 1 overtaken by a reply or an outcome." in said
    assert Pause.objects.get().lifted_at is None
    done = text_of(olga.post(f"/incidents/{down.pk}/resume/", {"rate": "10", "age": ""}, follow=True))
    assert "Resumed: 2 released, 1 dropped as no longer right." in done
    again = text_of(olga.post(f"/incidents/{down.pk}/resume/", {"rate": "10"}, follow=True))
    assert "olga resumed it at 12:00 MST on Fri 20 Nov. Nothing was done twice." in again
    assert Message.objects.filter(reason="released").count() == 2


def test_an_age_that_is_chosen_is_counted_before(down, olga, set_clock):
    set_clock(NOON + timedelta(minutes=90))
    said = text_of(olga.get(f"/incidents/{down.pk}/resume/?age=1h"))
    assert "0 are still right" in said and "2 older than you chose" in said
    olga.post(f"/incidents/{down.pk}/resume/", {"age": "1h", "rate": "30"})
    assert Task.objects.filter(kind="call-back").count() == 2
    assert not Message.objects.filter(reason="released").exists()


def test_the_whole_story_down_incident_release_closed(down, summit, olga, set_clock):
    assert "Look at the incident" in text_of(olga.get("/incidents/"))
    olga.post(f"/incidents/{down.pk}/take/")
    down.refresh_from_db()
    assert (down.status, down.person) == ("fixing", olga.staff)
    assert "It still holds texts. Resume first" in text_of(olga.post(f"/incidents/{down.pk}/close/", {"outcome": "x"}, follow=True))
    down.refresh_from_db()
    assert down.status == "fixing"
    set_mood(client=summit, mood="ok")
    olga.post(f"/incidents/{down.pk}/resume/", {"rate": "600"})
    due.work_off(now=set_clock(clock.read() + timedelta(seconds=1)))
    watching.watch(now=clock.read())
    said = text_of(olga.get(f"/incidents/{down.pk}/"))
    assert "Closed" in said and "The first text after the release was accepted." in said
    assert "Delivered" in said and "Skipped" in said
    assert Message.objects.filter(status="delivered").count() == 2
    assert Task.objects.get(kind="verify").status == "done"


def test_a_person_closes_it_with_what_came_of_it(down, olga):
    olga.post(f"/incidents/{down.pk}/resume/")
    assert "Say what came of it" in text_of(olga.post(f"/incidents/{down.pk}/close/", {"outcome": " "}, follow=True))
    assert "Closed." in text_of(olga.post(f"/incidents/{down.pk}/close/", {"outcome": "Their outage is over."}, follow=True))
    assert "olga closed it before: Their outage is over." in text_of(
        olga.post(f"/incidents/{down.pk}/close/", {"outcome": "x"}, follow=True)
    )


def test_a_note_stands_in_the_history(down, sam):
    sam.post(f"/incidents/{down.pk}/note/", {"says": "Their status page says 14:00."})
    assert "Their status page says 14:00." in text_of(sam.get(f"/incidents/{down.pk}/"))
    assert "nothing was kept" in text_of(sam.post(f"/incidents/{down.pk}/note/", {"says": "  "}, follow=True))


def test_pause_counts_a_scope_before_it_is_set(sam, summit):
    text(summit, 121)
    said = text_of(sam.get("/pause/?client=summit-roofing&part=workflow:missed-call-text-back"))
    assert "Pause Missed-call text-back for Summit Roofing" in said and "1 text would be held" in said
    assert "0 texts would be held" in text_of(sam.get("/pause/?client=summit-roofing&part=workflow:lead-intake"))
    assert not Pause.objects.exists()


def test_pause_opens_an_incident_with_an_end(sam, summit):
    form = {"client": "summit-roofing", "part": "workflow:missed-call-text-back", "until": "1h", "reason": "Wrong price in it"}
    said = text_of(sam.post("/pause/", form, follow=True))
    assert "Paused: Missed-call text-back for Summit Roofing. Everything is kept." in said
    row = Pause.objects.get()
    assert (row.client, row.workflow, row.by, row.until - row.at) == (summit, "missed-call-text-back", sam.staff, timedelta(hours=1))
    assert Incident.objects.get().reason == "Wrong price in it"
    assert "It is paused already, since 12:00 MST on Fri 20 Nov." in text_of(sam.post("/pause/", form, follow=True))
    assert "It is paused already" in text_of(sam.get("/pause/?client=summit-roofing&part=workflow:missed-call-text-back"))
    assert "Missed-call text-back for Summit Roofing is stopped since 12:00 MST by sam: Wrong price in it." in text_of(
        sam.get("/incidents/")
    )


def test_pause_of_one_lead_is_reached_by_its_id(sam, summit):
    lead = LeadFactory(client=summit, contact=ContactFactory(client=summit, name="Carla Gomez", phone="+13035550121"))
    assert "Only texts to Carla Gomez of Summit Roofing." in text_of(sam.get(f"/pause/?lead={lead.pk}"))
    sam.post("/pause/", {"lead": str(lead.pk), "reason": "She is on the phone", "until": ""})
    assert Pause.objects.get().lead == lead


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"reason": " "}, "Say why; whoever resumes it needs to know. Nothing was paused."),
        ({"client": "nobody"}, "There is no such client. Nothing was paused."),
        ({"part": "workflow:nonsense"}, "That cannot be paused by itself; choose from the list. Nothing was paused."),
        ({"part": "connection:00000000-0000-7000-8000-000000000000"}, "That cannot be paused by itself"),
        ({"lead": "x"}, "There is no such lead. Nothing was paused."),
        ({"until": "1y"}, "Choose how long from the list. Nothing was paused."),
        ({"client": "", "part": ""}, "Write “all clients” to confirm it. Nothing was paused."),
        ({"client": "", "part": "", "typed": "all"}, "Write “all clients” to confirm it. Nothing was paused."),
    ],
)
def test_what_cannot_be_paused_pauses_nothing(sam, form, says):
    response = sam.post("/pause/", {"client": "summit-roofing", "part": "", "until": "", "reason": "A test", **form})
    assert response.status_code == 400
    assert says in text_of(response)
    assert not Pause.objects.exists() and not Incident.objects.exists()


def test_all_clients_are_paused_only_when_it_is_written(sam):
    sam.post("/pause/", {"client": "", "part": "", "until": "morning", "reason": "A test", "typed": "All clients"})
    row = Pause.objects.get()
    assert (row.client, row.workflow, row.channel) == (None, "", "")
    assert row.until.isoformat() == "2026-11-21T08:00:00+00:00"


def test_a_mood_is_of_a_client_and_known(summit):
    assert mood_of(client_id=summit.pk) == "ok"
    with pytest.raises(CannotConnect, match="no mood 'sad'"):
        set_mood(client=summit, mood="sad")
    other = ClientFactory(slug="blue", name="Blue", phone="+13035550101")
    with pytest.raises(CannotConnect, match="no Twilio connection"):
        set_mood(client=other, mood="down")
    set_mood(client=summit, mood="unknown")
    message = text(summit, 121)
    sending.send(message_id=message.pk, now=clock.read())
    message.refresh_from_db()
    assert (message.status, message.attempts.get().outcome) == ("unknown", "unknown")
    due.work_off(now=clock.read() + timedelta(seconds=11))
    message.refresh_from_db()
    assert message.status == "unknown"  # its list cannot be read either
    set_mood(client=summit, mood="ok")
    due.work_off(now=clock.read() + timedelta(hours=1))
    message.refresh_from_db()
    assert (message.status, message.attempts.count()) == ("delivered", 1)
