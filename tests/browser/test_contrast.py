"""The shortcut of contrast.py finds what axe finds when it is asked about everything: planted words, each seen once before among others."""

import pytest

from tests.browser.contrast import judge_contrast
from tests.browser.looking import axe_source

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chrome")]

PAGE = """<!doctype html><html lang="en"><head><title>x</title><style>
body {{ background: #fff; color: #222 }} .card {{ background: #eee }} .dim {{ opacity: .4 }} .pale {{ color: #bbb }} .small {{ font-size: 10px }}
.dark {{ background: #111 }} .sr {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip: rect(0 0 0 0) }}
.edge::after {{ content: ''; position: absolute; inset: 0; background: #222 }} .edge {{ position: relative }}
@media (prefers-color-scheme: dark) {{ body {{ background: #111; color: #ddd }} .card {{ background: #eee }} }}
</style></head><body><main><p>Plain words</p><p class="card">On a card</p>{}</main></body></html>"""
PLANTED = {
    "pale words": '<p class="pale">Too pale</p>',
    "dim parents": '<div class="dim"><p>Too dim</p></div>',
    "a dark box": '<div class="dark"><p>Dark on dark</p></div>',
    "a pale field": '<label>Name <input class="pale" value="Ann"></label>',
    "deep inside": '<p>Plain words <span>and <em class="pale">pale ones</em></span></p>',
}


@pytest.fixture(scope="module")
def blank(chrome):
    context = chrome.new_context()
    yield context.new_page()
    context.close()


def found(tab, planted, *, colours="light"):
    tab.emulate_media(color_scheme=colours)
    tab.set_content(PAGE.format(planted))
    tab.evaluate(axe_source())
    whole = tab.evaluate(
        "() => axe.run(document, { runOnly: ['color-contrast'] }).then((all) => all.violations.flatMap((one) => one.nodes.length))"
    )
    return [len(rule["nodes"]) for rule in judge_contrast(tab)["violations"]], whole


def test_what_passed_is_not_asked_again_and_hidden_words_are_not_asked_about(blank):
    for _ in range(2):
        assert found(blank, '<span class="sr">for screen readers</span><p hidden>hidden</p>') == ([], [])


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_it_finds_what_asking_about_everything_finds_each_time(blank, planted):
    found(blank, "")
    for _ in range(2):
        assert found(blank, planted) == ([1], [1])


def test_the_dark_is_asked_about_on_its_own(blank):
    assert found(blank, "") == ([], [])
    assert found(blank, "", colours="dark") == ([1], [1])  # the words on the card, which stays light
