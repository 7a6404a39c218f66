"""The one description of a stored event: field, type and meaning. Rows live in the event store, not behind the ORM."""

from __future__ import annotations

from typing import Any

from django.db import models

from apps.events.records import DailySalt, IdempotencyKey, ImportRun, Reason, RefusalCount, RefusedEvent

__all__ = ["DailySalt", "Event", "IdempotencyKey", "ImportRun", "Reason", "RefusalCount", "RefusedEvent", "Stored"]


class Stored(models.Field):  # type: ignore[type-arg]  # generic to the type checker alone
    """A column of the event table: its ClickHouse type, and its meaning as help text."""

    def __init__(self, engine_type: str = "String", help_text: str = "", **options: Any) -> None:
        self.engine_type = engine_type
        super().__init__(help_text=help_text, **options)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """Only the name: the table is kept by apps/events/tables, not by Django's migrations."""
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("help_text", None)
        return name, path, list(args), kwargs

    @property
    def absent(self) -> Any:
        """The stored value that means "there is none"."""
        if self.engine_type.startswith("Nullable"):
            return None
        if self.engine_type.startswith("Map"):
            return {}
        return "" if "String" in self.engine_type else 0


MOMENT = "DateTime64(3, 'UTC')"
FEW = "LowCardinality(String)"
TEXT = "String"
HASH = "UInt64"


class Event(models.Model):
    """One event as it is stored. An absent text is ``''``; only ``authenticated`` and the point can be NULL.

    No field holds an address, a cookie, or a raw visitor or session id.
    """

    site = Stored("UInt32", "The site's primary key.")
    timestamp = Stored(MOMENT, "When it happened, to the millisecond.")
    id = Stored(
        "UInt64", "Unique and growing in the order of arrival; breaks ties between equal timestamps.", primary_key=True
    )
    batch = Stored("UInt64", "The request or import group that brought it; a batch is stored whole or not at all.")
    received = Stored("DateTime('UTC')", "When it was stored; the same for all rows of one insert, which is one part.")
    event_type = Stored(FEW, "One of the 20 published event types.")
    visitor = Stored(HASH, "Keyed hash of the visitor id.")
    session = Stored(HASH, "Keyed hash of the session id.")
    url = Stored(TEXT, "The address as sent.", verbose_name="URL")
    url_path = Stored(
        TEXT,
        "Path without host, query, fragment, trailing slashes and share key; ``/`` for the root.",
        verbose_name="URL path",
    )
    display_context = Stored(FEW, "site, server, embed or mcp.")
    site_section = Stored(FEW, "Id of the site section.")
    site_space = Stored(FEW, "Id of the site space.")
    site_share_key = Stored(FEW, "Id of the share key.")
    space = Stored(FEW, "Id of the space.")
    revision = Stored(FEW, "Id of the revision.")
    page = Stored(FEW, "Id of the page; empty for a page that was not found.")
    country = Stored(FEW, "ISO 3166-1 alpha-2 code of the visitor's country.")
    latitude = Stored("Nullable(Float64)", "Degrees north, where known.")
    longitude = Stored("Nullable(Float64)", "Degrees east, where known.")
    device = Stored(FEW, "desktop, tablet, mobile or unknown.")
    browser = Stored(FEW, "chrome, firefox, safari, edge, ie, opera or unknown.")
    os = Stored(FEW, "windows, macos, linux, android, ios or unknown.", verbose_name="OS")
    bot = Stored(FEW, "Empty for a person; else the published bot name, or unknown.")
    language = Stored(FEW, "Base language, lower case.")
    authenticated = Stored("Nullable(Bool)", "Whether the visitor was signed in; NULL where an import does not tell.")
    claims = Stored(f"Map({FEW}, Array(String))", "Dotted claim paths with their distinct values, ascending.")
    claims_json = Stored(TEXT, "All claims as canonical JSON; empty where there are none.")
    link_kind = Stored(FEW, "Kind of the clicked link's target.")
    link_target = Stored(TEXT, "The clicked link's target as canonical JSON, ``kind`` first.")
    link_domain = Stored(FEW, "Host of the clicked link.")
    link_position = Stored(FEW, "announcement, header, footer, sidebar or content.")
    api_path = Stored(FEW, "Path of the API operation.")
    api_method = Stored(FEW, "Method of the API operation.")
    llms_variant = Stored(FEW, "standard or full.")
    markdown_source = Stored(FEW, "page-action, where a reader copied the page as Markdown.")
    not_found_type = Stored(FEW, "Why a page was not found, where known.")
    query = Stored(TEXT, "Text of a search or a question.")
    goal = Stored(TEXT, "What the asking agent is after.")
    response_id = Stored(TEXT, "Id of the rated answer.")
    result_record = Stored(TEXT, "Record id of the opened search result.")
    result_space = Stored(FEW, "Space id of the opened search result.")
    result_page = Stored(FEW, "Page id of the opened search result.")
    feedback_rating = Stored(FEW, "bad, ok or good.")
    feedback_comment = Stored(TEXT, "Comment on a page.")
    ask_rating = Stored("Int8", "1 or -1; 0 when absent.")
    referrer = Stored(TEXT, "Where the session came from, as sent; empty for direct.")
    referrer_domain = Stored(FEW, "Host of the referrer.")
    utm_source = Stored(FEW, "utm_source of the address.")
    utm_medium = Stored(FEW, "utm_medium of the address.")
    utm_campaign = Stored(FEW, "utm_campaign of the address.")
    utm_term = Stored(FEW, "utm_term of the address.")
    utm_content = Stored(FEW, "utm_content of the address.")
    ad_domain = Stored(FEW, "Domain of the advertisement.")
    ad_zone = Stored(FEW, "Zone of the advertisement.")
    ad_placement = Stored(FEW, "aside.")
    trademark_placement = Stored(FEW, "sidebar, ad, footer, pdf or embed.")

    class Meta:
        managed = False
        db_table = "events"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.event_type} {self.id}"

    @classmethod
    def fields(cls) -> dict[str, Stored]:
        """The stored fields by name, in the table's order."""
        return {field.name: field for field in cls._meta.local_fields if isinstance(field, Stored)}
