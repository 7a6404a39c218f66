"""Every route of the administration is for staff, and for those of them who have its right."""

from __future__ import annotations

from django.apps import apps
from django.test import Client

from apps.organizations.audit import record
from apps.organizations.models import User
from tests.access.people import Cast
from tests.access.routes import fill, is_admin, routes
from tests.access.table import read_table

METHODS = ("GET", "POST")


def admin_address(cast: Cast, route: str) -> str:
    values = {"object_id": "1", **cast.values}
    if "<object_id>" in route and not route.startswith("/admin/r/"):
        app, model = route.split("/")[2:4]
        first = apps.get_model(app, model)._default_manager.first()
        values["object_id"] = str(first.pk) if first else "1"
    return fill(route, values)


def admin_routes() -> list[str]:
    written = {route for _method, route in read_table()}
    return [route for route in routes() if is_admin(route) and route not in written]


def test_the_administration_is_for_staff_alone(cast: Cast) -> None:
    record("nobody", "test")  # so that there is an entry to open
    others = [person for name, person in cast.people.items() if name != "staff"]
    found = {
        f"{method} {route}": {person.ask(method, admin_address(cast, route), with_token=False) for person in others}
        for route in admin_routes()
        for method in METHODS
    }
    assert len(found) > 100
    assert {where: got for where, got in found.items() if got != {"sign in"}} == {}


def test_staff_see_every_list_of_the_administration(cast: Cast) -> None:
    staff = cast.people["staff"]
    lists = [route for route in admin_routes() if route.count("/") == 4 and "<" not in route and "/add/" not in route]
    assert len(lists) > 10
    assert {route: staff.ask("GET", route, with_token=False) for route in lists} == dict.fromkeys(lists, "yes")


def test_staff_without_a_right_see_no_list_and_no_row_of_the_administration(cast: Cast) -> None:
    clerk = Client(raise_request_exception=False)
    clerk.force_login(User.objects.create(email="clerk@example.com", is_staff=True))
    rows = [route for route in admin_routes() if route.count("/") >= 4 and not route.startswith("/admin/r/")]
    found = {route: clerk.get(admin_address(cast, route)).status_code for route in rows}
    assert len(found) > 60
    assert {route: got for route, got in found.items() if got not in (302, 403)} == {}
