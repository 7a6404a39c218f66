"""The last file of a backup or an export: what is in it. Without it there is none."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import Literal

import msgspec

from apps.core.errors import Refusal
from apps.keeping.place import Place, PlaceError, StoredFile
from apps.sites.models import Site

NAME = "manifest.json"
FORMAT = 1
"""Grows when a former version could not read what this one writes."""


class EventFile(StoredFile, frozen=True, kw_only=True):
    """Events of one month of arrival (``202601``) with ``after`` < id ≤ ``last``; ``digest`` is of their values."""

    month: int
    after: int
    last: int
    events: int
    digest: str


class RecordsFile(StoredFile, frozen=True, kw_only=True):
    """All records, with their number by kind, and the last number that was given to a row of each table."""

    counts: dict[str, int]
    given: dict[str, int]
    migrations: list[str]


class SiteEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A site whose events are here; ``key`` tells whether another has the same key of hashes."""

    number: int
    id: str
    key: str


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """When it was made, and by what: versions, and the changes of tables that were applied."""

    made_at: datetime
    python: str
    engine: str
    tables: list[str]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """``newest`` is the greatest id that was given; later events get greater ones, after a restore too."""

    format: int
    kind: Literal["backup", "events"]
    origin: Origin
    form: Literal["Parquet", "JSONEachRow"]
    columns: list[str]
    newest: int
    sites: list[SiteEntry]
    events: list[EventFile]
    records: RecordsFile | None = None
    secret_key: StoredFile | None = None
    secret_key_mark: str = ""
    """Tells whether a secret key is the one of the backup, without telling the key."""

    @property
    def event_count(self) -> int:
        """How many events are here."""
        return sum(file.events for file in self.events)

    @property
    def files(self) -> list[StoredFile]:
        """Every file but the manifest."""
        return [*self.events, *filter(None, (self.records, self.secret_key))]


def site_entry(site: Site) -> SiteEntry:
    """What identifies a site for its events."""
    return SiteEntry(number=site.pk, id=site.public_id, key=mark_of(bytes(site.hash_key)))


def mark_of(key: bytes) -> str:
    """What tells a key from others without telling it."""
    return blake2b(key, digest_size=8, person=b"manifest").hexdigest()


def write(place: Place, manifest: Manifest) -> None:
    """Finish a backup."""
    place.write(NAME, msgspec.json.format(msgspec.json.encode(manifest), indent=1))


def read(place: Place, kind: str | None = None) -> Manifest:
    """The manifest of a whole backup, or of another ``kind``; refuses one that was cut short."""
    if not place.holds(NAME):
        raise PlaceError(f"{NAME} is missing: this is no backup, or one that was cut short.")
    try:
        text = place.read(NAME)
        written = msgspec.json.decode(text, type=dict[str, object])
        if written.get("format") != FORMAT:
            raise Refusal(f"It is of format {written.get('format')}; this version reads format {FORMAT}.")
        found = msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as error:
        raise PlaceError(f"{NAME} is damaged: {error}") from error
    if kind is not None and found.kind != kind:
        raise Refusal(f"It holds {found.kind}, and no {kind}.")
    return found


def check_files(place: Place, manifest: Manifest) -> None:
    """Read every file; raises ``PlaceError`` with the name of the first that is damaged or missing."""
    for file in manifest.files:
        place.read_checked(file)
