"""Reading single values out of what a provider sent: each reader returns the plain type or raises `Malformed` naming the field."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from zartsalgo.lib.names import means_nothing
from zartsalgo.lib.patterns import linear
from zartsalgo.lib.strict_json import Malformed, clean, kind_of

LONGEST_KEY = 200
Value = TypeVar("Value")
_DIGITS = linear(r"^[0-9]{1,9}(?:\.0{1,6})?\z")
_TRUE, _FALSE = frozenset({"true", "1", "yes", "y", "t"}), frozenset({"false", "0", "no", "n", "f"})


def text(data: Mapping[str, Any], *names: str) -> str:
    """The first of `names` that is present and not blank, trimmed; a whole number counts as its digits. Others raise `Malformed`."""
    for name in names:
        value = data.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise Malformed(f"`{name}` should be text, not {kind_of(value)}.")
        if trimmed := str(value).strip():
            return trimmed
    return ""


def loose_text(data: Mapping[str, Any], *names: str) -> str:
    """Like `text` for fields that only describe: what is not text is left out instead of spoiling the whole payload. Of a list all texts."""
    for name in names:
        value = data.get(name)
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value[:5]):
            value = ", ".join(value[:5])
        if isinstance(value, (str, int)) and not isinstance(value, bool) and not means_nothing(trimmed := str(value).strip()):
            return trimmed
    return ""


def describing(reader: Callable[[Mapping[str, Any], str], Value | None], data: Mapping[str, Any], name: str) -> Value | None:
    """What `whole` or `flag` reads, for a field that only describes: None where it is out of type, and the rest of the payload stands."""
    try:
        return reader(data, name)
    except Malformed:
        return None


def whole(data: Mapping[str, Any], name: str) -> int | None:
    """A whole number from 0 to 999,999,999, given as number or digits, also as "18.0"; None when absent or blank."""
    value = data.get(name)
    if value is None or (isinstance(value, str) and means_nothing(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, str)) or not _DIGITS.match(str(value)[:30].strip()):
        raise Malformed(f"`{name}` should be a whole number from 0 to 999999999.")
    return int(str(value).strip().partition(".")[0])


def flag(data: Mapping[str, Any], name: str) -> bool | None:
    """True or False, also as words, 1 or 0; None when absent, null or blank."""
    value = data.get(name)
    if value is None or (isinstance(value, str) and means_nothing(value)):
        return None
    word = str(value).strip().lower() if isinstance(value, str | int) else ""
    if word in _TRUE | _FALSE:
        return word in _TRUE
    raise Malformed(f"`{name}` should be true or false, not {kind_of(value)}.")


def moment(value: object) -> datetime | None:
    """An ISO 8601 or RFC 2822 time with a zone, in UTC, of the years 2000 to 2100; None for anything else."""
    if not isinstance(value, str) or len(value) > 64:
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            when = read(value.strip())
            if when.tzinfo is not None and 2000 <= when.year < 2100:
                return when.astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None


def filled(**values: Any) -> dict[str, Any]:
    """The values that say something: None and empty text, lists and objects are left out; False and 0 stay."""
    return {name: value for name, value in values.items() if value is not None and value != "" and value != [] and value != {}}


def key(identity: str) -> str:
    """An identity short enough for a unique index: itself, or its sha256 when longer than `LONGEST_KEY` characters."""
    identity = clean(identity.strip())
    return identity if len(identity) <= LONGEST_KEY else "sha256:" + hashlib.sha256(identity.encode()).hexdigest()


def from_query(url: str, name: str) -> str:
    """The first value of a query parameter, or "" when there is none or the address is no address."""
    try:
        return clean(parse_qs(urlsplit(url).query).get(name, [""])[0])
    except ValueError:
        return ""
