"""Reading a request's body: bounded before it is read, decoded strictly."""

from __future__ import annotations

import json
from typing import NoReturn

from django.http import HttpRequest

from apps.api.errors import BodyTooLarge, MalformedBody
from apps.core.errors import Refusal

MAX_BODY_BYTES = 1024 * 1024
MAX_INTEGER_DIGITS = 400


def read_body(request: HttpRequest) -> bytes:
    """The body of at most ``MAX_BODY_BYTES`` bytes; what is announced or found larger is not read to its end."""
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        body: bytes = request.META["wsgi.input"].read(MAX_BODY_BYTES + 1)
        return _bounded(body)
    if _announced_length(request) > MAX_BODY_BYTES:
        raise _too_large()
    return _bounded(request.body)


def read_json(request: HttpRequest) -> object:
    """The body as JSON, whatever its content type says.

    Raises ``MalformedBody`` (400) where it is none. What JSON can write and no column can hold (a number beyond
    all floats is read as infinite, a lone surrogate is kept) is left to the schema, which knows the place.
    """
    body = read_body(request)
    try:
        return json.loads(body.decode(), parse_constant=_no_constant, parse_int=_integer)
    except ValueError as error:
        raise MalformedBody("The body is not valid JSON.") from error
    except RecursionError as error:
        raise Refusal("is nested too deeply", path="body") from error


def _no_constant(name: str) -> NoReturn:
    """NaN and the infinities are not JSON, though Python reads them."""
    raise ValueError(name)


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_INTEGER_DIGITS else float(digits)


def _announced_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _bounded(body: bytes) -> bytes:
    if len(body) > MAX_BODY_BYTES:
        raise _too_large()
    return body


def _too_large() -> BodyTooLarge:
    return BodyTooLarge(f"expected at most {MAX_BODY_BYTES} bytes", path="body")
