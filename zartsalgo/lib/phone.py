"""The one choke point for phone numbers: whatever a provider, a form or a person wrote becomes a Number here, or a reason why not.

Only a Number of kind "ok" may ever be texted by an automation. Everything else (withheld, toll-free, short code, a country we
have no rule table for, nonsense) gets a person's task instead. We never guess: a "+" followed by ten digits is read as the
country it names, not as an American number somebody mistyped.
"""

# ruff: noqa: SIM905 (tables of words read better as text)

from __future__ import annotations

import functools
import math
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

import phonenumbers

from zartsalgo.lib.patterns import linear
from zartsalgo.lib.places import STATE_BY_AREA_CODE

Kind = Literal["ok", "withheld", "toll-free", "short-code", "foreign", "invalid"]

RULED_COUNTRIES: Final = frozenset({"US"})
"""Countries with a rule table for texting hours (`messaging.quiet_hours`). Canada and the islands share +1 but not the rules."""

# 822 is reserved by the numbering plan for the next toll-free expansion.
TOLL_FREE: Final = frozenset("800 822 833 844 855 866 877 888".split())

_WITHHELD_WORDS: Final = (
    "anonymous anonim anonimo anonima restricted unavailable private privado privada unknown desconocido desconocida blocked withheld "
    "hidden nocallerid outofarea notavailable undefined none null nil na noid unlisted suppressed"
).split()
# What a switch sends when it spells such a word on the keypad: ANONYMOUS is 266696687.
_KEYPAD: Final = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
_KEYPAD_CODINGS: Final = frozenset(
    word.translate(_KEYPAD) for word in "anonymous restricted unavailable private unknown blocked withheld nocallerid outofarea".split()
)
# One-letter caller-ID codes of telephone switches: P(rivate), O(ut of area), U(nknown).
_WITHHELD_EXACT: Final = frozenset({"", "p", "o", "u", "id", "callerid", *_WITHHELD_WORDS})
_WITHHELD_INSIDE: Final = linear(
    "anonymous|anonim|restricted|unavailable|private|privad|unknown|desconocid|blocked|withheld|nocallerid|outofarea|notavailable"
)

_URI_PREFIX: Final = linear(r"^\s*(?:tel|sms|callto|whatsapp|sips?)\s*:\s*", ignore_case=True)
_SPREADSHEET: Final = linear(r"^\d+(?:\.\d+)?[eE]\+?\d{1,2}\z")
_E164: Final = linear(r"^\+[1-9]\d{6,14}\z")
_AMERICAN: Final = linear(r"^\+1[2-9]\d{9}\z")
_ASSIGNABLE: Final = linear(r"^\+1[2-9]\d{2}[2-9]\d{6}\z")
_FICTIONAL: Final = linear(r"^\+1(?:[2-9]\d{2}55501\d{2}|555\d{7})\z")
_LONGEST_RAW: Final = 200


@dataclass(frozen=True, slots=True)
class Number:
    """A number as we keep it. `e164` is "" for what is no number at all; `country` is ISO 3166, "" when not known."""

    e164: str
    kind: Kind
    country: str

    @property
    def may_be_texted(self) -> bool:
        """True when an automation may text this number at all; consent, hours and opt-outs are judged elsewhere."""
        return self.kind == "ok"


_WITHHELD: Final = Number("", "withheld", "")
_INVALID: Final = Number("", "invalid", "")


def read_number(*, raw: object, region: str = "US") -> Number:
    """Read a number from anything: text, int, float, bytes, None. Extensions are dropped, letters of vanity numbers become digits.

    `region` (ISO 3166) says how a number without a country code is read. Never raises; what it cannot read is "invalid".
    """
    text = _as_text(raw)
    return _INVALID if text is None else _read(text, region)


@functools.lru_cache(maxsize=4096)
def _read(text: str, region: str) -> Number:
    """A number is read half a dozen times on its way from the call to the text."""
    bare = _URI_PREFIX.sub("", text)
    if bare != text:
        bare = bare.split(";", 1)[0].split("@", 1)[0]
    bare = bare.strip()
    letters = "".join(char for char in unicodedata.normalize("NFKD", bare).casefold() if "a" <= char <= "z")
    digits = "".join(char for char in bare if char.isdecimal())
    if _is_withheld(letters=letters, digits=digits):
        return _WITHHELD
    if not letters and 3 <= len(digits) <= 6:
        return Number("", "short-code", "")
    return _parse(text=_with_plus(text=bare, digits=digits), region=region)


def is_fictional(e164: str) -> bool:
    """True for the numbers of fiction, +1 NPA 555 0100 to 0199 in any area code and all of area code 555: never text them for real."""
    return bool(_FICTIONAL.match(e164))


def masked(e164: str) -> str:
    """The form allowed in logs: country code, six stars, the last four digits (`+1******0123`). Nothing of an unreadable number."""
    if not e164:
        return ""
    if not _E164.match(e164):
        return "******"
    try:
        country_code = str(phonenumbers.parse(e164, None).country_code)
    except phonenumbers.NumberParseException:
        country_code = ""
    return f"+{country_code}******{e164[-4:]}"


def sayable(e164: str) -> str:
    """The form people read: `(303) 555-0123`, other countries in international form; "" and unreadable text come back as they are."""
    if _AMERICAN.match(e164):
        return f"({e164[2:5]}) {e164[5:8]}-{e164[8:]}"
    if not _E164.match(e164):
        return e164
    try:
        return phonenumbers.format_number(phonenumbers.parse(e164, None), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return e164


def _as_text(raw: object) -> str | None:
    """Text with plain ASCII digits and no invisible characters, or None when the value cannot be a number."""
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int):
        return str(raw) if 0 <= raw < 10**16 else None
    if isinstance(raw, float):
        return str(int(raw)) if math.isfinite(raw) and raw == int(raw) and 0 <= raw < 10**16 else None
    if isinstance(raw, bytes | bytearray):
        raw = bytes(raw).decode("utf-8", "replace")
    if not isinstance(raw, str) or len(raw) > _LONGEST_RAW:
        return None
    text = unicodedata.normalize("NFKC", raw)
    # Cf holds the direction marks and zero-width spaces that come along when a number is pasted from a contact card.
    visible = (char for char in text if char.isspace() or unicodedata.category(char) not in ("Cf", "Cc", "Cs"))
    text = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in visible).strip()
    if text.endswith(".0") and text[:-2].isdecimal():
        text = text[:-2]  # a spreadsheet that took the number for a float
    if _SPREADSHEET.match(text):
        value = Decimal(text)
        # "1.30356E+10" has lost its last digits: only a mantissa with all digits may be expanded.
        exact = len(value.as_tuple().digits) == value.adjusted() + 1
        return str(int(value)) if exact else None
    return text


def _is_withheld(*, letters: str, digits: str) -> bool:
    if not digits.strip("0") and letters in _WITHHELD_EXACT:
        return True
    if digits == "1" and not letters:
        return True  # a lone "+1"
    if not digits and _WITHHELD_INSIDE.search(letters):
        return True
    return digits in _KEYPAD_CODINGS or (digits[:1] == "1" and digits[1:] in _KEYPAD_CODINGS)


def _with_plus(*, text: str, digits: str) -> str:
    """Turn the international prefix "00" into "+": no national number of the countries we read starts with it."""
    if text[:2] == "00" and len(digits) >= 10:
        return "+" + text[2:]
    return text


def _parse(*, text: str, region: str) -> Number:
    try:
        parsed = phonenumbers.parse(text, region.upper() or None)
    except phonenumbers.NumberParseException:
        return _INVALID
    except Exception:  # the promise is to never raise, whatever the library trips over
        return _INVALID
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if not _E164.match(e164):
        return _INVALID
    if parsed.country_code == 1:
        return _read_north_american(e164=e164, parsed=parsed)
    if not phonenumbers.is_possible_number(parsed):
        return _INVALID
    return Number(e164, "foreign", _country(parsed))


def _read_north_american(*, e164: str, parsed: phonenumbers.PhoneNumber) -> Number:
    if not _ASSIGNABLE.match(e164):
        return _INVALID
    area = e164[2:5]
    if area in TOLL_FREE:
        return Number(e164, "toll-free", "US")
    # 555 is no area code of anybody; films and test data use it, so it reads as an American number and is treated as fiction.
    if area in STATE_BY_AREA_CODE or area == "555":
        return Number(e164, "ok", "US")
    country = _country(parsed)
    # What is left under "US" is premium (900) and personal (5xx) numbers, and area codes that nobody has put in service. They are not
    # texted, but they are somebody: an opt-out from one must bind.
    if country in ("", "US"):
        return Number(e164, "invalid", "")
    return Number(e164, "foreign", country)


def _country(parsed: phonenumbers.PhoneNumber) -> str:
    found = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    return found if found and found.isalpha() else ""
