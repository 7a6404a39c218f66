"""Invitations in the admin: to be read and revoked. Owners make them on their pages, which show them once."""

from __future__ import annotations

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RelatedDropdownFilter

from apps.organizations.inviting import revoke_as_staff
from apps.organizations.models import Invitation
from apps.organizations.people import who_of


@admin.register(Invitation)
class InvitationAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("public_id", "organization", "email", "role", "is_limited", "used", "expires_at", "revoked_at")
    list_filter = (("organization", RelatedDropdownFilter), "role", "expires_at")
    list_filter_submit = True
    show_full_result_count = False
    list_select_related = ("organization", "made_by")
    search_fields = ("public_id", "email", "organization__title")
    fields = (
        "public_id",
        "organization",
        "email",
        "role",
        "is_limited",
        "sites",
        "used",
        "made_by",
        "made_at",
        "expires_at",
        "sent_at",
        "revoked_at",
    )
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("organizations.change_invitation")

    def delete_model(self, request: HttpRequest, obj: Invitation) -> None:
        """It is revoked first, of which the audit tells."""
        revoke_as_staff(obj, who=who_of(request))
        super().delete_model(request, obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        for invitation in queryset.select_related("organization"):
            self.delete_model(request, invitation)

    @admin.display(description=_("used"))
    def used(self, invitation: Invitation) -> str:
        return f"{invitation.uses} / {invitation.most_uses}"

    @admin.action(description=_("Revoke the selected invitations"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """End the chosen invitations now; those that ended before keep their date."""
        who = who_of(request)
        ended = sum(revoke_as_staff(each, who=who) for each in queryset.select_related("organization"))
        told = ngettext("%d invitation was revoked.", "%d invitations were revoked.", ended)
        self.message_user(request, told % ended)
