"""What a page says outside its foreign parts, and whether the German catalogue says it."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import polib

from deploy.compile_translations import LOCALE

CATALOGUE = LOCALE / "de" / "LC_MESSAGES" / "django.po"
READ_OUT = {"aria-label", "alt", "title", "placeholder", "data-label", "data-missing"}
READ_OUT |= {"data-ranked", "data-unranked", "data-move", "data-brush"}
VOID = {"meta", "link", "input", "img", "br", "hr", "rect"}
# Names of keys and options, figures, and the languages' own names.
NAMES = re.compile(
    r"[A-Z0-9]+|Tab|Shift|Esc|English|Deutsch|Concordance|testserver/\S+|[\d\W_]+|[\d,]+ ?%"
)


class Texts(HTMLParser):
    """Collects texts and what is read out, but for what is in another language than the page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_foreign = given.get("lang", "de") != "de" or any(self._open)
        is_foreign |= tag in ("script", "style", "title")
        if tag not in VOID:
            self._open.append(is_foreign)
        if not is_foreign:
            self.found += [str(given[name]) for name in READ_OUT & given.keys() if given[name]]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        # Where one text follows another, the template begins a line.
        texts = (" ".join(line.split()) for line in data.splitlines())
        if not any(self._open):
            self.found += filter(None, texts)


def _said(entries: polib.POFile) -> Iterator[str]:
    for entry in entries:
        yield from entry.msgstr_plural.values() if entry.msgid_plural else (entry.msgstr,)


def _patterns() -> list[re.Pattern[str]]:
    texts = {part for text in _said(polib.pofile(str(CATALOGUE))) for part in _parts(text)}
    return [re.compile(_open_places(text)) for text in texts]


def _parts(text: str) -> list[str]:
    """Return a text's pieces between tags, as a parser finds them."""
    return [part for part in (" ".join(p.split()) for p in re.split(r"<[^>]*>", text)) if part]


def _open_places(text: str) -> str:
    return re.sub(r"%\\\(\w+\\\)s|\\\{\w+\\\}", ".*", re.escape(text))


PATTERNS = _patterns()


def not_german(page: str) -> list[str]:
    """Return what a German page says in no words of the catalogue, foreign parts aside."""
    texts = Texts()
    texts.feed(page)
    return [
        text
        for text in texts.found
        if not NAMES.fullmatch(text) and not any(p.fullmatch(text) for p in PATTERNS)
    ]
