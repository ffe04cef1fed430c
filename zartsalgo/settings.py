"""The one settings file. Everything a deployment may change comes from the environment; wrong values stop the start in a sentence."""

from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def _flag(name: str, *, default: bool = False) -> bool:
    """A yes or no; anything else is a mistake that must not pass as "no"."""
    raw = env.str(name, default="").strip().lower()
    if raw in ("",):
        return default
    if raw in ("1", "true", "yes", "on"):
        return True
    if raw in ("0", "false", "no", "off"):
        return False
    raise ImproperlyConfigured(f"{name} is {raw!r}: write 1 or 0.")


def _database(name: str, *, required: bool) -> dict:
    url = env.str(name, default="")
    if not url:
        if required:
            raise ImproperlyConfigured(f"{name} is not set: start with script/up, or set it to postgresql://user:password@host:port/name.")
        return {}
    try:
        parsed = dict(env.db_url_config(url))
    except Exception:
        parsed = {}
    if parsed.get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured(f"{name} is no Postgres address: write postgresql://user:password@host:port/name.")
    parsed["CONN_MAX_AGE"] = None
    parsed["CONN_HEALTH_CHECKS"] = True
    # The server keeps the plan of a statement that a connection has sent twice: planning the gate's took longer than running it.
    parsed["OPTIONS"] = {
        **parsed.get("OPTIONS", {}),
        "connect_timeout": 3,
        "tcp_user_timeout": 10_000,
        "keepalives_idle": 30,
        "server_side_binding": True,
        "prepare_threshold": 2,
    }
    return parsed


TESTING = _flag("ZARTS_TEST")
EMBEDDED = _flag("ZARTS_EMBEDDED")
DEBUG = False
# Web, worker and ticker write rows as zarts_app, which owns nothing; only migrations and tests act as the owner.
AS_OWNER = _flag("ZARTS_AS_OWNER")
ALLOW_LOOPBACK = _flag("ZARTS_ALLOW_LOOPBACK")
# More texts of one client within an hour than this pause the client until a person has looked (workflows.breakers). A machine that is
# there for trying things out may be loaded on purpose.
TEXTS_PER_HOUR = env.int("ZARTS_TEXTS_PER_HOUR", default=20_000 if ALLOW_LOOPBACK else 300)
DATA_DIR = Path(env.str("ZARTS_DATA", default=str(BASE_DIR / ".data")))

SECRET_KEY = env.str("SECRET_KEY", default="")
if len(SECRET_KEY) < 32:
    raise ImproperlyConfigured("SECRET_KEY is missing or shorter than 32 characters: script/up makes one; elsewhere set a random one.")
ENCRYPTION_KEYS = [key.strip() for key in env.str("ZARTS_ENCRYPTION_KEYS", default="").split(",") if key.strip()]
if not ENCRYPTION_KEYS:
    raise ImproperlyConfigured("ZARTS_ENCRYPTION_KEYS is not set: give one or more Fernet keys, newest first, separated by commas.")

PUBLIC_URL = env.str("ZARTS_PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
_scheme, _, _host = PUBLIC_URL.partition("://")
if _scheme not in ("http", "https") or not _host or "/" in _host:
    raise ImproperlyConfigured(f"ZARTS_PUBLIC_URL is {PUBLIC_URL!r}: write http:// or https:// and the host that providers reach, no path.")
ALLOWED_HOSTS = [_host.rsplit(":", 1)[0].strip("[]"), "127.0.0.1", "localhost", "[::1]", *env.list("ZARTS_ALLOWED_HOSTS", default=[])]
if TESTING:
    ALLOWED_HOSTS.append("testserver")

try:
    # Addresses or networks of proxies of ours, which write X-Forwarded-For; from anybody else that header is not believed.
    TRUSTED_PROXIES = [ip_network(part.strip()) for part in env.list("ZARTS_TRUSTED_PROXY", default=[]) if part.strip()]
except ValueError as error:
    raise ImproperlyConfigured(f"ZARTS_TRUSTED_PROXY: {error}. Write the proxy's address or network, such as 10.0.0.0/8.") from error

DATABASES = {"default": _database("DATABASE_OWNER_URL" if AS_OWNER else "DATABASE_URL", required=True)}
# What clients see is read through a role of its own that may read a few views and nothing else; without it the portal shows nothing.
if _portal := _database("PORTAL_DATABASE_URL", required=False):
    DATABASES["portal"] = _portal
if _template := env.str("ZARTS_TEST_TEMPLATE", default="") if TESTING else "":
    DATABASES["default"]["TEST"] = {"TEMPLATE": _template}
REDIS_URL = env.str("REDIS_URL", default="")
if not REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
    raise ImproperlyConfigured("REDIS_URL is not set: start with script/up, or set it to redis://:password@host:port/0.")

INSTALLED_APPS = [
    "zartsalgo.apps.OfficeAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "pgtrigger",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "zartsalgo.apps.Zartsalgo",
    "zartsalgo.office.apps.Office",
    "leads.apps.Leads",
    "providers.apps.Providers",
    "messaging.apps.Messaging",
    "summaries.apps.Summaries",
    "workflows.apps.Workflows",
    "portal.apps.Portal",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "zartsalgo.middleware.StrictHeaders",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "zartsalgo.middleware.PlainFailures",
]
ROOT_URLCONF = "zartsalgo.urls"
WSGI_APPLICATION = "zartsalgo.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "zartsalgo.office.context.shell",
            ],
        },
    }
]
# Our own templates come first for form widgets too (labels that Django's date and time fields lack).
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
AUTH_USER_MODEL = "zartsalgo.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "office:inbox"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
STATIC_URL = "static/"
# Files are served from where they lie; a release build collects them and sets ZARTS_COLLECTED=1 for long cache times.
WHITENOISE_USE_FINDERS = not _flag("ZARTS_COLLECTED")
WHITENOISE_AUTOREFRESH = False
STATIC_ROOT = None if WHITENOISE_USE_FINDERS else DATA_DIR / "static"
if not WHITENOISE_USE_FINDERS:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

# One strict policy for every page: nothing inline, nothing from elsewhere.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _scheme == "https"
# A browser takes a __Host- cookie only from this very host, over https and for every path, so no neighbour can plant one.
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = ("__Host-office", "__Host-csrf") if SESSION_COOKIE_SECURE else ("sessionid", "csrftoken")
SECURE_HSTS_SECONDS = 31_536_000 if _scheme == "https" else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
if _scheme == "https":
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["zartsalgo.office.api.auth.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["zartsalgo.office.api.auth.ScopePermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "zartsalgo.office.api.errors.plain_errors",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ZartsAlgo staff API",
    "DESCRIPTION": "Read what happened and why. Every list is `{results, next}`, newest first.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
}

# Without an address of a mail server nothing is sent: sign-in mails stand on the Outbox page.
EMAIL_CONFIG = env.email_url_config(env.str("EMAIL_URL", default="").strip() or "consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10  # seconds, for each answer of the mail server
DEFAULT_FROM_EMAIL = env.str("ZARTS_MAIL_FROM", default="").strip() or f"no-reply@{ALLOWED_HOSTS[0]}"
# How clients reach the agency: on every page of the portal.
AGENCY_NAME = env.str("ZARTS_AGENCY_NAME", default="").strip()
AGENCY_EMAIL = env.str("ZARTS_AGENCY_EMAIL", default="").strip()
AGENCY_PHONE = env.str("ZARTS_AGENCY_PHONE", default="").strip()

# A language model for clients without a connection of their own. Without a key summaries are written here and nothing leaves the machine.
OPENAI_API_KEY = "" if TESTING else env.str("OPENAI_API_KEY", default="").strip()
OPENAI_BASE_URL = "" if TESTING else env.str("OPENAI_BASE_URL", default="").strip().rstrip("/")
OPENAI_MODEL = env.str("OPENAI_MODEL", default="").strip() or "gpt-5.4-mini"
_model_host = urlsplit(OPENAI_BASE_URL).hostname if OPENAI_BASE_URL else None
if OPENAI_BASE_URL and _model_host in ("127.0.0.1", "localhost", "::1"):
    if not ALLOW_LOOPBACK:
        raise ImproperlyConfigured("OPENAI_BASE_URL is on this machine: that needs ZARTS_ALLOW_LOOPBACK=1, which production never sets.")
elif OPENAI_BASE_URL and not (OPENAI_BASE_URL.startswith("https://") and _model_host):
    raise ImproperlyConfigured("OPENAI_BASE_URL is no https address: customers' words would travel in the clear.")
# Tokens in and out that one client's summaries may use in any 24 hours; beyond it the local summarizer writes.
OPENAI_TOKENS_PER_DAY = env.int("OPENAI_TOKENS_PER_DAY", default=200_000)

# A watcher outside is called here once a minute, only while everything is as it must be (zartsalgo.office.operations.life_sign).
HEARTBEAT_URL = "" if TESTING else env.str("ZARTS_HEARTBEAT_URL", default="").strip()
try:
    _watcher = urlsplit(HEARTBEAT_URL)
    _watcher_host = _watcher.hostname
except ValueError:
    raise ImproperlyConfigured("ZARTS_HEARTBEAT_URL is no address: write https:// and what the watcher gave you.") from None
if HEARTBEAT_URL and _watcher_host in ("127.0.0.1", "localhost", "::1"):
    if not ALLOW_LOOPBACK:
        raise ImproperlyConfigured(
            "ZARTS_HEARTBEAT_URL is on this machine: that needs ZARTS_ALLOW_LOOPBACK=1, which production never sets."
        )
elif HEARTBEAT_URL and not (_watcher.scheme == "https" and _watcher_host and "@" not in _watcher.netloc):
    raise ImproperlyConfigured("ZARTS_HEARTBEAT_URL is no https address: write https:// and what the watcher gave you.")

# What Prometheus must send as its bearer token to read /metrics; without one that page is closed.
METRICS_TOKEN = env.str("ZARTS_METRICS_TOKEN", default="").strip()
if METRICS_TOKEN and len(METRICS_TOKEN) < 16:
    raise ImproperlyConfigured("ZARTS_METRICS_TOKEN is shorter than 16 characters: set a random one, or none to keep /metrics closed.")

LOG_LEVEL = env.str("ZARTS_LOG_LEVEL", default="INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"no_tokens": {"()": "zartsalgo.lib.log_filters.HideTokens"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_tokens"]}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "openai": {"level": "WARNING"},
    },
}
