"""Masking: what staff see of raw material. Numbers and addresses are cut, dates and ids stay readable."""

import time

import pytest

from zartsalgo.lib.masking import mask_headers, mask_text, mask_values


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("call +13035550123 now", "call •••0123 now"),
        ("(303) 555-0123", "•••0123"),
        ("303.555.0123 or 3035550124", "•••0123 or •••0124"),
        ("From=%2B13035550123&To=%2B13035550100", "From=•••0123&To=•••0100"),
        ("carla.gomez@example.com", "c•••@example.com"),
        ("email=carla%40example.com", "email=c•••%40example.com"),
        ("2026-05-04T11:20:00.236-06:00", "2026-05-04T11:20:00.236-06:00"),
        ("2026-05-04 11:20:00", "2026-05-04 11:20:00"),
        ("id 715000001", "id 715000001"),
        ("SM0123456789012345678901", "SM0123456789012345678901"),
        ("", ""),
    ],
)
def test_text(text, shown):
    assert mask_text(text) == shown


def test_values_hide_what_their_field_says_is_personal():
    values = {
        "caller_name": "Carla",
        "source": "Google Ads",
        "nested": [{"email": "c@example.com", "note": "ring +13035550123"}],
        "n": 5,
        "x": None,
    }
    assert mask_values(values) == {
        "caller_name": "C•••",
        "source": "Google Ads",
        "nested": [{"email": "c•••@example.com", "note": "ring •••0123"}],
        "n": 5,
        "x": None,
    }
    assert mask_values({"note": "ring Carla"}) == {"note": "r•••"}


def test_numbers_written_as_numbers_are_numbers_of_people_too():
    assert mask_values({"phone": 13035550123}) == {"phone": "•••0123"}
    assert mask_values({"duration": 13, "id": 715000001}) == {"duration": 13, "id": 715000001}


def test_headers_keep_only_the_start_of_what_signs_or_opens():
    shown = mask_headers({"x-twilio-signature": "c2VjcmV0c2lnbmF0dXJl", "user-agent": "TwilioProxy/1.1", "X-Api-Key": "k"})
    assert shown == {"x-twilio-signature": "c2Vj••• (20 characters)", "user-agent": "TwilioProxy/1.1", "X-Api-Key": "k••• (1 characters)"}


@pytest.mark.parametrize("text", ["1 " * 40_000, "1" * 80_000, "(" * 80_000, "a" * 80_000 + "@", "1-" * 40_000, "a@" + "b." * 40_000])
def test_no_text_makes_it_slow(text):
    started = time.monotonic()
    mask_text(text)
    assert time.monotonic() - started < 2
