"""What every test shares: the business clock can be set, and the doorbell is silent unless a test listens."""

from datetime import UTC, datetime
from math import inf
from types import SimpleNamespace

import pytest
from django.db import connection
from hypothesis import settings
from whitenoise.middleware import WhiteNoiseMiddleware

from messaging import gate
from tests.factories import NOON, StaffFactory
from tests.parallel import (  # noqa: F401  pytest finds its hooks here
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_ignore_collect,
    pytest_report_header,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
    pytest_xdist_make_scheduler,
)
from tests.wiping import clear_dead_rows, wipe_after_committing_tests
from workflows import engine_thread, playing, registry
from zartsalgo.lib import clock, doorbell
from zartsalgo.office import checklist, strip

# A drawn example may take as long as it takes: how long says more of the machine than of the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The test database, with a quicker way back to how it stands now."""
    with django_db_blocker.unblock():
        wipe_after_committing_tests()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """After the last test of a file that used the database, the rows that its tests left dead are cleared."""
    result = yield
    asked = item.get_closest_marker("django_db") or "_django_db_helper" in item.fixturenames
    if asked and (nextitem is None or nextitem.path != item.path):
        clear_dead_rows()
    return result


@pytest.fixture(scope="session", autouse=True)
def static_files_are_found_once():
    """Each test's browser brings the middleware up anew, and that would look for all the files of the pages each time (15 ms)."""
    look, found = WhiteNoiseMiddleware.add_files_from_finders, {}

    def _look_once(self):
        if not found:
            look(self)
            found.update(self.files)
        self.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", _look_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def the_registry_knows_its_own_catalog():
    """What the registry keeps once it found it is found here: in a test that puts another catalog in its place it would keep that one."""
    registry.handlers()
    registry.listeners()


@pytest.fixture(autouse=True)
def pages_remember_for_one_test(monkeypatch):
    """What a process remembers for seconds between its pages: here for the whole of a test, however slow, and for no other test."""
    for remembered in (strip, checklist):
        remembered.forget()
        monkeypatch.setattr(remembered, "KEEP_SECONDS", inf)


@pytest.fixture(autouse=True)
def decisions_touch_no_database(monkeypatch):
    """In every test: what a step of a workflow, or the gate, decides rests on facts alone. A row that is read on the way breaks the decision."""

    def _refuse(execute, sql, params, many, context):
        raise AssertionError(f"a decision asks the database: {sql[:200]}")

    def _without(decide):
        def _decide(**given):
            with connection.execute_wrapper(_refuse):
                return decide(**given)

        return _decide

    monkeypatch.setattr(playing, "decide", _without(playing.decide))
    monkeypatch.setattr(gate, "judge", _without(gate.judge))


@pytest.fixture(autouse=True)
def no_engine_outlives_a_test(monkeypatch):
    """What hands work to the process's engine, as the ticker does, starts none here: it would go on in the next test's database."""
    monkeypatch.setattr(engine_thread, "of_this_process", lambda: SimpleNamespace(add=lambda *, task, id: True))


@pytest.fixture(autouse=True)
def rings(monkeypatch):
    """The rings a test caused, as (task, id); nothing reaches a broker."""
    heard: list[tuple[str, str]] = []
    monkeypatch.setattr(doorbell._bell, "ring", lambda *, task, id="": heard.append((task, id)))
    return heard


@pytest.fixture
def set_clock(db):
    """Set the business clock to a moment: `set_clock(NOON)`; returns the moment it then reads."""

    def _set(moment: datetime = NOON) -> datetime:
        clock.shift(by=clock.offset() + (moment - clock.read()))
        return clock.read()

    return _set


@pytest.fixture
def noon(set_clock):
    """Business time is Friday noon in Denver."""
    return set_clock(NOON).astimezone(UTC)


@pytest.fixture
def today(set_clock):
    """Business time is the machine's own, as on a live system: for what asks how far the clock was moved (a model, a live connection)."""
    return set_clock(clock.real_now())


@pytest.fixture
def owner_user(db):
    """Olga, an owner who is no superuser."""
    return StaffFactory(username="olga", first_name="Olga", group="owner")


@pytest.fixture
def approver_user(db):
    """Ann, an approver."""
    return StaffFactory(username="ann", first_name="Ann", group="approver")


@pytest.fixture
def staff_user(db):
    """Sid, of group staff."""
    return StaffFactory(username="sid", first_name="Sid", group="staff")
