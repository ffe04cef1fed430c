"""Each process is handed its own secrets, and nothing that a shell held besides."""

import re

from cryptography.fernet import Fernet

from zartsalgo.embedded.environment import SECRETS, own_variables
from zartsalgo.embedded.state import ROOT

PROCESSES = ("web", "worker", "beat", "ticker", "migrate", "command")
KNOWN = {name: f"value of {name}" for name in SECRETS} | {
    "EMAIL_URL": "smtp+tls://post:hidden@mail.example:587",
    "PATH": "/bin",
    "ZARTS_PUBLIC_URL": "https://house.example",
    "AWS_SECRET_ACCESS_KEY": "somebody's shell",
    "https_proxy": "http://proxy.example",
    "FAKETIME": "+40d",
}


def test_who_is_handed_what():
    secret = {process: {name for name, value in own_variables(process, KNOWN).items() if value == KNOWN.get(name)} for process in PROCESSES}
    for process in PROCESSES:
        assert {"PATH", "ZARTS_PUBLIC_URL", "https_proxy", "FAKETIME"} <= secret[process]
        secret[process] -= {"PATH", "ZARTS_PUBLIC_URL", "https_proxy", "FAKETIME"}
    keys = {"SECRET_KEY", "ZARTS_ENCRYPTION_KEYS", "REDIS_URL"}
    assert secret == {
        "web": keys | {"DATABASE_URL", "PORTAL_DATABASE_URL", "ZARTS_HEARTBEAT_URL", "ZARTS_METRICS_TOKEN"},
        "worker": keys | {"DATABASE_URL", "EMAIL_URL", "OPENAI_API_KEY"},
        "ticker": keys | {"DATABASE_URL", "EMAIL_URL", "OPENAI_API_KEY", "ZARTS_HEARTBEAT_URL"},
        "beat": {"DATABASE_URL", "REDIS_URL", "EMAIL_URL", "ZARTS_HEARTBEAT_URL"},  # it keeps watch, as the ticker does
        "migrate": keys | {"DATABASE_OWNER_URL", "ZARTS_AS_OWNER"},
        "command": keys
        | {"DATABASE_URL", "PORTAL_DATABASE_URL", "EMAIL_URL", "OPENAI_API_KEY", "ZARTS_HEARTBEAT_URL", "CONNECT_SECRET", "STAFF_PASSWORD"},
    }


def test_pages_know_that_there_is_a_mail_server_and_a_model_without_their_secrets():
    web = own_variables("web", KNOWN)
    assert web["EMAIL_URL"] == "smtp+tls://mail.example:587"
    assert web["OPENAI_API_KEY"] and web["OPENAI_API_KEY"] != KNOWN["OPENAI_API_KEY"]
    silent = own_variables("web", {"PATH": "/bin"})
    assert "EMAIL_URL" not in silent and "OPENAI_API_KEY" not in silent


def test_beat_gets_keys_that_load_the_settings_and_open_nothing():
    beat = own_variables("beat", KNOWN)
    assert len(beat["SECRET_KEY"]) >= 32
    Fernet(beat["ZARTS_ENCRYPTION_KEYS"])
    assert not {beat["SECRET_KEY"], beat["ZARTS_ENCRYPTION_KEYS"]} & set(KNOWN.values())


def test_a_new_secret_of_the_settings_says_who_gets_it():
    read = set(re.findall(r"(?:env\.\w+|_flag|_database|environ\.get)\(\s*\"(\w+)\"", (ROOT / "zartsalgo" / "settings.py").read_text()))
    assert {"SECRET_KEY", "EMAIL_URL", "PORTAL_DATABASE_URL"} <= read
    secret = {name for name in read if re.search(r"(KEY|KEYS|FALLBACKS|TOKEN|TOKENS|PASSWORD|SECRET|URL)$", name)}
    assert secret - {"ZARTS_PUBLIC_URL", "OPENAI_BASE_URL"} <= set(SECRETS)
