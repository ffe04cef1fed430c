"""Whoever judges the pages finds each fault, and says where it was met: looks with one fault each, and one without."""

from dataclasses import replace

import pytest

from tests.browser.judging import faults
from tests.browser.looking import Look
from tests.browser.pages import Page

PAGE = Page(name="a run", view="run", where="/runs/1/", words=("Delivered",))
POLICY = "default-src 'self'; frame-ancestors 'none'"
HEADERS = {"content-security-policy": POLICY, "x-content-type-options": "nosniff", "x-frame-options": "DENY", "cache-control": "no-store"}
GOOD = Look(
    page=PAGE,
    status=200,
    headers=HEADERS,
    whole="Delivered",
    text=["Delivered"],
    answers=["The text was delivered at 12:04."],
    widths={"320": {"wide": 320, "room": 320, "out": []}},
    cut={"360": []},
    axe={(360, "dark"): {"violations": [], "incomplete": []}},
)


def test_a_page_as_it_has_to_be_has_none():
    assert faults(GOOD) == []
    docs = replace(GOOD, page=replace(PAGE, view="api:docs"))
    assert faults(replace(docs, text=["lead_id, made with script/manage api_token"])) == []
    assert faults(replace(docs, text=["lead_id is None"])) == ["raw words: 'None' in 'lead_id is None'"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"status": 500}, "answered 500, not 200"),
        ({"whole": "Something else"}, "not the state that was meant: 'Delivered' is not there"),
        ({"axe": {(360, "dark"): {"violations": [{"id": "label", "help": "x", "nodes": ["input"]}]}}}, "axe at 360 dark: label"),
        ({"widths": {"320": {"wide": 383, "room": 320, "out": ["table"]}}}, "scrolls sideways at 320: 383 px in 320"),
        ({"cut": {"360": ["Half a wo"]}}, "words are cut off at 360: ['Half a wo']"),
        ({"text": ["Sent by None"]}, "raw words: 'None' in 'Sent by None'"),
        ({"answers": []}, "does not open with the one sentence that says why: []"),
        ({"answers": ["quiet_hours"]}, "does not open with the one sentence that says why"),
        ({"complaints": ["error: refused"]}, "the browser complains: error: refused"),
        ({"elsewhere": ["https://fonts.example.com/a"]}, "loads from elsewhere: https://fonts.example.com/a"),
        ({"headers": HEADERS | {"content-security-policy": f"{POLICY} *"}}, "the policy is not strict"),
        (
            {"headers": HEADERS | {"content-security-policy": f"{POLICY}; style-src 'unsafe-inline'"}},
            "the policy lets scripts or styles in",
        ),
        *(({"headers": HEADERS | {name: "x"}}, f"{name} is 'x'") for name in sorted(HEADERS.keys() - {"content-security-policy"})),
    ],
)
def test_each_fault_is_said(change, says):
    (found,) = faults(replace(GOOD, **change))
    assert found.startswith(says), found
