"""Which of several signatures somebody who wants to run the model most likely means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sigfix.describing.functions import is_housekeeping
from sigfix.describing.training import is_doubtful, signature_marks
from sigfix.model import DEFAULT_SERVING_KEY, PREDICT_METHOD, MetaGraph, Signature

USUAL_KEYS = ("serving_default", "serving", "predict", "predictions", "serve", "default", "call")


@dataclass(frozen=True)
class Meant:
    """The signatures to choose from, the likeliest first, and those of training with the reasons.

    One that only its name tells of training is in both: it is asked about, and never taken.
    Those that return nothing, or make, reset, store or restore a state, count where nothing else
    does.
    """

    likely: tuple[Signature, ...]
    training: Mapping[str, tuple[str, ...]]


def meant_signatures(meta: MetaGraph, signatures: Iterable[Signature]) -> Meant:
    """Which of these signatures could be the default; none of training or evaluation is."""
    given = list(signatures)
    training = signature_marks(meta, given)
    likely = sorted((item for item in given if item.key not in training), key=likeliest_first)
    doubtful = [item for item in given if is_doubtful(item.key, training.get(item.key, ()))]
    likely += sorted(doubtful, key=likeliest_first)
    able = [item for item in likely if item.outputs and not is_housekeeping(item.key)]
    return Meant(tuple(able if len(able) == 1 else likely), training)


def inference_beside_training(meta: MetaGraph) -> Meant | None:
    """The signatures for inference beside a serving_default that is for training.

    None where serving_default is for inference, or no other signature is by its names too.
    """
    found = meant_signatures(meta, meta.user_signatures)
    marks = found.training.get(DEFAULT_SERVING_KEY, ())
    likely = tuple(item for item in found.likely if item.key not in found.training)
    return Meant(likely, found.training) if likely and marks else None


def likeliest_first(signature: Signature) -> tuple[bool, bool, bool, int, str]:
    """A sort key: able to be called, no housekeeping, for prediction, of a usual name."""
    usual = USUAL_KEYS.index(signature.key) if signature.key in USUAL_KEYS else len(USUAL_KEYS)
    return (
        not (signature.inputs and signature.outputs),
        is_housekeeping(signature.key),
        signature.method_name != PREDICT_METHOD,
        usual,
        signature.key,
    )
