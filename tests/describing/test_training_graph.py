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


def gradients(start: str, weight: str, scope: str = "gradients") -> list[Node]:
    """What `minimize` adds, as far as it tells what the gradients start from."""
    return [
        (f"{scope}/grad_ys_0", "Fill", [], ()),
        (f"{scope}/{start}_grad/Tile", "Tile", [f"{scope}/grad_ys_0"], (None, 4)),
        (f"{scope}/{weight}_grad/MatMul", "MatMul", ["x", f"{scope}/{start}_grad/Tile"], (4, 4)),
        (f"{scope}/step", "ApplyAdam", ["w", f"{scope}/{weight}_grad/MatMul"], (4, 4)),
    ]


ENCODED: list[Node] = [
    ("x", "Placeholder", [], (None, 4)),
    ("w", "VariableV2", [], (4, 4)),
    ("MatMul", "MatMul", ["x", "w"], (None, 4)),
    ("Sigmoid", "Sigmoid", ["MatMul"], (None, 4)),
]
REBUILT: list[Node] = [
    ("sub", "Sub", ["x", "Sigmoid"], (None, 4)),
    ("Square", "Square", ["sub"], (None, 4)),
    ("Mean", "Mean", ["Square"], ()),
]


def test_what_gradients_start_from_is_a_loss_without_labels(tmp_path: Path) -> None:
    """An autoencoder: its input is what it is compared with, so there is no label."""
    step = gradients("Mean", "MatMul")
    inputs, outputs, _, losses = found(tmp_path, *ENCODED, *REBUILT, *step)
    assert (inputs, outputs, losses) == (["x:0"], ["Sigmoid:0"], ["Mean:0"])
    total: Node = ("penalised", "Mul", ["Mean", "Mean"], ())  # what is made of it is one too
    _, outputs, _, losses = found(tmp_path, *ENCODED, *REBUILT, *step, total)
    assert (outputs, losses) == (["Sigmoid:0"], ["penalised:0"])


def test_a_loss_of_distances_is_followed_to_what_is_compared(tmp_path: Path) -> None:
    """A triplet net: what has a name of the author's own is no part of a loss."""
    nodes: list[Node] = [
        ("w", "VariableV2", [], (4, 4)),
        ("x", "Placeholder", [], (None, 4)),
        ("other", "Placeholder", [], (None, 4)),
        ("near", "MatMul", ["x", "w"], (None, 4)),
        ("far", "MatMul", ["other", "w"], (None, 4)),
        ("sub", "Sub", ["near", "far"], (None, 4)),
        ("pow", "Pow", ["sub"], (None, 4)),
        ("Sum", "Sum", ["pow"], (None,)),
        ("Mean", "Mean", ["Sum"], ()),
        *gradients("Mean", "near"),
    ]
    inputs, outputs, labels, losses = found(tmp_path, *nodes)
    assert (inputs, outputs, labels) == (["other:0", "x:0"], ["far:0", "near:0"], [])
    assert losses == ["Mean:0"]
    named: list[Node] = [
        (
            "distance" if name == "Sum" else name,
            op,
            ["distance" if i == "Sum" else i for i in of],
            s,
        )
        for name, op, of, s in nodes
    ]
    assert found(tmp_path, *named)[1] == ["distance:0"]


def test_two_losses_of_two_steps(tmp_path: Path) -> None:
    """A generator and what judges it: neither loss is a result."""
    nodes: list[Node] = [
        *ENCODED[:3],
        ("Neg", "Neg", ["MatMul"], (None, 4)),
        ("Softplus", "Softplus", ["Neg"], (None, 4)),
        ("Mean", "Mean", ["Softplus"], ()),
        ("Softplus_1", "Softplus", ["MatMul"], (None, 4)),
        ("Mean_1", "Mean", ["Softplus_1"], ()),
        *gradients("Mean", "MatMul"),
        *gradients("Mean_1", "MatMul", "gradients_1"),
    ]
    _, outputs, _, losses = found(tmp_path, *nodes)
    assert (outputs, losses) == (["MatMul:0"], ["Mean:0", "Mean_1:0"])


def test_gradients_that_change_nothing_are_of_the_model(tmp_path: Path) -> None:
    """Forces are the gradients of an energy, which is a result beside them."""
    forces = gradients("Mean", "MatMul")[:-1]
    _, outputs, _, losses = found(tmp_path, *ENCODED, *REBUILT, *forces)
    assert (outputs, losses) == (["Mean:0"], [])
