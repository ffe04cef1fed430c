"""No text costs the reply reader more than its length: every pattern is linear, and what is read is cut first."""

import ast
from pathlib import Path

import pytest

import messaging
from messaging import replies
from messaging.optout import event_words, words
from messaging.optout.bare import says_more

ROOM = Path(messaging.__file__).parent
ATTACKS = [
    "no mas no mas no mas ", "you to ", "dont you to ", "remove my number ", "no solicit solicit ", "mas nada ", "no quiero recibir mas nada ", "stop | ",
    "i said stop ", "Liked “", "On x wrote: ", "s t o p ", "text me again ", "stoptexting", "qwertz ", "\n", "1.", "ѕ", "\U0001f6d1 ",
]  # fmt: skip


@pytest.mark.parametrize("base", ATTACKS)
def test_a_text_of_any_length_is_cut_before_a_pattern_sees_it(base, monkeypatch):
    seen = []
    normalise = words.normalise
    monkeypatch.setattr(replies, "normalise", lambda text: seen.append(len(text)) or normalise(text))
    for size in (420, 1_600, 100_000):
        replies.read_reply(text=(base * size)[:size])
        says_more((base * size)[:size])
    # A sign is spelled out as " stop ", so signs alone may grow by as much.
    assert max(seen) <= words.LONGEST * (6 if "\U0001f6d1" in base else 1)


def test_a_transcript_of_any_length_is_one_passage():
    passages = list(event_words._passages({"transcript": "Caller: please stop. " * 20_000}))
    assert len(passages) == 1 and len(passages[0]) <= words.LONGEST + 10


def test_no_pattern_over_peoples_words_backtracks():
    files = [*(ROOM / "optout").rglob("*.py"), ROOM / "replies.py", ROOM / "inbound.py"]
    assert len(files) > 10
    for file in files:
        tree = ast.parse(file.read_text())
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not imported & {"re", "regex"}, file
