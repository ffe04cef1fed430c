"""Which zones and states stay open for a person."""

import time

import pytest

from zartsalgo.lib.places import ALL_ZONES, STATE_BY_AREA_CODE, STATE_ZONES, UNKNOWN, Place, locate, read_state

EAST, CENTRAL, MOUNTAIN, PACIFIC = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"


@pytest.mark.parametrize(
    ("area", "zones", "states"),
    [
        ("303", (MOUNTAIN,), ("CO",)),
        ("212", (EAST,), ("NY",)),
        ("312", (CENTRAL,), ("IL",)),
        ("602", ("America/Phoenix",), ("AZ",)),
        ("206", (PACIFIC,), ("WA",)),
        ("808", ("Pacific/Honolulu",), ("HI",)),
        ("907", ("America/Anchorage", "America/Adak"), ("AK",)),
        ("850", (EAST, CENTRAL), ("FL",)),
        ("448", (EAST, CENTRAL), ("FL",)),
        ("423", (EAST, CENTRAL), ("TN",)),
        ("812", (EAST, CENTRAL), ("IN",)),
        ("930", (EAST, CENTRAL), ("IN",)),
        ("270", (EAST, CENTRAL), ("KY",)),
        ("906", (EAST, CENTRAL), ("MI",)),
        ("308", (CENTRAL, MOUNTAIN), ("NE",)),
        ("605", (CENTRAL, MOUNTAIN), ("SD",)),
        ("701", (CENTRAL, MOUNTAIN), ("ND",)),
        ("785", (CENTRAL, MOUNTAIN), ("KS",)),
        ("915", (CENTRAL, MOUNTAIN), ("TX",)),
        ("208", ("America/Boise", PACIFIC), ("ID",)),
        ("541", ("America/Boise", PACIFIC), ("OR",)),
        ("928", (MOUNTAIN, "America/Phoenix"), ("AZ",)),
    ],
)
def test_a_number_leaves_every_zone_of_a_split_area_code_open(area: str, zones: tuple[str, ...], states: tuple[str, ...]) -> None:
    assert locate(e164=f"+1{area}5550123") == Place(zones, states, "number")


def test_orlando_is_eastern_too_whatever_the_phone_library_says() -> None:
    assert EAST in locate(e164="+16895550123").zones


def test_every_area_code_lies_in_one_state_and_within_its_zones() -> None:
    assert len(STATE_BY_AREA_CODE) == 371
    for area, state in STATE_BY_AREA_CODE.items():
        place = locate(e164=f"+1{area}5550123")
        assert place.states == (state,)
        # Boise keeps Denver's time.
        assert {MOUNTAIN if zone == "America/Boise" else zone for zone in place.zones} <= {
            MOUNTAIN if zone == "America/Boise" else zone for zone in STATE_ZONES[state]
        }, area


@pytest.mark.parametrize("e164", ["", "+18005550123", "+442079460018", "+14165550123", "+15555550123", "nonsense"])
def test_a_number_that_names_no_place_leaves_everything_open(e164: str) -> None:
    assert locate(e164=e164) == UNKNOWN == Place(ALL_ZONES, (), "unknown")
    assert len(ALL_ZONES) == 7


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"postal_code": "80202"}, Place((MOUNTAIN,), ("CO",), "zip")),
        ({"postal_code": "80202-1234", "state": "CO"}, Place((MOUNTAIN,), ("CO",), "zip")),
        ({"postal_code": "02134"}, Place((EAST,), ("MA",), "zip")),
        ({"postal_code": "32501"}, Place((CENTRAL,), ("FL",), "zip")),
        ({"postal_code": "32401"}, Place((EAST, CENTRAL), ("FL",), "zip")),
        ({"postal_code": "33101"}, Place((EAST,), ("FL",), "zip")),
        ({"postal_code": "79901"}, Place((MOUNTAIN,), ("TX",), "zip")),
        ({"postal_code": "75201"}, Place((CENTRAL,), ("TX",), "zip")),
        ({"postal_code": "86503"}, Place((MOUNTAIN, "America/Phoenix"), ("AZ",), "zip")),
        ({"postal_code": "36867"}, Place((EAST, CENTRAL), ("AL",), "zip")),
        ({"postal_code": "00901"}, Place(("America/Puerto_Rico",), ("PR",), "zip")),
        ({"state": "Colorado"}, Place((MOUNTAIN,), ("CO",), "state")),
        ({"state": "tn"}, Place((EAST, CENTRAL), ("TN",), "state")),
        ({"state": "Colorado", "postal_code": "K1A 0B1"}, Place((MOUNTAIN,), ("CO",), "state")),
    ],
)
def test_an_address_decides_before_the_number(given: dict[str, str], expected: Place) -> None:
    assert locate(e164="+12125550123", **given) == expected


def test_a_zip_and_a_state_that_contradict_each_other_both_count() -> None:
    assert locate(e164="", postal_code="80202", state="NY") == Place((EAST, MOUNTAIN), ("CO", "NY"), "zip")


@pytest.mark.parametrize("useless", ["", "1234", "999999", "09012", "96201", "00000", "abcde", "8" * 500])
def test_a_useless_zip_falls_through_to_the_number(useless: str) -> None:
    assert locate(e164="+13035550123", postal_code=useless) == Place((MOUNTAIN,), ("CO",), "number")


@pytest.mark.parametrize(
    ("raw", "code"),
    [("CO", "CO"), ("colorado", "CO"), ("New  York", "NY"), ("D.C.", "DC"), ("Washington, DC", "DC"), ("Fla.", "FL"), ("ZZ", ""), ("", "")],
)
def test_states_are_read_from_codes_and_names(raw: str, code: str) -> None:
    assert read_state(raw) == code


def test_locating_is_cheap() -> None:
    locate(e164="+13035550123")
    started = time.process_time()
    for last in range(1000):
        locate(e164=f"+1303555{last:04d}")
    # 22 microseconds a call where this was written; the bound allows for a slow machine, and one that is busy is not counted.
    assert (time.process_time() - started) / 1000 < 0.001
