"""What a serialized tf.Example must hold, where a model parses some: features of its graphs.

Estimators and TFX models take strings, and their own ParseExample operators say which features
each string needs, of which dtype and shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sigfix.model import ConstantTensor, MetaGraph, Node, Shape, as_shape, node_of


@dataclass(frozen=True)
class ExampleFeature:
    """A feature: its key, dtype (`float32`, `int64` or `string`), and the shape of one example.

    A sparse or ragged feature may hold any number of values; its shape is unknown (None).
    """

    key: str
    dtype: str
    shape: Shape


SPARSE, DENSE, RAGGED = ("_indices", "_values", "_shape"), ("",), ("_values", "_row_splits")
"""What the tensors of a feature are called behind its key, in the order of a parser's outputs."""
_OUTPUTS = (
    ("sparse_indices", "sparse_values", "sparse_shapes"),
    ("dense_values",),
    ("ragged_values", "ragged_row_splits"),
)
"""The same outputs as the operators' definitions call them."""


@dataclass(frozen=True)
class ParsedTensor:
    """An output of a parser: its number, what a function calls it (`dense_values:0`), its name."""

    place: int
    output: str
    name: str
    dtype: str
    shape: Shape


def parsed_names(
    sparse: Sequence[str], dense: Sequence[str], ragged: Sequence[str] = ()
) -> list[str]:
    """What the outputs of a parser are called, by the keys of its features, in their order."""
    groups = ((sparse, SPARSE), (dense, DENSE), (ragged, RAGGED))
    return [f"{key}{part}" for keys, parts in groups for part in parts for key in keys]


def parsed_tensors(node: Node, nodes: Mapping[str, Node], batch: Shape) -> list[ParsedTensor]:
    """The outputs of a parser for `batch` examples (a shape: () for a single one).

    None where its keys cannot be told. `nodes` are those beside it, by name. Shapes that were
    recorded with the operator are taken as they are.
    """
    keys = _KEYS[node.op](node, nodes)
    types = [node.listed(name) for name in _TYPES]
    if [len(each) for each in keys] != [len(each) for each in types]:
        return []
    rank = None if batch is None else len(batch)
    index: Shape = (None, None if rank is None else rank + 1)
    whole: Shape = (None if rank is None else rank + 1,)
    dense = [_dense_shape(node, number, batch) for number in range(len(keys[1]))]
    splits = map(str, node.listed("ragged_split_types"))
    specs: list[tuple[str, Shape]] = [
        *(("int64", index) for _ in keys[0]),
        *((str(dtype), (None,)) for dtype in types[0]),
        *(("int64", whole) for _ in keys[0]),
        *zip(map(str, types[1]), dense, strict=True),
        *((str(dtype), (None,)) for dtype in types[2]),
        *((dtype, (None,)) for dtype in splits),
    ]
    outputs = [
        f"{name}:{number}"
        for names, each in zip(_OUTPUTS, keys, strict=True)
        for name in names
        for number in range(len(each))
    ]
    recorded = node.listed("_output_shapes")
    if len(recorded) == len(specs):
        specs = [(dtype, as_shape(s)) for (dtype, _), s in zip(specs, recorded, strict=True)]
    named = zip(outputs, parsed_names(*keys), specs, strict=True)
    return [
        ParsedTensor(place, output, name, dtype, shape)
        for place, (output, name, (dtype, shape)) in enumerate(named)
    ]


def _dense_shape(node: Node, number: int, batch: Shape) -> Shape:
    shapes = node.listed("dense_shapes")
    own = shapes[number] if number < len(shapes) else None
    return (*batch, *own) if isinstance(own, tuple) and batch is not None else None


def example_features(meta_graph: MetaGraph) -> tuple[ExampleFeature, ...]:
    """The features that any ParseExample operator of a MetaGraph reads, each key once."""
    graph = meta_graph.graph
    found: dict[str, ExampleFeature] = {}
    scopes = [graph.by_name]
    scopes += [{node.name: node for node in function.nodes} for function in graph.functions]
    for nodes in scopes:
        for node in nodes.values():
            for feature in _features(node, nodes) if node.op in _KEYS else ():
                found.setdefault(feature.key, feature)
    return tuple(found.values())


def _features(node: Node, nodes: Mapping[str, Node]) -> Iterator[ExampleFeature]:
    for kind, keys in enumerate(_KEYS[node.op](node, nodes)):
        types = node.listed(_TYPES[kind])
        shapes = node.listed("dense_shapes") if kind == 1 else ()
        for index, (key, dtype) in enumerate(zip(keys, types, strict=False)):
            shape = shapes[index] if index < len(shapes) else None
            yield ExampleFeature(key, str(dtype), shape if isinstance(shape, tuple) else None)


def _texts(nodes: Mapping[str, Node], tensor: str) -> tuple[str, ...]:
    """The strings in a constant."""
    node = nodes.get(node_of(tensor))
    value = node.attributes.get("value") if node is not None else None
    if not isinstance(value, ConstantTensor) or value.value is None:
        return ()
    return tuple(map(str, value.value))


_TYPES = ("sparse_types", "Tdense", "ragged_value_types")
"""The attributes with the dtypes of the features, a dtype a key."""
Keys = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Of the sparse, the dense and the ragged features."""


def _of_first(node: Node, nodes: Mapping[str, Node]) -> Keys:
    """serialized, names, then one constant a sparse key, one a dense key."""
    sparse, dense = len(node.listed("sparse_types")), len(node.listed("Tdense"))
    keys = [text for name in node.data_inputs[2:][: sparse + dense] for text in _texts(nodes, name)]
    return tuple(keys[:sparse]), tuple(keys[sparse:]), ()


def _of_second(node: Node, nodes: Mapping[str, Node]) -> Keys:
    """serialized, names, and vectors of sparse, dense and ragged keys."""
    sparse, dense, ragged, *_ = (*(_texts(nodes, name) for name in node.data_inputs[2:5]),
                                 (), (), ())  # fmt: skip
    return sparse, dense, ragged


def _of_single(node: Node, nodes: Mapping[str, Node]) -> Keys:
    """Keys are attributes."""
    sparse, dense = (tuple(map(str, node.listed(name))) for name in ("sparse_keys", "dense_keys"))
    return sparse, dense, ()


_KEYS = {
    "ParseExample": _of_first,
    "ParseExampleV2": _of_second,
    "ParseSingleExample": _of_single,
}
PARSERS = tuple(_KEYS)
"""The operators that parse tf.Examples."""
