"""What people do at the sign-in and in their account, over HTTP, and the codes of their authenticator app."""

from __future__ import annotations

import hmac
import re
import time
from base64 import b32decode

from django.http import HttpResponse
from django.test import Client

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
