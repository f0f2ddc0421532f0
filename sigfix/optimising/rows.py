"""What a row of the table of passes is."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sigfix.optimising.graph.graph import Graph


EVERY_OTHER = ("every other",)


@dataclass(frozen=True)
class Pass:
    """A pass: its switch, what it does, and the function in this package that does it.

    The function changes a `Graph` in place and returns how many things it changed. A pass that
    adds constants cannot work `in_loops`: a constant belongs to the frame of its readers. One that
    pays on one backend alone is for that `target` only. It runs `after` and `before` the passes of
    its tuple that are named there; `EVERY_OTHER` are all of them.
    """

    name: str
    does: str
    function: str
    in_loops: bool = False
    target: str = ""
    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()

    def run(self, graph: Graph) -> int:
        """Run the pass; returns how many things it changed."""
        module, _, function = self.function.rpartition(".")
        changed = getattr(import_module(f"sigfix.optimising.{module}"), function)(graph)
        return int(changed)
