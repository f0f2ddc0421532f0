"""The table of docTR's tensors against docTR itself, with sizes that it was not made from."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import pytest

from sigfix.importing.doctr_tensors import TABLE, model_shapes
from sigfix.presets import PRESETS, Preset, find_preset

if find_spec("doctr") is None:
    pytest.skip("needs doctr", allow_module_level=True)

from tests.tools.doctr_tensors import built_shapes, table

FORMS = {
    "crnn_mobilenet_v3_small": PRESETS["crnn_mobilenet_v3_small"],
    "sar_resnet31": PRESETS["sar_resnet31"],
    "master": PRESETS["master"].sized(32, 96),
    "parseq": PRESETS["parseq"].sized(32, 200),
    "db_mobilenet_v3_large": replace(PRESETS["db_mobilenet_v3_large"], maps=5),
    "linknet_resnet18": find_preset("linknet_resnet18", 512),
    "mobilenet_v3_small_crop_orientation": PRESETS["mobilenet_v3_small_crop_orientation"],
}


@pytest.mark.parametrize("name", FORMS)
def test_the_table_has_what_doctr_builds(name: str) -> None:
    _compare(FORMS[name])


@pytest.mark.parametrize("is_merged", [False, True])
def test_fast_with_its_branches_and_merged(is_merged: bool) -> None:
    _compare(replace(PRESETS["fast_tiny"], maps=4), is_merged)


def _compare(preset: Preset, is_merged: bool = False) -> None:
    for characters in (1, 33) if preset.is_recogniser else (0,):
        built = built_shapes(preset, characters, is_merged)
        known = model_shapes(preset, "x" * characters, is_merged)
        assert list(known.items()) == list(built.items())


@pytest.mark.matrix
def test_the_whole_table_is_what_is_made_now() -> None:
    assert TABLE.read_text(encoding="ascii") == table()
