"""Words: the sandbox, what a text costs, what speaks against it, and versions that nobody can change."""

import hashlib

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging import approving, templates, warm
from messaging.models import Template
from messaging.words import sandbox
from messaging.words.checks import SHORTENERS, Words, check
from messaging.words.segments import BASIC, EXTENSION, count_segments
from messaging.words.variables import FILTERS, VARIABLES, time_span
from tests.factories import NOON, ClientFactory
from tests.planning import live_template

GOOD = "Hi{% if name != '' %} {{ name }}{% endif %}, this is {{ business }}. How can we help? Reply STOP to opt out."
VALUES = {"name": "Carla", "business": "Summit Roofing", "review_link": "https://texts.example.com/go/9fK2mQx7Lp4T/"}


def says(body, *, purpose="lead-reply", **more):
    return [(one.severity, one.says) for one in check(words=Words(body=body, purpose=purpose, **more))]


def refusals(body, **more):
    return [sentence for severity, sentence in says(body, **more) if severity == "refuses"]


# The agency's words, byte for byte as they went out before


@pytest.mark.parametrize(
    "name, text",
    [
        (
            "Carla",
            "Hi Carla, this is Summit Roofing. Sorry we missed your call. How can we help? Reply here and a person will answer. "
            "Reply STOP to opt out.",
        ),
        (
            "",
            "Hi, this is Summit Roofing. Sorry we missed your call. How can we help? Reply here and a person will answer. "
            "Reply STOP to opt out.",
        ),
    ],
)
def test_the_agencys_words_are_what_they_were(name, text):
    row = templates.AGENCY_TEMPLATES[0]
    assert hashlib.sha256(row["body"].encode()).hexdigest() == "e6b1a7766cb12c791f8b93c951d8e7680f57f2c3746c994173a6281243ec1552"
    assert templates.render(template=Template(**row), values={**VALUES, "name": name}) == text
    assert templates.findings(template=Template(**row)) == []


def test_words_are_read_once_and_warmed_up():
    sandbox._parsed.cache_clear()
    warm.warm_up()
    before = sandbox._parsed.cache_info()
    for row in templates.AGENCY_TEMPLATES * 3:
        templates.render(template=Template(**row), values=VALUES)
    after = sandbox._parsed.cache_info()
    assert (before.misses, after.misses, after.hits - before.hits) == (3, 3, 9)


# Refused with the line and the name


@pytest.mark.parametrize(
    "body, sentence",
    [
        ("Hi\n{{ price }}", "Line 2: nobody knows {{ price }}. A text may name name, business, reply_within and review_link."),
        ("{% if nmae %}x{% endif %}", "Line 1: nobody knows {{ nmae }}."),
        ("{% if false %}{{ price }}{% endif %}", "Line 1: nobody knows {{ price }}."),
        ("a\n\n{{ name | shout }}", "Line 3: there is no filter “shout”."),
        ("{{ business | replace: 'a', 'b' }}", "Line 1: there is no filter “replace”."),
        ("{% include 'x' %}", "Line 1: the tag “include” is not for texts"),
        ("{% render 'x' %}", "Line 1: the tag “render” is not for texts"),
        ("{% assign a = name %}", "Line 1: the tag “assign” is not for texts"),
        ("{% for i in (1..9) %}x{% endfor %}", "Line 1: the tag “for” is not for texts"),
        ("{% if name %}x", "“{% endif %}” is missing: something was opened and never closed."),
        ("a\n{{ name", "Line 2: }} is missing: something was opened and never closed."),
        ("{{ }}", "A name is missing inside {{ }} or {% %}."),
        ("{{ (1..1000000000) }}", "Line 1: “(1..” counts a range"),
        ("{{ business.__class__ }}", "Line 1: write {{ business }}; {{ business.__class__ }} has nothing behind the name."),
        ("{{ name.size }}", "has nothing behind the name."),
        ("{% if name == blank %}x{% endif %}", "Line 1: instead of “blank” compare with ''"),
        ("Hi {{ name }}, {{ business }}. Reply STOP to end", "Line 1: {{ name }} would be empty. It is often not known: write {% if name != '' %}"),
        ("{{ business }} answers within {{ reply_within }}. Reply STOP to end", "Set a response window, or leave it out."),
        ("x" * 4001, "The words are longer than 4,000 characters."),
        ("{% raw %}{{ name }}{% endraw %} {{ business }} Reply STOP to end", "“{{” looks like something that was left to fill in."),
        ("Hi [first name], {{ business }} here. Reply STOP to end", "“[first name]” looks like something that was left to fill in."),
    ],
)  # fmt: skip
def test_broken_words_are_refused_with_a_reason(body, sentence):
    found = refusals(body)
    assert found and sentence in found[0]


def test_every_filter_and_name_that_is_listed_works():
    args = {"append": ": 'x'", "prepend": ": 'x'", "truncate": ": 4", "default": ": 'x'"}
    for name in FILTERS:
        assert sandbox.fill(source=f"{{{{ business | {name}{args.get(name, '')} }}}}", values=VALUES)
    body = " ".join(f"{{% if {name} %}}{{{{ {name} }}}}{{% endif %}}" for name in VARIABLES) + " Reply STOP to end {{ business }}"
    assert refusals(body, response_minutes=30, purpose="review-request") == []


@given(st.text(alphabet="{}%|:.'\"()[]=<>-# \nabname if endif else case when business 0123456789", max_size=60))
@settings(max_examples=60, deadline=None)
def test_nothing_but_broken_words_comes_out_of_the_sandbox(source):
    known = sandbox.faults(source=source)
    try:
        text = sandbox.fill(source=source, values=VALUES)
    except sandbox.BrokenWords as error:
        assert str(error)
    else:
        assert len(text) <= sandbox.LONGEST_SOURCE and isinstance(known, list)


# No empty hole


def test_a_missing_value_never_leaves_a_hole():
    hole = Template(key="k", version=3, purpose="x", body="Hi {{ name }}, this is {{ business }}.")
    with pytest.raises(templates.CannotRender, match=r"^template k version 3: Line 1: \{\{ name \}\} would be empty\.$"):
        templates.render(template=hole, values={**VALUES, "name": ""})
    with pytest.raises(templates.CannotRender, match="was not filled in"):
        templates.render(template=hole, values={"name": "Carla"})
    for body in (
        "Hi{% if name %} {{ name }}{% endif %}!",
        "Hi{% unless name == '' %} {{ name }}{% endunless %}!",
        "Hi{{ name | default: '' | append: '!' }}",
    ):
        assert templates.render(template=Template(body=body), values={**VALUES, "name": ""}) == "Hi!"
    assert templates.render(template=Template(body="Hi {{ name | default: 'there' }}"), values={**VALUES, "name": None}) == "Hi there"


def test_a_value_is_text_and_never_read_as_liquid():
    text = templates.render(template=Template(body="Hi {{ name }}"), values={"name": "{{ business }}{% if %}<b>"})
    assert text == "Hi {{ business }}{% if %}<b>"


def test_the_opt_out_line_and_the_window_go_with_the_words():
    row = Template(body="{{ business }} answers within {{ reply_within }}.", opt_out_line="Reply STOP to end.", response_minutes=120)
    assert templates.render(template=row, values=VALUES) == "Summit Roofing answers within 2 hours. Reply STOP to end."
    mail = Template(body="Dear {{ name }},\n\nwe  called.", channel="email")
    assert templates.render(template=mail, values=VALUES) == "Dear Carla,\n\nwe called."
    assert [time_span(minutes=n) for n in (1, 45, 60, 90, 120, 1440, 4320)] == [
        "1 minute", "45 minutes", "1 hour", "90 minutes", "2 hours", "1 day", "3 days",
    ]  # fmt: skip


# Segments


@pytest.mark.parametrize(
    "text, encoding, units, parts",
    [
        ("", "GSM-7", 0, 0),
        ("a", "GSM-7", 1, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),  # the escape is not cut off from its sign
        ("ñÑüÜàäö¿¡", "GSM-7", 9, 1),
        ("á", "UCS-2", 1, 1),
        ("’" * 70, "UCS-2", 70, 1),
        ("’" * 71, "UCS-2", 71, 2),
        ("’" * 134, "UCS-2", 134, 2),
        ("’" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
        ("😀" * 67, "UCS-2", 134, 3),  # 33 whole pairs to a part
    ],
)
def test_parts_are_counted_as_the_carriers_do(text, encoding, units, parts):
    count = count_segments(text)
    assert (count.encoding, count.units, count.parts) == (encoding, units, parts)


def test_the_gsm_alphabet_is_the_standards():
    assert len(BASIC) == len(set(BASIC)) == 127 and len(set(EXTENSION)) == 10 and not set(BASIC) & set(EXTENSION)
    assert {"ç", "`", "á", "\t"}.isdisjoint(BASIC + EXTENSION) and {"Ç", "@", "\n"} <= set(BASIC)


def test_what_forces_the_small_parts_is_named():
    odd = count_segments("It’s on – it’s").odd
    assert [(one.char, one.place, one.name, one.instead) for one in odd] == [
        ("’", 3, "right single quotation mark", "'"),
        ("–", 9, "en dash", "-"),
    ]


# Content


@pytest.mark.parametrize(
    "body, start",
    [
        ("Hi, we missed your call. Reply STOP to opt out.", "It does not always say who writes"),
        ("Hi{% if name %} {{ name }}, {{ business }} here{% endif %}. Reply STOP to opt out.", "It does not always say who writes"),
        ("{{ business }} here. How can we help?", "A first text says how to end it"),
        ("{{ business }} here. We stop by tomorrow, please stop us.", "A first text says how to end it"),
        ("{{ business }}: see bit.ly/abc. Reply STOP to end", "Line 1: “bit.ly” is a public link shortener"),
        ("{{ business }}: roofs from $4,500. Reply STOP to end", "Line 1: “$4,500” is a price or an offer without a source."),
        ("{{ business }}:\n20% off today. Reply STOP to end", "Line 2: “20% off” is a price or an offer without a source."),
        ("{{ business }}: presupuesto gratis. Responda STOP", "Line 1: “gratis” is a price or an offer without a source."),
        ("{{ business }}: we call in 10 minutes. Reply STOP to end", "Line 1: “in 10 minutes” is a promise without a source."),
        ("{{ business }}: same-day repair guaranteed. Reply STOP to end", "Line 1: “same-day” is a promise without a source."),
        ("{{ business }} " + "word " * 330 + "Reply STOP to end", "It has 1,6"),
    ],
)
def test_what_may_not_be_said_is_refused(body, start):
    assert any(sentence.startswith(start) for sentence in refusals(body))


def test_a_broken_name_does_not_hide_what_else_is_wrong():
    found = refusals("{{ business }} {{ price }}\n20% off: bit.ly/x Reply STOP to end")
    assert [sentence[:8] for sentence in found] == ["Line 1: ", "Line 2: ", "Line 2: "]


def test_a_source_turns_a_refusal_into_a_warning_but_not_for_a_missed_call():
    body = "{{ business }}: free estimate, we call within 2 hours. Reply STOP to end"
    sourced = says(body, source="Carla Ortiz, owner, 3 March")
    assert [severity for severity, _ in sourced] == ["warns", "warns"] and "Its source is noted: Carla Ortiz" in sourced[0][1]
    assert len(refusals(body, purpose="missed-call-text-back", source="Carla Ortiz, owner")) == 1


def test_a_promise_from_the_response_window_needs_no_note():
    assert refusals("{{ business }}: a person answers within {{ reply_within }}. Reply STOP to end", response_minutes=30) == []


@pytest.mark.parametrize("host", SHORTENERS)
def test_every_shortener_is_found_and_no_address_that_only_looks_like_one(host):
    assert refusals(f"{{{{ business }}}}: https://{host}/x Reply STOP to end")
    assert refusals(f"{{{{ business }}}}: https://my{host}/x and {host}.example.com Reply STOP to end") == []


def test_ordinary_words_are_let_through_without_a_word():
    for body in (
        GOOD,
        "Hi, you called {{ business }} and we missed it. Call us back any time. Reply STOP to opt out.",
        "{{ business }} here. Which day suits you best, and is the roof in use 24 hours? We free up next week, feel free to call. Reply STOP to end",
    ):
        assert says(body) == []


def test_a_running_conversation_needs_no_name_and_no_way_out_again():
    assert says("Thanks{% if name %}, {{ name }}{% endif %}. Which day suits you?", purpose="conversation") == []


def test_costly_and_loud_words_are_warned_of():
    found = says("{{ business }}: CALL TODAY about your roof!! It’s time. " + "word " * 60 + "Reply STOP to end")
    assert [severity for severity, _ in found] == ["warns"] * 3
    assert any("6 parts" in sentence for _, sentence in found) and any("right single quotation mark" in sentence for _, sentence in found)


# Versions


@pytest.fixture
def draft(db):
    written = {"purpose": "lead-reply", "body": GOOD}
    return approving.write_draft(client=ClientFactory(), key="hello", written=written, by="Dana", now=NOON)


def test_approving_retires_the_version_before(draft):
    approving.approve_template(template=draft, by="Sam", now=NOON, seal=approving.seal_of(template=draft))
    second = approving.write_draft(
        client=draft.client, key="hello", written={"purpose": "lead-reply", "body": f"{GOOD} "}, by="Dana", now=NOON
    )
    assert second.version == 2 and live_template(client=draft.client, key="hello") == draft
    approving.approve_template(template=second, by="Sam", now=NOON)
    draft.refresh_from_db()
    assert (draft.status, live_template(client=draft.client, key="hello")) == ("retired", second)


@pytest.mark.parametrize("body", ["{{ price }}", "{% if name %}", "Hi from {{ business }}"])
def test_refused_words_stay_a_draft_and_are_kept(draft, body):
    approving.change_draft(template=draft, written={"body": body, "status": "approved"}, by="Eve", now=NOON)
    with pytest.raises(approving.CannotApprove):
        approving.approve_template(template=draft, by="Sam", now=NOON)
    draft.refresh_from_db()
    assert (draft.body, draft.status, draft.written_by) == (body, "draft", "Eve")
    assert live_template(client=draft.client, key="hello") is None


def test_words_that_changed_since_somebody_looked_are_not_approved(draft):
    seen = approving.seal_of(template=draft)
    approving.change_draft(template=draft, written={"body": f"{GOOD} Thanks."}, by="Eve", now=NOON)
    with pytest.raises(approving.CannotApprove, match="^Eve changed it since you looked"):
        approving.approve_template(template=draft, by="Sam", now=NOON, seal=seen)


def test_what_was_published_cannot_be_changed_by_anybody(draft):
    approving.approve_template(template=draft, by="Sam", now=NOON)
    for change in ({"body": "x"}, {"opt_out_line": "x"}, {"approved_by": "Eve"}, {"status": "draft"}, {"source": "x"}, {"version": 9}):
        with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
            Template.objects.filter(pk=draft.pk).update(**change)
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("delete from messaging_template where id = %s", [draft.pk])
    with pytest.raises(approving.NotADraft):
        approving.change_draft(template=draft, written={"body": "x"}, by="Eve", now=NOON)
    with pytest.raises(approving.NotADraft):
        approving.discard_draft(template=draft)
    Template.objects.filter(pk=draft.pk).update(status="retired")
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        Template.objects.filter(pk=draft.pk).update(status="approved")
    draft.refresh_from_db()
    assert (draft.body, draft.approved_by, draft.status) == (GOOD, "Sam", "retired")


def test_a_draft_can_be_thrown_away(draft):
    approving.discard_draft(template=draft)
    assert not Template.objects.filter(key="hello").exists()
