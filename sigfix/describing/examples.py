"""What a serialized tf.Example must hold, where a model parses some: features of its graphs.

Estimators and TFX models take strings, and their own ParseExample operators say which features
each string needs, of which dtype and shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sigfix.model import ConstantTensor, MetaGraph, Node, Shape, node_of


@dataclass(frozen=True)
class ExampleFeature:
    """A feature: its key, dtype (`float32`, `int64` or `string`), and the shape of one example.

    A sparse or ragged feature may hold any number of values; its shape is unknown (None).
    """

    key: str
    dtype: str
    shape: Shape


def example_features(meta_graph: MetaGraph) -> tuple[ExampleFeature, ...]:
    """The features that any ParseExample operator of a MetaGraph reads, each key once."""
    graph = meta_graph.graph
    found: dict[str, ExampleFeature] = {}
    scopes = [graph.by_name]
    scopes += [{node.name: node for node in function.nodes} for function in graph.functions]
    for nodes in scopes:
        for node in nodes.values():
            read = _READERS.get(node.op)
            for feature in read(node, nodes) if read is not None else ():
                found.setdefault(feature.key, feature)
    return tuple(found.values())


def _texts(nodes: Mapping[str, Node], tensor: str) -> tuple[str, ...]:
    """The strings in a constant."""
    node = nodes.get(node_of(tensor))
    value = node.attributes.get("value") if node is not None else None
    if not isinstance(value, ConstantTensor) or value.value is None:
        return ()
    return tuple(map(str, value.value))


def _features(
    keys: tuple[str, ...], dtypes: tuple[object, ...], shapes: tuple[object, ...] | None
) -> Iterator[ExampleFeature]:
    for index, (key, dtype) in enumerate(zip(keys, dtypes, strict=False)):
        shape = shapes[index] if shapes is not None and index < len(shapes) else None
        yield ExampleFeature(key, str(dtype), shape if isinstance(shape, tuple) else None)


def _parse_example(node: Node, nodes: Mapping[str, Node]) -> Iterator[ExampleFeature]:
    """serialized, names, then one constant a sparse key, one a dense key."""
    sparse = len(node.listed("sparse_types"))
    dense = len(node.listed("Tdense"))
    keys = [text for name in node.data_inputs[2:][: sparse + dense] for text in _texts(nodes, name)]
    yield from _features(tuple(keys[:sparse]), node.listed("sparse_types"), None)
    yield from _features(tuple(keys[sparse:]), node.listed("Tdense"), node.listed("dense_shapes"))


def _parse_example_v2(node: Node, nodes: Mapping[str, Node]) -> Iterator[ExampleFeature]:
    """serialized, names, and vectors of sparse, dense and ragged keys."""
    sparse, dense, ragged = (_texts(nodes, name) for name in node.data_inputs[2:5])
    yield from _features(sparse, node.listed("sparse_types"), None)
    yield from _features(dense, node.listed("Tdense"), node.listed("dense_shapes"))
    yield from _features(ragged, node.listed("ragged_value_types"), None)


def _parse_single(node: Node, nodes: Mapping[str, Node]) -> Iterator[ExampleFeature]:
    """Keys are attributes."""
    sparse = tuple(map(str, node.listed("sparse_keys")))
    dense = tuple(map(str, node.listed("dense_keys")))
    yield from _features(sparse, node.listed("sparse_types"), None)
    yield from _features(dense, node.listed("Tdense"), node.listed("dense_shapes"))


_READERS = {
    "ParseExample": _parse_example,
    "ParseExampleV2": _parse_example_v2,
    "ParseSingleExample": _parse_single,
}
