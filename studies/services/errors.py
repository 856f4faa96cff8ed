"""Why a study cannot do what was asked."""


class StudyRefused(ValueError):
    """The study cannot be built, opened or closed as it is. Nothing was written."""
