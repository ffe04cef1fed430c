"""JSON from strangers: what is refused, what is repaired, and that nothing else comes out of it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zartsalgo.lib import strict_json
from zartsalgo.lib.strict_json import Malformed


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\xff", "not UTF-8"),
        ('{"a": "ü"}'.encode("utf-16"), "not UTF-8"),
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b"NaN", "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b"1e400", "too large"),
        (b"1." + b"0" * 500, "too large or too long"),
        (b"9" * 41, "more than 40 digits"),
        (b"9" * 100_000, "more than 40 digits"),
        (b'{"a":1,"a":1}', "same name twice"),
        (b'[{"x":{"a":1,"\\u0061":2}}]', "same name twice"),
        (b"[" * 51 + b"]" * 51, "deeper than 50"),
        (b'{"a":' * 51 + b"1" + b"}" * 51, "deeper than 50"),
        (b"[" * 100_000, "deeper than 50"),
        (b"[" * 100_000 + b"]" * 100_000, "deeper than 50"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_refused(body, words) -> None:
    with pytest.raises(Malformed, match=words):
        strict_json.load(body)


def test_allowed_at_the_limits() -> None:
    assert strict_json.load(b"[" * 50 + b"]" * 50)
    assert strict_json.load(b"9" * 40) == int("9" * 40)
    assert strict_json.load(b"\xef\xbb\xbf{}") == {}


def test_text_is_made_storable_in_names_and_values() -> None:
    assert strict_json.load(b'{"a\\u0000": ["\\ud800x", "\\ud83d\\ude00"]}') == {"a": ["\ufffdx", "\U0001f600"]}
    with pytest.raises(Malformed, match="twice"):
        strict_json.load(b'{"a\\u0000": 1, "a": 2}')


@pytest.mark.parametrize(("value", "words"), [([], "a list"), (None, "nothing"), (True, "true or false"), (1.5, "a number"), ("x", "text")])
def test_an_object_is_asked_for(value, words) -> None:
    with pytest.raises(Malformed, match=f"not {words}"):
        strict_json.load_object(json.dumps(value).encode())


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(st.binary(max_size=100) | st.text(alphabet='[]{}",:0123456789eE+-.\\u d8ntrfalsNI', max_size=60).map(str.encode))
def test_nothing_else_is_raised(body) -> None:
    try:
        value = strict_json.load(body)
    except Malformed as error:
        assert str(error).endswith(".")
        return
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
