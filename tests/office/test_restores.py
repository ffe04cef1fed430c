"""The incident of a restore: comparing comes before resuming, on every page that could lift the pause."""

from datetime import timedelta

import pytest

from messaging.models import Pause
from messaging.pauses import Scope
from providers.connections import connect
from tests.factories import NOON, ClientFactory
from tests.office.reading import text_of
from tests.office.rows import sign_in
from workflows import incidents
from zartsalgo.office import comparing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("well")]


@pytest.fixture
def restored(noon):
    ClientFactory()
    return comparing.close_after_restore(made_at=NOON - timedelta(minutes=20), now=NOON)


@pytest.fixture
def olga(restored):
    return sign_in("olga", group="owner")


def test_the_page_offers_comparing_first_and_resuming_after_it(restored, olga):
    page = olga.get(f"/incidents/{restored.pk}/")
    assert "Compare with the providers’ lists" in text_of(page) and "Resume…" not in text_of(page)
    assert "What went out after the backup is compared with the providers' lists" in text_of(page).replace("&#x27;", "'")
    said = olga.post(f"/incidents/{restored.pk}/compare/", follow=True)
    assert "No client has a live connection that sends texts or emails, so there is nothing to compare." in text_of(said)
    assert "Resume…" in text_of(said) and "Compare once more" in text_of(said)
    done = olga.post(f"/incidents/{restored.pk}/resume/", follow=True)
    assert "Resumed: 0 released." in text_of(done) and Pause.objects.get().lifted_at is not None
    assert "There is nothing to compare" in text_of(olga.post(f"/incidents/{restored.pk}/compare/", follow=True))


def test_no_page_lifts_it_before(restored, olga):
    stop = restored.pause_id
    answers = (
        olga.get(f"/incidents/{restored.pk}/resume/", follow=True),
        olga.post(f"/incidents/{restored.pk}/resume/", follow=True),
        olga.get(f"/stop/?lift={stop}"),
        olga.post("/stop/", {"act": "lift", "stop": stop}, follow=True),
    )
    for answer in answers:
        assert answer.status_code == 200
        assert "Compare with the providers' lists first" in text_of(answer).replace("&#x27;", "'")
    assert Pause.objects.get().lifted_at is None


def test_a_list_that_cannot_be_read_is_named_on_the_page(restored, olga):
    client = ClientFactory()
    connect(client=client, provider="twilio", secret="s", account="AC1", base_url="http://127.0.0.1:9", live=True, now=NOON)
    said = text_of(olga.post(f"/incidents/{restored.pk}/compare/", follow=True))
    assert "Not read, so sending stays stopped: Twilio of Summit Roofing:" in said and "Resume…" not in said


def test_staff_may_compare_and_an_ordinary_pause_has_nothing_to_compare(restored):
    sam = sign_in("sam", group="staff")
    assert sam.get(f"/incidents/{restored.pk}/compare/").status_code == 405
    sam.post(f"/incidents/{restored.pk}/compare/")
    assert Pause.objects.get().compared_at is not None
    other, _ = incidents.open_incident(
        scope=Scope(client=ClientFactory()), cause="x", title="Carrier away", reason="r", opened_by="Sam", now=NOON
    )
    assert "Compare with the providers’ lists" not in text_of(sam.get(f"/incidents/{other.pk}/"))
    assert "There is nothing to compare" in text_of(sam.post(f"/incidents/{other.pk}/compare/", follow=True))
