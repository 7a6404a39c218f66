"""Routes of the pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from apps.dashboard import (
    arrivals,
    audit,
    explore,
    exporting,
    invitations,
    members,
    organizations,
    segments,
    settings,
    share,
    shared,
    tokens,
    views,
)

app_name = "dashboard"

_SITE = "sites/<public_id:organization>/<public_id:site_id>"
_ORGANIZATION = "organizations/<public_id:organization>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.sites, name="sites"),
    path(_SITE, views.site, name="site"),
    path(f"{_SITE}/events", arrivals.events, name="events"),
    path(f"{_SITE}/events/export", exporting.export, name="export-events"),
    path(f"{_SITE}/settings", settings.settings, name="settings"),
    path(f"{_SITE}/settings/check", settings.check, name="check"),
    path(f"{_SITE}/settings/export", settings.export, name="export"),
    path(f"{_SITE}/settings/erase", settings.erase, name="erase"),
    path(f"{_SITE}/settings/reset", settings.reset, name="reset"),
    path(f"{_SITE}/settings/delete", settings.delete, name="delete-site"),
    path(f"{_SITE}/share", share.share, name="share"),
    path(f"{_SITE}/share/<public_id:link_id>/password", share.change, name="share-password"),
    path(f"{_SITE}/share/<public_id:link_id>/revoke", share.revoke, name="share-revoke"),
    path(f"{_SITE}/explore", explore.explore, name="explore"),
    path(f"{_SITE}/explore/narrow", explore.narrow),
    path(f"{_SITE}/explore/suggest", explore.suggest),
    path(f"{_SITE}/explore/result.csv", explore.explore_csv),
    path(f"{_SITE}/explore/saved/<public_id:public_id>", explore.saved_report, name="saved-report"),
    path(f"{_SITE}/explore/saved/<public_id:public_id>/delete", explore.delete, name="delete-report"),
    path(f"{_SITE}/segments", segments.segments, name="segments"),
    path(f"{_SITE}/segments/narrow", segments.narrow),
    path(f"{_SITE}/segments/suggest", segments.suggest),
    path(f"{_SITE}/segments/<panel_name>.csv", segments.panel_csv),
    path(f"{_SITE}/segments/saved/<public_id:public_id>", segments.saved_segment, name="saved-segment"),
    path(f"{_SITE}/segments/saved/<public_id:public_id>/delete", segments.delete, name="delete-segment"),
    # Below here the pages above are named as reports are: their controls lead to where reports' do.
    path(f"{_SITE}/<report_name>", views.report, name="report"),
    path(f"{_SITE}/<report_name>/narrow", views.narrow, name="narrow"),
    path(f"{_SITE}/<report_name>/suggest", views.suggest, name="suggest"),
    path(f"{_SITE}/<report_name>/<panel_name>.csv", views.panel_csv, name="csv"),
    path(f"{_SITE}/<report_name>/<panel_name>", views.panel, name="panel"),
    path("organizations", organizations.organizations, name="organizations"),
    path(_ORGANIZATION, organizations.organization, name="organization"),
    path(f"{_ORGANIZATION}/rename", organizations.rename, name="rename-organization"),
    path(f"{_ORGANIZATION}/leave", organizations.leave, name="leave-organization"),
    path(f"{_ORGANIZATION}/transfer", organizations.transfer, name="transfer-organization"),
    path(f"{_ORGANIZATION}/delete", organizations.delete, name="delete-organization"),
    path(f"{_ORGANIZATION}/sites", organizations.add_site, name="add-site"),
    path(f"{_ORGANIZATION}/members", members.members, name="members"),
    path(f"{_ORGANIZATION}/members/<public_id:user_id>", members.change, name="change-member"),
    path(f"{_ORGANIZATION}/members/<public_id:user_id>/remove", members.remove, name="remove-member"),
    path(f"{_ORGANIZATION}/invitations", members.invite, name="invite"),
    path(f"{_ORGANIZATION}/invitations/<public_id:invitation_id>/revoke", members.revoke, name="revoke-invitation"),
    path("invitations/<secret>", invitations.open_invitation, name="open-invitation"),
    path("invitation", invitations.invitation, name="invitation"),
    path("invitation/decline", invitations.decline, name="decline-invitation"),
    path("tokens", tokens.mine, name="tokens"),
    path("tokens/<public_id:organization>/new", tokens.make, name="token-new"),
    path("tokens/<public_id:token_id>/rotate", tokens.rotate, name="token-rotate"),
    path("tokens/<public_id:token_id>/revoke", tokens.revoke, name="token-revoke"),
    path("organizations/<public_id:organization>/tokens", tokens.of_organization, name="organization-tokens"),
    path(
        "organizations/<public_id:organization>/tokens/new",
        tokens.make_for_organization,
        name="organization-token-new",
    ),
    path("organizations/<public_id:organization>/audit", audit.audit, name="audit"),
    path("share/<token>", shared.report, name="shared"),
    path("share/<token>/unlock", shared.unlock, name="shared-unlock"),
    path("share/<token>/<panel_name>.csv", shared.panel_csv, name="shared-csv"),
    path("share/<token>/<panel_name>", shared.panel, name="shared-panel"),
]
