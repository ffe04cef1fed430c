"""One look at one page: opened once at phone width, and everything that is asked of every page is measured there and then."""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import axe_playwright_python
from playwright.sync_api import Page as Tab
from playwright.sync_api import Request, Response

from tests.browser.contrast import judge_contrast
from tests.browser.pages import Page

# Contrast is asked about in a way of its own (contrast.py); dark changes colours and nothing else, so there it is all that is asked.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
NARROW, PHONE, DESK, TALL = 320, 360, 1280, 900
# Brought into each document with the document itself, and read only where it is called: sent each time it costs as much as a small page.
AXE_LATER = "window.__axe = () => {{\n{}\n}}"

# How wide the page is, and what sticks out where it is too wide.
WIDTH = """() => {
  const wide = document.documentElement.scrollWidth, room = window.innerWidth;
  const out = wide <= room ? [] : [...document.querySelectorAll('body *')].filter((el) => el.getBoundingClientRect().right > room + 1)
    .map((el) => `${el.tagName.toLowerCase()}.${el.className?.baseVal ?? el.className}: ${el.textContent.trim().slice(0, 40)}`);
  return { wide, room, out: out.slice(-5) };
}"""
# Words that a box hides because they do not fit into it; boxes that scroll are no fault, and neither is what only screen readers get.
CUT = """() => {
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
  while (walk.nextNode()) {
    const node = walk.currentNode, el = node.parentElement;
    if (!node.data.trim() || !el.checkVisibility() || el.closest('.sr, .skip, .visually-hidden, option, script, style')) continue;
    range.selectNodeContents(node);
    const words = [...range.getClientRects()];
    for (let box = el; box && box !== document.body; box = box.parentElement) {
      const overflow = getComputedStyle(box).overflowX;
      if (overflow === 'auto' || overflow === 'scroll') break;
      if (overflow === 'visible') continue;
      const room = box.getBoundingClientRect();
      if (words.some((word) => word.right > room.right + 1 || word.left < room.left - 1)) { found.push(node.data.trim().slice(0, 80)); break; }
    }
  }
  // A closed select shows the chosen option only.
  for (const el of document.querySelectorAll('select:not([multiple])')) {
    if (!el.checkVisibility() || !el.selectedOptions.length) continue;
    const style = getComputedStyle(el), pen = document.createElement('canvas').getContext('2d');
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const room = el.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (pen.measureText(el.selectedOptions[0].text).width > room) found.push(el.selectedOptions[0].text);
  }
  return found;
}"""
# Folded parts are part of the page; the menu of the phone is looked at as a page of its own.
UNFOLD = "() => document.querySelectorAll('main details:not([open])').forEach((el) => { el.open = true; })"
# What people read, piece by piece: no code, no raw data, nothing hidden; names for screen readers belong to it.
TEXT = """() => {
  const skip = 'pre, code, kbd, script, style, noscript, textarea, template', found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const el = walk.currentNode.parentElement;
    if (el && !el.closest(skip) && el.checkVisibility({ visibilityProperty: true })) found.push(walk.currentNode.data.trim());
  }
  for (const name of ['aria-label', 'placeholder', 'alt', 'title'])
    for (const el of document.querySelectorAll(`[${name}]`)) if (el.checkVisibility()) found.push(el.getAttribute(name));
  return [document.title, ...found].filter(Boolean);
}"""
# What is measured at one width, in one go: each question to the browser costs a journey there and back. From the page's top: under the bar
# that stays on top, half of a button is no small button.
BOTH = f"() => {{ window.scrollTo(0, 0); return [({WIDTH})(), ({CUT})()]; }}"
NARROWEST = f"() => {{ const folded = ({WIDTH})(); ({UNFOLD})(); return [folded, ({WIDTH})()]; }}"
READ = f"() => [({TEXT})(), document.body.innerText, [...document.querySelectorAll('[data-answer]')].map((el) => el.innerText)]"
# Without `preload` it does not fetch the stylesheets once more: what reads them is a rule that only `experimental` asks for.
AXE = """(only) => axe.run(document, {
  runOnly: only, preload: false, rules: { 'color-contrast': { enabled: false } }, resultTypes: ['violations', 'incomplete'],
}).then((found) => {
  const brief = (list) => list.map((rule) => ({ id: rule.id, help: rule.help,
    nodes: rule.nodes.map((node) => `${node.target.join(' ')}: ${node.html.slice(0, 160)} ${node.failureSummary || ''}`) }));
  return { violations: brief(found.violations), incomplete: brief(found.incomplete) };
})"""

RAW = re.compile(
    r"\bNone\b|\bnull\b|\bundefined\b|\bNaN\b|\bTrue\b|\bFalse\b|\{\{|\}\}|\{%|%\}|\[object|\b[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+\b"
)
# English sentences that begin with the word.
PLAIN = re.compile(r"\bNone(:| needed| noted| on record| is on| of )")
# Addresses, and names of time zones, which people know from their own settings.
NAMES = re.compile(r"https?://\S+|\b[A-Z][A-Za-z]+(/[A-Z][A-Za-z_]+)+\b")


def raw_words(pieces: list[str]) -> list[str]:
    """Words in the visible text that only a program would write: `None`, `null`, template marks, names with underscores."""
    cleaned = [PLAIN.sub("no ", NAMES.sub("", piece)) for piece in pieces]
    return [f"{match.group()!r} in {piece[:120]!r}" for piece in cleaned for match in RAW.finditer(piece)]


@cache
def axe_source() -> str:
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def bring_axe(tab: Tab) -> None:
    """What the tab opens from now on can be looked at."""
    tab.add_init_script(AXE_LATER.format(axe_source()))


@dataclass
class Look:
    """What one look found. `axe` is keyed by (width, colours)."""

    page: Page
    status: int = 0
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    widths: dict[str, dict[str, Any]] = field(default_factory=dict)
    cut: dict[str, list[str]] = field(default_factory=dict)
    text: list[str] = field(default_factory=list)
    whole: str = ""
    answers: list[str] = field(default_factory=list)
    axe: dict[tuple[int, str], dict[str, list[dict[str, Any]]]] = field(default_factory=dict)


def look(*, tab: Tab, page: Page, base: str, where: str, first: bool = True, shots: Path | None = None) -> Look:
    """Open the page in a tab of `bring_axe`, bring it into its state and measure. Leaves the tab where it is.

    `first`: the first state of its page, judged by axe in both colours at both widths; further states light on a phone and dark at a desk.
    `shots`: a folder for pictures of it."""
    seen = Look(page=page)
    answers: list[Response] = []

    def _answered(response: Response) -> None:
        if response.request.is_navigation_request() and response.frame == tab.main_frame:
            answers.append(response)

    def _asked(request: Request) -> None:
        if not request.url.startswith((base + "/", "data:")):
            seen.elsewhere.append(request.url)

    def _said(message: Any) -> None:
        # A page that is not there, or refuses, is told to the console as well; its status is looked at on its own.
        # What axe does to a page is its own affair.
        if (
            not seen.text
            and message.type in ("error", "warning")
            and not (page.status >= 400 and "Failed to load resource" in message.text)
        ):
            seen.complaints.append(f"{message.type}: {message.text}")

    heard = {"response": _answered, "request": _asked, "console": _said, "pageerror": lambda error: seen.complaints.append(str(error))}
    for event, listener in heard.items():
        tab.on(event, listener)
    try:
        tab.set_viewport_size({"width": PHONE, "height": TALL})
        # Without motion, so that no colour is met on its way to another.
        tab.emulate_media(color_scheme="light", reduced_motion="reduce")
        tab.goto(where if where.startswith("http") else base + where)
        if page.act is not None:
            page.act(tab)
        last = [answer for answer in answers if answer.status not in (301, 302, 303)][-1]
        seen.status, seen.url, seen.headers = last.status, tab.url, last.all_headers()
        _measure(tab=tab, seen=seen, first=first, shots=shots)
    finally:
        for event, listener in heard.items():
            tab.remove_listener(event, listener)
    return seen


def _measure(*, tab: Tab, seen: Look, first: bool, shots: Path | None) -> None:
    def _picture(what: str) -> None:
        if shots is not None:
            tab.screenshot(path=shots / f"{seen.page.name.replace(', ', '-').replace(' ', '_')}.{what}.png", full_page=True)

    _picture("360")
    seen.widths["360"], seen.cut["360"] = tab.evaluate(BOTH)
    tab.set_viewport_size({"width": NARROW, "height": TALL})
    seen.widths["320"], seen.widths["320 unfolded"] = tab.evaluate(NARROWEST)
    tab.set_viewport_size({"width": DESK, "height": TALL})
    seen.widths["1280 unfolded"], seen.cut["1280 unfolded"] = tab.evaluate(BOTH)
    seen.text, seen.whole, answers = tab.evaluate(READ)
    seen.answers = [" ".join(found.split()) for found in answers]
    _picture("1280")
    tab.evaluate("window.__axe()")
    # Each switch costs as much as a small page, so they come in the order that needs the fewest.
    if first:
        _judge(tab=tab, seen=seen, width=DESK, colours="light")
    tab.emulate_media(color_scheme="dark")
    _judge(tab=tab, seen=seen, width=DESK, colours="dark")
    tab.set_viewport_size({"width": PHONE, "height": TALL})
    if first:
        _judge(tab=tab, seen=seen, width=PHONE, colours="dark")
        _picture("360dark")
    tab.emulate_media(color_scheme="light")
    _judge(tab=tab, seen=seen, width=PHONE, colours="light")


def _judge(*, tab: Tab, seen: Look, width: int, colours: Literal["light", "dark"]) -> None:
    """The tab stands at that width in those colours already."""
    found = judge_contrast(tab)
    if colours == "light":
        rest = tab.evaluate(AXE, RULES)
        found = {kind: [*found[kind], *rest[kind]] for kind in found}
    seen.axe[width, colours] = found
