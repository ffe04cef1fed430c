"""The exact headers of every family of pages, refusals and failures too; and which pages may be kept: none but the static files."""

import pytest
from django.test import Client as Browser

from tests.factories import StaffFactory
from zartsalgo.office.views import stops

pytestmark = pytest.mark.django_db

CSP = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
PERMISSIONS = (
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), "
    "microphone=(), midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), "
    "xr-spatial-tracking=()"
)
EVERY = {
    "Content-Security-Policy": CSP,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
PAGE = {**EVERY, "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
# Not about safety, or asserted by themselves.
OTHERS = {"Content-Type", "Content-Length", "Vary", "Location", "Allow", "WWW-Authenticate", "Expires", "Last-Modified", "ETag"}


def strict(answer):
    """What the answer says besides OTHERS, in one form."""
    found = {name: value for name, value in answer.headers.items() if name not in OTHERS}
    if "Content-Security-Policy" in found:
        found["Content-Security-Policy"] = "; ".join(sorted(found["Content-Security-Policy"].split("; ")))
    return found


WANTED = {**PAGE, "Content-Security-Policy": "; ".join(sorted(CSP.split("; ")))}


@pytest.fixture
def root():
    browser = Browser(raise_request_exception=False)
    browser.force_login(StaffFactory(is_superuser=True))
    return browser


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ("/", 200),
        ("/leads/", 200),
        ("/stop/", 200),
        ("/connections/", 200),
        ("/leads/00000000-0000-7000-8000-000000000000/", 404),
        ("/leads", 301),
        ("/admin/", 200),
        ("/admin/leads/client/", 200),
        ("/admin/leads/client/999/", 302),
        ("/admin/leads/client/add/", 200),
        ("/admin/password_change/", 200),
        ("/admin/jsi18n/", 200),
        ("/api/docs/", 200),
        ("/api/schema/", 200),
        ("/no-such-page/", 404),
    ],
)
def test_staff_pages(root, page, status):
    answer = root.get(page)
    assert (answer.status_code, strict(answer)) == (status, WANTED)


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ("/", 302),
        ("/admin/", 302),
        ("/admin/login/", 200),
        ("/no-such-page/", 404),
        ("/healthz", 200),
        ("/api/v1/leads/", 401),
    ],
)
def test_pages_without_sign_in(page, status):
    answer = Browser().get(page)
    assert (answer.status_code, strict(answer)) == (status, WANTED)


def test_a_page_whose_address_is_a_secret_tells_it_nobody():
    answer = Browser().get("/o/nonsense/")
    assert (answer.status_code, strict(answer)) == (404, {**WANTED, "Referrer-Policy": "no-referrer"})


def test_a_hook_that_nobody_has():
    answer = Browser().post("/hooks/form/nonsense/", {"a": "b"})
    assert (answer.status_code, strict(answer)) == (404, WANTED)


def test_refusals_and_failures(root, monkeypatch):
    strange = Browser().get("/", HTTP_HOST="evil.example.com")
    assert (strange.status_code, strict(strange)) == (400, WANTED)
    unasked = Browser(enforce_csrf_checks=True).post("/admin/login/")
    assert (unasked.status_code, strict(unasked)) == (403, WANTED)
    unknown_verb = root.put("/")
    assert (unknown_verb.status_code, strict(unknown_verb)) == (405, WANTED)
    monkeypatch.setattr(stops, "_show", lambda *_, **__: 1 / 0)
    broken = root.get("/stop/")
    assert (broken.status_code, strict(broken)) == (500, WANTED)
    assert "Something broke" in broken.content.decode()


def test_a_forbidden_page():
    browser = Browser()
    browser.force_login(StaffFactory(username="sid", group="staff"))
    answer = browser.get("/admin/zartsalgo/user/add/")
    assert (answer.status_code, strict(answer)) == (403, WANTED)


def test_the_paused_sign_in_is_no_exception():
    browser = Browser()
    for _ in range(6):
        answer = browser.post("/admin/login/", {"username": "x", "password": "y"})
    assert (answer.status_code, strict(answer)) == (429, {**WANTED, "Retry-After": "900"})


def test_static_files_may_be_kept_and_nothing_else_differs():
    answer = Browser().get("/static/zartsalgo/office.css")
    answer.getvalue()
    answer.close()
    found = strict(answer)
    assert answer.status_code == 200 and found.pop("Cache-Control").startswith("max-age=")
    found.pop("Access-Control-Allow-Origin", None)
    assert found == {name: value for name, value in WANTED.items() if name not in ("Cache-Control", "X-Robots-Tag")}
    missing = Browser().get("/static/zartsalgo/no-such-file.css")
    assert (missing.status_code, strict(missing)) == (404, WANTED)


def test_over_https_browsers_are_told_to_stay_there(settings):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    answer = Browser().get("/admin/login/", secure=True)
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
