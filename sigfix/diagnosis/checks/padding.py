"""TGT412: SAME padding that TF.js's wasm backend computes wrongly, where the sizes are known."""

from __future__ import annotations

from sigfix.describing.same_padding import CONVOLUTIONS, same_padding
from sigfix.describing.targets import Target
from sigfix.diagnosis.checks.bodies import Body, bodies_of, shape_of
from sigfix.diagnosis.subject import Findings, finding
from sigfix.model import Graph, Node
from sigfix.wording import plural

FUSED = frozenset({"_FusedConv2D", "FusedDepthwiseConv2dNative"})


def check_same_padding(nodes: list[Node], graph: Graph, target: Target, where: str) -> Findings:
    """Convolutions whose stride steps over the end of an image."""
    if not target.forces_async or target.backend not in ("wasm", ""):
        return
    convolutions = {id(node) for node in nodes if _is_candidate(node)}
    if not convolutions:
        return
    wrong = [
        said
        for body in bodies_of(graph)
        for node in body.values()
        if isinstance(node, Node) and id(node) in convolutions and (said := _steps_over(node, body))
    ]
    if wrong:
        yield finding(
            "TGT412",
            f"{plural(len(wrong), 'convolution')} with SAME padding that wasm computes wrongly",
            where,
            tuple(wrong[:6]),
        )


def _is_candidate(node: Node) -> bool:
    if node.op not in CONVOLUTIONS | FUSED or node.attributes.get("padding") != "SAME":
        return False
    first = str(node.attributes.get("data_format", "")).startswith("NC")
    return not first and max(node.numbers("strides"), default=1) > 1


def _steps_over(node: Node, body: Body) -> str:
    """`name: kernel 1x1, stride 2x2, image 56x56` where a step goes over the end, else ''."""
    if len(node.data_inputs) < 2:
        return ""
    image, kernel = (shape_of(reference, body) for reference in node.data_inputs[:2])
    strides, dilations = node.numbers("strides"), node.numbers("dilations")
    if not (image and kernel) or not len(image) == len(kernel) == len(strides) == 4:
        return ""
    height, width, rows, columns = image[1], image[2], kernel[0], kernel[1]
    if height is None or width is None or rows is None or columns is None:
        return ""
    down, right = strides[1:3]
    spread = dilations[1:3] if len(dilations) == 4 else (1, 1)
    if min(down, right, *spread) < 1:
        return ""
    missed = min(
        same_padding(height, rows, down, spread[0]), same_padding(width, columns, right, spread[1])
    )
    if missed >= 0:
        return ""
    said = f"kernel {rows}x{columns}, stride {down}x{right}, image {height}x{width}"
    return f"{node.name}: {said}"
