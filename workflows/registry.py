"""The catalog, discovered by file name, and the handlers by name: what this build can run."""

import functools
import importlib
import pkgutil
from collections.abc import Collection
from typing import Any

from leads.deciding import Fact
from workflows import catalog
from workflows.models import Run, WorkflowVersion
from workflows.vocabulary import Handler, Workflow, facts_of


@functools.cache
def workflows() -> dict[str, Workflow]:
    """All workflows of the catalog by key. Raises ImportError for a file without WORKFLOW, ValueError for a key used twice, TypeError
    for a step that asks for what is no fact."""
    found: dict[str, Workflow] = {}
    for module in pkgutil.iter_modules(catalog.__path__):
        workflow = getattr(importlib.import_module(f"{catalog.__name__}.{module.name}"), "WORKFLOW", None)
        if not isinstance(workflow, Workflow):
            raise ImportError(f"workflows/catalog/{module.name}.py defines no WORKFLOW")
        if workflow.key in found:
            raise ValueError(f"two catalog files are called {workflow.key}")
        # A step that asks for what is no fact stops the start.
        for handler in (*(spec.handler for spec in workflow.steps), *workflow.keeps.values(), *filter(None, [workflow.refuses])):
            facts_of(handler)
        found[workflow.key] = workflow
    return found


@functools.cache
def handlers() -> dict[str, Handler]:
    """Handlers by name and version: those of the definitions as they are now, and those kept for runs that started on an earlier one.

    Raises ValueError when a kept name is one that is still in use.
    """
    known = {spec.handler_name: spec.handler for workflow in workflows().values() for spec in workflow.steps}
    for workflow in workflows().values():
        for name, handler in workflow.keeps.items():
            if known.setdefault(name, handler) is not handler:
                raise ValueError(f"{workflow.key} keeps {name}, which is still in use with another meaning")
    return known


@functools.cache
def needs(handler: Handler) -> tuple[type[Fact], ...]:
    """The facts that a handler, or what a workflow refuses by, asks for."""
    return facts_of(handler)


def able() -> dict[str, Any]:
    """What this build can run, as parameters of the statements that pick runs."""
    return {"workflows": list(workflows()), "handlers": list(handlers())}


def can_play(*, run: Run) -> bool:
    """Whether this build can run the whole of the run's version; the same as what `able` says in a statement."""
    steps = versions(ids=[run.version_id])[run.version_id].definition["steps"]
    return run.workflow in workflows() and all(step["handler"] in handlers() for step in steps)


@functools.cache
def listeners() -> dict[str, tuple[Workflow, ...]]:
    """For each event type the workflows that listen to it, in the order of their keys."""
    heard: dict[str, tuple[Workflow, ...]] = {}
    for key in sorted(workflows()):
        for trigger in workflows()[key].triggers:
            heard[trigger] = (*heard.get(trigger, ()), workflows()[key])
    return heard


def live_version(*, workflow: Workflow) -> WorkflowVersion:
    """The published version of the definition this build carries. Raises WorkflowVersion.DoesNotExist before `publish` ran."""
    return WorkflowVersion.objects.get(key=workflow.key, sha256=workflow.sha256())


_live: dict[tuple[int, ...], dict[str, WorkflowVersion]] = {}


def live_versions() -> dict[str, WorkflowVersion]:
    """The published versions of all definitions this build carries, by key, without what they define. Read once: `publish` makes others."""
    carried = tuple(id(workflow) for workflow in workflows().values())
    if carried not in _live:
        hashes = [workflow.sha256() for workflow in workflows().values()]
        found = {row.key: row for row in WorkflowVersion.objects.filter(sha256__in=hashes).defer("definition")}
        if len(found) < len(hashes):  # this process was faster than the migration that publishes
            return found
        _live[carried] = found
    return _live[carried]


_versions: dict[int, WorkflowVersion] = {}


def versions(*, ids: Collection[int]) -> dict[int, WorkflowVersion]:
    """Versions by id. They are never changed, so each is read and parsed once a process."""
    missing = [one for one in ids if one not in _versions]
    if missing:
        _versions.update(WorkflowVersion.objects.in_bulk(missing))
    return {one: _versions[one] for one in ids}


def publish(**kwargs: Any) -> None:
    """Publish every definition that is new, as the next version of its workflow. Runs after migrations; harmless to repeat."""
    from django.utils import timezone

    _live.clear()
    for workflow in workflows().values():
        if WorkflowVersion.objects.filter(key=workflow.key, sha256=workflow.sha256()).exists():
            continue
        last = WorkflowVersion.objects.filter(key=workflow.key).order_by("-version").values_list("version", flat=True).first() or 0
        WorkflowVersion.objects.create(
            key=workflow.key,
            version=last + 1,
            definition=workflow.definition(),
            sha256=workflow.sha256(),
            published_at=timezone.now(),
        )
