"""What raters' pages say: every text to translate, found in templates, Python and scripts."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.template import Node
from django.template.base import Template
from django.template.loader import get_template
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

ROOT = Path(settings.BASE_DIR)
TEMPLATES = ROOT / "frontend" / "templates"
CALLS = {"gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "_"}


@dataclass(frozen=True, slots=True)
class Message:
    """A text to translate; `plural` is empty for one without numbers."""

    singular: str
    plural: str = ""


def messages() -> set[Message]:
    """Return every text of the rater's pages, those of both kinds of error included."""
    names = [f"annotation/{path.relative_to(TEMPLATES / 'annotation')}" for path in _templates()]
    found = set[Message]()
    for name in [*names, "base.html", "404.html", "403_csrf.html"]:
        template = get_template(name).template  # type: ignore[attr-defined]
        found |= set(_in_template(template))
    for path in sorted((ROOT / "annotation").rglob("*.py")):
        found |= set(_in_python(path))
    return found


def _templates() -> list[Path]:
    return sorted((TEMPLATES / "annotation").rglob("*.html"))


def _in_template(template: Template) -> Iterator[Message]:
    for node in template.nodelist.get_nodes_by_type(Node):
        if isinstance(node, TranslateNode):
            yield Message(str(node.filter_expression.var.literal))
        elif isinstance(node, BlockTranslateNode):
            plural = node.render_token_list(node.plural)[0] if node.plural else ""
            yield Message(node.render_token_list(node.singular)[0], plural)


def _in_python(path: Path) -> Iterator[Message]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
            said = [text for text in texts if isinstance(text, str)]
            if said:
                yield Message(*said[: 2 if "ngettext" in node.func.id else 1])


def texts_of_scripts(names: tuple[str, ...]) -> set[str]:
    """Return what scripts say with `t("...")`."""
    static = ROOT / "frontend" / "static" / "js"
    found = set[str]()
    for name in names:
        found |= set(re.findall(r'\bt\(\s*"([^"]+)"', (static / f"{name}.js").read_text()))
    return found
