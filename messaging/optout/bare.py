"""Whether a text that opts out says more than the wish: a question, a reason, a request. Then a person reads it, though nothing may go."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from messaging.optout.quotations import own_words
from messaging.optout.rules import BREAK, CLAUSE, KEYWORD
from messaging.optout.spelling import TARGETS, repair
from messaging.optout.words import normalise, shortened
from messaging.replies import read_by_rules

_WORDS: Final = frozenset(
    word
    for line in (Path(__file__).parent / "lists" / "wish_words.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
    for word in line.split()
)
_BARE: Final = _WORDS | frozenset(TARGETS)
# What a clause without a wish may hold and still add nothing to it; "call me" is made of words of the wish and asks for something.
_ADDS_NOTHING: Final = frozenset(
    "i im we you your the a this that it is its all now again ever please thanks thank ok okay mean said told already asked times time last first second third once more no not never and "  # noqa: SIM905
    "fuck fucking shit damn idiot idiots moron morons asshole assholes wtf hell god omg what part of dont understand guys people ya gracias por favor nada mas no".split()
)
# Other languages than English and Spanish have no list of words here: a short refusal is taken as bare.
_SHORT: Final = 6


def says_more(text: str) -> bool:
    """For a text that opts out: does it hold anything beyond that, courtesies aside?"""
    plain = repair(normalise(own_words(shortened(text))))
    clauses = [clause.split() for clause in plain.split(BREAK) if clause]
    words = sum(map(len, clauses))
    reading, _ = read_by_rules(text)
    if reading.rule in ("keyword", "stop-sign") or (words <= _SHORT and reading.kind == "opt_out" and reading.lang not in ("en", "es")):
        return False
    return not all(_ADDS_NOTHING.issuperset(clause) or (_BARE.issuperset(clause) and _refuses(" ".join(clause))) for clause in clauses)


def _refuses(clause: str) -> bool:
    return bool(CLAUSE.fullmatch(clause) or KEYWORD.fullmatch(clause)) or read_by_rules(clause)[0].kind in ("opt_out", "unclear")
