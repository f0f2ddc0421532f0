"""Names for inputs and outputs: the author's where there is one, and never one twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.planning.edits import CONVENTION, TRACE
from sigfix.planning.names import (
    by_keys,
    clean,
    input_names,
    is_generic,
    make_unique,
    signature_keys,
    tensorflow_name,
)
from tests.planning.plans import Traced, X, added, of_functions


def test_unique_names_never_collide() -> None:
    assert make_unique(["x", "x", "x_1", "x"]) == ["x", "x_2", "x_1", "x_3"]
    assert make_unique(["x", "y"]) == ["x", "y"]


def test_generic_names_are_replaced() -> None:
    assert input_names(["args_0"]) == ["input"]
    assert input_names(["args_0", "mask", "unknown"]) == ["input_0", "mask", "input_1"]
    assert input_names(["args_0", "input_0"]) == ["input_1", "input_0"]
    assert input_names(["x", "x"]) == ["x", "x_1"]


@pytest.mark.parametrize(
    ("name", "generic"),
    [
        ("", True), ("args_0", True), ("arg", True), ("Placeholder_1", True), ("unknown_3", True),
        ("StatefulPartitionedCall:0", True), ("Identity", True), ("argument", False),
        ("tensor_of_words", False), ("constant", False), ("input_1", False),
    ],
)  # fmt: skip
def test_names_that_say_nothing(name: str, generic: bool) -> None:
    assert is_generic(name) is generic


def test_a_key_of_a_tensor_name() -> None:
    assert clean("scope/x:0") == "scope_x"
    assert clean("x:y") == "x_y"
    assert clean("0") == "_0"
    assert clean("/a//b/") == "a_b"


def test_keys_of_an_onnx_file() -> None:
    assert tensorflow_name("input.1") == "input_1"
    assert tensorflow_name("1") == "t_1"
    assert tensorflow_name("self") == "t_self"
    assert signature_keys(["a.b", "a_b", "A_B"]) == {"a.b": "a_b_2", "a_b": "a_b_1", "A_B": "A_B"}
    assert signature_keys(["a_b", "A.B"]) == {"a_b": "a_b", "A.B": "A_B_1"}
    assert signature_keys(["A_B", "a_b", "a.b"]) == signature_keys(["a.b", "a_b", "A_B"])
    assert by_keys({"a.b": 1, "c": 2, "other": 3}, ["a.b", "c"]) == {"a_b": 1, "c": 2, "other": 3}


@pytest.mark.parametrize(
    ("argument", "own", "name", "origin"),
    [
        ("x", "x", "x", TRACE),
        ("pixels", "image", "image", TRACE),
        ("inputs", "input_layer", "input_layer", TRACE),
        ("inputs", "", "inputs", TRACE),
        ("args_0", "image", "image", TRACE),
        ("args_0", "args_0", "input", CONVENTION),
    ],
)
def test_the_name_of_an_argument(
    argument: str, own: str, name: str, origin: str, tmp_path: Path
) -> None:
    """The TensorSpec's, as in a signature of TensorFlow; the argument's where it says nothing."""
    function = Traced((((own, "float32", (None, 3)),),), (argument,))
    (given,) = added(of_functions({"__call__": function}), tmp_path).inputs
    assert (given.name, given.name_origin) == (name, origin)


def test_names_in_structures(tmp_path: Path) -> None:
    words = ("", "string", (None,))
    function = Traced((({"b": words, "a": {"c": X}},),), ("features",), output={"z": X, "a": X})
    edit = added(of_functions({"__call__": function}), tmp_path)
    assert [(item.name, item.target, item.was) for item in edit.inputs] == [
        ("a_c", "0", "features['a']['c']: float32[?,3]"),
        ("b", "1", "features['b']: string[?]"),
    ]
    assert [(item.name, item.source) for item in edit.outputs] == [("a", "0"), ("z", "1")]
    beside = Traced((({"b": words, "a": {"c": X}}, X),), ("features", "x"))
    edit = added(of_functions({"__call__": beside}), tmp_path)
    assert [item.name for item in edit.inputs] == ["features_a_c", "features_b", "x"]
    nameless = Traced((({"b": words, "a": X},),), ("args_0",))
    edit = added(of_functions({"__call__": nameless}), tmp_path)
    assert [item.name for item in edit.inputs] == ["a", "b"]
