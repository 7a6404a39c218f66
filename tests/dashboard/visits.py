"""Somebody without an account, and the share link that they have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from apps.sites.models import ShareLink, Site
from apps.sites.sharing import create_link
from tests.dashboard.conftest import Desk

SECRET = "a quiet morning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A link to Acme's Traffic page, made by Ada, and somebody without an account who has it."""

    desk: Desk
    link: ShareLink
    token: str
    client: Client = field(default_factory=Client)

    @property
    def address(self) -> str:
        return f"/share/{self.token}"

    def get(self, path: str = "", **headers: str) -> Any:
        return self.client.get(self.address + path, headers=headers)

    def guess(self, password: str, *, address: str = "192.0.2.1") -> Any:
        return self.client.post(f"{self.address}/unlock", {"password": password}, REMOTE_ADDR=address)

    @property
    def sees_figures(self) -> bool:
        answer = self.get()
        return answer.status_code == 200 and "Top pages" in answer.content.decode()


def share(desk: Desk, *, site: Site | None = None, **options: Any) -> Visit:
    options = {"title": "For the board", "report": "traffic", "parameters": "range=30d"} | options
    link, token = create_link(site=site or desk.site, who=desk.world.ada, **options)
    return Visit(desk=desk, link=link, token=token)
