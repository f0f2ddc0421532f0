"""Cut off what stands in front of a frozen graph: parsers, and what TensorFlow.js cannot do.

What the part in front puts out becomes an input, which the page computes. The whole graph stays
beside it: TensorFlow runs the part in front of it to tell what to feed for the same results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from tensorflow.core.framework import node_def_pb2

from sigfix.describing.examples import PARSERS, parsed_names
from sigfix.errors import ConversionError
from sigfix.exporting.bottlenecks import bottlenecks, shape_of, upstream, wanting
from sigfix.exporting.freezing import FrozenSignature, tensor_info, tfjs_name
from sigfix.exporting.reference import Arrays
from sigfix.model import format_shape
from sigfix.optimising.graph.graph import Graph, NodeDef, node_of

SHOWN = 6


@dataclass(frozen=True)
class Cut:
    """A frozen graph with other inputs: `rest`, what it is cut out of, and where.

    `tensors` are those of `whole` that stand for an input of `rest`, by its key; `said` are lines
    about what the page has to compute.
    """

    rest: FrozenSignature
    whole: FrozenSignature
    tensors: Mapping[str, str]
    said: tuple[str, ...]


def fed_behind(cut: Cut, cases: Sequence[Arrays]) -> list[Arrays]:
    """What the rest is fed with for inputs of the whole: computed by TensorFlow, by the whole."""
    shared = {key for key in cut.rest.inputs if key not in cut.tensors}
    inputs = {k: n for k, n in cut.whole.inputs.items() if k not in cut.whole.unused_inputs}
    found = []
    with _imported(cut.whole.graph) as graph, tf.compat.v1.Session(graph=graph) as session:
        fetches = {
            key: reference if ":" in reference else f"{reference}:0"
            for key, reference in cut.tensors.items()
        }
        for case in cases:
            feeds = {f"{name}:0": case[key] for key, name in inputs.items()}
            values = session.run(fetches, feeds)
            found.append({**{key: case[key] for key in shared}, **values})
    return found


def cut_parsers(frozen: FrozenSignature) -> Cut:
    """Let the features of tf.Examples be inputs, called by their keys.

    Raises `ConversionError` where nothing parses any.
    """
    graph = frozen.graph
    parsers = [node for node in graph.nodes.values() if node.op in PARSERS]
    names = {place: name for node in parsers for place, name in _features(graph, node)}
    if not parsers:
        raise ConversionError("--parsed: nothing in this signature parses tf.Examples.")
    return _cut(frozen, names)


def cut_strings(frozen: FrozenSignature) -> Cut:
    """Let what TensorFlow.js cannot compute end in inputs.

    Raises `ConversionError` where it can compute all, or where nothing would be left.
    """
    graph = frozen.graph
    found = wanting(graph)
    if not found:
        raise ConversionError("--cut-strings: TensorFlow.js can compute this signature as it is.")
    tensors = bottlenecks(graph, found)
    if not tensors:
        raise ConversionError(
            "--cut-strings: an output itself is what TensorFlow.js cannot compute "
            f"({', '.join(sorted({graph.nodes[name].op for name in found}))})."
        )
    keys = {name: key for key, name in frozen.inputs.items()}
    names: dict[str, str] = {}
    with _imported(graph) as types:
        for reference in tensors:
            fed = [keys[name] for name in upstream(graph, reference) if name in keys]
            suffix = _called(_tensor(types, reference))
            base = fed[0] if len(fed) == 1 else node_of(reference).rpartition("/")[2]
            names[reference] = f"{base}_{suffix}" if len(fed) == 1 else base
    return _cut(frozen, names)


def _cut(frozen: FrozenSignature, names: Mapping[str, str]) -> Cut:
    """Cut at tensors (`node`, `node:1`), which are to have these names."""
    graph = frozen.graph.copy()
    signature = type(frozen.signature)()
    signature.CopyFrom(frozen.signature)
    taken = {*graph.nodes, *frozen.inputs, *frozen.outputs}
    tensors: dict[str, str] = {}
    with _imported(frozen.graph) as types:
        for reference, wanted in names.items():
            if not any(reference in reader.input for reader in graph.readers(node_of(reference))):
                continue
            tensor = _tensor(types, reference)
            name = tfjs_name(wanted, taken)
            graph.nodes[name] = _placeholder(name, tensor)
            info = tensor_info(tensor)
            info.tensor_shape.CopyFrom(shape_of(tensor).as_proto())
            info.name = f"{name}:0"
            signature.inputs[name].CopyFrom(info)
            tensors[name] = reference
            graph.redirect(reference, name)
    before = frozen.graph.reachable()
    used = graph.reachable()
    inputs = {k: n for k, n in frozen.inputs.items() if n in used or n not in before}
    inputs |= {name: name for name in tensors if name in used}
    for key in [key for key in signature.inputs if key not in inputs]:
        del signature.inputs[key]
    graph.inputs = tuple(inputs.values())
    graph.prune()
    unused = tuple(key for key, name in inputs.items() if name not in used)
    rest = FrozenSignature(graph, inputs, frozen.outputs, signature, unused)
    kept = {key: reference for key, reference in tensors.items() if key in inputs}
    said = tuple(_said(frozen, key, signature.inputs[key], kept[key]) for key in kept)
    return Cut(rest, frozen, kept, said)


def _tensor(types: tf.Graph, reference: str) -> tf.Tensor:
    return types.get_tensor_by_name(reference if ":" in reference else f"{reference}:0")


def _called(tensor: tf.Tensor) -> str:
    """What an input in a tensor's place is called, behind the name of what it is made of."""
    outputs = tensor.op.op_def.output_arg
    if len(tensor.op.outputs) == len(outputs) > 1:  # else one of them is a list
        return str(outputs[tensor.value_index].name)
    kind = tensor.dtype
    return "pixels" if kind == tf.uint8 else "ids" if kind.is_integer else "numbers"


def _said(frozen: FrozenSignature, key: str, info: Any, reference: str) -> str:
    before = upstream(frozen.graph, reference)
    fed = [own for own, name in frozen.inputs.items() if name in before]
    lacking = before & wanting(frozen.graph)
    ordered = [node.op for node in frozen.graph.ordered() if node.name in lacking]
    steps = list(dict.fromkeys(map(str, ordered)))
    shape = tf.TensorShape(info.tensor_shape)
    dims = None if shape.rank is None else tuple(shape.as_list())
    kind = tf.as_dtype(info.dtype).name
    more = f" and {len(steps) - SHOWN} more" if len(steps) > SHOWN else ""
    by = f" ({', '.join(steps[:SHOWN])}{more})" if steps else ""
    return (
        f"the page computes {key}: {kind}{format_shape(dims)}, which the model makes of "
        f"{', '.join(fed) or 'its inputs'}{by}"
    )


def _placeholder(name: str, tensor: Any) -> NodeDef:
    node = node_def_pb2.NodeDef(name=name, op="Placeholder")
    node.attr["dtype"].type = tensor.dtype.as_datatype_enum
    node.attr["shape"].shape.CopyFrom(shape_of(tensor).as_proto())
    return node


class _imported:
    """The graph as TensorFlow has it, for the types and shapes of its tensors."""

    def __init__(self, graph: Graph) -> None:
        self.definition = graph.graph_def()

    def __enter__(self) -> Any:
        graph = tf.Graph()
        with graph.as_default():
            tf.import_graph_def(self.definition, name="")
        return graph

    def __exit__(self, *error: object) -> None:
        del self.definition


def _features(graph: Graph, node: NodeDef) -> Iterator[tuple[str, str]]:
    """Each output of a parser, with the name of its feature."""
    for place, name in enumerate(parsed_names(*_KEYS[node.op](graph, node))):
        yield f"{node.name}:{place}" if place else str(node.name), name


Keys = tuple[Sequence[str], Sequence[str], Sequence[str]]
"""Of the sparse, the dense and the ragged features."""


def _texts(graph: Graph, references: Sequence[str]) -> list[str]:
    found = []
    for reference in references:
        value = graph.constant(reference)
        for text in [] if value is None else value.ravel().tolist():
            found.append(text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text))
    return found


def _of_first(graph: Graph, node: NodeDef) -> Keys:
    """serialized, names, a constant for each sparse key, one for each dense key, defaults."""
    sparse, dense = (int(node.attr[name].i) for name in ("Nsparse", "Ndense"))
    keys = _texts(graph, list(node.input[2 : 2 + sparse + dense]))
    return keys[:sparse], keys[sparse:], ()


def _of_second(graph: Graph, node: NodeDef) -> Keys:
    """serialized, names, then a vector of keys for each kind."""
    sparse, dense, ragged = (_texts(graph, [reference]) for reference in node.input[2:5])
    return sparse, dense, ragged


def _of_single(graph: Graph, node: NodeDef) -> Keys:
    """Keys are attributes."""
    sparse, dense = (
        [text.decode() for text in node.attr[name].list.s] for name in ("sparse_keys", "dense_keys")
    )
    return sparse, dense, ()


_KEYS = {
    "ParseExample": _of_first,
    "ParseExampleV2": _of_second,
    "ParseSingleExample": _of_single,
}
