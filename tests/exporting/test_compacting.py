"""What is left out of model.json."""

from __future__ import annotations

import json
from importlib.util import find_spec

import pytest

if find_spec("tensorflowjs") is None:
    pytest.skip("needs tensorflowjs", allow_module_level=True)

from sigfix.exporting.compacting import compact


def _node(op: str, **attributes):
    return {"name": "n", "op": op, "input": ["x"], "attr": attributes}


def _kept(op: str, **attributes) -> set[str]:
    (node,) = compact({"node": [_node(op, **attributes)]})["node"]
    assert {k: node[k] for k in ("name", "op", "input")} == {"name": "n", "op": op, "input": ["x"]}
    return set(node.get("attr", {}))


FLOAT = {"type": "DT_FLOAT"}


@pytest.mark.parametrize(
    ("op", "attributes", "kept"),
    [
        ("Mul", {"T": FLOAT, "_grappler_note": {"b": True}}, set()),
        ("Const", {"dtype": FLOAT, "value": {"tensor": {}}}, {"dtype"}),
        ("Placeholder", {"dtype": FLOAT, "shape": {"shape": {}}}, {"dtype", "shape"}),
        ("MatMul", {"transpose_a": {"b": False}, "transpose_b": {"b": True}}, {"transpose_b"}),
        ("Pack", {"axis": {"i": "0"}, "N": {"i": "2"}}, set()),
        ("Pack", {"axis": {"i": "-1"}}, {"axis"}),
        ("Conv2D", {"data_format": {"s": "TkhXQw=="}}, set()),
        ("Conv2D", {"data_format": {"s": "TkNIVw=="}}, {"data_format"}),
        ("_FusedConv2D", {"dilations": {"list": {"i": ["1", "1", "1", "1"]}}}, set()),
        ("_FusedConv2D", {"dilations": {"list": {"i": ["1", "2", "2", "1"]}}}, {"dilations"}),
        ("_FusedConv2D", {"fused_ops": {"list": {"s": ["UmVsdQ=="]}}}, {"fused_ops"}),
        ("ResizeBilinear", {"align_corners": {"b": False}}, {"align_corners"}),
        ("Cast", {"DstT": FLOAT, "SrcT": FLOAT}, {"DstT"}),
        ("SomebodysOwn", {"T": FLOAT, "x": {"i": "0"}}, {"T", "x"}),
    ],
)
def test_keeps_what_tfjs_reads_and_cannot_assume(op, attributes, kept) -> None:
    assert _kept(op, **attributes) == kept


@pytest.mark.parametrize("op", ["_FusedConv2D", "SomebodysOwn"])
def test_attributes_come_in_one_order(op: str) -> None:
    """protobuf gives a map's keys in another order in every process."""
    shape = {"list": {"i": ["1", "2", "2", "1"]}}
    attributes = {"strides": shape, "padding": {"s": "U0FNRQ==", "a": {"z": 1, "b": 2}}}
    written = []
    for pairs in (attributes.items(), reversed(attributes.items())):
        topology = compact({"node": [_node(op, **dict(pairs))]})
        written.append(json.dumps(topology))
    assert written[0] == written[1]
    assert written[0].index('"b"') < written[0].index('"z"')
