"""Texts that mix English and Spanish ("stop mandando mensajes"): the Spanish words of a refusal are read as their English ones."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from messaging.optout.rules import BREAK

_PAIRS: Final = dict(
    line.split(" = ")
    for line in (Path(__file__).parent / "lists" / "spanish_to_english.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
)
_LONGEST: Final = max(len(phrase.split()) for phrase in _PAIRS)
_BOTH: Final = frozenset(["no", "me", "a"])
# Words that show that English is spoken too; those that both languages have ("no", "me", "a") show nothing.
_ENGLISH: Final = frozenset(
    "stop text texts texting message messages messaging remove unsubscribe more list number off take dont call calling calls anymore send sending want "  # noqa: SIM905
    "please receive the from my your these this contact contacting again spam opt out leave alone delete phone".split()
)
_SPANISH: Final = frozenset(word for phrase in _PAIRS for word in phrase.split()) - _ENGLISH - _BOTH


def in_english(plain: str) -> str:
    """The normalised message with its Spanish words of refusal in English; the very same where only one language is spoken."""
    words = plain.split()
    if _SPANISH.isdisjoint(words) or _ENGLISH.isdisjoint(words):
        return plain
    return BREAK.join(_clause(clause.split()) for clause in plain.split(BREAK))


def _clause(words: list[str]) -> str:
    said: list[str] = []
    at = 0
    while at < len(words):
        for size in range(min(_LONGEST, len(words) - at), 0, -1):
            phrase = " ".join(words[at : at + size])
            if phrase in _PAIRS:
                last = at + size == len(words) and phrase == "mas"
                said.append("anymore" if last else _PAIRS[phrase])
                break
        else:
            size = 1
            said.append(words[at])
        at += size
    return " ".join(said)
