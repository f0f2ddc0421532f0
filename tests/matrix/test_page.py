"""Results, how they are kept, and what the page says of them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix.presets import PRESETS
from tests.matrix.results import Result, read_result, write_section
from tests.matrix.running import is_done
from tests.matrix.table import failures, page

pytest.importorskip("onnx")
from tests.matrix import stages

NAME = "crnn_vgg16_bn"


def _rows(stage: str, against: str) -> list[dict[str, Any]]:
    row = {"stage": stage, "against": against, "relative": 1e-6, "ok": True, "reason": ""}
    return [{**row, "batch": batch, "note": ""} for batch in (1, 4)]


def _good() -> Result:
    """A result without a fault."""
    run = {"mode": "execute", "relative": 1e-6, "works": True, "inspect": [], "agrees": True}
    return {
        "build": {"rows": _rows("ONNX", "PyTorch") + _rows("SavedModel", "ONNX")},
        "convert": {"rows": _rows("TF.js", "PyTorch"), "mode": "execute", "backend": "wasm",
                    "seconds": 20.0, "peak_mb": 2048.0},
        "operators": {"onnx_nodes": 40, "allowed": 50, "operators": 45, "transposes": 1,
                      "transposes_allowed": 1, "within": True},
        "browser": [{**run, "backend": "wasm", "error": ""},
                    {**run, "backend": "webgl", "error": ""}],
        "sizes": {"float32": {"bytes": 1000}, "float16": {"bytes": 505, "loss": 1e-3},
                  "uint8": {"bytes": 260, "loss": 1e-2}},
        "words": {"count": 100, "same": 100, "right": {"PyTorch": 95, "float32": 95, "uint8": 95},
                  "lost": {"uint8": 0}},
    }  # fmt: skip


def test_a_good_result_has_no_failure() -> None:
    assert failures({NAME: _good()}) == []


def _spoil(path: str, value: Any) -> Result:
    result = copy.deepcopy(_good())
    *parts, last = (int(part) if part.isdigit() else part for part in path.split("."))
    place: Any = result
    for part in parts:
        place = place[part]
    place[last] = value
    return result


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("build.rows.2.ok", False, "SavedModel differs from ONNX at batch 1"),
        ("convert.mode", "executeAsync", "needs executeAsync"),
        ("convert.backend", "cpu", "does not run on wasm"),
        ("convert", {"error": "Node.js was not found"}, "convert failed: Node.js was not found"),
        ("browser.1.works", False, "webgl in Chromium"),
        ("browser.0.agrees", False, "sigfix inspect --target tfjs-wasm found nothing"),
        ("browser.0.mode", "executeAsync", "wasm in Chromium needs executeAsync"),
        ("operators.within", False, "45 operators, 50 allowed"),
        ("sizes.float16.bytes", 520, "float16 is 0.520"),
        ("words.same", 99, "reads 1 of 100 words differently"),
        ("words.lost.uint8", 2, "uint8 reads 2 of 100 words wrong"),
    ],
)
def test_each_fault_is_named_with_its_model(path: str, value: Any, said: str) -> None:
    found = failures({NAME: _spoil(path, value)})
    assert any(line.startswith(f"{NAME}: ") and said in line for line in found), found


def test_the_first_stage_that_differs_is_named_on_the_page() -> None:
    result = _spoil("build.rows.2.ok", False)
    row = next(line for line in page({NAME: result}, []).splitlines() if line.startswith("| crnn"))
    assert row.endswith("| SavedModel |")


def test_a_section_or_a_model_that_is_missing_is_said_to_be() -> None:
    result = _good()
    del result["browser"]
    assert failures({NAME: result}) == [f"browser not measured: {NAME}"]
    assert "Not measured yet: fast_tiny" in page({NAME: result, "fast_tiny": {}}, [])


def test_what_was_left_out_of_a_comparison_is_said() -> None:
    result = _spoil("convert.rows.0.note", "compared 3 of 50 steps")
    assert "TF.js / PyTorch, batch 1: compared 3 of 50 steps." in page({NAME: result}, [])
    assert "tie" not in page({NAME: _good()}, [])


def test_results_are_kept_section_by_section(tmp_path: Path) -> None:
    assert read_result(NAME, tmp_path) == {}
    write_section(NAME, "build", {"rows": []}, tmp_path)
    write_section(NAME, "convert", {"error": "no"}, tmp_path)
    assert read_result(NAME, tmp_path) == {"build": {"rows": []}, "convert": {"error": "no"}}
    (tmp_path / NAME / "result.json").write_text('{"build": ')
    assert read_result(NAME, tmp_path) == {}


def test_only_what_this_code_measured_without_an_error_is_done() -> None:
    known = {"build": {"rows": []}, "convert": {"error": "no"}, "code": {"build": "a"}}
    assert is_done(known, "build", "a", keep_old=False)
    assert not is_done(known, "build", "b", keep_old=False)
    assert is_done(known, "build", "b", keep_old=True)
    assert not is_done(known, "convert", "a", keep_old=True)
    assert not is_done(known, "browser", "a", keep_old=True)


def test_each_stage_is_compared_with_the_one_before_and_with_pytorch() -> None:
    preset = PRESETS[NAME]
    values = np.linspace(0, 1, 5 * 32 * 127, dtype=np.float32).reshape(5, 32, 127)
    outputs = [{"logits": values[:1]}, {"logits": values[1:]}]
    wrong = [{"logits": values[:1]}, {"logits": values[1:] + np.float32(0.01)}]
    told = {"PyTorch": outputs, "ONNX": outputs, "SavedModel": wrong}
    found = stages.compare(preset, told, ("ONNX", "SavedModel"), [0.0, 0.0])
    noisy = stages.compare(preset, told, ("SavedModel",), [0.0, 0.004])
    assert all(c.parity.ok for c in noisy)
    assert not all(c.parity.ok for c in stages.compare(preset, told, ("SavedModel",), [1.0, 1e-3]))
    told = [(c.result, c.reference, c.batch, c.parity.ok) for c in found]
    assert told == [
        ("ONNX", "PyTorch", 1, True),
        ("ONNX", "PyTorch", 4, True),
        ("SavedModel", "ONNX", 1, True),
        ("SavedModel", "ONNX", 4, False),
        ("SavedModel", "PyTorch", 1, True),
        ("SavedModel", "PyTorch", 4, False),
    ]
    assert "off by" in stages.row(found[3])["reason"]
