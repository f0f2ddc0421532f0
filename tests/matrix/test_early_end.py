"""A head biased to the end of the sequence: docTR stops early, what sigfix exports must not.

A trace of docTR's own loop keeps as many steps as its example image needed, one here.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix.pipeline.preset import export_preset, finish_onnx, import_preset
from sigfix.pipeline.preset_options import PresetOptions
from sigfix.pipeline.progress import silent
from sigfix.presets import PRESETS
from tests.made_up import channels_first, preset_images

if not all(find_spec(package) for package in ("doctr", "onnxslim", "tensorflow")):
    pytest.skip("needs sigfix[doctr]", allow_module_level=True)

TOLERANCE = 1e-4
HEADS = {"master": "linear.bias", "parseq": "head.bias"}


def biased_weights(name: str, folder: Path) -> Path:
    """Random weights whose head always prefers the end of the sequence, as a checkpoint."""
    import torch

    from sigfix.importing import doctr

    model = doctr.build_model(PRESETS[name], doctr.RANDOM)
    state = model.module.state_dict()
    state[HEADS[name]][len(model.vocabulary)] += 100.0
    file = folder / f"{name}.pt"
    torch.save(state, file)
    return file


def up_to_the_end(logits: Any, end: int) -> list[Any]:
    """The logits of each sequence up to its first end of the sequence, that step included."""
    ends = (logits.argmax(-1) == end).argmax(-1)
    return [row[: last + 1] for row, last in zip(logits, ends, strict=True)]


@pytest.mark.matrix
@pytest.mark.parametrize("name", list(HEADS))
def test_a_head_biased_to_the_end_keeps_every_step(name: str, tmp_path: Path) -> None:
    from sigfix.importing import doctr
    from tests.plain_runs import run_onnx, run_saved_model

    preset = PRESETS[name]
    options = PresetOptions(str(biased_weights(name, tmp_path)))
    exported = tmp_path / f"{name}.onnx"
    model, _ = export_preset(preset, options, exported, silent)
    end = len(model.vocabulary)
    images = preset_images(preset, 2)
    image = channels_first(images)
    expected = doctr.run(model, image)
    assert (expected.argmax(-1)[:, 0] == end).all()
    from_onnx = run_onnx(exported, [{"input": image}])[0]["logits"]
    import_preset(preset, finish_onnx(preset, exported, tmp_path), tmp_path / "model")
    from_tensorflow = run_saved_model(tmp_path / "model", [{"input": images}])[0]["logits"]
    for logits in (from_onnx, from_tensorflow):
        assert logits.shape == (2, preset.steps, end + preset.extra_classes)
        for ours, theirs in zip(
            up_to_the_end(logits, end), up_to_the_end(expected, end), strict=True
        ):
            assert ours.shape == theirs.shape
            assert np.abs(ours - theirs).max() <= TOLERANCE * np.ptp(theirs)
