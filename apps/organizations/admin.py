"""Admin pages of people, organizations and API tokens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import DropdownFilter, RelatedDropdownFilter
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.organizations.audit import record
from apps.organizations.audit_admin import AuditEntryAdmin
from apps.organizations.audited_admin import AuditedAdmin
from apps.organizations.invitations_admin import InvitationAdmin
from apps.organizations.issuing import make_token, note_change, revoke_token, rotate_token
from apps.organizations.members_admin import MembersAdmin, MembershipAdmin, MembershipInline
from apps.organizations.models import ApiToken, Membership, Organization, Scope, User
from apps.organizations.people import who_of
from apps.organizations.sessions import end_sessions_of
from apps.organizations.tokens import scopes_for

__all__ = ["AuditEntryAdmin", "InvitationAdmin", "MembershipAdmin"]  # Django looks for all of them here

admin.site.unregister(Group)  # roles are kept in memberships
admin.site.unregister(EmailAddress)  # a person has one address, the one they sign in with
for theirs in (UserSession, Authenticator, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(theirs)


@admin.register(Organization)
class OrganizationAdmin(MembersAdmin):
    list_display = ("title", "public_id", "member_count", "site_count", "created_at")
    show_full_result_count = False
    search_fields = ("title", "public_id")
    readonly_fields = ("public_id", "created_at")
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        """With the figures of the list, which are counted for the rows of a page."""
        figures = {f"number_of_{name}": _number_of(name) for name in ("memberships", "sites")}
        found: QuerySet[Organization] = super().get_queryset(request).annotate(**figures)
        return found

    @admin.display(description=_("members"), ordering="number_of_memberships")
    def member_count(self, organization: Any) -> int:
        return int(organization.number_of_memberships)

    @admin.display(description=_("sites"), ordering="number_of_sites")
    def site_count(self, organization: Any) -> int:
        return int(organization.number_of_sites)

    def save_model(self, request: HttpRequest, obj: Organization, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change or form.changed_data:
            what = "rename_organization" if change else "create_organization"
            record(request, what, organization=obj)

    def note_deletion(self, row: Organization, who: User) -> None:
        record(who, "delete_organization", organization=row)


def _number_of(name: str) -> Subquery:
    """How many rows refer to an organization by ``name``; together with another such figure neither is multiplied."""
    counted = Organization.objects.filter(pk=OuterRef("pk")).order_by().values("pk").annotate(number=Count(name))
    return Subquery(counted.values("number"))


class _Address(forms.ModelForm):  # type: ignore[type-arg]  # generic to the type checker alone
    """A new address is stored as everywhere else, and is nobody else's in other capitals; one that is there stays."""

    def clean_email(self) -> str:
        written: str = self.cleaned_data["email"]
        if "email" not in self.changed_data:
            return written
        email = written.lower()
        if User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(self.instance.unique_error_message(User, ("email",)))
        return email


class PersonForm(_Address, UserChangeForm):  # type: ignore[misc]  # unfold has no types
    """A person who is there."""


class NewUserForm(_Address, UserCreationForm):  # type: ignore[misc]  # unfold has no types
    """A new person is known by e-mail address."""

    class Meta:
        model = User
        fields = ("email",)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, MembersAdmin, AuditedAdmin):  # type: ignore[misc,type-arg]  # unfold is untyped
    noun = "person"
    form = PersonForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "first_name", "last_name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "first_name", "last_name", "=public_id")
    search_help_text = _("E-mail address or name, or the id that the audit tells")
    ordering = ("email",)
    filter_horizontal = ("user_permissions",)
    readonly_fields = ("public_id", "last_login", "date_joined")
    superusers_fields = ("is_staff", "is_superuser", "user_permissions")
    fieldsets = (
        (None, {"fields": ("email", "password", "public_id")}),
        (_("Name"), {"fields": ("first_name", "last_name")}),
        (_("Rights in administration"), {"fields": ("is_active", *superusers_fields)}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "usable_password", "password1", "password2")}),)
    inlines = (MembershipInline,)
    actions = ("remove_factors", "end_sessions")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Who gives rights may do everything: superusers alone."""
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if _is_superuser(request) else (*fields, *self.superusers_fields)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Whoever may set a person's password has that person's rights: others' of the staff are for superusers."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and _may_touch(request, obj)

    @admin.action(description=_("Remove second factors and passkeys"), permissions=["change"])
    def remove_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For people who lost theirs: make sure first who is asking."""
        for person in _touchable(request, queryset):
            Authenticator.objects.filter(user=person).delete()
            record(request, "remove_factors", details={"person": person.public_id})
        self.message_user(request, gettext("The password alone lets them in now."), messages.WARNING)

    @admin.action(description=_("Sign out everywhere"), permissions=["change"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for person in _touchable(request, queryset):
            end_sessions_of(person)
            record(request, "end_sessions", details={"person": person.public_id})
        self.message_user(request, gettext("They have to sign in anew."))

    def memberships_of(self, rows: Iterable[Any]) -> list[Membership]:
        return list(Membership.objects.filter(user__in=[row.pk for row in rows]))


def _is_superuser(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_superuser


def _may_touch(request: HttpRequest, person: User | None) -> bool:
    if person is None or person == request.user:
        return True
    return _is_superuser(request) or not (person.is_staff or person.is_superuser)


def _touchable(request: HttpRequest, people: QuerySet[User]) -> list[User]:
    return [person for person in people if _may_touch(request, person)]


class ApiTokenForm(forms.ModelForm):  # type: ignore[type-arg]  # generic to the type checker alone
    """Scopes as boxes to tick; a person must be a member, or the token would never work."""

    scopes = forms.MultipleChoiceField(choices=Scope.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget)

    class Meta:
        model = ApiToken
        fields: ClassVar = ["organization", "user", "title", "scopes", "only_some_sites", "sites", "expires_at"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        organization = values.get("organization") or getattr(self.instance, "organization", None)
        user = values.get("user") or self.instance.user  # of a token that is there it cannot be changed
        role = organization.role_of(user) if organization and user else None
        if organization and user and role is None:
            self.add_error("user", _("This person is not a member of the organization."))
        if role and not set(values.get("scopes", ())) <= set(scopes_for(role)):
            self.add_error("scopes", _("A reader’s token cannot track events nor change sites."))
        sites = values.get("sites") or ()
        if organization and any(site.organization_id != organization.pk for site in sites):
            self.add_error("sites", _("Expected sites of the organization."))
        if bool(sites) and not values.get("only_some_sites"):
            self.add_error("only_some_sites", _("Tick this, or choose no sites."))
        return values


class UsableFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    """Tokens that work now, or not any more: revoked, expired, or of who is no member. What is no choice lists none."""

    title = _("usable")
    parameter_name = "usable"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str | Promise]]:
        return [("true", _("Yes")), ("false", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
        usable = ApiToken.objects.usable(utc_now()).values("pk")
        match self.value():
            case None:
                return queryset
            case "true":
                return queryset.filter(pk__in=usable)
            case "false":
                return queryset.exclude(pk__in=usable)
        return queryset.none()


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):  # type: ignore[misc]
    form = ApiTokenForm
    list_display = (
        "title",
        "prefix",
        "organization",
        "user",
        "scope_list",
        "only_some_sites",
        "expires_at",
        "last_used_at",
        "revoked_at",
    )
    list_filter = (
        ("organization", RelatedDropdownFilter),
        UsableFilter,
        "only_some_sites",
        "revoked_at",
        "expires_at",
    )
    list_filter_submit = True
    show_full_result_count = False
    list_select_related = ("user", "organization")
    search_fields = ("title", "prefix", "=public_id", "user__email")
    autocomplete_fields = ("organization", "user", "sites")
    actions = ("revoke", "rotate")
    kept = ("public_id", "prefix", "created_by", "created_at", "last_used_at", "old_ends_at", "revoked_at")

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        return ("organization", "user", *self.kept) if obj else ()

    @admin.display(description=_("scopes"))
    def scope_list(self, token: ApiToken) -> str:
        return ", ".join(token.scopes)

    def save_model(self, request: HttpRequest, obj: ApiToken, form: ApiTokenForm, change: bool) -> None:
        """A new token is issued."""
        if change:
            super().save_model(request, obj, form, change)
            return
        values = form.cleaned_data
        issued, raw = make_token(
            organization=obj.organization,
            user=obj.user,
            who=who_of(request),
            title=obj.title,
            scopes=obj.scopes,
            sites=values["sites"] if obj.only_some_sites else None,
            expires_at=obj.expires_at,
        )
        obj.pk = issued.pk
        obj.refresh_from_db()
        request.fresh_token = raw  # type: ignore[attr-defined]  # for the answer to this one request

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if change and form.changed_data:
            note_change(form.instance, who=who_of(request))

    def response_add(self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None) -> HttpResponse:
        """The page that shows the token, this once."""
        return self._show(request, obj, request.fresh_token)  # type: ignore[attr-defined]  # of save_model

    def delete_model(self, request: HttpRequest, obj: ApiToken) -> None:
        """It is revoked first, of which the audit tells."""
        revoke_token(obj, who=who_of(request))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset.select_related("organization", "user"):
            self.delete_model(request, token)

    @admin.action(description=_("Revoke the selected tokens"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """End the chosen tokens now; those that ended before keep their date."""
        chosen = queryset.select_related("organization", "user")
        ended = sum(revoke_token(token, who=who_of(request)) for token in chosen)
        self.message_user(request, ngettext("%d token was revoked.", "%d tokens were revoked.", ended) % ended)

    @admin.action(description=_("Give the selected token a new secret"), permissions=["change"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> HttpResponse | None:
        """Show a new secret of the one chosen token; the old one works for a day more."""
        chosen = list(queryset.select_related("organization", "user"))
        if len(chosen) != 1:
            self.message_user(request, _("Choose one token: its secret is shown once."), messages.ERROR)
            return None
        try:
            raw = rotate_token(chosen[0], who=who_of(request))
        except Refusal as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return None
        return self._show(request, chosen[0], raw)

    def _show(self, request: HttpRequest, token: ApiToken, raw: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": token.title,
            "opts": self.opts,
            "token": token,
            "raw": raw,
        }
        headers = {"Cache-Control": "no-store"}
        return TemplateResponse(request, "admin/organizations/apitoken/fresh.html", context, headers=headers)
