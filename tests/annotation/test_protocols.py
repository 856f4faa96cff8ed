"""Every protocol has all of its parts: a folder, a page, a form, and its texts in German."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polib
import pytest
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

from annotation import protocols
from annotation.protocols import PROTOCOLS
from annotation.protocols.base import Key, Protocol
from annotation.protocols.compare import COMPARE
from annotation.protocols.payload import Payload
from tests.annotation.factories import item_of
from tests.annotation.german import CATALOGUE

FOLDER = Path(protocols.__file__).parent
TRANSLATED = {entry.msgid for entry in polib.pofile(str(CATALOGUE)) if entry.translated()}


def missing_parts(protocol: Protocol[Any], item: dict[str, Any]) -> set[str]:
    """Return what a protocol lacks to be asked, given one of its payloads."""
    payload = protocol.read(item)
    texts = [*protocol.faults.values(), *(key.does for key in protocol.keys(payload))]
    present = {
        "folder": (FOLDER / protocol.name / "__init__.py").is_file(),
        "registry": PROTOCOLS.get(protocol.name) is protocol,
        "page": _has_template(protocol.template),
        "payload": issubclass(protocol.payload, Payload) and payload.to_json() == item,
        "fields": bool(protocol.fields),
        "faults": bool(protocol.faults) and protocol.faults.keys() <= {*protocol.fields},
        "keys": bool(protocol.keys(payload)),
        "German": set(texts) <= TRANSLATED,
    }
    return {part for part, is_there in present.items() if not is_there}


def _has_template(name: str) -> bool:
    try:
        get_template(name)
    except TemplateDoesNotExist:
        return False
    return True


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_a_protocol_has_all_of_its_parts(name: str) -> None:
    item = PROTOCOLS[name].read(item_of(name)).to_json()
    assert missing_parts(PROTOCOLS[name], item) == set()


def test_every_folder_is_in_the_registry() -> None:
    folders = {path.parent.name for path in FOLDER.glob("*/__init__.py")}
    assert folders == PROTOCOLS.keys()


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"name": "sing"}, {"folder", "registry", "page"}),
        ({"fields": ()}, {"registry", "fields", "faults"}),
        ({"faults": {}}, {"registry", "faults"}),
        ({"faults": {"choice": "Nobody translated this."}}, {"registry", "German"}),
        ({"keys": lambda _payload: ()}, {"registry", "keys"}),
        ({"keys": lambda _payload: (Key(("1",), "Nor this"),)}, {"registry", "German"}),
    ],
)
def test_a_part_that_is_missing_is_named(change: dict[str, Any], missing: set[str]) -> None:
    item = PROTOCOLS["compare"].read(item_of("compare")).to_json()
    assert missing_parts(replace(COMPARE, **change), item) == missing
