"""Names, addresses and free text from outside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zartsalgo.lib.names import clean_email, clean_name, clean_text, means_nothing


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  Ana   María\tLópez \n", "Ana María López"),
        ('"Bob Smith"', "Bob Smith"),
        ("O'Neil-McDonald", "O'Neil-McDonald"),
        ("Ｊｏｈｎ", "John"),
        ("Jo\u200bhn\u202e", "John"),
        ("WIRELESS CALLER", ""),
        ("unknown", ""),
        ("n/a", ""),
        (None, ""),
        ({"first": "x"}, ""),
        (b"Jos\xc3\xa9", "José"),
        ("x" * 500, "x" * 120),
    ],
)
def test_names(raw: object, clean: str) -> None:
    assert clean_name(raw) == clean


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Bob@Example.COM", "bob@example.com"),
        (" Bob Smith <bob@example.com> ", "bob@example.com"),
        ("mailto:bob@example.com?subject=hi", "bob@example.com"),
        ("bob+roof@example.com.", "bob+roof@example.com"),
        ("info@bücher.example", "info@xn--bcher-kva.example"),
        ("ｂｏｂ@example.com", "bob@example.com"),
        ("bob@example.com\x00", "bob@example.com"),
        ("bob@localhost", ""),
        ("bob at example.com", ""),
        ("bob..b@example.com", ""),
        (".bob@example.com", ""),
        ("a b@example.com", ""),
        ("@example.com", ""),
        ("a" * 65 + "@example.com", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_addresses_compare_equal_when_they_are_one_mailbox(raw: object, clean: str) -> None:
    assert clean_email(raw) == clean


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("a\x00b\x07c", "abc"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("lone \ud83d surrogate", "lone  surrogate"),
        ("thumbs 👍🏽 family 👨‍👩‍👧", "thumbs 👍🏽 family 👨‍👩‍👧"),
        ("\u202egnp.exe", "gnp.exe"),
        (12.5, "12.5"),
        (True, ""),
    ],
)
def test_text_keeps_words_and_loses_what_a_database_refuses(raw: object, clean: str) -> None:
    assert clean_text(raw) == clean


def test_text_is_capped() -> None:
    assert clean_text("word " * 5_000, limit=12) == "word word wo"


@given(st.one_of(st.text(), st.binary(), st.none(), st.integers()))
def test_cleaning_is_final_and_storable(raw: object) -> None:
    for clean in (clean_text, clean_name, clean_email):
        once = clean(raw)
        assert clean(once) == once
        once.encode("utf-8")
        assert "\x00" not in once


@pytest.mark.parametrize(
    "raw", ["{{ first_name }}", "%FIRSTNAME%", "%%name%%", "*|FNAME|*", "${name}", "{name}", "[your-name]", "<%= name %>", "[[name]]"]
)
def test_a_blank_that_nobody_filled_in_is_no_value(raw: str) -> None:
    assert means_nothing(raw) and clean_name(raw) == ""


@pytest.mark.parametrize("raw", ["[x]", "50%", "%", "{", "[Bo] Lee", "*", "<3", "$5", "Null"])
def test_a_value_that_only_begins_like_one_stays(raw: str) -> None:
    assert not means_nothing(raw)
