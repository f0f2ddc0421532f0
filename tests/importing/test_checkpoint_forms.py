"""Checkpoints in a trainer's wrappings, of other sizes, and files that are none."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix.errors import UsageError
from sigfix.pipeline.preset_options import PresetOptions
from sigfix.presets import find_preset
from tests.importing import checkpoint_files
from tests.importing.checkpoint_files import DIGITS, FITTING, SMALL, State, fit_both_ways, prefixed

if find_spec("doctr") is None:
    pytest.skip("needs doctr", allow_module_level=True)


@pytest.fixture(scope="module")
def weights() -> State:
    """Of crnn_mobilenet_v3_small with ten characters."""
    return _state(SMALL, vocab=DIGITS)


def _state(name: str, **options: Any) -> State:
    import torch
    from doctr.models import detection, recognition

    torch.manual_seed(5)
    family = recognition if hasattr(recognition, name) else detection
    build = getattr(family, name)
    state: State = build(pretrained=False, pretrained_backbone=False, **options).state_dict()
    return state


def _save(content: Any, path: Path) -> Path:
    import torch

    torch.save(content, path)
    return path


@pytest.mark.parametrize("kind", [*FITTING, "numpy beside"])
def test_wrapped_weights_are_found(kind: str, weights: State, tmp_path: Path) -> None:
    import torch

    wrap = FITTING.get(kind, checkpoint_files.numpy_beside)
    fitted = fit_both_ways(_save(wrap(weights), tmp_path / "w.pt"))
    missing = weights.keys() - fitted.state.keys()
    assert all("num_batches" in name for name in missing)
    for name, tensor in fitted.state.items():
        exact = 1e-2 if kind == "half" else 0
        assert torch.allclose(tensor, weights[name], atol=exact, rtol=exact), name
    untouched = ("plain", "ordered", "without counters", "half", "double")
    assert bool(fitted.notes) == (kind not in untouched)


def test_the_module_computes_with_what_was_found(weights: State, tmp_path: Path) -> None:
    from sigfix.importing.doctr import build_model, run

    images = np.random.default_rng(0).random((1, 3, 32, 128), np.float32)
    content = {"epoch": 1, "model": prefixed(checkpoint_files.without_counters(weights), "module.")}
    expected, found = (
        run(build_model(find_preset(SMALL), str(path), vocabulary=DIGITS), images)
        for path in (_save(weights, tmp_path / "a.pt"), _save(content, tmp_path / "b.ckpt"))
    )
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", ["w.bin", "w.pth", "no_suffix"])
def test_safetensors_are_known_by_their_contents(name: str, weights: State, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({f"module.{k}": t.contiguous() for k, t in weights.items()}, tmp_path / name)
    assert fit_both_ways(tmp_path / name).notes


def test_several_that_differ_are_asked_about(weights: State, tmp_path: Path) -> None:
    path = _save(checkpoint_files.differing(weights), tmp_path / "w.pt")
    with pytest.raises(UsageError, match="'first', 'second'") as caught:
        fit_both_ways(path)
    assert "weights_only=True)['first'], 'weights.pt')" in (caught.value.hint or "")


def test_a_pickled_model_is_not_loaded(tmp_path: Path) -> None:
    import torch
    from doctr.models import recognition

    model = recognition.crnn_mobilenet_v3_small(pretrained=False, pretrained_backbone=False)
    for number, content in enumerate([model, {"epoch": 3, "net": model}]):
        path = tmp_path / f"{number}.pt"
        torch.save(content, path)
        with pytest.raises(UsageError, match="a whole model, pickled") as caught:
            fit_both_ways(path)
        assert "torch.save(model.state_dict()" in (caught.value.hint or "")
        assert "weights_only" not in f"{caught.value.message} {caught.value.hint}"


class Touch:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("zipped", [True, False])
def test_no_code_of_a_checkpoint_runs(zipped: bool, weights: State, tmp_path: Path) -> None:
    import torch

    content = {"model": weights, "extra": Touch(tmp_path / "ran")}
    torch.save(content, tmp_path / "w.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(UsageError, match=r"would run code|not a readable"):
        fit_both_ways(tmp_path / "w.pt")
    assert not (tmp_path / "ran").exists()


def test_a_file_without_weights_says_what_it_holds(tmp_path: Path) -> None:
    for number, (words, content) in enumerate(checkpoint_files.nothing()):
        path = _save(content, tmp_path / f"{number}.pt")
        with pytest.raises(UsageError, match=f"no state dictionary in it, but {words}"):
            fit_both_ways(path)


FOREIGN = {
    "m.weights.h5": (b"\x89HDF\r\n\x1a\n" + bytes(99), "TensorFlow's weights"),
    "weights": (b"\x89HDF\r\n\x1a\n" + bytes(99), "TensorFlow's weights"),
    "m.index": (bytes(99), "TensorFlow's weights"),
    "m.onnx": (b"\x08\x08", "ONNX model"),
    "model.safetensors.index.json": (b"{}", "says where weights are"),
    "empty.pt": (b"", "is empty"),
    "pointer.pt": (b"version https://git-lfs.github.com/spec/v1\n", "Git-LFS pointer"),
    "damaged.pt": (b"PK\x03\x04" + bytes(99), "not a readable"),
    "damaged.safetensors": (b"\xff" * 99, "not a readable"),
    "noise.pt": (bytes(range(256)), "not a readable"),
    "page.pt": (b"<!DOCTYPE html><html></html>", "not a readable"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_other_files_are_called_what_they_are(name: str, tmp_path: Path) -> None:
    content, words = FOREIGN[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=words) as caught:
        fit_both_ways(tmp_path / name)
    assert caught.value.hint
    assert "\n" not in caught.value.message


def test_a_folder_and_a_torchscript_module(tmp_path: Path) -> None:
    import torch

    with pytest.raises(UsageError, match="a folder"):
        fit_both_ways(tmp_path)
    torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)).save(tmp_path / "m.pt")
    with pytest.raises(UsageError, match="TorchScript"):
        fit_both_ways(tmp_path / "m.pt")
    with pytest.raises(UsageError, match="a folder") as caught:
        fit_both_ways(tmp_path)
    assert caught.value.hint == f"--weights {tmp_path / 'm.pt'}"


def test_weights_of_another_preset_are_named(weights: State, tmp_path: Path) -> None:
    path = _save(prefixed(weights, "module."), tmp_path / "w.pt")
    with pytest.raises(UsageError, match="those of crnn_mobilenet_v3_small, not") as caught:
        fit_both_ways(path, "crnn_vgg16_bn")
    assert caught.value.hint == "--preset crnn_mobilenet_v3_small"
    changed = {k: t for k, t in weights.items() if not k.startswith("feat_extractor.3")}
    with pytest.raises(UsageError, match=r"\d+ of its 258 tensors fit") as caught:
        fit_both_ways(_save(changed, tmp_path / "changed.pt"))
    assert "export_model_to_onnx" in (caught.value.hint or "")


@pytest.mark.parametrize("name", ["sar_resnet31", "master", "parseq", "vitstr_small"])
def test_another_vocabulary_of_every_decoder(name: str, tmp_path: Path) -> None:
    """Some have an embedding of the classes besides the head."""
    path = _save(_state(name, vocab=DIGITS), tmp_path / "w.pt")
    with pytest.raises(UsageError, match="another vocabulary, of 10 characters"):
        fit_both_ways(path, name, "french")
    assert not fit_both_ways(path, name, DIGITS).notes


@pytest.mark.parametrize("name", ["vitstr_small", "parseq", "master"])
@pytest.mark.parametrize("width", [96, 256])
def test_the_width_that_the_positions_tell(name: str, width: int, tmp_path: Path) -> None:
    state = _state(name, vocab=DIGITS, input_shape=(3, 32, width))
    fitted = fit_both_ways(_save({"model": state}, tmp_path / "w.pt"), name)
    assert fitted.preset.input_shape == (None, 32, width, 3)
    assert any(f"32 x {width}" in note for note in fitted.notes)
    with pytest.raises(UsageError, match="another vocabulary, of 10 characters"):
        fit_both_ways(tmp_path / "w.pt", name, "french")


@pytest.mark.parametrize("name", ["db_mobilenet_v3_large", "linknet_resnet18", "fast_tiny"])
@pytest.mark.parametrize("count", [2, 5])
def test_a_detector_of_several_classes(name: str, count: int, tmp_path: Path) -> None:
    state = _state(name, class_names=[f"c{number}" for number in range(count)])
    fitted = fit_both_ways(_save(state, tmp_path / "w.pt"), name)
    assert fitted.preset.output_shape(0) == (None, 1024, 1024, count)
    assert any(f"{count} classes" in note for note in fitted.notes)


def test_the_names_of_classes_must_be_as_many(tmp_path: Path) -> None:
    from sigfix.importing.doctr import fit_weights

    names = ("date", "total")
    path = str(_save(_state("fast_tiny", class_names=[*names]), tmp_path / "w.pt"))
    named = PresetOptions(path, classes=names).preset("fast_tiny")
    fitted = fit_weights(named, path)
    assert (fitted.preset.class_names, fitted.notes) == (names, ())
    for wrong in (("words",), ("a", "b", "c")):
        preset = PresetOptions(path, classes=wrong).preset("fast_tiny")
        with pytest.raises(UsageError, match=f"2 classes, and --classes names {len(wrong)}"):
            fit_weights(preset, path)


@pytest.mark.parametrize("options", [{}, {"class_names": ["date", "total"]}])
def test_fast_with_merged_branches(options: dict[str, Any], tmp_path: Path) -> None:
    import torch
    from doctr.models.detection.fast.pytorch import fast_tiny, reparameterize

    from sigfix.importing.doctr import build_model, run
    from sigfix.importing.exportable import as_exported

    torch.manual_seed(5)
    model = fast_tiny(pretrained=False, pretrained_backbone=False, exportable=True, **options)
    model = reparameterize(model.eval())
    state = prefixed(model.state_dict(), "module.")
    built = build_model(find_preset("fast_tiny", 96), str(_save(state, tmp_path / "w.pt")))
    image = np.random.default_rng(0).random((1, 3, 96, 96), np.float32)
    with torch.inference_mode():
        expected = model(torch.from_numpy(image))["logits"].numpy()
    np.testing.assert_array_equal(run(built, image), expected)
    again = as_exported(built.module)  # merges what is merged
    with torch.inference_mode():
        np.testing.assert_array_equal(again(torch.from_numpy(image))["logits"].numpy(), expected)
    assert any("merged" in note for note in built.notes)


def test_a_dry_run_looks_into_the_file(
    weights: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from sigfix.cli.main import main

    def run(path: Path, *more: str) -> tuple[int, str, str]:
        command = ["repair", "--preset", SMALL, "--weights", str(path), "--dry-run", *more]
        with pytest.raises(SystemExit) as stopped:
            main(command)
        shown = capsys.readouterr()
        return int(stopped.value.code or 0), shown.out, shown.err

    path = _save({"model": weights}, tmp_path / "w.pt")
    code, _, told = run(path)
    assert code == 2
    assert "another vocabulary, of 10 characters" in told
    code, out, told = run(path, "--vocab", DIGITS)
    assert code == 0
    assert "10 characters, the CTC blank" in out
    assert "note: w.pt: the weights are those under 'model'" in told
    wide = _save(_state("vitstr_small", input_shape=(3, 32, 256)), tmp_path / "wide.pt")
    with pytest.raises(SystemExit):
        main(["repair", "--preset", "vitstr_small", "--weights", str(wide), "--dry-run"])
    assert "float32[?,32,256,3]" in capsys.readouterr().out


def test_numbers_that_begin_as_a_pickle_does_are_numbers(tmp_path: Path) -> None:
    """The old format says first how many there are: 128 of them begin with a pickle's \\x80."""
    import torch

    content = {"a.weight": torch.zeros(128), "extra": Touch(tmp_path / "ran")}
    torch.save(content, tmp_path / "w.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(UsageError, match="would run code"):
        fit_both_ways(tmp_path / "w.pt")
