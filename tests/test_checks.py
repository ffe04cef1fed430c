"""The system checks: each has an id, one sentence and a hint, and none shows a secret."""

import dataclasses

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from leads.deciding import Context, Fact
from tests.factories import NOON, ClientFactory
from workflows import registry
from workflows.models import Run, WorkflowVersion
from workflows.vocabulary import Done, step
from zartsalgo import checks
from zartsalgo.lib.ids import new_id


def ids(found):
    assert all(message.msg.endswith(".") and message.hint for message in found)
    return [message.id for message in found]


def test_this_build_passes_its_own_checks():
    call_command("check", fail_level="WARNING")


def test_e001_names_the_key_by_its_place_and_never_by_its_value(settings):
    assert checks.encryption_keys_can_be_read() == []
    settings.ENCRYPTION_KEYS = [*settings.ENCRYPTION_KEYS, "not-a-fernet-key"]
    found = checks.encryption_keys_can_be_read()
    assert ids(found) == ["zarts.E001"]
    assert "Key 2" in found[0].msg and "not-a-fernet-key" not in str(found[0])


def test_e002_and_e003_speak_only_before_a_deployment(settings, capsys):
    settings.ALLOW_LOOPBACK, settings.PUBLIC_URL = True, "http://leads.example.com"
    call_command("check")
    with pytest.raises(SystemCheckError) as caught:
        call_command("check", deploy=True)
    assert "zarts.E002" in str(caught.value) and "zarts.E003" in str(caught.value)
    settings.ALLOW_LOOPBACK, settings.PUBLIC_URL = False, "https://leads.example.com"
    assert checks.loopback_is_refused() == [] and checks.public_url_is_https() == []


@pytest.mark.django_db
def test_e004_names_a_missing_role(monkeypatch):
    assert checks.roles_exist(databases=["default"]) == []
    monkeypatch.setattr(checks, "ROLES", (*checks.ROLES, "zarts_nobody"))
    found = checks.roles_exist(databases=["default"])
    assert ids(found) == ["zarts.E004"] and "zarts_nobody" in found[0].msg
    assert checks.roles_exist(databases=None) == [] and checks.roles_exist(databases=["portal"]) == []


@pytest.mark.django_db
def test_w001_when_the_web_process_acts_as_the_owner(settings):
    settings.AS_OWNER = False
    assert ids(checks.roles_exist(databases=["default"])) == ["zarts.W001"]
    with connection.cursor() as cursor:
        cursor.execute("set local role zarts_app")
    assert checks.roles_exist(databases=["default"]) == []


class Nothing(Fact):
    tables = ("leads_nothing",)


def rests_on_nothing(context: Context, nothing: Nothing) -> Done:
    return Done(says="Odd.")


def test_e005_names_what_a_catalog_file_got_wrong(monkeypatch):
    assert checks.workflows_fit_the_house() == []
    good = registry.workflows()["missed-call-text-back"]
    odd = step("do", "odd", "Odd", rests_on_nothing)
    bad = dataclasses.replace(good, steps=(*good.steps, good.steps[0], odd))
    monkeypatch.setattr(registry, "workflows", lambda: {"missed-call-text-back": bad})
    known = {**registry.handlers(), odd.handler_name: rests_on_nothing}
    monkeypatch.setattr(registry, "handlers", lambda: known)
    found = checks.workflows_fit_the_house()
    assert ids(found) == ["zarts.E005", "zarts.E005"]
    assert "leads_nothing" in found[0].msg and "two steps called caller" in found[1].msg
    monkeypatch.setattr(registry, "handlers", dict)
    assert any("no handler that can be run" in message.msg for message in checks.workflows_fit_the_house())

    def broken():
        raise ImportError("workflows/catalog/odd.py defines no WORKFLOW")

    monkeypatch.setattr(registry, "workflows", broken)
    assert "odd.py defines no WORKFLOW" in checks.workflows_fit_the_house()[0].msg


@pytest.mark.django_db
def test_e005_for_unfinished_runs_whose_handler_this_build_lacks():
    from leads.models import Event

    client = ClientFactory()
    definition = {"steps": [{"key": "gone", "kind": "do", "title": "Gone", "handler": "workflows.steps.removed@1", "params": {}}]}
    version = WorkflowVersion.objects.create(key="lead-intake", version=99, definition=definition, sha256="0" * 64, published_at=NOON)
    event = Event.objects.create(client=client, type="lead.created", source="form", key="k", occurred_at=NOON, recorded_at=NOON)
    assert checks.pinned_runs_can_go_on(databases=["default"]) == []
    run = Run.objects.create(
        id=new_id(),
        client=client,
        workflow="lead-intake",
        version=version,
        cause="c",
        event=event,
        cursor="gone",
        created_at=NOON,
        wake_at=NOON,
    )
    found = checks.pinned_runs_can_go_on(databases=["default"])
    assert ids(found) == ["zarts.E005"] and "workflows.steps.removed@1" in found[0].msg
    Run.objects.filter(pk=run.pk).update(status="cancelled", finished_at=NOON)
    assert checks.pinned_runs_can_go_on(databases=["default"]) == []


def test_w002_when_a_process_was_handed_the_owners_password(settings, monkeypatch):
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgres://zarts_owner:hidden@db/zarts")
    monkeypatch.setenv("POSTGRES_PASSWORD", "hidden")
    assert checks.holds_its_own_secrets_only() == [], "the tests act as the owner"
    settings.AS_OWNER = False
    found = checks.holds_its_own_secrets_only()
    assert ids(found) == ["zarts.W002", "zarts.W002"] and "DATABASE_OWNER_URL" in found[0].msg and "hidden" not in str(found)
    monkeypatch.delenv("DATABASE_OWNER_URL")
    monkeypatch.delenv("POSTGRES_PASSWORD")
    assert checks.holds_its_own_secrets_only() == []
