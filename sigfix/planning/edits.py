"""What a repair will do: typed edits, each with its origin, and what speaks for a choice.

A `Plan` is complete: applying it needs the source model and nothing else, so it can be reviewed,
stored as JSON and repeated.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sigfix.model import PREDICT_METHOD, Shape, format_shape
from sigfix.planning.file_edits import ExportKeras, ImportOnnx, LeaveOut, SaveAnew, WriteCard
from sigfix.planning.steps import Step

OPTION, PRESET, TRACE, GRAPH, SIGNATURE, CONVENTION = (
    "option", "preset", "trace", "graph", "signature", "convention"
)  # fmt: skip
"""Where a value came from, the strongest first. An option always wins."""


@dataclass(frozen=True)
class Component:
    """Which part of a sparse or ragged tensor an input is.

    `of` is the tensor's name, `kind` `sparse` or `ragged`, `part` `indices`, `values`,
    `dense_shape` or `row_splits` (`row_splits_0` the outermost); `shape` is the whole tensor's.
    """

    of: str
    kind: str
    part: str
    shape: Shape = None


@dataclass(frozen=True)
class InputPlan:
    """One input of the new signature.

    `target` is what it feeds: the flat position of a function's tensor argument (as text), or
    a graph tensor. `steps` lead from the new input to the target.
    """

    name: str
    dtype: str
    shape: Shape
    target: str
    was: str = ""
    steps: tuple[Step, ...] = ()
    origin: str = TRACE
    name_origin: str = TRACE
    component: Component | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.dtype}{format_shape(self.shape)}"


@dataclass(frozen=True)
class OutputPlan:
    """One output of the new signature; `source` is a flat result position or a graph tensor."""

    name: str
    dtype: str
    shape: Shape
    source: str
    steps: tuple[Step, ...] = ()
    origin: str = TRACE

    def __str__(self) -> str:
        return f"{self.name}: {self.dtype}{format_shape(self.shape)}"


@dataclass(frozen=True)
class BoundInput:
    """A tensor argument (or placeholder) that is no input: it always has `value`."""

    target: str
    dtype: str
    shape: Shape
    value: bool | int | float | str
    was: str = ""
    origin: str = OPTION


@dataclass(frozen=True)
class FunctionSource:
    """A concrete function of the object graph: where it is, and its name in the library.

    `widened` are the flat positions of arguments that were traced for a batch of 1, and that a copy
    of the function takes any batch of.
    """

    path: str
    trace: str
    widened: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"function {self.path}"


@dataclass(frozen=True)
class MergedSource:
    """Several concrete functions, the heads of one signature.

    A target is then `HEAD:POSITION`, and `0:0,1:0` where one input feeds several heads.
    """

    heads: tuple[FunctionSource, ...]

    def __str__(self) -> str:
        return " and ".join(head.path for head in self.heads)


@dataclass(frozen=True)
class GraphSource:
    """The top-level graph itself: placeholders in, tensors out (TF1)."""

    described: str = "the graph's placeholders"

    def __str__(self) -> str:
        return self.described


@dataclass(frozen=True)
class Parsed:
    """Parsers of tf.Examples that are cut off the source of a signature.

    `inputs` are what the source itself takes. `tensors` are what is fed instead, as the graph
    calls them, or the function with all that it calls written into it. A copy of the function
    takes those of its arguments at the positions `kept`, and then the tensors.
    """

    inputs: tuple[InputPlan, ...]
    tensors: tuple[str, ...]
    kept: tuple[int, ...] = ()


@dataclass(frozen=True)
class AddSignature:
    """Build a signature (or replace the one of that key)."""

    key: str
    source: FunctionSource | MergedSource | GraphSource
    inputs: tuple[InputPlan, ...]
    outputs: tuple[OutputPlan, ...]
    bound: tuple[BoundInput, ...] = ()
    method_name: str = PREDICT_METHOD
    origin: str = TRACE
    parsed: Parsed | None = None

    @property
    def heads(self) -> tuple[FunctionSource, ...]:
        """The functions that it calls; none where the source is the graph."""
        if isinstance(self.source, MergedSource):
            return self.source.heads
        return (self.source,) if isinstance(self.source, FunctionSource) else ()


@dataclass(frozen=True)
class AliasSignature:
    """Give an existing signature a second key."""

    key: str
    of: str
    origin: str = SIGNATURE


@dataclass(frozen=True)
class AttachSignature:
    """Make a signature of the signature map known to the object graph too.

    Without it the v1 loader sees the signature and `tf.saved_model.load` does not. `function` is
    the library function that the signature's outputs are a call of.
    """

    key: str
    function: str
    origin: str = GRAPH


@dataclass(frozen=True)
class RemoveSignature:
    """Take a signature away."""

    key: str
    origin: str = OPTION


@dataclass(frozen=True)
class RenameSignature:
    """Give a signature another key."""

    key: str
    to: str
    origin: str = OPTION


@dataclass(frozen=True)
class SetMethodName:
    """Set a SignatureDef's method name (`tensorflow/serving/predict`)."""

    key: str
    method_name: str
    was: str = ""
    origin: str = CONVENTION


@dataclass(frozen=True)
class SetTags:
    """Set the tags of the MetaGraph."""

    tags: tuple[str, ...]
    was: tuple[str, ...] = ()
    origin: str = CONVENTION


@dataclass(frozen=True)
class SetVersion:
    """Set the TensorFlow version that the MetaGraph says it was written by; '' for none."""

    version: str
    was: str = ""
    origin: str = CONVENTION


@dataclass(frozen=True)
class KeepMetaGraph:
    """Keep one MetaGraph of several and drop the others."""

    tags: tuple[str, ...]
    dropped: tuple[tuple[str, ...], ...]
    origin: str = OPTION


Edit = (
    AddSignature
    | AliasSignature
    | AttachSignature
    | RemoveSignature
    | RenameSignature
    | SetMethodName
    | SetTags
    | SetVersion
    | KeepMetaGraph
    | LeaveOut
    | ExportKeras
    | ImportOnnx
    | SaveAnew
    | WriteCard
)


def positions(target: str) -> list[tuple[int, int]]:
    """The (head, flat position) pairs of a target or source: `3`, `1:3`, `0:0,1:0`."""
    pairs = [part.rpartition(":") for part in target.split(",")]
    return [(int(head or 0), int(position)) for head, _, position in pairs]


METADATA_EDITS = (
    AliasSignature, AttachSignature, RemoveSignature, RenameSignature, SetMethodName, SetTags,
    SetVersion, KeepMetaGraph, WriteCard,
)  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """Something the signature could be built from, with what speaks for it and how to choose it."""

    label: str
    choose: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What will be done to a model, or why nothing can be.

    `verdict` is `healthy` (no edits needed), `repairable`, `ambiguous` (see `candidates`) or
    `blocked` (see `reason`). `meta_graph` is the index of the MetaGraph the edits are for.
    """

    model: str
    verdict: str
    meta_graph: int = 0
    edits: tuple[Edit, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    reason: str = ""
    hint: str = ""
    lost: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def is_metadata_only(self) -> bool:
        """Whether the graph stays as it is, so that a structural check is enough."""
        return all(isinstance(edit, METADATA_EDITS) for edit in self.edits)

    @property
    def added(self) -> tuple[AddSignature, ...]:
        """The signatures that are built."""
        return tuple(edit for edit in self.edits if isinstance(edit, AddSignature))
