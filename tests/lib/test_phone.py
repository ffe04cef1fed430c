"""Numbers as providers, spreadsheets and people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zartsalgo.lib.phone import Number, is_fictional, masked, read_number, sayable

DENVER = "+13035550123"


@pytest.mark.parametrize(
    "raw",
    [
        "+13035550123",
        "+1 303 555 0123",
        "(303) 555-0123",
        "(303) 555-0123 x12",
        "303.555.0123 ext. 99",
        "303-555-0123 #4",
        "13035550123",
        "1-303-555-0123",
        "0013035550123",
        "tel:+1-303-555-0123;ext=5",
        "sip:+13035550123@pbx.example.com",
        "whatsapp:+13035550123",
        "\u202a+1 (303) 555-0123\u202c",
        "٣٠٣٥٥٥٠١٢٣",
        "１(303)555-0123",
        "  3035550123\n",
        3035550123,
        3035550123.0,
        "3035550123.0",
        "1.3035550123E+10",
        b"3035550123",
    ],
)
def test_every_way_to_write_one_number_is_that_number(raw: object) -> None:
    assert read_number(raw=raw) == Number(DENVER, "ok", "US")


@pytest.mark.parametrize(
    "raw",
    [
        None, "", "   ", "+", "+1", "0", "0000000000", "anonymous", "Anonymous Caller", "RESTRICTED", "unavailable", "Private Number", "unknown",
        "Blocked", "No Caller ID", "Out of area", "P", "+266696687", "266696687", 266696687, "+7378742833", "+2562533", "+8656696", "+86282452253",
        "+7748283", "sip:anonymous@anonymous.invalid",
    ],
)  # fmt: skip
def test_a_hidden_caller_is_withheld(raw: object) -> None:
    assert read_number(raw=raw) == Number("", "withheld", "")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("800-555-0123", Number("+18005550123", "toll-free", "US")),
        ("1-800-FLOWERS", Number("+18003569377", "toll-free", "US")),
        ("+18335550123", Number("+18335550123", "toll-free", "US")),
        ("303-555-ROOF", Number("+13035557663", "ok", "US")),
        ("40404", Number("", "short-code", "")),
        ("911", Number("", "short-code", "")),
        ("262966", Number("", "short-code", "")),
        ("+1 416 555 0123", Number("+14165550123", "foreign", "CA")),
        ("787-555-0123", Number("+17875550123", "foreign", "PR")),
        ("876-555-0123", Number("+18765550123", "foreign", "JM")),
        ("+44 20 7946 0018", Number("+442079460018", "foreign", "GB")),
        ("011 44 20 7946 0018", Number("+442079460018", "foreign", "GB")),
    ],
)
def test_numbers_that_are_not_an_ordinary_us_line(raw: str, expected: Number) -> None:
    assert read_number(raw=raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        "call me", "555-0123", "303-155-0123", "103-555-0123", "+999123456789", "client:alice",
        "1.30356E+10", True, [3035550123], {}, float("nan"), float("inf"), 3035550123.5, -3035550123, 10**40, "3" * 500, "+3035550123", "x\ud800",
    ],
)  # fmt: skip
def test_what_cannot_be_a_number_is_invalid_and_has_no_e164(raw: object) -> None:
    number = read_number(raw=raw)
    assert number == Number("", "invalid", "")
    assert not number.may_be_texted


@pytest.mark.parametrize("raw", ["900-555-0123", "500-555-0123", "311-555-0123"])
def test_a_number_nobody_should_have_is_kept_as_somebody_but_not_texted(raw: str) -> None:
    number = read_number(raw=raw)
    assert number == Number(f"+1{raw.replace('-', '')}", "invalid", "")
    assert not number.may_be_texted


def test_area_code_555_is_fiction_whole() -> None:
    assert read_number(raw="(555) 234-5678") == Number("+15552345678", "ok", "US")
    assert is_fictional("+15552345678")


def test_a_plus_before_ten_digits_is_not_guessed_into_an_american_number() -> None:
    assert read_number(raw="+3035550123").kind == "invalid"


def test_an_area_code_newer_than_the_phone_library_is_ok() -> None:
    assert read_number(raw="729-555-0123") == Number("+17295550123", "ok", "US")


@given(
    st.one_of(
        st.text(),
        st.integers(),
        st.floats(),
        st.binary(),
        st.none(),
        st.lists(st.integers()),
        st.text(alphabet="+0123456789 ()-x#;,.eE", max_size=40),
    )
)
def test_reading_never_raises_and_only_texts_well_formed_us_numbers(raw: object) -> None:
    number = read_number(raw=raw)
    if number.may_be_texted:
        assert number.country == "US"
        assert len(number.e164) == 12
        assert number.e164.startswith("+1")
        assert read_number(raw=number.e164) == number
    if number.kind != "invalid":
        assert (number.e164 == "") == (number.kind in ("withheld", "short-code"))


@pytest.mark.parametrize(
    ("e164", "fictional"), [("+13035550100", True), ("+12125550199", True), ("+13035550200", False), ("+13035551123", False), ("", False)]
)
def test_numbers_reserved_for_fiction(e164: str, fictional: bool) -> None:
    assert is_fictional(e164) is fictional


@pytest.mark.parametrize(
    ("e164", "shown"),
    [(DENVER, "+1******0123"), ("+442079460018", "+44******0018"), ("", ""), ("3035550123", "******"), ("nonsense", "******")],
)
def test_logs_show_only_country_code_and_last_four(e164: str, shown: str) -> None:
    assert masked(e164) == shown


@pytest.mark.parametrize(("e164", "said"), [(DENVER, "(303) 555-0123"), ("+442079460018", "+44 20 7946 0018"), ("", ""), ("x", "x")])
def test_people_read_the_local_form(e164: str, said: str) -> None:
    assert sayable(e164) == said
