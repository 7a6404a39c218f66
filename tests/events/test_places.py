"""The point and country of an address out of the operator's own file, with MaxMind's public test databases."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from apps.events.enrichment import Caller, SiteFacts, enrich
from apps.events.places import Place, place_of
from apps.events.schema import decode
from apps.events.store import EventStore, Statement
from apps.events.writer import close_writer
from tests.api.calls import Caller as ApiCaller
from tests.api.calls import event
from tests.events.databases import unpack_databases
from tests.events.wire import body_of, sent
from tests.people import World, token_of

LONDON, LINKOPING = Place("GB", (51.5142, -0.0931)), Place("SE", (58.4167, 15.6167))
DOCS = SiteFacts(pk=7, hash_key=b"k" * 32, visitor_auth=False)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the public test databases."""
    folder = tmp_path_factory.mktemp("databases")
    unpack_databases(folder)
    return folder


@pytest.fixture
def cities(databases: Path, settings: Any) -> None:
    """The service with a file of cities."""
    settings.GEOIP_CITY_DB = databases / "GeoIP2-City-Test.mmdb"


@pytest.mark.usefixtures("cities")
@pytest.mark.parametrize(
    ("ip", "place"),
    [
        ("81.2.69.142", LONDON),
        (" 81.2.69.142 ", LONDON),
        ("::ffff:81.2.69.142", LONDON),
        ("::ffff:5102:458e", LONDON),
        ("89.160.20.112", LINKOPING),
        ("2001:480:10::1", Place("US", (32.7203, -117.1552))),
        ("2001:218::1", Place("JP", (35.68536, 139.75309))),
        ("8.8.8.8", Place("US", None)),
        ("2001:4860:4860::8888", Place("US", None)),
        *((ip, Place("", None)) for ip in ("10.1.2.3", "192.168.1.1", "172.16.0.1", "127.0.0.1", "::1", "fd00::1")),
        *((ip, Place("", None)) for ip in ("::ffff:10.1.2.3", "fe80::1%eth0", "81.2.69.142:80", "London", "")),
    ],
)
def test_an_address_has_the_place_of_the_file_and_else_the_country_of_the_table(ip: str, place: Place) -> None:
    assert place_of(ip) == place


def test_without_a_file_there_is_a_country_and_no_point() -> None:
    assert place_of("89.160.20.112") == Place("SE", None)


def test_a_file_of_ipv4_addresses_says_nothing_of_ipv6_ones(databases: Path, settings: Any) -> None:
    settings.GEOIP_CITY_DB = databases / "MaxMind-DB-test-ipv4-24.mmdb"
    assert place_of("2001:4860:4860::8888") == Place("US", None)
    assert place_of("1.1.1.1").point is None


@pytest.mark.usefixtures("cities")
@pytest.mark.parametrize(
    ("session", "caller", "country", "point"),
    [
        (None, Caller(ip="81.2.69.142", user_agent=""), *LONDON),
        ("89.160.20.112", Caller(ip="81.2.69.142", user_agent=""), *LONDON),
        ("89.160.20.112", Caller(ip="81.2.69.142", user_agent="", trusted=True), *LINKOPING),
        (None, Caller(ip="81.2.69.142", user_agent="", country="gb", trusted=True), *LONDON),
        (None, Caller(ip="81.2.69.142", user_agent="", country="FR", trusted=True), "FR", None),
        (None, Caller(ip="81.2.69.142", user_agent="", latitude=1, longitude=2, trusted=True), "GB", (1, 2)),
        (None, Caller(ip="81.2.69.142", user_agent="", latitude=1, longitude=2), *LONDON),
        ("10.0.0.1", Caller(ip="81.2.69.142", user_agent="", trusted=True), "", None),
    ],
)
def test_who_is_believed_about_the_point(
    session: str | None, caller: Caller, country: str, point: tuple[float, float] | None
) -> None:
    (decoded,) = decode(body_of(sent(session={"ip": session})))
    row = enrich(decoded, site=DOCS, caller=caller, now=datetime(2026, 11, 23, tzinfo=UTC))
    assert (row["country"], row.get("latitude"), row.get("longitude")) == (country, *(point or (None, None)))


@pytest.mark.usefixtures("cities")
def test_the_place_is_in_the_next_answer_and_the_address_is_not_stored(world: World, store: EventStore) -> None:
    ada = ApiCaller(token_of(world.ada, world.acme))
    assert ada.track(world.docs, event(session={"ip": "89.160.20.112"})).status_code == 204
    close_writer()
    columns = store.query(Statement(sql="SELECT country, round(latitude, 2), round(longitude, 2) FROM events"))
    assert [column[0] for column in columns] == ["SE", 58.42, 15.62]
    answer = ada.values(world.docs, groupBy=[{"column": "visitorGeoPoint", "precision": 2}])
    (place,) = answer["visitorGeoPoint"]
    assert (place["h3"], answer["eventsCount"]) == ("8208b7fffffffff", [1])


BROKEN = [
    "GeoIP2-City-Test-Invalid-Node-Count.mmdb",
    "GeoIP2-City-Test-Broken-Double-Format.mmdb",
    "MaxMind-DB-test-broken-pointers-24.mmdb",
    "MaxMind-DB-test-broken-search-tree-24.mmdb",
    "libmaxminddb-metadata-marker-only.mmdb",
    "libmaxminddb-corrupt-search-tree.mmdb",
    "cyclic-data-structure.mmdb",
    "invalid-data-record-offset.mmdb",
    "bad-unicode-in-map-key.mmdb",
]
ADDRESSES = ("1.1.1.1", "81.2.69.142", "89.160.20.112", "2001:480:10::1", "::1.1.1.1", "255.255.255.255")


@pytest.mark.parametrize("name", BROKEN)
def test_a_damaged_file_costs_the_point_and_no_event(databases: Path, settings: Any, name: str) -> None:
    countries = [place_of(ip).country for ip in ADDRESSES]
    settings.GEOIP_CITY_DB = databases / name
    assert [place_of(ip) for ip in ADDRESSES] == [Place(country, None) for country in countries]


@pytest.mark.parametrize("length", [0, 1, 5_000, 21_000])
def test_a_file_that_was_cut_costs_the_point_and_no_event(
    databases: Path, settings: Any, tmp_path: Path, length: int
) -> None:
    settings.GEOIP_CITY_DB = tmp_path / "cut.mmdb"
    settings.GEOIP_CITY_DB.write_bytes((databases / "GeoIP2-City-Test.mmdb").read_bytes()[:length])
    assert place_of("89.160.20.112") == Place("SE", None)
    assert [message.id for message in run_checks(tags=["settings"])] == ["events.E002"]


@pytest.mark.parametrize("name", ["GeoIP2-City-Test.mmdb", "GeoLite2-City-Test.mmdb", "GeoIP2-Enterprise-Test.mmdb"])
def test_a_file_of_cities_passes_the_check(databases: Path, settings: Any, name: str) -> None:
    settings.GEOIP_CITY_DB = databases / name
    assert run_checks(tags=["settings"]) == []


@pytest.mark.parametrize(
    ("name", "code", "sentence"),
    [
        ("missing.mmdb", "events.E001", "missing.mmdb cannot be opened: No such file or directory."),
        ("", "events.E001", "cannot be opened: Is a directory."),
        ("notes.txt", "events.E002", "notes.txt is damaged, or not of the MaxMind format: "),
        ("cyclic-data-structure.mmdb", "events.E002", "is damaged, or not of the MaxMind format: "),
        ("GeoLite2-ASN-Test.mmdb", "events.W001", "is of the kind GeoLite2-ASN, which has no cities."),
    ],
)
def test_a_file_that_cannot_serve_is_named_at_the_start(
    databases: Path, settings: Any, tmp_path: Path, name: str, code: str, sentence: str
) -> None:
    (tmp_path / "notes.txt").write_text("London\n" * 100)
    if (databases / name).is_file():
        shutil.copy(databases / name, tmp_path)
    settings.GEOIP_CITY_DB = tmp_path / name
    (message,) = run_checks(tags=["settings"])
    assert message.id == code
    assert sentence in message.msg
    assert message.hint
