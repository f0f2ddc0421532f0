"""Losses, metrics, labels and what only they read, in graphs of TF1."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.describing.candidates import input_candidates, output_candidates
from sigfix.reading import read
from tests.models import Dtype, Model

FLOAT, INT = Dtype("float32"), Dtype("int64")
Node = tuple[str, str, list[str], tuple]
NETWORK: list[Node] = [
    ("x", "Placeholder", [], (None, 4)),
    ("y", "Placeholder", [], (None, 3)),
    ("w", "VariableV2", [], (4, 3)),
    ("logits", "MatMul", ["x", "w"], (None, 3)),
]
ENTROPY: list[Node] = [
    ("one_hot", "OneHot", ["y"], (None, 3)),
    ("entropy", "SoftmaxCrossEntropyWithLogits", ["logits", "one_hot"], (None,)),
    ("Mean", "Mean", ["entropy"], ()),
]
SQUARES: list[Node] = [
    ("sub", "Sub", ["logits", "y"], (None, 3)),
    ("Square", "Square", ["sub"], (None, 3)),
    ("Mean", "Mean", ["Square"], ()),
]
ACCURACY: list[Node] = [
    ("ArgMax", "ArgMax", ["logits"], (None,)),
    ("ArgMax_1", "ArgMax", ["y"], (None,)),
    ("Equal", "Equal", ["ArgMax", "ArgMax_1"], (None,)),
    ("Cast", "Cast", ["Equal"], (None,)),
    ("Mean_1", "Mean", ["Cast"], ()),
]
STEP: list[Node] = [
    ("gradients/logits_grad/MatMul", "MatMul", ["x", "Mean"], (4, 3)),
    ("rate", "Placeholder", [], ()),
    ("GradientDescent/w", "ApplyGradientDescent", ["w", "rate", "gradients/logits_grad/MatMul"],
     (4, 3)),
]  # fmt: skip


def found(tmp_path: Path, *nodes: Node) -> tuple[list[str], list[str], list[str], list[str]]:
    """Likely inputs and outputs of a graph, then those of training."""
    model = Model(empty=True, version="1.15.0")
    for name, op, inputs, shape in nodes:
        placed = {"shape": shape} if op == "Placeholder" else {}
        model.node(name, op, inputs, dtype=FLOAT, T=FLOAT, _output_shapes=[shape], **placed)
    meta = read(model.write(tmp_path / "m")).meta_graphs[0]
    both = input_candidates(meta), output_candidates(meta)
    return tuple(
        [item.spec.name for item in items if item.of_training is of_training]
        for of_training in (False, True)
        for items in both
    )


@pytest.mark.parametrize("loss", [ENTROPY, SQUARES], ids=["entropy", "squares"])
@pytest.mark.parametrize("step", [[], STEP], ids=["", "step"])
def test_what_only_a_loss_reads_is_the_result(loss: list, step: list, tmp_path: Path) -> None:
    inputs, outputs, labels, losses = found(tmp_path, *NETWORK, *loss, *step)
    assert (inputs, outputs) == (["x:0"], ["logits:0"])
    assert "y:0" in labels
    assert step or losses == ["Mean:0"]


def test_what_metrics_make_of_a_result_comes_after_it(tmp_path: Path) -> None:
    for loss in ([], ENTROPY):
        inputs, outputs, labels, losses = found(tmp_path, *NETWORK, *loss, *ACCURACY)
        assert (inputs, outputs, labels) == (["x:0"], ["logits:0", "ArgMax:0"], ["y:0"])
        assert "Mean_1:0" in losses


def test_a_prediction_beside_the_loss(tmp_path: Path) -> None:
    head: Node = ("probabilities", "Softmax", ["logits"], (None, 3))
    _, outputs, _, losses = found(tmp_path, *NETWORK, *ENTROPY, head)
    assert (outputs, losses) == (["probabilities:0"], ["Mean:0"])


@pytest.mark.parametrize(
    "scope", ["loss", "losses", "my_loss", "metrics/acc", "accuracy", "cost", "train_op", "auc_1"]
)
def test_scopes(scope: str, tmp_path: Path) -> None:
    _, outputs, _, losses = found(
        tmp_path, *NETWORK[:1], *NETWORK[2:], (f"{scope}/value", "Relu", ["logits"], (None, 3))
    )
    assert (outputs, losses) == (["logits:0"], [f"{scope}/value:0"])


@pytest.mark.parametrize("scope", ["glossary", "dropout", "costume", "block_loss_free"])
def test_scopes_of_models(scope: str, tmp_path: Path) -> None:
    _, outputs, _, losses = found(
        tmp_path, *NETWORK[:1], *NETWORK[2:], (f"{scope}/value", "Relu", ["logits"], (None, 3))
    )
    assert (outputs, losses) == ([f"{scope}/value:0"], [])


def test_an_input_that_meets_no_weight_is_still_one(tmp_path: Path) -> None:
    """A mask goes into a result that is no scalar; of two inputs without weights both are fed."""
    mask: Node = ("masked", "Mul", ["logits", "y"], (None, 3))
    inputs, outputs, labels, _ = found(tmp_path, *NETWORK, mask)
    assert (inputs, outputs, labels) == (["x:0", "y:0"], ["masked:0"], [])
    plain = [NETWORK[0], NETWORK[1], ("sub", "Sub", ["x", "y"], (None, 3)), SQUARES[2]]
    plain[3] = ("Mean", "Mean", ["sub"], ())
    inputs, outputs, labels, _ = found(tmp_path, *plain)
    assert (inputs, outputs, labels) == (["x:0", "y:0"], ["Mean:0"], [])


def test_what_a_condition_joins_is_followed(tmp_path: Path) -> None:
    """`Merge` joins the branches of a condition: what comes after it is the result."""
    inputs, outputs, _, _ = found(
        tmp_path,
        ("x", "Placeholder", [], (None, 4)),
        ("flag", "Placeholder", [], ()),
        ("switch", "Switch", ["x", "flag"], (None, 4)),
        ("on", "Tanh", ["switch:1"], (None, 4)),
        ("off", "Relu", ["switch"], (None, 4)),
        ("join", "Merge", ["off", "on"], (None, 4)),
        ("end", "Softmax", ["join"], (None, 4)),
    )
    assert (inputs, outputs) == (["flag:0", "x:0"], ["end:0"])
