"""A SavedModel directory: MetaGraphs, signatures, collections, assets, variables on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sigfix.model.graph import Graph
from sigfix.model.objects import ObjectGraph, Variable
from sigfix.model.other import Problem
from sigfix.model.specs import Shape, TensorSpec
from sigfix.model.weights import NonFinite

INIT_OP_KEY = "__saved_model_init_op"
TRAIN_OP_KEY = "__saved_model_train_op"
RESERVED_KEYS = (INIT_OP_KEY, TRAIN_OP_KEY)
DEFAULT_SERVING_KEY = "serving_default"
PREDICT_METHOD = "tensorflow/serving/predict"


@dataclass(frozen=True)
class SignatureTensor:
    """An input or output of a SignatureDef.

    `encoding` is `dense` (then `spec.name` is the tensor), `sparse` (`components` are values,
    indices and dense shape), or `composite` (`components` are the parts, `type_spec` the class).
    """

    key: str
    spec: TensorSpec
    encoding: str = "dense"
    components: tuple[TensorSpec, ...] = ()
    type_spec: str = ""

    @property
    def tensor_names(self) -> tuple[str, ...]:
        """Every graph tensor behind this key."""
        if self.encoding == "dense":
            return (self.spec.name,)
        return tuple(part.name for part in self.components)


@dataclass(frozen=True)
class Signature:
    """A SignatureDef, inputs and outputs sorted by key."""

    key: str
    inputs: tuple[SignatureTensor, ...]
    outputs: tuple[SignatureTensor, ...]
    method_name: str = ""
    defaults: tuple[str, ...] = ()

    @property
    def is_reserved(self) -> bool:
        """Whether this is TensorFlow's own bookkeeping (the initialiser), not a signature."""
        return self.key in RESERVED_KEYS


@dataclass(frozen=True)
class Collection:
    """A CollectionDef. `kind` is node_list, bytes_list, int64_list, float_list or any_list.

    `values` holds node names, numbers, or type URLs; of a bytes list only the variable names
    where the bytes are VariableDefs. `count` is the number of elements.
    """

    name: str
    kind: str
    values: tuple[str | int | float, ...]
    count: int


@dataclass(frozen=True)
class Asset:
    """An AssetFileDef: the file under `assets/`, and the tensor that its path is fed to.

    `is_pointer` where Git LFS left its note in place of the file.
    """

    filename: str
    tensor: str
    exists: bool
    is_pointer: bool = False


@dataclass(frozen=True)
class MetaGraph:
    """One MetaGraphDef. `objects` is None where TF1 wrote it.

    `restored` are the names under which its variables are read from the index, as far as the graph
    says them.
    """

    tags: tuple[str, ...]
    tensorflow_version: str
    git_version: str
    signatures: tuple[Signature, ...]
    graph: Graph
    objects: ObjectGraph | None
    collections: Mapping[str, Collection]
    assets: tuple[Asset, ...]
    variables: tuple[Variable, ...]
    used_ops: tuple[str, ...] = ()
    saver_restore_op: str = ""
    saver_filename_tensor: str = ""
    function_aliases: Mapping[str, str] = field(default_factory=dict)
    restored: frozenset[str] = frozenset()

    @cached_property
    def user_signatures(self) -> tuple[Signature, ...]:
        """The signatures that somebody can call: all but the reserved ones."""
        return tuple(signature for signature in self.signatures if not signature.is_reserved)

    def signature(self, key: str) -> Signature | None:
        """The signature of that name."""
        return self._by_key.get(key)

    @cached_property
    def _by_key(self) -> dict[str, Signature]:
        return {signature.key: signature for signature in reversed(self.signatures)}

    @property
    def init_op(self) -> str:
        """The operation that initialises tables and resources, '' where there is none."""
        reserved = self.signature(INIT_OP_KEY)
        if reserved is not None and reserved.outputs:
            return reserved.outputs[0].spec.name
        for name in ("saved_model_main_op", "legacy_init_op"):
            collection = self.collections.get(name)
            if collection is not None and collection.values:
                return str(collection.values[0])
        return ""


@dataclass(frozen=True)
class StoredTensor:
    """An entry of the variable index: where in which shard a tensor's bytes are."""

    name: str
    dtype: str
    shape: Shape
    shard: int
    offset: int
    size: int
    crc32c: int = 0
    is_sliced: bool = False


@dataclass(frozen=True)
class Shard:
    """A data file of the variable bundle; `size` is None where it is missing.

    `is_pointer` where Git LFS left its note in place of the file.
    """

    filename: str
    size: int | None
    needed: int
    number: int = 0
    is_pointer: bool = False


@dataclass(frozen=True)
class VariableStore:
    """`variables/`: the index, its shards, files that belong to neither, and what is wrong.

    `error` says why the index could not be read; then there are no tensors. `is_pointer` where
    Git LFS left its note in place of the index.
    """

    tensors: tuple[StoredTensor, ...] = ()
    shards: tuple[Shard, ...] = ()
    stray: tuple[str, ...] = ()
    error: str = ""
    has_index: bool = True
    is_pointer: bool = False
    bad_checksums: tuple[str, ...] = ()
    checksums_verified: bool = False


@dataclass(frozen=True)
class SavedModel:
    """A SavedModel as it is on disk; `encoding` is pb, pbtxt, or graph for a frozen GraphDef.

    `problems` are what reading met in the directory that is no file of the model; `non_finite` is
    empty unless somebody looked (`reading.weights`).
    """

    path: Path
    encoding: str
    schema_version: int
    meta_graphs: tuple[MetaGraph, ...]
    variables: VariableStore | None
    files: tuple[tuple[str, int], ...] = ()
    has_fingerprint: bool = False
    card: Mapping[str, object] | None = None
    notes: tuple[tuple[str, str], ...] = field(default_factory=tuple)
    problems: tuple[Problem, ...] = ()
    non_finite: tuple[NonFinite, ...] = ()

    @property
    def size_bytes(self) -> int:
        """All files of the directory together."""
        return sum(size for _, size in self.files)
