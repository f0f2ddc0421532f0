"""What is no SavedModel: ONNX, Keras files, TensorFlow.js models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sigfix.model.graph import Graph
from sigfix.model.specs import TensorSpec
from sigfix.model.weights import NonFinite


@dataclass(frozen=True)
class Problem:
    """Something wrong that reading itself found: a finding's code, in words, and where."""

    code: str
    message: str
    location: str = ""


@dataclass(frozen=True)
class OtherModel:
    """A model in another format, described in the terms that all formats share.

    `kind` is `onnx`, `keras` or `tfjs`; `facts` are further (label, text) pairs; `graph` is there
    where the format has a TensorFlow graph; `card` is what sigfix wrote into a model of its own.
    `non_finite` is empty unless somebody looked (`reading.weights`). `code` names what building the
    model would run or open beyond the format's own operators; `unusable` says why no model can be
    made of the file, '' where one can.
    """

    path: Path
    kind: str
    title: str
    size_bytes: int
    inputs: tuple[TensorSpec, ...] = ()
    outputs: tuple[TensorSpec, ...] = ()
    operators: Mapping[str, int] = field(default_factory=dict)
    facts: tuple[tuple[str, str], ...] = ()
    graph: Graph | None = None
    problems: tuple[Problem, ...] = ()
    card: Mapping[str, object] | None = None
    non_finite: tuple[NonFinite, ...] = ()
    code: tuple[str, ...] = ()
    unusable: str = ""
