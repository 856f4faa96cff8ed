"""A study as files for analysts: unblinded, raters under pseudonyms, written piece by piece."""
