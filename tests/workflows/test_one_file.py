"""A workflow with a purpose of its own is one new file: found, published, judged and sent without an edit anywhere else."""

import sys

import pytest

from leads.models import Automation
from messaging import purposes
from messaging.models import Message, Template
from providers.connections import connect
from tests.factories import NOON, ClientFactory
from tests.providers import payloads
from tests.workflows.test_missed_call import post_call, work_off
from workflows import catalog, registry
from workflows.models import Receipt, Run
from zartsalgo import checks

pytestmark = pytest.mark.django_db

FILE = '''
"""Thanks for a call: one text, in words of its own."""

from datetime import timedelta

from leads.facts import Addresses
from leads.models import Desk
from messaging.purposes import Kind, Purpose
from workflows import steps
from workflows.vocabulary import Context, Done, Finish, Workflow, leaves, step

THANKS = Purpose(
    key="thanks", heading="Thanks", when="Sent once to somebody who called.", kind=Kind.SERVES, answers_within=timedelta(days=2)
)


def known(context: Context, addresses: Addresses) -> Done | Finish:
    return Done(says=f"Somebody with {'a' if addresses.phone else 'no'} number.") if addresses.phone else Finish(says="Nobody to thank.")


WORKFLOW = Workflow(
    key="thanks", name="Thanks", library="tests", owner=Desk.CLIENT_SUCCESS, triggers=("call.missed",), boundary="Internal",
    output="One text", purposes=(THANKS,),
    steps=(
        step("check", "known", "Is there a number?", known),
        step("message", "text", "Write the text", steps.plan_message, purpose="thanks", template="thanks", useful_minutes=60),
        step("wait for", "sent", "Send it through the gate", steps.wait_for_message, of="text", otherwise="end"),
        step("stop", "end", "Done", steps.stop, says="Thanked."),
    ),
)
'''


@pytest.fixture
def with_one_file_more(tmp_path, monkeypatch):
    (tmp_path / "thanks.py").write_text(FILE)
    monkeypatch.setattr(catalog, "__path__", [*catalog.__path__, str(tmp_path)])
    monkeypatch.setattr(purposes, "_table", dict(purposes._table))
    for name in ("workflows", "handlers", "listeners"):
        getattr(registry, name).cache_clear()
    yield
    monkeypatch.undo()
    sys.modules.pop("workflows.catalog.thanks")
    for name in ("workflows", "handlers", "listeners"):
        getattr(registry, name).cache_clear()


def test_one_file_is_a_workflow_with_its_own_purpose(noon, with_one_file_more):
    registry.publish()
    card = registry.workflows()["thanks"]
    assert card.writes == ("messaging_message",) and "leads_identity" in card.reads
    assert purposes.of(key="thanks").heading == "Thanks" and checks.workflows_fit_the_house() == []
    client = ClientFactory()
    Automation.objects.create(client=client, workflow="thanks", send="auto")
    Template.objects.create(
        client=client, key="thanks", version=1, purpose="thanks", body="Thanks for your call. {{ business }}. Reply STOP to opt out.",
        plain_body="Thanks for your call.", status="approved", approved_by="Ann", approved_at=NOON,
    )  # fmt: skip
    _, hook = connect(client=client, provider="callrail", secret=payloads.SECRET, now=NOON)
    assert post_call(hook) == 200
    work_off()
    text = Message.objects.get(workflow="thanks")
    assert (text.status, text.purpose, text.body.startswith("Thanks for your call.")) == ("delivered", "thanks", True)
    assert all(check["passed"] for check in text.slip["checks"])
    run = Run.objects.get(workflow="thanks")
    assert (run.status, run.says) == ("done", "Thanked.")
    assert [step.key for step in run.steps.order_by("id")] == ["known", "text", "sent", "end"]
    assert Receipt.objects.get(workflow="thanks").says == "Thanks started because of call.missed."
    assert post_call(hook, id=2, resource_id="CAL2") == 200
    work_off()
    assert sorted(Message.objects.filter(workflow="thanks").values_list("status", "reason")) == [
        ("delivered", ""),
        ("skipped", "already-texted"),
    ]
