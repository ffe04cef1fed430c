"""The pages about words: a draft is never lost, refused words are not approved, and the preview is one of the newest leads, escaped."""

import pytest
from django.urls import reverse

from messaging import approving
from messaging.models import Message, Template
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory, StaffFactory

GOOD = "Hi{% if name != '' %} {{ name }}{% endif %}, this is {{ business }}. Reply STOP to opt out."
FIELDS = {"purpose": "lead-reply", "channel": "sms", "opt_out_line": "", "response_minutes": "", "escalate_to": "", "source": ""}


@pytest.fixture
def staff(client, noon):
    client.force_login(StaffFactory())
    return client


@pytest.fixture
def draft(noon):
    return approving.write_draft(client=ClientFactory(), key="hello", written={"purpose": "lead-reply", "body": GOOD}, by="Dana", now=NOON)


def page(name, *args):
    return reverse(f"office:{name}", args=args)


def test_writing_looking_and_keeping(staff):
    summit = ClientFactory()
    new = {**FIELDS, "client": summit.slug, "key": "hello", "body": "Hi {{ price }}"}
    looked = staff.post(page("template_new"), {**new, "act": "look"})
    assert "Line 1: nobody knows <code>{{ price }}</code>." in looked.content.decode() and not Template.objects.filter(key="hello").exists()
    assert "Hi {{ price }}</textarea>" in looked.content.decode()
    kept = staff.post(page("template_new"), {**new, "act": "save"}, follow=True).content.decode()
    row = Template.objects.get(key="hello")
    assert (row.client, row.version, row.status, row.body, row.written_by) == (summit, 1, "draft", "Hi {{ price }}", "sam")
    assert (
        "Line 1: nobody knows <code>{{ price }}</code>." in kept
        and "It cannot be approved" in kept
        and page("template_approve", row.pk) not in kept
    )
    again = staff.post(page("template_edit", row.pk), {**FIELDS, "body": GOOD, "response_minutes": "30", "act": "save"}, follow=True)
    row.refresh_from_db()
    assert (row.body, row.response_minutes) == (GOOD, 30) and "Nothing speaks against it" in again.content.decode()


@pytest.mark.parametrize(
    "change, words", [({"body": " "}, "required"), ({"response_minutes": "0"}, "Between 1 minute"), ({"key": "a b"}, "valid")]
)
def test_a_form_that_does_not_fit_comes_back_with_what_was_written(staff, change, words):
    form = {**FIELDS, "key": "hello", "body": "My own words", "act": "save", **change}
    answer = staff.post(page("template_new"), form)
    assert answer.status_code == 400 and words in answer.content.decode() and form["body"].strip() in answer.content.decode()
    assert not Template.objects.filter(key="hello").exists()


def test_the_next_version_starts_with_the_words_of_this_one(staff, draft):
    agency = Template.objects.get(client=None, key="missed-call-text-back")
    started = staff.get(page("template_new"), {"from": agency.pk}).content.decode()
    assert "Sorry we missed your call" in started and 'name="key"' not in started
    staff.post(page("template_new") + f"?from={agency.pk}", {**FIELDS, "purpose": agency.purpose, "body": GOOD, "act": "save"})
    made = Template.objects.get(client=None, key=agency.key, version=2)
    assert (made.status, made.body, made.purpose) == ("draft", GOOD, agency.purpose)


def test_only_who_may_approves_and_only_what_was_seen(client, draft):
    client.force_login(StaffFactory())
    assert client.post(page("template_approve", draft.pk)).status_code == 403
    client.force_login(StaffFactory(username="ann", group="approver"))
    asked = client.get(page("template_approve", draft.pk)).content.decode()
    assert "No text is sent by this." in asked and approving.seal_of(template=draft) in asked
    stale = client.post(page("template_approve", draft.pk), {"seal": "old"}, follow=True).content.decode()
    assert "Dana changed it since you looked" in stale
    assert "Not approved" in client.post(page("template_approve", draft.pk), follow=True).content.decode()
    draft.refresh_from_db()
    assert draft.status == "draft"
    client.post(page("template_approve", draft.pk), {"seal": approving.seal_of(template=draft)})
    draft.refresh_from_db()
    assert (draft.status, draft.approved_by, Message.objects.count()) == ("approved", "ann", 0)
    assert "Nothing was done twice." in client.get(page("template_approve", draft.pk), follow=True).content.decode()
    assert "never changed" in client.post(page("template_edit", draft.pk), {**FIELDS, "body": "x"}, follow=True).content.decode()
    assert "stays as evidence" in client.post(page("template_discard", draft.pk), follow=True).content.decode()
    assert Template.objects.get(pk=draft.pk).body == GOOD


def test_refused_words_have_no_way_to_be_approved(client, draft):
    approving.change_draft(template=draft, written={"body": "Hi {% if name %}"}, by="Dana", now=NOON)
    client.force_login(StaffFactory(group="approver"))
    asked = client.get(page("template_approve", draft.pk)).content.decode()
    assert "is missing: something was opened and never closed" in asked and 'name="seal"' not in asked
    draft.refresh_from_db()
    told = client.post(page("template_approve", draft.pk), {"seal": approving.seal_of(template=draft)}, follow=True).content.decode()
    assert "Not approved" in told and Template.objects.get(pk=draft.pk).status == "draft"


def test_the_preview_is_a_lead_of_its_client_escaped(staff, draft):
    draft.client.name = "<i>Summit</i> Roofing"
    draft.client.save(update_fields=["name"])
    LeadFactory(client=draft.client, contact=ContactFactory(client=draft.client, name="Eve Ávila"))
    other = ClientFactory(slug="bluebird-plumbing", name="Bluebird Plumbing")
    LeadFactory(client=other, contact=ContactFactory(client=other, name="Otto Other"))
    html = staff.get(page("template", draft.pk)).content.decode()
    assert "Hi Eve, this is &lt;i&gt;Summit&lt;/i&gt; Roofing." in html and "<i>Summit" not in html and "Otto" not in html
    assert 'data-parts="1" data-encoding="GSM-7"' in html
    nameless = staff.get(page("template", draft.pk), {"lead": "none"}).content.decode()
    assert "Hi, this is &lt;i&gt;Summit&lt;/i&gt; Roofing." in nameless
    approving.change_draft(template=draft, written={"body": f"{GOOD} Até"}, by="Dana", now=NOON)
    assert 'data-encoding="GSM-7"' in staff.get(page("template", draft.pk)).content.decode()
    approving.change_draft(template=draft, written={"body": f"{GOOD} Está"}, by="Dana", now=NOON)
    odd = staff.get(page("template", draft.pk)).content.decode()
    assert 'data-encoding="UCS-2"' in odd and "“á” (latin small letter a with acute, character" in odd
    approving.change_draft(template=draft, written={"body": "Hi {{ name }}"}, by="Dana", now=NOON)
    assert (
        "No text to somebody whose name is not known: Line 1: <code>{{ name }}</code> would be empty."
        in staff.get(page("template", draft.pk), {"lead": "none"}).content.decode()
    )


def test_a_draft_is_thrown_away_after_being_asked(staff, draft):
    assert "There is no way back." in staff.get(page("template_discard", draft.pk)).content.decode()
    assert Template.objects.filter(pk=draft.pk).exists()
    staff.post(page("template_discard", draft.pk))
    assert not Template.objects.filter(pk=draft.pk).exists()


def test_the_list_says_what_is_in_use_and_filters(staff, draft):
    live = staff.get(page("templates")).content.decode()
    assert "Answer to a missed call: all clients" in live and "hello" not in live
    drafts = staff.get(page("templates"), {"state": "draft", "client": "summit-roofing"}).content.decode()
    assert "Answer to a form or a message: Summit Roofing" in drafts
    assert "No earlier versions." in staff.get(page("templates"), {"state": "retired"}).content.decode()
    assert staff.get(page("templates"), {"state": "zzz", "page": "-1", "client": "x'"}).status_code == 200


@pytest.mark.parametrize("amount", [5, 50])
def test_the_list_asks_the_same_number_of_questions(staff, amount, django_assert_max_num_queries):
    summit = ClientFactory()
    Template.objects.bulk_create(
        Template(client=summit, key=f"k{n}", version=1, purpose="x", body=GOOD, plain_body=GOOD, status="approved", approved_by="Sam")
        for n in range(amount)
    )
    with django_assert_max_num_queries(13):
        html = staff.get(page("templates")).content.decode()
    assert html.count("data-item") == min(amount + 3, 50) and ("Older" in html) == (amount == 50)
    if amount == 50:
        assert staff.get(page("templates"), {"page": 2}).content.decode().count("data-item") == 3


def test_addresses_that_lead_nowhere(staff):
    assert staff.get(page("template", 999999)).status_code == 404
    assert staff.get(page("template_new"), {"from": "999999"}).status_code == 404
    assert staff.get(page("template_new"), {"from": "x"}).status_code == 200
