"""What is for training or evaluation: by names, labels, losses, gradients and optimisers."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.describing.training import function_marks, signature_marks
from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.repair import plan
from sigfix.planning.edits import AddSignature, AliasSignature
from sigfix.reading import read
from tests.corpus import CORPUS, facts, needs_corpus, saved_models
from tests.models import Dtype, Model, add_node
from tests.planning.plans import Traced, X, of_functions

FLOAT = Dtype("float32")
ROW = ("y:0", "float32", (None, 3))
SCALAR = ("y:0", "float32", ())


def marks(tmp_path: Path, key: str = "run", **more: object) -> tuple[str, ...]:
    """The marks of a signature on the graph x -> Relu -> y."""
    model = Model()
    model.signature(key, **more)
    meta = read(model.write(tmp_path / "m")).meta_graphs[0]
    return signature_marks(meta, meta.user_signatures).get(key, ())


@pytest.mark.parametrize(
    "key",
    ["train", "train_step", "trainStep", "eval", "evaluate", "loss", "compute_gradients",
     "test_step", "fit", "validation", "model_metrics"],
)  # fmt: skip
def test_names_of_steps(key: str, tmp_path: Path) -> None:
    assert marks(tmp_path, key) == (f"its name {key}",)


@pytest.mark.parametrize(
    "key", ["predict", "retrieval", "trained", "test", "glossary", "gradient_boosted_trees", "call"]
)
def test_names_of_models(key: str, tmp_path: Path) -> None:
    assert marks(tmp_path, key) == ()


@pytest.mark.parametrize(
    ("name", "tensor", "is_one"),
    [
        ("loss", ROW, True), ("total_loss", SCALAR, True), ("gradients", ROW, True),
        ("train_op", ROW, True), ("accuracy", SCALAR, True), ("accuracy", ROW, False),
        ("cost", ROW, False), ("cost", SCALAR, True), ("weight_loss", ROW, False),
        ("gloss", SCALAR, False),
    ],
)  # fmt: skip
def test_names_of_outputs(name: str, tensor: tuple, is_one: bool, tmp_path: Path) -> None:
    assert marks(tmp_path, outputs={name: tensor}) == ((f"output {name}",) if is_one else ())


@pytest.mark.parametrize(
    ("name", "is_label"),
    [("labels", True), ("class_label", True), ("y_true", True), ("relabelled", False)],
)
def test_names_of_inputs(name: str, is_label: bool, tmp_path: Path) -> None:
    found = marks(tmp_path, inputs={name: ("x:0", "float32", (None, 3))})
    assert found == ((f"input {name}",) if is_label else ())


@pytest.mark.parametrize(
    "method", ["tensorflow/supervised/eval", "tensorflow/supervised/training", "x/train"]
)
def test_method_names(method: str, tmp_path: Path) -> None:
    assert marks(tmp_path, method=method) == (f"method name {method}",)


def with_body(*nodes: tuple[str, str], result: tuple = ("y", "float32", (None, 3))) -> Model:
    """A function `apply` that runs these nodes, by name and operator."""
    model = of_functions({"apply": Traced(output=result)})
    for name, op in nodes:
        add_node(model.meta.graph_def.library.function[0].node_def, name, op, ["x"])
    return model


@pytest.mark.parametrize(
    ("nodes", "result", "expected"),
    [
        ([("step", "ResourceApplyAdam")], ROW, ("runs ResourceApplyAdam",)),
        ([("step", "ResourceSparseApplyMomentum")], ROW, ("runs ResourceSparseApplyMomentum",)),
        (
            [("gradient_tape/mul/Sum", "Sum"), ("w", "AssignSubVariableOp")],
            ROW, ("computes gradients and assigns variables",),
        ),
        ([("gradient_tape/mul/Sum", "Sum")], ROW, ()),
        ([("state", "AssignVariableOp")], ROW, ()),
        (
            [("entropy", "SparseSoftmaxCrossEntropyWithLogits")],
            SCALAR, ("returns a scalar of SparseSoftmaxCrossEntropyWithLogits",),
        ),
        ([("entropy", "SparseSoftmaxCrossEntropyWithLogits")], ROW, ()),
        ([("apply", "ApplyFilter")], ROW, ()),
    ],
)  # fmt: skip
def test_what_functions_do(nodes: list, result: tuple, expected: tuple, tmp_path: Path) -> None:
    meta = read(with_body(*nodes, result=result).write(tmp_path / "m")).meta_graphs[0]
    assert function_marks(meta, meta.objects.functions).get("apply", ()) == expected


def test_what_one_trace_does_is_no_mark(tmp_path: Path) -> None:
    model = of_functions({"apply": Traced(traces=((X,), (X,)))})
    library = model.meta.graph_def.library.function
    add_node(library[1].node_def, "step", "ResourceApplyAdam", ["x"])
    meta = read(model.write(tmp_path / "m")).meta_graphs[0]
    assert function_marks(meta, meta.objects.functions) == {}
    add_node(library[0].node_def, "step", "ResourceApplyAdam", ["x"])
    meta = read(model.write(tmp_path / "m")).meta_graphs[0]
    assert "apply" in function_marks(meta, meta.objects.functions)


def test_a_trainer_s_model_is_meant(tmp_path: Path) -> None:
    model = of_functions({"train_step": Traced(), "net.__call__": Traced()})
    made = plan(model.write(tmp_path / "m"))
    assert made.added[0].source.path == "net.__call__"
    only = plan(of_functions({"train_step": Traced()}).write(tmp_path / "only"))
    assert only.verdict == "blocked"
    assert only.hint == "--function train_step", "the option that insists"
    found = inspect(tmp_path / "only").findings
    assert [(item.code, item.command) for item in found] == [("SIG001", "")]


def called_training(name: str) -> set[str]:
    """The signatures of a model of the corpus that its facts call training."""
    return {
        key
        for meta in facts()[name]["meta"]
        for key, signature in meta["sigs"].items()
        if "train" in key or "loss" in signature["out"] or "labels" in signature["in"]
    }


@needs_corpus
def test_nothing_of_training_is_promoted_in_the_corpus() -> None:
    assert called_training("rust_regression_tf2") == {"train"}
    for name in saved_models():
        training = called_training(name)
        made = plan(CORPUS / name)
        for edit in made.edits:
            if isinstance(edit, AliasSignature):
                assert edit.of not in training, name
            if isinstance(edit, AddSignature):
                assert not any(key in str(edit.source) for key in training), name
        offered = [candidate.choose for candidate in made.candidates]
        offered += [item.command for item in inspect(CORPUS / name).findings]
        offered += [text for item in inspect(CORPUS / name).findings for text in item.evidence]
        for key in training:
            assert not [text for text in offered if f"--from {key}" in text], name
