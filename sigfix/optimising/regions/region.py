"""A region: what it is, what it reads, and how the loader knows that it is still there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sigfix.optimising.graph.graph import Graph, node_of

VERSION = 1
"""Of the form that model.json has them in; sigfix/web/kernels/regions.mjs reads this one."""


@dataclass(frozen=True)
class Region:
    """A part of a graph with one output.

    `inputs` are references (`a` or `a:1`), `constants` names of Const nodes, `attributes` whole
    numbers; `kind` says what they mean.
    """

    kind: str
    output: str
    inputs: tuple[str, ...]
    constants: tuple[str, ...]
    attributes: Mapping[str, int] = field(default_factory=dict)

    def inside(self, graph: Graph) -> set[str]:
        """The nodes from the output back to the inputs; constants are none of them."""
        ends = {node_of(reference) for reference in self.inputs}
        found: set[str] = set()
        left = [self.output]
        while left:
            name = left.pop()
            if name in found or name in ends or graph.nodes[name].op == "Const":
                continue
            found.add(name)
            left.extend(node_of(reference) for reference in graph.nodes[name].input)
        return found

    def is_closed(self, graph: Graph) -> bool:
        """Whether nobody outside reads anything of it but the output."""
        inside = self.inside(graph)
        return not any(
            name in graph.outputs or any(r.name not in inside for r in graph.readers(name))
            for name in inside - {self.output}
        )

    def as_json(self, graph: Graph) -> dict[str, Any]:
        """Plain values for model.json, with the digest of what is inside."""
        return {
            "kind": self.kind,
            "output": self.output,
            "inputs": list(self.inputs),
            "constants": list(self.constants),
            "attributes": dict(self.attributes),
            "digest": digest(graph, self.inside(graph)),
        }


def digest(graph: Graph, names: set[str]) -> str:
    """FNV-1a (32 bits) of the nodes' names, operators and inputs, letter by letter in UTF-16."""
    lines = [
        f"{name} {graph.nodes[name].op} {' '.join(graph.nodes[name].input)}\n"
        for name in sorted(names, key=lambda name: name.encode("utf-16-be"))
    ]
    found = 0x811C9DC5
    letters = "".join(lines).encode("utf-16-le")
    for low, high in zip(letters[::2], letters[1::2], strict=True):
        found = ((found ^ (high << 8 | low)) * 0x01000193) & 0xFFFFFFFF
    return f"{found:08x}"
