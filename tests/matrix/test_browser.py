"""What `sigfix inspect --target` says of a backend is what happens in a real Chromium."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix.errors import NotVerifiedError
from sigfix.verifying.runners.chromium import find_chromium
from sigfix.verifying.runners.node import find_node, packages_directory
from tests.matrix import browser
from tests.matrix.foretelling import foretold_failures

if find_chromium() is None:
    pytest.skip("needs Chromium", allow_module_level=True)
try:
    packages_directory(find_node())
except NotVerifiedError as error:
    pytest.skip(f"needs Node.js and its packages: {error.message}", allow_module_level=True)

RANDOM = np.random.default_rng(0)


@dataclass(frozen=True)
class Graph:
    """One operator over inputs, and what it computes."""

    op: str
    attributes: dict[str, Any]
    inputs: tuple[Any, ...]
    expected: Any

    def write(self, folder: Path) -> Path:
        """A TF.js model without weights: all the operator reads is fed."""
        nodes: list[dict[str, Any]] = []
        signature: dict[str, Any] = {"inputs": {}, "outputs": {}}
        for number, array in enumerate(self.inputs):
            name = f"x{number}"
            shape = {"dim": [{"size": str(size)} for size in array.shape]}
            attributes = {"dtype": {"type": "DT_FLOAT"}, "shape": {"shape": shape}}
            nodes.append({"name": name, "op": "Placeholder", "attr": attributes})
            signature["inputs"][name] = {
                "name": f"{name}:0", "dtype": "DT_FLOAT", "tensorShape": shape,
            }  # fmt: skip
        attributes = {"T": {"type": "DT_FLOAT"}, **self.attributes}
        names = [f"x{number}" for number in range(len(self.inputs))]
        nodes.append({"name": "y", "op": self.op, "input": names, "attr": attributes})
        signature["outputs"]["y"] = {"name": "y:0", "dtype": "DT_FLOAT"}
        folder.mkdir(exist_ok=True)
        model = {
            "format": "graph-model",
            "modelTopology": {"node": nodes, "versions": {"producer": 1882}},
            "signature": signature,
            "weightsManifest": [],
        }
        (folder / "model.json").write_text(json.dumps(model))
        return folder


def text(value: str) -> dict[str, Any]:
    return {"s": base64.b64encode(value.encode()).decode()}


def texts(*values: str) -> dict[str, Any]:
    return {"list": {"s": [text(value)["s"] for value in values]}}


def numbers(*values: int) -> dict[str, Any]:
    return {"list": {"i": [str(value) for value in values]}}


def noise(*shape: int) -> Any:
    return RANDOM.random(shape, dtype=np.float32)


A, B, IMAGE, KERNEL = noise(3, 4), noise(4, 5), noise(1, 6, 6, 4), noise(1, 1, 4, 5)
CONVOLUTION = {"strides": numbers(1, 1, 1, 1), "padding": text("VALID"),
               "data_format": text("NHWC"), "dilations": numbers(1, 1, 1, 1)}  # fmt: skip
PRODUCT = IMAGE @ KERNEL[0, 0]
GRAPHS = {
    "relu": Graph("Relu", {}, (A - 0.5,), np.maximum(A - 0.5, 0)),
    "einsum": Graph(
        "Einsum", {"equation": text("ij,jk->ik"), "N": {"i": "2"}}, (A, B), A @ B
    ),
    "convolution": Graph("Conv2D", CONVOLUTION, (IMAGE, KERNEL), PRODUCT),
    "channels first": Graph(
        "Conv2D", {**CONVOLUTION, "data_format": text("NCHW")},
        (np.ascontiguousarray(IMAGE.transpose(0, 3, 1, 2)), KERNEL),
        PRODUCT.transpose(0, 3, 1, 2),
    ),
    "fused relu6": Graph(
        "_FusedConv2D",
        {**CONVOLUTION, "fused_ops": texts("BiasAdd", "Relu6"), "num_args": {"i": "1"}},
        (IMAGE, KERNEL, B[0]), np.clip(PRODUCT + B[0], 0, 6),
    ),
    "fused hard-swish": Graph(
        "_FusedConv2D",
        {**CONVOLUTION, "fused_ops": texts("BiasAdd", "_FusedHardSwish"), "num_args": {"i": "1"}},
        (IMAGE, KERNEL, B[0]),
        (PRODUCT + B[0]) * np.clip(PRODUCT + B[0] + 3, 0, 6) / 6,
    ),
}  # fmt: skip
CASES = [
    ("einsum", "wasm", False),
    ("einsum", "webgl", True),
    ("relu", "webgpu", True),
    *(
        pytest.param(*case, marks=pytest.mark.matrix)
        for case in (
            ("relu", "wasm", True),
            ("relu", "webgl", True),
            ("convolution", "wasm", True),
            ("convolution", "webgl", True),
            ("channels first", "wasm", False),
            ("channels first", "webgl", True),
            ("fused relu6", "wasm", True),
            ("fused relu6", "webgl", True),
            ("fused hard-swish", "wasm", False),
            ("fused hard-swish", "webgl", False),
        )
    ),
]


@pytest.mark.parametrize(("name", "backend", "works"), CASES)
def test_the_operator_check_foretells_what_chromium_does(
    name: str, backend: str, works: bool, tmp_path: Path
) -> None:
    """About three seconds a case, for a browser of its own."""
    graph = GRAPHS[name]
    model = graph.write(tmp_path / "model")
    inputs = {f"x{number}": array for number, array in enumerate(graph.inputs)}
    run = browser.run(model, inputs, ["y"], backend, time_limit=60)
    ran = not run.error
    if ran:
        assert (run.backend, run.mode) == (backend, "execute")
        ran = bool(np.allclose(run.outputs["y"], graph.expected, atol=1e-5))
    foretold = foretold_failures(model, backend)
    assert ran == works, run.error or run.outputs
    assert (not foretold) == works, foretold


def test_a_page_cannot_leave_the_folders_that_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("no")
    model = GRAPHS["relu"].write(tmp_path / "model")
    session = browser._Session(model, tmp_path / "model", {}, ["y"], "wasm")
    assert session.content("/model/model.json")
    assert session.content("/model/../secret") is None
    assert session.content("/elsewhere/model.json") is None


def test_time_is_limited(tmp_path: Path) -> None:
    model = GRAPHS["relu"].write(tmp_path / "model")
    run = browser.run(model, {"x0": A}, ["y"], "wasm", time_limit=0)
    assert run.error == "no result within 0 s"
