"""Rows in sets: one statement for one row or for two hundred.

The rows travel as one JSON parameter that Postgres reads as a table, so the text of a statement does not change with their number.
A Python list handed to the driver costs more than all the rest of a call together.
"""

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection, models


def insert(*, rows: Sequence[models.Model], or_nothing: bool = False) -> set[Any]:
    """Insert models of one table that carry all their values; returns the primary keys of those that were.

    `or_nothing`: a row that breaks a unique constraint is left out instead of raising IntegrityError. Signals and `save` are not called.
    """
    if not rows:
        return set()
    model = type(rows[0])
    columns = _written(model)
    given = json.dumps([{column: plain(values[name]) for column, name, plain in columns} for values in map(vars, rows)])
    with connection.cursor() as cursor:
        cursor.execute(_insert(model, or_nothing), [given])
        return {found[0] for found in cursor.fetchall()}


def update(*, model: type[models.Model], names: Sequence[str], rows: Sequence[Mapping[str, Any]], where: str = "true") -> set[Any]:
    """Set the fields `names` of the rows whose `pk` each mapping gives; returns the keys of those that were changed.

    `where` is SQL of ours about the row `t` and what it is given `r`, for whoever writes only what still stands as it was read. A field that
    `where` alone needs is named with a trailing `?`: it is handed over and not set.
    """
    if not rows:
        return set()
    columns = _handed(model, tuple(names))
    given = json.dumps([{column: plain(row[name]) for column, name, plain in columns} for row in rows])
    with connection.cursor() as cursor:
        cursor.execute(_update(model, tuple(names), where), [given])
        return {found[0] for found in cursor.fetchall()}


@dataclass(frozen=True)
class Of:
    """A model's columns, as a statement of ours selects them from the table it calls `alias`. Fields in `but` are read when they are asked for."""

    model: type[models.Model]
    alias: str
    but: tuple[str, ...] = ()

    def __str__(self) -> str:
        return _selected(self)


def read(sql: str, params: Sequence[Any] | Mapping[str, Any], *parts: Of) -> list[tuple[Any, ...]]:
    """What a statement of ours finds that selects first the columns of these parts, in their order: each row as their models, None where an
    outer join had nothing, and then whatever else it selects.

    For what is read for every call: a query set is compiled anew each time, which costs more than its rows (measured: a third of an engine's
    time when calls come singly).
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found = cursor.fetchall()
    makers, start = [], 0
    for part in parts:
        maker = _maker(part)
        makers.append((maker, start, start + maker.width))
        start += maker.width
    return [(*(maker.make(row[first:last]) for maker, first, last in makers), *row[start:]) for row in found]


def related(row: models.Model, **others: models.Model | None) -> None:
    """Say which rows stand behind a row's foreign keys, as `select_related` does."""
    row._state.fields_cache.update(others)


class _Maker:
    """Makes models of one part's columns."""

    def __init__(self, part: Of) -> None:
        fields = _read_fields(part)
        self.model, self.width = part.model, len(fields)
        self._names = frozenset(field.attname for field in fields)
        self._key = fields.index(part.model._meta.pk)
        # What the driver does not give as it is.
        self._converters = [(place, field.from_db_value) for place, field in enumerate(fields) if hasattr(field, "from_db_value")]

    def make(self, columns: Sequence[Any]) -> models.Model | None:
        if columns[self._key] is None:
            return None
        values = list(columns)
        for place, convert in self._converters:
            values[place] = convert(values[place], None, connection)
        return self.model.from_db(connection.alias, self._names, values)


@functools.cache
def _maker(part: Of) -> _Maker:
    return _Maker(part)


@functools.cache
def _selected(part: Of) -> str:
    return ", ".join(f'{part.alias}."{field.column}"' for field in _read_fields(part))


def _read_fields(part: Of) -> list[Any]:
    return [field for field in part.model._meta.concrete_fields if field.name not in part.but]


Column = tuple[str, str, Callable[[Any], Any]]
"""A column, the attribute or key that holds its value, and how JSON carries it."""


@functools.cache
def _written(model: type[models.Model]) -> tuple[Column, ...]:
    """The columns that an insert names: not those that the database fills in by itself."""
    return tuple((field.column, field.attname, _plain(field)) for field in _fields(model))


@functools.lru_cache(maxsize=200)
def _handed(model: type[models.Model], names: tuple[str, ...]) -> tuple[Column, ...]:
    fields = [(name.rstrip("?"), _field(model, name)) for name in names]
    return (("pk", "pk", _plain(model._meta.pk)), *((field.column, name, _plain(field)) for name, field in fields))


def _fields(model: type[models.Model]) -> list[Any]:
    given = model._meta.concrete_fields
    return [field for field in given if not isinstance(field, models.AutoField | models.BigAutoField) and not field.has_db_default()]


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name.rstrip("?"))


@functools.cache
def _insert(model: type[models.Model], or_nothing: bool) -> str:
    fields, key = _fields(model), model._meta.pk
    assert key is not None
    columns = ", ".join(f'"{field.column}"' for field in fields)
    kinds = ", ".join(f'"{field.column}" {_type(field)}' for field in fields)
    quiet = " on conflict do nothing" if or_nothing else ""
    table = model._meta.db_table
    return f'insert into "{table}" ({columns}) select {columns} from json_to_recordset(%s::json) as r ({kinds}){quiet} returning "{key.column}"'


@functools.lru_cache(maxsize=200)
def _update(model: type[models.Model], names: tuple[str, ...], where: str) -> str:
    key = model._meta.pk
    assert key is not None
    fields = [(name, _field(model, name)) for name in names]
    sets = ", ".join(f'"{field.column}" = r."{field.column}"' for name, field in fields if not name.endswith("?"))
    kinds = ", ".join([f'"pk" {_type(key)}', *(f'"{field.column}" {_type(field)}' for _, field in fields)])
    return (
        f'update "{model._meta.db_table}" t set {sets} from json_to_recordset(%s::json) as r ({kinds}) '
        f'where t."{key.column}" = r."pk" and ({where}) returning t."{key.column}"'
    )


def _type(field: Any) -> str:
    """The column's type. A json parameter knows nothing of varchar's length: what is too long must raise, as with any insert."""
    return str(field.rel_db_type(connection) if field.is_relation else field.db_type(connection)).removesuffix(
        " GENERATED BY DEFAULT AS IDENTITY"
    )


def _plain(field: Any) -> Callable[[Any], Any]:
    """How JSON carries the values of a field; by its kind, for to look at each value costs more than to carry it."""
    while field.is_relation:
        field = field.target_field
    if isinstance(field, models.JSONField | models.CharField | models.TextField | models.BooleanField | models.IntegerField):
        return _as_it_is
    if isinstance(field, models.UUIDField):
        return _as_uuid
    return _as_text


def _as_it_is(value: Any) -> Any:
    return value


def _as_uuid(value: Any) -> Any:
    return None if value is None else str(value)


def _as_text(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds()} seconds"
    if isinstance(value, bytes | memoryview):
        return "\\x" + bytes(value).hex()
    return str(value)
