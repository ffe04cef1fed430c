"""The shapes in which builders post a form, taken apart into fields: what each is called, its value, its type.

Known kinds, not builders: maps by label; lists of {name, values}, {label, answer}, {column_id, string_value} and the like; labels that stand in
a definition beside the answers; maps of maps; bracketed names of urlencoded posts; JSON inside a field. One pass, within fixed limits.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from providers.forms import labels
from zartsalgo.lib import form_body, strict_json
from zartsalgo.lib.strict_json import Malformed

MOST_INSIDE: Final = 2
LONGEST_JSON: Final = 200_000
DEEPEST: Final = 12

# How a field's own name, its value and the rest of it are called; small letters and digits.
_NAMES: Final = (
    "label", "title", "question", "questiontext", "questiontitle", "text", "fieldlabel", "columnname", "displayname", "name", "fieldname", "key",
    "columnid", "field", "slug", "ref", "id", "fieldid", "questionid", "property",
)  # fmt: skip
_VALUES: Final = ("value", "values", "answer", "answers", "response", "stringvalue", "fieldvalue", "userdata", "prettyanswer", "rawvalue")
_REST: Final = frozenset({
    "type", "fieldtype", "controltype", "inputtype", "required", "order", "options", "placeholder", "rawvalue", "sublabels", "prettyformat", "position", "index",
    "elementid", "fieldelementid", "columnid", "description", "hint", "validation", "visible", "valid", "columns", "cols", "selectiontype", "rawtext", "inputname",
    "formfieldid", "objecttypeid", "isrequired", "allowother", "subfields", "properties", "defaultval", "instructions", "customkey",
})  # fmt: skip
_TYPED: Final = (
    "text",
    "email",
    "phone_number",
    "phone",
    "url",
    "number",
    "boolean",
    "date",
    "choice",
    "choices",
    "long_text",
    "short_text",
)
_CHOSEN: Final = ("label", "labels", "text", "title", "name", "value", "other")
_DEFINES: Final = ("title", "label", "question", "text", "questiontext", "fieldname")
_IDS: Final = ("id", "ref", "key", "fieldid", "fieldelementid", "questionid", "name", "slug")
# Where answers lie beside the form's own name.
_HOLDERS: Final = frozenset({"fields", "data", "payload", "answers", "submission", "values", "responses", "fielddata", "formdata", "formfields", "schema",
                             "submissions", "usercolumndata", "questionsandanswers", "form"})  # fmt: skip
# Whose values these are: the business's own people and place.
_THEIRS_NOT: Final = frozenset({"user", "owner", "assignedto", "assignee", "agent", "account", "company", "business", "location", "calendar", "workflow",
                                "organization", "site", "team", "page", "app", "integration", "webhook"})  # fmt: skip
_PERSON: Final = frozenset({"name", "first_name", "last_name", "phone", "email", "message"})


@dataclass(frozen=True, slots=True)
class Field:
    """`names` from the most telling to the least; `kind` is the type that stood beside the value; `outer`: the form's own name;
    `foreign`: it lay under the business's own user, place or account."""

    names: tuple[str, ...]
    value: str
    kind: str = ""
    outer: bool = False
    foreign: bool = False


def of_json(data: Any) -> list[list[Field]]:
    """The fields of each form in a JSON value: one for an object; for a list of records one each. Raises Malformed when there are too many."""
    if (
        isinstance(data, list)
        and data
        and all(isinstance(item, Mapping) for item in data)
        and not any(_field_of(item, ()) for item in data)
    ):
        forms = [_limited(_Walk(item)) for item in data[: form_body.MAX_FORMS]]
        if sum(len(form) for form in forms) > form_body.MAX_FIELDS:
            raise Malformed(f"The form has more than {form_body.MAX_FIELDS} fields.")
        return forms
    if isinstance(data, list) and data and all(_is_pair(item) for item in data):
        return [of_pairs((name, str(value)) for name, value in data)]
    return [_limited(_Walk(data))]


def _is_pair(item: Any) -> bool:
    return isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], str | int | float)


def of_pairs(pairs: Iterable[tuple[str, str]]) -> list[Field]:
    """The fields of an urlencoded or multipart form: bracketed names are put together as PHP and Rails would."""
    return _limited(_Walk(_nested(pairs)))


def _limited(walk: "_Walk") -> list[Field]:
    fields = list(islice(walk.fields(), form_body.MAX_FIELDS + 1))
    if len(fields) > form_body.MAX_FIELDS:
        raise Malformed(f"The form has more than {form_body.MAX_FIELDS} fields.")
    return fields


class _Several(list[Any]):
    """Values that were sent under one name."""


def _nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in pairs:
        head, bracket, rest = name[: labels.LONGEST].partition("[")
        parts = (
            [head, *(part.rstrip("]") for part in rest.split("["))][:DEEPEST]
            if bracket and head and rest.endswith("]")
            else [name[: labels.LONGEST]]
        )
        while len(parts) > 1 and not parts[-1]:
            parts.pop()
        here = tree
        for part in parts[:-1]:
            below = here.setdefault(part, {})
            if not isinstance(below, dict):
                below = here[part] = {"": below}
            here = below
        last = parts[-1]
        if last not in here:
            here[last] = value
        elif isinstance(here[last], dict):
            here[last].setdefault("", value)
        elif isinstance(here[last], _Several):
            here[last].append(value)
        else:
            here[last] = _Several([here[last], value])
    return tree


class _Walk:
    """One pass over a form for the labels that stand apart from the values, one for the values."""

    def __init__(self, data: Any) -> None:
        self._data = data
        self._labels: dict[str, str] = {}
        self._room = form_body.MAX_FIELDS * 4

    def fields(self) -> Iterator[Field]:
        self._learn(self._data, depth=0)
        yield from self._walk(self._data, path=(), kind="", foreign=False, inside=0)

    def _learn(self, value: Any, *, depth: int) -> None:
        """Labels by id, from definitions: {"id": "a1", "title": "Your name"}."""
        self._room -= 1
        if depth > DEEPEST or self._room < 0:
            return
        if isinstance(value, str) and (opened := _opened(value)) is not None:
            value = opened
        if isinstance(value, Mapping):
            if _is_definition(value):
                by = _by_plain(value)
                label = next((by[name] for name in _DEFINES if isinstance(by.get(name), str) and by[name].strip()), "")
                for name in _IDS:
                    if label and isinstance(by.get(name), str | int) and str(by[name]) != label:
                        self._labels.setdefault(str(by[name]), label[: labels.LONGEST])
            for item in value.values():
                if isinstance(item, Mapping | list | str):
                    self._learn(item, depth=depth + 1)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, Mapping | list):
                    self._learn(item, depth=depth + 1)

    def _walk(self, value: Any, *, path: tuple[str, ...], kind: str, foreign: bool, inside: int) -> Iterator[Field]:
        if len(path) > DEEPEST:
            return
        if isinstance(value, str) and inside < MOST_INSIDE and (opened := _opened(value)) is not None:
            yield from self._walk(opened, path=path[:-1] if path else (), kind="", foreign=foreign, inside=inside + 1)
        elif isinstance(value, Mapping):
            yield from self._of_map(value, path=path, kind=kind, foreign=foreign, inside=inside)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, Mapping) and path and not _field_of(item, ()) and (chosen := _chosen(item)):
                    item = chosen
                if not isinstance(item, list):
                    yield from self._walk(item, path=path, kind=kind, foreign=foreign, inside=inside)
        elif value is not None:
            yield self._field((_joined(path),), value, kind=kind, foreign=foreign)

    def _of_map(self, value: Mapping[str, Any], *, path: tuple[str, ...], kind: str, foreign: bool, inside: int) -> Iterator[Field]:
        if found := _field_of(value, path):
            names, held, its_kind = found
            names = [self._labels[name] for name in names if name in self._labels] + names
            below = value.get("field")
            if isinstance(below, Mapping):  # the answer names its question by id
                names = [
                    self._labels[str(one)] for one in below.values() if isinstance(one, str | int) and str(one) in self._labels
                ] + names
            if isinstance(held, Mapping) or (isinstance(held, list) and any(isinstance(item, Mapping) for item in held)):
                if chosen := _chosen(held) if isinstance(held, Mapping) else None:
                    held = chosen
                else:
                    yield from self._walk(held, path=((names or [_joined(path)])[0],), kind=its_kind, foreign=foreign, inside=inside)
                    return
            for item in held if isinstance(held, list) else [held]:
                if item is not None:
                    told = self._labels.get(str(item), item) if isinstance(held, list) else item
                    yield self._field(tuple(dict.fromkeys(names)) or (_joined(path),), told, kind=its_kind, foreign=foreign)
            return
        if path and _is_definition(value):
            return
        by = _by_plain(value)
        if number := _parted_number(by):
            yield self._field((_joined(path),), number, kind=kind or "phone", foreign=foreign)
            return
        held = any(name in _HOLDERS and isinstance(item, Mapping | list) for name, item in by.items())
        for name, item in value.items():
            bare = _bare(name)
            if held and bare in ("name", "title") and isinstance(item, str):
                yield Field(("form name",), item, outer=True)
                continue
            strange = foreign or (bare in _THEIRS_NOT and isinstance(item, Mapping))
            yield from self._walk(item, path=(*path, name[: labels.LONGEST]), kind=kind, foreign=strange, inside=inside)

    def _field(self, names: tuple[str, ...], value: Any, *, kind: str, foreign: bool) -> Field:
        if (last := names[0].rpartition("[")[2].rstrip("]")) in self._labels:
            names = (self._labels[last], *names)
        text = ("true" if value else "false") if value is True or value is False else str(value)
        return Field(names, text, kind=kind, foreign=foreign)


def _opened(value: str) -> Any | None:
    """The JSON that a field holds, or None when it is text."""
    bare = value.strip()
    if not (2 < len(bare) <= LONGEST_JSON and (bare[0], bare[-1]) in (("{", "}"), ("[", "]"))):
        return None
    try:
        opened = strict_json.load(bare.encode("utf-8", "replace"))
    except Malformed:
        return None
    return opened if isinstance(opened, dict | list) else None


def _field_of(value: Mapping[str, Any], path: tuple[str, ...]) -> tuple[list[str], Any, str] | None:
    """Names, value and type of an object that is one field; None for any other."""
    by = _by_plain(value)
    kind = next((str(by[name]) for name in ("type", "fieldtype", "controltype", "inputtype") if isinstance(by.get(name), str)), "")
    typed = kind if kind in _TYPED and kind in value and ("field" in by or len(by) <= 3) else ""
    # "data" is a value beside a field's name only; mostly it is where all the values lie.
    plain = "data" if "field" in by and isinstance(by.get("data"), str | int | float) else ""
    held = typed or next((name for name in _VALUES if name in by), "") or plain
    if not held:
        return None
    names = [
        str(by[name])[: labels.LONGEST]
        for name in _NAMES
        if name != held and isinstance(by.get(name), str | int) and not isinstance(by[name], bool) and str(by[name]).strip()
    ]
    others = [name for name in by if name not in _NAMES and name not in _VALUES and name not in _REST and name not in (typed, plain)]
    if len(others) > 3 or any(labels.meaning_of(name) in _PERSON for name in others) or not (names or (path and not others)):
        return None
    if path:
        names.append(path[-1])
    return names, value[typed] if typed else by[held], kind


def _is_definition(value: Mapping[str, Any]) -> bool:
    """Whether an object describes a field and holds no value."""
    by = _by_plain(value)
    if any(name in by for name in _VALUES) or not any(isinstance(by.get(name), str) for name in _DEFINES):
        return False
    if not any(isinstance(by.get(name), str | int) for name in _IDS) or any(isinstance(by.get(name), Mapping) for name in ("field",)):
        return False
    others = [
        name
        for name in by
        if name not in _NAMES and name not in _REST and name not in ("choices", "url", "subtype", "page", "hastotal", "choicetype")
    ]
    return len(others) <= 3 and not any(labels.meaning_of(name) in _PERSON - {"name"} for name in others) and len(by) <= 20


def _chosen(value: Mapping[str, Any]) -> Any:
    """What was picked of a list of choices: {"label": "Roof"}, {"labels": ["Roof", "Gutter"]}; "" for another object."""
    by = _by_plain(value)
    if not by or len(by) > 4 or any(name not in (*_CHOSEN, "id", "ref", "ids", "refs", "selected") for name in by):
        return ""
    picked = next((by[name] for name in _CHOSEN if by.get(name)), "")
    return picked if isinstance(picked, str | list) else ""


def _parted_number(by: Mapping[str, Any]) -> str:
    """A number in parts: {"area": "212", "phone": "555-0123"}."""
    if (
        set(by) <= {"area", "phone", "country", "areacode", "number", "ext"}
        and (by.get("area") or by.get("areacode"))
        and (by.get("phone") or by.get("number"))
    ):
        return f"{by.get('area') or by.get('areacode')} {by.get('phone') or by.get('number')}"
    return ""


def _by_plain(value: Mapping[str, Any]) -> dict[str, Any]:
    return {_bare(name): item for name, item in islice(value.items(), 60)}


def _bare(name: str) -> str:
    return "".join(char for char in name[:60].lower() if char.isalnum())


def _joined(path: tuple[str, ...]) -> str:
    """A bracketed name without the wrappers at its front: staff read it beside the answer."""
    kept = [part for part in path if part]
    while len(kept) > 1 and (_bare(kept[0]) in _HOLDERS - {"form"} or _bare(kept[0]) in ("contact", "customdata", "body", "formresponse")):
        kept = kept[1:]
    return (kept[0] + "".join(f"[{part}]" for part in kept[1:]))[: labels.LONGEST] if kept else ""
