"""Every protocol has all its parts, on both sides of the blinding wall."""

from dataclasses import MISSING, fields
from importlib import import_module

import pytest

from annotation.protocols import PROTOCOLS as ASKED
from studies.analysis.protocols.base import ProtocolAnalysis
from studies.analysis.protocols.registry import PROTOCOLS as ANALYSED
from studies.presets import PRESETS
from tests.conftest import ROOT

NEEDED = [each.name for each in fields(ProtocolAnalysis) if each.default is MISSING]


def test_what_can_be_asked_can_be_analysed_and_nothing_else() -> None:
    assert ANALYSED.keys() == ASKED.keys()


def test_every_preset_asks_in_a_protocol_and_every_protocol_has_a_preset() -> None:
    assert {preset.protocol for preset in PRESETS.values()} == ASKED.keys()


@pytest.mark.parametrize("name", ASKED)
def test_a_protocol_has_all_its_parts_under_its_own_name(name: str) -> None:
    assert ASKED[name].name == name
    analysis = ANALYSED[name]
    assert analysis.name == name
    assert analysis is import_module(f"studies.analysis.protocols.{name}").ANALYSIS
    for part in NEEDED:
        assert getattr(analysis, part), part
    assert "{conditions}" in analysis.design
    assert (ROOT / "frontend" / "templates" / "annotation" / f"{name}.html").is_file()


@pytest.mark.parametrize("name", ANALYSED)
def test_what_a_plan_may_declare_is_named_once(name: str) -> None:
    names = [declared for declared, _ in ANALYSED[name].declarable]
    assert len(names) == len(set(names))
