"""Django's settings: one typed file, read from the environment."""

import logging
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import django_stubs_ext
from dj_database_url import DBConfig
from django.core.management.utils import get_random_secret_key
from kombu import Exchange, Queue
from marshmallow.validate import OneOf, Range, Regexp

from deploy.env import env

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Read ---------------------------------------------------------------------------------------
VAR_DIR = env.path("CONCORDANCE_VAR_DIR", BASE_DIR / "var").resolve()
DEBUG = env.bool("CONCORDANCE_DEBUG", False)
ALLOWED_HOSTS = env.list("CONCORDANCE_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CONCORDANCE_TRUSTED_ORIGINS", list[str]())
TIME_ZONE = env.str(
    "CONCORDANCE_TIME_ZONE",
    "UTC",
    validate=OneOf(available_timezones(), error="Not a time zone, such as UTC or Europe/Vienna."),
)
PORT = env.int("CONCORDANCE_PORT", 8000, validate=Range(min=1, max=65535))
LOG_LEVEL = env.log_level("CONCORDANCE_LOG_LEVEL", logging.INFO)
_https = env.bool("CONCORDANCE_HTTPS", False)
_secret_key = env.str("CONCORDANCE_SECRET_KEY", "")
_database = env.dj_db_url(
    "CONCORDANCE_DATABASE_URL", f"sqlite:///{VAR_DIR / 'concordance.sqlite3'}"
)
# Empty means embedded mode: one worker process on Celery's in-memory transport.
_broker_url = env.str(
    "CONCORDANCE_BROKER_URL",
    "",
    validate=Regexp(
        r"$|(rediss?|unix)://", error="Must begin with redis://, rediss:// or unix://."
    ),
)
_capture_dir = env.str("CONCORDANCE_CAPTURE_DIR", str(VAR_DIR / "captures"))
CHECKPOINT_SECONDS = env.float("CONCORDANCE_CHECKPOINT_SECONDS", 60.0, validate=Range(min=0))
SWEEP_SECONDS = env.float(
    "CONCORDANCE_SWEEP_SECONDS", 60.0 if _broker_url else 1.0, validate=Range(min=0.05)
)
LEASE_SECONDS = env.float("CONCORDANCE_LEASE_SECONDS", 120.0, validate=Range(min=0.1))
LLM_MODEL = env.str("CONCORDANCE_LLM_MODEL", "gpt-4o-mini")
LLM_CONCURRENCY = env.int("CONCORDANCE_LLM_CONCURRENCY", 8, validate=Range(min=1))
PRICES = env.prices("CONCORDANCE_PRICES", "{}")
# The two names that every OpenAI-compatible tool reads. The key is never stored or logged.
OPENAI_BASE_URL = env.str("OPENAI_BASE_URL", "")
OPENAI_API_KEY = env.str("OPENAI_API_KEY", "")
env.seal()


def _kept_secret_key() -> str:
    """Return the key in `var/secret_key`, created on the first start for its owner only."""
    path = VAR_DIR / "secret_key"
    if not path.exists():
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(get_random_secret_key())
    return path.read_text()


# Readers never wait for the writer, and a writer takes its lock at once. Every thread has 8 MB of
# the file in a cache of its own.
_SQLITE_OPTIONS = {
    "timeout": 30,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-8000;",
}


def _connection(database: DBConfig) -> dict[str, Any]:
    """Return Django's settings for the database that the address names."""
    if database["ENGINE"].endswith("sqlite3"):
        return {**database, "OPTIONS": _SQLITE_OPTIONS, "CONN_MAX_AGE": None}
    return {**database, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


# --- Core ---------------------------------------------------------------------------------------
SECRET_KEY = _secret_key or _kept_secret_key()
ROOT_URLCONF = "deploy.urls"
WSGI_APPLICATION = "deploy.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
LANGUAGE_CODE = "en"
# Of the raters' pages; those of researchers are in English.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "frontend" / "locale"]
LANGUAGE_COOKIE_PATH = "/rate/"
LANGUAGE_COOKIE_AGE = 60 * 60 * 24 * 180
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
DATABASES = {"default": _connection(_database)}
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "explanations",
    "annotation",
    "studies",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "deploy.middleware.content_security_policy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "deploy.middleware.language_of_raters",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "frontend" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- Sessions and security ------------------------------------------------------------------------
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _https
LANGUAGE_COOKIE_SECURE = _https
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if _https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
X_FRAME_OPTIONS = "DENY"
LOGIN_URL = "admin:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]

# --- Files ----------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "frontend" / "static"]
# Served from the source folder, so that pages show edits without a collecting step.
WHITENOISE_USE_FINDERS = True
# Images that raters are shown; only a rater whose question shows one can fetch it.
IMAGE_DIR = VAR_DIR / "images"
# Where a rater's page learns the address at which an item's unit can be tried.
RATER_PROBE = "studies.api.probe_address"
# Who is asked for more items when a rater has had all that are open.
ITEM_SUPPLY = "studies.services.drawing.items_supply"
# A path, or the URL of a place in an object store; what is read of one is kept in the cache.
CAPTURE_DIR = _capture_dir
CAPTURE_CACHE = VAR_DIR / "cache"
CAPTURE_WORK_DIR = VAR_DIR / "capturing"

# --- API ------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication",
        "deploy.authentication.StaffByPassword",
    ],
}

# --- Workers --------------------------------------------------------------------------------------
CELERY_BROKER_URL = _broker_url or "memory://localhost//"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "cpu"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# By default a worker serves every queue. Threads share what a process loads once,
# and messages in memory reach no other process; for more processes start more workers.
CELERY_TASK_QUEUES = [
    Queue(name, Exchange(name), routing_key=name) for name in ("gpu", "llm", "cpu")
]
CELERY_WORKER_POOL = "threads"
CELERY_BROKER_TRANSPORT_OPTIONS = {} if _broker_url else {"polling_interval": 0.02}
SERVICE_MODE = bool(_broker_url)

# --- Logging --------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # A line for every call to a language model would bury what matters.
    "loggers": {"httpx2": {"level": "WARNING"}},
}
