"""What people fill in about organizations: their title, members, invitations and sites."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.validators import MinLengthValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.organizations.invitations import MOST_USES, Invitation
from apps.organizations.inviting import invite
from apps.organizations.members import change_member
from apps.organizations.models import Membership, Organization, Role, User
from apps.sites.models import Site
from apps.sites.services import SHORTEST_TITLE


def _title(longest: int) -> forms.CharField:
    return forms.CharField(label=gettext_lazy("Title"), min_length=SHORTEST_TITLE, max_length=longest)


class OrganizationForm(forms.Form):
    """The title of an organization."""

    title = _title(255)


class SiteForm(forms.ModelForm):  # type: ignore[type-arg]  # generic to the type checker alone
    """A new site."""

    url = forms.URLField(
        label=gettext_lazy("Address"),
        required=False,
        max_length=2048,
        assume_scheme="https",
        help_text=gettext_lazy("Where the documentation is published."),
    )

    class Meta:
        model = Site
        fields: ClassVar = ["title", "url"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].validators.append(MinLengthValidator(SHORTEST_TITLE))


class CertainForm(forms.Form):
    """That somebody means it."""

    certain = forms.BooleanField(label=gettext_lazy("I know that this cannot be taken back."))


class RoleForm(forms.Form):
    """A role, and for a reader the sites that it is limited to."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices, initial=Role.READER)
    is_limited = forms.BooleanField(label=gettext_lazy("A reader of these sites alone"), required=False)
    sites = forms.ModelMultipleChoiceField(
        Site.objects.none(), label=gettext_lazy("Sites"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        self.fields["sites"].queryset = Site.objects.filter(organization=organization)  # type: ignore[attr-defined]  # of any field

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("is_limited") and values.get("role") != Role.READER:
            self.add_error("is_limited", _("Only readers are limited to some sites."))
        if values.get("sites") and not values.get("is_limited"):
            # Whoever ticks sites means a limit: without it they would open all.
            self.add_error("is_limited", _("Tick this too, or no site: else every site is seen."))
        return values

    @property
    def limits(self) -> list[Site] | None:
        """The sites of a limited reader; ``None`` without a limit."""
        return list(self.cleaned_data["sites"]) if self.cleaned_data["is_limited"] else None


class MemberForm(RoleForm):
    """What a member may do and see."""

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        self._member = membership.user
        now = {"role": membership.role, "is_limited": membership.is_limited, "sites": membership.sites.all()}
        kwargs |= {"organization": membership.organization, "prefix": membership.user.public_id, "initial": now}
        super().__init__(*args, **kwargs)

    def save_as(self, who: User) -> None:
        """Raises as ``change_member`` does."""
        role = Role(self.cleaned_data["role"])
        change_member(self.organization, self._member, role, who=who, sites=self.limits)


class InvitationForm(RoleForm):
    """An invitation, by link or to an address."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        required=False,
        max_length=254,
        help_text=gettext_lazy("Only an account with this address can join. Empty: whoever has the link."),
    )
    most_uses = forms.IntegerField(
        label=gettext_lazy("How many may join by the link"),
        min_value=1,
        max_value=MOST_USES,
        initial=1,
        help_text=gettext_lazy("With an address it is one."),
    )
    field_order = ("email", "role", "is_limited", "sites", "most_uses")

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email and self.organization.memberships.filter(user__email__iexact=email).exists():
            raise forms.ValidationError(_("This person is a member already."))
        return email

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if values.get("role") == Role.OWNER and values.get("email") == "":
            self.add_error("email", _("An owner is invited by address: a link can be handed on."))
        if values.get("is_limited") and "sites" in values and not values["sites"]:
            self.add_error("sites", _("Tick a site: else there would be nothing to see."))
        return values

    def create(self, who: User) -> tuple[Invitation, str]:
        """Make the invitation; returns it with the secret of its address."""
        given = self.cleaned_data
        return invite(
            self.organization,
            Role(given["role"]),
            who=who,
            email=given["email"],
            most_uses=given["most_uses"],
            sites=self.limits,
        )


class TransferForm(forms.Form):
    """Who is the owner from now on."""

    member = forms.ModelChoiceField(User.objects.none(), label=gettext_lazy("New owner"), to_field_name="public_id")
    certain = forms.BooleanField(label=gettext_lazy("I know that I am an editor then."))

    def __init__(self, *args: Any, organization: Organization, who: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = User.objects.filter(memberships__organization=organization, is_active=True).exclude(pk=who.pk)
        self.fields["member"].queryset = others.order_by("email")  # type: ignore[attr-defined]  # of any field

    @property
    def is_offered(self) -> bool:
        """Whether there is anybody else."""
        return self.fields["member"].queryset.exists()  # type: ignore[attr-defined,no-any-return]  # of any field
