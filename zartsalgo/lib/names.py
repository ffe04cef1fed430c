"""The choke point for names, e-mail addresses and free text from outside: cleaned once here, compared and stored as cleaned."""

# ruff: noqa: SIM905 (tables of words read better as text)

from __future__ import annotations

import unicodedata
from typing import Final

from zartsalgo.lib.patterns import linear

_ADDRESS: Final = linear(
    r"^(?P<local>[^\s@<>()\[\]\\,;:\"]{1,64})@(?P<domain>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59}))$"
)
_IN_BRACKETS: Final = linear(r"<([^<>]*)>\s*$")
# What call tracking and forms write when there is no name.
_NO_NAME: Final = frozenset({
    "unknown", "unknown caller", "unknown name", "anonymous", "wireless caller", "cell phone", "mobile caller", "private", "private caller",
    "restricted", "unavailable", "name unavailable", "no name", "not available", "toll free call", "toll free", "v mail", "out of area",
    "none", "null", "undefined", "n/a", "na", "nan", "-", "--", ".",
})  # fmt: skip


# What programs write where they had no value, as they spell it: a person called Null writes it with one capital letter.
_NOTHING: Final = frozenset({
    "undefined", "Undefined", "UNDEFINED", "null", "NULL", "(null)", "<null>", "None", "nil", "<nil>", "NaN", "nan", "N/A", "n/a", "#N/A", "#N/D",
    "[object Object]", "[object Undefined]", "undefined undefined", "null null", "None None",
})  # fmt: skip
_LONGEST_NOTHING: Final = 60
# A place for a value in a template: "{{name}}", "%FIRSTNAME%", "*|FNAME|*", "[your-name]". "[x]" is a ticked box.
_OPENS_BLANK: Final = frozenset("{[%*$<")
_BLANK: Final = linear(
    r"^(?:\{\{.*\}\}|\[\[.*\]\]|<%.*%>|%%?[\p{L}_][\w.: -]*%%?|\*\|.*\|\*|\$?\{[\p{L}_][\w.: -]*\}|\[[\p{L}_][\p{L}_0-9.:-]{2,}\])\z"
)


def means_nothing(text: str) -> bool:
    """Whether a value is none: blank, what a program writes for nothing ("undefined"), or a blank that nobody filled in ("{{name}}")."""
    bare = text.strip()
    if not bare or bare in _NOTHING:
        return True
    return len(bare) <= _LONGEST_NOTHING and bare[0] in _OPENS_BLANK and _BLANK.match(bare) is not None


def clean_text(raw: object, *, limit: int = 10_000) -> str:
    """Free text that any database, log and page can hold: NFC, line ends as \\n, at most `limit` characters.

    NUL and the other control characters but tab and newline go, as do lone surrogates (JSON may carry both; Postgres refuses
    them), and direction overrides, which can make a page show something other than what is stored. Emoji and their joiners stay.
    None is ""; bytes are read as UTF-8; numbers as they print.
    """
    text = _as_str(raw)
    # A slice before the costly work bounds it: normalising can only shorten or, for rare scripts, lengthen; the last cut settles it.
    text = text[: limit * 4].replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(char for char in text if _is_kept(char))
    return unicodedata.normalize("NFC", text).strip()[:limit].rstrip()


def clean_name(raw: object, *, limit: int = 120) -> str:
    """A person's or a company's name on one line: NFKC, single spaces, no quotes around it; "" for "WIRELESS CALLER" and its like.

    What a program wrote for nothing goes, in a part of it too ("Ana undefined"); "Jennifer Null" stays. Capital letters stay as written:
    "McDonald" and "DE LA CRUZ" are not ours to correct.
    """
    text = unicodedata.normalize("NFKC", clean_text(raw, limit=limit * 4))
    if means_nothing(text):
        return ""
    text = " ".join("".join(char for char in text if unicodedata.category(char) != "Cf" or char == "\u200d").split())
    text = text.strip(" \"'“”‘’`<>|,;").strip()[:limit].rstrip()
    words = text.split()
    if any(word in _NOTHING for word in words):
        shouted = text.isupper()
        text = " ".join(word for at, word in enumerate(words) if word not in _NOTHING or (shouted and at and word == "NULL"))
        text = "" if means_nothing(text) else text
    return "" if text.casefold() in _NO_NAME or means_nothing(text) else text


def read_emails(raw: object) -> tuple[tuple[str, ...], str]:
    """Every address in a field that may hold several or words round one, in order, and what is left over ("" when nothing is)."""
    text = clean_text(raw, limit=500)
    if whole := clean_email(text):
        return (whole,), ""
    found: list[str] = []
    left: list[str] = []
    for part in text.replace(";", " ").replace(",", " ").replace("|", " ").replace("/", " ").split():
        if len(found) < _MOST_EMAILS and "@" in part and (address := clean_email(part.strip("<>()[]{}:"))):
            found.append(address)
        elif part.casefold() not in _JOINS and any(char.isalnum() for char in part):
            left.append(part)
    return tuple(dict.fromkeys(found)), " ".join(left)


_MOST_EMAILS: Final = 5
_JOINS: Final = frozenset("and or y o e und oder et ou mailto email e-mail mail correo".split())


def clean_email(raw: object) -> str:
    """The address in the form that identity compares: NFKC, no `mailto:` or display name, lower case, domain in ASCII; "" when it is none.

    Tags ("+tag") and dots stay: whether they matter is the mail host's business (RFC 5321 section 2.3.11). Lower case in the
    local part is ours: no host in use tells addresses apart by case, and people type both.
    """
    text = unicodedata.normalize("NFKC", clean_text(raw, limit=1_000)).strip()
    bracketed = _IN_BRACKETS.search(text)
    if bracketed:
        text = bracketed.group(1).strip()
    if text[:7].casefold() == "mailto:":
        text = text[7:].split("?", 1)[0]
    text = "".join(char for char in text if unicodedata.category(char) != "Cf").lstrip(" \"'<").rstrip(" \"'>.,;").casefold()
    local, at, domain = text.rpartition("@")
    if not at:
        return ""
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    address = f"{local}@{domain}"
    if len(address) > 254 or local.startswith(".") or local.endswith(".") or ".." in local:
        return ""
    return address if _ADDRESS.match(address) else ""


def _as_str(raw: object) -> str:
    if raw is None or isinstance(raw, bool):
        return ""
    if isinstance(raw, bytes | bytearray):
        return bytes(raw).decode("utf-8", "replace")
    if isinstance(raw, str):
        return raw
    return str(raw) if isinstance(raw, int | float) else ""


_OVERRIDES: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def _is_kept(char: str) -> bool:
    if char in "\n\t":
        return True
    return char not in _OVERRIDES and unicodedata.category(char) not in ("Cc", "Cs")
