"""The door for events: JSON in, sound events out, or a refusal with the place of the first fault.

The 5-minute window and the site's hostnames are checked by those who call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from apps.core.errors import Refusal
from apps.events.complaints import refusal_of
from apps.events.surrogates import well_formed
from apps.events.wire import EXPECTED, AnyEvent, WireEvent, at

__all__ = ["MAX_EVENTS", "MalformedBody", "WireEvent", "decode", "decode_event"]

MAX_EVENTS = 1000


class MalformedBody(Refusal):
    """Input that is not JSON at all."""

    status = 400


class Body(Struct, frozen=True, gc=False):
    """What is posted to the tracking route."""

    events: Annotated[list[AnyEvent], Meta(min_length=1, max_length=MAX_EVENTS)]


_body_decoder = msgspec.json.Decoder(Body)
_grammar = msgspec.json.Decoder(msgspec.Raw)
_event_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(AnyEvent)
_T = TypeVar("_T")


def decode(body: bytes) -> list[WireEvent]:
    """The events of a posted body, all of them sound.

    Raises ``MalformedBody`` (400) where ``body`` is not JSON, ``Refusal`` (422) at the dotted place of
    the first fault, such as ``body.events.3.location.url``. Lone surrogates become U+FFFD.
    """
    events = _parse(_body_decoder.decode, body, "body").events
    for index, event in enumerate(events):
        at(f"body.events.{index}", event.check)
    return list(events)


def decode_event(line: bytes) -> WireEvent:
    """One event by itself, as ``decode`` reads it; places start within the event: ``location.url``."""
    event: WireEvent = _parse(_event_decoder.decode, line, "")
    event.check()
    return event


def _parse(decoder: Callable[[bytes], _T], text: bytes, root: str) -> _T:
    try:
        return _soundly(decoder, well_formed(text), root)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise MalformedBody("The body is not valid JSON." if root else "The line is not valid JSON.") from None
    except RecursionError:
        raise Refusal("is nested too deeply", path=root) from None


def _soundly(decoder: Callable[[bytes], _T], text: bytes, root: str) -> _T:
    try:
        return decoder(text)
    except msgspec.ValidationError as error:
        # The decoder stops at the first fault: what follows may not even be JSON, and that is said first.
        _grammar.decode(text)
        raise refusal_of(str(error), root, EXPECTED) from None
