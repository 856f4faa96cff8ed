"""Basic authentication for the API."""

from typing import Any

from rest_framework.authentication import BasicAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request


class StaffByPassword(BasicAuthentication):
    """Staff only, with user name and password as `curl -u` sends them.

    It doesn't reveal whether a password of anyone else is right: raters' pages limit login
    attempts, and this doesn't.
    """

    def authenticate_credentials(
        self, userid: str, password: str, request: Request | None = None
    ) -> Any:
        """Return the user; AuthenticationFailed for a wrong password or a user who is not staff."""
        found = super().authenticate_credentials(userid, password, request)
        if not found[0].is_staff:
            raise AuthenticationFailed("Invalid username/password.")
        return found
