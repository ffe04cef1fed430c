"""Personal data made unreadable for pages that show raw material: a number keeps its last four digits, an address its host.

For the eyes of staff who look for a fault; it is no redaction for a client (that is the summaries' work) and no encryption.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from zartsalgo.lib.patterns import WORD, Bordered, Found, encodable, linear

DOTS: Final = "•••"
# Digits with the separators that people and providers put between them; 10 to 15 of them are taken for a phone number.
_GAP: Final = r"(?:[\s().\-/]|%20|%28|%29){0,4}"
_PHONE: Final = Bordered(rf"(?:\+|%2B|00)?\(?\d{_GAP}(?:\d{_GAP}){{8,13}}\d", before=f"{WORD}.", after=WORD, ignore_case=True)
_EMAIL: Final = Bordered(
    r"([A-Za-z0-9_])[A-Za-z0-9_.+\-]{0,63}(@|%40)([A-Za-z0-9](?:[A-Za-z0-9.\-]{0,250}[A-Za-z0-9])?\.[A-Za-z]{2,63})", before=rf"{WORD}.+\-%"
)
_ESCAPED: Final = linear(r"%[0-9a-fA-F]{2}")
_DAY: Final = linear(r"(?:19|20)\d\d[-/.](?:0[1-9]|1[0-2])[-/.](?:0[1-9]|[12]\d|3[01])")
# Names of fields whose value says who somebody is or how to reach them, in whatever spelling a provider uses.
_PRIVATE_NAME: Final = linear(
    r"(^|_)(name|first|last|caller|customer|phone|number|mobile|email|mail|address|street|body|text|content|message|transcript|transcription|"
    r"comment|comments|notes?)(_|$)",
    ignore_case=True,
)
_SECRET_HEADER: Final = linear(r"signature|authorization|cookie|token|secret|api-?key", ignore_case=True)


def mask_text(text: str) -> str:
    """Free text with phone numbers as `•••0123` and addresses as `c•••@example.com`. Dates and short numbers stay; names are not seen."""

    text = _EMAIL.sub(_address, encodable(text))
    return _PHONE.sub(_number, text)


def _address(found: Found) -> str:
    return f"{found.group(1)}{DOTS}{found.group(2)}{found.group(3)}"


def _number(found: Found) -> str:
    words = found.group()
    digits = "".join(char for char in _ESCAPED.sub("", words) if char.isdecimal())
    return f"{DOTS}{digits[-4:]}" if 10 <= len(digits) <= 15 and not _DAY.match(words) else words


def mask_values(values: Any, *, name: str = "") -> Any:
    """A JSON value with the content of personal fields (by their names) hidden and the rest masked as text."""
    if isinstance(values, Mapping):
        return {str(key): mask_values(value, name=str(key)) for key, value in values.items()}
    if isinstance(values, Sequence) and not isinstance(values, str | bytes):
        return [mask_values(value, name=name) for value in values]
    if isinstance(values, int) and not isinstance(values, bool) and _PRIVATE_NAME.search(name):
        seen = mask_text(str(values))
        return values if seen == str(values) else seen
    if not isinstance(values, str):
        return values
    seen = mask_text(values)
    if seen != values or not _PRIVATE_NAME.search(name):
        return seen
    return f"{values[:1]}{DOTS}" if values else values


def mask_headers(headers: Mapping[str, Any]) -> dict[str, str]:
    """Headers of a stored request: what signs or grants access is cut to its first four characters, the rest masked as text."""
    shown = {}
    for name, value in headers.items():
        text = str(value)
        shown[str(name)] = f"{text[:4]}{DOTS} ({len(text)} characters)" if _SECRET_HEADER.search(str(name)) else mask_text(text)
    return shown
