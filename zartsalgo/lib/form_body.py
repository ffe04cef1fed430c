"""Form posts to what was sent in them: urlencoded, multipart (text fields only) or JSON, within fixed limits, in any charset.

Our own small multipart reader instead of a mail parser: it is linear in the size of the body and knows no nesting, so a hostile
body costs no more than its bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from zartsalgo.lib import charset, strict_json
from zartsalgo.lib.patterns import linear
from zartsalgo.lib.strict_json import Malformed, clean

MAX_FIELDS: Final = 1000
MAX_FORMS: Final = 20
LONGEST_HEAD: Final = 2_000
_CHARSET_FIELD: Final = "_charset_"

_BOUNDARY = linear(r'boundary="?([^";,\s]{1,200})"?', ignore_case=True)
_CHARSET = linear(r'charset="?([a-z0-9_\-]{1,40})"?', ignore_case=True)
_NAME = linear(r'[;\s]name="((?:[^"\\\r\n]|\\.)*)"', ignore_case=True)
_FILENAME = linear(r"[;\s]filename\*?=", ignore_case=True)


@dataclass(frozen=True)
class FormBody:
    """Pairs in the order they were sent, or with `is_json` the JSON value; and how many files were left out."""

    pairs: list[tuple[str, str]]
    files: int = 0
    is_json: bool = False
    json: Any = None


def decode(*, content_type: str, body: bytes) -> FormBody:
    """The fields of a form post; `content_type` is the whole header. Without a usable one the body's first character decides."""
    kind = content_type.split(";")[0].strip().lower()
    stated = found.group(1) if (found := _CHARSET.search(content_type[:LONGEST_HEAD])) else ""
    if kind == "multipart/form-data":
        return _multipart(content_type=content_type[:LONGEST_HEAD], body=body, stated=stated)
    if kind.endswith("json") or (kind != "application/x-www-form-urlencoded" and _first(body) in ("{", "[")):
        return _json(body=body, stated=stated)
    raw = [_bytes(pair) for pair in urlencoded(body, errors="surrogateescape")]
    said = _charset_said((_text(name, stated=stated), value) for name, value in raw) or stated
    pairs = [(_text(name, stated=said), _text(value, stated=said)) for name, value in raw]
    return FormBody(pairs=[pair for pair in pairs if pair[0] != _CHARSET_FIELD])


def urlencoded(body: bytes, *, errors: str = "replace") -> list[tuple[str, str]]:
    """The pairs of an urlencoded body, blank ones kept. `errors="surrogateescape"` keeps every byte, for signatures."""
    try:
        return parse_qsl(body.decode("utf-8", errors), keep_blank_values=True, encoding="utf-8", errors=errors, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Malformed(f"The form has more than {MAX_FIELDS} fields.") from None


def _json(*, body: bytes, stated: str) -> FormBody:
    value = strict_json.load(charset.decode(body, stated=stated).removeprefix("\ufeff").encode())
    if not isinstance(value, dict | list):
        raise Malformed(f"The body should be a JSON object or a list of them, not {strict_json.kind_of(value)}.")
    return FormBody(pairs=[], is_json=True, json=value)


def _first(body: bytes) -> str:
    start = body[:64]
    return charset.decode(start[: len(start) // 2 * 2]).lstrip("\ufeff \t\r\n")[:1]


def _bytes(pair: tuple[str, str]) -> tuple[bytes, bytes]:
    name, value = (part.encode("utf-8", "surrogateescape") for part in pair)
    return name, value


def _charset_said(pairs: Iterable[tuple[str, bytes]]) -> str:
    """A form may say its charset in a hidden field, which the browser fills in (HTML standard, "_charset_"); "" where it does not."""
    return next((value for name, value in pairs if name == _CHARSET_FIELD), b"")[:40].decode("ascii", "replace")


def _text(raw: bytes, *, stated: str) -> str:
    return clean(charset.decode(raw, stated=stated))


def _multipart(*, content_type: str, body: bytes, stated: str) -> FormBody:
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise Malformed("The multipart form names no boundary.")
    mark = b"\r\n--" + found.group(1).encode("utf-8", "replace")
    parts = (b"\r\n" + body).split(mark, MAX_FIELDS + 2)
    if len(parts) < 2:
        raise Malformed("The multipart form does not contain its boundary.")
    if len(parts) > MAX_FIELDS + 2:
        raise Malformed(f"The form has more than {MAX_FIELDS} fields.")
    raw_pairs: list[tuple[str, bytes, str]] = []
    files = 0
    for part in parts[1:]:
        if part.startswith(b"--"):
            break
        raw_head, gap, content = part.partition(b"\r\n\r\n")
        head = charset.decode(raw_head[:LONGEST_HEAD])
        name = _NAME.search(head)
        if not gap or name is None:
            continue
        if _FILENAME.search(head):
            files += bool(content)
            continue
        own = its.group(1) if (its := _CHARSET.search(head)) else ""
        raw_pairs.append((clean(name.group(1).replace("%22", '"')), content, own))
    said = _charset_said((name, content) for name, content, _ in raw_pairs) or stated
    pairs = [(name, _text(content, stated=own or said)) for name, content, own in raw_pairs if name != _CHARSET_FIELD]
    return FormBody(pairs=pairs, files=files)
