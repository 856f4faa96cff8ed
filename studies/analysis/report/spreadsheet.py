"""Text in CSV files that a spreadsheet opens."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def escaped(text: str) -> str:
    """Return text with an apostrophe before it if a spreadsheet would take it for a formula.

    Numbers are never passed here: they stay numbers. See OWASP, CSV injection.
    """
    return f"'{text}" if text.startswith(_FORMULA) else text
