"""docTR checkpoints of other vocabularies, as files."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from sigfix.errors import BlockedError, UsageError
from sigfix.presets import find_preset

if find_spec("doctr") is None:
    pytest.skip("needs doctr", allow_module_level=True)

DIGITS = "0123456789"


def _checkpoint(name: str, path: Path, half: bool = False) -> None:
    """A checkpoint as training leaves it: docTR's own model with ten characters."""
    import torch
    from doctr.models import recognition
    from safetensors.torch import save_file

    torch.manual_seed(11)
    state = getattr(recognition, name)(
        pretrained=False, pretrained_backbone=False, vocab=DIGITS
    ).state_dict()
    state = {k: t.half() if half and t.is_floating_point() else t for k, t in state.items()}
    if path.suffix == ".safetensors":
        save_file({k: t.contiguous() for k, t in state.items()}, path)
    else:
        torch.save(state, path)


@pytest.mark.parametrize(
    ("name", "file", "classes"),
    [
        ("crnn_mobilenet_v3_small", "w.pt", 11),
        ("crnn_mobilenet_v3_small", "w.safetensors", 11),
        ("master", "w.pt", 13),
    ],
)
def test_another_vocabulary_is_another_head(
    name: str, file: str, classes: int, tmp_path: Path
) -> None:
    from sigfix.importing.doctr import build_model, run

    preset = find_preset(name)
    _checkpoint(name, tmp_path / file, half=file.endswith("safetensors"))
    model = build_model(preset, str(tmp_path / file), vocabulary=DIGITS)
    assert (model.vocabulary, model.weights) == (DIGITS, file)
    assert preset.output_shape(len(DIGITS)) == (None, preset.steps, classes)
    if name != "master":  # its fifty rounds take seconds
        logits = run(model, np.zeros((1, 3, 32, 128), np.float32))
        assert logits.shape == (1, preset.steps, classes)
    assert model.module.get_submodule(preset.head).out_features == classes


def test_a_vocabulary_that_does_not_fit_the_head_is_refused(tmp_path: Path) -> None:
    from sigfix.importing.doctr import build_model

    _checkpoint("crnn_mobilenet_v3_small", tmp_path / "w.pt")
    words = r"trained for another vocabulary, of 10 characters.*127.*126 characters"
    with pytest.raises(UsageError, match=words) as caught:
        build_model(find_preset("crnn_mobilenet_v3_small"), str(tmp_path / "w.pt"))
    assert "digits" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("name", "classes", "fits"),
    [("crnn_vgg16_bn", 127, True), ("crnn_vgg16_bn", 4, False), ("master", 129, True)],
)
def test_the_vocabulary_of_an_onnx_file_is_checked(name: str, classes: int, fits: bool) -> None:
    from onnx import TensorProto, helper

    from sigfix.importing.onnx_graph import check_vocabulary

    value = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 32, classes])
    model = helper.make_model(helper.make_graph([], "head", [], [value]))
    if fits:
        check_vocabulary(model, find_preset(name), "x" * 126, Path("file.onnx"))
        return
    with pytest.raises(BlockedError, match=r"file\.onnx has 4 classes") as caught:
        check_vocabulary(model, find_preset(name), "x" * 126, Path("file.onnx"))
    assert "own 3 characters in their order" in (caught.value.hint or "")


def test_a_detector_of_another_side_is_named_with_its_size() -> None:
    from onnx import TensorProto, helper

    from sigfix.importing.onnx_graph import check_preset

    values = [
        helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 3, 256, 256]),
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 1, 256, 256]),
    ]
    model = helper.make_model(helper.make_graph([], "detector", values[:1], values[1:]))
    with pytest.raises(BlockedError, match=r"found 'input' \[\?, 3, 256, 256\]") as caught:
        check_preset(model, find_preset("linknet_resnet18"), Path("file.onnx"))
    assert caught.value.hint == "--size 256"
    check_preset(model, find_preset("linknet_resnet18", 256), Path("file.onnx"))
    with pytest.raises(BlockedError) as caught:
        check_preset(model, find_preset("crnn_vgg16_bn"), Path("file.onnx"))
    assert caught.value.hint == "leave --preset out to convert it as it is"
