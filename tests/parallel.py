"""How the tests are shared between the workers of pytest-xdist (`script/test` without arguments): whole rooms or whole files, never halves.

A room that starts processes of its own stays on one worker, so that there is one system and one browser; the rooms that wait most come
first, so that no worker is left waiting alone at the end. Each worker has a database of its own (pytest-django). Names of tests stay as
they are, so a failure's line can be given to `script/test` as it stands.
"""

import gc
import os
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# In this order: the browser alone takes as long as everything else together, so it has a worker to itself; numbers of tests say nothing.
ROOMS = ("browser", "stack", "embedded")
HERE = Path(__file__).parent
DAYS_AHEAD = int(os.environ.get("ZARTS_TEST_DAYS_AHEAD") or 0)  # zartsalgo.embedded.days_ahead
LINTERS = os.environ.get("ZARTS_LINTERS")  # where zartsalgo.embedded.linters says what it found
LINTERS_PATIENCE = 300  # seconds; they began before the tests
# What axe could not decide is for people to look at; it fails nothing. Filled by tests/browser, here by the workers when they end.
undecided: Counter[str] = Counter()


def _room(nodeid: str) -> str:
    """The room of a test that goes in one piece, else its file."""
    path = nodeid.partition("::")[0]
    return next((room for room in ROOMS if path.startswith(f"tests/{room}/")), path)


class WholeRooms(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return _room(nodeid)

    def schedule(self) -> None:
        first = next(iter(self.registered_collections.values()))
        assert len(set(first)) == len(first), "two tests have one name: one of them would be lost"
        super().schedule()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Under a moved date everything is tested but the rooms whose processes start servers of their own, which keep the true one."""
    return True if DAYS_AHEAD and collection_path.parent == HERE and collection_path.name in ROOMS else None


def pytest_report_header(config: pytest.Config) -> str | None:
    return f"the machine's date is moved by {DAYS_AHEAD} days; without property tests and {', '.join(ROOMS)}" if DAYS_AHEAD else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WholeRooms:
    config.option.loadscopereorder = False
    return WholeRooms(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Schemathesis gives all its tests of one function the same id, and of one id xdist would run one test only.
    for item in items:
        _, bracket, parameter = item.name.partition("[")
        if bracket and item.id.params is None:
            item._id = replace(item.id, params=parameter.removesuffix("]"))
    if DAYS_AHEAD:
        _leave_out(config, items)
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What thousands of collected tests hold stays to the end: the collector of garbage need not walk through it again and again."""
    gc.collect()
    gc.freeze()


def _turn(item: pytest.Item) -> int:
    """The rooms that take longest first, then the long files at the top of this folder, so that nobody works alone at the end."""
    room = _room(item.nodeid)
    return ROOMS.index(room) if room in ROOMS else len(ROOMS) + room.count("/") - 1


def _leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Property tests: what they look at, dates too, they draw themselves, and they take a sixth of the time."""
    drawn = {id(item) for item in items if getattr(getattr(item, "obj", None), "is_hypothesis_test", False)}
    config.hook.pytest_deselected(items=[item for item in items if id(item) in drawn])
    items[:] = [item for item in items if id(item) not in drawn]


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["undecided"] = dict(undecided)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    undecided.update(getattr(node, "workeroutput", {}).get("undecided", {}))


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    if LINTERS and exitstatus != pytest.ExitCode.INTERRUPTED:
        _tell_linters(terminalreporter, Path(LINTERS))
    if undecided:
        terminalreporter.section("axe could not decide")
        for line in sorted(undecided):
            terminalreporter.line(line)


def _tell_linters(terminalreporter: Any, said: Path) -> None:
    """What the linters said that ran beside the tests; mostly they have been through for long."""
    ends = time.monotonic() + LINTERS_PATIENCE
    while not said.exists() and time.monotonic() < ends:
        time.sleep(0.1)
    if said.exists():
        terminalreporter.section("linters")
        terminalreporter.write(said.read_text(encoding="utf-8"))
        said.unlink()
