"""Which of several signatures somebody who wants to run the model most likely means."""

from __future__ import annotations

from sigfix.model import PREDICT_METHOD, Signature

USUAL_KEYS = ("serving_default", "serving", "predict", "predictions", "serve", "default", "call")
LOSS_WORDS = ("loss", "train_op", "train_loss", "total_loss", "gradients")
LABEL_WORDS = ("label", "labels", "target", "targets", "y_true")


def training_marks(signature: Signature) -> list[str]:
    """What makes a signature look like a training step."""
    marks = [f"input {item.key}" for item in signature.inputs if item.key.lower() in LABEL_WORDS]
    marks += [f"output {item.key}" for item in signature.outputs if item.key.lower() in LOSS_WORDS]
    if signature.method_name.endswith("/train"):
        marks.append(f"method name {signature.method_name}")
    return marks


def likeliest_first(signature: Signature) -> tuple[bool, bool, bool, bool, int, str]:
    """A sort key: no training step, with inputs and outputs, for prediction, of a usual name."""
    usual = USUAL_KEYS.index(signature.key) if signature.key in USUAL_KEYS else len(USUAL_KEYS)
    return (
        bool(training_marks(signature)),
        not signature.inputs,
        not signature.outputs,
        signature.method_name != PREDICT_METHOD,
        usual,
        signature.key,
    )
