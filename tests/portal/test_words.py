"""What a business says about a story: written down once, taken over once, changed and taken back within ten minutes."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from leads.actions import create_task
from leads.models import Event, Lead, StageChange, Task
from portal import words
from portal.models import Word
from tests.factories import NOON
from tests.portal.rows import make_lead, make_story, signed_in
from zartsalgo.lib import clock
from zartsalgo.office import portal_outcomes
from zartsalgo.office.management.commands.ticker import Command as Ticker
from zartsalgo.office.tasks import take_portal_word


@pytest.fixture
def lead(ours, noon):
    return make_lead(client=ours)


@pytest.fixture
def story(ours, lead):
    return make_story(client=ours, lead=lead)


def say(browser, story, said, kind="outcome"):
    path = {"outcome": "outcome", "dispute": "not-right"}[kind]
    return browser.post(f"/portal/stories/{story.pk}/{path}/", {"said": said, "words": said})


def events(lead):
    return list(Event.objects.filter(lead=lead, source="office").order_by("recorded_at", "id").values_list("type", "facts"))


def test_booked_becomes_an_event_and_the_page_says_thank_you(rita, ours, lead, story, rings, django_capture_on_commit_callbacks):
    call = create_task(
        client=ours, lead=lead, desk="sales-ops", kind="call-back", title="Call", reason="Missed", cause="x", due_at=NOON, now=NOON
    )
    with django_capture_on_commit_callbacks(execute=True):
        answer = say(rita, story, "booked")
    assert answer.headers["Location"] == f"/portal/stories/{story.pk}/"
    word = Word.objects.get()
    assert rings == [("office.take_portal_word", str(word.pk))]
    take_portal_word(str(word.pk))
    take_portal_word(str(word.pk))
    assert events(lead) == [("outcome.reported", {"outcome": "booked", "reported_by": "Rita, Summit Roofing"})]
    lead.refresh_from_db()
    call.refresh_from_db()
    assert (lead.stage, lead.outcome_reported_by, call.status) == ("booked", "Rita, Summit Roofing", "done")
    Lead.objects.filter(pk=lead.pk).update(stage="done")  # somebody went on from there; a ring that comes late must not undo it
    assert not portal_outcomes.take(word_id=word.pk, now=clock.read()) and Lead.objects.get(pk=lead.pk).stage == "done"
    page = rita.get(f"/portal/stories/{story.pk}/").content.decode()
    assert "Thank you. You said: <strong>Booked</strong>" in page and "Take it back" in page
    assert "You said: Booked" in rita.get("/portal/stories/").content.decode()


def test_the_same_again_changes_nothing_and_a_change_is_told_once(rita, lead, story):
    say(rita, story, "booked")
    say(rita, story, "booked")
    portal_outcomes.work_off(now=clock.read())
    say(rita, story, "done")
    assert portal_outcomes.work_off(now=clock.read()) == 1 and portal_outcomes.work_off(now=clock.read()) == 0
    assert [facts["outcome"] for _, facts in events(lead)] == ["booked", "done"]
    assert Word.objects.get().revision == 2 and Lead.objects.get(pk=lead.pk).stage == "done"


def test_taken_back_everything_stands_as_before(rita, ours, lead, story):
    call = create_task(
        client=ours, lead=lead, desk="sales-ops", kind="call-back", title="Call", reason="Missed", cause="x", due_at=NOON, now=NOON
    )
    say(rita, story, "not-booked")
    portal_outcomes.work_off(now=clock.read())
    assert rita.post(f"/portal/stories/{story.pk}/take-back/", {"kind": "outcome"}).status_code == 302
    portal_outcomes.work_off(now=clock.read())
    lead.refresh_from_db()
    call.refresh_from_db()
    assert (lead.stage, lead.outcome_reported_by, call.status, call.closed_at) == ("new", "", "open", None)
    assert [kind for kind, _ in events(lead)] == ["outcome.reported", "outcome.withdrawn"]
    assert [(change.old, change.new) for change in StageChange.objects.filter(lead=lead).order_by("pk")] == [
        ("new", "lost"),
        ("lost", "new"),
    ]
    page = rita.get(f"/portal/stories/{story.pk}/").content.decode()
    assert "What came of it?" in page and "Take it back" not in page


def test_what_others_did_meanwhile_is_not_undone(rita, lead, story):
    say(rita, story, "booked")
    portal_outcomes.work_off(now=clock.read())
    Lead.objects.filter(pk=lead.pk).update(stage="done", outcome_reported_by="Sam")
    rita.post(f"/portal/stories/{story.pk}/take-back/", {"kind": "outcome"})
    portal_outcomes.work_off(now=clock.read())
    lead.refresh_from_db()
    assert (lead.stage, lead.outcome_reported_by) == ("done", "Sam")


def test_said_and_taken_back_before_anybody_heard_leaves_the_lead_alone(rita, lead, story):
    say(rita, story, "wrong")
    rita.post(f"/portal/stories/{story.pk}/take-back/", {"kind": "outcome"})
    assert portal_outcomes.work_off(now=clock.read()) == 1
    lead.refresh_from_db()
    assert lead.stage == "new" and not StageChange.objects.filter(lead=lead).exists()


def test_after_ten_minutes_it_is_not_taken_back(rita, story):
    say(rita, story, "booked")
    Word.objects.update(said_at=clock.read() - timedelta(minutes=10))
    page = rita.get(f"/portal/stories/{story.pk}/").content.decode()
    assert "Take it back" not in page and "You said: Booked" in page
    answer = rita.post(f"/portal/stories/{story.pk}/take-back/", {"kind": "outcome"})
    assert answer.status_code == 409 and "more than ten minutes ago" in answer.content.decode()
    assert Word.objects.get().said == "booked"


def test_not_right_becomes_a_task_for_client_success(rita, lead, story):
    assert say(rita, story, "We never sent anybody there.", kind="dispute").status_code == 302
    portal_outcomes.work_off(now=clock.read())
    task = Task.objects.get(kind="look-into")
    assert (task.desk, task.lead_id, task.status) == ("client-success", lead.pk, "open")
    assert task.reason == "Rita, Summit Roofing wrote: We never sent anybody there."
    assert task.due_at - task.created_at == timedelta(hours=4)
    page = rita.get(f"/portal/stories/{story.pk}/").content.decode()
    assert "A person looks into it within 4 hours" in page and "We never sent anybody there." in page
    rita.post(f"/portal/stories/{story.pk}/take-back/", {"kind": "dispute"})
    portal_outcomes.work_off(now=clock.read())
    task.refresh_from_db()
    assert task.status == "dropped" and Lead.objects.get(pk=lead.pk).stage == "new"


@pytest.mark.parametrize(("kind", "said"), [("outcome", "sold"), ("outcome", ""), ("dispute", "  ")])
def test_what_is_not_offered_changes_nothing(rita, story, kind, said):
    answer = say(rita, story, said, kind=kind)
    assert answer.status_code == 400 and 'role="alert"' in answer.content.decode()
    assert not Word.objects.exists()


def test_two_people_of_a_business_speak_about_one_story(rita, ours, lead, story):
    tom = signed_in(client=ours, email="tom@example.com", name="")
    say(rita, story, "booked")
    say(tom, story, "done")
    portal_outcomes.work_off(now=clock.read())
    assert Word.objects.get().by == "tom@example.com"
    assert [facts["reported_by"] for _, facts in events(lead)] == ["tom@example.com, Summit Roofing"]


def test_a_story_of_another_business_cannot_be_spoken_about(ours, theirs, story):
    """Even past the page: the row's client must be the story's own."""
    word = words.say(client_id=theirs.pk, proof_id=story.pk, kind="outcome", said="wrong", by="Eve", now=NOON)
    assert portal_outcomes.take(word_id=word.pk, now=NOON)
    assert Lead.objects.get(pk=story.lead_id).stage == "new" and not Event.objects.filter(type="outcome.reported").exists()


def test_the_ticker_finds_what_nobody_took(rita, lead, story, monkeypatch, rings):
    say(rita, story, "booked")
    Word.objects.update(said_at=clock.read() - timedelta(seconds=5))
    rings.clear()
    ticker = Ticker()
    for _ in range(3):
        ticker.see_to_portal(now=clock.read(), grace=timedelta(seconds=2), own_hands=False)
    assert rings == [("office.take_portal_word", str(Word.objects.get().pk))] * 3 and events(lead) == []
    ticker.see_to_portal(now=clock.read(), grace=timedelta(seconds=2), own_hands=False)
    assert [kind for kind, _ in events(lead)] == ["outcome.reported"]


def test_forms_need_their_token(ours, story):
    browser = signed_in(client=ours, enforce_csrf_checks=True)
    assert say(browser, story, "booked").status_code == 403 and not Word.objects.exists()


def test_the_command_invites_lists_and_removes(ours, capsys):
    call_command("portal", "invite", "Rita@Example.com", "--client", ours.slug, "--name", "Rita", "--json")
    call_command("portal", "list", "--json")
    call_command("portal", "remove", "rita@example.com", "--client", ours.slug)
    out = capsys.readouterr().out
    assert '"email": "rita@example.com"' in out and '"sign_in": "http://127.0.0.1:8000/portal/sign-in/"' in out
    call_command("portal", "list")
    assert "Nobody has been invited." in capsys.readouterr().out
    for arguments in (
        ["invite", "nonsense", "--client", ours.slug],
        ["invite", "a@example.com", "--client", "x"],
        ["invite", "a@example.com"],
    ):
        with pytest.raises(Exception, match="no e-mail address|no client|Say whom"):
            call_command("portal", *arguments)
