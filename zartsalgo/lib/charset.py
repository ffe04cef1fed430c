"""Bytes from outside to text, by what the bytes themselves say first and by what a header says only after that.

In this order: a byte-order mark; strict UTF-8; UTF-16 by where its NULs stand; the stated charset, where it is one we know; cp1252, which
browsers read as well wherever Latin-1 is stated (WHATWG Encoding, section 4.2). A library that guesses charsets took "María José" in
cp1252 for three others, so none is asked.
"""

from __future__ import annotations

from typing import Final

# Charsets that a form or a file may state and that cp1252 would misread. A Latin one says nothing: senders state it and send another.
_STATED: Final = frozenset({
    "windows-1250", "windows-1251", "cp1250", "cp1251", "iso-8859-2", "iso-8859-5", "koi8-r", "shift_jis", "euc-jp", "iso-2022-jp", "gbk",
    "gb2312", "gb18030", "big5", "euc-kr", "macintosh", "mac_roman",
})  # fmt: skip
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SAMPLE: Final = 4096


def decode(data: bytes, *, stated: str = "") -> str:
    """The text of `data`; never raises. What no rule can read becomes U+FFFD."""
    return data.decode(name_of(data, stated=stated), "replace")


def name_of(data: bytes, *, stated: str = "", whole: bool = True) -> str:
    """Which charset to read `data` with. With `whole` False the bytes may end in the middle of a character."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    if by_nuls := _utf16(data[:_SAMPLE]):
        return by_nuls
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError as error:
        if not whole and error.end == len(data) and error.reason == "unexpected end of data":
            return "utf-8"
    wanted = stated.strip().strip("\"'").lower()
    if wanted in _STATED:
        try:
            data.decode(wanted)
        except (UnicodeDecodeError, LookupError):
            return "cp1252"
        return wanted
    return "cp1252"


def _utf16(sample: bytes) -> str:
    """UTF-16 without a mark: mostly Latin text has a NUL in every second byte, always on the same side. "" when it is none."""
    pairs = len(sample) // 2
    if pairs < 4 or b"\x00" not in sample:
        return ""
    first, second = sample[: pairs * 2 : 2].count(0), sample[1 : pairs * 2 : 2].count(0)
    if second * 10 >= pairs * 6 and first * 10 <= pairs:
        return "utf-16-le"
    return "utf-16-be" if first * 10 >= pairs * 6 and second * 10 <= pairs else ""
