"""TF1 graphs whose dropout is chosen by a condition: its rate, or whether it drops at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.saved_models.seeded import tensorflow
from tests.saved_models.tf1 import _tf1

FORMS: dict[str, Callable] = {
    "rate": lambda v1, on: v1.cond(on, lambda: v1.constant(0.5), lambda: v1.constant(0.0)),
    "kept": lambda v1, on: 1.0 - v1.cond(on, lambda: v1.constant(0.5), lambda: v1.constant(1.0)),
    "turned": lambda v1, on: v1.cond(
        v1.logical_not(on), lambda: v1.constant(0.0), lambda: v1.constant(0.5)
    ),
    "both": lambda v1, on: v1.cond(on, lambda: v1.constant(0.5), lambda: v1.constant(0.3)),
    "neither": lambda v1, on: v1.cond(on, lambda: v1.constant(0.0), lambda: v1.constant(0.0)),
    "scaled": lambda v1, on: 0.5 * v1.cast(on, "float32"),
    "where": lambda v1, on: v1.where(on, v1.constant(0.5), v1.constant(0.0)),
    "nested": lambda v1, on: v1.cond(
        on,
        lambda: v1.cond(on, lambda: v1.constant(0.5), lambda: v1.constant(0.2)),
        lambda: v1.constant(0.0),
    ),
    "copied": lambda v1, on: v1.identity(
        v1.cond(on, lambda: v1.constant(0.5) * 1.0, lambda: v1.identity(v1.constant(0.0)))
    ),
}
"""How the rate comes from the training flag."""
FLAGS: dict[str, Callable] = {
    "fed": lambda v1: v1.placeholder("bool", [], name="mode"),
    "off": lambda v1: v1.placeholder_with_default(False, [], name="mode"),
    "on": lambda v1: v1.placeholder_with_default(True, [], name="mode"),
    "never": lambda v1: v1.constant(False, name="mode"),
    "always": lambda v1: v1.constant(True, name="mode"),
    "chosen": lambda v1: v1.cond(
        v1.placeholder_with_default(False, [], name="mode"),
        lambda: v1.constant(True),
        lambda: v1.constant(False),
    ),
    "number": lambda v1: v1.equal(v1.placeholder_with_default(0, [], name="mode"), 1),
}
"""Where the training flag comes from: only `fed` and those of the name are in the signature."""


def _save(path: Path, form: str, flag: str, *, functional: bool, signed: str = "") -> None:
    """A layer, dropout, softmax; `functional` choices are If, others are Switch and Merge.

    `signed` is a tensor that the signature takes beside `x`, or ''.
    """
    tf = tensorflow()

    def build(v1):
        x = v1.placeholder("float32", [None, 4], name="x")
        weight = v1.get_variable("w", [4, 64], initializer=v1.initializers.random_normal(seed=1))
        hidden = v1.matmul(x, weight)
        mode = FLAGS[flag](v1)
        if form == "branch":
            hidden = v1.cond(mode, lambda: tf.nn.dropout(hidden, 0.5), lambda: hidden)
        else:
            hidden = tf.nn.dropout(hidden, FORMS[form](v1, mode))
        scores = tf.identity(hidden, name="scores")
        inputs = {"x": x}
        if signed:
            inputs[signed] = v1.get_default_graph().get_tensor_by_name(f"{signed}:0")
        make = v1.saved_model.signature_def_utils.predict_signature_def
        return {"serving_default": make(inputs, {"scores": scores})}

    (tf.compat.v1.enable_control_flow_v2 if functional else tf.compat.v1.disable_control_flow_v2)()
    try:
        _tf1(path, build, [["serve"]])
    finally:
        tf.compat.v1.enable_control_flow_v2()


def tf1_chosen_rate(path: Path) -> None:
    """A placeholder of the signature chooses between two rates of dropout, one of them 0."""
    _save(path, "rate", "fed", functional=False, signed="mode")


def tf1_chosen_kept(path: Path) -> None:
    """What dropout keeps is chosen by a placeholder whose default means training."""
    _save(path, "kept", "on", functional=True)


def tf1_chosen_flag(path: Path) -> None:
    """The training flag is itself a choice between two constants, and it is false."""
    _save(path, "branch", "chosen", functional=False)
