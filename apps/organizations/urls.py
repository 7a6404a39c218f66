"""Routes of an account: signing in and up, the password, second factors, sessions, other ways to sign in."""

from __future__ import annotations

from allauth.account import views
from django.urls import include, path, re_path

from apps.organizations import accounts, openid, sessions

urlpatterns = [
    path("", accounts.account, name="account"),
    path("login/", accounts.SignInView.as_view(), name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("signup/", views.signup, name="account_signup"),
    path("confirm-email/", views.email_verification_sent, name="account_email_verification_sent"),
    re_path(r"^confirm-email/(?P<key>[-:\w]+)/$", views.confirm_email, name="account_confirm_email"),
    path("password/", views.password_change, name="account_change_password"),
    path("password/set/", views.password_set, name="account_set_password"),
    path("password/reset/", accounts.password_reset, name="account_reset_password"),
    path("password/reset/sent/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/reset/done/", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("factors/", include("allauth.mfa.urls")),
    path("connections/", include("allauth.socialaccount.urls")),
    path("oidc/", openid.login, {"provider_id": "oidc"}, name="openid_connect_login"),
    path("oidc/callback/", openid.callback, {"provider_id": "oidc"}, name="openid_connect_callback"),
    path("sessions/", sessions.Sessions.as_view(), name="usersessions_list"),
]
