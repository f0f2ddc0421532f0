"""TGT412: SAME padding that TF.js's wasm backend computes wrongly, where the sizes are known."""

from __future__ import annotations

from collections.abc import Mapping

from sigfix.describing.same_padding import CONVOLUTIONS, same_padding
from sigfix.describing.targets import Target
from sigfix.diagnosis.subject import Findings, finding
from sigfix.model import ConstantTensor, Graph, Node, Shape, TensorSpec, as_shape, node_of
from sigfix.wording import plural

FUSED = frozenset({"_FusedConv2D", "FusedDepthwiseConv2dNative"})
SAME_SHAPE = frozenset({"Identity", "ReadVariableOp", "Relu", "Relu6", "BiasAdd"})
"""Their result has the shape of what they read."""
Body = Mapping[str, Node | TensorSpec]
"""Nodes of one function, or of the graph, by name, and the function's arguments."""


def check_same_padding(nodes: list[Node], graph: Graph, target: Target, where: str) -> Findings:
    """Convolutions whose stride steps over the end of an image."""
    if not target.forces_async or target.backend not in ("wasm", ""):
        return
    convolutions = {id(node) for node in nodes if _is_candidate(node)}
    if not convolutions:
        return
    bodies: list[Body] = [graph.by_name]
    for function in graph.functions:
        arguments = {spec.name: spec for spec in function.inputs}
        bodies.append({**arguments, **{node.name: node for node in function.nodes}})
    wrong = [
        said
        for body in bodies
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
    image, kernel = (_shape(reference, body) for reference in node.data_inputs[:2])
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


def _shape(reference: str, body: Body) -> Shape:
    """The shape of a node's only output, where the node or what it copies says it."""
    seen: set[str] = set()
    while (name := node_of(reference)) not in seen and name in body:
        seen.add(name)
        node = body[name]
        if isinstance(node, TensorSpec):
            return node.shape
        declared = node.listed("_output_shapes")
        known = as_shape(declared[0]) if len(declared) == 1 else None
        if known is not None:
            return known
        value, shape = node.attributes.get("value"), node.attributes.get("shape")
        if isinstance(value, ConstantTensor):
            return value.shape
        if node.op in ("Placeholder", "VariableV2") and isinstance(shape, tuple):
            return as_shape(shape)
        if node.op not in SAME_SHAPE or not node.data_inputs:
            return None
        reference = node.data_inputs[0]
    return None
