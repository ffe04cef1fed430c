"""JSON from strangers: one loader that refuses what our database or a later reader would choke on.

Refused with a sentence: bytes that are not UTF-8, nesting deeper than `MAX_DEPTH`, NaN and infinities, numbers longer than `MAX_DIGITS`,
a name given twice in one object (readers disagree which one counts, so a signed body could mean two things). Repaired, because Postgres
takes neither in `text` nor in `jsonb`: a NUL inside text goes, a lone surrogate becomes U+FFFD.
"""

import json
import math
import re
from typing import Any

MAX_DEPTH = 50
MAX_DIGITS = 40

_SURROGATE = re.compile("[\ud800-\udfff]")


class Malformed(ValueError):
    """The input breaks a rule; the text is a sentence for staff and never quotes the input."""


def clean(text: str) -> str:
    """The text without characters that Postgres refuses. A NUL shows nowhere, so it parts no word ("st\\0op"); a lone surrogate becomes U+FFFD."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\0", ""))


def load(body: bytes) -> Any:
    """The value in `body` (UTF-8, a byte order mark is allowed). Raises `Malformed` with a sentence."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8 text (byte {error.start}).") from None
    try:
        value = json.loads(text, parse_int=_whole, parse_float=_fraction, parse_constant=_refuse_constant, object_pairs_hook=_unique_names)
        return _storable(value, depth=1)
    except json.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: {error.msg.lower()} at character {error.pos}.") from None
    except RecursionError:
        raise Malformed(f"The JSON is nested deeper than {MAX_DEPTH} levels.") from None


def load_object(body: bytes) -> dict[str, Any]:
    """Like `load`, for bodies that must be an object."""
    value = load(body)
    if not isinstance(value, dict):
        raise Malformed(f"The body should be a JSON object, not {kind_of(value)}.")
    return value


def kind_of(value: object) -> str:
    """What a value is, in words for a sentence."""
    if value is None:
        return "nothing"
    for kind, words in ((bool, "true or false"), (str, "text"), ((int, float), "a number"), (list, "a list"), (dict, "an object")):
        if isinstance(value, kind):
            return words
    return "something else"


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise Malformed(f"The JSON holds a number of more than {MAX_DIGITS} digits.")
    return int(digits)


def _fraction(digits: str) -> float:
    value = float(digits) if len(digits) <= 2 * MAX_DIGITS else math.inf
    if not math.isfinite(value):
        raise Malformed("The JSON holds a number that is too large or too long.")
    return value


def _refuse_constant(name: str) -> Any:
    raise Malformed(f"The JSON holds {name}, which is no JSON value.")


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = {clean(name): value for name, value in pairs}
    if len(named) != len(pairs):
        raise Malformed("The JSON gives the same name twice in one object.")
    return named


def _storable(value: Any, *, depth: int) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, (dict, list)):
        if depth > MAX_DEPTH:
            raise Malformed(f"The JSON is nested deeper than {MAX_DEPTH} levels.")
        if isinstance(value, dict):
            return {name: _storable(item, depth=depth + 1) for name, item in value.items()}
        return [_storable(item, depth=depth + 1) for item in value]
    return value
