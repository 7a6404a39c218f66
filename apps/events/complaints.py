"""From the decoder's complaints to our refusals: a sentence for people, and a dotted place."""

from __future__ import annotations

import re
from collections.abc import Mapping

from apps.core.errors import Refusal

_MISSING = re.compile(r"Object missing required field `(\w+)`")
_EXPECTED = re.compile(r"Expected `([^`]*)`")
_LENGTH = re.compile(r"Expected `str` of length (<=|>=) (\d+)")
_EVENT = re.compile(r"^events\.\d+\.?")
_WORDS = {"str": "a string", "int": "a whole number", "float": "a number", "bool": "true or false"} | {
    "object": "an object",
    "array": "a list",
    "null": "null",
}
_BOUNDS = {"<=": "at most", ">=": "at least"}


def refusal_of(complaint: str, root: str, expected: Mapping[str, str]) -> Refusal:
    """The refusal for a message of msgspec such as ``Expected `str`, got `int` - at `$.events[3].type```.

    ``root`` is the name of the whole input, empty for none; ``expected`` has the sentence for each
    place within an event where the decoder's own would say too little.
    """
    what, _, place = complaint.rpartition(" - at `$")
    if not what:
        what, place = complaint, ""
    inside = re.sub(r"\[(\d+)\]", r".\1", place.rstrip("`")).lstrip(".")
    parts = [part for part in (root, inside) if part]
    missing = _MISSING.match(what)
    if missing:
        return Refusal("is required", path=".".join([*parts, missing[1]]))
    sentence = expected.get(_EVENT.sub("", inside)) or _sentence(what)
    return Refusal(sentence, path=".".join(parts))


def _sentence(what: str) -> str:
    length = _LENGTH.match(what)
    if length:
        return f"expected a string of {_BOUNDS[length[1]]} {length[2]} character{'' if length[2] == '1' else 's'}"
    expected = _EXPECTED.match(what)
    if expected:
        return "expected " + " or ".join(_WORDS.get(name, name) for name in expected[1].split(" | "))
    return what[:1].lower() + what[1:]
