"""Hours of every zone and state, the nights the clock changes, and the next opening."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging import purposes
from messaging.quiet_hours import STATE_RULES, Verdict, holiday_name, rules_for, window_verdict
from zartsalgo.lib.places import ALL_ZONES, STATE_ZONES, UNKNOWN, Place, locate

TEXT_BACK, MARKETING = purposes.TEXT_BACK.key, purposes.REVIEW_REQUEST.key


def at(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def state_place(state: str) -> Place:
    return locate(e164="", state=state)


def judge(place: Place, now: datetime, purpose: str = TEXT_BACK) -> Verdict:
    return window_verdict(place=place, now=now, purpose=purpose)


@pytest.mark.parametrize(
    ("area", "zone"),
    [
        ("212", "America/New_York"),
        ("312", "America/Chicago"),
        ("303", "America/Denver"),
        ("602", "America/Phoenix"),
        ("415", "America/Los_Angeles"),
        ("808", "Pacific/Honolulu"),
    ],
)
def test_the_federal_hours_follow_the_wall_clock_of_the_recipient(area: str, zone: str) -> None:
    place = locate(e164=f"+1{area}5550123")
    for day in ("2026-01-14", "2026-07-15"):
        assert not judge(place, at(zone, f"{day} 07:59:59")).allowed
        assert judge(place, at(zone, f"{day} 08:00")).allowed
        assert judge(place, at(zone, f"{day} 20:59:59")).allowed
        assert not judge(place, at(zone, f"{day} 21:00")).allowed


def test_alaska_waits_for_adak_and_ends_with_anchorage() -> None:
    place = locate(e164="+19075550123")
    assert not judge(place, at("America/Anchorage", "2026-01-14 08:30")).allowed
    assert judge(place, at("America/Anchorage", "2026-01-14 09:00")).allowed
    assert not judge(place, at("America/Anchorage", "2026-01-14 21:00")).allowed


def test_a_split_area_code_waits_for_both_zones() -> None:
    pensacola_or_tallahassee = locate(e164="+18505550123")
    assert not judge(pensacola_or_tallahassee, at("America/New_York", "2026-07-15 08:30")).allowed
    assert judge(pensacola_or_tallahassee, at("America/New_York", "2026-07-15 09:00")).allowed
    assert not judge(pensacola_or_tallahassee, at("America/New_York", "2026-07-15 20:00")).allowed


def test_an_unknown_place_waits_for_all_seven_zones() -> None:
    assert not judge(UNKNOWN, at("America/New_York", "2026-07-15 14:59")).allowed
    assert judge(UNKNOWN, at("America/New_York", "2026-07-15 15:00")).allowed  # 09:00 in Honolulu
    assert not judge(UNKNOWN, at("America/New_York", "2026-07-15 20:00")).allowed


@pytest.mark.parametrize(
    ("state", "weekday", "saturday", "sunday"),
    [
        ("CO", (8, 21), (8, 21), (8, 21)),
        ("GA", (8, 21), (8, 21), (8, 21)),
        *[(state, (8, 20), (8, 20), (8, 20)) for state in ("OK", "MD", "MA", "NJ", "WA")],
        *[(state, (8, 20), (8, 20), None) for state in ("AL", "LA", "MS")],
        ("CT", (9, 20), (9, 20), (9, 20)),
        ("MN", (9, 21), (9, 21), (9, 21)),
        ("NM", (9, 21), (9, 21), (9, 21)),
        ("RI", (9, 18), (10, 17), None),
        ("PA", (8, 21), (10, 17), (10, 17)),
    ],
)
def test_states_narrow_the_text_back(
    state: str, weekday: tuple[int, int], saturday: tuple[int, int], sunday: tuple[int, int] | None
) -> None:
    place = state_place(state)
    (zone,) = place.zones
    for day, hours in (("2026-03-18", weekday), ("2026-03-21", saturday), ("2026-03-22", sunday)):
        open_hours = [hour for hour in range(24) if judge(place, at(zone, f"{day} {hour:02d}:00")).allowed]
        assert open_hours == (list(range(*hours)) if hours else []), day


def test_texas_florida_kentucky_nevada_michigan_in_their_main_zone_by_zip() -> None:
    dallas, miami = locate(e164="", postal_code="75201"), locate(e164="", postal_code="33101")
    lexington, las_vegas, detroit = (locate(e164="", postal_code=zip_code) for zip_code in ("40502", "89101", "48201"))
    hours = {
        place.states[0]: [hour for hour in range(24) if judge(place, at(place.zones[0], f"2026-03-22 {hour:02d}:00")).allowed]
        for place in (dallas, miami, lexington, las_vegas, detroit)
    }  # a Sunday
    assert hours == {
        "TX": list(range(12, 21)), "FL": list(range(8, 20)), "KY": list(range(10, 21)), "NV": list(range(9, 20)), "MI": list(range(9, 21)),
    }  # fmt: skip


def test_everything_else_is_judged_as_marketing() -> None:
    place = locate(e164="+13035550123")
    for day, hours in (("2026-03-18", range(9, 20)), ("2026-03-21", range(9, 20)), ("2026-03-22", range(12, 20))):
        assert [hour for hour in range(24) if judge(place, at("America/Denver", f"{day} {hour:02d}:30"), MARKETING).allowed] == list(hours)


def test_two_candidate_states_are_texted_only_when_both_allow() -> None:
    place = locate(e164="", postal_code="80202", state="FL")
    assert place.states == ("CO", "FL")
    assert not judge(place, at("America/New_York", "2026-07-15 09:30")).allowed  # 07:30 in Denver
    assert judge(place, at("America/New_York", "2026-07-15 10:00")).allowed
    assert not judge(place, at("America/New_York", "2026-07-15 20:00")).allowed  # Florida stops at 20:00


def test_holidays_federal_state_and_observed() -> None:
    assert holiday_name(state="AL", day=date(2026, 11, 26)) == "Thanksgiving Day"
    assert holiday_name(state="LA", day=date(2026, 2, 17)) == "Mardi Gras"
    assert "observed" in holiday_name(state="PA", day=date(2026, 7, 3))
    verdict = judge(state_place("AL"), at("America/Chicago", "2026-11-26 11:00"))
    assert verdict == Verdict(
        False,
        datetime(2026, 11, 27, 14, 0, tzinfo=UTC),
        "It is Thanksgiving Day; texts to Alabama are not sent on holidays.",
        "AL-8-20-no-sunday-no-holiday",
    )


@pytest.mark.parametrize(
    ("zone", "state", "now", "opens"),
    [
        # The night clocks go forward (2026-03-08) and back (2026-11-01): 08:00 stays 08:00 on the wall.
        ("America/Denver", "CO", "2026-03-07 21:14", "2026-03-08T14:00+00:00"),
        ("America/Denver", "CO", "2026-03-06 21:14", "2026-03-07T15:00+00:00"),
        ("America/Denver", "CO", "2026-10-31 21:14", "2026-11-01T15:00+00:00"),
        ("America/Denver", "CO", "2026-10-30 21:14", "2026-10-31T14:00+00:00"),
        ("America/New_York", "NY", "2026-03-08 03:30", "2026-03-08T12:00+00:00"),
        ("America/Phoenix", "HI", "2026-03-08 03:30", "2026-03-08T18:00+00:00"),
        # Saturday evening before Martin Luther King's day in Rhode Island: Sunday and holiday are closed, Tuesday 09:00 opens.
        ("America/New_York", "RI", "2026-01-17 17:00", "2026-01-20T14:00+00:00"),
    ],
)
def test_the_next_opening_is_exact_over_clock_changes_and_closed_days(zone: str, state: str, now: str, opens: str) -> None:
    verdict = judge(state_place(state), at(zone, now))
    assert not verdict.allowed
    assert verdict.opens_at == datetime.fromisoformat(opens)


def test_the_repeated_hour_and_the_skipped_hour_are_closed() -> None:
    place = state_place("NY")
    for minute in range(0, 24 * 60, 15):
        for day in (datetime(2026, 3, 8, 5, 0, tzinfo=UTC), datetime(2026, 11, 1, 4, 0, tzinfo=UTC)):
            now = day + timedelta(minutes=minute)
            assert judge(place, now).allowed == (8 <= now.astimezone(ZoneInfo("America/New_York")).hour < 21)


@pytest.mark.parametrize(
    ("place", "now", "purpose", "reason", "rule"),
    [
        (locate(e164="+13035550123"), at("America/Denver", "2026-01-14 21:14"), TEXT_BACK, "It is 21:14 in Denver; texts to Colorado stop at 21:00.", "federal-8-21"),
        (locate(e164="+13035550123"), at("America/Denver", "2026-01-14 07:40"), TEXT_BACK, "It is 07:40 in Denver; texts to Colorado start at 08:00.", "federal-8-21"),
        (state_place("LA"), at("America/Chicago", "2026-01-18 12:00"), TEXT_BACK, "It is Sunday; texts to Louisiana are not sent on Sundays.", "LA-8-20-no-sunday-no-holiday"),
        (locate(e164="+13035550123"), at("America/Denver", "2026-01-18 10:10"), MARKETING, "It is 10:10 in Denver; texts to Colorado start at 12:00 on Sundays.", "general-9-20"),
        (locate(e164="+13035550123"), at("America/Denver", "2026-01-14 10:10"), TEXT_BACK, "It is 10:10 in Denver, within the hours for texts to Colorado.", "federal-8-21"),
        (
            locate(e164="+18505550123"), at("America/New_York", "2026-01-14 20:30"), TEXT_BACK,
            "It is 20:30 in New York; texts to Florida stop at 20:00. The person may be in any of 2 time zones, and all of them must allow it.", "FL-8-20",
        ),
    ],
)  # fmt: skip
def test_the_reason_is_a_sentence_staff_understand(place: Place, now: datetime, purpose: str, reason: str, rule: str) -> None:
    verdict = judge(place, now, purpose)
    assert (verdict.reason, verdict.rule) == (reason, rule)


def test_a_naive_now_is_an_error() -> None:
    with pytest.raises(ValueError, match="aware"):
        judge(UNKNOWN, datetime(2026, 1, 14, 12, 0))  # noqa: DTZ001


PLACES = st.one_of(
    st.sampled_from([UNKNOWN, *(state_place(state) for state in STATE_ZONES)]),
    st.builds(
        lambda zones, states: Place(tuple(sorted(zones)), tuple(sorted(states)), "zip"),
        st.sets(st.sampled_from(ALL_ZONES), min_size=1, max_size=4),
        st.sets(st.sampled_from(sorted(STATE_RULES)), max_size=3),
    ),
)


@settings(max_examples=300, deadline=None)
@given(place=PLACES, minutes=st.integers(0, 3 * 366 * 24 * 60), purpose=st.sampled_from([TEXT_BACK, MARKETING]))
def test_the_next_opening_opens_and_the_minute_before_it_does_not(place: Place, minutes: int, purpose: str) -> None:
    now = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    verdict = judge(place, now, purpose)
    rules = rules_for(states=place.states, purpose=purpose)
    assert rules
    if verdict.allowed:
        assert verdict.opens_at == now
        for zone in place.zones:
            assert 8 <= now.astimezone(ZoneInfo(zone)).hour < 21  # never beyond the federal floor, whatever the state
        return
    if verdict.opens_at is None:
        # Only an empty intersection may stay shut: nothing opens at any half hour of the ten days.
        assert not any(judge(place, now + timedelta(minutes=30 * step), purpose).allowed for step in range(0, 480, 7))
        return
    assert verdict.opens_at > now
    assert judge(place, verdict.opens_at, purpose).allowed
    assert not judge(place, verdict.opens_at - timedelta(minutes=1), purpose).allowed
    # And nothing opens earlier.
    steps = int((verdict.opens_at - now) / timedelta(minutes=30))
    assert not any(judge(place, now + timedelta(minutes=30 * step), purpose).allowed for step in range(1, min(steps, 60)))


def test_an_address_that_cannot_be_read_waits_for_the_strictest_hours_everywhere():
    """An area code of Hawaii and "Ontario": 16:30 in Honolulu is late evening in the east, and nobody knows where they are."""
    place = locate(e164="+18085550123", state="Ontario")
    evening = datetime(2026, 3, 24, 2, 30, tzinfo=UTC)
    assert window_verdict(place=locate(e164="+18085550123"), now=evening, purpose=TEXT_BACK).allowed
    verdict = window_verdict(place=place, now=evening, purpose=TEXT_BACK)
    assert not verdict.allowed and verdict.opens_at is not None
    assert verdict.opens_at.astimezone(ZoneInfo("Pacific/Honolulu")).hour >= 9, "open for the westernmost"
    assert [rule.name for rule in rules_for(states=("AL",), purpose=TEXT_BACK, doubt=True)] == [
        "federal-8-21",
        "AL-8-20-no-sunday-no-holiday",
        "state-unknown-9-20",
    ]
