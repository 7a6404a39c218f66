"""A guest who brings every secret to the doors of a real server, and a search for them in what it wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.accounts.visits import code_of
from tests.reliability.searching import found_in_files
from tests.reliability.service import SECONDS, Service, event, free_port

EMAIL, PASSWORD, NEXT_PASSWORD = "ada@example.com", "mark-password-of-ada", "mark-next-password-of-ada"
SETTINGS = {
    "METRICS_TOKEN": "mark-metrics-token",
    "OIDC_CLIENT_SECRET": "mark-openid-secret",
    "SECRET_KEY": "mark-secret-key-of-fifty-characters-or-more-0123456789",
}
_MAKE_ADA = f"""
import django; django.setup()
from allauth.account.internal.flows.password_reset import get_reset_password_url
from allauth.account.models import EmailConfirmationHMAC
from django.contrib.auth.tokens import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse
from apps.organizations.inviting import invite
from apps.organizations.models import ApiToken, Membership, Organization, Role, User
from apps.organizations.sign_in import vouch_for
from apps.sites.models import Site
from apps.sites.sharing import create_link
organization = Organization.objects.get()
ada = User.objects.create_superuser("{EMAIL}", "{PASSWORD}")
vouch_for(ada)
Membership.objects.create(organization=organization, user=ada, role=Role.OWNER)
print(ApiToken.issue(organization=organization, user=ada, title="first")[1])
print(create_link(site=Site.objects.get(), who=ada, title="Board", report="traffic", password="mark-link-password")[1])
print(invite(organization, Role.READER, who=ada)[1])
print(user_pk_to_url_str(ada), default_token_generator.make_token(ada))
print(EmailConfirmationHMAC(ada.emailaddress_set.get()).key)
"""


def _session() -> requests.Session:
    """One connection for each request: none is closed by the server in the very moment when it is used again."""
    session = requests.Session()
    session.headers["Connection"] = "close"
    return session


@dataclass(slots=True)
class Guest:
    """A browser and a program that use the service, and every secret that they gave it or got from it."""

    service: Service
    secrets: set[str] = field(default_factory=lambda: {PASSWORD, NEXT_PASSWORD, "mark-link-password", "mark-wrong"})
    browser: requests.Session = field(default_factory=_session)
    statuses: set[int] = field(default_factory=set)
    token: str = ""
    share: str = ""
    invitation: str = ""
    reset: str = ""
    confirmation: str = ""

    def make(self) -> None:
        self.token, self.share, self.invitation, reset, self.confirmation = self.service.python(_MAKE_ADA).splitlines()
        self.reset = reset.replace(" ", "-")
        self.secrets |= {self.token, self.share, self.invitation, reset.partition(" ")[2], self.confirmation}

    def send(self, method: str, path: str, **options: object) -> requests.Response:
        address = f"http://127.0.0.1:{self.service.port}{path}"
        answer = self.browser.request(method, address, timeout=SECONDS, **options)  # type: ignore[arg-type]
        self.statuses |= {answer.status_code, *(each.status_code for each in answer.history)}
        self.secrets |= {cookie.value for cookie in self.browser.cookies if cookie.value and len(cookie.value) > 20}
        return answer

    def post(self, path: str, **form: str) -> requests.Response:
        """Post a form as its page does: with the token of that page."""
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.send("GET", "/accounts/login/").text)
        token = found[1] if found else self.browser.cookies.get("csrftoken", "")
        self.secrets.add(str(token))
        return self.send("POST", path, data={**form, "csrfmiddlewaretoken": str(token)})

    def go_everywhere(self) -> None:
        """Through every door that takes a secret: rightly, wrongly, and without what it takes."""
        self._pages()
        self._account()
        self._api()

    def _pages(self) -> None:
        for path in (
            f"/share/{self.share}",
            f"/share/{self.share}/nothing",
            f"/share/{self.share}/pages.csv?is.url=%00",
            f"/invitations/{self.invitation}",
            f"/invitations/{self.invitation}/nothing",
            f"/accounts/password/reset/key/{self.reset}/",
            f"/accounts/password/reset/key/{self.reset}/nothing",
            f"/accounts/confirm-email/{self.confirmation}/",
            f"/accounts/confirm-email/{self.confirmation}/nothing",
            f"/accounts/confirm-email/{self.confirmation}",
            f"/accounts/oidc/callback/?code=mark-wrong&state={self.token}",
            "/accounts/oidc/?process=login",
            f"/nowhere?token={self.token}&password=mark-wrong",
            f"/nowhere/{self.token}",
            f"/v1/{self.token}?access_token={self.token}",
            f"/accounts/login/?next=/share/{self.share}",
        ):
            self.send("GET", path)
            self.send("POST", path, data={"password": "mark-wrong", "key": self.token})
            self.post(path, password="mark-wrong")
        self.post(f"/share/{self.share}/unlock", password="mark-link-password")
        self.post(f"/share/{self.share}/unlock", password="mark-wrong")
        self.send("GET", "/", headers={"Host": self.token, "Cookie": f"sessionid={self.token}"})
        self.send("POST", "/accounts/login/", headers={"Origin": f"https://{self.token}.example"})

    def _account(self) -> None:
        self.post("/accounts/login/", login=EMAIL, password="mark-wrong")
        self.post("/accounts/login/", login="mark-wrong", password=PASSWORD)
        self.post("/accounts/password/reset/", email=EMAIL)
        self.post("/accounts/signup/", email="eve@example.com", password1=NEXT_PASSWORD, password2=NEXT_PASSWORD)
        self.post("/accounts/login/", login=EMAIL, password=PASSWORD)
        place = "/accounts/factors/totp/activate/"
        self.post("/accounts/reauthenticate/", password="mark-wrong", next=place)
        self.post("/accounts/reauthenticate/", password=PASSWORD, next=place)
        for secret in re.findall("<code>([A-Z2-7]{32})</code>", self.send("GET", place).text):
            self.secrets.add(secret)
            self.post(place, code="000000")
            self.post(place, code=code_of(secret))
        self.secrets |= set(re.findall(r"\b\d{8}\b", self.send("GET", "/accounts/factors/recovery-codes/").text))
        self.post("/accounts/password/", oldpassword=PASSWORD, password1=NEXT_PASSWORD, password2=NEXT_PASSWORD)
        organization = self.service.organization_id
        made = self.post(f"/tokens/{organization}/new", title="x", scopes="site:read", reach="all", lasts="30")
        self.secrets |= set(re.findall(r"sit_\w{60}", made.text))
        shared = self.post(f"/sites/{organization}/{self.service.site_id}/share", title="x", report="traffic")
        self.secrets |= set(re.findall(r"/share/([\w-]{30,})", shared.text))
        asked = self.post(f"/organizations/{organization}/invitations", role="reader", email="", most_uses="1")
        self.secrets |= set(re.findall(r"/invitations/([\w-]{30,})", asked.text))
        self.post("/accounts/logout/")
        self.post("/admin/login/", username=EMAIL, password="mark-wrong")

    def _api(self) -> None:
        site = f"/v1/orgs/{self.service.organization_id}/sites/{self.service.site_id}"
        for token in (self.token, f"{self.token}x", SETTINGS["METRICS_TOKEN"]):
            bearer = {"Authorization": f"Bearer {token}"}
            for method, path, body in (
                ("POST", f"{site}/insights/events", {"events": [event("x")]}),
                ("POST", f"{site}/insights/events", {"events": [{"type": token}]}),
                ("POST", f"{site}/insights/events/aggregate", {"range": "last7Days"}),
                ("POST", f"{site}/insights/events/aggregate", {"range": token}),
                ("GET", f"{site}/insights/visitor-segments", None),
                ("GET", f"/v1/orgs/{self.token}", None),
                ("GET", "/v1/user", None),
                ("PATCH", site, {"title": "x"}),
                ("GET", "/metrics", None),
            ):
                self.send(method, path, json=body, headers=bearer)


@contextmanager
def keeping_secrets(folder: Path) -> Iterator[Service]:
    """A service whose mail server and OpenID Connect provider are away."""
    nobody = free_port()
    service = Service(
        folder,
        **SETTINGS,
        EMAIL_URL=f"smtp://insights:mark-mail-password@127.0.0.1:{nobody}",
        OIDC_ISSUER=f"http://127.0.0.1:{nobody}",
        OIDC_CLIENT_ID="insights",
    )
    try:
        yield service
    finally:
        service.end()


def told(service: Service, guest: Guest) -> set[str]:
    """The secrets that stand in what the server wrote."""
    marks = {*guest.secrets, *SETTINGS.values(), "mark-"}
    found = found_in_files(service.log.parent, [mark.encode() for mark in marks])
    return {mark.decode() for mark, places in found.items() if places != {"data"}}
