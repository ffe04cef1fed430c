"""An opt-out stands for the person and business, on every number known; only the person's own words take back what their STOP set."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError

from leads.models import Contact, Event, Identity, Task
from messaging import gate, inbound, suppressions
from messaging.models import Attempt, Suppression
from messaging.outbox import sending
from messaging.suppressions import import_file
from tests.factories import NOON, ClientFactory
from tests.messaging.test_consent import CARLA, happened, write
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id

pytestmark = pytest.mark.django_db

SECOND = "+13035550124"
DANA = "+13035550125"


@pytest.fixture
def summit(noon):
    return ClientFactory()


def person(client, *numbers, name="Carla Gomez"):
    contact = Contact.objects.create(id=new_id(), client=client, name=name, state="CO", created_at=NOON)
    for number in numbers:
        Identity.objects.create(client=client, contact=contact, kind="phone", value=number)
    return contact


@pytest.fixture
def carla(summit):
    return person(summit, CARLA, SECOND)


def says(client, words, *, phone=CARLA):
    return happened(client, "message.received", text=words, at=clock.read(), phone=phone)


def opted_out(contact, *, to=CARLA):
    """Whether the gate refuses a text because they opted out."""
    slip = gate.look(message=write(contact, to=to), now=clock.read())
    return not next(row.passed for row in slip.checks if row.name == "opted-out")


def standing(client):
    return sorted(Suppression.objects.filter(client=client, lifted_by=None).values_list("value", "came_from", "origin"))


def refused(sql, parameters=()):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def test_a_stop_binds_every_number_and_the_persons_start_takes_back_all_it_set(summit, carla):
    says(summit, "STOP")
    assert standing(summit) == [(CARLA, "", "words"), (SECOND, CARLA, "words")]
    assert opted_out(carla) and opted_out(carla, to=SECOND)
    start = says(summit, "START")
    assert standing(summit) == [] and not opted_out(carla) and not opted_out(carla, to=SECOND)
    assert set(Suppression.objects.values_list("lifted_by", flat=True)) == {start.pk}, "the evidence stays"
    says(summit, "Stop")
    assert len(standing(summit)) == 2 and Suppression.objects.count() == 4 and opted_out(carla)


@pytest.mark.parametrize("words", ["Yes", "ok", "start tomorrow please", "Can you come today?", "HELP", "not interested"])
def test_other_words_lift_nothing(summit, carla, words):
    says(summit, "STOP")
    says(summit, words)
    assert len(standing(summit)) == 2 and opted_out(carla)


def test_a_start_speaks_for_its_own_phone_and_business_only(summit, carla):
    other = ClientFactory(slug="harbor-movers", name="Harbor Movers", phone="+13035550180")
    says(summit, "STOP")
    says(other, "STOP")
    says(summit, "START", phone=SECOND)
    assert len(standing(summit)) == 2 and opted_out(carla, to=SECOND), "the other phone said stop"
    says(summit, "START", phone=DANA)
    assert len(standing(summit)) == 2
    says(summit, "START")
    assert standing(summit) == [] and len(standing(other)) == 1


def test_two_phones_that_said_stop_are_taken_back_by_both(summit, carla):
    says(summit, "STOP")
    says(summit, "STOP", phone=SECOND)
    says(summit, "START")
    assert standing(summit) == [(CARLA, SECOND, "words"), (SECOND, "", "words")] and opted_out(carla)
    says(summit, "START", phone=SECOND)
    assert not opted_out(carla)


def test_a_start_leaves_imported_lists_and_the_agencys_list(summit, carla, tmp_path):
    file = tmp_path / "old.csv"
    file.write_text(f"{CARLA}\n")
    import_file(path=file, client=summit, now=clock.read())
    inbound.suppress(contact=None, client=None, value=SECOND, rule="agency list", event=None, now=clock.read())
    says(summit, "STOP")
    says(summit, "START")
    assert standing(summit) == [(CARLA, "", "import")] and opted_out(carla)
    assert Suppression.objects.get(client=None).lifted_by is None and opted_out(carla, to=SECOND)


def test_staff_cannot_lift_one(summit, carla):
    says(summit, "STOP")
    row = Suppression.objects.get(value=CARLA)
    refused("delete from messaging_suppression where id = %s", [row.pk])
    refused("update messaging_suppression set value = '+13035550199' where id = %s", [row.pk])
    refused("update messaging_suppression set lifted_at = now() where id = %s", [row.pk])
    other = ClientFactory(slug="harbor-movers", name="Harbor Movers", phone="+13035550180")
    made_up = Event.objects.create(
        client=summit,
        type="outcome.reported",
        source="office",
        key="1",
        occurred_at=NOON,
        recorded_at=clock.read(),
        personal={"phone": CARLA},
    )
    for event in (made_up, says(summit, "Can you come?"), says(summit, "START", phone=DANA), says(other, "START")):
        refused("update messaging_suppression set lifted_by_id = %s, lifted_at = now() where id = %s", [event.pk, row.pk])
    assert opted_out(carla)
    start = says(summit, "START")
    for sql in ("lifted_by_id = null, lifted_at = null", "lifted_at = now()"):
        refused(f"update messaging_suppression set {sql} where id = %s", [row.pk])
    assert Suppression.objects.get(pk=row.pk).lifted_by == start
    refused(
        "insert into messaging_suppression (client_id, kind, value, origin, came_from, rule, at, lifted_at, lifted_by_id)"
        " values (%s, 'phone', %s, 'words', '', 'x', now(), now(), %s)",
        [summit.pk, DANA, start.pk],
    )
    lifting = [name for name in (*dir(suppressions), *dir(inbound)) if "lift" in name.lower() or "unsuppress" in name.lower()]
    assert set(lifting) == {"lift_by_words"}


def test_a_start_from_before_the_stop_lifts_nothing(summit, carla):
    start = says(summit, "START")
    says(summit, "STOP")
    row = Suppression.objects.get(value=CARLA)
    refused("update messaging_suppression set lifted_by_id = %s, lifted_at = now() where id = %s", [start.pk, row.pk])


def test_a_merge_and_its_undo_lift_nothing(summit, carla):
    dana = person(summit, DANA, name="Dana")
    says(summit, "STOP")
    Identity.objects.filter(contact=carla).update(contact=dana)
    assert opted_out(dana, to=DANA) and opted_out(dana) and opted_out(carla)
    Identity.objects.filter(value__in=(CARLA, SECOND)).update(contact=carla)
    assert opted_out(carla) and opted_out(carla, to=SECOND)
    assert not opted_out(dana, to=DANA), "she never said stop"


def test_a_stop_said_while_merged_binds_both_afterwards(summit, carla):
    dana = person(summit, DANA, name="Dana")
    Identity.objects.filter(contact=dana).update(contact=carla)
    says(summit, "STOP", phone=DANA)
    Identity.objects.filter(value=DANA).update(contact=dana)
    assert opted_out(dana, to=DANA) and opted_out(carla) and opted_out(carla, to=SECOND)


def test_after_a_start_texts_go_again_and_not_before(summit, carla):
    happened(summit)
    says(summit, "STOP")
    first = write(carla)
    sending.send(message_id=first.pk, now=clock.read())
    assert not Attempt.objects.exists()
    says(summit, "START")
    sending.send(message_id=first.pk, now=clock.read())
    assert not Attempt.objects.exists(), "what was dropped stays dropped"
    second = write(carla)
    sending.send(message_id=second.pk, now=clock.read())
    assert Attempt.objects.get().message == second
    assert Task.objects.filter(kind="answer-reply").count() == 1, "a person answers the START"


# imports


def imported(file, client, **more):
    out = StringIO()
    call_command("suppressions", "import", str(file), "--client", client.slug, "--json", stdout=out, **more)
    return json.loads(out.getvalue())


def test_an_import_adds_reports_what_it_cannot_read_and_twice_adds_nothing(summit, carla, tmp_path):
    file = tmp_path / "old tool.csv"
    file.write_text(
        "Name,Phone Number,Email\nCarla,(303) 555-0123,Carla@Example.com\nX,12,\nDana,,dana@example.com\n\nY,,nobody\n",
        encoding="utf-8-sig",
    )
    done = imported(file, summit)
    assert (done["added"], done["known"]) == (3, 0)
    assert done["bad"] == [{"line": 3, "why": "no number and no address"}, {"line": 6, "why": "no number and no address"}]
    rows = Suppression.objects.order_by("kind", "value").values_list("kind", "value", "contact", "rule")
    assert list(rows) == [
        ("email", "carla@example.com", None, "list old tool.csv"),
        ("email", "dana@example.com", None, "list old tool.csv"),
        ("phone", CARLA, carla.pk, "list old tool.csv"),
    ]
    assert opted_out(carla) and opted_out(carla, to=SECOND), "the list names one number, the person is one"
    again = imported(file, summit)
    assert (again["added"], again["known"], Suppression.objects.count()) == (0, 3, 3)
    file.write_text("3035550125\n")
    assert imported(file, summit)["added"] == 1 and Suppression.objects.count() == 4, "a shorter list takes nothing back"


def test_an_import_beside_a_stop_outlives_the_start(summit, carla, tmp_path):
    says(summit, "STOP")
    file = tmp_path / "old.csv"
    file.write_text("phone\n3035550123\n")
    assert imported(file, summit)["added"] == 1
    says(summit, "START")
    assert opted_out(carla)


def test_what_cannot_be_imported_is_said_and_nothing_is_stored(summit, tmp_path):
    file = tmp_path / "old.csv"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CommandError, match="cannot be read"):
        imported(file, summit)
    file.write_text("nothing here\n")
    with pytest.raises(CommandError, match="holds no number and no address"):
        imported(file, summit)
    with pytest.raises(CommandError, match="There is no client"):
        call_command("suppressions", "import", str(file), "--client", "nobody")
    assert not Suppression.objects.exists()


LIST = "Kundennummer;Name;Primary Phone;Alt Phone;E-Mail\n3035550188;José Núñez;303-555-0123;720.555.0124 (cell);carla@example.com\n"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_a_list_is_read_however_it_was_saved(summit, tmp_path, separator, encoding):
    file = tmp_path / "old.csv"
    file.write_bytes(LIST.replace(";", separator).encode(encoding))
    done = imported(file, summit)
    assert (done["added"], done["numbers"], done["addresses"], done["bad"]) == (3, 2, 1, [])
    assert done["columns"] == ["Primary Phone", "Alt Phone", "E-Mail"] and done["left"] == ["Kundennummer", "Name"]
    assert sorted(Suppression.objects.values_list("value", flat=True)) == [CARLA, "+17205550124", "carla@example.com"]


@pytest.mark.parametrize("first", ["sep=;\n", "\ufeffsep=;\r\n", '"sep=;"\n'])
def test_the_line_that_excel_writes_first_names_the_separator(summit, tmp_path, first):
    path = tmp_path / "list.csv"
    path.write_text(f"{first}Name;Phone\nBea, of Vega;3035550131\n", encoding="utf-8", newline="")
    assert suppressions.import_file(path=path, client=summit, now=clock.read()).columns == ("Phone",)
    assert Suppression.objects.get().value == "+13035550131"


@pytest.mark.parametrize(
    ("heading", "cell", "values"),
    [
        ("Account Number", "3035550188", []), ("Record ID", "3035550188", []), ("Invoice", "3035550188", []), ("Lead id", "3035550188", []),
        ("Order number", "3035550188", []), ("Number", "3035550188", ["+13035550188"]), ("Mobile phone number", "3035550188", ["+13035550188"]),
        ("Phone 2", "3035550188", ["+13035550188"]), ("workPhone", "3035550188", ["+13035550188"]), ("Teléfono", "3035550188", ["+13035550188"]),
        ("Phone numbers", "3035550188, 303-555-0189", ["+13035550188", "+13035550189"]), ("Email Address", "b@example.com", ["b@example.com"]),
        ("Email opted out at", "3035550188", []), ("Phone type", "3035550188", []), ("Backup Number", "3035550188", ["+13035550188"]),
        ("Alternate number 2", "3035550188", ["+13035550188"]), ("Second order number", "3035550188", []),
    ],
)  # fmt: skip
def test_a_column_is_read_for_what_its_heading_says(summit, tmp_path, heading, cell, values):
    file = tmp_path / "old.csv"
    file.write_text(f'"{heading}",Primary phone\n"{cell}",{CARLA}\n')
    done = imported(file, summit)
    assert sorted(Suppression.objects.values_list("value", flat=True)) == sorted([*values, CARLA])
    assert done["left"] == ([] if values else [heading])


def test_a_list_of_unknown_columns_is_refused_and_its_headings_are_named(summit, tmp_path):
    file = tmp_path / "old.csv"
    file.write_text("Record ID,Handy\n3035550188,3035550123\n")
    with pytest.raises(CommandError, match="“Record ID”, “Handy”"):
        imported(file, summit)
    assert not Suppression.objects.exists()


def test_a_number_that_cannot_be_read_is_told_also_beside_an_address_that_can(summit, tmp_path):
    file = tmp_path / "old.csv"
    file.write_text("Phone,Email\n303555012345678,carla@example.com\n")
    done = imported(file, summit)
    assert done["bad"] == [{"line": 2, "why": "a number or an address that cannot be read"}] and done["addresses"] == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [(b"PK\x03\x04" + bytes(50), "Excel workbook"), (b"%PDF-1.7 x", "a PDF"), (b'phone\n"' + b"1" * 150_000, "cannot be read")],
)
def test_what_is_no_list_is_said_in_a_sentence(summit, tmp_path, body, says):
    file = tmp_path / "old.csv"
    file.write_bytes(body)
    with pytest.raises(CommandError, match=says):
        imported(file, summit)


def test_a_list_without_a_heading_is_read_in_every_column(summit, tmp_path):
    file = tmp_path / "old.csv"
    file.write_text(f"Carla;{CARLA};{SECOND}\nDana;;dana@example.com\n")
    assert imported(file, summit)["added"] == 3
