"""The rater's pages. A rater is known by a signed cookie; no session is read or written."""
