"""Basic authentication for the API."""

from typing import Any

from rest_framework.authentication import BasicAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request


class StaffByPassword(BasicAuthentication):
    """Staff only, with user name and password as `curl -u` sends them.

    Whether the password of anybody else is right is not told: raters' pages count the tries at
    theirs, and here nothing does.
    """

    def authenticate_credentials(
        self, userid: str, password: str, request: Request | None = None
    ) -> Any:
        """Return the user; AuthenticationFailed for a wrong password or a user who is not staff."""
        found = super().authenticate_credentials(userid, password, request)
        if not found[0].is_staff:
            raise AuthenticationFailed("Invalid username/password.")
        return found
