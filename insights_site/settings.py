"""Every setting of the service. Each environment variable is described in docs/settings.md."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from celery.schedules import crontab

from insights_site.environment import (
    BASE_DIR,
    address,
    database,
    file,
    flag,
    folder,
    header,
    is_given,
    mail,
    one_of,
    path_below,
    positive,
    seconds,
    secret_key,
    text,
    whole,
    words,
)
from insights_site.logs import logging_settings


def origin(given: str) -> str:
    """An address without its path."""
    parts = urlsplit(given)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else given


def broker(redis_url: str) -> str:
    """The address of Celery's broker: Redis where it is given, else the memory of the one process."""
    if redis_url.startswith("unix:"):
        return f"redis+socket:{redis_url.removeprefix('unix:').replace('db=', 'virtual_host=')}"
    return redis_url or "memory://localhost/"


DATA_DIR = folder("DATA_DIR", "var")
SECRET_KEY = secret_key("SECRET_KEY", DATA_DIR)
SECRET_KEY_IS_GIVEN = is_given("SECRET_KEY")  # else it is the one that is kept in DATA_DIR
SECRET_KEY_FALLBACKS = words("SECRET_KEY_FALLBACKS", [])
DEBUG = flag("DEBUG", False)

HOST = text("HOST", "127.0.0.1")
PORT = positive("PORT", 8000)
WEB_WORKERS = positive("WEB_WORKERS", 1)
WEB_THREADS = positive("WEB_THREADS", 64)  # fewer are a little faster, until a few slow clients hold them all: ADR 11
PUBLIC_URL = address("PUBLIC_URL")
BASE_PATH = path_below("BASE_PATH", urlsplit(PUBLIC_URL).path if "://" in PUBLIC_URL else "")
# Whichever proxy asks, and outside of requests too: addresses lie below it (insights_site/below.py).
FORCE_SCRIPT_NAME = BASE_PATH or None
TRUSTED_PROXIES = whole("TRUSTED_PROXIES", 0)
CLIENT_ADDRESS_HEADER = header("CLIENT_ADDRESS_HEADER")
RATE_LIMIT_TOKEN = positive("RATE_LIMIT_TOKEN", 12_000)
RATE_LIMIT_ADDRESS = positive("RATE_LIMIT_ADDRESS", 3_000)
RATE_LIMIT_SITE = positive("RATE_LIMIT_SITE", 60_000)
DEMO_PASSWORD = text("DEMO_PASSWORD")
METRICS_TOKEN = text("METRICS_TOKEN")
GEOIP_CITY_DB = file("GEOIP_CITY_DB")

ENCRYPTED = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = [
    *words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"]),
    *filter(None, [urlsplit(PUBLIC_URL).hostname]),
]
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS", [origin(PUBLIC_URL)] if PUBLIC_URL else [])
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENCRYPTED
if BASE_PATH:
    SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{BASE_PATH}/"
    # What else lives on the host may well be made with Django too, whose names of cookies are these.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "insights_session", "insights_csrf"
    MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # else their cookie is the whole host's
SECURE_HSTS_SECONDS = int(seconds("HSTS_SECONDS", 86_400 if ENCRYPTED else 0))
SECURE_SSL_REDIRECT = flag("SSL_REDIRECT", ENCRYPTED and TRUSTED_PROXIES > 0)
# Asked from beside the service, not through its proxy.
SECURE_REDIRECT_EXEMPT = [f"^{re.escape(f'{BASE_PATH}/'.lstrip('/'))}(healthz|readyz|metrics)$"]
# Whether all other names below this one are encrypted, and stay so, is not ours to promise: docs/security.md.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if TRUSTED_PROXIES > 0:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

INSTALLED_APPS = [
    "insights_site",  # first: its commands stand for those of Django that have the same names
    "insights_site.administration.AdministrationConfig",  # unfold, with our own site
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "django_htmx",
    "apps.core",
    "apps.organizations",
    "apps.sites",
    "apps.events",
    "apps.insights",
    "apps.rollups",
    "apps.segments",
    "apps.keeping",
    "apps.api",
    "apps.dashboard",
]

MIDDLEWARE = [
    "apps.api.middleware.ApiMiddleware",  # first, so that every error of the API gets its shape
    "apps.core.origin.OriginMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.organizations.sessions.NotesSessions",
    "apps.organizations.accounts.KeptNowhere",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.dashboard.middleware.ContentSecurityPolicy",
    "apps.dashboard.middleware.SignInAnew",
    "apps.dashboard.middleware.RecordsAway",
    "apps.dashboard.who_asks.SaysWhoAsks",
]

ROOT_URLCONF = "insights_site.urls"
WSGI_APPLICATION = "insights_site.wsgi.application"
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
            ],
        },
    },
]

DATABASES = {"default": database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'records.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
        # What was deleted, such as a salt, is written over.
        " PRAGMA secure_delete=ON;",
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
    }
    # Tests too have a file: in shared memory, Django's choice, a second thread is refused at once instead of waiting.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "records-of-tests.sqlite3")}
else:
    # A connection for each thread, looked at before it is used again: a database that was restarted is no error.
    DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "organizations.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Sign-in: docs/accounts.md.
SENDS_MAIL = bool(address("EMAIL_URL"))
globals().update(mail("EMAIL_URL"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = text("EMAIL_FROM", f"insights@{urlsplit(PUBLIC_URL).hostname or 'localhost'}")
REGISTRATION = one_of("REGISTRATION", ("invite", "open", "closed"))
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if SENDS_MAIL else "none"
ACCOUNT_EMAIL_NOTIFICATIONS = SENDS_MAIL
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if ENCRYPTED else "http"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Site insights] "
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
PASSWORD_RESET_TIMEOUT = 86_400
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_RATE_LIMITS = {
    # Wrong passwords and codes: of an address in a minute, and of an account in five. For passwords the latter counts
    # each network by itself, and apps/organizations/sign_in.py all of them together.
    "login_failed": "10/m/ip,5/5m/key",
}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = ACCOUNT_LOGOUT_REDIRECT_URL = "dashboard:sites"
ACCOUNT_ADAPTER = "apps.organizations.sign_in.SignIn"
OIDC_ISSUER = address("OIDC_ISSUER")
OIDC_NAME = text("OIDC_NAME", "OpenID Connect")
OIDC_SIGN_UP = flag("OIDC_SIGN_UP", False)
SOCIALACCOUNT_ADAPTER = "apps.organizations.openid.OpenID"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = flag("OIDC_TRUST_EMAIL", False)
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "oidc",
                "name": OIDC_NAME,
                "client_id": text("OIDC_CLIENT_ID"),
                "secret": text("OIDC_CLIENT_SECRET"),
                "settings": {"server_url": OIDC_ISSUER, "oauth_pkce_enabled": True, "uid_field": "key"},
            }
        ]
        if OIDC_ISSUER
        else []
    }
}
MFA_ADAPTER = "apps.organizations.factors.SecondFactor"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {"add_webauthn": "apps.organizations.factors.PasskeyForm"}
ALLAUTH_TRUSTED_PROXY_COUNT = max(0, TRUSTED_PROXIES)
ALLAUTH_TRUSTED_CLIENT_IP_HEADER = CLIENT_ADDRESS_HEADER or None
UNFOLD = {
    "SITE_TITLE": "Site insights",
    "SITE_HEADER": "Site insights",
    "SITE_SYMBOL": "monitoring",
    "SITE_URL": f"{BASE_PATH}/",
    "DASHBOARD_CALLBACK": "insights_site.state.with_state",
    "STYLES": [lambda _request: f"{STATIC_URL}css/admin.css"],
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: f"{STATIC_URL}icon.svg"}],
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL: str = f"{BASE_PATH}/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = file("STATIC_ROOT")
# Collected once, they are compressed, and named after what is in them, so that browsers keep them; else they are served
# from where they lie: nothing to collect, nothing to forget.
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_ROOT
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

EVENT_STORE_DIR = DATA_DIR / "events"
CLICKHOUSE_URL = address("CLICKHOUSE_URL")
CLICKHOUSE_CLUSTER = text("CLICKHOUSE_CLUSTER", "")

REDIS_URL = address("REDIS_URL")
CACHES = {
    "default": {"BACKEND": "apps.core.shared_cache.SharedCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {
        "BACKEND": "apps.core.shared_cache.OwnMemory",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # it counts requests: a small cache would forget them
    },
    # Visits under way on sites without ids from the browser, for half an hour.
    "visits": {
        "BACKEND": "apps.core.shared_cache.SharedCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "visits",
    }
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "visits",
        "OPTIONS": {"MAX_ENTRIES": 500_000},
    },
    # Apart from the others, which may drop what they hold when they are full, and go on without Redis.
    "signs": {
        "BACKEND": "apps.core.json_cache.JsonRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "signs",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "signs"},
}

ROLLUP_MIN_EVENTS = whole("ROLLUP_MIN_EVENTS", 2_000_000)

# Watching: docs/watching.md.
SLOW_QUERY_SECONDS = seconds("SLOW_QUERY_SECONDS", 2.0)
DISK_MIN_MB = whole("DISK_MIN_MB", 500)

# Background work: docs/background.md. A message is an address label, so nothing of a task's answer is kept.
BEAT_SECONDS = 15
CELERY_BROKER_URL = broker(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = (
    # A message whose worker vanished without a word is delivered again after an hour; every lock and task is shorter.
    {"visibility_timeout": 3_600, "socket_timeout": 10, "socket_connect_timeout": 5, "health_check_interval": 30}
    if REDIS_URL
    else {"polling_interval": 0.2}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for Redis as long as it takes
TASK_QUEUES = ("rollups", "maintenance", "mail")
CELERY_TASK_DEFAULT_QUEUE = "maintenance"
CELERY_TASK_ROUTES = {
    "apps.rollups.*": {"queue": "rollups"},
    "apps.organizations.tasks.send_*": {"queue": "mail"},
}
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_POOL = "threads"  # nothing may fork once the event store's engine is loaded
CELERY_WORKER_CONCURRENCY = positive("TASK_THREADS", 2)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = bool(REDIS_URL)
CELERY_BEAT_SCHEDULER = "insights_site.celery:Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_MAX_LOOP_INTERVAL = BEAT_SECONDS
# ``expires`` (seconds) is shorter than the period: what waited for a worker that was away is done once, not many times.
CELERY_BEAT_SCHEDULE = {
    "delete-expired-sessions": {
        "task": "apps.organizations.tasks.delete_expired_sessions",
        "schedule": crontab(hour="3", minute="17"),
        "options": {"expires": 20 * 3_600},
    },
    "delete-old-events": {
        "task": "apps.keeping.tasks.delete_old_events",
        "schedule": crontab(hour="2", minute="7"),
        "options": {"expires": 20 * 3_600},
    },
    "delete-old-refusals": {
        "task": "apps.events.tasks.delete_old_refusals",
        "schedule": crontab(hour="3", minute="27"),
        "options": {"expires": 20 * 3_600},
    },
    "delete-old-salts": {
        "task": "apps.events.tasks.delete_old_salts",
        "schedule": crontab(minute="2"),
        "options": {"expires": 1_800},
    },
    "delete-used-keys": {
        "task": "apps.events.tasks.delete_used_keys",
        "schedule": crontab(minute="23"),
        "options": {"expires": 1_800},
    },
    "fill-closed-periods": {
        "task": "apps.rollups.tasks.fill_closed_periods",
        "schedule": crontab(),
        "options": {"expires": 50},
    },
    "finish-erasures": {
        "task": "apps.keeping.tasks.finish_erasures",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 240},
    },
    "remove-superseded": {
        "task": "apps.rollups.tasks.remove_superseded",
        "schedule": crontab(minute="43"),
        "options": {"expires": 1_800},
    },
}

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.api.doors.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["apps.api.doors.HasScope"],
    "DEFAULT_PAGINATION_CLASS": None,
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "apps.api.doors.AlwaysJson",
    "EXCEPTION_HANDLER": "apps.api.errors.raise_on",
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": [],
    "ENABLE_DJANGO_DEPLOY_CHECK": False,  # it looks at all routes; the document is made of some, and held by tests
}

LOG_FORMAT = text("LOG_FORMAT", "text")
LOGGING = logging_settings(level=text("LOG_LEVEL", "INFO").upper(), form=LOG_FORMAT)
ACCESS_LOG = flag("ACCESS_LOG", LOG_FORMAT == "json")
