"""A kernel and a slice that keeps every n-th row or column -> the kernel with larger strides.

TensorFlow's own depthwise convolution takes one stride for rows and columns; only oneDNN's takes
two. So whoever wants his model to run everywhere computes with the smaller stride and leaves out
rows afterwards. TF.js has kernels for any strides, and what is left out need not be computed.
"""

from __future__ import annotations

from dataclasses import dataclass

from sigfix.describing.same_padding import same_padding
from sigfix.optimising.graph.affine import as_affine
from sigfix.optimising.graph.element_wise import is_unary
from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import is_channels_last
from sigfix.optimising.graph.shapes import Shapes, infer_shapes
from sigfix.optimising.graph.slices import Cut, cuts_of

CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative")
POOLS = ("MaxPool", "AvgPool")


@dataclass(frozen=True)
class Axis:
    """One axis of an image under a kernel, and what is kept of the result.

    `size` is the image's, `whole` the result's before it is cut to every `step`-th place from
    `first` on, `count` of them. Where the size is open all three are None, and `first` is 0.
    """

    size: int | None
    extent: int
    stride: int
    before: int
    step: int
    first: int = 0
    whole: int | None = None
    count: int | None = None

    @property
    def larger(self) -> int:
        """The stride that leaves out what the slice leaves out."""
        return self.stride * self.step

    @property
    def is_even(self) -> bool:
        """Whether it is every `step`-th place from the first one to the end: any size, cut so."""
        open_end = self.whole is None or self.count == -(-self.whole // self.step)
        return self.first == 0 and open_end

    def new_padding(self) -> tuple[int, int] | None:
        """(before, after) with which the larger stride computes what is kept; None if none does."""
        if self.size is None or self.count is None or self.count < 1:
            return None
        before = self.before - self.first * self.stride
        needed = (self.count - 1) * self.larger + self.extent - self.size - before
        windows = (self.size + before + max(needed, 0) - self.extent) // self.larger + 1
        return (before, max(needed, 0)) if before >= 0 and windows == self.count else None

    def same_padding(self) -> tuple[int, int] | None:
        """(before, after) of SAME with the larger stride; None where it gives another size."""
        if self.size is None or self.count != -(-self.size // self.larger):
            return None
        total = max(same_padding(self.size, self.extent, self.larger), 0)
        return total // 2, total - total // 2


def merge_strides(graph: Graph) -> int:
    """Merge every slice that a kernel above it can do; returns how many."""
    slices = [node for node in graph.nodes.values() if node.op == "StridedSlice"]
    kernels = (*CONVOLUTIONS, *POOLS)
    if not slices or not any(node.op in kernels for node in graph.nodes.values()):
        return 0
    shapes = infer_shapes(graph)
    merged = 0
    for node in slices:
        above = _operators_above(graph, node, shapes)
        if above is not None and _merge(graph, above[-1], node, shapes):
            for each in above:
                shapes[str(each.name)] = shapes[str(node.name)]
            _drop(graph, node)
            merged += 1
    graph.prune()
    return merged


def _drop(graph: Graph, node: NodeDef) -> None:
    if node.name in graph.outputs:
        graph.replace(node.name, node_of(node.input[0]))
    else:
        graph.redirect(node.name, node.input[0])
        del graph.nodes[node.name]


def _operators_above(graph: Graph, node: NodeDef, shapes: Shapes) -> list[NodeDef] | None:
    """What computes what is cut: operators that work on every pixel alike, a kernel last.

    None where there is no kernel, or somebody else reads one of them.
    """
    found: list[NodeDef] = []
    reference = str(node.input[0])
    while True:
        above = graph.nodes.get(reference)
        if above is None or graph.only_reader(above.name) is None:
            return None
        found.append(above)
        if above.op in CONVOLUTIONS + POOLS:
            return found if is_channels_last(above) else None
        affine = as_affine(graph, above, shapes)
        if affine is not None and shapes.get(affine.data) == shapes.get(reference):
            reference = affine.data
        elif is_unary(graph, above):
            reference = str(above.input[0])
        else:
            return None


def _merge(graph: Graph, kernel: NodeDef, node: NodeDef, shapes: Shapes) -> bool:
    cuts, result = cuts_of(graph, node, 4), shapes.get(kernel.name)
    # A kernel may have large strides or dilations, in TF.js not both.
    if not cuts or len(cuts) != 4 or not result or set(kernel.attr["dilations"].list.i) - {1}:
        return False
    if not cuts[0].takes_all(result[0]) or not cuts[3].takes_all(result[3]):
        return False
    axes = [_axis(kernel, place, cuts[place + 1], shapes) for place in (0, 1)]
    known = [axis for axis in axes if axis is not None]
    if len(known) < 2 or all(axis.step == 1 for axis in known):
        return False
    padding = _padding(kernel, known)
    if padding is None:
        return False
    kind, amounts = padding
    kernel.attr["padding"].s = kind
    kernel.attr.pop("explicit_paddings", None)
    if amounts:
        kernel.attr["explicit_paddings"].list.i[:] = [0, 0, *amounts, 0, 0]
    kernel.attr["strides"].list.i[1:3] = [axis.larger for axis in known]
    return True


def _axis(kernel: NodeDef, place: int, cut: Cut, shapes: Shapes) -> Axis | None:
    """Rows (0) or columns (1) of what the kernel reads; None where that cannot be told."""
    image, result = shapes.get(kernel.input[0]), shapes.get(kernel.name)
    if kernel.op in POOLS:
        extents: list[int | None] = list(kernel.attr["ksize"].list.i)[1:3]
    else:
        extents = (shapes.get(kernel.input[1]) or [None, None])[:2]
    extent = extents[place]
    if not image or not result or extent is None or cut.dropped or cut.step < 1:
        return None
    size, whole = image[place + 1], result[place + 1]
    stride = int(kernel.attr["strides"].list.i[place + 1])
    if size is None or whole is None:
        if cut.begin not in (None, 0) or cut.end is not None:
            return None
        return Axis(None, extent, stride, 0, cut.step)
    kept = range(*cut.places().indices(whole))
    before = _before(kernel, place, size, extent, stride)
    return Axis(size, extent, stride, before, cut.step, kept.start, whole, len(kept))


def _before(kernel: NodeDef, place: int, size: int, extent: int, stride: int) -> int:
    """Rows or columns of zeros in front."""
    if kernel.attr["padding"].s == b"EXPLICIT":
        return int(kernel.attr["explicit_paddings"].list.i[2 + 2 * place])
    if kernel.attr["padding"].s == b"SAME":
        return max(same_padding(size, extent, stride), 0) // 2
    return 0


def _padding(kernel: NodeDef, axes: list[Axis]) -> tuple[bytes, list[int]] | None:
    """The padding of the merged kernel and, where it is EXPLICIT, its amounts."""
    kind = bytes(kernel.attr["padding"].s)
    if all(axis.is_even for axis in axes):
        if kind == b"VALID" or (kind == b"SAME" and all(axis.extent == 1 for axis in axes)):
            return kind, []
        if kind == b"EXPLICIT":
            return kind, list(kernel.attr["explicit_paddings"].list.i)[2:6]
    needed = [axis.new_padding() for axis in axes]
    amounts = [amount for each in needed if each is not None for amount in each]
    if len(amounts) < 4:
        return None
    if needed == [axis.same_padding() for axis in axes]:
        return b"SAME", []
    if not any(amounts):
        return b"VALID", []
    return (b"EXPLICIT", amounts) if kernel.op in CONVOLUTIONS else None
