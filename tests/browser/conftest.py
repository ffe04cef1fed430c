"""One system with a client to try things on, one browser, one look at each page. All of it ends with this folder: Playwright's loop may not stay behind
in the thread in which other tests use the database."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.browser import chromium
from tests.browser.addresses import places
from tests.browser.looking import Look, bring_axe, look
from tests.browser.pages import BY_NAME, PAGES
from tests.parallel import undecided
from tests.stack.fake_twilio import FakeTwilio
from tests.stack.running import System

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 780}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first five minutes come first: they want the system as it is when it has just been started, and leave it empty again. The story of
    the night comes last: it lends itself the evening, in which whatever waits for a person elsewhere may become too late."""
    first, last = "/test_five_minutes.py", "::test_story_night_call_is_held"
    mine = [item for item in items if item.nodeid.startswith("tests/browser/")]
    if mine:
        at = items.index(mine[0])
        mine.sort(key=lambda item: 0 if first in item.nodeid else 2 if item.nodeid.endswith(last) else 1)
        others = [item for item in items if not item.nodeid.startswith("tests/browser/")]
        items[:] = [*others[:at], *mine, *others[at:]]


@pytest.fixture(scope="package")
def chrome() -> Iterator[Any]:
    """The browser; without one every test here is skipped and says so."""
    path, why = chromium.find()
    if not path:
        pytest.skip(why)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.arguments())
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def system(chrome: Any) -> Iterator[System]:
    # Without the demo agency, because pages are looked at when they are empty, too. `stories.play` makes the client to try things on; the
    # test of the first five minutes brings the demo and takes it away again.
    with System() as running:
        yield running


class World:
    """The system with everything the stories left in it, and a signed-in browser. Looks are taken once and kept."""

    def __init__(self, *, chrome: Any, system: System) -> None:
        self.chrome, self.system, self.url = chrome, system, system.url
        self.login = json.loads((system.data / "login.json").read_text(encoding="utf-8"))
        self.told: dict[str, Any] = {}
        self.places: dict[str, str] = {}
        self.looks: dict[str, Look] = {}
        shots = os.environ.get("ZARTS_SHOTS")
        self.shots = Path(shots) if shots else None
        self.signed_in = self._sign_in()
        self._tabs = {public: self.context(signed_in=not public).new_page() for public in (False, True)}
        for tab in self._tabs.values():
            bring_axe(tab)

    def context(self, *, signed_in: bool = True, **options: Any) -> Any:
        """A new browser context on this system."""
        context = self.chrome.new_context(base_url=self.url, storage_state=self.signed_in if signed_in else None, **options)
        context.set_default_timeout(15_000)
        return context

    def _sign_in(self) -> Any:
        context = self.chrome.new_context(base_url=self.url)
        tab = context.new_page()
        tab.goto("/")
        tab.fill("#id_username", self.login["username"])
        tab.fill("#id_password", self.login["password"])
        tab.press("#id_password", "Enter")
        tab.wait_for_url(f"{self.url}/")
        state = context.storage_state()
        context.close()
        return state

    def enter_portal(self, context: Any) -> None:
        """Sign a browser in to the client portal, as the member whom the stories made."""
        context.add_cookies([{"name": "portal", "value": self.told["portal"], "domain": "127.0.0.1", "path": "/portal/"}])

    def where(self, template: str) -> str:
        return template.format(**self.places)

    def look(self, name: str) -> Look:
        """The look at the page of that name; taken now if it was not yet."""
        if name not in self.looks:
            page = BY_NAME[name]
            seen = look(
                tab=self._tabs[page.public],
                page=page,
                base=self.url,
                where=self.where(page.where),
                first=page is next(other for other in PAGES if other.view == page.view and not other.before),
                shots=self.shots,
            )
            for (width, colours), found in seen.axe.items():
                for rule in found["incomplete"]:
                    undecided[f"{rule['id']} at {width} {colours}: {len(rule['nodes'])} on {name}"] += 1
            self.looks[name] = seen
        return self.looks[name]


@pytest.fixture(scope="package")
def world(chrome: Any, system: System) -> Iterator[World]:
    found = World(chrome=chrome, system=system)
    for page in PAGES:
        if page.before:
            found.look(page.name)
    refusing, silent = FakeTwilio(), FakeTwilio()
    refusing.mood, silent.mood = "400", "500"
    code = f"from tests.browser.stories import play; play(refusing={refusing.url!r}, silent={silent.url!r})"
    found.told = json.loads(system.manage("shell", "-v0", "-c", code).strip().splitlines()[-1])
    found.places = places(found.told)
    found.enter_portal(found._tabs[True].context)
    yield found
    refusing.close()
    silent.close()


@pytest.fixture(scope="package")
def rows(world: World) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
    """Rows of the system's own database, read beside it: rows("select ...", value)."""
    with psycopg.connect(world.told["database"], autocommit=True) as connection:
        yield lambda query, *values: connection.execute(query, values).fetchall()


def _lend(page: Any, size: Any) -> Iterator[Any]:
    """The page for one test; what else it opened ends with it."""
    page.set_viewport_size(size)
    yield page
    for other in page.context.pages:
        if other != page:
            other.close()


@pytest.fixture(scope="package")
def desk(world: World) -> Iterator[Any]:
    """A signed-in tab at desk width. One for all tests: to open one costs more than most of them do."""
    context = world.context(viewport=DESK)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="package")
def scriptless(world: World) -> Iterator[Any]:
    """A signed-in tab on a phone in which no script runs. One for all tests, too."""
    context = world.context(java_script_enabled=False, viewport=PHONE)
    yield context.new_page()
    context.close()


@pytest.fixture
def tab(desk: Any) -> Iterator[Any]:
    """A signed-in tab at desk width."""
    yield from _lend(desk, DESK)


@pytest.fixture
def bare(scriptless: Any) -> Iterator[Any]:
    """A signed-in tab on a phone in which no script runs."""
    yield from _lend(scriptless, PHONE)
