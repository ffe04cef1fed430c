"""The record pages: evidence is only looked at, secrets are never shown, acts are POSTs that count first, lists never count a table."""

from html import unescape

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Group
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.models import Automation, Client, Contact, Event, Responder
from messaging.models import Message, Template
from providers.connections import connect
from providers.models import Delivery
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory, StaffFactory
from tests.office.rows import make_text
from tests.planning import make_try
from zartsalgo import urls  # noqa: F401  what is registered is registered with the pages
from zartsalgo.lib.ids import new_id
from zartsalgo.models import ApiToken, User
from zartsalgo.office import strip
from zartsalgo.record_admin import MOST_COUNTED, CheapPaginator, EvidenceAdmin

pytestmark = pytest.mark.django_db
OWN = {"leads", "providers", "messaging", "summaries", "workflows", "zartsalgo"}
EDITED = {"client", "template", "automation", "user"}


def our_models():
    return {model: place for model, place in admin.site._registry.items() if model._meta.app_label in OWN}


@pytest.fixture
def root(client, noon, monkeypatch):
    # The strip is read again every few seconds; its statements are none of these lists'.
    monkeypatch.setattr(strip, "_look", lambda: [])
    strip.forget()
    client.force_login(StaffFactory(is_superuser=True))
    return client


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_everything_but_configuration_is_evidence():
    editable = {model._meta.model_name for model, place in our_models().items() if not isinstance(place, EvidenceAdmin)}
    assert editable == EDITED


def test_every_list_opens_and_no_evidence_can_be_added_changed_or_deleted(root, rf):
    request = rf.get("/")
    request.user = User.objects.get(username="sam")
    for model, place in our_models().items():
        assert root.get(address(model, "changelist")).status_code == 200, model
        assert not place.has_delete_permission(request), model
        assert place.show_full_result_count is False, model
        if isinstance(place, EvidenceAdmin):
            assert root.get(address(model, "add")).status_code == 403, model
            assert not place.has_change_permission(request), model


def test_a_look_at_evidence_has_no_save_button_and_a_post_changes_nothing(root):
    contact = ContactFactory(phone="+13035550123")
    lead = LeadFactory(contact=contact, client=contact.client)
    html = root.get(address(type(lead), "change", lead.pk)).content.decode()
    assert 'name="_save"' not in html and "Delete" not in html
    assert f'href="{reverse("office:run", args=[lead.pk])}"' not in html
    assert root.post(address(type(lead), "change", lead.pk), {"source": "changed", "_save": "Save"}).status_code == 403
    lead.refresh_from_db()
    assert lead.source == "Google Ads"


def test_the_records_of_a_text_and_of_its_try_show_the_slip(root):
    message = make_text(contact=ContactFactory(phone="+13035550123"))
    slip = {"verdict": "send", "checks": [{"name": "content", "says": "12 characters."}]}
    tried = make_try(message=message, slip=slip, started_at=NOON, deadline_at=NOON)
    Message.objects.filter(pk=message.pk).update(newest_slip=tried.allowed_by)
    for row in (message, tried, tried.allowed_by):
        html = unescape(root.get(address(type(row), "change", row.pk)).content.decode())
        assert '"says": "12 characters."' in html and 'name="_save"' not in html, row
    assert "12 characters." not in root.get(address(Message, "change", make_text(contact=message.contact).pk)).content.decode()


def test_no_secret_is_on_any_page(root, noon):
    business = ClientFactory()
    way, hook = connect(client=business, provider="callrail", secret="the-signing-secret", now=NOON)
    token = hook.rstrip("/").rsplit("/", 1)[1]
    delivery = Delivery.objects.create(
        connection=way, key="k", received_at=NOON, method="POST", url="/hooks/callrail/?secretish=1", headers={"signature": "s1gned"},
        body=b"sealed", body_sha256="0" * 64, next_at=NOON,
    )  # fmt: skip
    bearer = ApiToken.objects.create(user=StaffFactory(), digest="d1g3st" + "0" * 58, prefix="zarts_ab", expires_at=NOON)
    for row in (way, delivery, bearer):
        for html in (
            root.get(address(type(row), "change", row.pk)).content.decode(),
            root.get(address(type(row), "changelist")).content.decode(),
        ):
            for secret in (token, "the-signing-secret", way.token_digest, "s1gned", "secretish", "d1g3st", "gAAAA"):
                assert secret not in html, (row, secret)


def test_a_client_is_set_up_with_hours_and_responders(root):
    empty = {
        f"{prefix}-{part}": "0"
        for prefix in ("opening_hours", "closures", "responders", "desk_holders", "automations", "answer_promise")
        for part in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    form = {"name": "Bluebird Plumbing", "slug": "bluebird-plumbing", "timezone": "America/Chicago", "phone": "+13125550100", **empty}
    wrong = root.post(address(Client, "add"), {**form, "timezone": "Chicago"}).content.decode()
    assert "is no time zone. Write an IANA name such as America/Denver." in wrong
    assert root.post(address(Client, "add"), {**form, "phone": "312"}).status_code == 200
    rita = {
        "responders-TOTAL_FORMS": "1",
        "responders-0-name": "Rita",
        "responders-0-phone": "+13125550190",
        "responders-0-order": "1",
        "responders-0-active": "on",
    }
    hours = {
        "opening_hours-TOTAL_FORMS": "1",
        "opening_hours-0-weekday": "0",
        "opening_hours-0-opens": "08:00",
        "opening_hours-0-closes": "17:00",
    }
    assert root.post(address(Client, "add"), {**form, **rita, **hours}).status_code == 302
    made = Client.objects.get(slug="bluebird-plumbing")
    assert made.created_at.date() == NOON.date() and made.opening_hours.count() == 1
    assert Responder.objects.get(client=made).name == "Rita"
    html = root.get(address(Client, "change", made.pk)).content.decode()
    assert 'name="slug"' not in html and "Who holds which desk" in html


def test_a_template_is_approved_by_an_act_that_counts_first(root, noon):
    agency = Template.objects.get(client=None, key="missed-call-text-back")
    new = {
        "key": agency.key,
        "purpose": agency.purpose,
        "client": "",
        "body": "Hi{% if name %} {{ name }}{% endif %}, {{ business }} here. Reply STOP to opt out.",
    }
    assert "This cannot be filled in" in root.post(address(Template, "add"), {**new, "body": "{{ price }}"}).content.decode()
    assert root.post(address(Template, "add"), new).status_code == 302
    draft = Template.objects.get(client=None, key=agency.key, version=agency.version + 1)
    assert draft.status == "draft"
    act = {"action": "approve", ACTION_CHECKBOX_NAME: [draft.pk]}
    asked = root.post(address(Template, "changelist"), act).content.decode()
    assert 'data-count="1"' in asked and "goes into use; the version before it is retired." in asked and "No text is sent by this." in asked
    draft.refresh_from_db()
    assert draft.status == "draft"
    done = root.post(address(Template, "changelist"), {**act, "confirmed": "yes"}, follow=True).content.decode()
    assert "version 2 is approved." in done
    draft.refresh_from_db()
    agency.refresh_from_db()
    assert (draft.status, draft.approved_by, agency.status) == ("approved", "sam", "retired")
    again = root.post(address(Template, "changelist"), {**act, "confirmed": "yes"}, follow=True).content.decode()
    assert "Nothing to do: what you chose is so already." in again
    assert 'name="_save"' not in root.get(address(Template, "change", draft.pk)).content.decode()


def test_a_get_never_acts(root):
    draft = Template.objects.create(key="x", version=1, purpose="x", body="Hi from {{ business }}")
    root.get(address(Template, "changelist"), {"action": "approve", ACTION_CHECKBOX_NAME: draft.pk, "confirmed": "yes"})
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_going_live_counts_what_waits_and_only_owners_sign(root, client):
    business = ClientFactory(send="draft")
    contact = ContactFactory(client=business, phone="+13035550123")
    row = Automation.objects.get(client=business, workflow="missed-call-text-back")
    Message.objects.create(
        id=new_id(), client=business, contact=contact, workflow=row.workflow, purpose="x", to="+13035550123", sender=business.phone,
        body="Hi", status="held", reason="needs-approval", created_at=NOON, due_at=NOON,
    )  # fmt: skip
    act = {"action": "send_alone", ACTION_CHECKBOX_NAME: [row.pk]}
    asked = root.post(address(Automation, "changelist"), act).content.decode()
    assert "1 draft waiting now: judged anew within the hour" in asked and 'data-count="1"' in asked
    root.post(address(Automation, "changelist"), {**act, "confirmed": "yes"})
    row.refresh_from_db()
    assert row.send == "auto"
    pat = StaffFactory(username="pat")
    pat.groups.add(Group.objects.get(name="staff"))
    client.force_login(pat)
    client.post(address(Automation, "changelist"), {**act, "action": "switch_off", "confirmed": "yes"})
    row.refresh_from_db()
    assert row.enabled


def test_settings_of_a_workflow_are_checked_against_its_card(root):
    row = Automation.objects.get(client=ClientFactory(), workflow="missed-call-text-back")
    page = address(Automation, "change", row.pk)
    assert "has these settings: response_minutes, reply_hours." in root.post(page, {"settings": '{"minutes": 5}'}).content.decode()
    assert "less than or equal to 1440" in root.post(page, {"settings": '{"response_minutes": 99999}'}).content.decode()
    assert root.post(page, {"settings": '{"response_minutes": 5}'}).status_code == 302
    row.refresh_from_db()
    assert row.settings == {"response_minutes": 5}


def test_an_owner_cannot_make_a_superuser_of_anybody(client, noon):
    owner = StaffFactory(username="olga")
    owner.groups.add(Group.objects.get(name="owner"))
    boss = StaffFactory(username="boss", is_superuser=True)
    client.force_login(owner)
    assert 'name="is_superuser"' not in client.get(address(User, "change", owner.pk)).content.decode()
    assert client.post(address(User, "change", boss.pk), {"username": "boss"}).status_code == 403
    assert client.get(reverse("admin:auth_user_password_change", args=[boss.pk])).status_code == 403


def test_lists_never_count_a_whole_table_and_cost_the_same_with_fifty_rows(root, django_assert_num_queries):
    business = ClientFactory()

    def grow(first, last):
        for n in range(first, last):
            contact = Contact.objects.create(client=business, name=f"Person {n}", created_at=NOON)
            LeadFactory(contact=contact, client=business)
            Event.objects.create(
                client=business, type="call.missed", source="callrail", key=f"k{n}", occurred_at=NOON, recorded_at=NOON, contact=contact
            )

    grow(0, 5)
    from leads.models import Lead

    for model in (Contact, Lead, Event):
        root.get(address(model, "changelist"))
    costs = {}
    for model in (Contact, Lead, Event):
        with CaptureQueriesContext(database) as few:
            root.get(address(model, "changelist"))
        assert not [query for query in few.captured_queries if "COUNT(" in query["sql"].upper()]
        costs[model] = len(few)
    grow(5, 50)
    for model in (Contact, Lead, Event):
        with django_assert_num_queries(costs[model]):
            root.get(address(model, "changelist"))


def test_the_paginator_stops_counting(noon):
    business = ClientFactory()
    Contact.objects.bulk_create([Contact(id=new_id(), client=business, created_at=NOON) for _ in range(MOST_COUNTED + 5)])
    assert CheapPaginator(Contact.objects.order_by("pk"), 50).count == MOST_COUNTED
