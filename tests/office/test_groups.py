"""Groups that hold: what each may do is one table, every verb asks it, and nobody can give themselves more through the record pages."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import reverse

from messaging.models import Message
from providers.connections import connect
from tests.factories import NOON, ClientFactory, ContactFactory, StaffFactory
from tests.office.api_caller import Api
from tests.office.rows import make_text, sign_in
from zartsalgo.lib import clock
from zartsalgo.models import User
from zartsalgo.office import decisions
from zartsalgo.office.access import allowed
from zartsalgo.office.api.tokens import issue
from zartsalgo.rights import RIGHTS, may, require, who_may
from zartsalgo.seeds import make_groups

pytestmark = pytest.mark.django_db

# Written out again, on purpose: a change of the table has to be made twice.
HOLDERS = {
    "approve": {"owner", "approver"},
    "publish": {"owner", "approver"},
    "declare": {"owner", "approver"},
    "lift": {"owner", "approver"},
    "stop": {"owner", "approver", "staff"},
    "see_to": {"owner", "approver", "staff"},
    "replay": {"owner", "approver", "staff"},
    "connect": {"owner"},
    "configure": {"owner"},
    "people": {"owner"},
    "demo_reset": {"owner"},
}


def test_the_table_is_what_was_agreed():
    assert {name: set(right.groups) for name, right in RIGHTS.items()} == HOLDERS


@pytest.mark.parametrize("right", HOLDERS)
def test_a_right_is_held_by_its_groups_and_by_nobody_else(right):
    people = {group: StaffFactory(username=group, group=group) for group in ("owner", "approver", "staff")}
    people["nobody"] = StaffFactory(username="nobody")  # no group counts as staff
    assert {name for name, user in people.items() if may(user, right)} == HOLDERS[right] | (
        {"nobody"} if "staff" in HOLDERS[right] else set()
    )
    assert may(StaffFactory(username="root", is_superuser=True), right)
    assert not may(StaffFactory(username="gone", group="owner", is_active=False), right)
    assert not may(StaffFactory(username="guest", group="owner", is_staff=False), right)
    assert not may(AnonymousUser(), right)


def test_an_unknown_right_is_a_mistake_at_once(owner_user):
    with pytest.raises(KeyError):
        allowed("aprove")
    with pytest.raises(KeyError):
        may(owner_user, "aprove")


def test_the_refusal_names_who_may(staff_user, owner_user, approver_user):
    StaffFactory(username="guest", group="owner", is_staff=False)
    assert who_may("lift") == "Only an owner or an approver may lift a stop. Ask Ann or Olga."
    assert who_may("people") == "Only an owner may add people or change what they may do. Ask Olga."
    for n in range(3):
        StaffFactory(username=f"boss{n}", is_superuser=True)
    assert who_may("people").endswith("Ask one of them.")
    with pytest.raises(PermissionDenied, match="Only an owner may"):
        require(staff_user, "people")


def test_a_guarded_view_asks_for_sign_in_first_and_then_for_the_right(rf, staff_user, approver_user):
    view = allowed("approve")(lambda request: HttpResponse("done"))
    request = rf.post("/x/")
    request.user = AnonymousUser()
    assert view(request).status_code == 302
    request.user = approver_user
    assert view(request).content == b"done" and view(request)["Cache-Control"] == "no-store"
    request.user = staff_user
    with pytest.raises(PermissionDenied):
        view(request)


@pytest.fixture
def draft(noon):
    return make_text(contact=ContactFactory(client=ClientFactory(), phone="+13035550123"))


@pytest.mark.parametrize(("group", "done"), [("staff", False), ("", False), ("approver", True), ("owner", True)])
def test_only_who_may_approves_a_text_on_its_page_in_the_inbox_and_by_the_api(group, done, draft, client):
    browser = sign_in("lee", group=group)
    seen = decisions.text_digest(draft.body)
    for way, form in (
        (reverse("office:message_approve", args=[draft.pk]), {"seen": seen}),
        (reverse("office:inbox_act"), {"item": f"draft:{draft.pk}", "outcome": "approve", "seen": seen}),
    ):
        Message.objects.filter(pk=draft.pk).update(approved_at=None, approved_by="")
        answer = browser.post(way, form)
        assert answer.status_code == (302 if done else 403)
        draft.refresh_from_db()
        assert (draft.approved_at is not None) is done, way
        if not done:
            assert "Only an owner or an approver may approve what goes out" in answer.content.decode()
            assert "Nothing was changed." in answer.content.decode()
    Message.objects.filter(pk=draft.pk).update(approved_at=None, approved_by="", status="held")
    answer = Api(client, issue(user=browser.staff, scope="write", now=clock.real_now())).post(f"/v1/messages/{draft.pk}/approve/", {})
    draft.refresh_from_db()
    assert (answer.status_code, draft.approved_at is not None) == ((200, True) if done else (403, False))
    for page in (reverse("office:message", args=[draft.pk]), f"/?item=draft:{draft.pk}"):
        Message.objects.filter(pk=draft.pk).update(approved_at=None, approved_by="", status="held")
        html = browser.get(page).content.decode()
        assert ("Approve and send" in html) is done, page
        assert ("Only an owner or an approver may approve" in html) is not done, page
        assert "Do not send" in html  # anybody may keep a text from going


def test_staff_may_keep_a_text_from_going(draft):
    sign_in("lee", group="staff").post(reverse("office:message_reject", args=[draft.pk]), {"reason": "Wrong words"})
    draft.refresh_from_db()
    assert draft.status == "skipped"


@pytest.mark.parametrize("outcome", ["went", "not-gone"])
def test_only_who_may_declares_whether_a_text_went(draft, outcome):
    Message.objects.filter(pk=draft.pk).update(status="unknown", reason="")
    form = {"item": f"unknown:{draft.pk}", "outcome": outcome, "note": "Looked in its console"}
    assert sign_in("lee", group="staff").post(reverse("office:inbox_act"), form).status_code == 403
    draft.refresh_from_db()
    assert draft.status == "unknown"
    assert sign_in("ann", group="approver").post(reverse("office:inbox_act"), form).status_code == 302
    draft.refresh_from_db()
    assert draft.status != "unknown"


def test_only_owners_see_the_address_of_a_hook(noon):
    way, _ = connect(client=ClientFactory(), provider="form", secret="", now=NOON)
    page = reverse("office:connection_address", args=[way.pk])
    assert sign_in("ann", group="approver").post(page).status_code == 403
    assert sign_in("olga", group="owner").post(page).status_code == 200


EVERYTHING = {"is_staff": "on", "is_active": "on", "is_superuser": "on"}


@pytest.mark.parametrize("group", ["staff", "approver", ""])
def test_nobody_below_an_owner_gives_themselves_more(group):
    browser = sign_in("lee", group=group)
    owners = Group.objects.get(name="owner")
    permissions = list(Permission.objects.values_list("pk", flat=True)[:5])
    form = {"username": "lee", "groups": [owners.pk], "user_permissions": permissions, **EVERYTHING}
    before = User.objects.filter(pk=browser.staff.pk).values().get()
    assert browser.post(reverse("admin:zartsalgo_user_change", args=[browser.staff.pk]), form).status_code == 403
    assert browser.post(reverse("admin:zartsalgo_user_add"), {**form, "username": "mole"}).status_code == 403
    assert browser.post(reverse("admin:auth_user_password_change", args=[browser.staff.pk]), {}).status_code == 403
    assert User.objects.filter(pk=browser.staff.pk).values().get() == before
    assert not browser.staff.user_permissions.exists() and not User.objects.filter(username="mole").exists()
    assert [found.name for found in browser.staff.groups.all()] == ([group] if group else [])


def test_a_permission_given_by_hand_does_not_make_an_owner(client):
    """Even somebody who was handed change_user by a superuser: the right is the group's."""
    pat = StaffFactory(username="pat", group="staff")
    pat.user_permissions.set(Permission.objects.filter(codename__in=["change_user", "add_user", "change_client", "change_group"]))
    client.force_login(pat)
    form = {"username": "pat", "groups": [Group.objects.get(name="owner").pk], **EVERYTHING}
    assert client.post(reverse("admin:zartsalgo_user_change", args=[pat.pk]), form).status_code == 403
    assert client.post(reverse("admin:leads_client_change", args=[ClientFactory().pk]), {"name": "Mine"}).status_code == 403


def test_an_owner_makes_people_but_no_superuser(owner_user, client):
    pat = StaffFactory(username="pat")
    client.force_login(owner_user)
    form = {"username": "pat", "groups": [Group.objects.get(name="approver").pk], **EVERYTHING}
    form["user_permissions"] = list(Permission.objects.values_list("pk", flat=True)[:5])
    assert client.post(reverse("admin:zartsalgo_user_change", args=[pat.pk]), form).status_code == 302
    pat.refresh_from_db()
    assert [group.name for group in pat.groups.all()] == ["approver"]
    assert not pat.is_superuser and not pat.user_permissions.exists()
    own = {**form, "username": "olga", "groups": [Group.objects.get(name="owner").pk]}
    client.post(reverse("admin:zartsalgo_user_change", args=[owner_user.pk]), own)
    owner_user.refresh_from_db()
    assert not owner_user.is_superuser and not owner_user.user_permissions.exists()


def test_nobody_edits_what_a_group_may(owner_user, client):
    for user in (owner_user, StaffFactory(username="root", is_superuser=True)):
        client.force_login(user)
        assert client.get("/admin/auth/group/").status_code == 404


def test_a_group_has_exactly_its_permissions_after_every_migration():
    staff = Group.objects.get(name="staff")
    staff.permissions.add(Permission.objects.get(codename="delete_user"))
    make_groups()
    verbs = {
        name: {p.codename.partition("_")[0] for p in Group.objects.get(name=name).permissions.all()}
        for name in ("staff", "approver", "owner")
    }
    assert verbs == {"staff": {"view"}, "approver": {"view"}, "owner": {"view", "add", "change"}}


def test_a_token_of_somebody_who_was_demoted_may_no_more_than_they(draft, client):
    ann = StaffFactory(username="ann", group="approver")
    api = Api(client, issue(user=ann, scope="write", now=clock.real_now()))
    ann.groups.clear()
    assert api.post(f"/v1/messages/{draft.pk}/approve/", {}).status_code == 403


def test_the_page_that_refuses_says_who_may_and_is_not_kept(staff_user, owner_user):
    browser = Browser()
    browser.force_login(staff_user)
    way, _ = connect(client=ClientFactory(), provider="form", secret="", now=NOON)
    answer = browser.post(reverse("office:connection_address", args=[way.pk]))
    html = answer.content.decode()
    assert answer.status_code == 403 and answer["Cache-Control"] == "no-store"
    assert "Only an owner may connect a provider, change a connection or see its address. Ask Olga. Nothing was changed." in html


# Pages that somebody outside the agency opens: their address is the key.
PUBLIC = {"outcome", "review_link", "unsubscribe"}


def test_no_address_of_the_office_opens_without_sign_in():
    from zartsalgo.office.urls import urlpatterns

    examples = {"uuid": "00000000-0000-7000-8000-000000000000", "int": "1"}
    open_to_all = []
    for pattern in urlpatterns:
        kinds = {name: re.sub(r"Converter$", "", type(kind).__name__).lower() for name, kind in pattern.pattern.converters.items()}
        page = reverse(f"office:{pattern.name}", kwargs={name: examples.get(kind, "x") for name, kind in kinds.items()})
        for answer in (Browser().get(page), Browser().post(page)):
            if not (answer.status_code == 302 and answer["Location"].startswith("/admin/login/?next=/")):
                open_to_all.append(pattern.name)
    assert set(open_to_all) == PUBLIC
