"""Backup, restore and moving: the records of one moment, and every event that they can know of.

The records come first, then the events up to the newest id of that moment: so the sites of all events are there, and
all events that were acknowledged before it began. What is derived (prepared counts and the numbers of visitors) is
not in it; it is counted anew.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.db.models import F

from apps.core.clock import utc_now
from apps.core.errors import Refusal, Unavailable
from apps.events.door import Readable, readable_store, rows_of
from apps.events.models import Event
from apps.events.store import EventStore, Statement, get_store
from apps.keeping import event_files, manifest, record_files
from apps.keeping.event_files import EventFiles, Form
from apps.keeping.manifest import Manifest, Origin
from apps.keeping.place import FILE_RIGHTS, Place, StoredFile
from apps.rollups.models import Watermark
from apps.rollups.recounting import make_due
from apps.sites.models import Site

SECRET_KEY_FILE = "secret_key"  # noqa: S105  # its name
TRIES = 3
"""How often it is begun anew because events were erased meanwhile."""
DERIVED = ("rollups", "visitor_numbers", "session_numbers")

Tell = Callable[[str], None]


def back_up(address: str, tell: Tell, *, with_secret_key: bool = True) -> Manifest:
    """Write everything into a new folder, while the service runs; the manifest comes last.

    Raises ``Refusal`` with what is wrong with the place, ``Unavailable`` where the store cannot be read.
    """
    place = Place(address)
    place.begin()
    source = readable_store()
    for _try in range(TRIES):
        dump = record_files.take_records()
        tell(f"{sum(dump.counts.values()):,} records.")
        newest = event_files.newest_id(source)
        files = _files(place, "Parquet", dump.sites)
        written = files.write(source, newest, _progress(tell))
        if dump.erasures.are_known_to(record_files.erasures_now()):
            break
        for file in written:
            place.remove(file)
        tell("Events were erased meanwhile: it begins anew.")
    else:
        raise Unavailable("Events are being erased: try it again when that is done.")
    found = Manifest(
        format=manifest.FORMAT,
        kind="backup",
        origin=_origin(source),
        form=files.form,
        columns=list(files.columns),
        newest=newest,
        sites=[manifest.site_entry(site) for site in dump.sites],
        events=written,
        records=dump.write(place),
        secret_key=_write_secret_key(place) if with_secret_key else None,
        secret_key_mark=manifest.mark_of(settings.SECRET_KEY.encode()),
    )
    manifest.write(place, found)
    return found


def restore(address: str, tell: Tell) -> Manifest:
    """Fill an empty service from a backup. Repeat it after a stop: what is there already is not stored again.

    Every file is read and compared with the manifest before anything is written. Raises ``Refusal``.
    """
    place = Place(address)
    found = manifest.read(place, "backup")
    files, progress, done = _files_of(place, found), _progress(tell), 0
    if found.records is None:
        raise Refusal("It holds no records.")
    manifest.check_files(place, found)
    tell(f"All {len(found.files)} files are as they were written.")
    call_command("migrate", interactive=False, verbosity=0)
    if found.records.migrations != record_files.applied_migrations():
        raise Refusal("It was made by another version of the service: restore with that version, then upgrade.")
    record_files.refuse_if_used()
    store = get_store()
    _refuse_if_used(store, found)
    _remember(store, found.newest)
    for file in found.events:
        files.bring_in(store, file)
        done += file.events
        progress(done)
    _keep_secret_key(place, found, tell)
    record_files.put_records(place.read_checked(found.records), found.records)
    return found


def export_events(address: str, form: Form, tell: Tell) -> Manifest:
    """Write the events of all sites into a new folder, to be imported into another store. Raises as ``back_up``."""
    place = Place(address)
    place.begin()
    sites = list(Site.objects.order_by("pk"))
    source = readable_store()
    newest, before = event_files.newest_id(source), record_files.erasures_now()
    files = _files(place, form, sites)
    written = files.write(source, newest, _progress(tell))
    if not before.are_known_to(record_files.erasures_now()):
        raise Unavailable("Events were erased meanwhile: begin anew, in another folder.")
    found = Manifest(
        format=manifest.FORMAT,
        kind="events",
        origin=_origin(source),
        form=form,
        columns=list(files.columns),
        newest=newest,
        sites=[manifest.site_entry(site) for site in sites],
        events=written,
    )
    manifest.write(place, found)
    return found


def import_events(address: str, tell: Tell) -> Manifest:
    """Store exported events exactly, for the same sites. Repeat it after a stop: nothing is stored twice.

    The periods that they touch are counted anew. Takes the events of a backup, too. Raises ``Refusal``.
    """
    place = Place(address)
    found = manifest.read(place)
    files, progress, done = _files_of(place, found), _progress(tell), 0
    for file in found.events:
        place.read_checked(file)
    tell(f"All {len(found.events)} files are as they were written.")
    for entry in found.sites:
        site = Site.objects.filter(pk=entry.number, public_id=entry.id).first()
        if site is None or manifest.site_entry(site) != entry:
            raise Refusal(
                f"Site {entry.id} is not here as it was there (number and key of hashes): its visitors would be others."
                " Move the records first: backup and restore."
            )
    store = get_store()
    _remember(store, found.newest)
    for file in found.events:
        files.bring_in(store, file)
        # Also where they were there: the run that brought them may have been killed right then.
        _count_anew(files.days_of(store, file), file.after)
        done += file.events
        progress(done)
    return found


def _count_anew(days: list[tuple[int, datetime]], after: int) -> None:
    """From now on these days are answered from events, until they are counted anew.

    What is being counted at this moment may lack the events, so it is not recorded: as after an erasure.
    """
    with transaction.atomic():
        Watermark.objects.select_for_update().get_or_create(pk=1)
        Watermark.objects.filter(event_id__gt=after).update(event_id=after)
        Watermark.objects.update(erasures=F("erasures") + 1)
        for site, day in days:
            make_due(site, [(day, day + timedelta(days=1))], utc_now())


def _files(place: Place, form: Form, sites: Sequence[Site]) -> EventFiles:
    return EventFiles(place=place, form=form, columns=list(Event.fields()), sites=[site.pk for site in sites])


def _files_of(place: Place, found: Manifest) -> EventFiles:
    """The files that a manifest tells of; raises ``Refusal`` where this version does not know their columns."""
    columns = event_files.columns_of(found.columns)
    return EventFiles(place=place, form=found.form, columns=columns, sites=[site.number for site in found.sites])


def _origin(source: Readable) -> Origin:
    ((engine,),) = rows_of(source, Statement(sql="SELECT version()"))
    tables = rows_of(source, Statement(sql="SELECT name FROM table_changes ORDER BY name"))
    return Origin(
        made_at=utc_now(),
        python=platform.python_version(),
        engine=str(engine),
        tables=[str(name) for (name,) in tables],
    )


def _refuse_if_used(store: EventStore, found: Manifest) -> None:
    """Raise ``Refusal`` where the store holds anything that is not of this backup."""
    known = " OR ".join(f"(id > {file.after} AND id <= {file.last})" for file in found.events) or "0"
    counts = [f"(SELECT count() FROM {table})" for table in DERIVED]  # noqa: S608  # our own names
    sql = f"SELECT (SELECT countIf(NOT ({known})) FROM events) + {' + '.join(counts)}"  # noqa: S608  # numbers and our own names
    ((strange,),) = rows_of(store, Statement(sql=sql))
    if int(strange):
        raise Refusal("The event store holds events already: restore into an empty one.")


def _remember(store: EventStore, newest: int) -> None:
    """Later events get greater ids than any that was given where the files come from."""
    store.command(Statement(sql="INSERT INTO given_ids SELECT {id:UInt64}", parameters={"id": newest}))


def _write_secret_key(place: Place) -> StoredFile | None:
    """The key that the service made for itself; one of the environment is the operator's to keep."""
    kept = _kept_secret_key()
    if not kept.exists() or kept.read_text() != settings.SECRET_KEY:
        return None
    return place.write(SECRET_KEY_FILE, kept.read_bytes())


def _keep_secret_key(place: Place, found: Manifest, tell: Tell) -> None:
    """Put the backup's key where this service keeps its own, unless it is given by the environment."""
    kept = _kept_secret_key()
    if manifest.mark_of(settings.SECRET_KEY.encode()) == found.secret_key_mark:
        return
    if found.secret_key is None or settings.SECRET_KEY_IS_GIVEN:
        tell(
            "SECRET_KEY is not the one of the backup: set that one, or API tokens, share links and second factors"
            " no longer work."
        )
        return
    fresh = kept.with_name(f"{kept.name}.restored")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_RIGHTS), "wb") as out:
        out.write(place.read_checked(found.secret_key))
    fresh.replace(kept)
    tell("The secret key of the backup is kept in DATA_DIR.")


def _kept_secret_key() -> Path:
    folder: Path = settings.DATA_DIR
    return folder / SECRET_KEY_FILE


def _progress(tell: Tell) -> event_files.Progress:
    return lambda events: tell(f"{events:,} events.")
