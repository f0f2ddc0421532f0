"""Regions: found while converting, used by the loader where they hold, and checked by convert."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix import ConvertOptions, convert, inspect, verify
from sigfix.errors import NotVerifiedError, ParityError
from sigfix.verifying.runners import tfjs
from sigfix.verifying.runners.node import WEB, find_node, packages_directory
from tests.web_kernels.recurrent_model import STEPS, write_lstms
from tests.web_kernels.running import run_script

if not all(find_spec(package) for package in ("tensorflowjs", "onnx", "onnxruntime", "onnxslim")):
    pytest.skip("needs sigfix[all]", allow_module_level=True)
try:
    packages_directory(find_node())
except NotVerifiedError as error:
    pytest.skip(f"needs Node.js and its packages: {error.message}", allow_module_level=True)

LARGEST = 1e-5


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lstms(tmp_path_factory.mktemp("lstms") / "lstms.onnx")


@pytest.fixture(scope="module")
def converted(source: Path) -> Path:
    return convert(source, source.with_name("tfjs")).output


def changed(model: Path, folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    copied = folder / "changed"
    shutil.copytree(model, copied)
    file = copied / "model.json"
    document = json.loads(file.read_text("utf-8"))
    change(document)
    file.write_text(json.dumps(document), "utf-8")
    return copied


def regions(document: dict[str, Any]) -> Any:
    return document["userDefinedMetadata"]["sigfix"]["regions"]["regions"]


def test_convert_records_both_layers(converted: Path) -> None:
    found = regions(json.loads((converted / "model.json").read_text("utf-8")))
    assert [each["kind"] for each in found] == ["lstm", "lstm"]
    both, forward = (each["attributes"] for each in found)
    assert both == {"steps": STEPS, "directions": 2, "units": 5, "turnedIn": 2, "turnedOut": 2}
    assert forward == {"steps": STEPS, "directions": 1, "units": 8, "turnedIn": 0, "turnedOut": 0}


def test_a_model_with_regions_and_no_card_has_no_findings(converted: Path) -> None:
    assert inspect(converted).findings == ()


def test_the_loader_runs_them_by_one_kernel_each(converted: Path) -> None:
    found = run_script("loading.mjs", converted, "wasm", "")
    assert found["used"] == [True, True]
    assert (found["own"], found["infos"], found["tensors"]) == (2, [], 0)
    assert 0 < found["apart"] <= LARGEST


def test_the_runner_answers_both_ways(converted: Path) -> None:
    x = np.random.default_rng(1).normal(size=(STEPS, 4, 3)).astype("float32")
    found = tfjs.run(converted, [{"x": x}], ["y"], kernels=True)
    assert found.fast is not None
    np.testing.assert_allclose(found.fast[0]["y"], found.outputs[0]["y"], atol=LARGEST)
    assert (found.fast[0]["y"] != found.outputs[0]["y"]).any()


@pytest.mark.parametrize(
    ("backend", "version", "reason"),
    [("cpu", "", "the backend is cpu"), ("wasm", "4.21.0", "not a version that they were tested")],
)
def test_the_plain_model_where_they_cannot_be_used(
    backend: str, version: str, reason: str, converted: Path
) -> None:
    found = run_script("loading.mjs", converted, backend, version)
    assert (found["used"], found["own"], found["apart"]) == ([False, False], 0, 0)
    assert len(found["infos"]) == 1
    assert reason in found["infos"][0]


def test_the_plain_model_without_simd(converted: Path) -> None:
    flags = ("--no-enable-sse4-1", "--no-enable-sse4-2", "--no-enable-avx", "--no-enable-avx2")
    found = run_script("loading.mjs", converted, "wasm", "", flags=flags)
    if found["used"][0]:
        pytest.skip("this processor cannot be told to go without SIMD")
    assert (found["own"], found["apart"]) == (0, 0)
    assert "no SIMD" in found["infos"][0]


def swap_gates(document: dict[str, Any]) -> None:
    node = next(n for n in document["modelTopology"]["node"] if n["op"] == "Tanh")
    node["op"] = "Sigmoid"


def read_within(document: dict[str, Any]) -> None:
    """Make a state of the second layer an output of the model."""
    node = [n for n in document["modelTopology"]["node"] if n["op"] == "Tanh"][-1]
    document["signature"]["outputs"]["inside"] = {"name": f"{node['name']}:0", "dtype": "DT_FLOAT"}


def attribute(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        regions(document)[0]["attributes"][name] = value

    return change


def other_version(document: dict[str, Any]) -> None:
    document["userDefinedMetadata"]["sigfix"]["regions"]["version"] = 2


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (swap_gates, 1),
        (read_within, 1),
        (other_version, 0),
        (attribute("units", 50), 1),
        (attribute("steps", -1), 1),
        (attribute("turnedIn", "2"), 1),
        (attribute("directions", 10**12), 1),
        (lambda document: regions(document).__setitem__(0, None), 1),
        (lambda document: regions(document)[0].pop("constants"), 1),
        (lambda document: regions(document)[0].update(kind="constructor"), 1),
        (lambda document: regions(document)[0].update(constants=["nobody"]), 1),
    ],
)
def test_a_region_that_does_not_hold_is_left_plain(
    change: Callable[[dict[str, Any]], None], left: int, converted: Path, tmp_path: Path
) -> None:
    found = run_script("loading.mjs", changed(converted, tmp_path, change), "wasm", "")
    assert found["own"] == left
    assert found["apart"] <= LARGEST


def test_a_fault_in_a_kernel_is_refused(
    source: Path, converted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = tmp_path / "web"
    shutil.copytree(WEB, web)
    kernel = web / "kernels" / "recurrent.mjs"
    text = kernel.read_text("utf-8")
    # So wrong that no noise of the source is measured to tell, which takes most of a minute.
    right, wrong = (
        "    return out;",
        "    kit.backend.typedArrayFromHeap(out).fill(NaN);\n    return out;",
    )
    assert right in text
    kernel.write_text(text.replace(right, wrong), "utf-8")
    monkeypatch.setattr(tfjs, "RUNNER", web / "runner.mjs")
    with pytest.raises(ParityError, match=r"through sigfix's kernels, y: .*") as refused:
        convert(source, tmp_path / "out", ConvertOptions())
    assert "fault of theirs" in (refused.value.hint or "")
    assert not (tmp_path / "out").exists()
    (verification,) = verify(source, converted)
    assert verification.verdict == "different"
    assert "sigfix's kernels" in verification.reason
