"""Admin pages of erasures: asking for one, what is under way, and the export of a visitor's events."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from apps.events.exports import events_of
from apps.keeping.asking import ask_for_reset, ask_for_visitor, note_export
from apps.keeping.forms import LONGEST_ID, StoreForm
from apps.keeping.tasks import finish_erasures
from apps.organizations.people import who_of
from apps.rollups.models import Erasure
from apps.sites.admin import Section, SiteAdmin
from apps.sites.models import Site

Kind = Erasure.Kind


class _OfSite(StoreForm):
    """A site, while the store can be reached."""

    site = forms.ModelChoiceField(
        Site.objects.select_related("organization"), label=_("Site"), widget=UnfoldAdminSelectWidget
    )


class ExportForm(_OfSite):
    visitor_id = forms.CharField(
        max_length=LONGEST_ID, strip=False, label=_("Visitor id"), widget=UnfoldAdminTextInputWidget
    )


class ErasureForm(_OfSite, forms.ModelForm):  # type: ignore[type-arg]  # generic to the type checker alone
    """What is to be erased; the visitor id is hashed and not kept."""

    kind = forms.ChoiceField(
        choices=[(kind.value, kind.label) for kind in (Kind.VISITOR, Kind.RESET)], widget=UnfoldAdminSelectWidget
    )
    visitor_id = forms.CharField(
        max_length=LONGEST_ID,
        strip=False,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("As the site's pages send it. It is not kept."),
    )
    certain = forms.BooleanField(label=_("I know that the events cannot be brought back."), widget=UnfoldBooleanWidget)

    class Meta:
        model = Erasure
        fields: ClassVar = ["kind"]

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if values.get("kind") == Kind.VISITOR and not values.get("visitor_id"):
            self.add_error("visitor_id", _("Which visitor?"))
        if values.get("kind") == Kind.RESET and values.get("visitor_id"):
            self.add_error("visitor_id", _("A reset is of all visitors: leave this empty, or choose one visitor's."))
        return values


@admin.register(Erasure)
class ErasureAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """An erasure can be asked for, and neither changed nor taken back. The list is of those that are not done yet."""

    form = ErasureForm
    fields = ("site", "kind", "visitor_id", "certain")
    list_display = ("asked_at", "kind", "site_id", "before")
    list_display_links = None

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export)
        return [path("export/", view, name="rollups_erasure_export"), *super().get_urls()]

    def has_change_permission(self, request: HttpRequest, obj: Erasure | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Erasure | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Erasure, form: ErasureForm, change: bool) -> None:
        given, who = form.cleaned_data, who_of(request).public_id
        if given["kind"] == Kind.VISITOR:
            asked = ask_for_visitor(given["site"], given["visitor_id"], who=who)
        else:
            asked = ask_for_reset(given["site"], who=who)
        obj.pk = asked.pk
        obj.refresh_from_db()
        finish_erasures.enqueue()
        self.message_user(request, _("It begins now, in the background. The audit tells when it is done."))

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """All events of one visitor, as a file."""
        if not request.user.has_perms(("rollups.add_erasure", "events.view_event")):
            raise PermissionDenied
        form = ExportForm(request.POST or None)
        if form.is_valid():
            site, visitor = form.cleaned_data["site"], form.cleaned_data["visitor_id"]
            note_export(site, visitor, who=who_of(request).public_id)
            return StreamingHttpResponse(
                events_of(site, visitor),
                content_type="application/x-ndjson",
                headers={"Content-Disposition": 'attachment; filename="visitor.ndjson"', "Cache-Control": "no-store"},
            )
        context = {
            **self.admin_site.each_context(request),
            "title": _("Export a visitor's events"),
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "admin/export.html", context)


@admin.display(description=_("For good"))
def erasure_link(site: Site) -> SafeString:
    """The way to the erasure of a site's events, on its page."""
    address = f"{reverse('admin:rollups_erasure_add')}?site={site.pk}"
    return format_html(
        '<a class="text-primary-600 dark:text-primary-400" href="{}">{}</a>',
        address,
        gettext("Erase a visitor, or reset"),
    )


SiteAdmin.sections.append(Section(_("Erasing"), (erasure_link,), permission="rollups.add_erasure"))
