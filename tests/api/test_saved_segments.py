"""What may be saved as a segment: claims that events can have, so that the list can always be answered."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.segments.models import VisitorSegment
from tests.people import World


@pytest.mark.parametrize(
    ("claims", "complaint"),
    [
        (["pro"], "expected an object or null"),
        ("pro", "expected an object or null"),
        (5, "expected an object or null"),
        ({"plan": "\ud800"}, "Expected well-formed Unicode."),
        ({"\udfff": "pro"}, "Expected well-formed Unicode."),
        ({"plan": "a\x00b"}, "Expected texts without the character NUL."),
        ({"id": 10**400}, "id: expected a number within the range of a double"),
        ({"text": "x" * 16_384}, "expected at most 16384 bytes of claims"),
    ],
)
def test_claims_that_no_event_can_have_are_not_saved(world: World, claims: Any, complaint: str) -> None:
    segment = VisitorSegment(site=world.docs, title="Odd", claims=claims)
    with pytest.raises(ValidationError) as caught:
        segment.full_clean()
    assert caught.value.message_dict == {"claims": [complaint]}


def test_claims_as_events_have_them_are_saved(world: World) -> None:
    VisitorSegment(site=world.docs, title="Pro", claims={"plan": "pro", "org": {"tier": 1, "tags": ["a"]}}).full_clean()
