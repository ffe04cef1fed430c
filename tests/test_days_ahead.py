"""The machine's date is one for all who read it, and moved as far as `ZARTS_TEST_DAYS_AHEAD` says."""

from datetime import UTC, datetime, timedelta

import pytest
import redis
from django.db import connection

from tests.parallel import DAYS_AHEAD


def python(_):
    return datetime.now(UTC)


def postgres(_):
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp(), now()")
        clock, began = cursor.fetchone()
    assert clock - began < timedelta(hours=1)
    return clock


def broker(settings):
    return datetime.fromtimestamp(redis.Redis.from_url(settings.REDIS_URL).time()[0], tz=UTC)


@pytest.mark.django_db
@pytest.mark.parametrize("reader", [python, postgres, broker])
def test_who_reads_the_date_reads_the_moved_one(reader, settings, tmp_path):
    written = tmp_path / "now"
    written.touch()
    true = datetime.fromtimestamp(written.stat().st_mtime, tz=UTC)  # by the kernel, which nobody moves
    assert abs(reader(settings) - true - timedelta(days=DAYS_AHEAD)) < timedelta(hours=1)
