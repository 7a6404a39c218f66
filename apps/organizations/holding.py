"""The invitation that somebody came with: kept in their browser's session until it is answered.

Of its secret the session keeps what the invitation's row keeps, a keyed hash: sessions lie in the database.
"""

from __future__ import annotations

from django.http import HttpRequest

from apps.core.clock import utc_now
from apps.organizations.models import Invitation, User

SESSION_KEY = "invitation"


def hold(request: HttpRequest, invitation: Invitation) -> None:
    """Keep it, in place of any other."""
    request.session[SESSION_KEY] = [invitation.pk, invitation.secret_hash]


def held(request: HttpRequest) -> Invitation | None:
    """The invitation that the browser came with, where whoever uses it can still accept it; any other is forgotten."""
    kept = request.session.get(SESSION_KEY)
    if kept is None:
        return None
    who = request.user if isinstance(request.user, User) else None
    found = Invitation.objects.again(*kept, now=utc_now(), who=who) if isinstance(kept, list) else None
    if found is None:
        let_go(request)
    return found


def let_go(request: HttpRequest) -> None:
    """Forget it in this browser."""
    request.session.pop(SESSION_KEY, None)
