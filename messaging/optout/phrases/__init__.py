"""Phrases of our own, by kind, in text files: `[kind language label]`, then one message a line (`\\n` in it is a line break)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Phrase(NamedTuple):
    """`label` is opt_out (a wish in so many words), doubt (a person should read it) or ordinary."""

    text: str
    kind: str
    lang: str
    label: str


def read(path: Path) -> Iterator[Phrase]:
    """Raises ValueError for a phrase before the first heading."""
    kind = lang = label = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            kind, lang, label = line.strip("[]").rsplit(" ", 2)
        elif line and not line.startswith("#"):
            if not label:
                raise ValueError(f"{path.name}: {line!r} stands under no heading")
            yield Phrase(line.replace("\\n", "\n"), kind, lang, label)


def ours() -> list[Phrase]:
    """What the classifier is fitted on, of our own making."""
    return [phrase for path in sorted(Path(__file__).parent.glob("*.txt")) for phrase in read(path)]
