"""One place that turns what was raised into the answer of the API: ``{"error": {"code", "message"}}``."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpResponse, JsonResponse, UnreadablePostError
from rest_framework import exceptions

from apps.core.away import records_are_away
from apps.core.errors import Refusal, Unavailable

log = logging.getLogger(__name__)

NOT_AN_OPERATION = "API operation not found"


class MalformedBody(Refusal):
    """The body is not JSON."""

    status = 400


class Unauthorized(Refusal):
    """No token, or one that is not valid."""

    status = 401


class Forbidden(Refusal):
    """A valid token that lacks the scope, or a member whose role does not suffice."""

    status = 403


class Paused(Forbidden):
    """The site takes no events for now."""

    def __init__(self) -> None:
        super().__init__("This site is paused and takes no events")


class NotFound(Refusal):
    """It does not exist, or the caller may not see it."""

    status = 404


class MethodNotAllowed(Refusal):
    """The route exists, but not for this method."""

    status = 405

    def __init__(self, method: str | None, allowed: Iterable[str]) -> None:
        super().__init__(f"Method {method} not allowed")
        self.allowed = ", ".join(allowed)


class BodyTooLarge(Refusal):
    """More than ``MAX_BODY_BYTES``."""

    status = 413


class TooManyRequests(Refusal):
    """Over the limit of this minute; ``retry_after`` in seconds."""

    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"API rate limit exceeded. Please try again in {retry_after} seconds")
        self.retry_after = retry_after


def error_response(status: int, message: str, *, plain: bool = False) -> HttpResponse:
    """The published error shape; as plain text for the docs renderer's routes."""
    if plain:
        return HttpResponse(message, status=status, content_type="text/plain; charset=utf-8")
    return JsonResponse({"error": {"code": status, "message": message}}, status=status)


def answer(error: Exception, *, plain: bool = False) -> HttpResponse:
    """The answer to whatever was raised. What nobody foresaw is logged and told without details."""
    if records_are_away(error):
        log.warning("The database of the records does not answer: %s", error)
        error = Unavailable("The database of the records does not answer.")
    status, message = _status_and_message(error)
    response = error_response(status, message, plain=plain)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if isinstance(error, MethodNotAllowed):
        response["Allow"] = error.allowed
    if isinstance(error, Unavailable | TooManyRequests):
        response["Retry-After"] = str(error.retry_after)
    return response


def raise_on(_error: Exception, _context: Mapping[str, Any]) -> None:
    """REST framework's handler: leave every error to the middleware, so that there is one place for all."""


def _status_and_message(error: Exception) -> tuple[int, str]:
    if isinstance(error, Refusal):
        return error.status, printable(str(error))
    if isinstance(error, exceptions.ValidationError):
        place, message = _first_place(error.detail, ())
        return 422, f"{'.'.join(place)}: {message}" if place else message
    if isinstance(error, exceptions.APIException):
        return error.status_code, str(error.detail)
    for kind, status, message in _DJANGO:
        if isinstance(error, kind):
            return status, message
    log.error("Unexpected error in the API", exc_info=error)
    return 500, "Internal server error"


_DJANGO: tuple[tuple[type[Exception], int, str], ...] = (
    (Http404, 404, "Not found"),
    (PermissionDenied, 403, "Forbidden"),
    (BadRequest, 400, "Bad request"),
    (SuspiciousOperation, 400, "Bad request"),
    (UnreadablePostError, 400, "Bad request"),
)


def printable(text: str) -> str:
    """The text as it can be sent: a lone surrogate of the input cannot."""
    return text.encode("utf-8", "replace").decode()


def _first_place(detail: Any, place: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """The first error of REST framework's nested errors, with the names that lead to it."""
    if isinstance(detail, Mapping):
        name, inner = next(iter(detail.items()))
        return _first_place(inner, place if name == "non_field_errors" else (*place, str(name)))
    if isinstance(detail, list):
        for index, inner in enumerate(detail):
            if isinstance(inner, Mapping | list):
                if inner:
                    return _first_place(inner, (*place, str(index)))
            else:
                return place, str(inner)
    return place, str(detail)
