"""Edits about files: what a SavedModel is made of that is none yet, what not, and its card."""

from __future__ import annotations

from dataclasses import dataclass, field

from sigfix.planning.choices import Choices


@dataclass(frozen=True)
class ExportKeras:
    """Load a `.keras` or `.h5` file with the Keras that wrote it, and save it as a SavedModel.

    `inputs` are the input layers with their specs. `choices` are what is to be changed of the
    exported model: that is planned once Keras has told what its outputs are.
    """

    version: str
    inputs: tuple[str, ...] = ()
    origin: str = "file"
    choices: Choices = field(default_factory=Choices)


@dataclass(frozen=True)
class ImportOnnx:
    """Express an ONNX file in TensorFlow, and save it as a SavedModel with `serving_default`.

    `inputs` and `outputs` are the signature's, with their specs. With a `preset` (its name),
    the file is imported as that docTR model, channels last; `size` and `raw_logits` are as in
    `presets.find_preset`. `sizes` (by input) and the values of `bound` inputs are put into the
    file before it is imported: what depends on them is then known.
    """

    opset: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    preset: str = ""
    size: int | tuple[int, int] | None = None
    raw_logits: bool = False
    origin: str = "file"
    sizes: tuple[tuple[str, tuple[int | None, ...]], ...] = ()
    bound: tuple[tuple[str, bool | int | float | str], ...] = ()


@dataclass(frozen=True)
class SaveAnew:
    """Load the SavedModel with TensorFlow and save it again, before all other edits.

    The loader knows which variables and tables a function uses, where the graph does not tell.
    """

    origin: str = "option"


LOST_ANEW = (
    "what tf.saved_model.load does not restore: other MetaGraphs, assets.extra, collections, "
    "Keras' own metadata, functions that no object holds",
)
"""What a model has no more that was saved anew."""


@dataclass(frozen=True)
class WriteCard:
    """Write `assets.extra/sigfix.json`: which preset it is, and how its output is read.

    `input`, `output` and `layout` (nhwc or nchw) are those of the signature; `normalized` says
    that it takes images as they are, between 0 and 1.
    """

    preset: str
    vocabulary: str
    weights: str
    input: str = "input"
    output: str = "logits"
    layout: str = "nhwc"
    normalized: bool = False
    origin: str = "preset"


@dataclass(frozen=True)
class LeaveOut:
    """Leave operators out that TensorFlow does not have, where no signature needs them."""

    operators: tuple[str, ...]
    origin: str = "file"
