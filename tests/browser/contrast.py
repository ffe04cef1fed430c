"""Contrast, judged by axe once for each way in which words look, not once for each word on each page.

What axe's rule computes for a piece of text depends on its colour, its size and weight, and on what is painted behind it. Pieces that agree in
all of that get the same verdict, so axe is asked about one of them, and what it has passed is not asked again on the next page. Looking for
the ways words look is done on every page, at every width, in both colours, and costs a twentieth of asking about all of them.
"""

from typing import Any

from playwright.sync_api import Page as Tab

# Each visible piece of text is described by all that the rule reads; `window.__looks` keeps one element of each description. What is only for
# screen readers (a pixel wide, clipped, out of the page) is none of the rule's business. Words are read from boxes, so fields count, too.
DESCRIBE = """() => {
  const chain = new Map(), looks = new Map();
  const behind = (el) => {
    if (!el || el.nodeType !== 1) return '';
    if (chain.has(el)) return chain.get(el);
    const s = getComputedStyle(el), own = [];
    if (s.backgroundColor !== 'rgba(0, 0, 0, 0)' || s.backgroundImage !== 'none') own.push(s.backgroundColor, s.backgroundImage);
    if (s.opacity !== '1') own.push('o' + s.opacity);
    if (s.position !== 'static' && s.position !== 'relative') own.push(s.position + s.zIndex);
    if (s.filter !== 'none' || s.mixBlendMode !== 'normal' || s.backdropFilter !== 'none') own.push(s.filter, s.mixBlendMode, s.backdropFilter);
    for (const pseudo of ['::before', '::after']) {
      const p = getComputedStyle(el, pseudo);
      if (p.content !== 'none' && (p.backgroundColor !== 'rgba(0, 0, 0, 0)' || p.backgroundImage !== 'none' || p.position === 'absolute'))
        own.push(pseudo, p.backgroundColor, p.backgroundImage, p.position);
    }
    const found = behind(el.parentElement) + (own.length ? '<' + own.join(' ') : '');
    chain.set(el, found);
    return found;
  };
  const fields = 'input:not([type=hidden]), textarea, select';
  for (const el of document.body.querySelectorAll('*')) {
    const text = [...el.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join('');
    if (!text && !el.matches(fields)) continue;
    if (!el.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const box = el.getBoundingClientRect();
    if (box.width <= 1 || box.height <= 1 || box.right <= 0 || box.bottom + window.scrollY <= 0) continue;
    const s = getComputedStyle(el), label = el.closest('label');
    const off = el.closest(':disabled, [aria-disabled="true"]') || (label && label.control && label.control.disabled);
    const look = [el.tagName, el.matches(fields) ? el.type : '', s.color, s.webkitTextFillColor, s.fontSize, s.fontWeight, s.textShadow,
      s.webkitTextStrokeWidth, s.clip, s.clipPath, off ? 'off' : '', [...text].length === 1 ? 'one' : '', behind(el)].join('|');
    if (!looks.has(look)) looks.set(look, el);
  }
  window.__looks = looks;
  return [...looks.keys()];
}"""
ASK = """async (looks) => {
  const asked = new Map(looks.map((look) => [window.__looks.get(look), look]));
  const found = await axe.run({ include: [...asked.keys()] }, { runOnly: ['color-contrast'], elementRef: true, preload: false });
  const brief = (list) => list.map((rule) => ({ id: rule.id, help: rule.help,
    nodes: rule.nodes.map((node) => `${node.target.join(' ')}: ${node.html.slice(0, 160)} ${node.failureSummary || ''}`) }));
  const passed = found.passes.flatMap((rule) => rule.nodes.map((node) => asked.get(node.element))).filter(Boolean);
  return { violations: brief(found.violations), incomplete: brief(found.incomplete), passed };
}"""
_passed: set[str] = set()


def judge_contrast(tab: Tab) -> dict[str, list[dict[str, Any]]]:
    """What axe finds (`violations`) or cannot decide (`incomplete`) among the ways words look on the page as it stands; axe is loaded there."""
    fresh = [look for look in tab.evaluate(DESCRIBE) if look not in _passed]
    if not fresh:
        return {"violations": [], "incomplete": []}
    found = tab.evaluate(ASK, fresh)
    _passed.update(found.pop("passed"))
    return dict(found)
