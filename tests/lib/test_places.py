"""Which zones and states stay open for a person."""

import time

import pytest

from zartsalgo.lib.places import ALL_ZONES, STATE_BY_AREA_CODE, STATE_ZONES, UNKNOWN, Place, locate, read_state, read_states, read_zip

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


@pytest.mark.parametrize("nothing", ["", " ", "N/A", "n/a", "-", "none", "null", "undefined", "Unknown"])
def test_an_empty_field_leaves_the_number_alone(nothing: str) -> None:
    for given in ({"postal_code": nothing}, {"state": nothing}):
        assert locate(e164="+13035550123", **given) == Place((MOUNTAIN,), ("CO",), "number")


@pytest.mark.parametrize("given", ["999999", "09012", "96201", "00000", "abcde", "8" * 500, "K1A 0B1", "SW1A 1AA", "somewhere", "12", "AE"])
@pytest.mark.parametrize("field", ["postal_code", "state"])
def test_an_address_that_cannot_be_read_is_a_doubt_and_never_leaves_the_number_alone(field: str, given: str) -> None:
    place = locate(e164="+18085550123", **{field: given})
    assert place == Place(ALL_ZONES, ("HI",), "unknown", doubt=True) and place.known_states == ()
    assert locate(e164="", **{field: given}) == UNKNOWN


@pytest.mark.parametrize(
    ("written", "states"),
    [
        ("2134", {"MA", "MD", "HI"}),  # a zero in front, or a digit behind, is lost
        ("2134-1000", {"MA", "MD", "HI"}),
        ("2134.0", {"MA", "MD", "HI"}),
        ("601", {"PR", "HI"}),
    ],
)
def test_a_short_zip_adds_what_it_may_mean_to_the_number(written: str, states: set[str]) -> None:
    assert set(locate(e164="+18085550173", postal_code=written).states) == states


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("02134-1000", ("02134",)), ("021341000", ("02134",)), ("O2134", ("02134",)), ("MA 02134", ("02134",)), ("02134 USA", ("02134",)),
        ("0２134", ("02134",)), ("12 Elm St 02134", ("02134",)), ("Illinois", ()), ("", ()), ("110001", ()),
    ],
)  # fmt: skip
def test_a_zip_is_found_among_what_people_write_round_it(written: str, codes: tuple[str, ...]) -> None:
    assert read_zip(written) == (codes, bool(codes))


@pytest.mark.parametrize(
    ("raw", "states"),
    [
        ("Boston, MA", ("MA",)), ("Mass.", ("MA",)), ("massachusetts ", ("MA",)), ("Massachusetts, USA", ("MA",)), ("US-MA", ("MA",)),
        ("MA - Massachusetts", ("MA",)), ("Boston MA 02134", ("MA",)), ("Boston Massachusetts", ("MA",)), ("Nueva York", ("NY",)),
        ("New York, NY", ("NY",)), ("Kansas City, MO", ("MO",)), ("MA or NH", ("MA", "NH")), ("NY/NJ", ("NJ", "NY")),
        ("Kansas City", ()), ("come in", ()), ("Ontario", ()), ("Virginia Beach", ()), ("Boston", ()), ("x" * 5000, ()),
    ],
)  # fmt: skip
def test_a_state_is_read_behind_its_city_and_only_where_it_is_meant(raw: str, states: tuple[str, ...]) -> None:
    assert read_states(raw) == states


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
