"""What TensorFlow's own operators are: stateful or not, and the dtypes they put out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sigfix.model import Graph, Node, output_index

_TABLES = Path(__file__).with_name("tables")
_INTERNAL = ("_Arg", "_Retval", "_DeviceArg", "_DeviceRetval")


@dataclass(frozen=True)
class Operator:
    """A registered operator; `outputs` are written as in the table's first lines."""

    name: str
    stateful: bool
    outputs: tuple[str, ...]


@cache
def tensorflow_operators() -> dict[str, Operator]:
    """Every operator that TensorFlow registers, by name."""
    found = {}
    text = (_TABLES / "tensorflow_operators.txt").read_text(encoding="ascii")
    for line in text.splitlines():
        if not line.startswith("#"):
            name, flag, *outputs = line.split()
            found[name] = Operator(name, flag == "s", tuple(outputs))
    return found


def is_stateful(name: str) -> bool:
    """Whether an operator keeps, draws or reaches something; one that is not known may."""
    known = tensorflow_operators().get(name)
    return known is None or known.stateful


def custom_operators(graph: Graph) -> dict[str, int]:
    """The operators that TensorFlow does not have, with how often each occurs."""
    known = tensorflow_operators()
    return {
        name: count
        for name, count in sorted(graph.op_counts.items())
        if name not in known and name not in _INTERNAL
    }


def output_dtypes(node: Node) -> list[str] | None:
    """The dtype of each output of a node; None where the operator or an attribute is unknown."""
    operator = tensorflow_operators().get(node.op)
    if operator is None:
        return None
    found: list[str] = []
    for output in operator.outputs:
        if output.startswith("*"):
            listed = node.attributes.get(output[1:])
            if not isinstance(listed, tuple):
                return None
            found.extend(str(item) for item in listed)
            continue
        count, _, dtype = output.rpartition("*")
        is_ref = dtype.endswith("_ref")
        if dtype.startswith("@"):
            named = node.attributes.get(dtype[1:].removesuffix("_ref"))
            if not isinstance(named, str):
                return None
            dtype = named + ("_ref" if is_ref else "")
        repeat = node.attributes.get(count) if count else 1
        if not isinstance(repeat, int) or not 0 <= repeat <= 100_000:
            return None
        found.extend([dtype] * repeat)
    return found


def tensor_dtype(graph: Graph, tensor: str) -> str | None:
    """The dtype of a graph tensor (`x:0`); None where it cannot be told."""
    node = graph.by_name.get(tensor.partition(":")[0])
    if node is None:
        return None
    if node.op in graph.function_by_name:
        outputs: list[str] | None = [spec.dtype for spec in graph.function_by_name[node.op].outputs]
    else:
        outputs = output_dtypes(node)
    position = output_index(tensor)
    if outputs is None or position >= len(outputs):
        return None
    return outputs[position]
