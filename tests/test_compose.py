"""docker-compose.yml, Dockerfile and .dockerignore, read as docker reads them: each container has its own secrets, the image has none."""

import json
import os
import re
import subprocess
import sys
from pathlib import PurePosixPath

import pytest
import yaml

from zartsalgo.embedded.binaries import find_valkey
from zartsalgo.embedded.environment import SECRETS, own_variables
from zartsalgo.embedded.process import wait_until
from zartsalgo.embedded.servers import Broker
from zartsalgo.embedded.state import ROOT, free_port

RAW = (ROOT / "docker-compose.yml").read_text()
APPS = ("web", "worker", "beat", "ticker")
NEEDED = {
    "SECRET_KEY": "secret-key-of-the-house-" + "x" * 30,
    "ZARTS_ENCRYPTION_KEYS": "encryption" * 4 + "123=",
    "ZARTS_PUBLIC_URL": "https://leads.example.com",
    "POSTGRES_PASSWORD": "superusers-password",
    "ZARTS_OWNER_PASSWORD": "owners-password",
    "ZARTS_APP_PASSWORD": "apps-password",
    "ZARTS_PORTAL_PASSWORD": "portals-password",
    "REDIS_PASSWORD": "redis-password",
}
ALL = NEEDED | {
    "EMAIL_URL": "smtp+tls://post:mail-password@mail.example:587",
    "OPENAI_API_KEY": "key-of-the-model",
    "ZARTS_HEARTBEAT_URL": "https://watcher.example/abc",
    "ZARTS_TRUSTED_PROXY": "10.0.0.0/8",
    "AWS_SECRET_ACCESS_KEY": "of-the-shell",
}
VARIABLE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?:(?P<how>:[-?+])(?P<word>[^}]*))?\})")


def resolve(text, env):
    """As compose interpolates: $$, ${A}, ${A:-default}, ${A:+instead}, ${A:?needed}."""

    def _value(found):
        if found["dollar"]:
            return "$"
        value = env.get(found["name"], "")
        if found["how"] == ":?" and not value:
            raise KeyError(found["name"])
        if found["how"] == ":+":
            return found["word"] if value else ""
        return value or (found["word"] if found["how"] == ":-" else "") or ""

    return VARIABLE.sub(_value, text)


def services(env):
    def _walk(part):
        if isinstance(part, dict):
            return {key: _walk(value) for key, value in part.items()}
        if isinstance(part, list):
            return [_walk(value) for value in part]
        return resolve(part, env) if isinstance(part, str) else part

    return _walk(yaml.safe_load(RAW))["services"]


def test_no_container_but_migrate_and_db_holds_the_owners_or_the_superusers_password():
    for name, service in services(ALL).items():
        told = json.dumps(service)
        assert ("superusers-password" in told) == (name == "db"), name
        assert ("owners-password" in told) == (name in ("db", "migrate")), name
        assert "of-the-shell" not in told and "env_file" not in service


def test_each_process_is_handed_the_same_in_a_container_as_by_script_up():
    password = {
        "DATABASE_URL": "apps-password",
        "DATABASE_OWNER_URL": "owners-password",
        "PORTAL_DATABASE_URL": "portals-password",
        "REDIS_URL": "redis-password",
    }
    values = {**{name: f"url of {name}" for name in password}, **ALL}
    secrets = {name: password.get(name) or ALL[name] for name in SECRETS if name in password or name in ALL}
    for name in (*APPS, "migrate"):
        held = services(ALL)[name]["environment"]
        ours = own_variables(name, values)
        expected = {secret for secret in secrets if ours.get(secret) == values[secret]}
        if name == "migrate":
            expected.add("DATABASE_URL")  # a restore closes the house as the app
        found = {secret for secret, value in secrets.items() if value in str(held.get(secret, ""))}
        assert found == expected, name
        assert {key: held[key] for key in ("SECRET_KEY", "ZARTS_ENCRYPTION_KEYS")} == {
            key: ours[key] for key in ("SECRET_KEY", "ZARTS_ENCRYPTION_KEYS")
        }
        strangers = {key for key, value in held.items() if any(secret in value for secret in secrets.values()) and key not in expected}
        assert strangers == set(), name


def test_no_password_stands_on_a_command_line():
    for name, service in services(ALL).items():
        spoken = json.dumps([service.get("command"), service.get("healthcheck")])
        assert not any(value in spoken for key, value in ALL.items() if key in SECRETS), name


@pytest.mark.parametrize("name", [*APPS, "migrate"])
def test_the_settings_load_with_what_a_container_is_handed(name):
    held = services(NEEDED)[name]["environment"]
    done = subprocess.run(
        [sys.executable, "-c", "import zartsalgo.settings as s; print(s.EMAIL_BACKEND, s.TEXTS_PER_HOUR, 'portal' in s.DATABASES)"],
        env={name: os.environ[name] for name in ("PATH", "PYTHONPYCACHEPREFIX") if name in os.environ} | {"PYTHONPATH": str(ROOT), **held},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["django.core.mail.backends.console.EmailBackend", "300", str(name == "web")], done.stderr


def test_the_database_is_awaited_by_a_query_of_the_app_over_tcp():
    told = services(ALL)["db"]["healthcheck"]["test"][1]
    assert "psql" in told and "-h 127.0.0.1 -U zarts_app -d zarts -c 'select 1'" in told and "pg_isready" not in told
    for name in (*APPS, "migrate"):
        assert services(ALL)[name]["depends_on"]["db"] == {"condition": "service_healthy"}
        assert name == "migrate" or services(ALL)[name]["healthcheck"]["test"] == ["CMD", "python", "manage.py", "alive", name]


def test_redis_takes_its_password_from_stdin(tmp_path):
    port = free_port()
    for program, lines in {
        "docker-entrypoint.sh": 'exec "$@"',
        "valkey-server": f"exec {find_valkey()} \"$@\" --port {port} --bind 127.0.0.1 --dir {tmp_path} --save ''",
    }.items():
        (tmp_path / program).write_text(f"#!/bin/sh\n{lines}\n")
        (tmp_path / program).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "REDIS_PASSWORD": "redis-password"}
    child = subprocess.Popen(services(ALL)["redis"]["command"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert wait_until(Broker("", tmp_path, port, "redis-password").answers, seconds=20)
        assert not Broker("", tmp_path, port, "another").answers()
        with open(f"/proc/{child.pid}/cmdline", encoding="utf-8") as file:
            assert "valkey-server" in (spoken := file.read()) and "redis-password" not in spoken
        assert (tmp_path / "appendonlydir").is_dir(), "the settings after the password were read, too"
    finally:
        child.terminate()
        child.wait(timeout=20)


def ignored(path):
    """As .dockerignore means it: the last line that fits the path, or a folder above it, decides; ! takes it back in."""
    out = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        wanted = pattern.removeprefix("!")
        parts = [
            "(?:[^/]+/)*" if part == "**" else "".join("[^/]*" if letter == "*" else re.escape(letter) for letter in part)
            for part in wanted.split("/")
        ]
        fits = re.compile("/".join(parts).replace("(?:[^/]+/)*/", "(?:[^/]+/)*"))
        above = [str(folder) for folder in PurePosixPath(path).parents if str(folder) != "."]
        if any(fits.fullmatch(one) for one in (path, *above)):
            out = not pattern.startswith("!")
    return out


def test_no_secret_goes_into_the_image_and_all_that_runs_does():
    for path in (
        ".env", ".env.production", "env", "zarts-20261127.zip", "backups/zarts.zip", "database.dump", ".data/secrets.json", ".data-location",
        ".data.old/secrets.json", "leads/.env", "script/.env.local", "zartsalgo/backup.zip", "zartsalgo/embedded/old.dump", "id.pem",
        "script/tls.key", ".git/config", "tests/conftest.py", "secrets.json", "docker-compose.override.yml", "zartsalgo/__pycache__/a.pyc",
    ):  # fmt: skip
        assert ignored(path), path
    rooms = sorted({path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"})
    for path in (
        "manage.py",
        "requirements.lock",
        "script/uv.lock",
        "script/manage",
        "templates/base.html",
        *(f"{room}/x.py" for room in rooms),
    ):
        assert not ignored(path), path


def test_the_image_is_pinned_and_runs_as_nobody_special():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    outside = [base for base in bases if base not in ("build", "app", "tools")]
    assert outside and all(re.search(r":\d+\.\d+\.\d+", base) for base in outside)
    for service in services(ALL).values():
        assert service["image"].startswith("zartsalgo") or re.search(r":\d+\.\d+", service["image"])
    assert "pip install --no-cache-dir --require-hashes -r uv.lock" in "\n".join(lines)
    assert [line for line in lines if line.startswith("USER ")] == ["USER zarts", "USER root", "USER zarts"]
    assert not re.search(r"(ARG|ENV).*(PASSWORD|TOKEN|SECRET_KEY)", "\n".join(lines))
