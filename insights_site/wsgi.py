"""The WSGI application."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "insights_site.settings")
_django = get_wsgi_application()

from insights_site.below import below_base_path  # noqa: E402  # it reads the settings
from insights_site.short_way import ShortWay  # noqa: E402  # its views need a Django that is set up
from insights_site.traced import Traced  # noqa: E402

application = Traced(below_base_path(ShortWay(_django)))
