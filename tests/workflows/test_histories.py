"""Recorded histories: what came in, and which steps came of it, replayed on today's code and equal byte for byte.

A history names the definition it was recorded on, and is replayed on that one, as a run that was started before an upgrade would be:
a handler that was changed without a new version, or taken away, shows here. What lies outside (the text, a person's decision) is answered
from the record. `histories/*.json` hold "in", written by hand, and "out", recorded with

    HISTORIES=record script/test tests/workflows/test_histories.py

which also stores a definition that is new. Read the diff: what is recorded is what every run will do from now on. Histories of earlier
definitions are kept as long as runs on them may be alive; they are never recorded anew.
"""

import json
import os
import re
from datetime import timedelta
from pathlib import Path

import pytest

from leads.models import Automation
from messaging.models import Message, ReviewClick, ReviewLink
from providers.connections import connect
from summaries import actions
from summaries import due as summaries_due
from summaries.models import Summary
from tests.factories import NOON, ClientFactory, ResponderFactory
from tests.providers import payloads
from tests.workflows.test_ai_summary import SAFE, approve, post
from workflows import due, registry
from workflows.models import Run, WorkflowVersion
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db

FOLDER = Path(__file__).parent / "histories"
FILES = sorted(FOLDER.glob("*.json"))
RECORDS = os.environ.get("HISTORIES") == "record"
IDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def as_bytes(data):
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode()


def definition_file(key, sha256):
    return FOLDER / "versions" / f"{key}-{sha256[:12]}.json"


def pin(history, monkeypatch):
    """Runs start on the definition that the history was recorded on, even when a newer one is published."""
    workflow = registry.workflows()[history["workflow"]]
    if RECORDS and "on" not in history:
        history["on"] = workflow.sha256()
        definition_file(workflow.key, workflow.sha256()).write_bytes(as_bytes(workflow.definition()))
    definition = json.loads(definition_file(workflow.key, history["on"]).read_bytes())
    version, _ = WorkflowVersion.objects.get_or_create(
        key=workflow.key, sha256=history["on"], defaults={"version": 900, "definition": definition, "published_at": NOON}
    )
    assert version.definition == definition
    live = registry.live_version
    monkeypatch.setattr(registry, "live_version", lambda *, workflow: version if workflow.key == version.key else live(workflow=workflow))


def play(history, monkeypatch, set_clock):
    """Do what came in at its time, and answer from the record; what the runs did, in order."""
    pin(history, monkeypatch)
    client = ClientFactory()
    ResponderFactory(client=client)
    for key in registry.workflows():
        mine = key == history["workflow"]
        values = {"enabled": mine, "send": "auto", "settings": history.get("settings", {}) if mine else {}}
        Automation.objects.update_or_create(client=client, workflow=key, defaults=values)
    hook = connect(client=client, provider="generic", secret=payloads.SECRET, now=NOON)[1]
    for came in history["in"]:
        now = set_clock(NOON + timedelta(minutes=came["minute"]))
        if "event" in came:
            post(hook, came["event"], **came.get("data", {}))
        if "text" in came:
            message = Message.objects.latest("created_at")
            Message.objects.filter(pk=message.pk).update(**came["text"], **({"sent_at": now} if came.get("sent") else {}))
            due.messages_settled(message_ids=[message.pk], now=now)
        if "click" in came:
            ReviewClick.objects.create(link=ReviewLink.objects.latest("made_at"), at=now)
        if came.get("summary") == "approved":
            approve(Summary.objects.get(), SAFE)
        if came.get("summary") == "private":
            actions.keep_private(summary=Summary.objects.get(), reason="Names a neighbour", by="sam", now=now)
        for _ in range(2):
            due.work_off(now=clock.read())
            summaries_due.work_off(now=clock.read())
    return [told(run) for run in Run.objects.order_by("created_at", "id")]


def told(run):
    columns = ("key", "kind", "outcome", "says", "expected", "actual", "output")
    steps = [dict(zip(columns, row, strict=True)) for row in run.steps.order_by("id").values_list(*columns)]
    out = {"status": run.status, "stands_at": run.cursor, "says": run.says, "steps": steps}
    return json.loads(IDS.sub("<id>", json.dumps(out)))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_today_does_what_it_did(file, monkeypatch, set_clock):
    history = json.loads(file.read_bytes())
    current = registry.workflows()[history["workflow"]].sha256()
    out = play(history, monkeypatch, set_clock)
    if RECORDS and history["on"] == current:
        file.write_bytes(as_bytes({**history, "out": out}))
        return
    assert as_bytes(out) == as_bytes(history["out"])
    assert as_bytes(history) == file.read_bytes()


def test_every_published_workflow_has_histories_on_its_definition():
    """A changed definition needs histories of its own: copy some without "on" and "out", and record them. The old ones stay."""
    recorded = [(history["workflow"], history.get("on", "")) for history in (json.loads(file.read_bytes()) for file in FILES)]
    for key, workflow in registry.workflows().items():
        assert recorded.count((key, workflow.sha256())) >= 3, key


def test_every_step_of_every_workflow_is_in_some_history():
    done = {
        (json.loads(file.read_bytes())["workflow"], step["key"])
        for file in FILES
        for run in json.loads(file.read_bytes())["out"]
        for step in run["steps"]
    }
    assert {(key, spec.key) for key, workflow in registry.workflows().items() for spec in workflow.steps} <= done
