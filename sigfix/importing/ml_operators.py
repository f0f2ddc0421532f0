"""Operators of ai.onnx.ml, as scikit-learn's models have them, written out in ONNX's own.

What text is in stays: TensorFlow.js computes with numbers. Source of what each computes: ONNX's
definitions, and ONNX Runtime where those leave something open (a classifier of two classes with one
score).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto

from sigfix.importing.contrib_writing import Writer
from sigfix.importing.ml_trees import forest, summed_votes

DOMAIN = "ai.onnx.ml"
FIRST = 13
"""The first of ONNX's opsets that they are written out in."""
Array = np.ndarray[Any, Any]
_SCORES = 1
"""The place of a classifier's second output."""


def _floats(to: Writer, name: str) -> Array:
    return np.array(to.attributes.get(name, ()), np.float32)


def _number(to: Writer, tensor: str) -> str:
    return to.add("Cast", tensor, to=TensorProto.FLOAT)


def _option(to: Writer, name: str, default: str) -> str:
    value = to.attributes.get(name, default)
    return value.decode() if isinstance(value, bytes) else str(value)


def _transformed(to: Writer, scores: str) -> str | None:
    kind = _option(to, "post_transform", "NONE")
    if kind == "NONE":
        return scores
    if kind == "LOGISTIC":
        return to.add("Sigmoid", scores)
    return to.add("Softmax", scores, axis=1) if kind == "SOFTMAX" else None


def _linear(to: Writer, count: int, coefficients: str, intercepts: str) -> str | None:
    weights, bias = _floats(to, coefficients), _floats(to, intercepts)
    if not count or not weights.size or weights.size % count or bias.size not in (0, count):
        return None
    table = to.constant(np.ascontiguousarray(weights.reshape(count, -1).T))
    product = to.add("MatMul", _number(to, to.given[0]), table)
    return to.add("Add", product, to.constant(bias)) if bias.size else product


def linear_regressor(to: Writer) -> str | None:
    """X W + b, a column a target."""
    made = _linear(to, int(to.attributes.get("targets", 1)), "coefficients", "intercepts")
    return None if made is None else _transformed(to, made)


def linear_classifier(to: Writer) -> str | None:
    """X W + b, a column a class, and the class of the largest."""
    labels = _labels(to, "classlabels_ints")
    made = None if labels is None else _linear(to, len(labels), "coefficients", "intercepts")
    return None if made is None or labels is None else _classified(to, labels, made)


def _labels(to: Writer, name: str) -> Array | None:
    """A classifier's classes; text does where nobody reads it. None where it is read."""
    whole, text = (to.attributes.get(key, ()) for key in (name, "classlabels_strings"))
    if whole:
        return np.array(whole, np.int64)
    if not text or to.node.output[0] in to.used:
        return None
    return np.arange(len(text))


def _classified(to: Writer, labels: Array, scores: str) -> str | None:
    shown = _transformed(to, scores)
    if shown is None:
        return None
    best = to.add("ArgMax", scores, axis=1, keepdims=0)
    if shown == scores:
        shown = to.add("Identity", shown)
    to.named(shown, _SCORES)
    return to.add("Gather", to.constant(labels), best)


def tree_regressor(to: Writer) -> str | None:
    """The sum, or the mean, of what all trees say."""
    count = int(to.attributes.get("n_targets", 1))
    how = _option(to, "aggregate_function", "SUM")
    trees = forest(to.attributes, "target", count) if how in ("SUM", "AVERAGE") else None
    if trees is None or _of_doubles(to):
        return None
    made = summed_votes(to, _number(to, to.given[0]), trees, how == "AVERAGE")
    base = _floats(to, "base_values")
    made = to.add("Add", made, to.constant(base)) if base.size else made
    return _transformed(to, made)


def _of_doubles(to: Writer) -> bool:
    return any(name.endswith("_as_tensor") for name in to.attributes)


def tree_classifier(to: Writer) -> str | None:
    """The sum of what all trees say, a column a class, and the class of the largest."""
    labels = _labels(to, "classlabels_int64s")
    trees = None if labels is None else forest(to.attributes, "class", len(labels))
    if labels is None or trees is None or _of_doubles(to):
        return None
    made = summed_votes(to, _number(to, to.given[0]), trees)
    base = _floats(to, "base_values")
    if len(labels) == 2 and len(set(to.attributes.get("class_ids", ()))) == 1:
        return _of_one_score(to, labels, made, base)
    if len(labels) == 2 and to.node.output[0] in to.used:
        return None  # ONNX Runtime takes the second wherever its score is above 0
    if base.size:
        if base.size != len(labels):
            return None
        made = to.add("Add", made, to.constant(base))
    return _classified(to, labels, made)


def _of_one_score(to: Writer, labels: Array, votes: str, base: Array) -> str | None:
    """Of two classes with votes for one: a probability, or what is above and below 0."""
    if base.size > 1:
        return None
    column = int(to.attributes["class_ids"][0])
    score = to.part(votes, 1, column, column + 1)
    score = to.add("Add", score, to.constant(base)) if base.size else score
    is_share = min(to.attributes["class_weights"]) >= 0
    kind = _option(to, "post_transform", "NONE")
    if kind not in ("NONE", "LOGISTIC"):
        return None
    is_chance = is_share and kind == "NONE"
    first = to.add("Sub", to.number(1.0), score) if is_chance else to.add("Neg", score)
    both = to.add("Concat", first, score, axis=1)
    both = to.add("Sigmoid", both) if kind == "LOGISTIC" else both
    to.named(both, _SCORES)
    above = to.add("Greater", score, to.number(0.5 if is_share else 0.0))
    place = to.reshape(to.add("Cast", above, to=TensorProto.INT64), [-1])
    return to.add("Gather", to.constant(labels), place)


def scaler(to: Writer) -> str:
    """(x - offset) times scale."""
    x = _number(to, to.given[0])
    offset, scale = _floats(to, "offset"), _floats(to, "scale")
    x = to.add("Sub", x, to.constant(offset)) if offset.size else x
    return to.add("Mul", x, to.constant(scale)) if scale.size else to.add("Identity", x)


def normalizer(to: Writer) -> str | None:
    """Rows divided by their largest number, their sum of sizes, or their length."""
    x, kind = _number(to, to.given[0]), _option(to, "norm", "MAX")
    reduce = {"MAX": "ReduceMax", "L1": "ReduceL1", "L2": "ReduceL2"}.get(kind)
    if reduce is None:
        return None
    size = to.reduced(reduce, x, [-1])
    is_none = to.add("Equal", size, to.number(0.0))
    return to.add("Div", x, to.add("Where", is_none, to.number(1.0), size))


def imputer(to: Writer) -> str | None:
    """Another number for one that stands for a missing one."""
    given = _floats(to, "imputed_value_floats")
    if not given.size or "imputed_value_int64s" in to.attributes:
        return None
    x, lost = to.given[0], float(to.attributes.get("replaced_value_float", 0.0))
    found = to.add("IsNaN", x) if np.isnan(lost) else to.add("Equal", x, to.number(lost))
    return to.add("Where", found, to.constant(given), x)


def binarizer(to: Writer) -> str:
    """1 above a threshold, 0 elsewhere."""
    threshold = to.number(float(to.attributes.get("threshold", 0.0)))
    return _number(to, to.add("Greater", to.given[0], threshold))


def one_hot(to: Writer) -> str | None:
    """A new last axis with a 1 where a number is this category."""
    categories = np.array(to.attributes.get("cats_int64s", ()), np.int64)
    if (
        not categories.size
        or not to.attributes.get("zeros", 1)
        or to.ranks.get(to.given[0]) is None
    ):
        return None
    x = to.add("Cast", to.given[0], to=TensorProto.INT64)
    wide = to.unsqueeze(x, to.ranks[to.given[0]])
    return _number(to, to.add("Equal", wide, to.constant(categories)))


def label_encoder(to: Writer) -> str | None:
    """A number for a number, one more for all others."""
    for key, dtype in (("keys_int64s", np.int64), ("keys_floats", np.float32)):
        keys = np.array(to.attributes.get(key, ()), dtype)
        for value, kind, least in (
            ("values_int64s", np.int64, ("default_int64", -1)),
            ("values_floats", np.float32, ("default_float", -0.0)),
        ):
            values = np.array(to.attributes.get(value, ()), kind)
            if keys.size and keys.size == values.size and to.ranks.get(to.given[0]) is not None:
                other = np.array(to.attributes.get(*least), kind)
                return _looked_up(to, keys, values, other)
    return None


def _looked_up(to: Writer, keys: Array, values: Array, other: Array) -> str:
    axis = to.ranks[to.given[0]]
    same = to.add("Equal", to.unsqueeze(to.given[0], axis), to.constant(keys))
    hits = to.add("Cast", same, to=TensorProto.FLOAT)
    place = to.add("ArgMax", hits, axis=axis, keepdims=0)
    is_known = to.add("Greater", to.total(hits, axis), to.number(0.0))
    found = to.add("Gather", to.constant(values), place)
    return to.add("Where", is_known, found, to.constant(other))


def features(to: Writer) -> str:
    """All columns side by side."""
    parts = [_number(to, name) for name in to.node.input if name]
    return to.add("Concat", *parts, axis=1)


def extractor(to: Writer) -> str | None:
    """Some places of the last axis."""
    rank = to.ranks.get(to.given[0])
    if rank is None:
        return None
    found = to.add("Gather", to.given[0], to.reshape(to.given[1], [-1]), axis=rank - 1)
    return to.reshape(found, [1, -1]) if rank == 1 else found


OPERATORS: dict[str, Callable[[Writer], str | None]] = {
    "ArrayFeatureExtractor": extractor,
    "Binarizer": binarizer,
    "FeatureVectorizer": features,
    "Imputer": imputer,
    "LabelEncoder": label_encoder,
    "LinearClassifier": linear_classifier,
    "LinearRegressor": linear_regressor,
    "Normalizer": normalizer,
    "OneHotEncoder": one_hot,
    "Scaler": scaler,
    "TreeEnsembleClassifier": tree_classifier,
    "TreeEnsembleRegressor": tree_regressor,
}
"""Operator -> what writes it out and returns the result, None for a form that it does not."""
TEXTS = "its classes are texts, and TensorFlow.js computes with numbers"
_DICTIONARIES = "dictionaries are not tensors"
_REASONS = {"ZipMap": f"{_DICTIONARIES}; the scores that it reads are one",
            "DictVectorizer": _DICTIONARIES, "CastMap": _DICTIONARIES}  # fmt: skip


def ml_reason(node: onnx.NodeProto, opset: int) -> str:
    """Why a node of this domain is refused that was not written out."""
    has_texts = any(item.name == "classlabels_strings" and item.strings for item in node.attribute)
    if has_texts and node.op_type in OPERATORS:
        return TEXTS
    if node.op_type in OPERATORS and opset < FIRST:
        return f"export the model at opset {FIRST} or newer, not {opset}"
    of_ml = "this form of it" if node.op_type in OPERATORS else "this operator of ai.onnx.ml"
    return _REASONS.get(node.op_type, f"{of_ml} is not supported")
