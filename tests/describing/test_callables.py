"""Callables and composite tensors as text that reads like Python."""

from __future__ import annotations

import pytest

from sigfix.describing.callables import declaration_text, trace_text
from sigfix.model import (
    CompositeSpec,
    DictValue,
    Function,
    Literal,
    OpaqueLiteral,
    TensorSpec,
    Trace,
    TupleValue,
)

IMAGE = TensorSpec("float32", (None, 3))
SHAPE = OpaqueLiteral("shape", "TensorShape([?,4])")


def dtype(name: str) -> OpaqueLiteral:
    return OpaqueLiteral("dtype", f"tf.{name}")


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (Function("f", 1, ()), ""),
        (Function("f", 1, (), ("x",)), "(x)"),
        (Function("f", 1, (), ("x", "training"), (Literal(False),)), "(x, training=False)"),
        (Function("f", 1, (), ("x", "y"), (IMAGE,)), "(x, y=float32[?,3])"),
        (
            Function(
                "f", 1, (), ("x",), keyword_only=("a", "b"), keyword_defaults=(("b", Literal("c")),)
            ),
            "(x, *, a, b='c')",
        ),
        (Function("f", 1, (), ("x",), varargs="more", varkw="named"), "(x, *more, **named)"),
    ],
)
def test_declaration(function: Function, text: str) -> None:
    assert declaration_text(function) == text


def test_trace() -> None:
    trace = Trace(
        "f_1",
        TupleValue((IMAGE, Literal(True))),
        DictValue((("name", Literal("a")),)),
        DictValue((("y", IMAGE),)),
    )
    function = Function("f", 1, (trace,), ("x", "training"))
    assert trace_text(function, trace) == (
        "(x: float32[?,3], training=True, name='a') -> {'y': float32[?,3]}"
    )


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (
            CompositeSpec(
                "RaggedTensorSpec",
                TupleValue((SHAPE, dtype("int32"), Literal(1), dtype("int64"))),
            ),
            "RaggedTensor(int32[?,4])",
        ),
        (
            CompositeSpec("SparseTensorSpec", TupleValue((SHAPE, dtype("float32")))),
            "SparseTensor(float32[?,4])",
        ),
        (CompositeSpec("DatasetSpec", TupleValue((IMAGE,))), "Dataset((float32[?,3],))"),
    ],
)
def test_composite(spec: CompositeSpec, text: str) -> None:
    assert str(spec) == text
