"""What the user chose about a source of `convert`, and a source that is ready to be frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sigfix.card import Card
from sigfix.describing.examples import ExampleFeature
from sigfix.pipeline.preset_options import PresetOptions
from sigfix.planning.choices import InputChoice, NormalizeChoice, as_tags
from sigfix.planning.edits import Component

if TYPE_CHECKING:  # at run time it needs numpy, and some commands do without
    from sigfix.verifying.checking import Side


PARSED, STRINGS = "--parsed", "--cut-strings"


@dataclass(frozen=True)
class SourceChoice:
    """What the user chose about the source; see `convert.ConvertOptions`.

    `inputs`, `outputs`, `rename` and `normalize` are as in `planning.choices.Choices`. `cut` is
    `PARSED` or `STRINGS` where a part in front is to be cut off, and `states` makes what the model
    keeps between two calls inputs and outputs.
    """

    signature: str | None = None
    tags: tuple[str, ...] | None = None
    layout: str | None = None
    preset: str | None = None
    preset_options: PresetOptions = field(default_factory=PresetOptions)
    trust: bool = False
    inputs: tuple[InputChoice, ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
    rename: tuple[tuple[str, str], ...] = ()
    normalize: NormalizeChoice | None = None
    cut: str = ""
    states: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "tags", as_tags(self.tags))

    @property
    def changes(self) -> bool:
        """Whether anything asks for another signature than the source has."""
        return bool(self.inputs or self.outputs or self.rename or self.normalize)


@dataclass(frozen=True)
class Prepared:
    """A SavedModel to freeze, or an ONNX file to trace, and what it was made from.

    `model` is the SavedModel, or the simplified ONNX file. `side` is what TensorFlow.js is compared
    with, None for a SavedModel that is its own source. `onnx_file` is what ONNX Runtime
    compares with, None for others; of its `inputs` those in `channels_last` are NHWC in what
    comes out, and `renamed` has the keys that are to be called otherwise. `signature` and `tags`
    are those of a SavedModel, `restless` is what can make two of its runs differ. `notes` are lines
    about the source, `features` what its strings have to hold where it parses tf.Examples, and
    `parts` which of its inputs are those of one sparse or ragged tensor.
    """

    model: Path
    card: Card | None = None
    tags: tuple[str, ...] = ()
    signature: str = ""
    source: Path = Path()
    onnx_file: Path | None = None
    inputs: tuple[str, ...] = ()
    channels_last: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    restless: str = ""
    side: Side | None = None
    features: tuple[ExampleFeature, ...] = ()
    parts: Mapping[str, Component] = field(default_factory=dict)
