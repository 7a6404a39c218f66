"""``/insights.js``: the script that documentation sites embed. docs/script.md tells how."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

FRESH_SECONDS = 3600
"""How long browsers use the script without asking whether it changed."""
STALE_SECONDS = 7 * 24 * 3600
"""How long they use an old one while they ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The script as it is sent; the tags of its two forms differ, as their bytes do."""

    plain: bytes
    small: bytes
    tag: str

    @classmethod
    def read(cls, file: Path) -> Script:
        """The script in ``file``. ``mtime=0`` makes equal scripts equal bytes on every machine."""
        plain = file.read_bytes()
        tag = hashlib.sha256(plain).hexdigest()[:20]
        return cls(plain=plain, small=gzip.compress(plain, 9, mtime=0), tag=tag)


@cache
def the_script() -> Script:
    """The script of this release, read once."""
    return Script.read(Path(settings.BASE_DIR) / "static" / "js" / "insights.min.js")


@require_safe
def insights_script(request: HttpRequest) -> HttpResponse:
    """GET /insights.js: for pages of any origin, also isolated ones and those that check its integrity."""
    script = the_script()
    small = "gzip" in request.headers.get("Accept-Encoding", "")
    tag = f'"{script.tag}-gz"' if small else f'"{script.tag}"'
    response = HttpResponse(script.small if small else script.plain, content_type="text/javascript; charset=utf-8")
    if small:
        response["Content-Encoding"] = "gzip"
    response["ETag"] = tag
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = f"public, max-age={FRESH_SECONDS}, stale-while-revalidate={STALE_SECONDS}"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return get_conditional_response(request, etag=tag, response=response) or response
