"""The published shapes of people, organizations and sites, as far as this product has the data.

What is required there and does not exist here gets a truthful neutral value: no plan is sold, no trial runs,
no change is merged.
"""

# ruff: noqa: N815  # the names are the published ones

from __future__ import annotations

from typing import Any, cast

from django.urls import reverse
from rest_framework import serializers

from apps.organizations.models import Organization, Role, Scope, User
from apps.sites.models import Site, Visibility

PLAN = "free"
SITE_TYPE = "ultimate"
"""The published site type that has every report."""


class UserUrls(serializers.Serializer[Any]):
    location = serializers.URLField()


class UserOut(serializers.Serializer[User]):
    """Who the token acts for."""

    object = serializers.ChoiceField(choices=["user"])
    id = serializers.CharField()
    displayName = serializers.CharField()
    email = serializers.EmailField()
    urls = UserUrls()

    def to_representation(self, user: User) -> dict[str, Any]:
        return {
            "object": "user",
            "id": user.public_id,
            "displayName": user.display_name,
            "email": user.email,
            "urls": {"location": _absolute(self, reverse("api:user"))},
        }


class OrganizationUrls(serializers.Serializer[Any]):
    location = serializers.URLField()
    app = serializers.URLField()


class Trial(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["notapplicable"])
    count = serializers.IntegerField()


class MergeRules(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=["none"])


class OrganizationPermissions(serializers.Serializer[Any]):
    view = serializers.BooleanField()
    access = serializers.BooleanField()
    admin = serializers.BooleanField()
    ownTeam = serializers.BooleanField()
    createContent = serializers.BooleanField()
    createOpenAPISpec = serializers.BooleanField()
    viewBilling = serializers.BooleanField()
    listMembers = serializers.BooleanField()
    listTeams = serializers.BooleanField()
    listIntegrations = serializers.BooleanField()
    listInstallations = serializers.BooleanField()
    installIntegration = serializers.BooleanField()


class OrganizationOut(serializers.Serializer[Organization]):
    """A team that owns sites."""

    object = serializers.ChoiceField(choices=["organization"])
    id = serializers.CharField()
    title = serializers.CharField()
    createdAt = serializers.DateTimeField()
    plan = serializers.ChoiceField(choices=[PLAN])
    type = serializers.ChoiceField(choices=["business"])
    emailDomains = serializers.ListField(child=serializers.CharField())
    inviteLinks = serializers.BooleanField()
    mergeRules = MergeRules()
    trial = Trial()
    permissions = OrganizationPermissions()
    urls = OrganizationUrls()

    def to_representation(self, organization: Organization) -> dict[str, Any]:
        token = self.context["token"]
        location = reverse("api:organization", args=[organization.public_id])
        owns = organization.role_of_token(token) is Role.OWNER
        absent = ("ownTeam", "createOpenAPISpec", "viewBilling", "listTeams", "listIntegrations")
        return {
            "object": "organization",
            "id": organization.public_id,
            "title": organization.title,
            "createdAt": _moment(organization.created_at),
            "plan": PLAN,
            "type": "business",
            "emailDomains": [],
            "inviteLinks": False,
            "mergeRules": {"type": "none"},
            "trial": {"status": "notapplicable", "count": 0},
            "permissions": {
                "view": True,
                "access": True,
                "admin": owns,
                "createContent": token.allows(Scope.SITE_WRITE),
                "listMembers": owns,
                **dict.fromkeys((*absent, "listInstallations", "installIntegration"), False),
            },
            "urls": {"location": _absolute(self, location), "app": _absolute(self, reverse("dashboard:sites"))},
        }


class SiteUrls(serializers.Serializer[Any]):
    location = serializers.URLField()
    app = serializers.URLField()
    preview = serializers.URLField()
    published = serializers.URLField(required=False)


class SitePermissions(serializers.Serializer[Any]):
    view = serializers.BooleanField()
    access = serializers.BooleanField()
    edit = serializers.BooleanField()
    create = serializers.BooleanField()  # type: ignore[assignment]  # the published name
    admin = serializers.BooleanField()
    installIntegration = serializers.BooleanField()
    viewAdaptiveSchema = serializers.BooleanField()
    editAdaptiveSchema = serializers.BooleanField()


class SiteOut(serializers.Serializer[Site]):
    """A documentation site whose visits are counted."""

    object = serializers.ChoiceField(choices=["site"])
    id = serializers.CharField()
    type = serializers.ChoiceField(choices=[SITE_TYPE])
    appliedType = serializers.ChoiceField(choices=[SITE_TYPE])
    title = serializers.CharField()
    visibility = serializers.ChoiceField(choices=Visibility.values)
    defaultLevel = serializers.ChoiceField(choices=["inherit"])
    permissions = SitePermissions()
    published = serializers.BooleanField()
    createdAt = serializers.DateTimeField()
    siteSpaces = serializers.IntegerField()
    features = serializers.ListField(child=serializers.DictField())
    urls = SiteUrls()

    def to_representation(self, site: Site) -> dict[str, Any]:
        ids = [site.organization.public_id, site.public_id]
        location, app = reverse("api:site", args=ids), _absolute(self, reverse("dashboard:site", args=ids))
        edits = self.context["can_edit"]
        return {
            "object": "site",
            "id": site.public_id,
            "type": SITE_TYPE,
            "appliedType": SITE_TYPE,
            "title": site.title,
            "visibility": site.visibility,
            "defaultLevel": "inherit",
            "permissions": {
                "view": True,
                "access": True,
                "edit": edits,
                "create": edits and not self.context["token"].only_some_sites,
                "admin": edits and self.context["token"].may_delete_sites,
                **dict.fromkeys(("installIntegration", "viewAdaptiveSchema", "editAdaptiveSchema"), False),
            },
            "published": bool(site.url),
            "createdAt": _moment(site.created_at),
            "siteSpaces": 0,
            "features": [],
            "urls": {
                "location": _absolute(self, location),
                "app": app,
                "preview": site.url or app,
                **({"published": site.url} if site.url else {}),
            },
        }


class StrictText(serializers.CharField):
    """A text, where REST framework would also take numbers."""

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("expected a string")
        return super().to_internal_value(data)


class SiteIn(serializers.Serializer[Site]):
    """What may be written of a site; other published properties are accepted and have no meaning here."""

    title = StrictText(min_length=2, max_length=128, required=False)
    visibility = serializers.ChoiceField(choices=Visibility.values, required=False)

    def create(self, validated_data: dict[str, Any]) -> Site:
        organization: Organization = self.context["organization"]
        return Site.objects.create(organization=organization, **{"title": organization.title[:128], **validated_data})

    def update(self, instance: Site, validated_data: dict[str, Any]) -> Site:
        for name, value in validated_data.items():
            setattr(instance, name, value)
        instance.save(update_fields=list(validated_data))
        return instance


def _absolute(serializer: serializers.BaseSerializer[Any], path: str) -> str:
    return cast(str, serializer.context["request"].build_absolute_uri(path))


def _moment(value: Any) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
