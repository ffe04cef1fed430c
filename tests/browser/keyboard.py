"""Walking a page with Tab: what has the focus, whether it is seen, and all there is to reach."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page as Tab

# What has the focus: whether it looks different than without it (itself or the row around it), and whether something lies over it.
FOCUS = """() => {
  const el = document.activeElement;
  if (!el || el === document.body) return null;
  const look = () => [el, el.parentElement, el.parentElement.parentElement].map((one) => {
    const style = getComputedStyle(one);
    return [style.outlineStyle, style.outlineWidth, style.outlineColor, style.boxShadow].join(' ');
  }).join('|');
  const box = el.getClientRects()[0], x = box.left + box.width / 2, y = box.top + box.height / 2;
  const over = document.elementFromPoint(x, y);
  const focused = look();
  el.blur();
  const plain = look();
  el.focus({ preventScroll: true });
  return {
    what: `${el.tagName.toLowerCase()} ${(el.getAttribute('aria-label') || el.textContent || el.name || '').trim().slice(0, 40)}`,
    differs: focused !== plain, covered: over !== el && !el.contains(over) && !(over && over.contains(el) && over.matches('label, li, summary')),
    over: over ? over.outerHTML.slice(0, 80) : 'out of sight', link: el.matches('.row-link') ? el.getAttribute('href') : '',
  };
}"""


# Everything that can be pressed, chosen or filled in, as it stands in the page.
CONTROLS = """() => {
  const all = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]:not([tabindex="-1"])';
  return [...document.querySelectorAll(all)].filter((el) => el.checkVisibility() && !el.disabled)
    .map((el) => `${el.tagName.toLowerCase()} ${(el.getAttribute('aria-label') || el.textContent || el.name || '').trim().slice(0, 40)}`);
}"""


def tab_on(tab: Tab, *, most: int) -> Iterator[dict[str, Any]]:
    """Press Tab so often; what has the focus each time. Stops where the page is over."""
    for _ in range(most):
        tab.keyboard.press("Tab")
        found = tab.evaluate(FOCUS)
        if found is None:
            return
        yield found


def go_to(tab: Tab, *, name: str, most: int = 60) -> None:
    """Tab to the control of that name; fails when it is not among the next ones, or when a focus on the way was not to be seen."""
    for found in tab_on(tab, most=most):
        assert found["differs"] and not found["covered"], found
        if name in found["what"]:
            return
    pytest.fail(f"{name} was not reached")
