"""Which columns of somebody's list hold numbers and addresses: by their headings, in a list without headings by what is in them.

A column that is not known is named, never read and never passed over in silence: an id of ten digits is a number to a machine, and a number that
was not read is a person who goes on getting texts.
"""

# ruff: noqa: SIM905 (tables of words read better as text)

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from zartsalgo.lib.names import read_emails
from zartsalgo.lib.patterns import linear
from zartsalgo.lib.phone_in_words import read_numbers

_PHONE: Final = frozenset(
    "phone phones telephone tel mobile cell cellphone cellular landline number numbers msisdn e164 sms whatsapp fax telefono celular movil contact "
    "home work office daytime evening to from destination caller subscriber handphone mobiltelefon telefon numero telephones phonenumber "
    "mobilephone mobilenumber phonenumbers cellnumber workphone homephone contactnumber".split()
)
_EMAIL: Final = frozenset("email emails mail emailaddress emailaddresses correo courriel emailid".split())
# A column with such a word holds something about the number or the person, never the number itself.
_NOT: Final = frozenset(
    "id ids uid guid uuid record account invoice order ref reference key code zip postal date time created updated at on type label status state "
    "source name first last title company city country street address amount total count valid verified carrier reason note notes comment "
    "customerid job ticket license policy ssn preference method opted".split()
)
# Words beside "number" that say which of several: "Primary Number", "Other number 2".
_WHICH: Final = frozenset(
    "primary secondary main alternate alternative alt other second third best preferred backup additional their otro".split()
)
_ADDRESS_WORDS: Final = frozenset({"address", "addresses"})
_WORD: Final = linear(r"[^a-z0-9]+")
_CAMEL: Final = linear(r"([a-z])([A-Z])")
MOST_NAMED: Final = 30


@dataclass(frozen=True, slots=True)
class Columns:
    """Places of the `phones` and `emails`; `read` and `left` are headings; `is_heading` when the first line holds no people."""

    phones: tuple[int, ...]
    emails: tuple[int, ...]
    read: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    is_heading: bool = False

    @property
    def known(self) -> bool:
        return bool(self.phones or self.emails)


def choose(first: list[str]) -> Columns:
    """From a list's first line. Without a heading every column may hold a number or an address."""
    if any(_holds_somebody(cell) for cell in first) or not any(any(char.isalpha() for char in cell) for cell in first):
        every = tuple(range(len(first)))
        return Columns(phones=every, emails=every)
    phones = tuple(place for place, heading in enumerate(first) if _is_phone(heading))
    emails = tuple(place for place, heading in enumerate(first) if _is_email(heading))
    known = {*phones, *emails}
    named = [heading for heading in first if heading]
    return Columns(
        phones=phones,
        emails=emails,
        read=tuple(first[place] for place in sorted(known))[:MOST_NAMED],
        left=tuple(heading for place, heading in enumerate(first) if heading and place not in known)[:MOST_NAMED] if named else (),
        is_heading=True,
    )


def values_of(cells: list[str], *, columns: Columns) -> tuple[set[tuple[str, str]], list[str]]:
    """(kind, value) of everything a line names, and the cells that look like a number or an address and are none."""
    found: set[tuple[str, str]] = set()
    odd: list[str] = []
    for place in sorted({*columns.phones, *columns.emails}):
        cell = cells[place] if place < len(cells) else ""
        if not cell:
            continue
        if "@" in cell:
            emails = read_emails(cell)[0]
            found |= {("email", address) for address in emails}
            odd += [] if emails else [cell]
        elif place in columns.phones:
            # A number we would not text anyway may still be suppressed: better one too many than one too few.
            numbers = read_numbers(raw=cell)
            read = {value for value in (numbers.first.e164, *numbers.further) if value}
            found |= {("phone", value) for value in read}
            if not read and columns.is_heading and sum(char.isdecimal() for char in cell) >= 7:
                odd.append(cell)
    return found, odd


def _words(heading: str) -> list[str]:
    return [
        word
        for word in _WORD.split(
            _CAMEL.sub(r"\1 \2", heading[:80]).casefold().replace("é", "e").replace("á", "a").replace("ó", "o").replace("ú", "u")
        )
        if word
    ]


def _is_phone(heading: str) -> bool:
    words = set(_words(heading)) - {word for word in _words(heading) if word.isdecimal()}
    words |= {"".join(_words(heading)).rstrip("0123456789")}
    if not words & _PHONE or words & _EMAIL:
        return False
    sure = words & _PHONE - {
        "number",
        "numbers",
        "contact",
        "home",
        "work",
        "office",
        "to",
        "from",
        "daytime",
        "evening",
        "destination",
        "numero",
    }
    return not words & _NOT and (bool(sure) or words - _WHICH <= _PHONE | {"".join(_words(heading)).rstrip("0123456789")})


def _is_email(heading: str) -> bool:
    words = {*_words(heading), "".join(_words(heading)).rstrip("0123456789")}
    return bool(words & _EMAIL or {"e", "mail"} <= words) and not words & (_NOT - _ADDRESS_WORDS)


def _holds_somebody(cell: str) -> bool:
    if "@" in cell:
        return bool(read_emails(cell)[0])
    return sum(char.isdecimal() for char in cell) >= 7 and bool(read_numbers(raw=cell).first.e164)


def unknown_headings(*, name: str, headings: Iterable[str]) -> str:
    """The sentence for a list of which no column is known."""
    named = ", ".join(f"“{heading}”" for heading in headings)
    return (
        f"{name} holds no column that we know as numbers or addresses. Its headings are {named}: name one “phone” or “email” and try again."
    )
