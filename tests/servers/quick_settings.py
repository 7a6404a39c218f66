"""The settings of web processes that tests ask: see ``tests.servers.processes``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import nullcontext

import time_machine
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from insights_site.settings import *  # noqa: F403
from insights_site.settings import MIDDLEWARE, PASSWORD_HASHERS

NOW = "X-NOW"
"""The header that tells the clock of the test: seconds since 1970."""
PROCESS = "X-PROCESS"
"""The header that tells which process has answered."""
TOLERANCE = 2.0
"""Seconds by which the clock of the test may be off and yet be the right one."""

MIDDLEWARE = ["tests.servers.quick_settings.at_the_tests_moment", *MIDDLEWARE]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]


def at_the_tests_moment(answer: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answer as at the moment of the test, where it is not the present one: tests ask one thing at a time.

    What takes the shorter way (``insights_site.short_way``) is answered at the present moment. Nothing of tokens and
    sites is remembered for seconds, so that it makes no difference which process answers; and no content type, as
    tables are emptied after each test, and have other ones then.
    """
    from django.contrib.contenttypes.models import ContentType  # once Django is set up

    from apps.api import caches

    caches.SECONDS = 0.0

    def middleware(request: HttpRequest) -> HttpResponseBase:
        now = float(request.headers.get(NOW, time.time()))
        ContentType.objects.clear_cache()
        is_present = abs(now - time.time()) < TOLERANCE
        with nullcontext() if is_present else time_machine.travel(now, tick=False):
            given = answer(request)
        given.headers[PROCESS] = str(os.getpid())
        return given

    return middleware
