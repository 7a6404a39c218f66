"""Acme with people of every role, and nothing remembered from other tests."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from apps.api.caches import forget_all
from apps.events.store import EventStore
from apps.organizations.models import Membership, Role, User
from apps.sites.models import Site
from tests.access.people import Cast, make_cast
from tests.people import PASSWORD, World


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    forget_all()
    cache.clear()


@pytest.fixture
def blog(world: World) -> Site:
    """Acme's other site."""
    return Site.objects.create(organization=world.acme, title="Acme Blog")


@pytest.fixture
def eve(world: World) -> User:
    """An editor at Acme."""
    user = User.objects.create_user("eve@example.com", PASSWORD, first_name="Eve")
    Membership.objects.create(organization=world.acme, user=user, role=Role.EDITOR)
    return user


@pytest.fixture
def cast(db: None, store: EventStore) -> Cast:
    """Everybody of the table of docs/access.md."""
    return make_cast()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
