"""Approving a summary: the exact words, once, by somebody who may; what stands against them is said, and the next one opens."""

import re
from datetime import timedelta

import pytest

from portal.members import invite
from summaries import actions
from summaries.models import Approval, Proof, Summary
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory
from tests.office.reading import text_of
from tests.office.rows import make_event, make_summary, make_text, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("well")]


@pytest.fixture
def lead(noon):
    return a_lead()


@pytest.fixture
def sam():
    return sign_in("sam")


def a_lead(name="Carla Gomez", phone="+13035550123"):
    client = ClientFactory()
    return LeadFactory(client=client, contact=ContactFactory(client=client, name=name, phone=phone))


def decide(browser, summary, outcome, text=None, seen=None, **more):
    text = summary.client_text if text is None else text
    seen = actions.hash_of(text=summary.client_text or "") if seen is None else seen
    return browser.post(f"/approvals/{summary.pk}/decide/", {"outcome": outcome, "text": text, "seen": seen, **more}, follow=True)


def test_the_page_shows_what_was_said_with_its_quotes_and_what_has_no_source(lead, sam):
    invite(client_id=lead.client_id, email="rita@example.com", now=NOON)
    invite(client_id=lead.client_id, email="rob@example.com", now=NOON)
    summary = make_summary(lead=lead)
    page = sam.get(f"/approvals/{summary.pk}/")
    words = text_of(page)
    assert "2 people at Summit Roofing" in words
    assert "Said by the customer at 12:00 MST on Fri 20 Nov" in words
    assert re.search(r'<mark id="quote-1" tabindex="-1">roof leaks<sup>', page.content.decode())
    (unsupported,) = [claim for claim in page.context["claims"] if not claim.supported]
    assert unsupported.text == "They offered 450 dollars." and unsupported.says
    assert page.context["shown"].sha256 == actions.hash_of(text="A homeowner asked for help with a leaking roof.")
    assert "Nothing stands against these words." in words


def test_approving_makes_the_proof_of_these_bytes_and_opens_the_next(lead, sam):
    first = make_summary(lead=lead)
    following = make_summary(lead=a_lead("Marcus Lee", "+13035550124"), now=NOON + timedelta(seconds=1))
    page = sam.get(f"/approvals/{first.pk}/")
    assert (page.context["place"], page.context["places"]) == (1, 2)
    response = decide(sam, first, "approve")
    proof = Proof.objects.get()
    assert (proof.text, proof.text_sha256, proof.approved_by) == (first.client_text, actions.hash_of(text=first.client_text), "sam")
    assert response.redirect_chain[-1][0] == f"/approvals/{following.pk}/"
    assert "Approved: Summit Roofing sees these words about Carla Gomez." in text_of(response)


def test_from_the_inbox_one_comes_back_to_the_inbox(lead, sam):
    summary = make_summary(lead=lead)
    page = sam.get("/")
    assert page.context["item"].key == f"summary:{summary.pk}"
    assert page.context["other"].url == f"/approvals/{summary.pk}/?back=inbox"
    assert decide(sam, summary, "approve", back="inbox").redirect_chain[-1][0] == "/"


def test_words_that_name_the_customer_cannot_be_approved_and_the_page_says_so(lead, sam):
    summary = make_summary(lead=lead, client_text="Carla Gomez asked for help, call (303) 555-0123.")
    page = sam.get(f"/approvals/{summary.pk}/")
    assert page.context["shown"].blocking
    assert "As it stands it cannot be approved" in text_of(page)
    assert '<mark class="bad">' in page.content.decode()
    response = decide(sam, summary, "approve")
    assert (response.status_code, Proof.objects.count()) == (400, 0)
    summary.refresh_from_db()
    assert summary.status == Summary.Status.DRAFT


def test_changed_words_are_looked_at_again_before_anything_is_approved(lead, sam):
    summary = make_summary(lead=lead)
    spoilt = "Carla asked for help with a leaking roof."
    response = decide(sam, summary, "approve", text=spoilt)
    assert (response.status_code, Proof.objects.count()) == (400, 0)
    assert response.context["shown"].text == spoilt and response.context["shown"].problems
    assert "You changed the words" in text_of(response)
    better = "A homeowner asked for help with a roof that leaks.\r\nThey want a visit."
    decide(sam, summary, "approve", text=better)
    assert Proof.objects.get().text == "A homeowner asked for help with a roof that leaks.\nThey want a visit."


def test_checking_my_words_decides_nothing(lead, sam):
    summary = make_summary(lead=lead)
    response = decide(sam, summary, "check", text="Carla asked for help.")
    assert response.context["shown"].problems and not Approval.objects.exists()
    assert "Carla asked for help." in response.content.decode()


def test_the_second_person_sees_who_was_first(lead, sam):
    summary = make_summary(lead=lead)
    decide(sam, summary, "approve")
    response = decide(sign_in("dana"), summary, "private", reason="Too personal")
    assert Approval.objects.get().verdict == "approved"
    assert "sam approved it at 12:00 MST on Fri 20 Nov" in text_of(response)
    assert "Nothing was done twice." in text_of(response)


def test_kept_private_needs_a_reason_and_then_nobody_sees_it(lead, sam):
    summary = make_summary(lead=lead)
    decide(sam, summary, "private", reason="Other")
    assert not Approval.objects.exists()
    decide(sam, summary, "private", reason="Other", note="He is the owner's brother")
    assert Approval.objects.get().reason == "Other: He is the owner's brother"
    assert not Proof.objects.exists()
    assert "sam kept it private" in text_of(sam.get(f"/approvals/{summary.pk}/"))


def test_who_wrote_again_makes_it_stale(lead, sam):
    summary = make_summary(lead=lead)
    make_event(contact=lead.contact, lead=lead, at=NOON + timedelta(minutes=2))
    page = sam.get(f"/approvals/{summary.pk}/")
    assert "The customer wrote or called at 12:02 MST on Fri 20 Nov, after this was written." in text_of(page)
    assert 'value="approve"' not in page.content.decode()
    decide(sam, summary, "approve")
    assert not Proof.objects.exists()
    response = decide(sam, summary, "anew")
    fresh = Summary.objects.exclude(pk=summary.pk).get()
    assert response.redirect_chain[-1][0] == f"/approvals/{fresh.pk}/"


def test_staff_read_it_and_are_told_who_may_decide(lead):
    summary = make_summary(lead=lead)
    staff = sign_in("nora", group="staff")
    sign_in("sam")
    page = staff.get(f"/approvals/{summary.pk}/")
    assert 'value="approve"' not in page.content.decode()
    assert "Only an owner or an approver may approve what goes out" in text_of(page)
    assert [decide(staff, summary, outcome, reason="Too personal").status_code for outcome in ("approve", "private")] == [403, 403]
    assert staff.get(f"/approvals/{summary.pk}/withdraw/").status_code == 403
    assert not Approval.objects.exists()


def test_it_can_be_withdrawn_at_any_time_with_a_reason(lead, sam):
    summary = make_summary(lead=lead)
    decide(sam, summary, "approve")
    page = sam.get(f"/approvals/{summary.pk}/withdraw/")
    assert 'data-count="1"' in page.content.decode()
    assert sam.post(f"/approvals/{summary.pk}/withdraw/", {"reason": " "}).status_code == 400
    assert Proof.objects.get().withdrawn_at is None
    response = sam.post(f"/approvals/{summary.pk}/withdraw/", {"reason": "The customer objects"}, follow=True)
    assert Proof.objects.get().withdrawn_by == "sam"
    assert "sam withdrew it at 12:00 MST on Fri 20 Nov: The customer objects." in text_of(response)
    again = sam.post(f"/approvals/{summary.pk}/withdraw/", {"reason": "Once more"}, follow=True)
    assert "Nothing was done twice." in text_of(again)


def test_by_hand_there_is_an_empty_box_and_a_start_to_change(lead, sam):
    says = "The model did not answer in time."
    summary = make_summary(lead=lead, status=Summary.Status.TO_WRITE, client_text=None, claims=None, internal_text=None, says=says)
    page = sam.get(f"/approvals/{summary.pk}/")
    assert says in text_of(page)
    assert "My roof leaks near the chimney." in text_of(page)
    assert page.context["shown"].text == ""
    empty = decide(sam, summary, "approve", text=" ")
    assert (empty.status_code, Proof.objects.count()) == (400, 0)
    decide(sam, summary, "approve", text="A homeowner asked for help with a leaking roof.", seen=page.context["shown"].sha256)
    assert Proof.objects.get().approved_by == "sam"


def test_what_takes_a_decision_refuses_a_get_and_a_stranger(lead, sam):
    summary = make_summary(lead=lead)
    assert sam.get(f"/approvals/{summary.pk}/decide/").status_code == 405
    assert sign_in("guest", is_staff=False).get(f"/approvals/{summary.pk}/").status_code == 302


def test_the_list_shows_summaries_and_drafts_and_the_decided(lead, sam):
    summary = make_summary(lead=lead)
    make_text(contact=lead.contact, lead=lead)
    make_summary(lead=a_lead("Marcus Lee", "+13035550124"), status=Summary.Status.ASKED)
    page = sam.get("/approvals/")
    assert [item.kind for item in page.context["queue"].items] == ["draft", "summary"]
    assert "Being written" in text_of(page)
    assert [item.kind for item in sam.get("/approvals/?show=summaries").context["queue"].items] == ["summary"]
    assert sam.get("/approvals/?client=nobody").context["queue"].items == []
    decide(sam, summary, "approve")
    assert [row.pk for row in sam.get("/approvals/?show=decided").context["decided"]] == [summary.pk]


@pytest.mark.parametrize("count", [5, 50])
def test_the_list_costs_the_same_for_five_and_fifty(noon, sam, count, django_assert_num_queries):
    for n in range(count):
        make_summary(lead=a_lead(f"Carla the {n}th", f"+1303555{100 + n:04}"))
    with django_assert_num_queries(9):
        page = sam.get("/approvals/")
    assert len(page.context["queue"].items) == count
