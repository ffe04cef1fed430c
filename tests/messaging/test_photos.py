"""Pictures people send: only the provider's hosts are called, only clean pixels are kept, failure is said, and they go after 90 days."""

import io
import struct
import zlib
from datetime import timedelta

import pytest
from PIL import Image
from werkzeug import Response

from leads.models import Contact
from messaging import due, photos, pictures
from messaging.models import Photo
from providers.adapters import twilio
from providers.connections import connect
from tests.factories import NOON, ClientFactory, ContactFactory
from tests.office.rows import make_event
from workflows import due as workflows_due
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db

MEDIA = "/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
GPS = 0x8825


def jpeg(width=40, height=20, **more):
    kept = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(kept, "JPEG", **more)
    return kept.getvalue()


def with_place():
    """A picture that says where it was taken, which way up it is, and more."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "Carla's house"
    exif.get_ifd(GPS).update({1: "N", 2: (39.0, 44.0, 21.0), 3: "W", 4: (104.0, 59.0, 5.0)})
    return jpeg(exif=exif, comment=b"secret comment", icc_profile=b"profile")


def bomb(side=60_000):
    """A PNG of a few bytes that claims so many pixels each way."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


@pytest.fixture
def carla(noon):
    return ContactFactory(client=ClientFactory(), phone="+13035550123")


@pytest.fixture
def line(carla, httpserver):
    return connect(
        client=carla.client,
        provider="twilio",
        secret="s3cret",
        account="AC1",
        base_url=httpserver.url_for("").rstrip("/"),
        live=True,
        now=NOON,
    )[0]


def plan(contact, line, *addresses):
    event = make_event(contact=contact)
    photos.plan(event=event, contact=contact, connection=line, addresses=list(addresses), now=NOON)
    return Photo.objects.get(event=event)


def fetched(photo, *, now=NOON):
    state = photos.fetch(photo_id=photo.pk, now=now)
    photo.refresh_from_db()
    return state


def test_where_it_was_taken_stays_behind_and_it_stands_upright(carla, line, httpserver):
    httpserver.expect_request(MEDIA, headers={"Authorization": "Basic QUMxOnMzY3JldA=="}).respond_with_data(
        with_place(), content_type="text/html"
    )
    photo = plan(carla, line, httpserver.url_for(MEDIA))
    assert fetched(photo) == "kept" and (photo.width, photo.height) == (20, 40)
    assert (photo.provider_url, photo.lease_until, photo.expires_at) == (None, None, NOON + timedelta(days=90))
    kept = bytes(photo.content)
    with Image.open(io.BytesIO(kept)) as seen:
        assert (seen.format, seen.size, dict(seen.getexif()), set(seen.info)) == (
            "JPEG", (20, 40), {}, {"jfif", "jfif_version", "jfif_unit", "jfif_density"},
        )  # fmt: skip
        assert seen.getpixel((10, 10))[0] > 240
    assert not any(word in kept for word in (b"Exif", b"Carla", b"secret", b"profile"))
    assert fetched(photo) == "", "once"


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP"])
def test_other_kinds_become_a_jpeg_on_white(kind):
    kept = io.BytesIO()
    Image.new("RGBA", (30, 10), (0, 0, 0, 0)).save(kept, kind)
    with Image.open(io.BytesIO(pictures.clean(data=kept.getvalue() + b"<script>hidden</script>").jpeg)) as seen:
        assert (seen.format, seen.size) == ("JPEG", (30, 10)) and min(seen.getpixel((5, 5))) > 240
    assert pictures.clean(data=jpeg(5000, 1000)).width == pictures.LONGEST_SIDE


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html><script>alert(1)</script></html>", "no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "no picture"),
        (b"BEGIN:VCARD\nEND:VCARD", "no picture"),
        (b"", "no picture"),
        (jpeg()[:200], "no picture"),
        (bomb(), "far larger than a photo"),
        (bomb(7_000), "far larger than a photo"),
    ],
    ids=["html", "svg", "vcard", "empty", "cut off", "bomb", "a small bomb"],
)
def test_what_is_no_picture_is_refused_whatever_its_header_says(carla, line, httpserver, body, why):
    httpserver.expect_request(MEDIA).respond_with_data(body, content_type="image/jpeg")
    photo = plan(carla, line, httpserver.url_for(MEDIA))
    assert fetched(photo) == "refused" and why in photo.reason and photo.content is None and photo.provider_url is None


def test_more_than_ten_megabytes_is_not_read_to_its_end(carla, line, httpserver, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_BYTES", 100_000)
    httpserver.expect_request(MEDIA).respond_with_data(b"\xff\xd8" + b"x" * 300_000, content_type="image/jpeg")
    photo = plan(carla, line, httpserver.url_for(MEDIA))
    assert fetched(photo) == "refused" and photo.reason == "It is larger than 10 MB."


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example.com/x.jpg", "http://media.twiliocdn.com/x.jpg", "http://127.0.0.1:1/x", "https://api.twilio.com.evil.example.com/x",
        "https://user@media.twiliocdn.com/x", "https://media.twiliocdn.com:8443/x", "file:///etc/passwd", "//169.254.169.254/x"
    ],
)  # fmt: skip
def test_a_redirect_or_an_address_elsewhere_is_not_followed(carla, line, httpserver, target):
    httpserver.expect_request(MEDIA).respond_with_response(Response(status=307, headers={"Location": target}))
    for photo in (plan(carla, line, httpserver.url_for(MEDIA)), plan(carla, line, target)):
        assert fetched(photo) == "refused" and ("another server" in photo.reason or "cannot be read" in photo.reason)
    assert len(httpserver.log) == 1


def test_an_address_nobody_can_read_is_refused(carla, line, monkeypatch):
    moved = photos.http.Reply(status=302, headers={"location": "https://[::1/x"}, body=b"")
    monkeypatch.setattr(photos.http, "call", lambda **asked: moved)
    for address in ("https://[::1/x", "https://api.twilio.com/a"):
        photo = plan(carla, line, address)
        assert fetched(photo) == "refused" and photo.reason == "Its address cannot be read."


def test_credentials_go_to_the_first_host_alone(carla, line, monkeypatch):
    asked = []

    def call(*, method, url, headers, **rest):
        asked.append((url, bool(headers)))
        answers = {"https://api.twilio.com/a": (307, {"location": "https://media.twiliocdn.com/b"}, b"")}
        status, more, body = answers.get(url, (200, {}, jpeg()))
        return photos.http.Reply(status=status, headers=more, body=body)

    monkeypatch.setattr(photos.http, "call", call)
    assert fetched(plan(carla, line, "https://api.twilio.com/a")) == "kept"
    assert asked == [("https://api.twilio.com/a", True), ("https://media.twiliocdn.com/b", False)]


def test_it_is_tried_again_with_longer_and_longer_waits_and_then_given_up(carla, line, httpserver):
    httpserver.expect_request(MEDIA).respond_with_data("Not found", status=404)
    photo, now, waits = plan(carla, line, httpserver.url_for(MEDIA)), NOON, []
    while fetched(photo, now=now) == "planned":
        assert photos.fetch(photo_id=photo.pk, now=now) == "", "not before its time"
        waits.append(int((photo.due_at - now).total_seconds()))
        now = photo.due_at
    assert waits == [30, 120, 600, 3600] and photo.state == "failed"
    assert photo.reason == "Tried 5 times. The provider answered with HTTP 404." and photo.provider_url is None


def test_it_comes_after_all_when_the_provider_has_it(carla, line, httpserver):
    httpserver.expect_ordered_request(MEDIA).respond_with_data("", status=404)
    httpserver.expect_ordered_request(MEDIA).respond_with_data(jpeg())
    photo = plan(carla, line, httpserver.url_for(MEDIA))
    assert fetched(photo) == "planned" and workflows_due.anything_due(now=NOON, grace=timedelta(0))[2] is False
    assert workflows_due.anything_due(now=photo.due_at, grace=timedelta(0))[2] is True
    assert due.work_off(now=photo.due_at) == 1
    photo.refresh_from_db()
    assert (photo.state, photo.reason) == ("kept", "")


def test_another_worker_that_has_it_is_left_alone_and_a_dead_ones_lease_ends(carla, line, httpserver):
    httpserver.expect_request(MEDIA).respond_with_data(jpeg())
    photo = plan(carla, line, httpserver.url_for(MEDIA))
    Photo.objects.filter(pk=photo.pk).update(lease_until=clock.real_now() + timedelta(minutes=1))
    assert fetched(photo) == "" and len(httpserver.log) == 0
    Photo.objects.filter(pk=photo.pk).update(lease_until=clock.real_now() - timedelta(seconds=1))
    assert fetched(photo) == "kept"


def test_one_that_ends_whoever_opens_it_is_given_up_unopened(carla, line, httpserver, monkeypatch):
    class Killed(BaseException):
        pass

    def _dies(**_):
        opened.append(1)
        raise Killed

    opened: list[int] = []
    monkeypatch.setattr(pictures, "clean", _dies)
    httpserver.expect_request(MEDIA).respond_with_data(jpeg())
    photo = plan(carla, line, httpserver.url_for(MEDIA))
    for _ in range(5):
        with pytest.raises(Killed):
            photos.fetch(photo_id=photo.pk, now=NOON)
        Photo.objects.update(lease_until=None)
    assert photos.fetch(photo_id=photo.pk, now=NOON) == "failed"
    photo.refresh_from_db()
    assert (len(opened), photo.state, photo.reason, photo.provider_url) == (5, "failed", "Tried 5 times. Whoever opened it ended.", None)


def test_the_simulators_line_calls_nobody(carla, httpserver):
    line, _ = connect(client=carla.client, provider="twilio", secret="s", account="AC1", now=NOON)
    photo = plan(carla, line, "https://api.twilio.com/x")
    assert fetched(photo) == "refused" and photo.reason == "The simulator sends no pictures."


def test_after_ninety_days_the_bytes_are_gone(carla, line, httpserver):
    httpserver.expect_request(MEDIA).respond_with_data(jpeg())
    photo = plan(carla, line, httpserver.url_for(MEDIA))
    fetched(photo)
    assert photos.expire(now=NOON + timedelta(days=89)) == 0
    assert photos.work_off(now=NOON + timedelta(days=90)) == 1
    photo.refresh_from_db()
    assert (photo.state, photo.content, photo.width) == ("expired", None, 20 * 2)


def test_the_pictures_of_a_text_are_planned_with_it_and_rung_for(carla, rings, django_capture_on_commit_callbacks):
    from providers.contract import ParsedEvent
    from providers.models import Delivery
    from workflows.intake import record
    from zartsalgo.lib.ids import new_id

    line, _ = connect(client=carla.client, provider="twilio", secret="s", account="AC1", now=NOON)
    delivery = Delivery.objects.create(
        id=new_id(), connection=line, key="k", received_at=NOON, method="POST", url="/", headers={}, body_sha256="0" * 64, next_at=NOON
    )
    data = {"NumMedia": "2", "MediaUrl0": "https://api.twilio.com/a", "MediaUrl1": "https://api.twilio.com/b", "MediaUrl2": "https://x/"}
    assert twilio._twilio_media.addresses(data) == ["https://api.twilio.com/a", "https://api.twilio.com/b"]
    item = ParsedEvent(
        type="message.received", key="MM1", occurred_at=NOON, facts={"media_count": 2},
        personal={"phone": "+13035550123", "text": "", "media": twilio._twilio_media.addresses(data)},
    )  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            record(client=carla.client, source="twilio", item=item, received_at=NOON, delivery_id=delivery.pk, now=NOON)
    found = list(Photo.objects.order_by("n").values_list("pk", "n", "provider_url", "contact"))
    assert [row[1:] for row in found] == [(1, "https://api.twilio.com/a", carla.pk), (2, "https://api.twilio.com/b", carla.pk)]
    assert [id for task, id in rings if task == photos.FETCH_TASK] == [str(row[0]) for row in found]
    assert "media" not in Contact.objects.get().events.get().personal
