"""Errors of services."""


class StudyRefused(ValueError):
    """The study does not allow the action; nothing was written. The text is for the researcher."""
