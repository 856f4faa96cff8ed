"""Who is let in to the API by a password sent with the request."""

from typing import Any

from rest_framework.authentication import BasicAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request


class StaffByPassword(BasicAuthentication):
    """Staff alone, as `curl -u` has it.

    Whether the password of anybody else is right is not told: raters' pages count the tries at
    theirs, and here nothing does.
    """

    def authenticate_credentials(
        self, userid: str, password: str, request: Request | None = None
    ) -> Any:
        """Return the user; AuthenticationFailed for a wrong password and for who is no staff."""
        found = super().authenticate_credentials(userid, password, request)
        if not found[0].is_staff:
            raise AuthenticationFailed("Invalid username/password.")
        return found
