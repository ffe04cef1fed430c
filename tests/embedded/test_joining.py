"""Who may join a house: the same keys, the same settings, the same version, as the machine with the pages has them."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from zartsalgo import house
from zartsalgo.lib import presence

pytestmark = pytest.mark.django_db


@pytest.fixture
def first():
    """The first machine's pages have been served, with what this process has."""
    presence.sign(name="web", house=house.describe())


def signed(**changed):
    presence.sign(name="web", house=house.describe() | changed)


def test_before_the_first_machine_nobody_joins():
    assert house.why_not_join() == "No page has been served from this database yet: start the first machine, then this one."


def test_who_has_all_alike_may_join(first):
    assert house.why_not_join() == ""
    said = StringIO()
    call_command("join", stdout=said)
    assert said.getvalue() == "This machine may join.\n"


def test_another_key_is_refused_and_neither_is_shown(first, settings):
    settings.SECRET_KEY = "another key of another house, and long enough"
    assert house.why_not_join() == (
        "SECRET_KEY is not as on the first machine: set it as it stands there (environment.json in the first machine’s data folder, its own "
        "environment, or its .env)."
    )
    settings.ENCRYPTION_KEYS = ["another"]
    says = house.why_not_join()
    assert says.startswith("SECRET_KEY and ZARTS_ENCRYPTION_KEYS are not as on the first machine: set them as they stand there")
    with pytest.raises(CommandError) as refused:
        call_command("join")
    assert str(refused.value) == says
    said = StringIO()
    call_command("join", json=True, stdout=said)
    assert json.loads(said.getvalue()) == {"may": False, "says": says}


def test_a_key_more_is_another_key(first, settings):
    """While keys change a machine with the old one alone could not open what is sealed by then, and one with the new one alone not the rest."""
    settings.ENCRYPTION_KEYS = ["new", *settings.ENCRYPTION_KEYS]
    assert house.why_not_join().startswith("ZARTS_ENCRYPTION_KEYS is not as on the first machine")


@pytest.mark.parametrize(
    ("setting", "value", "name"),
    [
        ("PUBLIC_URL", "https://elsewhere.example", "ZARTS_PUBLIC_URL"),
        ("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend", "EMAIL_URL"),
        ("HEARTBEAT_URL", "https://watcher.example/x", "ZARTS_HEARTBEAT_URL"),
        ("OPENAI_API_KEY", "a key", "OPENAI_API_KEY"),
        ("TEXTS_PER_HOUR", 7, "ZARTS_TEXTS_PER_HOUR"),
    ],
)
def test_what_would_be_done_otherwise_here_is_named(settings, setting, value, name):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    signed()
    setattr(settings, setting, value)
    assert house.why_not_join().startswith(f"{name} is not as on the first machine")


def test_a_first_machine_that_allows_loopback_is_named_by_that_alone(settings):
    signed(ZARTS_ALLOW_LOOPBACK="" if settings.ALLOW_LOOPBACK else "given", ZARTS_TEXTS_PER_HOUR="1")
    assert house.why_not_join().startswith("ZARTS_ALLOW_LOOPBACK is not as on the first machine")


def test_no_secret_stands_in_the_row(settings):
    settings.OPENAI_API_KEY, settings.HEARTBEAT_URL = "key-of-the-model", "https://watcher.example/secret-path"
    told = json.dumps(house.describe())
    for secret in (settings.SECRET_KEY, *settings.ENCRYPTION_KEYS, settings.OPENAI_API_KEY, settings.HEARTBEAT_URL):
        assert secret not in told


def test_another_version_is_refused():
    signed(code="another")
    assert house.why_not_join() == (
        "This machine runs another version than the first: bring both machines to one version, the first one first, for it migrates."
    )


def test_tables_of_another_version_are_refused(first):
    with connection.cursor() as cursor:
        cursor.execute("insert into django_migrations (app, name, applied) values ('zartsalgo', '9999_of_tomorrow', now())")
    assert house.why_not_join() == (
        "The tables are of a newer version than this machine (zartsalgo.9999_of_tomorrow): bring both machines to one version."
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from django_migrations where (app, name) in (('zartsalgo', '9999_of_tomorrow'), ('zartsalgo', '0010_processes'))"
        )
    assert house.why_not_join() == (
        "The tables are of an older version than this machine (zartsalgo.0010_processes is missing): bring both machines to one version, "
        "the first one first, for it migrates."
    )


@pytest.mark.parametrize(
    ("error", "starts"),
    [
        ('FATAL:  password authentication failed for user "zarts_app"', "The database does not take the name and password in DATABASE_URL"),
        ("connection refused", "No database answers at DATABASE_URL ("),
    ],
)
def test_a_database_that_cannot_be_asked_is_told(monkeypatch, error, starts):
    def _fail():
        raise OperationalError(error)

    monkeypatch.setattr(house, "_compare_tables", _fail)
    assert house.why_not_join().startswith(starts)
