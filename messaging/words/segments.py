"""How many parts a text is sent and paid in: 3GPP TS 23.038 (GSM 7-bit) and TS 23.040 (parts joined by a header of six octets).

Where every character is in the GSM alphabet a part holds 160 septets, 153 where there are several; one character outside it makes the
whole text UCS-2: 70 units, 67 where there are several. What takes two places (an escaped sign, an emoji) is never cut in two.
"""

import unicodedata
from dataclasses import dataclass

BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
EXTENSION = "\f^{}\\[~]|€"  # sent after an escape, so each takes two septets
_SIZES = dict.fromkeys(BASIC, 1) | dict.fromkeys(EXTENSION, 2)
GSM_7, UCS_2 = "GSM-7", "UCS-2"
_ALONE = {GSM_7: 160, UCS_2: 70}
_JOINED = {GSM_7: 153, UCS_2: 67}
# What a keyboard or a word processor puts in, and the plain sign that would do as well.
PLAIN = {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " ", "•": "-"}


@dataclass(frozen=True)
class Odd:
    """A character outside the GSM alphabet: where it stands (from 1), what it is called, and what could stand there instead ("" if nothing)."""

    char: str
    place: int
    name: str
    instead: str


@dataclass(frozen=True)
class Segments:
    """What a text costs. `units` are septets or UTF-16 units, `room` what the parts could hold; `odd` has each such character once."""

    encoding: str
    units: int
    parts: int
    room: int
    odd: tuple[Odd, ...]


def count_segments(text: str) -> Segments:
    """Count a text as it will be sent; an empty one has no part."""
    seen: dict[str, Odd] = {}
    for place, char in enumerate(text, 1):
        if char not in _SIZES and char not in seen:
            seen[char] = Odd(char=char, place=place, name=_named(char), instead=PLAIN.get(char, ""))
    encoding = UCS_2 if seen else GSM_7
    sizes = [2 if ord(char) > 0xFFFF else 1 for char in text] if seen else [_SIZES[char] for char in text]
    units = sum(sizes)
    if units <= _ALONE[encoding]:
        parts, room = min(units, 1), _ALONE[encoding]
    else:
        parts, left, size = 1, _JOINED[encoding], _JOINED[encoding]
        for taken in sizes:
            if taken > left:
                parts, left = parts + 1, size
            left -= taken
        room = parts * size
    return Segments(encoding=encoding, units=units, parts=parts, room=room, odd=tuple(seen.values()))


def _named(char: str) -> str:
    return unicodedata.name(char, f"U+{ord(char):04X}").lower()
