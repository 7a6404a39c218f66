"""What nginx sends by the example of docs/server-side.md, with its variables filled in: nginx itself is not run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from apps.api.caches import forget_all
from apps.core.hashing import keyed_hash64
from apps.events.store import EventStore, Statement
from tests.api.calls import Caller, address
from tests.people import World

PAGE = Path(__file__).parents[2] / "docs" / "server-side.md"
ADDRESS = "193.0.6.139"


def mirrored(request: str) -> bytes:
    """The body of the example for a request of ``ADDRESS``."""
    found = re.search(r"proxy_set_body '(.*)';", PAGE.read_text())
    assert found
    filled = {
        "insights_kind": '"type":"page_markdown_request"',
        "remote_addr": ADDRESS,
        "request_id": request,
        "scheme": "https",
        "host": "docs.acme.example",
        "insights_uri": "/webhooks.md",
    }
    return re.sub(r"\$([a-z_]+)", lambda name: filled[name[1]], found[1]).encode()


@pytest.mark.one_process  # each remembers the salt of a day, which is taken away here with the records of a test
@pytest.mark.parametrize(("cookieless", "visitors"), [(True, 1), (False, 2)])
def test_the_example_makes_no_visitor_of_the_bare_address(
    ada: Caller, world: World, store: EventStore, cookieless: bool, visitors: int
) -> None:
    world.docs.cookieless = cookieless
    world.docs.save()
    forget_all()
    for request in ("4f1c", "9b2e"):
        headers = {"user-agent": "claude-code/2.1.86 (cli)", "x-forwarded-for": ADDRESS}
        answer = ada.post(address(world.docs, "/insights/events"), mirrored(request), headers=headers)
        assert answer.status_code == 204
    sql = "SELECT visitor, toString(country), toString(bot), toString(event_type), url_path FROM events"
    found, *told = store.query(Statement(sql=sql))
    assert len(set(found)) == visitors
    assert keyed_hash64(bytes(world.docs.hash_key), b"visitor", ADDRESS) not in found
    assert [set(column) for column in told] == [{"NL"}, {"claude-code"}, {"page_markdown_request"}, {"/webhooks.md"}]
