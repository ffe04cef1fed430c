"""What we say in your name: every live text as it reads, and what a business says of exactly these words."""

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from leads.models import Automation, Task
from messaging import approving, purposes, templates
from messaging.models import Template
from portal import texts
from portal.content import reading
from portal.models import TextWord
from tests.factories import NOON
from tests.office.rows import sign_in as staff
from tests.portal.rows import signed_in
from workflows.models import WorkflowVersion
from zartsalgo.lib import clock
from zartsalgo.office import portal_texts
from zartsalgo.office.management.commands.ticker import Command as Ticker
from zartsalgo.office.tasks import take_portal_text

KEY = "missed-call-text-back"
PAGE = "/portal/texts/"
OWN = "Hello{% if name != '' %} {{ name }}{% endif %}, {{ business }} here. We call you back within {{ reply_within }}."


def write(client, *, body=OWN, key=KEY, approve=True, **more):
    """The business's own words, in use or as a draft."""
    written = {
        "purpose": KEY,
        "body": body,
        "opt_out_line": "Reply STOP to opt out.",
        "response_minutes": 30,
        "source": "Rita said so on the phone",
    }
    row = approving.write_draft(client=client, key=key, written={**written, **more}, by="Dana", now=NOON)
    if approve:
        approving.approve_template(template=row, by="Dana", now=NOON)
        row.refresh_from_db()
    return row


def seal(browser):
    return re.search(r'name="seal" value="([0-9a-f]{64})"', browser.get(PAGE).content.decode()).group(1)


def say(browser, what, *, words="", key=KEY, given=None):
    return browser.post(f"{PAGE}{key}/{what}/", {"words": words, "seal": seal(browser) if given is None else given})


def shown(browser):
    return " ".join(re.sub(r"<[^>]+>", " ", browser.get(PAGE).content.decode()).split())


def read(client):
    with reading(client_id=client.pk) as content:
        return content.texts()


def test_the_agencys_words_until_there_are_own_ones(rita, ours, theirs, noon):
    (text,) = read(ours)
    assert (text.version, text.body) == (
        1,
        "Hi [their first name], this is Summit Roofing. Sorry we missed your call. How can we help? "
        "Reply here and a person will answer. Reply STOP to opt out.",
    )
    write(ours, approve=False)
    write(theirs, key="gutters")  # live, yet no workflow sends it
    assert [one.body for one in read(ours)] == [text.body]
    first = write(ours)
    Template.objects.filter(client=ours, status="draft").delete()
    (own,) = read(ours)
    assert own.body == "Hello [their first name], Summit Roofing here. We call you back within 30 minutes."
    assert (own.version, own.opt_out_line, own.channel, own.purpose, own.since) == (
        first.version,
        "Reply STOP to opt out.",
        "sms",
        KEY,
        NOON,
    )
    assert [one.version for one in read(theirs)] == [1] and "Bluebird" in read(theirs)[0].body
    page = shown(rita)
    for said in (
        "What we say in your name",
        "Answer to a missed call",
        "Sent once to somebody who called you when nobody could pick up.",
        "Text message · version 2, in use since 20 Nov 2026",
        own.body,
    ):
        assert said in page, said
    assert "Rita said so on the phone" not in page and "{{" not in page and "{%" not in page


def test_an_email_shows_its_subject(rita, ours, noon):
    write(
        ours,
        channel="email",
        subject="{{ business }} missed your call",
        body="Dear{% if name %} {{ name }}{% endif %},\n\nthis is {{ business }}.",
    )
    (text,) = read(ours)
    assert (text.subject, text.body) == ("Summit Roofing missed your call", "Dear [their first name],\n\nthis is Summit Roofing.")
    assert "Email · version 1" in shown(rita)


def test_nothing_that_no_enabled_workflow_sends(rita, ours):
    Automation.objects.filter(client=ours, workflow=KEY).update(enabled=False)
    assert read(ours) == [] and "No text goes out in your name by itself yet." in shown(rita)
    assert say(rita, "fine", given="0" * 64).status_code == 404 and not TextWord.objects.exists()


def test_fine_is_kept_with_who_when_and_which_words(rita, ours, rings, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert say(rita, "fine").headers["Location"] == f"{PAGE}#text-{KEY}"
    word = TextWord.objects.get()
    template = Template.objects.get(client=None, key=KEY)
    assert (word.client, word.key, word.version, word.said, word.by) == (ours, KEY, 1, "fine", "Rita")
    assert word.sha256 == portal_texts.sha256_of(template=template, client=ours)  # the view and the office reckon alike
    assert rings == [("office.take_portal_text", str(word.pk))]
    take_portal_text(str(word.pk))
    take_portal_text(str(word.pk))
    assert not Task.objects.exists()
    page = shown(rita)
    assert "You said: these words are fine" in page and "Said by Rita" in page and "Take it back" in page
    say(rita, "fine")
    assert TextWord.objects.get().revision == 1


@pytest.mark.parametrize("change", ["body", "opt_out_line", "name", "hidden"])
def test_one_changed_byte_loses_it(rita, ours, noon, change):
    write(ours)
    say(rita, "fine")
    if change == "name":
        ours.name = "Summit Roofing."
        ours.save(update_fields=["name"])
    elif change == "hidden":  # reads the same to the business; goes out otherwise to somebody whose name is not known
        write(ours, body=OWN.replace("{% endif %}", "{% else %} you{% endif %}"))
    else:
        changed = {"body": OWN.replace("call you", "call You"), "opt_out_line": "Reply STOP to opt out!"}
        write(ours, **{change: changed[change]})
    page = shown(rita)
    assert "You said: these words are fine" not in page and "These words are fine" in page
    assert "Rita called earlier words fine" in page
    live = Template.objects.get(client=ours, status="approved")
    assert portal_texts.opinions(template=live).said == [] and portal_texts.opinions(template=live).silent == 1


def test_words_that_changed_since_the_page_was_opened_are_not_called_fine(rita, ours, noon):
    old = seal(rita)
    write(ours)
    answer = say(rita, "fine", given=old)
    assert answer.status_code == 409 and "We changed these words since you opened the page" in answer.content.decode()
    answer = say(rita, "change", words="Say hello", given=old)
    assert answer.status_code == 409 and "Say hello</textarea>" in answer.content.decode() and not TextWord.objects.exists()


def test_a_change_becomes_a_task_and_fine_drops_it(rita, ours):
    assert say(rita, "change", words="We never say sorry.").status_code == 302
    assert portal_texts.work_off(now=clock.read()) == 1 and portal_texts.work_off(now=clock.read()) == 0
    task = Task.objects.get()
    assert (task.desk, task.kind, task.lead, task.status) == ("client-success", "look-into", None, "open")
    assert task.title == "Summit Roofing asks to change a text: Answer to a missed call"
    assert task.reason == "Rita, Summit Roofing wrote: We never say sorry."
    assert task.due_at - task.created_at == timedelta(hours=24)
    page = shown(rita)
    assert "You asked for a change “We never say sorry.”" in page and "A person answers within 24 hours" in page
    say(rita, "fine")
    portal_texts.work_off(now=clock.read())
    task.refresh_from_db()
    assert (task.status, task.outcome) == ("dropped", "They say the words are fine")


def test_taken_back_within_ten_minutes_and_not_after(rita, ours):
    say(rita, "change", words="Shorter, please.")
    portal_texts.work_off(now=clock.read())
    assert say(rita, "take-back").status_code == 302
    portal_texts.work_off(now=clock.read())
    assert Task.objects.get().outcome == "They took it back" and "You asked" not in shown(rita)
    say(rita, "fine")
    TextWord.objects.update(said_at=clock.read() - timedelta(minutes=10))
    assert "Take it back" not in shown(rita)
    answer = say(rita, "take-back", given="")
    assert answer.status_code == 409 and "more than ten minutes ago" in answer.content.decode()
    assert TextWord.objects.get().said == "fine"


def test_no_words_no_change(rita):
    answer = say(rita, "change", words="  ")
    assert answer.status_code == 400 and "Write a few words on what to change." in answer.content.decode()
    assert 'aria-invalid="true"' in answer.content.decode() and not TextWord.objects.exists()
    with pytest.raises(texts.NothingSaid):
        texts.say(client_id=1, text=None, sha256="", said="maybe", by="Rita", now=NOON)


def test_texts_of_others_are_not_there(rita, ours, theirs, noon):
    Automation.objects.filter(client=ours, workflow=KEY).update(enabled=False)
    tom = signed_in(client=theirs, email="tom@example.com", name="Tom")
    write(theirs)
    theirs_seal = seal(tom)
    for act in ("fine", "change", "take-back"):
        assert say(rita, act, words="x", given=theirs_seal).status_code == 404
    assert say(tom, "fine").status_code == 302
    assert TextWord.objects.get().client == theirs and "Bluebird" not in shown(rita)


def test_the_same_agency_words_are_answered_by_each_business_for_itself(rita, ours, theirs):
    tom = signed_in(client=theirs, email="tom@example.com", name="Tom")
    assert seal(rita) != seal(tom)  # the name in them is another
    say(rita, "fine")
    assert "You said" not in shown(tom) and "Rita" not in shown(tom)
    assert say(tom, "fine", given=seal(rita)).status_code == 409


def test_staff_who_look_cannot_speak_for_the_business(ours):
    client = staff()
    assert client.post(f"/clients/{ours.slug}/portal/").status_code == 302
    page = client.get(PAGE).content.decode()
    assert "for the business alone" in page and "<form" not in page
    assert client.post(f"{PAGE}{KEY}/fine/", {"seal": "x"}).status_code == 403 and not TextWord.objects.exists()


def test_forms_need_their_token(ours):
    assert say(signed_in(client=ours, enforce_csrf_checks=True), "fine").status_code == 403 and not TextWord.objects.exists()


def test_the_ticker_finds_what_nobody_took(rita, rings):
    say(rita, "change", words="Shorter")
    TextWord.objects.update(said_at=clock.read() - timedelta(seconds=5))
    rings.clear()
    ticker = Ticker()
    for _ in range(4):
        ticker.see_to_portal(now=clock.read(), grace=timedelta(seconds=2), own_hands=False)
    assert rings == [("office.take_portal_text", str(TextWord.objects.get().pk))] * 3 and Task.objects.count() == 1


def test_the_office_reads_what_the_client_says(rita, ours, theirs, noon):
    client = staff()

    def page(row):
        return " ".join(re.sub(r"<[^>]+>", " ", client.get(f"/templates/{row.pk}/").content.decode()).split())

    agency = Template.objects.get(client=None, key=KEY)
    assert "2 clients who send it have not looked at it." in page(agency)
    say(rita, "fine")
    assert "Summit Roofing : approved by the client: Rita, " in page(agency) and "1 more client who sends it has not looked at it." in page(
        agency
    )
    own = write(ours)
    assert "Not looked at by the client." in page(own) and "Rita" not in page(agency)
    say(rita, "change", words="No <b>bold</b> promises")
    assert "asks for a change: “No &lt;b&gt;bold&lt;/b&gt; promises” Rita, " in page(own)
    draft = write(ours, approve=False)
    assert "What the client" not in page(draft)


def test_every_purpose_has_its_sentence():
    for one in purposes.every():
        assert (texts.heading_of(purpose=one.key), texts.when_of(purpose=one.key)) == (one.heading, one.when) and one.when.endswith(".")
    assert (
        texts.heading_of(purpose="storm-check") == "Storm check"
        and texts.when_of(purpose="storm-check") == "Ask us when exactly it is sent."
    )


def test_how_it_reads_is_kept_with_what_is_published(ours, noon):
    row = write(ours)
    assert row.plain_body == "Hello [their first name], [your business] here. We call you back within 30 minutes."
    assert templates.render(template=row, values={"name": "Carla", "business": ours.name}).startswith("Hello Carla, Summit Roofing here.")
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        Template.objects.filter(pk=row.pk).update(plain_body="Something else")
    with pytest.raises(IntegrityError), transaction.atomic():
        Template.objects.bulk_create([Template(key="x", version=1, purpose="x", body="x", status="approved", approved_by="us")])


def test_the_database_refuses_what_nobody_can_say(ours):
    row = {"client": ours, "key": KEY, "version": 1, "sha256": "0" * 64, "by": "Rita", "said_at": NOON}
    for wrong in ({"said": "change"}, {"said": "fine", "words": "x"}, {"said": "maybe"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            TextWord.objects.create(**row, **wrong)
    TextWord.objects.create(**row, said="fine")
    with pytest.raises(IntegrityError), transaction.atomic():
        TextWord.objects.create(**row, said="fine")


def test_a_page_of_many_texts_needs_no_more_statements(rita, ours, noon, django_assert_max_num_queries):
    definition = {"steps": [{"key": f"s{n}", "kind": "message", "params": {"template": f"text-{n}"}} for n in range(20)]}
    WorkflowVersion.objects.create(key=KEY, version=99, definition=definition, sha256="1" * 64, published_at=NOON)
    for n in range(20):
        write(ours, key=f"text-{n}")
    with django_assert_max_num_queries(11):
        assert shown(rita).count("Please change this") == 20
