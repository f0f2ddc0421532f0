"""ONNX's loader opens the files that tensors lie in, wherever in the model the tensors are."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.pipeline.repair import plan
from sigfix.reading.onnx import read_onnx
from tests.reading.test_other_formats import field, value_info

OUTSIDE = field(1, 1) + field(2, 1) + field(8, b"w")
OUTSIDE += field(13, field(1, b"location") + field(2, b"weights.bin")) + field(14, 1)
"""A TensorProto whose number is in weights.bin."""


def node(operator: bytes, attribute: bytes) -> bytes:
    return field(2, b"y") + field(4, operator) + field(5, field(1, b"value") + attribute)


def _graph(*nodes: bytes, more: bytes = b"") -> bytes:
    graph = b"".join(field(1, item) for item in nodes) + field(2, b"main") + more
    return field(7, graph + field(11, value_info("x", 1, [1])) + field(12, value_info("y", 1, [1])))


FUNCTION = field(25, field(1, b"f") + field(7, node(b"Constant", field(5, OUTSIDE))))
PLACES = {
    "a weight": _graph(more=field(5, OUTSIDE)),
    "a constant": _graph(node(b"Constant", field(5, OUTSIDE))),
    "another operator's value": _graph(node(b"ConstantOfShape", field(5, OUTSIDE))),
    "a list of tensors": _graph(node(b"Custom", field(10, OUTSIDE))),
    "a sparse weight": _graph(more=field(15, field(1, OUTSIDE))),
    "a sparse constant": _graph(node(b"Constant", field(22, field(2, OUTSIDE)))),
    "a branch": _graph(node(b"If", field(6, field(5, OUTSIDE)))),
    "a function": _graph(node(b"f", field(3, 1))) + FUNCTION,
}


@pytest.mark.parametrize("place", PLACES)
def test_a_link_out_of_the_model_is_refused_wherever_a_tensor_names_it(
    place: str, tmp_path: Path
) -> None:
    """Constants and weights alone were looked at: of the others the link was followed."""
    (tmp_path / "secret").write_bytes(bytes(4))
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "weights.bin").symlink_to("../secret")
    path = folder / "m.onnx"
    path.write_bytes(field(1, 8) + PLACES[place] + field(8, field(2, 17)))
    (problem,) = read_onnx(path).problems
    assert problem.code == "CON209"
    assert plan(path).verdict == "blocked"


def test_operators_of_functions_are_not_those_of_the_graph(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(field(1, 8) + PLACES["a function"] + field(8, field(2, 17)))
    assert read_onnx(path).operators == {"f": 1}
