"""Every way to write a target shape, with any number of axes that are dynamic."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.importing.single_node import onnx_runtime_outputs, require_packages, sigfix_outputs

require_packages()

SIZES = (2, 3, 4, 6)
FORMS = ("constant", "casts", "shape", "gathered", "fed")
# What (2, 3, 4, 6) is reshaped to; "=" is a dimension that stands at its place in the input.
TARGETS: tuple[tuple[Any, ...], ...] = (
    ("=", "=", "=", "="),
    ("=", "=", 24),
    ("=", 12, 6),
    ("=", 3, 2, 2, 6),
    ("=", "=", 2, 2, 6),
    (6, 4, 6),
    (144,),
    ("=", 72),
    ("=", "=", 8, 3),
    (1, 2, 3, 4, 6),
)


def ways(target: tuple[Any, ...], random: np.random.Generator) -> Iterator[list[int]]:
    """The target with zeros for what is copied, and with -1 at each place or none."""
    for inferred in (None, *range(len(target))):
        written = [
            SIZES[i] if d == "=" and random.random() < 0.3 else 0 if d == "=" else d
            for i, d in enumerate(target)
        ]
        if inferred is not None:
            written[inferred] = -1
        yield written


def model_of(written: list[int], dynamic: set[int], form: str, rank: int = len(SIZES)) -> Any:
    """Reshape(x * 2); the target is written in one of `FORMS`."""
    from onnx import TensorProto, helper, numpy_helper

    node, kind = helper.make_node, TensorProto
    shape = [f"d{i}" if i in dynamic else SIZES[i] for i in range(rank)]
    fed = [helper.make_tensor_value_info("x", kind.FLOAT, shape)]
    nodes = [node("Add", ["x", "x"], ["y"])]
    constants: dict[str, Any] = {}
    if form == "constant":
        constants["target"] = np.array(written, np.int64)
    elif form == "fed":
        fed.append(helper.make_tensor_value_info("target", kind.INT64, [len(written)]))
    elif form == "casts":  # paddle2onnx
        for i, size in enumerate(written):
            constants[f"c{i}"] = np.array([size], np.int32)
            nodes.append(node("Cast", [f"c{i}"], [f"t{i}"], to=kind.INT64))
    else:  # PyTorch: the sizes that are copied are asked for
        nodes.append(node("Shape", ["y"], ["sizes"]))
        asked = 0
        for i, size in enumerate(written):
            if size != 0 or asked:
                constants[f"t{i}"] = np.array([size], np.int64)
                continue
            asked += 1  # the others are still zeros
            if form == "gathered":
                constants[f"i{i}"], constants["axes"] = np.array(i), np.array([0], np.int64)
                nodes.append(node("Gather", ["sizes", f"i{i}"], [f"g{i}"], axis=0))
                nodes.append(node("Unsqueeze", [f"g{i}", "axes"], [f"t{i}"]))
            else:
                constants[f"i{i}"], constants[f"e{i}"] = np.array([i]), np.array([i + 1])
                nodes.append(node("Slice", ["sizes", f"i{i}", f"e{i}"], [f"t{i}"]))
    if form not in ("constant", "fed"):
        pieces = [f"t{i}" for i in range(len(written))]
        nodes.append(node("Concat", pieces, ["target"], axis=0))
    nodes.append(node("Reshape", ["y", "target"], ["z"]))
    graph = helper.make_graph(
        nodes,
        "g",
        fed,
        [helper.make_tensor_value_info("z", kind.FLOAT, [None] * len(written))],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("axes", range(len(SIZES) + 1))
def test_equals_onnx_runtime(form: str, axes: int) -> None:
    from sigfix.importing.onnx_simplification import simplify

    random = np.random.default_rng(axes)
    compared = 0
    for dynamic in itertools.combinations(range(len(SIZES)), axes):
        for target in TARGETS:
            for written in ways(target, random):
                if random.random() < (0.8 if axes in (0, 4) else 0.93):
                    continue
                inputs: dict[str, Any] = {"x": random.normal(size=SIZES).astype(np.float32)}
                if form == "fed":
                    inputs["target"] = np.array(written, np.int64)
                model = model_of(written, set(dynamic), form)
                expected = onnx_runtime_outputs(model, inputs)
                found = sigfix_outputs(simplify(model), inputs)
                np.testing.assert_array_equal(
                    found["z"], expected["z"], err_msg=f"{written} {dynamic}"
                )
                compared += 1
    assert compared >= 5


@pytest.mark.parametrize("form", ["constant", "fed"])
@pytest.mark.parametrize(
    ("sizes", "written"), [((0, 3, 4), (3, 4, 0)), ((2, 0, 4), (4, 0)), ((0, 2), (0, 5, 7))]
)
def test_zeros_are_literal_where_the_model_allows_them(form: str, sizes: Any, written: Any) -> None:
    """`allowzero`: 0 is no dimension that is copied, and the tensor is empty."""
    from onnx import helper

    model = model_of(list(written), set(range(len(sizes))), form, rank=len(sizes))
    next(n for n in model.graph.node if n.op_type == "Reshape").attribute.append(
        helper.make_attribute("allowzero", 1)
    )
    inputs: dict[str, Any] = {"x": np.zeros(sizes, np.float32)}
    if form == "fed":
        inputs["target"] = np.array(written, np.int64)
    expected = onnx_runtime_outputs(model, inputs)["z"]
    assert sigfix_outputs(model, inputs)["z"].shape == expected.shape == tuple(written)


def test_a_target_of_unknown_length_copies_too() -> None:
    model = model_of([0, -1], {0, 1, 2, 3}, "fed")
    model.graph.input[1].type.tensor_type.shape.dim[0].dim_param = "rank"
    model.graph.output[0].type.tensor_type.ClearField("shape")
    x = np.random.default_rng(0).normal(size=SIZES).astype(np.float32)
    for written in ([0, -1], [0, 0, 24], [-1], [0, 0, 0, 0], [0, 3, 0, 2, 3]):
        inputs = {"x": x, "target": np.array(written, np.int64)}
        expected = onnx_runtime_outputs(model, inputs)["z"]
        np.testing.assert_array_equal(sigfix_outputs(model, inputs)["z"], expected)
