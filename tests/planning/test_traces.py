"""Which trace of a function is taken, and when several are left to the user."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.model import covers
from sigfix.planning.edits import OPTION, TRACE, AddSignature, FunctionSource
from sigfix.planning.parsing import parse_input
from tests.models import Model
from tests.planning.plans import Traced, X, added, asked, of_functions, refused

ROW = ("x", "float32", (1, 3))
ARGUMENTS = ("x", "training")


def called(*traces: list[object], arguments: tuple[str, ...] = ("x",), **more: object) -> Model:
    """A model whose root can be called, with these traces."""
    return of_functions({"__call__": Traced(traces, arguments, **more)})  # type: ignore[arg-type]


def trace_of(edit: AddSignature) -> str:
    assert isinstance(edit.source, FunctionSource)
    return edit.source.trace


def test_the_only_trace(tmp_path: Path) -> None:
    edit = added(called([X]), tmp_path)
    assert (edit.key, edit.origin, trace_of(edit)) == ("serving_default", TRACE, "__call___0")
    assert [(str(item), item.target, item.origin) for item in edit.inputs] == [
        ("x: float32[?,3]", "0", TRACE)
    ]
    assert [(str(item), item.source) for item in edit.outputs] == [("output_0: float32[?,3]", "0")]


@pytest.mark.parametrize("flag", ["training", "is_training", "train", "trainable"])
def test_a_training_trace_loses(flag: str, tmp_path: Path) -> None:
    model = called([X, True], [X, False], arguments=("x", flag))
    assert trace_of(added(model, tmp_path)) == "__call___1"


def test_another_true_value_is_no_training(tmp_path: Path) -> None:
    reason, ways, _ = asked(called([X, True], [X, False], arguments=("x", "fast")), tmp_path)
    assert reason == "__call__ has 2 traces, and none accepts what the others do."
    assert ways == [
        "--function __call__ --bind fast=true --input 'x=float32[?,3]'",
        "--function __call__ --bind fast=false --input 'x=float32[?,3]'",
    ]


def test_a_training_trace_is_taken_where_there_is_no_other(tmp_path: Path) -> None:
    assert trace_of(added(called([X, True], arguments=ARGUMENTS), tmp_path)) == "__call___0"


def test_the_trace_of_the_defaults(tmp_path: Path) -> None:
    model = called([X, 1], [X, 2], arguments=("x", "steps"), defaults=(2,))
    assert trace_of(added(model, tmp_path)) == "__call___1"
    assert trace_of(added(model, tmp_path, bind=(("steps", 1),))) == "__call___0"


def test_a_default_that_no_trace_has_decides_nothing(tmp_path: Path) -> None:
    model = called([X, 1], [X, 2], arguments=("x", "steps"), defaults=(3,))
    assert len(asked(model, tmp_path)[1]) == 2


def test_the_trace_that_takes_what_the_others_do(tmp_path: Path) -> None:
    assert trace_of(added(called([ROW], [X]), tmp_path)) == "__call___1"
    wide = ("x", "float32", None)
    assert trace_of(added(called([ROW], [wide], [X]), tmp_path)) == "__call___1"


@pytest.mark.parametrize("other", [("x", "float64", (1, 3)), ("x", "float32", (1, 3, 1))])
def test_traces_of_other_types_or_ranks(other: tuple[str, str, object], tmp_path: Path) -> None:
    reason, ways, _ = asked(called([other], [X]), tmp_path)
    assert "2 traces" in reason
    assert ways[0] == "--function __call__ --input 'x=float32[?,3]'", "the more open one first"


def test_a_dtype_chooses_the_trace_that_takes_it_as_it_is(tmp_path: Path) -> None:
    """The one that is not the more open one, too; where no trace has it, it is cast."""
    model = called([("x", "int32", (1, 3))], [X])
    for text, trace in (("x=int32[1,3]", 0), ("x=float32[1,3]", 1)):
        assert trace_of(added(model, tmp_path, inputs=(parse_input(text),))) == f"__call___{trace}"
    assert len(asked(model, tmp_path, inputs=(parse_input("x=uint8[1,3]"),))[1]) == 2


def test_the_same_trace_twice_counts_once(tmp_path: Path) -> None:
    assert trace_of(added(called([X, 1], [X, 1], arguments=("x", "n")), tmp_path)) == "__call___0"


def test_bind_chooses_among_python_values(tmp_path: Path) -> None:
    model = called([X, True], [X, False], arguments=ARGUMENTS)
    edit = added(model, tmp_path, bind=(("training", True),))
    assert (trace_of(edit), edit.bound) == ("__call___0", ())
    reason, hint = refused(model, tmp_path, bind=(("training", 3),))
    assert reason == "No trace of __call__ has what --bind asks for."
    assert hint == ("the traces: x: float32[?,3], training=True; x: float32[?,3], training=False")
    reason, hint = refused(model, tmp_path, bind=(("trainign", True),))
    assert reason == "--bind trainign: there is no such argument."
    assert hint == "there are: training, x"


def test_an_input_chooses_the_trace_that_fits(tmp_path: Path) -> None:
    model = called([ROW], [("x", "float32", (None, 3, 3))])
    edit = added(model, tmp_path, inputs=(parse_input("x=[5,3,3]"),))
    assert trace_of(edit) == "__call___1"
    assert (edit.inputs[0].shape, edit.inputs[0].origin) == ((5, 3, 3), OPTION)
    opened = added(model, tmp_path, inputs=(parse_input("x=[?,3]"),))
    assert opened.source == FunctionSource("__call__", "__call___0", widened=(0,))
    reason, hint = refused(model, tmp_path, inputs=(parse_input("x=[?,4]"),))
    assert "a batch of 1 alone can be opened" in reason
    assert hint.startswith("the traces: x: float32[1,3]; x: ")


def test_inputs_that_name_all_of_a_trace_choose_it(tmp_path: Path) -> None:
    """Another trace takes the same input and one more: its command names that one, too."""
    mask = ("mask", "float32", (None, 2))
    model = called([X, None], [X, mask], arguments=("x", "mask"))
    alone = added(model, tmp_path, inputs=(parse_input("x=float32[?,3]"),))
    assert [item.name for item in alone.inputs] == ["x"]
    both = (parse_input("x=float32[?,3]"), parse_input("mask=float32[?,2]"))
    assert [item.name for item in added(model, tmp_path, inputs=both).inputs] == ["x", "mask"]


def test_layout_is_understood_before_shapes_are_compared(tmp_path: Path) -> None:
    model = called([("x", "float32", (None, 3, 8, 8))], [("x", "float32", (None, 8, 8))])
    outside = (parse_input("x=[2,8,8,3]"),)
    edit = added(model, tmp_path, inputs=outside, layout="nhwc")
    assert (trace_of(edit), edit.inputs[0].shape) == ("__call___0", (2, 8, 8, 3))
    assert "can be opened" in refused(model, tmp_path, inputs=outside)[0]


def test_an_input_that_is_not_there(tmp_path: Path) -> None:
    pair = ("y", "float32", (None,))
    model = called([X, pair], arguments=("x", "y"))
    reason, hint = refused(model, tmp_path, inputs=(parse_input("z=[1,3]"),))
    assert reason == (
        "--input z: there is no such input; there are: x (float32[?,3]), y (float32[?])."
    )
    assert hint == "--input NEWNAME:OLDNAME=dtype[shape] renames one"
    edit = added(called([X]), tmp_path, inputs=(parse_input("z=[1,3]"),))
    assert edit.inputs[0].name == "z", "the only input can be meant by no other name"


def test_a_trace_without_its_library_function(tmp_path: Path) -> None:
    model = called([X], [("x", "float32", (None, 5))])
    del model.meta.graph_def.library.function[0]
    assert trace_of(added(model, tmp_path)) == "__call___1"
    del model.meta.graph_def.library.function[0]
    assert refused(model, tmp_path)[0] == "__call__ has no trace that could be called."


def test_a_trace_that_its_library_function_contradicts(tmp_path: Path) -> None:
    model = called([X])
    model.meta.graph_def.library.function[0].signature.input_arg.add(name="more", type=1)
    reason, hint = refused(model, tmp_path)
    assert "declares 1 tensor arguments" in reason and "has 2" in reason
    assert hint == "choose another function with --function"
    model = called([X])
    model.meta.graph_def.library.function[0].signature.input_arg[0].type = 3
    assert refused(model, tmp_path)[0] == (
        "The trace's argument x is float32, its graph function's is int32."
    )


@pytest.mark.parametrize(
    ("general", "special", "expected"),
    [
        (None, (1, 2), True),
        ((None, 2), (5, 2), True),
        ((None, 2), (None, 2), True),
        ((1, 2), (None, 2), False),
        ((None,), None, False),
        ((None, 2), (2,), False),
    ],
)
def test_covers(general: object, special: object, expected: bool) -> None:
    assert covers(general, special) is expected  # type: ignore[arg-type]
