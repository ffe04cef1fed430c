"""Text made comparable without losing where it came from: every character of the folded text knows its place in the original.

Folding takes away what people (and attackers) vary: case, accents, curly quotes, full-width and other digits, letters of other
scripts that look like Latin ones, zero-width and direction characters, control characters.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

# Cyrillic and Greek small letters that a reader takes for Latin ones (a choice from Unicode's confusables, UTS 39).
_LOOKALIKES: Final = dict(zip("аеорсухіјѕһԁкмтвноαορνικτυχγ", "aeopcyxijshdkmtbhoaopviktuxy", strict=False)) | {"ı": "i", "ɡ": "g"}
_QUOTES: Final = dict.fromkeys("‘’‚‛′´`ʼ", "'") | dict.fromkeys("“”„‟″«»", '"') | dict.fromkeys("‐‑‒–—−", "-")


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` is the folded form; character i of it came from `places[i]` of the original, whose length is `length`."""

    text: str
    places: tuple[int, ...]
    length: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the original of `text[start:end]`; an empty stretch is a point."""
        if start >= len(self.places):
            return self.length, self.length
        first = self.places[start]
        return first, (self.places[end - 1] + 1 if end > start else first)


def fold(text: str, *, squeeze: bool = False) -> Folded:
    """Fold a text. With `squeeze` every stretch of white space becomes one blank. Linear in the length; never raises."""
    chars: list[str] = []
    places: list[int] = []
    blank = False
    for place, original in enumerate(text):
        for char in _fold_char(original):
            if squeeze and char == " " and (blank or not chars):
                continue
            blank = char == " "
            chars.append(char)
            places.append(place)
    return Folded("".join(chars), tuple(places), len(text))


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    if char.isspace():
        return " "
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    plain = []
    for part in unicodedata.normalize("NFKD", _QUOTES.get(char, char)).casefold():
        if unicodedata.category(part) in ("Mn", "Me", "Cf", "Cc", "Cs"):
            continue
        part = _QUOTES.get(part, part)
        plain.append(str(unicodedata.decimal(part)) if part.isdecimal() else _LOOKALIKES.get(part, part))
    return "".join(plain)
