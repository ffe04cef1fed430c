"""A canary in every private column of every table the factories reach; then every page of the portal is read as two businesses.

Nothing of it may appear, raw or encoded, nor anything of the other business, nor a word that only a program would write.
"""

import base64
import re
import uuid
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.apps import apps
from django.db import connection, models

from leads.models import Consent, Event, Note, StageChange
from messaging.models import Handover
from portal.models import Word
from providers.connections import connect
from summaries.models import Proof, Report, Summary
from tests.browser.looking import raw_words
from tests.factories import NOON, ContactFactory, LeadFactory, ResponderFactory, StaffFactory
from tests.office.rows import make_poison, make_run, make_task, make_text
from tests.portal.rows import CONTENT, make_report, make_story, signed_in

pytestmark = pytest.mark.django_db
# What a business may read of itself and of what was approved for it.
SHOWN = {
    ("leads_client", "name"), ("leads_client", "timezone"),
    ("summaries_proof", "text"), ("summaries_proof", "service"), ("summaries_proof", "source"), ("summaries_proof", "approved_by"),
    ("summaries_proof", "kind"), ("summaries_report", "published_by"), ("summaries_report", "content"),
    ("portal_member", "email"), ("portal_member", "name"), ("portal_word", "words"), ("portal_word", "by"),
    ("messaging_template", "key"), ("messaging_template", "purpose"), ("messaging_template", "opt_out_line"),
    ("messaging_template", "plain_subject"), ("messaging_template", "plain_body"), ("portal_textword", "words"), ("portal_textword", "by"),
    # Not shown: which texts a workflow sends is read from it.
    ("workflows_workflowversion", "key"), ("workflows_workflowversion", "definition"), ("leads_automation", "workflow"),
}  # fmt: skip


def canary(table: str, column: str) -> str:
    """A word of its own for a column, short enough for most of them."""
    return f"zq{uuid.uuid5(uuid.NAMESPACE_URL, f'{table}.{column}').hex[:10]}"


def furnish(client, *, number):
    """One of everything around a client, by the factories; a story and a report that may be seen, and ones that may not."""
    phone = f"+1303555011{number}"
    contact = ContactFactory(client=client, name="Carla Gomez", phone=phone)
    lead = LeadFactory(client=client, contact=contact, service="Roof", next_action="Call back")
    sam = StaffFactory()
    ResponderFactory(client=client, phone=f"+1303555019{number}")
    Note.objects.create(lead=lead, author=sam, text="Private note", created_at=NOON)
    make_task(client=client, lead=lead, contact=contact)
    text = make_text(contact=contact, lead=lead, to=phone)
    make_run(contact=contact, lead=lead)
    make_poison(client=client)
    Consent.objects.create(**_required(Consent, client=client, contact=contact, at=NOON))
    Handover.objects.create(**_required(Handover, client=client, lead=lead, at=NOON))
    StageChange.objects.create(lead=lead, old="new", new="engaged", by="Sam", at=NOON)
    connect(client=client, provider="callrail", secret="a secret of the provider", now=NOON)
    story = make_story(client=client, lead=lead)
    make_story(client=client, lead=lead, text="Withdrawn.", withdrawn_at=NOON, withdrawn_by="Dana", withdrawn_reason="Not theirs")
    Summary.objects.create(
        client=client,
        lead=lead,
        cause_event=Event.objects.filter(client=client).first(),
        kind="form",
        status="draft",
        claims=[{"text": "A claim"}],
        internal_text="Internal",
        client_text="A draft",
        sources_until=NOON,
        created_at=NOON,
    )
    report = make_report(client=client, counted={"booked": [str(lead.pk)]})
    make_report(client=client, month=9, status="draft")
    return story, report, text


def _required(model, *, at, **given):
    """Values for every column that needs one, so that a model may grow without this test."""
    values = dict(given)
    for field in model._meta.concrete_fields:
        if field.name in values or field.primary_key or field.null or field.has_default() or field.auto_created:
            continue
        if isinstance(field, models.DateTimeField):
            values[field.name] = at + timedelta(days=3)
        elif isinstance(field, models.CharField | models.TextField):
            values[field.name] = field.choices[0][0] if field.choices else ("" if field.blank else "x")
        elif isinstance(field, models.IntegerField):
            values[field.name] = 1
        elif isinstance(field, models.JSONField):
            values[field.name] = {}
    return values


def poison_private_columns():
    """Put the canary into every text and JSON column of every table of ours that is not shown. Triggers and checks are off for it."""
    planted = {}
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        for model in apps.get_models():
            table = model._meta.db_table
            if table.startswith(("django_", "auth_")):
                continue
            cursor.execute(f'select count(*) from "{table}"')
            if not cursor.fetchone()[0]:
                continue
            cursor.execute(f'alter table "{table}" disable trigger user')
            for field in model._meta.concrete_fields:
                place = (table, field.column)
                if place in SHOWN or field.primary_key or field.is_relation or field.choices or field.unique:
                    continue
                word = canary(*place)
                if isinstance(field, models.JSONField):
                    change = f"""'{{"{word}": ["{word}"]}}'::jsonb"""
                elif isinstance(field, models.BinaryField):
                    change = f"convert_to('{word}', 'UTF8')"
                elif isinstance(field, models.TextField) or (isinstance(field, models.CharField) and (field.max_length or 0) >= 12):
                    change = f"'{word}'"
                else:
                    continue
                cursor.execute("savepoint planting")
                try:
                    cursor.execute(f'update "{table}" set "{field.column}" = {change}')
                except Exception:  # a constraint of the column says no; it stays as the factories made it
                    cursor.execute("rollback to savepoint planting")
                else:
                    planted[place] = word
            cursor.execute(f'alter table "{table}" enable trigger user')
    return planted


def crawl(browser):
    """Every page that links lead to, and the bodies."""
    todo, seen = ["/portal/"], {}
    while todo:
        path = todo.pop()
        if path in seen or not path.startswith("/portal/"):
            continue
        answer = browser.get(path)
        seen[path] = answer.content.decode()
        assert answer.status_code == 200, path
        for href in re.findall(r'href="([^"]+)"', seen[path]):
            todo.append(href if not href.startswith("?") else path.split("?")[0] + href)
    return seen


def encodings(word):
    return (word, quote(word), base64.b64encode(word.encode()).decode().rstrip("="), word[::-1])


def test_no_canary_no_stranger_and_no_raw_word_on_any_page(ours, theirs):
    story, report, _ = furnish(ours, number=1)
    stranger, other_report, _ = furnish(theirs, number=2)
    Word.objects.create(client=ours, proof_id=story.pk, kind="outcome", said="booked", by="Rita", said_at=NOON)
    planted = poison_private_columns()
    must = {
        ("leads_note", "text"), ("leads_contact", "name"), ("leads_event", "personal"), ("leads_event", "facts"), ("messaging_message", "body"),
        ("summaries_summary", "internal_text"), ("summaries_summary", "client_text"), ("summaries_summary", "claims"),
        ("summaries_proof", "withdrawn_reason"), ("summaries_report", "counted"), ("providers_delivery", "body"), ("leads_task", "reason"),
        ("messaging_handover", "body"), ("leads_responder", "name"), ("leads_client", "phone"), ("summaries_approval", "reason"),
        ("workflows_run", "says"), ("messaging_template", "body"), ("messaging_template", "source"), ("messaging_template", "approved_by"),
    }  # fmt: skip
    assert must <= set(planted), must - set(planted)
    for client, email, others, path in (
        (ours, "rita@example.com", theirs, f"{stranger.pk}"),
        (theirs, "tom@example.com", ours, f"{story.pk}"),
    ):
        browser = signed_in(client=client, email=email, name="Somebody")
        pages = crawl(browser)
        assert f"this is {client.name}. Sorry we missed your call." in pages["/portal/texts/"]
        assert len(pages) >= 7 and any("/reports/" in where and len(where) > 30 for where in pages)
        for where, body in pages.items():
            for place, word in planted.items():
                found = [form for form in encodings(word) if form in body]
                assert not found, f"{place} stands on {where}"
            assert others.name not in body and str(client.phone) not in body and "Carla" not in body
            assert not re.search(r"555-?01\d\d|\(303\)", body), where
            visible = re.sub(r"<(script|style|svg)[^>]*>.*?</\1>", " ", body, flags=re.S)
            assert raw_words([" ".join(re.sub(r"<[^>]+>", " ", visible).split())]) == [], where
            ids = set(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", body))
            assert ids <= {str(pk) for model in (Proof, Report) for pk in model.objects.filter(client=client).values_list("pk", flat=True)}
        for guess in (f"/portal/stories/{path}/", f"/portal/reports/{other_report.pk if client == ours else report.pk}/"):
            assert browser.get(guess).status_code == 404


def test_the_canaries_would_be_found(ours):
    """The guard guarded: what is private, once shown, is caught by the same search."""
    story, _, _ = furnish(ours, number=1)
    planted = poison_private_columns()
    with connection.cursor() as cursor:
        cursor.execute("alter table summaries_report disable trigger user")
        cursor.execute("select name from leads_contact limit 1")
        (name,) = cursor.fetchone()
        Report.objects.filter(status="published").update(content={**CONTENT, "headline": f"{name} booked"})
        cursor.execute("alter table summaries_report enable trigger user")
    assert name == planted[("leads_contact", "name")]
    pages = crawl(signed_in(client=ours))
    assert any(name in body for body in pages.values())
    assert raw_words(["first_response_at is None"]) != []
