"""Form posts to name and value pairs: urlencoded, multipart (text fields only) or JSON, within fixed limits.

Our own small multipart reader instead of a mail parser: it is linear in the size of the body and knows no nesting, so a hostile
body costs no more than its bytes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

from zartsalgo.lib import strict_json
from zartsalgo.lib.strict_json import Malformed, clean

MAX_FIELDS = 1000
LONGEST_NAME = 100

_BOUNDARY = re.compile(r'boundary="?([^";,\s]{1,200})"?', re.IGNORECASE)
_NAME = re.compile(rb'[;\s]name="((?:[^"\\\r\n]|\\.)*)"', re.IGNORECASE)
_FILENAME = re.compile(rb"[;\s]filename\*?=", re.IGNORECASE)


@dataclass(frozen=True)
class FormBody:
    """Pairs in the order they were sent, and how many files were left out."""

    pairs: list[tuple[str, str]]
    files: int = 0


def decode(*, content_type: str, body: bytes) -> FormBody:
    """The fields of a form post; `content_type` is the whole header. Without a usable one the body's first byte decides."""
    kind = content_type.split(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return _multipart(content_type=content_type, body=body)
    if kind.endswith("json") or (kind != "application/x-www-form-urlencoded" and body.lstrip()[:1] in (b"{", b"[")):
        return FormBody(pairs=flattened(strict_json.load_object(body)))
    return FormBody(pairs=[(clean(name), clean(value)) for name, value in urlencoded(body)])


def urlencoded(body: bytes, *, errors: str = "replace") -> list[tuple[str, str]]:
    """The pairs of an urlencoded body, blank ones kept. `errors="surrogateescape"` keeps every byte, for signatures."""
    try:
        return parse_qsl(body.decode("utf-8", errors), keep_blank_values=True, encoding="utf-8", errors=errors, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Malformed(f"The form has more than {MAX_FIELDS} fields.") from None


def _multipart(*, content_type: str, body: bytes) -> FormBody:
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise Malformed("The multipart form names no boundary.")
    mark = b"\r\n--" + found.group(1).encode("utf-8", "replace")
    parts = (b"\r\n" + body).split(mark, MAX_FIELDS + 2)
    if len(parts) < 2:
        raise Malformed("The multipart form does not contain its boundary.")
    if len(parts) > MAX_FIELDS + 2:
        raise Malformed(f"The form has more than {MAX_FIELDS} fields.")
    pairs: list[tuple[str, str]] = []
    files = 0
    for part in parts[1:]:
        if part.startswith(b"--"):
            break
        head, gap, content = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not gap or name is None:
            continue
        if _FILENAME.search(head):
            files += bool(content)
            continue
        pairs.append((clean(name.group(1).decode("utf-8", "replace").replace("%22", '"')), clean(content.decode("utf-8", "replace"))))
    return FormBody(pairs=pairs, files=files)


def flattened(answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Pairs of a JSON object: nested values get bracketed names, as a form would send them."""
    limited = list(islice(_flat(dict(answers), prefix=""), MAX_FIELDS + 1))
    if len(limited) > MAX_FIELDS:
        raise Malformed(f"The form has more than {MAX_FIELDS} fields.")
    return limited


def _flat(value: Any, *, prefix: str) -> Iterator[tuple[str, str]]:
    """Nested JSON as bracketed names. Lists of {name|label|key, value|answer} objects, which form builders like, become plain pairs.

    Names are cut at every level: each leaf repeats the names above it, and one long name over many leaves would fill the memory.
    """
    if isinstance(value, dict):
        label = next((value[name] for name in ("name", "label", "key", "title") if isinstance(value.get(name), str)), "")
        answer = next((name for name in ("value", "answer") if name in value), "")
        if prefix and label and answer:
            yield from _flat(value[answer], prefix=label[:LONGEST_NAME])
            return
        for name, item in value.items():
            name = name[:LONGEST_NAME]
            yield from _flat(item, prefix=f"{prefix}[{name}]" if prefix else name)
    elif isinstance(value, list):
        if all(isinstance(item, (str, int, float)) for item in value):
            yield prefix, ", ".join(str(item) for item in value)
            return
        for item in value:
            yield from _flat(item, prefix=prefix)
    elif value is None:
        yield prefix, ""
    else:
        yield prefix, ("true" if value else "false") if isinstance(value, bool) else str(value)
