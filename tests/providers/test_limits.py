"""How much one sender may send to one hook: buckets that forgive, and no sender at another's cost."""

import uuid
from string import hexdigits

import pytest

from providers import limits
from providers.limits import ASIDE, TAKEN_IN, TOO_MUCH, Limits

HOOK, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.fixture
def buckets():
    return Limits()


def posts(buckets, count, *, hook=HOOK, sender="s", start=0.0, apart=0.01, size=500):
    return [buckets.judge_form(hook=hook, sender=sender, size=size, at=start + n * apart) for n in range(count)]


def test_a_burst_gets_in_and_the_flood_behind_it_is_put_aside(buckets):
    found = posts(buckets, 500, apart=0.02)
    assert found[:20] == [TAKEN_IN] * 20 and found.count(TAKEN_IN) <= 22 and set(found[22:]) == {ASIDE}


def test_a_flood_that_goes_on_gets_nothing_more_in(buckets):
    assert TAKEN_IN not in posts(buckets, 3_000, apart=0.5)[40:]


def test_one_that_has_ended_is_forgiven_within_two_minutes(buckets):
    posts(buckets, 500)
    assert posts(buckets, 5, start=5 + 120, apart=10) == [TAKEN_IN] * 5


def test_a_site_that_posts_for_all_its_visitors_is_no_flood(buckets):
    assert set(posts(buckets, 300, apart=60 / limits.FORMS_OF_SENDER.a_minute)) == {TAKEN_IN}


def test_another_sender_and_another_hook_are_not_touched(buckets):
    posts(buckets, 2_000)
    assert posts(buckets, 20, sender="t", start=20) == [TAKEN_IN] * 20
    assert posts(buckets, 20, hook=OTHER, start=20) == [TAKEN_IN] * 20


def test_many_senders_at_once_meet_the_bucket_of_the_hook(buckets):
    found = [buckets.judge_form(hook=HOOK, sender=f"s{n}", size=500, at=n * 0.01) for n in range(500)]
    assert found[:60] == [TAKEN_IN] * 60 and found.count(TAKEN_IN) <= 63 and found[-1] == ASIDE


def test_one_without_an_address_only_meets_the_bucket_of_the_hook(buckets):
    assert posts(buckets, 60, sender="") == [TAKEN_IN] * 60


def test_a_disk_is_not_endless(buckets):
    found = posts(buckets, 200, size=1024 * 1024)
    assert found.count(ASIDE) == 63 and found[-1] == TOO_MUCH


def test_a_burst_is_read_a_few_at_once_and_then_one_after_the_other(buckets):
    waits = []
    for n in range(60):
        assert buckets.judge_form(hook=HOOK, sender=f"s{n}", size=500, at=0) == TAKEN_IN
        waits.append(buckets.seconds_until_read(hook=HOOK, at=0))
    assert waits[:5] == [0, 0, 0, 0.5, 1.0] and waits[-1] == 57 * 0.5
    assert buckets.seconds_until_read(hook=OTHER, at=0) == 0
    assert buckets.seconds_until_read(hook=HOOK, at=60) == 0


def wrong(buckets, count, *, sender="s", start=0.0):
    for n in range(count):
        buckets.note_wrong(hook=HOOK, sender=sender, at=start + n * 0.01)


def test_wrong_signatures_turn_away_their_sender_and_nobody_else(buckets):
    wrong(buckets, 9)
    assert not buckets.is_turned_away(hook=HOOK, sender="s", at=0.2)
    wrong(buckets, 1, start=0.1)
    assert buckets.is_turned_away(hook=HOOK, sender="s", at=0.2)
    assert not buckets.is_turned_away(hook=HOOK, sender="t", at=0.2)
    assert not buckets.is_turned_away(hook=OTHER, sender="s", at=0.2)
    assert not buckets.is_turned_away(hook=HOOK, sender="s", at=7)


def test_senders_without_an_address_are_never_told_from_each_other(buckets):
    wrong(buckets, 50, sender="")
    assert not buckets.is_turned_away(hook=HOOK, sender="", at=1)


def test_a_storm_of_refusals_is_counted_in_lots():
    buckets = Limits()
    counted = [buckets.count_turned_away(hook=HOOK, sender="s") for _ in range(1_000)]
    assert sum(counted) == 1_000 and sum(times > 0 for times in counted) == 200 + 16


def test_no_more_is_kept_than_may_be(buckets, monkeypatch):
    monkeypatch.setattr(limits, "MOST_KEPT", 10)
    for n in range(100):
        buckets.judge_form(hook=HOOK, sender=f"s{n}", size=1, at=0)
        buckets.count_turned_away(hook=HOOK, sender=f"s{n}")
    assert [len(kept) for kept in (buckets._buckets, buckets._turned_away)] == [10, 10]


def test_a_sender_is_told_from_others_and_no_address_is_kept():
    one = limits.sender_of(address="192.0.2.1")
    assert one == limits.sender_of(address="192.0.2.1") != limits.sender_of(address="192.0.2.2")
    assert len(one) == 32 and set(one) <= set(hexdigits) and limits.sender_of(address="") == ""
