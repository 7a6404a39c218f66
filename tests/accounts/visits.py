"""What people do at the sign-in, in their account and at a provider, over HTTP, and the codes of their app."""

from __future__ import annotations

import hmac
import re
import time
from base64 import b32decode
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import requests
from allauth.socialaccount.models import SocialAccount
from django.http import HttpResponse
from django.test import Client

from apps.organizations.models import User
from tests.accounts.provider import LOGIN, Provider
from tests.people import PASSWORD

WRONG = "The email address and/or password you specified are not correct."
TOO_MANY = "There were too many wrong attempts"


def text_of(answer: HttpResponse) -> str:
    return answer.content.decode()


def sign_in(client: Client, email: str, password: str = PASSWORD, following: str = "", **extra: str) -> HttpResponse:
    form = {"login": email, "password": password, "next": following}
    answer: HttpResponse = client.post("/accounts/login/", form, **extra)
    return answer


def is_signed_in(client: Client) -> bool:
    """Whether a page that is for people answers without asking who it is."""
    return client.get("/accounts/").status_code == 200


def confirm_password(client: Client, following: str) -> HttpResponse:
    """Show once more who it is, on the way to what protects the account."""
    form = {"password": PASSWORD, "next": following}
    answer: HttpResponse = client.post("/accounts/reauthenticate/", form)
    return answer


def code_of(secret: str, ahead: int = 0) -> str:
    """What an authenticator app shows now, or some steps ahead. Source: RFC 6238, SHA-1, 30 seconds, 6 digits."""
    step = int(time.time()) // 30 + ahead
    digest = hmac.new(b32decode(secret), step.to_bytes(8, "big"), "sha1").digest()
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFF_FFFF
    return f"{number % 1_000_000:06}"


def set_up_app(client: Client) -> str:
    """Turn the authenticator app on for who is signed in; answers its key."""
    place = "/accounts/factors/totp/activate/"
    confirm_password(client, place)
    (secret,) = re.findall("<code>([A-Z2-7]{32})</code>", text_of(client.get(place)))
    answer = client.post(place, {"code": code_of(secret)})
    assert answer.headers["Location"] == "/accounts/factors/recovery-codes/"
    return str(secret)


def recovery_codes(client: Client) -> list[str]:
    page = client.get("/accounts/factors/recovery-codes/")
    return re.findall(r"\b\d{8}\b", text_of(page))


def set_out(client: Client, **form: str) -> str:
    """Press the button; answers the address at the provider that the page leads to."""
    process = form.pop("process", "")
    page = text_of(client.post(LOGIN + (f"?process={process}" if process else ""), form))
    (address,) = set(re.findall(r'(?:url=|href=")(http://localhost[^"]+)"', page))
    return unescape(address)


def come_back(address: str, who: str) -> str:
    """Be ``who`` at the provider; answers the path that it leads back to."""
    there = requests.post(address, data={"who": who}, allow_redirects=False, timeout=10)
    back = urlsplit(there.headers["Location"])
    return f"{back.path}?{back.query}"


def round_trip(client: Client, who: str, **form: str) -> Any:
    return client.get(come_back(set_out(client, **form), who))


def connected(user: User, provider: Provider, who: str) -> Client:
    """A browser in which the account here was connected with the one there, and which signed out."""
    browser = Client()
    browser.force_login(user)
    confirm_password(browser, "/accounts/connections/")
    assert round_trip(browser, who, process="connect").headers["Location"] == "/accounts/connections/"
    assert SocialAccount.objects.get(user=user)
    browser.logout()
    return browser
