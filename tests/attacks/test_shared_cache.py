"""Who writes into Redis has nothing run by it: caches hold JSON, and what is kept there comes back as it was."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.redis import RedisCache
from django.test import Client
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy

from apps.core.limits import Limit, increment
from apps.core.shared_cache import OwnMemory
from apps.organizations.models import User
from insights_site import signs
from tests.conftest import require
from tests.people import World
from tests.servers.running import Redis

PLAIN = [
    1.5,
    1e16,
    True,
    False,
    None,
    "y",
    "5",
    "é\ud800",
    7,
    -3,
    2**60,
    [1764288000.25, 1764288001.5],
    [True],
    {"a": []},
]
NOT_PLAIN = [(1, 2), datetime(2026, 3, 1, tzinfo=UTC), {1: "a"}, {3}, b"x", gettext_lazy("Saved."), [("a", 1)], float]


@dataclass
class Runs:
    """What a pickle has done that is read: it makes a file."""

    mark: Path

    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        return Path.touch, (self.mark,)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A running Redis."""
    require("redis-server")
    found = Redis(tmp_path_factory.mktemp("caches") / "redis")
    found.start()
    yield found
    found.end()


@pytest.fixture(scope="module")
def all_shared(server: Redis) -> dict[str, BaseCache]:
    """The caches as they are with ``REDIS_URL``."""
    code = "import json; from insights_site import settings; print(json.dumps(settings.CACHES))"
    environment = os.environ | {"REDIS_URL": server.url}
    told = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    made = json.loads(told).items()
    return {name: import_string(each.pop("BACKEND"))(each.pop("LOCATION"), each) for name, each in made}


@pytest.fixture(params=sorted(settings.CACHES))
def shared(request: pytest.FixtureRequest, all_shared: dict[str, BaseCache]) -> BaseCache:
    """Each of them, empty."""
    found = all_shared[request.param]
    found.clear()
    return found


def written(server: Redis, shared: BaseCache, key: str, value: bytes) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.set(shared.make_and_validate_key(key), value)


def test_a_pickle_that_somebody_wrote_is_not_run(server: Redis, shared: BaseCache, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    written(server, shared, "x", pickle.dumps(Runs(mark)))
    assert shared.get("x", "nothing") == "nothing"
    assert shared.get_many(["x"]) == {}
    assert not mark.exists()
    shared.set("x", [1])
    assert shared.get("x") == [1]


@pytest.mark.parametrize("value", [b"", b"\x80", b"{", b"NaN", b"Infinity", b"[" * 100_000, b"9" * 5_000, b"1 2"])
def test_what_is_not_json_is_not_there(server: Redis, shared: BaseCache, value: bytes) -> None:
    written(server, shared, "x", value)
    assert shared.get("x") is None


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_what_is_kept_comes_back_as_it_was(shared: BaseCache, value: object) -> None:
    assert shared.add("x", value, 60)
    for found in (shared.get("x", "nothing"), shared.get_many(["x", "y"])["x"]):
        assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("value", NOT_PLAIN, ids=repr)
def test_what_would_come_back_as_something_else_is_refused_with_and_without_redis(
    shared: BaseCache, value: object
) -> None:
    for each in (shared, OwnMemory("apart", {})):
        for keep in (each.set, each.add):
            with pytest.raises(TypeError, match="A cache holds what JSON does"):
                keep("x", value)
        assert each.get("x") is None


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_refused(shared: BaseCache, value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        shared.set("x", value)


def test_numbers_are_counted_on(shared: BaseCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.core.limits.cache", shared)
    assert [increment("n", seconds=60) for _ in range(3)] == [1, 2, 3]
    assert shared.get("n") == 3
    few = Limit(name="few", most=1, seconds=60)
    assert [few.take("ada", 120.0) for _ in range(2)] == [0, 60]


def test_a_release_that_keeps_pickles_reads_signs_of_life_during_an_upgrade(
    server: Redis, all_shared: dict[str, BaseCache], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signs, "caches", all_shared)
    signs.note("worker")
    assert signs.is_alive("worker")
    earlier = RedisCache(server.url, {"KEY_PREFIX": "signs"})
    assert earlier.get("worker") == 1


def test_the_search_of_the_administration_keeps_what_it_found(client: Client, world: World) -> None:
    cache.clear()
    client.force_login(User.objects.create(email="root@example.com", is_staff=True, is_superuser=True))
    for _ in range(2):  # found, and remembered
        for address in ("/admin/search/?s=site", "/admin/search/?s=site&extended=1"):
            page = client.get(address).content.decode()
            assert 'href="/admin/sites/site/"' in page
            assert "Documentation" in page
