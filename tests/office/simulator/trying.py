"""Trying the simulator and its stories: the presses, what the page then shows, and the worker at work in this thread."""

import re
from zoneinfo import ZoneInfo

from django.db import connection as database
from django.urls import reverse

from messaging import due as messaging_due
from workflows import due as workflows_due
from workflows.models import Run
from zartsalgo.lib import clock
from zartsalgo.office.stories import playing as stories

CARLA = "+13035550123"


def work_off():
    """What worker and ticker do, in this thread."""
    for _ in range(3):
        workflows_due.work_off(now=clock.read())
        messaging_due.work_off(now=clock.read())


def press(browser, do, *, caller=CARLA, client="summit-roofing", **more):
    """Press a button and follow to the page."""
    answer = browser.post(reverse("office:simulator"), {"client": client, "caller": caller, "do": do, **more})
    assert answer.status_code == 302, answer.content
    return answer["Location"]


def see(browser, *, caller=CARLA, client="summit-roofing"):
    answer = browser.get(reverse("office:simulator"), {"client": client, "caller": caller})
    assert answer.status_code == 200
    return answer


def sentence(answer):
    """The one sentence of the latest action."""
    found = re.search(r"<p data-answer>(.*?)</p>", answer.content.decode(), re.DOTALL)
    return found.group(1) if found else ""


def text_backs():
    """The runs that answer missed calls; other workflows may act on the same call."""
    return Run.objects.filter(workflow="missed-call-text-back")


def local(summit):
    return clock.read().astimezone(ZoneInfo(summit.timezone))


def proofs(answer):
    return {proof["promise"]: proof["word"] for proof in answer.context["proofs"]}


def play(key, client):
    row = stories.start(story=stories.BY_KEY[key], client=client, by=None)
    stories.play(row=row)
    return row


def met(row):
    return {proof.promise: proof.met for proof in stories.prove(row=row)}


def titles(row):
    return [line["title"] for line in row.lines]


def dead(row):
    with database.cursor() as cursor:
        cursor.execute("update office_storyrun set lease_until = clock_timestamp() - interval '1 second' where id = %s", [row.pk])
