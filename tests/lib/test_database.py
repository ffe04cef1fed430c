"""How a thread's statements are planned."""

import threading

import pytest
from django.db import connection

from zartsalgo.lib.database import plan_by_index

pytestmark = pytest.mark.django_db(transaction=True)


def plans() -> tuple[str, ...]:
    with connection.cursor() as cursor:
        return tuple(cursor.execute(f"show {name}").fetchone()[0] for name in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin"))


def test_a_thread_that_asks_for_few_rows_goes_by_an_index_also_over_a_new_connection_and_nobody_else_does():
    found = []

    def _work():
        plan_by_index()
        found.append(plans())
        connection.close()
        found.append(plans())
        connection.close()

    thread = threading.Thread(target=_work)
    thread.start()
    thread.join()
    assert found == [("off", "off", "off")] * 2
    assert plans() == ("on", "on", "on")
