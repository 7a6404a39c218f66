"""Memberships in the admin: on pages of their own, and on those of organizations and of people.

The rules and the audit are those of ``members``. Whoever may change all rows needs no role, but cannot take the last
owner away from an organization either, other than by deleting it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import RelatedDropdownFilter

from apps.organizations.members import left_without_owner, lock, note_member, note_removal
from apps.organizations.models import Membership, Organization, Role, User
from apps.organizations.people import who_of

_FIXED = ("organization", "user")
"""A membership is ended and another made, rather than given to somebody else."""


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg]  # generic to the type checker alone
    """A membership; of one that exists, whose it is stays."""

    class Meta:
        model = Membership
        fields: ClassVar = ["organization", "user", "role", "is_limited", "sites"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for name in _FIXED:
                if name in self.fields:
                    self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "is_limited" not in self.fields and values.get("role") != Role.READER:
            self.instance.is_limited = False
        return values

    @property
    def loses_an_owner(self) -> bool:
        return bool(self.instance.pk) and self.initial.get("role") == Role.OWNER and not self.makes_an_owner

    @property
    def makes_an_owner(self) -> bool:
        """Also where it was one before."""
        return bool(self.cleaned_data.get("role") == Role.OWNER)


class OneMembershipForm(MembershipForm):
    """The form of a membership's own page."""

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if self.loses_an_owner:
            _refuse_orphans([self.instance])
        return values


class KeepsOwners(BaseInlineFormSet):  # type: ignore[type-arg]  # generic to the type checker alone
    """The memberships of an organization, or of a person, that leave every organization an owner."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        gone = [form.instance for form in self.deleted_forms if form.instance.pk]
        others: list[Any] = [form for form in self.forms if form not in self.deleted_forms and form.has_changed()]
        losing = gone + [form.instance for form in others if form.loses_an_owner]
        made = [form.instance for form in others if form.makes_an_owner]
        gaining = [each.organization for each in made if each.user.is_active]
        _refuse_orphans(losing, gaining)


class MembershipInline(TabularInline):  # type: ignore[misc]  # unfold has no types
    """The members of an organization, or the organizations of a person."""

    model = Membership
    form = MembershipForm
    formset = KeepsOwners
    extra = 0
    autocomplete_fields = _FIXED
    fields = ("organization", "user", "role")
    show_change_link = True


class MembersAdmin(ModelAdmin):  # type: ignore[misc]
    """Pages of what has memberships: changes are told in the audit, and no organization is left without an owner."""

    def memberships_of(self, _rows: Iterable[Any]) -> list[Membership]:
        """The memberships that end when rows are deleted, but for those whose organization goes too."""
        return []

    def note_deletion(self, row: Any, who: User) -> None:
        """Add an entry of the audit about a row that is deleted, where its memberships do not tell of it."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, list[Any]]:
        found = super().get_deleted_objects(objs, request)
        to_delete, counts, lacking, protected = found
        orphans = _orphans(self.memberships_of(objs))
        return to_delete, counts, lacking, [*protected, *(_("the last owner of “%s”") % each for each in orphans)]

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        if formset.model is not Membership:
            return
        who = who_of(request)
        for membership in formset.new_objects:
            note_member("add_member", membership, who=who)
        for membership, _fields in formset.changed_objects:
            _note_change(membership, who)
        for membership in formset.deleted_objects:
            note_removal(membership, who=who)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._end([obj], request)
        super().delete_model(request, obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._end(queryset, request)
        super().delete_queryset(request, queryset)

    def _end(self, rows: Iterable[Any], request: HttpRequest) -> None:
        memberships, who = self.memberships_of(rows), who_of(request)
        if _orphans(memberships):  # since the page was asked for
            raise PermissionDenied
        for membership in memberships:
            note_removal(membership, who=who)
        for row in rows:
            self.note_deletion(row, who)


@admin.register(Membership)
class MembershipAdmin(MembersAdmin):
    form = OneMembershipForm
    list_display = ("user", "organization", "role", "is_limited", "created_at")
    list_filter = ("role", "is_limited", ("organization", RelatedDropdownFilter))
    list_filter_submit = True
    show_full_result_count = False
    list_select_related = ("user", "organization")
    search_fields = ("user__email", "organization__title", "=user__public_id", "=organization__public_id")
    search_help_text = gettext_lazy("E-mail address of a person or title of an organization, or the id of one")
    autocomplete_fields = (*_FIXED, "sites")

    def memberships_of(self, rows: Iterable[Any]) -> list[Membership]:
        return list(rows)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if change and form.changed_data:
            _note_change(form.instance, who_of(request))
        elif not change:
            note_member("add_member", form.instance, who=who_of(request))


def _note_change(membership: Membership, who: User) -> None:
    if not membership.is_limited:
        membership.sites.clear()
    note_member("change_member", membership, who=who)


def _orphans(losing: list[Membership], gaining: Iterable[Organization] = ()) -> list[Organization]:
    with transaction.atomic():  # within that of the request, which then keeps the rows
        lock(*(each.organization for each in losing))
        return left_without_owner(losing, gaining)


def _refuse_orphans(losing: list[Membership], gaining: Iterable[Organization] = ()) -> None:
    for organization in _orphans(losing, gaining):
        raise ValidationError(_("“%s” would have no owner any more.") % organization)
