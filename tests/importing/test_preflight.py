"""Everything that cannot be converted is named before anything is."""

from __future__ import annotations

import importlib

import pytest

from sigfix.errors import ConversionError
from tests.importing.single_node import require_packages

require_packages()

MODEL = """<ir_version: 8, opset_import: ["" : 17, "com.example" : 1]>
g (float[1, 2, 4, 4] x, float[1, 5, 4] boxes, float[1, 1, 5] scores) => (float[n] y, float[m] z) {
    [first] relu = Relu(x)
    [boxes] chosen = SequenceConstruct(boxes, scores)
    [holes] pooled = MaxRoiPool<pooled_shape = [2, 2]>(relu, boxes)
    [own] other = com.example.Fancy(pooled)
    [noise] y = RandomNormalLike(other)
    [last] z = Unique(relu)
}"""


def test_every_refusal_is_named_at_once() -> None:
    import onnx

    from sigfix.importing import preflight

    importlib.import_module("sigfix.importing.operators")
    model = onnx.parser.parse_model(MODEL)
    with pytest.raises(ConversionError) as caught:
        preflight.check(model)
    lines = caught.value.message.splitlines()
    assert lines[0] == "5 nodes of the ONNX model are not supported:"
    named = [line.split(":")[0].strip() for line in lines[1:]]
    assert named == [
        "ONNX SequenceConstruct (node boxes)",
        "ONNX MaxRoiPool (node holes)",
        "ONNX com.example.Fancy (node own)",
        "ONNX RandomNormalLike (node noise)",
        "ONNX Unique (node last)",
    ]


def test_nothing_is_traced_where_something_is_refused() -> None:
    import onnx
    import tensorflow as tf

    from sigfix.importing.tracing import trace

    with tf.Graph().as_default() as graph, pytest.raises(ConversionError, match="5 nodes"):
        trace(onnx.parser.parse_model(MODEL), {})
    assert graph.get_operations() == []


def test_subgraphs_are_looked_into() -> None:
    import onnx

    from sigfix.importing import preflight

    model = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["" : 17]>
    g (bool c, float[2] x) => (float[n] y) {
        y = If(c) <
            then_branch = yes () => (float[2] a) { a = RandomNormalLike(x) },
            else_branch = no () => (float[2] b) { b = Relu(x) }
        >
    }""")
    assert [r.operator for r in preflight.refusals(model)] == ["If", "RandomNormalLike"]


def test_every_operator_is_registered_at_its_newest_version_too() -> None:
    """A newer opset alone is no reason to refuse: most versions only add dtypes."""
    import onnx

    importlib.import_module("sigfix.importing.operators")
    from sigfix.importing.operators.registry import OPERATORS

    schemas = {name: onnx.defs.get_schema(name) for name, _ in OPERATORS}
    newest = {n: s.since_version for n, s in schemas.items() if not s.deprecated}
    assert [n for n, version in newest.items() if (n, version) not in OPERATORS] == []
